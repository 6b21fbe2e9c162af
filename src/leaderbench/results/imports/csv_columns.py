"""Numbers in the columns of a published table: which cells hold one, and on what scale."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaderbench.results.imports.csv_cells import parts_of
from leaderbench.results.imports.scores import is_share, lower_is_better, lower_words
from leaderbench.results.imports.values import number

nothing = frozenset(
    {
        *("", "-", "--", "---", "–", "—", "――", "/", "\\", ".", "..", "...", "…", "?", "*", "x", "✗", "✘", "❌"),
        *("n/a", "#n/a", "n.a.", "n.a", "na", "nan", "<na>", "nil", "none", "null", "inf", "-inf", "+inf", "infinity"),
        *("pending", "tbd", "tba", "todo", "to be determined", "coming soon", "in progress", "running", "queued"),
        *("oom", "timeout", "error", "err", "failed", "fail", "missing", "not available", "not reported", "not tested"),
        *("not evaluated", "not run", "unknown", "no data", "#div/0!", "#value!", "#ref!", "#num!", "#name?"),
        *("无", "暂无", "待测", "未测试", "未知", "缺失"),
    }
)
"""Cells that say that there is no value."""

_grouped = r"[1-9]\d{{0,2}}(?:(?P<sign>[{group} \u00a0\u202f'’])\d{{3}})(?:(?P=sign)\d{{3}})*"
_pattern = r"[-+]?(?:(?:{grouped}|\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d{{1,3}})?"


class Notation(StrEnum):
    """How the numbers of a column are written."""

    POINT = "decimal points"
    """`1,234.5`"""

    COMMA = "decimal commas"
    """`1.234,5`"""

    BOTH = "decimal points and decimal commas"
    """A number that could be either is none."""


_shapes = {
    notation: re.compile(_pattern.format(grouped=_grouped.format(group=group), point=re.escape(point)), re.ASCII)
    for notation, group, point in ((Notation.POINT, ",", "."), (Notation.COMMA, ".", ","))
}


class Scale(StrEnum):
    """How a column's numbers are to be read."""

    SHARE = "shares between 0 and 1"
    PERCENT = "percent"
    OTHER = "numbers on a scale of their own"


@dataclass(frozen=True, slots=True)
class Column:
    """The numbers of a column, or of those of its rows that are about one thing."""

    values: tuple[float | None, ...]
    """Of each row, as written; None where there is none."""

    scale: Scale
    unreadable: tuple[int, ...]
    """Places of cells that hold something else than a number or nothing."""

    missing: int
    """Cells of -1, which stands for no value."""

    guessed: bool = False
    """Whether nothing but the size of the numbers says what their scale is."""

    is_share: bool = False
    """Whether they are known to be means of values between 0 and 1, one a question: then n says how sure they are."""

    impossible: tuple[int, ...] = ()
    """Places of numbers that a share cannot be on any scale: `values` has none there."""

    notation: Notation = Notation.POINT

    @property
    def is_percent_or_share(self) -> bool:
        """Whether its numbers are on a scale from 0 to 1, or to 100."""
        return self.scale is not Scale.OTHER

    def shared(self, value: float) -> float:
        """A number of this column on the scale on which it is kept: percent become shares."""
        return value / 100 if self.scale is Scale.PERCENT else value


def written_number(cell: str, notation: Notation = Notation.POINT) -> float | None:
    """The number in a cell, a percent sign and thousands' separators left out; None where it is none, or not finite."""
    text = _bare(cell)
    fits = {kind for kind, shape in _shapes.items() if shape.fullmatch(text)}
    if notation is Notation.BOTH:
        if len(fits) != 1 and ("." in text or "," in text):
            return None
        notation = next(iter(fits), Notation.POINT)
    if notation not in fits:
        return None
    point, group = (",", ".") if notation is Notation.COMMA else (".", ",")
    plain = re.sub(rf"[{group}\s'’]", "", text).replace(point, ".")
    return number(plain, written=True)


def notation_of(cells: Sequence[str], usual: Notation | None = None) -> Notation | None:
    """How a column's numbers are written: a group of thousands has three digits and never begins with 0, so most
    numbers leave no choice. `usual` where they do, None without one.
    """
    kinds = {
        next(iter(fits))
        for text in map(_bare, cells)
        if ("," in text or "." in text)
        and len(fits := [kind for kind, shape in _shapes.items() if shape.fullmatch(text)]) == 1
    }
    return Notation.BOTH if len(kinds) > 1 else next(iter(kinds), usual)


