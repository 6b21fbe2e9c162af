"""Scores without samples: their intervals, and the files of `<store>/imported` that hold them.

One JSON object a line: a checksum (`results.sealed`), `digest`, the SHA-256 of what the score was read from, `line` and
`of`, which of how many lines of that source it is, the fields of `Entry`, and those of its score beside them. A number
that is not known is null. Lines of older versions lack checksum, `line` and `of`. A file holds the scores of one or
many sources and changes only where one of these is read anew; its name is a digest of theirs.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.regular import is_regular, named
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.files import replace_durably, said_plainly
from leaderbench.results.sealed import is_intact, lines_in, lost, mark, seal, unsealed
from leaderbench.results.secrets import redacted
from leaderbench.results.store import Store
from leaderbench.results.subjects import Facts
from leaderbench.statistics.intervals import Interval, level, logit_interval, normal_quantile, wilson

LARGEST_FILE = 16 << 20
"""Bytes after which another file is begun."""

MOST_PARTS = 1000
"""Parts of a mean that are named; of more it is not known what they are."""

READING = 3
"""Grows when more is kept of the same source: importing it again then replaces what was kept before."""

_line = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
AGAIN = "delete it and import the same files again"

_head = re.compile(rb'\{(?:"crc32":"[0-9a-f]{8}",)?"digest": "([0-9a-f]{64})"(?:, "line": \d+, "of": (\d{1,9}))?')
_shares = re.compile(r"(?!balanced)(\w+_)?acc(uracy)?(_\w+)?|(\w+_)?exact_?match(_\w+)?|em|mc[12]|pass(@|_at_)\d+")


COST = "cost"
"""The metric of numbers that say what a model takes and not how good it is: less is better."""

cost_words = frozenset(
    {
        "co2",
        "co2eq",
        "cost",
        "costs",
        "price",
        "latency",
        "seconds",
        "ms",
        "time",
        "energy",
        "kwh",
        "emissions",
        "memory",
        "vram",
        "carbon",
        "dollars",
        "eur",
        "flops",
        "gflops",
        "hours",
        "joules",
        "tflops",
        "ttft",
        "usd",
        "watts",
    }
)

lower_words = cost_words | {
    *("ppl", "perplexity", "loss", "nll", "entropy", "bpb", "bpc", "bits", "error", "errors", "wer", "cer", "ter"),
    *("mse", "mae", "rmse", "toxicity"),
}
"""Words of numbers of which less is better: they are no percent unless a sign says so."""


def lower_is_better(text: str) -> bool:
    """Whether less is better of what a header, a metric or a benchmark is called so."""
    return "↓" in text or not lower_words.isdisjoint(re.findall(r"[^\W_]+", text.lower()))


def is_cost(text: str) -> bool:
    """Whether a header or the name of a benchmark is about what a model takes."""
    return not cost_words.isdisjoint(re.findall(r"[^\W_]+", text.lower()))


def is_share(metric: str, estimate: float = 0.0) -> bool:
    """Whether a metric is known to be a mean of values between 0 and 1, one a question, by its name and value.

    The binomial variance is the largest that such a mean can have. Nothing like it holds of a perplexity, a rating, or
    a number over all answers together, such as BLEU or a corpus' F1: of these the number of questions says nothing.
    """
    name = metric.partition(",")[0].strip().lower().replace(" ", "_").replace("-", "_")
    return 0 <= estimate <= 1 and bool(_shares.fullmatch(name))


def binomial_error(share: float, n: int) -> float:
    """The standard error of a share of n questions, with one more right and one more wrong answer: 20 right answers of
    20 don't make a score certain.
    """
    smoothed = (n * share + 1) / (n + 2)
    return math.sqrt(smoothed * (1 - smoothed) / n)


def published(
    metric: Metric,
    subset: str | None,
    estimate: float,
    error: float | None = None,
    n: int | None = None,
    *,
    share: bool | None = None,
) -> Score:
    """A published number with its 95 % interval.

    From the standard error: on the logit scale for a share, which keeps it between 0 and 1, else plain. From n alone,
    by Wilson, where the metric is a share: means of values between 0 and 1 spread no more than zeros and ones. NaN
    where neither says. Whether it is a share is told by its name, unless `share` says. `n` is 0 where it is not known.
    """
    share = is_share(metric.name, estimate) if share is None else share and 0 <= estimate <= 1
    interval = Interval(math.nan, math.nan)
    if error is not None and error > 0 and share and 0 < estimate < 1:
        interval = logit_interval(estimate, error, normal_quantile(level))
    elif share and n:
        interval = wilson(estimate * n, n)
    elif error is not None and error > 0 and not share:
        half = normal_quantile(level) * error
        if math.isfinite(estimate + half) and math.isfinite(estimate - half):
            interval = Interval(estimate - half, estimate + half)
    known = math.nan if error is None or error < 0 else error
    return Score(metric, subset, estimate, known, interval.low, interval.high, n or 0)


def entry(
    model: str,
    who: str,
    benchmark: str,
    score: Score,
    source: str,
    created: str = "",
    settings: str = "",
    facts: Facts | None = None,
) -> Entry:
    """An imported score as boards read it; `who` is the model's `identity`, and `facts` are about who was asked."""
    return Entry(
        model, who, benchmark, score, "", Provenance.IMPORTED_SCORE, source, created, settings, facts=facts or {}
    )


