"""Who was asked: what tells several models of one name apart, and what each of them is called then."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from leaderbench.results.names import short_names
from leaderbench.results.runs import Manifest, Run, RunSummary

Facts = Mapping[str, str]
"""What can be said of who was asked, by name: those of `order`, and any argument under its own name."""

REVISION, COMMIT, PRECISION, STEP, SHOTS, SYSTEM, WEIGHTS = (
    *("revision", "commit", "precision", "step", "shots", "system", "weights"),
)

_changed_weights = ("load_in_8bit", "load_in_4bit", "quantization", "gptq", "autogptq", "peft", "delta")
"""Arguments that change what a model computes as its precision does."""

_only_speed = frozenset(
    ("use_accelerate", "parallelize", "device", "device_map", "device_map_option", "max_memory", "max_memory_per_gpu")
    + ("max_cpu_memory", "offload_folder", "low_cpu_mem_usage", "trust_remote_code", "batch_size", "max_batch_size")
    + ("tensor_parallel_size", "data_parallel_size", "gpu_memory_utilization", "swap_space", "num_concurrent")
    + ("max_retries", "timeout", "cache_dir", "enforce_eager", "verify_certificate")
)
"""Arguments that change no answer."""

_telling = (REVISION, COMMIT, PRECISION, STEP, SHOTS, *_changed_weights)
"""What a reader asks for first."""

_technical = (WEIGHTS, "backend", "device", "max_length", "torch", "transformers", "tokenizers")
"""What a reader hardly ever asks for; weights are told apart by when they were first asked."""

order = (*_telling, SYSTEM, "…", *_technical)
"""Which facts are said rather than others; the ellipsis stands for all further arguments, in alphabetical order."""

_places = {name: place for place, name in enumerate(order)}

_lengths = (len("2026-01-01"), len("2026-01-01T12:00"), len("2026-01-01T12:00:00"))
"""Of a date, and of times to the minute and to the second."""

_commit = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_argument = re.compile(r"\s*([\w.-]+)\s*=")
_bits = re.compile(r"(\d)[ _]?bit\b", re.IGNORECASE)
_shots = re.compile(r"(?:^|, )(\d+(?: or \d+)*) shots(?:,|$)")

most_facts = 40
"""Facts of one model that are kept."""

longest = 60
"""Letters of a fact that stand in a name."""

_most_tried = 3
"""Facts that are tried together before all are said."""

_most_keys = 12
"""Facts of which some are tried together."""


def facts(**values: object) -> dict[str, str]:
    """Facts as they are kept: texts, without those that nobody knows."""
    known = {key: str(value)[:1000] for key, value in values.items() if value not in (None, "", {}, [])}
    return dict(list(known.items())[:most_facts])


def arguments_of(value: object) -> dict[str, str]:
    """The arguments of a model, by name, from an object or a text such as `pretrained=acme/a,dtype=float16`."""
    if isinstance(value, Mapping):
        return facts(**{str(key): said for key, said in value.items() if isinstance(said, str | int | float)})
    found: dict[str, str] = {}
    key = ""
    for part in value.split(",") if isinstance(value, str) else ():
        if match := _argument.match(part):
            key = match[1]
            found[key] = part[match.end() :].strip()
        elif key:  # a comma inside a value
            found[key] += "," + part
    return facts(**found)


def facts_of(model: Mapping[str, Any]) -> dict[str, str]:
    """What the manifest of a run says of its model, of one made here or elsewhere."""
    arguments = arguments_of(model.get("arguments"))
    revision, told = model.get("revision"), arguments.pop("revision", None)
    for known in ("pretrained", "model", "path"):  # the name
        if known in arguments and arguments[known] == model.get("name"):
            del arguments[known]
    precision = arguments.pop("dtype", "").removeprefix("torch.")
    versions = model.get("versions")
    imported = model.get("provenance") == "imported" or "arguments" in model or SYSTEM in model
    technical: dict[str, object] = {}
    if not imported:
        technical = {key: model.get(key) for key in ("weights", "device", "max_length")}
        technical |= versions if isinstance(versions, Mapping) else {}
    branch = told if told not in (None, "", "main") else None
    return {
        **facts(
            revision=branch or revision,
            commit=revision if branch and branch != revision else None,
            precision=model.get("dtype") or (precision if precision != "auto" else None),
            step=model.get("step"),
            system=model.get(SYSTEM),
        ),
        **{key: value for key, value in arguments.items() if key not in _only_speed},
        **facts(backend=model.get("backend"), **technical),
    }


def shots_of(settings: str) -> str:
    """The number of shots that settings such as `limit 10, 5 shots` say; empty for the usual one."""
    found = _shots.search(settings)
    return found[1] if found else ""


def precision_of(facts: Facts) -> str:
    """How weights are represented, as catalogues have it: `bfloat16`, `4-bit`, `GPTQ 4-bit`; empty where unknown."""
    for bits in ("4", "8"):
        if facts.get(f"load_in_{bits}bit", "").lower() in ("true", "1"):
            return f"{bits}-bit"
    return _bits.sub(r"\1-bit", facts.get(PRECISION, "").removeprefix("torch."))


@dataclass(frozen=True, slots=True)
class Subject:
    """Who was asked, where a row of a table stands for it."""

    name: str
    identity: str
    """Digest of what can change an answer; the last resort to tell one from another."""

    facts: Facts = field(default_factory=dict, hash=False)
    created: str = ""
    """When it was first asked, ISO 8601; empty where unknown."""


def told_apart(
    subjects: Sequence[Subject], names: Mapping[str, str] | None = None, *, last_resort: bool = True
) -> list[str]:
    """What each of these is called: its name, and where several share it the fewest facts in which they differ.

    A revision stands as `acme/a @ 1a2b3c4`, the rest as `acme/a (4bit, 5 shots)`. Weights that differ in nothing else
    are called by the day or time when they were first asked; the beginning of the identity stands only where nothing
    is left to say, and not without the `last_resort`. `names` gives shorter names.
    """
    called = [(names or {}).get(subject.name, subject.name) for subject in subjects]
    groups = defaultdict(list)
    for place, name in enumerate(called):
        groups[name].append(place)
    for places in groups.values():
        if len(places) > 1:
            for place, suffix in zip(places, _suffixes([subjects[place] for place in places]), strict=True):
                called[place] += suffix
    count = Counter(called)
    return [
        name if count[name] == 1 or not last_resort else f"{name} [{subject.identity[:8] or 'identity unknown'}]"
        for name, subject in zip(called, subjects, strict=True)
    ]


def names_of_models(runs: Iterable[Run | RunSummary], *, last_resort: bool = True) -> dict[str, str]:
    """What the model of each run is called where all of them are listed, by the run's id: short, and told apart."""
    asked = {run.id: subject_of(run.manifest) for run in runs if run.manifest is not None}
    subjects: dict[tuple[str, str], Subject] = {}
    for subject in sorted(asked.values(), key=lambda subject: subject.created):
        subjects.setdefault((subject.name, subject.identity), subject)
    short = short_names(dict.fromkeys(name for name, _ in subjects))
    names = dict(zip(subjects, told_apart([*subjects.values()], short, last_resort=last_resort), strict=True))
    return {run: names[subject.name, subject.identity] for run, subject in asked.items()}


