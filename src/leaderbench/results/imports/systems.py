"""Which system a JSON file is of, by its shape: what every import says of a file that another one reads, or none."""

from collections.abc import Mapping
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.results.imports.values import mapping

_commands = {
    "lighteval": "lighteval",
    "the Open LLM Leaderboard": "open-llm-leaderboard",
    "lm-eval": "lm-eval",
    "MTEB": "mteb",
}


def is_lighteval(results: Mapping[str, Any]) -> bool:
    """Whether results are lighteval's, and not those of the Open LLM Leaderboard, whose tasks are all `harness|…`."""
    suites = {key.partition("|")[0] for key in results if "|" in key}
    return bool(suites - {"harness"})


def system_of(content: object) -> str:
    """The system that wrote a JSON value, as people call it; empty where its shape is no known one."""
    told = mapping(content)
    results = told.get("results")
    if isinstance(results, dict):
        if isinstance(told.get("config_general"), dict) or "lighteval_sha" in told:
            return "lighteval" if is_lighteval(results) else "the Open LLM Leaderboard"
        if isinstance(told.get("eval"), dict) and "status" in told:
            return "Inspect"
        return "lm-eval" if {"config", "configs", "group_subtasks", "n-shot", "versions"} & told.keys() else ""
    if isinstance(told.get("scores"), dict) and {"task_name", "mteb_version", "dataset_revision"} & told.keys():
        return "MTEB"
    return "HELM" if {"adapter_spec", "scenario_spec"} & told.keys() else ""


def refuse_other(content: object, own: str) -> None:
    """Raise `UnusableError` where a file is of another system than `own`."""
    system = system_of(content)
    if system in ("", own):
        return
    command = _commands.get(system)
    how = f"import it with `leaderbench import {command}`" if command else "make a table of its scores for `import csv`"
    raise UnusableError(f"it is a file of {system}{'' if command else ', which is not read'}: {how}")
