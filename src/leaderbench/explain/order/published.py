"""Published tables of scores: the same models under several implementations, with where they come from."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from leaderbench.errors import LeaderbenchError

FOLDER = "published_scores"


@dataclass(frozen=True, slots=True)
class PublishedScores:
    """The scores of all models under one implementation."""

    name: str
    """The implementation as leaderbench calls it."""

    code: str
    """Whose code, and which version."""

    metric: str
    """Its name and aggregation, e.g. `acc (macro)`."""

    n: int
    """Questions whose plain mean would be as certain as these scores; their standard error is worked out from it."""

    scores: tuple[float, ...]
    """In the order of the table's models."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """Scores of the same models under several implementations, as somebody published them."""

    name: str
    title: str
    publisher: str
    source: str
    """Where it can be read."""

    date: str
    """When it was published: year and month."""

    benchmark: str
    """The family."""

    questions: int
    """Questions of the benchmark."""

    digits: int
    """Decimals of the published scores."""

    models: tuple[str, ...]
    implementations: tuple[PublishedScores, ...]


def names() -> list[str]:
    """The published tables that there are."""
    found = (item.name for item in (files("leaderbench.explain.order") / FOLDER).iterdir())
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def get(name: str) -> PublishedTable:
    """The published table of this name. Raises `LeaderbenchError`, with the names there are, where there is none."""
    if name not in names():
        known = names()
        raise LeaderbenchError(
            f"There is no published table {name!r}: there {'is' if len(known) == 1 else 'are'} {', '.join(known)}."
        )
    text = (files("leaderbench.explain.order") / FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    models = tuple(content.pop("models"))
    implementations = tuple(
        PublishedScores(**(item | {"scores": tuple(item["scores"])})) for item in content.pop("implementations")
    )
    return PublishedTable(name=name, models=models, implementations=implementations, **content)
