"""The benchmarks by name. Light: nothing heavy is imported, no data is read."""

import importlib
from functools import cache
from typing import Protocol, cast

from leaderbench.benchmarks.base import Benchmark
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.errors import LeaderbenchError

modules = ("mmlu", "arc_challenge", "hellaswag", "truthfulqa", "winogrande", "cmmlu", "ceval")
"""Files of this folder that hold benchmarks, in the order of `leaderbench list benchmarks`."""

not_asked = ("gsm8k", "mmlu-pro", "ifeval", "bbh", "gpqa", "musr", "math", "minerva-math", "humaneval", "mbpp", "drop")
"""Families that people look for here and that cannot be asked yet."""


class _WithShots(Protocol):
    def with_shots(self, count: int) -> Benchmark: ...


@cache
def _all() -> dict[str, Benchmark]:
    found: dict[str, Benchmark] = {}
    for module in modules:
        for benchmark in importlib.import_module(f"leaderbench.benchmarks.{module}").benchmarks():
            found[benchmark.name] = benchmark
    return found


def names() -> list[str]:
    """Every benchmark as `family/implementation`."""
    return list(_all())


def find(pattern: str) -> list[Benchmark]:
    """The benchmark of this name, or every implementation of this family.

    Raises LeaderbenchError, with the nearest name, where there is none.
    """
    known = _all()
    if pattern in known:
        return [known[pattern]]
    family = [benchmark for name, benchmark in known.items() if name.split("/")[0] == pattern]
    if not family:
        raise LeaderbenchError(_unknown(pattern))
    return family


def _unknown(pattern: str) -> str:
    """What is said of a name that is no benchmark's: what was meant, else what there is."""
    family = pattern.partition("/")[0]
    spelling = family.lower().replace("_", "-").removeprefix("leaderboard-")
    if any(spelling == name or spelling.startswith(f"{name}-") for name in not_asked):
        return (
            f"{family[:100]!r} cannot be asked yet; scores that others measured come in with `leaderbench import`, and "
            "`leaderbench list benchmarks` says what can be asked."
        )
    families = list(dict.fromkeys(name.split("/")[0] for name in names()))
    members = [name for name in names() if name.split("/")[0] == family]
    meant = suggestion(pattern, members or [*families, *names()])
    if meant == ".":
        meant = "; `leaderbench list benchmarks` says what can be asked."
    return f"There is no benchmark {pattern[:100]!r}{meant}"


def get(name: str, *, shots: int | None = None) -> Benchmark:
    """One benchmark, with another number of shots where given.

    Raises LeaderbenchError where the name is unknown or names a family, or the shots cannot be set so.
    """
    found = find(name)
    if len(found) > 1:
        choices = ", ".join(benchmark.name for benchmark in found)
        raise LeaderbenchError(f"{name!r} is a family of benchmarks; choose one of {choices}.")
    if shots is None:
        return found[0]
    if shots < 0:
        raise LeaderbenchError(f"The number of shots must be 0 or more, not {shots}.")
    return cast("_WithShots", found[0]).with_shots(shots)
