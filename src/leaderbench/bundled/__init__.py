"""What comes with the package: a small exam, and three tiny models that know part of it."""

from importlib.resources import files
from pathlib import Path


def exam_folder() -> Path:
    """The bundled exam: a local copy of a Hub dataset repository in the schema of cais/mmlu."""
    return _folder("exam")


def model_folders() -> dict[str, Path]:
    """The bundled models: a transformers model folder by name, in alphabetical order."""
    return {path.name: path for path in sorted(_folder("models").iterdir()) if (path / "config.json").is_file()}


def _folder(name: str) -> Path:
    """A data folder of this package; models and parquet files need a real one, so a zipped package won't do."""
    return Path(str(files(__name__) / name))
