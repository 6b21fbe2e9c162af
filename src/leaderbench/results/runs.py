"""A run: one model asked one benchmark under one manifest, with its samples and scores."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from types import NoneType
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Json, Metric, Sample, Score, View, finite
from leaderbench.results.notebook import SampleRows, Samples, Scores
from leaderbench.results.run_notes import Note, notes_of
from leaderbench.results.secrets import redacted


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every cause of a score."""

    run_id: str
    """See `run_id`."""

    created: str
    """When the run was finished, UTC, ISO 8601."""

    model: dict[str, Json]
    """At least `name` and `identity`; then revision, dtype, device, path taken."""

    benchmark: dict[str, Json]
    """At least `name`, `recipe`, `dataset` and `revision`."""

    limits: dict[str, Json]
    """`limit` (questions of each subset at most, or null), `subsets` asked, and `shots` where set by hand. Where
    questions were drawn at random, `questions` (how many) and `seed`; where asking stopped early, `until_separated`
    (the number of `questions` asked, and the name of the model `from` which to tell this one apart) and `seed`."""

    environment: dict[str, Json]
    """Python, platform, versions of libraries, hardware."""

    engine: dict[str, Json]
    """What only changes speed: backend, fast path, batch."""

    counts: dict[str, Json]
    """See `run_notes.counts_of`; where only some questions were drawn at random, `bank`: of how many."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader must know of all samples together."""
        return notes_of(self.counts)

    @property
    def model_name(self) -> str:
        """The model's name; a question mark where the manifest does not say."""
        return str(self.model.get("name", "?"))

    @property
    def benchmark_name(self) -> str:
        """`family/implementation`; a question mark where the manifest does not say."""
        return str(self.benchmark.get("name", "?"))

    @property
    def selection(self) -> str:
        """Which part of the questions was asked where chance chose them, as `300 of 14,042 questions, drawn at random`;
        empty where it did not. Scores of such a run are estimates of what the whole would give.
        """
        if "bank" not in self.counts:
            return ""
        asked, bank = self.counts.get("questions"), self.counts["bank"]
        whole = isinstance(asked, int) and isinstance(bank, int)
        part = f"{asked:,} of {bank:,} questions" if whole else "some of the questions"
        seed = f", seed {self.limits['seed']}" if self.limits.get("seed") else ""
        return f"{part}, {'stopped early' if self.stopped_early else 'drawn at random'}{seed}"

    @property
    def set_by_hand(self) -> str:
        """How else a run differs from the whole plain benchmark, as `limit 100, 0 shots`; empty where it does not."""
        limit, subsets, shots = (self.limits.get(name) for name in ("limit", "subsets", "shots"))
        parts = [] if limit is None else [f"limit {limit}"]
        if isinstance(subsets, list) and subsets:
            parts.append(f"{len(subsets)} subsets" if len(subsets) > 2 else "only " + ", ".join(map(str, subsets)))
        return ", ".join(parts if shots is None else [*parts, f"{shots} shots"])

    @property
    def settings(self) -> str:
        """Both together."""
        return ", ".join(filter(None, [self.selection, self.set_by_hand]))

    @property
    def stopped_early(self) -> bool:
        """Whether asking stopped because of what the answers said; then tests and intervals for a fixed number of
        questions do not hold.
        """
        return "until_separated" in self.limits


