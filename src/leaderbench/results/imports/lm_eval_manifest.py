"""What a results file of lm-evaluation-harness says of the causes of its scores, as a manifest has them.

A cause that the file does not tell is left out: comparisons then call it unknown, not equal.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leaderbench.records import Json, Metric, Sample
from leaderbench.results.imports.lm_eval_tasks import SYSTEM, Task, eval_split
from leaderbench.results.imports.scores import identity
from leaderbench.results.imports.values import count, kept, mapping, moment, moment_in, name, number
from leaderbench.results.run_notes import counts_of
from leaderbench.results.runs import Manifest
from leaderbench.results.subjects import SYSTEM as SYSTEM_FACT
from leaderbench.results.subjects import facts_of

template_parts = (
    *("doc_to_text", "doc_to_target", "doc_to_choice", "description", "target_delimiter", "gen_prefix"),
    *("fewshot_delimiter", "process_docs", "process_results", "filter_list"),
)
"""Entries of a task's `configs` that make up its prompts."""

backends = dict.fromkeys(("hf", "hf-auto", "huggingface", "hf-causal", "hf-causal-experimental"), "transformers")
"""lm-eval's names of what this program calls otherwise."""


_packed = re.compile(r"[48]bit|gptq|awq|quant|bnb|gguf", re.IGNORECASE)


@dataclass(frozen=True)
class Results:
    """A results file of lm-eval."""

    file: str
    """Its name, for people."""

    content: Mapping[str, Any]
    model: str
    """The model's name."""

    digest: str
    """SHA-256 of the file, unpacked."""

    def results(self, task: str) -> Mapping[str, Any]:
        """What the file says of a task or group."""
        return mapping(mapping(self.content["results"]).get(task))

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The members of each group of tasks; older files list tasks too, without members."""
        said = mapping(self.content.get("group_subtasks"))
        lists = {group: below for group, below in said.items() if isinstance(below, list)}
        named = {group: [name for name in below if isinstance(name, str)] for group, below in lists.items()}
        return {group: names for group, names in named.items() if names}

    @cached_property
    def created(self) -> str:
        """When the evaluation ended, UTC; by the time in the file's name where the file does not say; or empty."""
        begun = number(self.content.get("date"))
        took = number(self.content.get("total_evaluation_time_seconds"), written=True) or 0.0
        return (moment(begun + took) if begun is not None else "") or moment_in(self.file)

    @cached_property
    def facts(self) -> dict[str, Json]:
        """Who was asked; see `model_facts`."""
        return model_facts(self.content, self.model)

    @cached_property
    def told(self) -> dict[str, str]:
        """The same as boards tell models apart by it."""
        return facts_of(self.facts)

    @cached_property
    def about_model(self) -> dict[str, str | int | None]:
        """What the file says of the model itself; the numbers of weights that are packed are no parameters."""
        config = mapping(self.content.get("config"))
        packed = _packed.search(str(config.get("model_args")))
        revision = name(config.get("model_sha"))
        return {
            "parameters": None if packed else count(config.get("model_num_parameters")),
            "precision": None if packed else _dtype(config.get("model_dtype")),
            "revision": revision if revision != "main" else None,
        }

    def expected(self, task: str) -> int | None:
        """How many questions a task was asked; None where the file does not say."""
        said = mapping(mapping(self.content.get("n-samples")).get(task)).get("effective")
        return count(said) or count(self.results(task).get("sample_len"))


def model_name(content: Mapping[str, Any], folder: str) -> str:
    """The model's name: what the file says, else what its arguments say, else the folder it lies in; or empty."""
    arguments = mapping(content.get("config")).get("model_args")
    candidates: list[Any] = [content.get("model_name")]
    for key in ("peft", "delta", "pretrained", "model", "path", "engine"):
        if isinstance(arguments, dict):
            candidates.append(arguments.get(key))
        elif isinstance(arguments, str) and (found := re.search(rf"(?:^|,){key}=([^,]+)", arguments)):
            candidates.append(found[1])
    candidates.append(folder.replace("__", "/", 1) if folder else None)
    return next((text for text in map(name, candidates) if text), "")


def limit_of(content: Mapping[str, Any]) -> int | float | None:
    """At most how many questions of each task were asked, or which share of them (below 1); None for all."""
    found = number(mapping(content.get("config")).get("limit"))
    if found is None or found <= 0:
        return None
    return int(found) if found >= 1 else found


def model_facts(content: Mapping[str, Any], called: str) -> dict[str, Json]:
    """Who was asked; a model loaded here never has such an identity."""
    config, source = mapping(content.get("config")), content.get("model_source")
    backend = config.get("model") if isinstance(config.get("model"), str) else source
    bos = content.get("tokenizer_bos_token")
    facts: dict[str, Any] = {
        "name": called,
        "revision": config.get("model_sha") or config.get("model_revision"),
        "parameters": count(config.get("model_num_parameters")),
        "dtype": _dtype(config.get("model_dtype")) or _dtype(mapping(config.get("model_args")).get("dtype")),
        "device": config.get("device"),
        "backend": backends.get(backend, backend) if isinstance(backend, str) else None,
        "max_length": count(content.get("max_length")),
        "bos": bos[0] if isinstance(bos, list) and bos else None,
        "arguments": config.get("model_args"),
        SYSTEM_FACT: SYSTEM,
        "versions": {SYSTEM: content.get("lm_eval_version"), "transformers": content.get("transformers_version")},
    }
    known = _known(facts)
    # Who was asked is the same on another device, and whichever version of the program wrote the file.
    return {
        **known,
        "identity": identity(
            SYSTEM, name=called, **{key: told for key, told in facts_of(known).items() if key != SYSTEM_FACT}
        ),
    }


