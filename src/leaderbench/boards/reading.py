"""The boards there are: those that come with the package, and the files of a store; an error in one hides no other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.boards.spec import BoardSpec, Column, Filters, Part
from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import toml_of
from leaderbench.files.regular import UnusableError, read_bytes, text_of
from leaderbench.results.files import leads_out
from leaderbench.sentences import Sentence

folder = "boards"
"""The folder of a store that holds its boards, a file NAME.toml each."""

name_pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""What a board may be called."""

LARGEST = 1 << 18
"""Bytes of a board's file; one of 100 columns has 20,000."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board's file, read: its spec, or what is wrong with it."""

    name: str
    """The file's name without `.toml`."""

    path: str
    """Where the file is."""

    spec: BoardSpec | None
    """None where the file has a problem."""

    problem: str = ""
    """What is wrong and where, in a sentence or a few."""

    own: bool = False
    """Whether it is a file of the store."""

    overrides: bool = False
    """Whether it stands in the place of a shipped board of the same name."""


def boards(store: str | Path | None = None) -> list[Board]:
    """Every board: the shipped ones by name, then those of the store; a store's own board takes the place of a shipped
    one of its name, and says so.
    """
    shipped = dict(_files(files(__package__) / "shipped"))
    found = {name: read(name, item) for name, item in shipped.items()}
    if store is not None and (own := Path(store) / folder).is_dir():
        for name, item in _files(own):
            found[name] = read(name, item, Path(store), overrides=name in shipped)
    return list(found.values())


def board(name: str, store: str | Path | None = None) -> Board:
    """The board of this name, whose spec is there. Raises `LeaderbenchError` where there is none, with the nearest
    name, or its file has a problem.
    """
    found = {item.name: item for item in boards(store)}
    if name not in found:
        known = [*found, *registry.names()]  # every benchmark is a board by itself
        meant = suggestion(name[:100], known)
        if meant == ".":
            meant = "; `leaderbench board` lists those there are."
        raise LeaderbenchError(f"There is no board {name[:100]!r}{meant}")
    if found[name].spec is None:
        raise LeaderbenchError(found[name].problem)
    return found[name]


def _files(place: Traversable) -> list[tuple[str, Traversable]]:
    """The boards' files in a folder, by name."""
    try:
        items = [item for item in place.iterdir() if item.name.endswith(".toml") and not item.name.startswith(".")]
    except OSError:
        items = []
    return sorted(((item.name.removesuffix(".toml"), item) for item in items), key=lambda pair: pair[0])


def read(name: str, item: Traversable, store: Path | None = None, *, overrides: bool = False) -> Board:
    """A board's file, of a store where one is named; whatever is wrong with it becomes its problem."""
    path, own = str(item), store is not None
    try:
        if not name_pattern.fullmatch(name):
            raise ValueError("its name may have letters, digits, dots, dashes and underscores only")
        if store is not None and leads_out(Path(path), store):
            raise ValueError("it is a link that leads out of the store; put the file itself there")
        data = read_bytes(Path(path), LARGEST) if own else item.read_bytes()
        return Board(name, path, parse(text_of(data)), own=own, overrides=overrides)
    except OSError as error:
        problem = error.strerror or str(error)
    except (ValueError, RecursionError) as error:
        problem = error.args[0] if isinstance(error, UnusableError) else str(error) or "it is nested too deeply"
    sentence = Sentence("The board {path} cannot be used: {problem}.", path=path, problem=problem)
    return Board(name, path, None, sentence, own, overrides)


def parse(text: str) -> BoardSpec:
    """The spec in a TOML text. Raises `ValueError`, with the place and the nearest known name, for everything wrong."""
    content = toml_of(text)
    try:
        return BoardSpec.model_validate(content)
    except ValidationError as error:
        told = [_sentence(text, item) for item in error.errors(include_url=False)[:5]]
        more = f"; and {error.error_count() - 5} more" if error.error_count() > 5 else ""
        raise ValueError("; ".join(told) + more) from error


