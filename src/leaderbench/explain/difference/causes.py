"""What can make two runs differ, cause by cause, as their manifests record it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leaderbench.records import Json
from leaderbench.results.runs import Manifest

Facts = dict[str, Json]

MODEL, DATASET, CLEANING, QUESTIONS = "model", "dataset revision", "cleaning", "question subset"
PROMPT, DRAW, CHAT = "prompt", "few-shot draw", "chat template"
SPECIAL, BOUNDARY, TRUNCATION = "special tokens", "boundary", "truncation"
SCORING, AGGREGATION, OTHER = "scoring", "aggregation", "other choices"
DTYPE, DEVICE, LIBRARIES, HARDWARE, ENGINE = "dtype", "device", "library versions", "hardware", "engine path"

optional = frozenset({CLEANING, OTHER})
"""Causes that only some benchmarks have: left out where neither manifest names one."""

in_identity = frozenset({MODEL, DTYPE, DEVICE})
"""Causes that are part of a model's identity: the same identity says that they are the same."""

placed = frozenset({"benchmark", "dataset", "config", "evaluated", "cleaning", "template", "metrics", "per_character"})
placed |= {"shots", "shots_from", "draws", "pool", "seed", "chat_template", "special_tokens", "encoding", "asked"}
placed |= {"leading_space", "truncation", "aggregation"}
"""Keys of recipes that belong to a cause; any others are its `other choices`."""


judging = frozenset({"target", "true"})
"""Fields of templates that say which answer is right; they change no prompt."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can move a score, as two manifests record it."""

    name: str
    a: Facts
    """What the first manifest says of it, fact by fact; what it does not record is left out."""

    b: Facts
    """What the second one says."""

    differs: bool | None
    """None where that is unknown: the runs agree in all that both record, and one or both do not record the rest."""

    @property
    def differing(self) -> tuple[str, ...]:
        """The facts in which the two differ, or which only one of them records."""
        names = dict.fromkeys([*self.a, *self.b])
        return tuple(name for name in names if name not in self.a or name not in self.b or self.a[name] != self.b[name])


def compare_manifests(a: Manifest, b: Manifest) -> tuple[Cause, ...]:
    """Every cause in the order of a score's making: who was asked, what, how it was encoded, scored and computed.

    Manifests of other versions and imported ones may lack any key: then the cause is unknown, not an error.
    """
    first, second = facts(a), facts(b)
    same = bool(a.model.get("identity")) and a.model.get("identity") == b.model.get("identity")
    return tuple(
        Cause(name, first[name], second[name], _differs(name, first[name], second[name], same))
        for name in first
        if name not in optional or first[name] or second[name]
    )


def facts(manifest: Manifest) -> dict[str, Facts]:
    """What a manifest says of each cause."""
    model, benchmark, environment = manifest.model, manifest.benchmark, manifest.environment
    recipe = _spaced(_mapping(benchmark.get("recipe")))
    versions = _mapping(environment.get("versions")) or _mapping(model.get("versions"))
    metric, aggregation = _reported(recipe)
    template = _template(recipe)
    engine = _mapping(manifest.engine)
    return {
        MODEL: _pick(model, "name", "weights"),
        DATASET: _pick(recipe, "dataset", "config") | _pick(benchmark, "dataset", "revision"),
        CLEANING: _pick(recipe, "cleaning"),
        QUESTIONS: dict(manifest.limits) | _pick(recipe, "evaluated"),
        PROMPT: {name: value for name, value in template.items() if name not in judging},
        DRAW: _pick(recipe, "shots", "shots_from", "draws", "pool", "seed"),
        CHAT: _chat(recipe, versions),
        SPECIAL: _pick(recipe, "special_tokens") | _pick(model, "bos"),
        BOUNDARY: _pick(recipe, "encoding", "leading_space"),
        TRUNCATION: _pick(recipe, "truncation") | _known(_pick(model, "max_length")),
        SCORING: _pick(recipe, "asked", "per_character") | metric | _pick(template, *sorted(judging)),
        AGGREGATION: _pick(recipe, "aggregation") or aggregation,
        OTHER: {name: value for name, value in recipe.items() if name not in placed},
        DTYPE: _known(_pick(model, "dtype")),
        DEVICE: _known(_pick(engine, "device", "backend") | _pick(model, "device", "backend")),
        LIBRARIES: _known(_pick(environment, "python", "platform") | versions),
        HARDWARE: _known(_pick(environment, "processor", "cores", "threads")),
        ENGINE: _known(_pick(engine, "path", "batch") | _pick(model, "path", "pack_tokens") | _attention(model)),
    }


def _mapping(value: Json) -> Facts:
    return dict(value) if isinstance(value, dict) else {}


def _pick(source: Mapping[str, Json], *names: str) -> Facts:
    return {name: source[name] for name in names if name in source}


def _known(found: Facts) -> Facts:
    """Without nulls, which stand for what the program could not find out."""
    return {name: value for name, value in found.items() if value is not None}


def _template(recipe: Facts) -> Facts:
    template = recipe.get("template")
    return dict(template) if isinstance(template, dict) else _pick(recipe, "template")


def _chat(recipe: Facts, versions: Facts) -> Facts:
    """Recipes of this program that name no chat template have none; of others' that is unknown."""
    own = bool(recipe) and "leaderbench" in versions
    return {"chat_template": recipe.get("chat_template")} if own else _pick(recipe, "chat_template")


def _attention(model: Mapping[str, Json]) -> Facts:
    check = _mapping(model.get("self_check"))
    return {"attention": check["plain_attention"]} if "plain_attention" in check else {}


def _spaced(recipe: Facts) -> Facts:
    """A recipe in today's words: the word for what is asked once held the leading space, now a choice of its own."""
    asked = recipe.get("asked")
    if not isinstance(asked, str) or "leading_space" in recipe or asked == "next-token":
        return recipe
    return recipe | {"asked": asked.removeprefix("spaced-"), "leading_space": asked.startswith("spaced-")}


def _reported(recipe: Facts) -> tuple[Facts, Facts]:
    """Name and aggregation of the metric that is reported, the first of `metrics`, each where it is recorded."""
    metrics = recipe.get("metrics")
    first = metrics[0] if isinstance(metrics, list) and metrics else None
    if not isinstance(first, str):
        return {}, {}
    parts = re.fullmatch(r"(.+) \((\w+)\)", first)
    return ({"metric": parts[1]}, {"aggregation": parts[2]}) if parts else ({"metric": first}, {})


def _differs(name: str, a: Facts, b: Facts, same_identity: bool) -> bool | None:
    if name == MODEL and "weights" in a and "weights" in b:  # the same files are the same model, whatever its name
        return a["weights"] != b["weights"]
    if name == QUESTIONS and a and b:  # a limit that a manifest does not name was not set
        return any(a.get(key) != b.get(key) for key in a.keys() | b.keys())
    if any(a[key] != b[key] for key in a.keys() & b.keys()):
        return True
    if name in in_identity and same_identity:
        return False
    return False if a and a.keys() == b.keys() and (name != MODEL or "weights" in a) else None


def naming(causes: Iterable[Cause], differs: bool | None) -> tuple[str, ...]:
    """The names of the causes of which this is so: True differ, False are the same, None unknown."""
    return tuple(cause.name for cause in causes if cause.differs is differs)
