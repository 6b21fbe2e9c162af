"""The head of a model's README.md: what its authors say, read from text that may hold anything."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from leaderbench.files.parsing import entries_of, head_of, yaml_of
from leaderbench.files.regular import UnusableError, read_start
from leaderbench.models.languages import language

longest_head = 1_000_000
"""Characters of README.md that are looked at; heads with many results are long, but not that long."""

longest_block = 20_000
"""Characters of one entry of the head; a longer one counts as absent."""

most_items = 200
"""Items of one list that are kept."""

_WANTED = {
    "license": "licence",
    "license_name": "licence_name",
    "license_link": "licence_link",
    "language": "languages",
    "languages": "languages",
    "datasets": "datasets",
    "dataset": "datasets",
    "base_model": "base_models",
    "base_models": "base_models",
    "base_model_relation": "relation",
    "tags": "tags",
    "pipeline_tag": "task",
    "library_name": "library",
    "date": "date",
    "release_date": "date",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What the head of a README.md says; empty is what it does not say, or says in a form that nobody can read."""

    licences: tuple[str, ...] = ()
    """As spelt there, e.g. `apache-2.0`; a `license_name` stands in the place of `other`."""

    licence_link: str = ""
    languages: tuple[str, ...] = ()
    """Codes such as `en`, or `multilingual`, `code`."""

    datasets: tuple[str, ...] = ()
    """What it was trained on, as named there."""

    base_models: tuple[str, ...] = ()
    """The models that it was made from."""

    relation: str = ""
    """How it was made from them: `finetune`, `adapter`, `merge` or `quantized`."""

    tags: tuple[str, ...] = ()
    """In lower case."""

    task: str = ""
    """The Hub's `pipeline_tag`, e.g. `text-generation`."""

    library: str = ""
    """The Hub's `library_name`, e.g. `transformers`."""

    date: str = ""
    """ISO 8601, of a day, month or year."""

    has_head: bool = False
    """Whether there is a head at all; without one, silence says nothing."""


def read_card(readme: Path) -> Card:
    """The card in this file; an empty one where the file is absent or cannot be read."""
    try:
        data = read_start(readme, 4 * longest_head)
    except (OSError, ValueError):
        return Card()
    return parse_card(data.decode("utf-8-sig", errors="replace"))


def parse_card(text: str) -> Card:
    """The card in a text; never an error: an entry of the wrong form is absent and the others still count."""
    head = head_of(text[:longest_head])
    if head is None:
        return Card()
    said: dict[str, tuple[str, ...]] = {}
    for key, block in entries_of(head):
        if key in _WANTED and len(block) <= longest_block and (values := _values(block)):
            said[_WANTED[key]] = values
    licences = said.get("licence", ())
    if name := said.get("licence_name"):
        others = {"other", "unknown"}
        licences = (*(item for item in licences if item.lower() not in others), *name[:1])
    spoken = (language(item) for item in said.get("languages", ()))
    return Card(
        licences=tuple(dict.fromkeys(licences)),
        licence_link=_first(said, "licence_link"),
        languages=tuple(dict.fromkeys(code for code in spoken if code)),
        datasets=said.get("datasets", ()),
        base_models=said.get("base_models", ()),
        relation=_first(said, "relation").lower(),
        tags=tuple(dict.fromkeys(item.lower() for item in said.get("tags", ()))),
        task=_first(said, "task"),
        library=_first(said, "library"),
        date=iso_date(_first(said, "date")),
        has_head=True,
    )


def _values(block: str) -> tuple[str, ...]:
    """The text or list of texts of one entry."""
    try:
        content = yaml_of(block)
    except UnusableError:
        return ()
    if not isinstance(content, dict) or len(content) != 1:
        return ()
    value = next(iter(content.values()))
    items = value if isinstance(value, list) else [value]
    kept = (plain(item) for item in items[:most_items] if isinstance(item, str))
    return tuple(item for item in kept if item.lower() not in {"", "null", "~", "none"})


def plain(text: str, longest: int = 200) -> str:
    """A text on one line without control characters or marks that turn the reading direction, cut to a length."""
    shown = "".join(character if character.isprintable() else " " for character in text[: 4 * longest])
    return " ".join(shown.split())[:longest]


def iso_date(text: str) -> str:
    """A day, month or year as ISO 8601 where the text begins with one, else nothing."""
    found = re.match(r"((?:19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?![\d-])", text)
    if not found:
        return ""
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return ""
    return found[0]


def _first(said: dict[str, tuple[str, ...]], name: str) -> str:
    return next(iter(said.get(name, ())), "")
