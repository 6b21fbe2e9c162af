"""What the columns of a published table mean, by their headers.

A header counts by its letters and digits alone, whatever their case: emoji, arrows, `#`, brackets and a byte order mark
do not matter, so `Average ⬆️` is `average` and `#Params (B)` is `params b`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_sign = re.compile(r"[^\w]+|_+")

meanings: dict[str, tuple[str, ...]] = {
    "model": ("fullname", "model", "models", "model name", "model id", "modelname", "name", "eval name", "checkpoint"),
    "benchmark": ("benchmark", "task", "dataset", "evaluation", "benchmark name", "task name"),
    "implementation": ("implementation", "harness", "variant", "version"),
    "metric": ("metric", "measure", "metric name"),
    "subset": ("subset", "subject", "category", "domain"),
    "split": ("split",),
    "part": ("hf subset",),
    "score": ("score", "main score", "value", "result", "accuracy", "acc", "estimate"),
    "error": ("standard error", "stderr", "std err", "se", "error"),
    "low": ("low", "lower", "ci low", "ci lower", "lower bound", "rating q025", "q025", "rating lower"),
    "high": ("high", "upper", "ci high", "ci upper", "upper bound", "rating q975", "q975", "rating upper"),
    "interval": ("95 ci", "95 pct ci", "ci 95", "ci", "95 confidence interval", "confidence interval", "interval"),
    "n": ("n", "questions", "samples", "num samples", "sample size", "count", "votes", "num votes", "num battles"),
    "source": ("source", "source url", "url", "link", "reference", "paper"),
    "date": ("date", "created", "published", "submission date", "evaluation date"),
    "precision": ("precision", "dtype", "weight precision", "torch dtype"),
    "revision": ("revision", "model sha", "model revision", "sha", "commit"),
    "shots": ("shots", "n shot", "num fewshot", "few shot"),
}
"""What a column can be, and the headers that say so, the best one first."""

facts: dict[str, tuple[str, ...]] = {
    "licence": ("hub license", "hub licence", "license", "licence", "model license", "license name"),
    "type": ("type", "model type", "t"),
    "architecture": ("architecture", "model architecture", "architectures", "arch"),
    "organisation": ("organization", "organisation", "org", "developer", "company", "creator"),
    "base_models": ("base model", "base models", "finetuned from"),
    "date": ("upload to hub date", "upload date", "release date", "released", "published on"),
    "context": ("context length", "context window", "context", "max tokens", "max length"),
    "merged": ("merged", "is merged", "merge", "not merged"),
    "mixture": ("moe", "is moe", "mixture of experts"),
    "flagged": ("flagged", "is flagged", "contaminated"),
    "official": ("official providers", "official provider", "official", "is official", "maintainer s highlight"),
}
"""What a column can say of a model, by the name that a record has for it (`models.catalogue`), and the headers."""

about_the_model = frozenset(
    {
        *("weight type", "hub", "hub likes", "likes", "available on the hub", "generation", "chat template", "id"),
        *("year", "avg tokens", "average tokens", "embedding dimensions", "zero shot", "index", "unnamed 0"),
        *("knowledge cutoff", "size gb", "model size gb", "seq length", "languages", "vocabulary", "vocab size"),
        *("task type", "notes", ""),
    }
)
"""Headers of columns that are no scores and are not kept, though they may hold numbers."""

_parameters = re.compile(
    r"(?P<active>(?:num(?:ber of)? )?active )?(?:total |num(?:ber of)? |model )*"
    r"(?:(?:params|parameters)(?: count)?|size)"
    r"(?: (?:in )?(?P<unit>b|m|k|bn|mn|billions?|millions?|thousands?))?(?: parameters| params)?"
)
_units = {"b": 10**9, "m": 10**6, "k": 10**3, "t": 10**3}
_unit = re.compile(r" (?:pct|percent|percentage)$|^pct ")
_average = re.compile(r"(?:average|avg|mean|overall|total)\b.*|.* (?:average|avg|mean)")
_rank = re.compile(r"(?:rank|ranking|place|position)\b.*|.* rank(?:ing)?|throughput\b.*|.* dimensions?")
"""Ranks, and what says neither how good a model is nor what it costs."""

_raw = " raw"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, by place."""

    facts: dict[str, int]
    """Place of each meaning that the table has; see `meanings`."""

    scores: tuple[int, ...]
    """Places of columns that may hold the scores of a benchmark each; empty where `score` is a column."""

    averages: tuple[int, ...]
    """Places of averages over other columns."""

    models: dict[str, int]
    """Place of each fact of models that the table has; see `facts`. Also `parameters`, `active_parameters`."""

    unit: int | None = None
    """What the parameters are counted in, where the header says so."""

    unused: tuple[int, ...] = ()
    """Places of columns that nothing is made of."""


def plain(header: str) -> str:
    """A header by its letters and digits: `#Params (B)` is `params b`, `CO₂ cost` is `co2 cost`."""
    return " ".join(_sign.sub(" ", unicodedata.normalize("NFKC", header)).split()).lower()


def kinds_of(header: str, headers: Iterable[str]) -> tuple[str, str]:
    """The benchmark that a column of a table with a model a row is of, and the metric: of two columns `X Raw` and `X`
    the first is `raw` and the other is made of it, `normalised`.
    """
    name = plain(header)
    if name.endswith(_raw):
        return name.removesuffix(_raw), "raw"
    return name, "normalised" if name + _raw in map(plain, headers) else "score"


def columns_of(header: Sequence[str]) -> Columns:
    """What the columns of a table mean. With a `score` column each row is a score; without one, each column that means
    nothing else may be a benchmark.
    """
    names = [_unit.sub("", plain(text)) for text in header]
    found = _places(meanings, names, set())
    averages = tuple(i for i, name in enumerate(names) if _average.fullmatch(name) and i not in found.values())
    models = _places(facts, names, {*found.values(), *averages})
    unit = None
    for place, name in enumerate(names):
        if (match := _parameters.fullmatch(name)) and place not in found.values():
            models.setdefault("active_parameters" if match["active"] else "parameters", place)
            unit = _units[match["unit"][0]] if match["unit"] else unit
    told = {*models.values(), *averages}
    left = [
        place
        for place, name in enumerate(names)
        if place not in told and name not in about_the_model and not _rank.fullmatch(name)
    ]
    if "score" in found and ("benchmark" in found or set(left) <= set(found.values())):
        scores: tuple[int, ...] = ()
        kept = found
    else:
        kept = {key: place for key, place in found.items() if key in _of_rows}
        synonyms = {name for key in ("model", "date", "source") for name in meanings[key]}
        scores = tuple(place for place in left if place not in kept.values() and names[place] not in synonyms)
    used = {*kept.values(), *scores, *told}
    known = {"", "unnamed 0", *meanings["model"]}
    unused = tuple(place for place, name in enumerate(names) if place not in used and name not in known)
    return Columns(kept, scores, averages, models, unit, unused)


_of_rows = frozenset(
    {"model", "source", "date", "precision", "revision", "error", "low", "high", "interval", "n", "benchmark"}
)
"""What a column can be in a table with a model a row."""


def _places(known: Mapping[str, Sequence[str]], names: Sequence[str], taken: set[int]) -> dict[str, int]:
    """The place of each meaning, by the first of its headers that a table has; no column means two things."""
    found: dict[str, int] = {}
    for meaning, headers in known.items():
        places = [names.index(name) for name in headers if name in names]
        places = [place for place in places if place not in taken and place not in found.values()]
        if places:
            found[meaning] = places[0]
    return found
