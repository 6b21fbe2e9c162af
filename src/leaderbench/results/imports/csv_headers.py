"""What the columns of a published table mean, by their headers.

A header counts by its letters and digits alone, whatever their case: emoji, arrows, `#`, brackets and a byte order mark
do not matter, so `Average ⬆️` is `average` and `#Params (B)` is `params b`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_sign = re.compile(r"[^\w]+|_+")

meanings: dict[str, tuple[str, ...]] = {
    "model": ("fullname", "model", "model name", "model id", "modelname", "name", "eval name"),
    "benchmark": ("benchmark", "task", "dataset", "evaluation", "benchmark name", "task name"),
    "implementation": ("implementation", "harness", "variant", "version"),
    "metric": ("metric", "measure"),
    "subset": ("subset", "subject", "category", "split"),
    "score": ("score", "value", "result", "accuracy", "acc", "estimate"),
    "error": ("standard error", "stderr", "std err", "se", "error"),
    "low": ("low", "lower", "ci low", "lower bound", "rating q025", "q025"),
    "high": ("high", "upper", "ci high", "upper bound", "rating q975", "q975"),
    "n": ("n", "questions", "samples", "num samples", "sample size", "count"),
    "source": ("source", "source url", "url", "link", "reference", "paper"),
    "date": ("date", "created", "published", "submission date", "upload to hub date"),
    "precision": ("precision", "dtype", "weight precision"),
    "revision": ("revision", "model sha", "sha", "commit"),
    "shots": ("shots", "n shot", "num fewshot", "few shot"),
}
"""What a column can be, and the headers that say so, the best one first."""

about_the_model = frozenset(
    {
        *("type", "t", "weight type", "architecture", "license", "licence", "hub license", "hub", "hub likes", "likes"),
        *("params", "params b", "parameters", "number of parameters", "size", "size b", "model size", "memory usage"),
        *("available on the hub", "flagged", "moe", "merged", "generation", "base model", "maintainer s highlight"),
        *("co2", "co2 cost", "co2 cost kg", "chat template", "organization", "organisation", "org", "id", "year"),
        *("rank", "rank borda", "ci", "votes", "avg tokens", "average tokens", "embedding dimensions", "max tokens"),
        *("context length", "zero shot", "official providers", "not merged", "index", "unnamed 0", ""),
    }
)
"""Headers of columns that are no scores, though they may hold numbers."""

_unit = re.compile(r" (?:pct|percent|percentage)$")
_average = re.compile(r"(?:average|avg|mean|overall|total)\b.*|.* (?:average|avg|mean)")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, by place."""

    facts: dict[str, int]
    """Place of each meaning that the table has; see `meanings`."""

    scores: tuple[int, ...]
    """Places of columns that may hold the scores of a benchmark each; empty where `score` is a column."""

    averages: tuple[int, ...]
    """Places of averages over other columns."""


def plain(header: str) -> str:
    """A header by its letters and digits: `#Params (B)` is `params b`."""
    return " ".join(_sign.sub(" ", header).split()).lower()


def columns_of(header: Sequence[str]) -> Columns:
    """What the columns of a table mean. With a `score` column each row is a score; without one, each column that means
    nothing else may be a benchmark.
    """
    names = [_unit.sub("", plain(text)) for text in header]
    facts: dict[str, int] = {}
    for meaning, headers in meanings.items():
        places = [names.index(name) for name in headers if name in names]
        places = [place for place in places if place not in facts.values()]
        if places:
            facts[meaning] = places[0]
    averages = tuple(
        place for place, name in enumerate(names) if _average.fullmatch(name) and name not in about_the_model
    )
    if "score" in facts and ("benchmark" in facts or _alone(names, facts)):
        return Columns(facts, (), averages)
    wide = {key: place for key, place in facts.items() if key in ("model", "source", "date", "precision", "revision")}
    taken = {*wide.values(), *averages}
    known = {name for headers in (meanings["model"], meanings["date"], meanings["source"]) for name in headers}
    scores = tuple(
        place
        for place, name in enumerate(names)
        if place not in taken and name not in about_the_model and name not in known
    )
    return Columns(wide, scores, averages)


def _alone(names: Sequence[str], facts: dict[str, int]) -> bool:
    """Whether every column is known, so that a single `score` column is that of the whole file."""
    return all(place in facts.values() or name in about_the_model for place, name in enumerate(names))