def _sentence(text: str, error: Mapping[str, Any]) -> str:
    """What is wrong, and in which key and line."""
    path = tuple(error["loc"])
    key = ".".join(str(part) for part in path if isinstance(part, str) and part in _settings_names())
    numbers = [part + 1 for part in path if isinstance(part, int)]
    where = f"board column {numbers[0]}" if path[:1] == ("columns",) and numbers else ""
    if where and len(numbers) > 1:
        where += f", part {numbers[1]}"
    key = key.removeprefix("columns").removeprefix(".").removeprefix("parts").removeprefix(".")
    line = line_of(text, path)
    places = [*([f"line {line}"] if line else []), *([where] if where else [])]
    return f"{', '.join(places)}{': ' if places else ''}{_complaint(error, key, path)}"


def _complaint(error: Mapping[str, Any], key: str, path: Sequence[str | int]) -> str:
    """What pydantic found, in the words of this house."""
    last = str(path[-1]) if path else ""
    if error["type"] == "extra_forbidden":
        known = list(_model_at(path).model_fields)
        return f"there is no setting {last[:60]!r}{suggestion(last[:60], known).removesuffix('.')}"
    if error["type"] == "missing":
        return f"{last!r} is missing"
    if error["type"] == "enum":
        given = str(error["input"])[:60]
        choices = re.findall(r"'([^']+)'", str(error["ctx"]["expected"]))
        return f"{key} = {given!r} is not known{suggestion(given, choices).removesuffix('.')}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message
    return f"{key or last} is {str(error['input'])[:60]!r}, but {_lower_first(message)}"


def _model_at(path: Sequence[str | int]) -> type[BaseModel]:
    """Whose settings stand at this place."""
    if "parts" in path[:-1]:
        return Part
    if path[:1] == ("columns",):
        return Column
    return Filters if path[:1] == ("filters",) and len(path) > 1 else BoardSpec


def _settings_names() -> set[str]:
    return {name for model in (BoardSpec, Column, Filters) for name in model.model_fields}


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) of a TOML text where a key stands, by its path; of the nearest table around it where the key is
    not found, None where neither is. For files in the usual form: a `[[columns]]` a column, a key a line.
    """
    lines = text.splitlines()
    start = 0
    keys = [part for part in path if isinstance(part, str)]
    numbers = [part for part in path if isinstance(part, int)]
    if keys[:1] == ["columns"] and numbers:
        headers = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*columns\s*\]\]", line)]
        if numbers[0] >= len(headers):
            return None
        start = headers[numbers[0]]
        keys = keys[1:]
        if keys[:1] == ["parts"] and len(numbers) > 1:
            return _line_of_part(lines, start, numbers[1])
    elif keys[:1] == ["filters"] and len(keys) > 1:
        start = next((i for i, line in enumerate(lines) if re.match(r"\s*\[\s*filters\s*\]", line)), 0)
        keys = keys[1:]
    for place in range(start + (start > 0), len(lines)):
        if lines[place].lstrip().startswith("["):
            break
        if keys and re.match(rf"\s*[\"']?{re.escape(keys[0])}[\"']?\s*[.=]", lines[place]):
            return place + 1
    return start + 1 if start or (path and path[0] == "columns") else None


def _line_of_part(lines: Sequence[str], start: int, number: int) -> int:
    """The line of a part: of its `[[columns.parts]]`, or of its inline table."""
    opened = -1
    for place in range(start + 1, len(lines)):
        if re.match(r"\s*\[\[\s*columns\s*\]\]", lines[place]):
            break
        if re.match(r"\s*\[\[\s*columns\s*\.\s*parts\s*\]\]", lines[place]) or re.match(r"\s*\{", lines[place]):
            opened += 1
            if opened == number:
                return place + 1
    return start + 1


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