def subject_of(manifest: Manifest) -> Subject:
    """Who was asked in a run."""
    identity = str(manifest.model.get("identity", ""))
    return Subject(manifest.model_name, identity, facts_of(manifest.model), manifest.created)


def _suffixes(subjects: Sequence[Subject]) -> list[str]:
    """What is said behind the name that these share."""
    values = _said(subjects)
    keys = sorted({key for said in values for key in said}, key=_rank)
    differing = [key for key in keys if len({said.get(key) for said in values}) > 1]
    sayable = [key for key in differing if key != _date]
    chosen = _enough(values, sayable) or _enough(values, differing) or differing
    return [_label(said, chosen) or _label(said, _first(said, differing)) for said in values]


_date = "\0date"
"""The key under which a date stands among what is said; no fact is called so."""


def _enough(values: Sequence[Facts], keys: Sequence[str]) -> Sequence[str]:
    """The fewest of these facts, the first ones where several are as few, that tell all apart; none where none do."""
    tried = (chosen for size in range(1, _most_tried + 1) for chosen in combinations(keys[:_most_keys], size))
    return next(
        (chosen for chosen in (*tried, keys) if len({_label(said, chosen) for said in values}) == len(values)), ()
    )


def _first(said: Facts, keys: Iterable[str]) -> tuple[str, ...]:
    """The first of what a reader asks for first, for a row of which nothing else is said."""
    return next(((key,) for key in keys if key in said and key in _telling), ())


def _rank(key: str) -> tuple[int, str]:
    return _places.get(key, _places["…"]), key


def _said(subjects: Sequence[Subject]) -> list[dict[str, str]]:
    """The facts of each as they are said: weights by when they were first asked, in as short a form as tells apart."""
    first: dict[str, str] = {}
    for subject in sorted(subjects, key=lambda subject: subject.created):
        first.setdefault(subject.facts.get(WEIGHTS, ""), subject.created)
    result = []
    for subject in subjects:
        weights = subject.facts.get(WEIGHTS)
        told = {**subject.facts, **({} if weights is None else {WEIGHTS: first[weights]}), _date: subject.created}
        result.append({key: value for key, value in told.items() if value})
    for key in (WEIGHTS, _date):
        dates = {said[key] for said in result if key in said}
        length = next((size for size in _lengths if len({date[:size] for date in dates}) == len(dates)), 99)
        for said in result:
            if key in said:
                said[key] = said[key][:length].replace("T", " ")
    commits = {value for said in result for value in said.values() if _commit.fullmatch(value)}
    short = 7 if len({commit[:7] for commit in commits}) == len(commits) else 40
    return [
        {key: value[:short] if value in commits else _clipped(value) for key, value in said.items()} for said in result
    ]


def _clipped(value: str) -> str:
    return value if len(value) <= longest else value[: longest // 2] + "…" + value[-longest // 2 + 1 :]


def _label(said: Facts, keys: Iterable[str]) -> str:
    """These facts as they stand behind a name."""
    chosen = [key for key in keys if said.get(key)]
    revision = "".join(f" @ {said[key]}" for key in chosen if key in (REVISION, COMMIT))
    rest = [_phrase(key, said[key]) for key in chosen if key not in (REVISION, COMMIT)]
    return revision + (f" ({', '.join(rest)})" if rest else "")


def _phrase(key: str, value: str) -> str:
    if key in (PRECISION, SYSTEM, WEIGHTS, _date):
        return value
    if key == SHOTS:
        return "1 shot" if value == "1" else f"{value} shots"
    return f"step {value}" if key == STEP else f"{key}={value}"
