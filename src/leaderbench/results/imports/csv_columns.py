"""Numbers in the columns of a published table: which cells hold one, and on what scale."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaderbench.results.imports.scores import is_share
from leaderbench.results.imports.values import number

nothing = frozenset({"", "-", "–", "—", "n/a", "na", "nan", "none", "null", "inf", "-inf", "+inf", "infinity", "?"})
"""Cells that say that there is no value."""

_written = re.compile(r"[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_thousands = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)


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

    def shared(self, value: float) -> float:
        """A number of this column on the scale on which it is kept: percent become shares."""
        return value / 100 if self.scale is Scale.PERCENT else value


def written_number(cell: str) -> float | None:
    """The number in a cell, a percent sign and thousands' commas left out; None where it is none, or not finite."""
    text = cell.strip().removesuffix("%").strip().replace("−", "-")
    if not _written.fullmatch(text):
        return None
    if "," in text:
        if not _thousands.fullmatch(text):
            return None
        text = text.replace(",", "")
    return number(text, written=True)


def column_of(cells: Sequence[str], names: Sequence[str] = (), scale: Scale | None = None) -> Column:
    """What a column's cells say. Its header, metric and benchmark (`names`) may tell its scale, and `scale` overrules
    all of them.
    """
    values = [written_number(cell) for cell in cells]
    empty = [cell.strip().lower() in nothing for cell in cells]
    unreadable = tuple(place for place, value in enumerate(values) if value is None and not empty[place])
    known = [value for value in values if value is not None]
    missing = known.count(-1.0) if all(value >= 0 or value == -1 for value in known) else 0
    if missing:
        values = [None if value == -1 else value for value in values]
        known = [value for value in known if value != -1]
    signed = any(cell.rstrip().endswith("%") for cell, value in zip(cells, values, strict=True) if value is not None)
    told = scale or _told(known, names, signed)
    words = {word for name in names for word in _word.findall(name.lower())}
    share = any(map(is_share, names)) or signed or any(map(_has_sign, names)) or scale in (Scale.PERCENT, Scale.SHARE)
    return Column(
        tuple(values),
        told or _guess(known),
        unreadable,
        missing,
        guessed=told is None,
        is_share=share and told is not Scale.OTHER and not words & (_lower_is_better | _of_all_answers),
    )


def _told(values: Sequence[float], names: Sequence[str], signed: bool) -> Scale | None:
    """The scale where names, signs or values leave no choice; None where it can only be guessed."""
    if not values or any(map(_has_sign, names)):
        return Scale.PERCENT if values else Scale.OTHER
    if min(values) < 0 or max(values) > 100:
        return Scale.OTHER
    if signed:
        return Scale.PERCENT
    if any("↓" in name or _lower_is_better & set(_word.findall(name.lower())) for name in names):
        return Scale.OTHER
    return Scale.PERCENT if max(values) > 1 and any(map(is_share, names)) else None


def _guess(values: Sequence[float]) -> Scale:
    return Scale.PERCENT if max(values) > 1 else Scale.SHARE


def _has_sign(name: str) -> bool:
    """Whether a header or a name says that its numbers are percent."""
    return "%" in name or not _percent.isdisjoint(_word.findall(name.lower()))


_word = re.compile(r"[^\W_]+")
_percent = frozenset({"pct", "percent", "percentage"})
_lower_is_better = frozenset(
    {
        *("ppl", "perplexity", "loss", "nll", "entropy", "bpb", "bpc", "bits", "error", "errors", "wer", "cer", "ter"),
        *("mse", "mae", "rmse", "latency", "seconds", "ms", "time", "cost", "price", "toxicity"),
    }
)
"""Words of metrics of which less is better: their numbers are no percent unless a sign says so."""

_of_all_answers = frozenset(
    {
        *("elo", "rating", "bleu", "sacrebleu", "chrf", "rouge", "rouge1", "rouge2", "rougel", "meteor", "bertscore"),
        *("f1", "mcc", "matthews", "pearson", "spearman", "correlation", "balanced", "ndcg", "map", "auc", "auroc"),
    }
)
"""Words of metrics that are no plain mean over questions, or not always."""