@dataclass(frozen=True)
class Run:
    """One model asked one benchmark under one manifest."""

    manifest: Manifest
    scores: tuple[Score, ...]
    """Each metric overall, then by subset; the first is the one that the benchmark reports."""

    samples: Sequence[Sample]
    """One a question, in dataset order; of a stored run they are read from its file when first used."""

    def __post_init__(self) -> None:
        """Both print in a line and as a table in a notebook, and have `to_pandas`: see `notebook`."""
        object.__setattr__(self, "scores", Scores(self.scores))
        if not isinstance(self.samples, SampleRows):
            object.__setattr__(self, "samples", Samples(self.samples))

    @property
    def id(self) -> str:
        """The run's name in its store."""
        return self.manifest.run_id

    def __repr__(self) -> str:
        first = f", {self.scores[0].metric} {self.scores[0].estimate:.4f}" if self.scores else ""
        name = f"{self.manifest.model_name} on {self.manifest.benchmark_name}"
        return f"<Run {self.id}: {name}{first}>"

    def _repr_html_(self) -> str:
        """The overall scores as a table, for notebooks."""
        return escape(repr(self)) + Scores(score for score in self.scores if score.subset is None)._repr_html_()

    def to_pandas(self) -> Any:
        """The scores as a pandas frame, a row each; `LeaderbenchError` where pandas is not installed."""
        return Scores(self.scores).to_pandas()

    def score(self, metric: Metric | str | None = None, subset: str | None = None) -> Score:
        """The score of a metric (its name, `name (aggregation)` or the benchmark's first), overall or of one subset.

        Raises `LeaderbenchError` where the run has no such score.
        """
        wanted = self.scores[0].metric if metric is None and self.scores else metric
        for score in self.scores:
            if score.subset == subset and wanted in (score.metric, score.metric.name, str(score.metric)):
                return score
        known = ", ".join(dict.fromkeys(str(score.metric) for score in self.scores)) or "none"
        place = "" if subset is None else f" for subset {subset!r}"
        raise LeaderbenchError(f"Run {self.id} has no score {str(wanted)!r}{place}: its metrics are {known}.")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a listing shows it, read without touching its samples."""

    id: str
    manifest: Manifest | None
    """None where the run is damaged."""

    scores: tuple[Score, ...] = ()
    problem: str | None = None
    """What is damaged and what to do, in one sentence."""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.manifest.model_name if self.manifest else "?"

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""
        return self.manifest.benchmark_name if self.manifest else "?"

    @property
    def created(self) -> str:
        """When the run was finished, UTC, ISO 8601."""
        return self.manifest.created if self.manifest else ""

    @property
    def identity(self) -> str:
        """The digest of everything about the model that can change an answer."""
        return str(self.manifest.model.get("identity", "")) if self.manifest else ""


def run_id(model_identity: str, recipe: Mapping[str, Json], limits: Mapping[str, Json]) -> str:
    """The name of a run: 12 hex digits over the canonical JSON of all that decides what is asked of whom."""
    content = {"model": model_identity, "recipe": recipe, "limits": limits}
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    """A manifest as JSON values; null stands for a number that does not exist."""
    return {item.name: redacted(finite(getattr(manifest, item.name))) for item in fields(Manifest)}


def manifest_from_json(content: Mapping[str, Any]) -> Manifest:
    """The manifest that `manifest_to_json` gave; further keys are passed over, and what an older program did not record
    is empty. Credentials that it recorded are taken out. Raises `LookupError` where it does not say what was asked of
    whom, `TypeError`.
    """
    known = {"created": "", **{name: {} for name in ("limits", "environment", "engine", "counts")}, **content}
    manifest = Manifest(**{item.name: redacted(known[item.name]) for item in fields(Manifest)})
    for name in ("model", "benchmark", "limits", "environment", "engine", "counts"):
        if not isinstance(getattr(manifest, name), dict):
            raise TypeError(f"{name} is not an object")
    _check(manifest)
    return manifest


_number = (int, float, NoneType)
_text = (str, NoneType)
_KINDS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "model": {"name": (str,), "identity": (str,), "revision": _text, "source": _text, "provenance": _text},
    "benchmark": {"name": (str,), "dataset": _text, "revision": _text, "recipe": (dict,)},
    "limits": {"limit": _number, "shots": _number, "questions": _number, "seed": _number, "subsets": (list, NoneType)},
    "counts": {"questions": (int,), "errors": (int,), "bank": (int,), "flags": (dict,)},
}
"""What may stand where this program, or a page, counts or names something; what is absent is not asked for."""


def _check(manifest: Manifest) -> None:
    """Raise `TypeError` for a value of a kind that is not written there."""
    for name in ("run_id", "created"):
        if not isinstance(getattr(manifest, name), str):
            raise TypeError(f"{name} is not a text")
    for part, kinds in _KINDS.items():
        values = getattr(manifest, part)
        for name, kind in kinds.items():
            if name in values and (not isinstance(values[name], kind) or isinstance(values[name], bool)):
                raise TypeError(f"{part}.{name} is {values[name]!r:.50}")


def score_to_json(score: Score) -> dict[str, Any]:
    """A score as JSON values; null stands for a number that does not exist."""
    content: dict[str, Any] = finite(asdict(score))
    metric = {"name": score.metric.name, "aggregation": score.metric.aggregation.value}
    return content | {"metric": metric, "view": score.view.value}


def score_from_json(content: Mapping[str, Any]) -> Score:
    """The score that `score_to_json` gave. Raises `LookupError`, `TypeError` or `ValueError` for anything else."""
    metric = Metric(content["metric"]["name"], Aggregation(content["metric"]["aggregation"]))
    estimate, error, low, high = (
        math.nan if content[name] is None else float(content[name])
        for name in ("estimate", "standard_error", "low", "high")
    )
    view, bank = View(content.get("view", View.NEW_QUESTIONS)), content.get("bank")
    counts = int(content["n"]), int(content["errors"])
    for count in (*counts, int(bank or 0)):
        if not 0 <= count < 2**53:
            raise ValueError("a number of questions is below 0 or beyond all there are")
    return Score(
        metric, content["subset"], estimate, error, low, high, *counts, view, None if bank is None else int(bank)
    )
