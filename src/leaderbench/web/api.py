"""The REST API, version 1: read only; each answer is a value of `values`, made by the function that its page uses."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from leaderbench.boards.export import as_csv
from leaderbench.web import board_rows, shown
from leaderbench.web.live import LiveStore
from leaderbench.web.values.about import About
from leaderbench.web.values.basics import Paged, Problem
from leaderbench.web.values.benchmarks import BenchmarkDetail, ScoresSideBySide, ShownBenchmark
from leaderbench.web.values.boards import ListedBoard, ShownBoard
from leaderbench.web.values.comparisons import Comparison
from leaderbench.web.values.explanations import ShownExplanation, ShownExplanations
from leaderbench.web.values.models import ModelDetail, ModelScore, ShownModel
from leaderbench.web.values.plots import ShownPlots
from leaderbench.web.values.runs import RunDetail, ShownRun
from leaderbench.web.values.samples import SamplePage, ShownSample
from leaderbench.web.views import (
    BoardView,
    ComparisonView,
    ExplanationsView,
    ExplanationView,
    ModelsView,
    PageNumber,
    PageSize,
    PlotsView,
    RunsView,
    SamplesView,
    Values,
)

prefix = "/api/v1"
Name = Annotated[str, Query(min_length=1, max_length=1000)]
BoardName = Annotated[str, Path(max_length=80)]
RunId = Annotated[str, Path(max_length=200)]
Number = Annotated[int, Path(ge=0, le=1_000_000_000)]

refusals: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "There is no such thing in the store."},
    409: {"model": Problem, "description": "It is there and cannot be used: it is damaged, or its file is wrong."},
    422: {"model": Problem, "description": "A word of the address is unknown or cannot be."},
}


def router(live: LiveStore) -> APIRouter:
    """The addresses of the API for a store."""
    made = APIRouter(prefix=prefix, responses=refusals)
    _boards(made, live)
    _models(made, live)
    _runs(made, live)
    _explanations(made, live)

    @made.get("/about", summary="How numbers are made, and by which versions", tags=["about"])
    def about() -> About:
        return shown.about.about(live)

    return made


def _boards(made: APIRouter, live: LiveStore) -> None:
    @made.get("/boards", summary="Every board", tags=["boards"])
    def boards() -> tuple[ListedBoard, ...]:
        return shown.cards.listed_boards(live)

    @made.get(
        "/boards/{name}",
        summary="A page of a board, as its page on the site shows it",
        tags=["boards"],
        response_model=ShownBoard,
    )
    async def board(name: BoardName, view: Annotated[BoardView, Query()]) -> Response:
        ready = shown.boards.is_ready(live, name, view)  # then a thread of its own would only wait for this one
        asked = live, name, view
        content = board_rows.as_json(*asked) if ready else await run_in_threadpool(board_rows.as_json, *asked)
        return Response(content, media_type="application/json")

    @made.get("/boards/{name}/plots", summary="A view of a board as plots, by size and over time", tags=["boards"])
    def board_plots(name: BoardName, view: Annotated[PlotsView, Query()]) -> ShownPlots:
        return shown.plots.shown_plots(live, name, view)

    @made.get(
        "/boards/{name}/csv",
        summary="All rows of a view of a board as CSV",
        tags=["boards"],
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table"}},
    )
    def board_csv(name: BoardName, view: Annotated[BoardView, Query()]) -> Response:
        table = shown.boards.board_file(live, name, view)
        facts = shown.boards.fact_columns(live, name, view)
        text = as_csv(table, normalised=view.values is Values.NORMALISED, facts=facts)
        disposition = f'attachment; filename="{name}.csv"'  # a board's name is letters, digits, dots and dashes
        content = text.encode("utf-8", "replace")
        return Response(content, media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition})


def _models(made: APIRouter, live: LiveStore) -> None:
    @made.get("/models", summary="A page of models", tags=["models"])
    def models(view: Annotated[ModelsView, Query()]) -> Paged[ShownModel]:
        return shown.models.shown_models(live, view)

    @made.get("/model", summary="One model: its scores, places and facts", tags=["models"])
    def model(name: Name) -> ModelDetail:
        return shown.model.shown_model(live, name)

    @made.get("/benchmarks", summary="Every benchmark", tags=["benchmarks"])
    def benchmarks() -> tuple[ShownBenchmark, ...]:
        return shown.benchmarks.shown_benchmarks(live)

    @made.get("/benchmark", summary="One benchmark", tags=["benchmarks"])
    def benchmark(name: Name) -> BenchmarkDetail:
        return shown.benchmarks.shown_benchmark(live, name)

    @made.get("/benchmark/scores", summary="A page of the scores of a benchmark", tags=["benchmarks"])
    def scores(
        name: Name, page: Annotated[PageNumber, Query()] = 1, rows: Annotated[PageSize, Query()] = 100
    ) -> Paged[ModelScore]:
        return shown.benchmarks.benchmark_scores(live, name, page, rows)

    @made.get("/benchmark/implementations", summary="A page of models in all implementations", tags=["benchmarks"])
    def sides(
        name: Name, page: Annotated[PageNumber, Query()] = 1, rows: Annotated[PageSize, Query()] = 100
    ) -> ScoresSideBySide:
        return shown.benchmarks.side_by_side(live, name, page, rows)


def _explanations(made: APIRouter, live: LiveStore) -> None:
    @made.get("/explanations", summary="A page of explanations, newest first", tags=["explanations"])
    def explanations(view: Annotated[ExplanationsView, Query()]) -> ShownExplanations:
        return shown.explanations.listed(live, view)

    @made.get("/explanations/{name}", summary="Why two implementations differ", tags=["explanations"])
    def explanation(name: RunId, view: Annotated[ExplanationView, Query()]) -> ShownExplanation:
        return shown.explanations.shown_explanation(live, name, view)


def _runs(made: APIRouter, live: LiveStore) -> None:
    @made.get("/runs", summary="A page of runs, newest first", tags=["runs"])
    def runs(view: Annotated[RunsView, Query()]) -> Paged[ShownRun]:
        return shown.runs.shown_runs(live, view)

    @made.get("/runs/{run}", summary="One run: scores and manifest", tags=["runs"])
    def run(run: RunId) -> RunDetail:
        return shown.runs.shown_run(live, run)

    @made.get("/runs/{run}/samples", summary="A page of the samples of a run", tags=["runs"])
    def samples(run: RunId, view: Annotated[SamplesView, Query()]) -> SamplePage:
        return shown.samples.shown_samples(live, run, view)

    @made.get("/runs/{run}/samples/{number}", summary="One sample, whole", tags=["runs"])
    def sample(run: RunId, number: Number) -> ShownSample:
        return shown.samples.shown_sample(live, run, number)

    @made.get("/comparisons", summary="Two or more runs question by question", tags=["runs"])
    def comparison(view: Annotated[ComparisonView, Query()]) -> Comparison:
        return shown.comparisons.compared(live, view)