def usual_notation(columns: Iterable[Sequence[str]], delimiter: str) -> Notation:
    """How numbers of a file are written that could be read in both ways: as in its other columns; where these say
    nothing, with decimal commas in a file whose columns are divided by semicolons and that has no points.
    """
    columns = list(columns)
    kinds = {notation_of(cells) for cells in columns} & {Notation.POINT, Notation.COMMA}
    if len(kinds) == 1:
        return kinds.pop() or Notation.POINT
    numbers = [text for cells in columns for text in map(_bare, cells) if _shapes[Notation.COMMA].fullmatch(text)]
    commas = delimiter == ";" and not any("." in text for text in numbers)
    return Notation.COMMA if commas else Notation.POINT


def _bare(cell: str) -> str:
    """The number of a cell as it is written, without its percent sign."""
    return parts_of(cell).number.removesuffix("%").strip()


def is_nothing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip().lower() in nothing or _bare(cell).lower() in nothing


def column_of(
    cells: Sequence[str],
    names: Sequence[str] = (),
    scale: Scale | None = None,
    usual: Notation = Notation.POINT,
    like: Sequence[float] = (),
) -> Column:
    """What a column's cells say. Its header, metric and benchmark (`names`) may tell its scale, and `scale` overrules
    all of them; where its numbers have to tell, so do those of `like`, which are on the same scale. Numbers that may be
    read in two ways are written in the `usual` notation.
    """
    notation = notation_of(cells, usual) or usual
    values = [written_number(cell, notation) for cell in cells]
    empty = [is_nothing(cell) for cell in cells]
    unreadable = tuple(place for place, value in enumerate(values) if value is None and not empty[place])
    known = [value for value in values if value is not None]
    missing = known.count(-1.0) if all(value >= 0 or value == -1 for value in known) else 0
    if missing:
        values = [None if value == -1 else value for value in values]
    words = {word for name in names for word in _word.findall(name.lower())}
    plain = not words & (lower_words | _of_all_answers)
    most = 1 if scale is Scale.SHARE else 100
    bounded = scale in (Scale.SHARE, Scale.PERCENT) or (scale is None and plain and any(map(is_share, names)))
    impossible = {
        place for place, value in enumerate(values) if bounded and value is not None and not 0 <= value <= most
    }
    values = [None if place in impossible else value for place, value in enumerate(values)]
    known = [value for value in values if value is not None]
    signed = any("%" in cell for cell, value in zip(cells, values, strict=True) if value is not None)
    told = scale or _told(known, names, signed)
    share = any(map(is_share, names)) or signed or any(map(_has_sign, names)) or scale in (Scale.PERCENT, Scale.SHARE)
    return Column(
        tuple(values),
        told or _guess([*known, *like]),
        unreadable,
        missing,
        guessed=told is None,
        is_share=share and told is not Scale.OTHER and plain,
        impossible=tuple(sorted(impossible)),
        notation=notation,
    )


def _told(values: Sequence[float], names: Sequence[str], signed: bool) -> Scale | None:
    """The scale where names, signs or values leave no choice; None where it can only be guessed."""
    if not values or any(map(_has_sign, names)):
        return Scale.PERCENT if values else Scale.OTHER
    if min(values) < 0 or max(values) > 100:
        return Scale.OTHER
    if signed:
        return Scale.PERCENT
    if any(map(lower_is_better, names)) or any(map(_own_scale.search, names)):
        return Scale.OTHER
    return Scale.PERCENT if max(values) > 1 and any(map(is_share, names)) else None


def _guess(values: Sequence[float]) -> Scale:
    return Scale.PERCENT if max(values) > 1 else Scale.SHARE


def _has_sign(name: str) -> bool:
    """Whether a header or a name says that its numbers are percent."""
    name = _interval.sub("", name)
    return "%" in name or not _percent.isdisjoint(_word.findall(name.lower()))


_interval = re.compile(r"(?i)\d\d\s?(?:%|pct|percent)\s?(?:ci|conf)")
_word = re.compile(r"[^\W_]+")
_own_scale = re.compile(
    r"(?i)(?<![a-z])(?:elo|rating|mt[-_ ]?bench|bradley)(?![a-z])|评分|\(\s*(?:/|out of|[01]\s*[-–~])\s*(?:5|10)\s*\)"
)
"""Names of numbers that have neither 1 nor 100 for their best."""

_percent = frozenset({"pct", "percent", "percentage"})
_of_all_answers = frozenset(
    {
        *("elo", "rating", "bleu", "sacrebleu", "chrf", "rouge", "rouge1", "rouge2", "rougel", "meteor", "bertscore"),
        *("f1", "mcc", "matthews", "pearson", "spearman", "correlation", "balanced", "ndcg", "map", "auc", "auroc"),
    }
)
"""Words of metrics that are no plain mean over questions, or not always."""
