"""The command line in this process, with a fake model in place of real ones."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderbench.cli.main import main
from leaderbench.errors import LeaderbenchError
from leaderbench.models.fake import FakeModel


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ending]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Command:
    """Call `leaderbench` with these words, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Ending:
        monkeypatch.setattr(sys, "argv", ["leaderbench", *words])
        with pytest.raises(SystemExit) as ending:
            main()
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfdbinary.readouterr()
        return Ending(int(ending.value.code or 0), out.decode("utf-8", "surrogateescape"), err.decode())

    return call


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeModel]:
    """Every model name loads a fake of that name, kept here; a name that begins with `absent` is not found."""
    loaded: dict[str, FakeModel] = {}

    def load(name: str, **_: object) -> FakeModel:
        if name.startswith("absent"):
            raise LeaderbenchError(f"There is no model {name}.")
        return loaded.setdefault(name, FakeModel(name))

    monkeypatch.setattr("leaderbench.models.load.load_model", load)
    return loaded