def _dtype(value: Any) -> str | None:
    found = name(value).removeprefix("torch.")
    return found if found not in ("", "auto") else None


def recipe_of(benchmark: str, task: Task, metrics: Sequence[Metric], content: Mapping[str, Any]) -> dict[str, Json]:
    """What was asked, in the words of this program's recipes where they exist, else in lm-eval's."""
    config, general = task.config, mapping(content.get("config"))
    fewshot = mapping(config.get("fewshot_config"))
    facts: dict[str, Any] = {
        "dataset": config.get("dataset_path"),
        "config": config.get("dataset_name") if task.part is None else None,
        "evaluated": task.family.evaluated if task.family else eval_split(config),
        "shots": task.shots,
        "seed": general.get("fewshot_seed"),
        "fewshot": {key: fewshot.get(key) for key in ("sampler", "split") if fewshot.get(key)},
        "template": {key: config[key] for key in template_parts if config.get(key) not in (None, "")},
        "output_type": config.get("output_type"),
        "task_version": mapping(content.get("versions")).get(task.name),
        "generation": {**mapping(config.get("generation_kwargs")), **mapping(general.get("gen_kwargs"))},
        "system_instruction": content.get("system_instruction"),
        "special_tokens": mapping(general.get("model_args")).get("add_bos_token"),
    }
    found: dict[str, Json] = {"benchmark": benchmark, "metrics": [str(metric) for metric in metrics]}
    found |= _known(facts)
    if "chat_template" in content:  # null says that there was none
        found["chat_template"] = kept(content["chat_template"])
    return found


def limits_of(tasks: Sequence[Task], content: Mapping[str, Any]) -> dict[str, Json]:
    """What narrows the run, in the form of a run made here."""
    parts = sorted({task.subset for task in tasks})
    family = tasks[0].family
    whole = family is None or len(parts) == family.parts
    found: dict[str, Json] = {"limit": limit_of(content), "subsets": [] if whole else [*parts]}
    if tasks[0].shots not in (None, tasks[0].usual):
        found["shots"] = tasks[0].shots
    asked = mapping(content.get("n-samples"))
    sizes = [mapping(asked.get(task.name)) for task in tasks]
    if found["limit"] is None and any(count(size.get("effective")) != count(size.get("original")) for size in sizes):
        found["chosen"] = sum(count(size.get("effective")) or 0 for size in sizes)  # rows picked with --samples
    return found


def settings_of(limits: Mapping[str, Json]) -> str:
    """The same in words, subsets left out: a score says itself what it is of."""
    limit, shots = limits.get("limit"), limits.get("shots")
    parts = [] if limit is None else [f"limit {limit}"]
    return ", ".join(parts if shots is None else [*parts, f"{shots} shots"])


def environment_of(content: Mapping[str, Any]) -> dict[str, Json]:
    """Python, platform, and versions of libraries."""
    said = content.get("pretty_env_info")
    text = said if isinstance(said, str) else ""
    found: dict[str, Json] = {}
    for key, pattern in (("python", r"Python version: (\S+)"), ("platform", r"Python platform: (\S+)")):
        if match := re.search(pattern, text):
            found[key] = kept(match[1])
    torch = re.search(r"PyTorch version: (\S+)", text)
    versions = {
        "lm_eval": content.get("lm_eval_version"),
        "lm_eval_commit": content.get("git_hash"),
        "transformers": content.get("transformers_version"),
        "torch": torch[1] if torch else None,
    }
    return {**found, "versions": {key: kept(value) for key, value in versions.items() if isinstance(value, str)}}


def manifest_of(
    results: Results,
    benchmark: str,
    tasks: Sequence[Task],
    metrics: Sequence[Metric],
    samples: Sequence[Sample],
    digests: Sequence[str],
) -> Manifest:
    """The manifest of a run; `digests` are those of the sample files.

    The run's id begins with `imported-`, which no id of a run made here does.
    """
    content, config = results.content, tasks[0].config
    general = mapping(content.get("config"))
    sources = hashlib.sha256("\n".join([SYSTEM, benchmark, results.digest, *digests]).encode()).hexdigest()
    dataset, revision = config.get("dataset_path"), mapping(config.get("dataset_kwargs")).get("revision")
    seeds = {key: general[key] for key in ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed") if key in general}
    origin = {"provenance": "imported", "source": f"{results.file} (sha256 {results.digest})"}
    return Manifest(
        run_id=f"imported-{sources[:12]}",
        created=results.created,
        model={**results.facts, **origin},
        benchmark={
            "name": benchmark,
            "recipe": recipe_of(benchmark, tasks[0], metrics, content),
            **_known({"dataset": dataset, "revision": revision}),
            "tasks": [kept(task.name) for task in tasks],
        },
        limits=limits_of(tasks, content),
        environment=environment_of(content),
        engine=_known({"batch": general.get("batch_size"), "seeds": seeds}),
        counts=counts_of(samples),
    )


def _known(facts: Mapping[str, Any]) -> dict[str, Json]:
    """Facts as a manifest can hold them, without those that the file does not tell."""
    return {key: kept(value) for key, value in facts.items() if value not in (None, "", {})}
