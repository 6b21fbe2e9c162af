"""The pages: each shows what one function of the site gives, in one language."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from leaderbench.web import drawing, shown
from leaderbench.web.api import BoardName, Name, Number, RunId
from leaderbench.web.live import LiveStore
from leaderbench.web.views import (
    BoardView,
    ComparisonView,
    ModelsView,
    PageNumber,
    RunsView,
    SamplesView,
)

Render = Callable[..., HTMLResponse]


def router(live: LiveStore, language: str) -> APIRouter:
    """The pages of a store in a language."""
    made = APIRouter(prefix=f"/{language}", include_in_schema=False, default_response_class=HTMLResponse)

    def render(request: Request, template: str, **values: Any) -> HTMLResponse:
        return drawing.page(live, request, language, template, values)

    _boards(made, live, language, render)
    _models(made, live, language, render)
    _runs(made, live, render)
    return made


def _boards(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/")
    def boards(request: Request) -> HTMLResponse:
        return render(request, "boards.html.j2", boards=shown.boards.listed_boards(live, language))

    @made.get("/boards/{name}")
    def board(request: Request, name: BoardName, view: Annotated[BoardView, Query()]) -> HTMLResponse:
        found = shown.boards.find_board(live, name)
        if found.spec is None:
            return render(request, "board_problem.html.j2", name=name, problem=live.said(found.problem))
        return render(request, "board.html.j2", board=shown.boards.shown_board(live, name, view, language), view=view)

    @made.get("/about")
    def about(request: Request) -> HTMLResponse:
        paths = request.app.openapi()["paths"]
        addresses = [(path, methods["get"]["summary"]) for path, methods in paths.items() if "get" in methods]
        return render(request, "about.html.j2", addresses=addresses)


def _models(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/models")
    def models(request: Request, view: Annotated[ModelsView, Query()]) -> HTMLResponse:
        return render(request, "models.html.j2", models=shown.models.shown_models(live, view), view=view)

    @made.get("/model")
    def model(request: Request, name: Name) -> HTMLResponse:
        found = shown.models.shown_model(live, name, language)
        return render(request, "model.html.j2", model=found, commands=shown.runs.commands(live, name))

    @made.get("/benchmarks")
    def benchmarks(request: Request) -> HTMLResponse:
        return render(request, "benchmarks.html.j2", benchmarks=shown.benchmarks.shown_benchmarks(live))

    @made.get("/benchmark")
    def benchmark(
        request: Request,
        name: Name,
        page: Annotated[PageNumber, Query()] = 1,
        side: Annotated[PageNumber, Query()] = 1,
    ) -> HTMLResponse:
        return render(
            request,
            "benchmark.html.j2",
            benchmark=shown.benchmarks.shown_benchmark(live, name),
            scores=shown.benchmarks.benchmark_scores(live, name, page),
            sides=shown.benchmarks.side_by_side(live, name, side),
            chart=shown.benchmarks.distribution(live, name, language),
        )


def _runs(made: APIRouter, live: LiveStore, render: Render) -> None:
    @made.get("/runs")
    def runs(request: Request, view: Annotated[RunsView, Query()]) -> HTMLResponse:
        return render(request, "runs.html.j2", runs=shown.runs.shown_runs(live, view), view=view)

    @made.get("/runs/{run}")
    def run(request: Request, run: RunId) -> HTMLResponse:
        found = shown.runs.shown_run(live, run)
        others = shown.runs.comparable(live, found)
        return render(request, "run.html.j2", run=found, others=others)

    @made.get("/runs/{run}/samples")
    def samples(request: Request, run: RunId, view: Annotated[SamplesView, Query()]) -> HTMLResponse:
        return render(request, "samples.html.j2", found=shown.samples.shown_samples(live, run, view), view=view)

    @made.get("/runs/{run}/samples/{number}")
    def sample(request: Request, run: RunId, number: Number, view: Annotated[SamplesView, Query()]) -> HTMLResponse:
        before, after = shown.samples.place_before_and_after(live, run, view, number)
        return render(
            request,
            "sample.html.j2",
            run=shown.runs.listed_run(live, run),
            sample=shown.samples.shown_sample(live, run, number),
            view=view,
            before=before,
            after=after,
        )

    @made.get("/compare")
    def compare(request: Request, view: Annotated[ComparisonView, Query()]) -> HTMLResponse:
        return render(request, "compare.html.j2", found=shown.comparisons.compared(live, view), view=view)