def over(item: Entry, parts: Iterable[str]) -> Entry:
    """The score of a mean, with the parts that it is over."""
    names = tuple(sorted(parts))
    return replace(item, parts=names if 1 <= len(names) <= MOST_PARTS else ())


def identity(system: str, **facts: object) -> str:
    """Digest of what a file says of who was asked, told facts only: revision, precision and the like.

    It has another form than the identity of a model loaded here, so that the two are never equal.
    """
    known = {key: value for key, value in facts.items() if value not in (None, "", {}, [])}
    canonical = json.dumps({"imported from": system, **known}, sort_keys=True, allow_nan=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest() + "-imported"


def reading(digest: str, number: int = READING) -> str:
    """The digest of a source as this version reads it; that of the first version is the source's own."""
    return digest if number == 1 else hashlib.sha256(f"reading {number}\n{digest}".encode()).hexdigest()


def to_json(item: Entry, digest: str) -> dict[str, Any]:
    """An imported score as one line's JSON values."""
    score = item.score
    numbers = {name: getattr(score, name) for name in ("estimate", "standard_error", "low", "high")}
    return {
        "digest": digest,
        "model": item.model,
        "identity": item.identity,
        "benchmark": item.benchmark,
        "metric": score.metric.name,
        "aggregation": score.metric.aggregation.value,
        "subset": score.subset,
        **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        "n": score.n or None,
        "errors": score.errors,
        "provenance": item.provenance.value,
        "source": item.source,
        "created": item.created,
        "settings": item.settings,
        "facts": dict(item.facts),
        **({"parts": list(item.parts)} if item.parts else {}),
    }


def _lines(entries: Sequence[Entry], digest: str) -> Iterator[bytes]:
    """All scores of one source as the lines of a file."""
    for number, item in enumerate(entries, 1):
        values = {"digest": digest, "line": number, "of": len(entries), **to_json(item, digest)}
        yield seal(_line(values).removeprefix("{").encode())


def from_json(content: dict[str, Any]) -> Entry:
    """The entry that `to_json` gave, without credentials; n is 0 where it is not known.

    Raises `LookupError`, `TypeError`, `ValueError`.
    """
    content = redacted(content)
    numbers = [content[name] for name in ("estimate", "standard_error", "low", "high")]
    estimate, error, low, high = (math.nan if value is None else float(value) for value in numbers)
    metric = Metric(str(content["metric"]), Aggregation(content["aggregation"]))
    subset = None if content["subset"] is None else str(content["subset"])
    score = Score(metric, subset, estimate, error, low, high, int(content["n"] or 0), int(content["errors"]))
    model, who, benchmark, source, created, settings = (
        str(content[name]) for name in ("model", "identity", "benchmark", "source", "created", "settings")
    )
    facts = {str(name): str(value) for name, value in dict(content.get("facts") or {}).items()}
    item = entry(model, who, benchmark, score, source, created, settings, facts)
    return over(item, map(str, content.get("parts") or ()))


def folder_of(store: Store) -> Path:
    """Where a store keeps imported scores."""
    return store.path / "imported"


def score_files(store: Store) -> list[Path]:
    """The files of imported scores, in the order of their names."""
    folder = folder_of(store)
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.jsonl") if not path.name.startswith(".") and is_regular(path))


def stored_entries(store: Store) -> Iterator[Entry]:
    """All imported scores of a store. Raises `LeaderbenchError` for a damaged file."""
    for path in score_files(store):
        there: list[tuple[str, int]] = []
        try:
            for place, line in enumerate(lines_in(path), 1):
                values = unsealed(line)
                yield replace(from_json(values), stated=(path.name, place))
                there.append((str(values.get("digest")), int(values.get("of", 0))))
            if lost(there):
                raise ValueError("lines are missing")
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise LeaderbenchError(f"{path} is damaged: {AGAIN}.") from error


@dataclass(frozen=True, slots=True)
class Sources:
    """Which sources the scores of a store were read from, by their digests."""

    whole: set[str]
    """Those of which every score is there."""

    partly: set[str]
    """Those that lost a line to damage; they count as never imported."""


def sources(store: Store) -> Sources:
    """The sources that a store has scores of."""
    seen: set[str] = set()
    whole: set[str] = set()
    for path in score_files(store):
        intact: list[tuple[str, int]] = []
        with named(path, AGAIN):
            for line in lines_in(path):
                if head := _head.match(line):
                    seen.add(head[1].decode())
                    if not line.startswith(mark) or is_intact(line.rstrip(b"\n")):
                        intact.append((head[1].decode(), int(head[2] or 0)))
        whole |= {source for source, _ in intact} - lost(intact).keys()
    return Sources(whole, seen - whole)


class ScoreWriter:
    """Gathers imported scores and writes them in files of some megabytes, each there as a whole or not at all."""

    def __init__(self, store: Store) -> None:
        """Write into this store; its folder of imported scores exists and is locked."""
        self.store = store
        known = sources(store)
        self.known, self.partly = known.whole, known.partly
        self.replaced: set[str] = set()
        self.written: set[Path] = set()
        self.digests: list[str] = []
        self.lines: list[bytes] = []
        self.size = 0

    def add(self, digest: str, entries: Sequence[Entry], instead_of: Iterable[str] = ()) -> bool:
        """Take the scores of one source, which replace those of others, and of the same source as an older version read
        it; False where the store has them.
        """
        earlier = {reading(source, number) for source in (digest, *instead_of) for number in range(1, READING + 1)}
        digest = reading(digest)
        if digest in self.known:
            return False
        self.replaced |= (self.known | self.partly).intersection(earlier - {digest})
        self.known.add(digest)
        self.digests.append(digest)
        for line in _lines(entries, digest):
            self.lines.append(line)
            self.size += len(line)
        if self.size > LARGEST_FILE:
            self.write()
        return True

    def write(self) -> None:
        """Write what was gathered."""
        if self.lines:
            named = hashlib.sha256("\n".join(self.digests).encode()).hexdigest()
            path = folder_of(self.store) / f"{named[:32]}.jsonl"
            with said_plainly(path):
                replace_durably(path, b"".join(self.lines))
            self.written.add(path)
        renewed = self.partly.intersection(self.digests)
        self.digests, self.lines, self.size = [], [], 0
        if self.replaced or renewed:
            self._drop(renewed)

    def _drop(self, renewed: set[str]) -> None:
        """Take out what was read otherwise before or damaged; what takes its place is written already."""
        for path in score_files(self.store):
            gone = self.replaced if path in self.written else self.replaced | renewed
            with named(path, AGAIN):
                lines = list(lines_in(path))
            with said_plainly(path):
                kept = [line for line in lines if (head := _head.match(line)) is None or head[1].decode() not in gone]
                if not kept:
                    path.unlink()
                elif len(kept) < len(lines):
                    replace_durably(path, b"".join(kept))
        self.known -= self.replaced
        self.partly -= self.replaced | renewed
        self.replaced = set()
