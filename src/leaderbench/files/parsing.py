"""JSON, TOML, YAML and CSV as values, within bounds: texts made to exhaust a parser end in a sentence."""

import csv
import io
import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from leaderbench.files.regular import UnusableError, text_of
from leaderbench.sentences import Sentence

DEEPEST = 64
"""Lists and tables inside one another. Real files have ten; Python's own limit would be met later, and anywhere."""

LONGEST_KEY = 32
"""Parts of a dotted TOML key, `a.b.c` has 3. Real ones have four; tomllib takes memory by the square of it."""

LARGEST_YAML = 4_000_000
"""Characters, and values beside, that a YAML text stands for once its aliases are written out."""

MOST_DIGITS = 400
"""Digits of a whole number where numbers have to be finite: beyond 308 it is no `float`."""

MOST_FIELDS = 2_000
"""Columns of a CSV file: a short row gets an empty cell in each, so that many of them cost far more than their text."""

MOST_CELLS = 5_000_000
"""Cells of a CSV file, which take about 60 bytes each beside their text."""

_KEY_PART = r"(?:[\w-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_LONG_KEY = rf"{_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART}){{{LONGEST_KEY}}}"


def json_of(data: bytes | str, *, finite: bool = False) -> Any:
    """A JSON value of UTF-8 text. Of a key that stands twice the last counts.

    `NaN`, `Infinity` and numbers beyond a float are read as such, or refused where they have to be `finite`.
    Raises `UnusableError`.
    """
    text = data if isinstance(data, str) else text_of(data)
    hooks: dict[str, Any] = {}
    if finite:
        hooks = {"parse_constant": _not_finite, "parse_float": _finite, "parse_int": _whole}
    try:
        content = json.loads(text, **hooks)
    except RecursionError as error:
        raise _too_deep() from error
    except UnusableError:
        raise
    except json.JSONDecodeError as error:
        raise UnusableError(Sentence("it is not JSON (line {line})", line=str(error.lineno))) from error
    except ValueError as error:  # a number of thousands of digits
        raise UnusableError(Sentence("a number in it is too long")) from error
    _check_depth(content)
    return content


def _not_finite(text: str) -> NoReturn:
    raise UnusableError(Sentence("{number} in it is no number", number=text[:20]))


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_finite(text)


def _whole(text: str) -> int:
    return int(text) if len(text) <= MOST_DIGITS else _not_finite(text)


def toml_of(data: bytes | str) -> dict[str, Any]:
    """The tables of a TOML text in UTF-8. Raises `UnusableError`."""
    import re2  # linear whatever the text is, unlike `re`

    text = data if isinstance(data, str) else text_of(data)
    if text.count(".") >= LONGEST_KEY and re2.search(_LONG_KEY, text):
        raise UnusableError(Sentence("it has a key of more than {n} parts", n=LONGEST_KEY))
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise _too_deep() from error
    except tomllib.TOMLDecodeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UnusableError(Sentence("it is no TOML, {reason}", reason=reason[:1].lower() + reason[1:])) from error
    except ValueError as error:  # a number of thousands of digits, a day that no month has
        raise UnusableError(Sentence("it is no TOML, {reason}", reason=" ".join(str(error).split())[:200])) from error
    _check_depth(content)
    return content


def yaml_of(text: str) -> Any:
    """The texts, lists and tables of one YAML document; None where it is empty. Raises `UnusableError`.

    Every scalar stays a text (Norwegian is not False, and 3.10 is not 3.1), merge keys are plain keys, and nothing is
    made from tags. An alias counts as much as what it stands for.
    """
    import yaml

    try:
        return _built(yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except UnusableError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = str(mark.line + 1) if mark else "?"
        raise UnusableError(Sentence("it is not YAML (line {line})", line=where)) from error
    # The library's parser itself stumbles over some texts that are none.
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise UnusableError(Sentence("it is not YAML")) from error


def _built(events: Iterable[Any]) -> Any:
    """The value that a stream of YAML events describes, made without recursion."""
    import yaml

    document: list[Any] = []
    open_ones: list[
        tuple[Any, list[Any], str | None, int]
    ] = []  # event, content (of tables: key, value, …), anchor, size
    content = document
    anchors: dict[str, tuple[Any, int]] = {}
    size = 0
    for event in events:
        value: Any = None
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_ones) == DEEPEST:
                raise _too_deep()
            open_ones.append((event, content, event.anchor, size))
            content = []
            size += 1
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise UnusableError(Sentence("it has an alias without an anchor in the same entry"))
            value, more = anchors[event.anchor]
            size += more
        elif isinstance(event, yaml.ScalarEvent):
            value = event.value
            size += 1 + len(value)
            if event.anchor:
                anchors[event.anchor] = value, 1 + len(value)
        elif isinstance(event, yaml.CollectionEndEvent):
            start, outer, anchor, before = open_ones.pop()
            value = content if isinstance(start, yaml.SequenceStartEvent) else _table(content)
            content = outer
            if anchor:
                anchors[anchor] = value, size - before
        else:
            continue
        if size > LARGEST_YAML:
            raise UnusableError(Sentence("its aliases stand for more than {n} characters", n=LARGEST_YAML))
        content.append(value)
    if len(document) > 1:
        raise UnusableError(Sentence("it is not YAML"))
    return document[0] if document else None


def _table(content: list[Any]) -> dict[str, Any]:
    """A table of keys and values that stand in turn."""
    keys = content[::2]
    if not all(isinstance(key, str) for key in keys):
        raise UnusableError(Sentence("it has a list or a table as a key"))
    return dict(zip(keys, content[1::2], strict=True))


_TOP_LEVEL = re.compile(r"[\"']?([A-Za-z_][A-Za-z0-9_-]{0,40})[\"']?[ \t]*:(?:\s|$)")


def head_of(readme: str) -> str | None:
    """The YAML head of a README: what stands between the first two lines of `---`; None where there is none."""
    lines = readme.lstrip("\ufeff").lstrip().splitlines()
    if not lines or lines[0].rstrip() != "---":
        return None
    for place, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:place])
    return None


def entries_of(head: str) -> Iterator[tuple[str, str]]:
    """Each entry of a YAML head with its key, not parsed yet, so that one malformed entry, or ten thousand lines of
    results, cost no more than themselves.
    """
    key, lines = "", list[str]()
    for line in head.split("\n"):
        if match := _TOP_LEVEL.match(line):
            yield key, "\n".join(lines)
            key, lines = match[1], []
        lines.append(line)
    yield key, "\n".join(lines)


def csv_rows(text: str, delimiter: str = ",") -> list[list[str]]:
    """The rows of a CSV text, empty ones left out. Raises `UnusableError`."""
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(row) > MOST_FIELDS:
                raise UnusableError(Sentence("it has more than {n} columns", n=MOST_FIELDS))
            cells += len(row)
            if cells > MOST_CELLS:
                raise UnusableError(Sentence("it has more than {n} cells", n=MOST_CELLS))
            if row:
                rows.append(row)
    except csv.Error as error:
        raise UnusableError(Sentence("it is not CSV ({reason})", reason=str(error))) from error
    return rows


def _check_depth(content: object) -> None:
    """Raise `UnusableError` where values are nested so deeply that whoever walks through them may fail."""
    level = [content] if isinstance(content, (dict, list)) else []
    for _ in range(DEEPEST + 1):
        if not level:
            return
        children = (child for item in level for child in (item.values() if isinstance(item, dict) else item))
        level = [child for child in children if isinstance(child, (dict, list))]
    raise _too_deep()


def _too_deep() -> UnusableError:
    return UnusableError(Sentence("it is nested too deeply"))
