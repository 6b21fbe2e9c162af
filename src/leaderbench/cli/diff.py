"""`leaderbench diff`: any two runs; what differs, which questions flipped, and whether the gap is real."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.records import Json

if TYPE_CHECKING:
    from leaderbench.explain.difference.causes import Cause
    from leaderbench.explain.difference.diff import Answer, Diff, Flipped, SubsetDifference
    from leaderbench.explain.difference.pairing import Side
    from leaderbench.results.runs import Run
    from leaderbench.statistics import Difference

LISTED = 200
"""Flipped questions that are listed without --all-flips."""


def diff(
    run_a: Annotated[str, typer.Argument(help="Run id, its beginning, or a run's folder.", metavar="RUN_A")],
    run_b: Annotated[str, typer.Argument(help="The run to compare it with.", metavar="RUN_B")],
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="Such as acc; without it, the one that each run reports."),
    ] = None,
    store: options.Store = options.DEFAULT_STORE,
    json: options.Json = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a self-contained page with every chart.")
    ] = None,
    all_flips: Annotated[
        bool, typer.Option("--all-flips", help="The page lists every flipped question, not only 200; it may grow big.")
    ] = False,
) -> None:
    """Say why two runs differ, question by question.

    The causes that differ between their manifests, the questions that flipped with the first thing that differs in
    each, and whether the gap is more than noise.
    """
    from leaderbench.cli.reports import print_report, write_html
    from leaderbench.explain.difference.diff import diff as compare
    from leaderbench.explain.difference.diff_report import report

    found = compare(named(run_a, store), named(run_b, store), metric)
    made = report(found, len(found.flips) if all_flips else LISTED)
    if html is not None:
        write_html(made, html)
    if json:
        terminal.print_json(as_json(found))
    else:
        print_report(made)


def named(name: str, store: Path) -> "Run":
    """The run of this id, or in this folder; a folder is one of another store, `<store>/runs/<id>`."""
    from leaderbench.results.store import Store

    folder = Path(name).expanduser()
    if (folder / "manifest.json").is_file():
        folder = folder.resolve()
        return Store(folder.parents[1]).run(folder.name)
    return Store(store).run(name)


def as_json(found: "Diff") -> dict[str, Json]:
    """All of a comparison as plain values, with every flip; prompts are in the store."""
    from leaderbench.explain.difference.diff_report import answer

    return {
        "answer": answer(found),
        "a": _side(found.a),
        "b": _side(found.b),
        "causes": [_cause(cause) for cause in found.causes],
        "shared": found.shared,
        "aggregation": found.aggregation.value,
        "real": found.real,
        "difference": _difference(found.difference),
        "changed_without_flipping": found.changed,
        "agreement": found.agreement,
        "near_ties": found.near_ties,
        "subsets": [_subset(item) for item in found.subsets],
        "flips": [_flip(flip) for flip in found.flips],
    }


def _cause(cause: "Cause") -> dict[str, Json]:
    return {"cause": cause.name, "a": cause.a, "b": cause.b, "differs": cause.differs}


def _side(side: "Side") -> dict[str, Json]:
    return {
        "run": side.run,
        "model": side.model,
        "benchmark": side.benchmark,
        "score": tables.score_as_json(side.score),
        "only": side.only,
        "unanswered": side.unanswered,
    }


def _difference(found: "Difference") -> dict[str, Json]:
    """A minus B."""
    return {
        "n": found.n,
        "mean_a": found.mean_a,
        "mean_b": found.mean_b,
        "net": found.net,
        "low": found.interval.low,
        "high": found.interval.high,
        "standard_error": found.standard_error,
        "p": found.p,
        "a_better": found.b,
        "b_better": found.c,
        "churn": found.churn,
        "correlation": found.correlation,
        "minimum_detectable_effect": found.minimum_detectable_effect,
    }


def _subset(found: "SubsetDifference") -> dict[str, Json]:
    return {"subset": found.subset, "adjusted_p": found.adjusted, "real": found.real, **_difference(found.difference)}


def _flip(flip: "Flipped") -> dict[str, Json]:
    return {
        "example_id": flip.example_id,
        "subset": flip.subset,
        "target": flip.target,
        "cause": flip.cause.kind.value,
        "detail": flip.cause.detail,
        "made_by": list(flip.cause.behind),
        "near_tie": flip.near_tie,
        "a": _answer(flip.a),
        "b": _answer(flip.b),
    }


def _answer(answer: "Answer") -> dict[str, Json]:
    return {
        "prediction": answer.prediction,
        "value": answer.value,
        "right": answer.right,
        "margin": answer.margin,
        "noise": answer.noise,
    }
