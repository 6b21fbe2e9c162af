"""Tasks of lm-evaluation-harness, and where what they ask stands among the benchmarks of this program.

A task is known by the dataset, config and split that its own file names, not by its name alone: then its questions get
the ids that they have here, and runs of both systems can be compared question by question. The benchmark's name says
whose number it is: `mmlu/lm-eval` is never made here, and with a chat template it is `mmlu/lm-eval-chat`. Another than
the usual number of shots is a setting, as it is in runs made here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leaderbench.records import Aggregation, Metric
from leaderbench.results.imports.values import count, mapping, slug

SYSTEM = "lm-eval"


@dataclass(frozen=True, slots=True)
class Family:
    """A benchmark of this program that lm-eval asks too, on the same rows."""

    name: str
    split: str
    """The split whose rows are asked."""

    shots: int
    """The usual number, as this program's implementations have it."""

    tasks: Mapping[str, tuple[str, ...]]
    """lm-eval's tasks, each with its metrics as they are called here; `{}` in a task stands for the subject."""

    metrics: tuple[Metric, ...]
    """What a run reports, the first one first; further metrics of a task follow."""

    parts: int = 1
    """Subjects, each a task of its own, with its config of the dataset."""

    config: str | None = None
    """The config of the dataset, where there is a single one."""

    group: str = ""
    """lm-eval's name for all parts together."""

    evaluated: str = ""
    """Which rows are asked, in the words of this program's recipes."""


def _micro(*names: str) -> tuple[Metric, ...]:
    return tuple(Metric(name, Aggregation.MICRO) for name in names)


_both = (Metric("acc", Aggregation.MICRO), Metric("acc", Aggregation.MACRO))
_every_mmlu_row = "every test row (HELM's cap of 1,000 instances a subject is not applied)"

mmlu = Family("mmlu", "test", 5, {"mmlu_{}": ()}, _both, 57, None, "mmlu", _every_mmlu_row)
cmmlu = Family("cmmlu", "test", 5, {"cmmlu_{}": ()}, _both, 67, None, "cmmlu", "every test row")
ceval = Family("ceval", "val", 5, {"ceval-valid_{}": ()}, _both, 52, None, "ceval-valid", "every val row")
arc = Family(
    "arc-challenge",
    "test",
    25,
    {"arc_challenge": ()},
    _micro("acc_norm", "acc"),
    config="ARC-Challenge",
    evaluated="every test row",
)
hellaswag = Family(
    "hellaswag", "validation", 10, {"hellaswag": ()}, _micro("acc_norm", "acc"), evaluated="every validation row"
)
truthfulqa = Family(
    "truthfulqa-mc",
    "validation",
    0,
    {"truthfulqa_mc1": ("acc", "mc1"), "truthfulqa_mc2": ("acc", "mc2")},
    _micro("mc2", "mc1"),
    config="multiple_choice",
    evaluated="every validation row",
)
winogrande = Family(
    "winogrande",
    "validation",
    5,
    {"winogrande": ()},
    _micro("acc"),
    config="winogrande_xl",
    evaluated="every validation row",
)

datasets: Mapping[str, Family] = {
    "cais/mmlu": mmlu,
    "hails/mmlu_no_train": mmlu,
    "haonan-li/cmmlu": cmmlu,
    "ceval/ceval-exam": ceval,
    "allenai/ai2_arc": arc,
    "ai2_arc": arc,
    "Rowan/hellaswag": hellaswag,
    "hellaswag": hellaswag,
    "truthfulqa/truthful_qa": truthfulqa,
    "truthful_qa": truthfulqa,
    "allenai/winogrande": winogrande,
    "winogrande": winogrande,
}
"""Repositories, under their names of today and before, with the same rows in the same order as the datasets here."""

groups: Mapping[str, Family] = {family.group: family for family in (mmlu, cmmlu, ceval)}


usual_shots = {
    "gsm8k": 5,
    "gsm8k_cot": 8,
    "gsm8k_platinum": 5,
    "mbpp": 3,
    "mmlu_pro": 5,
    "bbh": 3,
    "bbh_cot_fewshot": 3,
    "leaderboard_bbh": 3,
    "leaderboard_math": 4,
    "leaderboard_mmlu_pro": 5,
}
"""Of lm-eval's own tasks, and of the tasks whose names go on from there; of all others it is 0."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a results file."""

    name: str
    """As the file has it."""

    benchmark: str
    """`family/lm-eval`, or `lm-eval/task` where the task is none that this program asks too."""

    subset: str
    """The subject, or the family's name where it has no parts."""

    rows: str
    """What stands before the row's number in the ids of its examples."""

    family: Family | None = None
    """None for a task of lm-eval's own."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """The task's entry under `configs`."""

    shots: int | None = None
    """Solved examples before a question; None where the file does not say."""

    usual: int = 0
    """Their usual number."""

    def metric(self, name: str) -> str:
        """What a metric of the task, such as `acc` or `exact_match,strict-match`, is called here."""
        renamed = self.family.tasks.get(self.name, ()) if self.family else ()
        return renamed[1] if renamed and renamed[0] == name else name

    @property
    def part(self) -> str | None:
        """The subset that a score of this task is of; None where it is of the whole benchmark."""
        return self.subset if self.family and self.family.parts > 1 else None


def task_of(name: str, content: Mapping[str, Any]) -> Task:
    """A task of a results file, by what the file's `configs` and `n-shot` say of it."""
    config = mapping(mapping(content.get("configs")).get(name))
    shots = shots_of(name, content)
    family, part = _dataset(config)
    own = slug(name) or "unnamed"
    rows = own if family is None else part or family.name
    for pattern in family.tasks if family else ():
        if name == pattern.replace("{}", part) and config.get("output_type") == "multiple_choice":
            assert family is not None
            benchmark = f"{family.name}/{SYSTEM}{suffix(content)}"
            return Task(name, benchmark, part or family.name, rows, family, config, shots, family.shots)
    parent = max((known for known in usual_shots if f"{own}_".startswith(f"{known}_")), key=len, default="")
    return Task(name, f"{SYSTEM}/{own}{suffix(content)}", own, rows, None, config, shots, usual_shots.get(parent, 0))


def _dataset(config: Mapping[str, Any]) -> tuple[Family | None, str]:
    """The family on whose rows a task is asked, and the subject; None where they are not known to be the same rows."""
    path, part = config.get("dataset_path"), config.get("dataset_name")
    family = datasets.get(path) if isinstance(path, str) else None
    if family is None or eval_split(config) != family.split:
        return None, ""
    if family.parts > 1:
        same = isinstance(part, str) and slug(part) == part
        return (family, str(part)) if same else (None, "")
    return (family, "") if family.config is None or part == family.config else (None, "")


def eval_split(config: Mapping[str, Any]) -> str:
    """The split whose rows a task asks; empty where the file does not say."""
    found = config.get("test_split") or config.get("validation_split")
    return found if isinstance(found, str) else ""


def shots_of(name: str, content: Mapping[str, Any]) -> int | None:
    """The number of solved examples before a question; None where the file does not say."""
    config = mapping(mapping(content.get("configs")).get(name))
    general = mapping(content.get("config")).get("num_fewshot")  # of all tasks, in files of lm-eval 0.3
    for value in (mapping(content.get("n-shot")).get(name), config.get("num_fewshot"), general):
        if value == 0 and not isinstance(value, bool):
            return 0
        if count(value) is not None:
            return count(value)
    return None


def suffix(content: Mapping[str, Any]) -> str:
    """What a benchmark's name says of a chat template."""
    return "-chat" if content.get("chat_template") else ""
