"""The pages: each shows what one function of the site gives, in one language."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from leaderbench.web import board_rows, charts, drawing, shown
from leaderbench.web.api import BoardName, Name, Number, RunId
from leaderbench.web.live import LiveStore
from leaderbench.web.views import (
    BoardChoiceView,
    BoardView,
    ChoiceView,
    ComparePageView,
    ExplanationsView,
    ExplanationView,
    ModelsView,
    PageNumber,
    PlotsView,
    RunsView,
    SamplesView,
)

Render = Callable[..., HTMLResponse]


def router(live: LiveStore, language: str) -> APIRouter:
    """The pages of a store in a language."""
    made = APIRouter(prefix=f"/{language}", include_in_schema=False, default_response_class=HTMLResponse)

    def render(request: Request, template: str, **values: Any) -> HTMLResponse:
        return drawing.page(live, request, language, template, {"remarks": shown.remarks.remarks(live), **values})

    _boards(made, live, language, render)
    _models(made, live, language, render)
    _runs(made, live, language, render)
    _explanations(made, live, language, render)
    _comparisons(made, live, language, render)
    return made


def _boards(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/")
    def boards(request: Request) -> HTMLResponse:
        return render(request, "boards.html.j2", boards=shown.cards.listed_boards(live, language))

    @made.get("/boards/{name}")
    async def board(request: Request, name: BoardName, view: Annotated[BoardView, Query()]) -> HTMLResponse:
        def drawn() -> HTMLResponse:
            found = shown.boards.find_board(live, name)
            if found.spec is None:
                return render(request, "board_problem.html.j2", name=name, problem=live.said(found.problem))
            return render(request, "board.html.j2", view=view, **board_rows.for_page(live, name, view, language))

        # What takes a few milliseconds is answered at once: a thread of its own would only wait for this one.
        return drawn() if shown.boards.is_ready(live, name, view) else await run_in_threadpool(drawn)

    @made.get("/boards/{name}/plots")
    def plots(request: Request, name: BoardName, view: Annotated[PlotsView, Query()]) -> HTMLResponse:
        found = shown.plots.shown_plots(live, name, view, language)
        return render(
            request,
            "plots.html.j2",
            found=found,
            view=view,
            kept=view.beside_filters,
            size=charts.sizes(found, language),
            times=charts.times(found, language),
            orders=charts.ranks(found.orders, language) if found.orders else None,
        )

    @made.get("/about")
    def about(request: Request) -> HTMLResponse:
        paths = request.app.openapi()["paths"]
        addresses = [(path, methods["get"]["summary"]) for path, methods in paths.items() if "get" in methods]
        return render(request, "about.html.j2", about=shown.about.about(live), addresses=addresses)


def _models(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/models")
    def models(request: Request, view: Annotated[ModelsView, Query()]) -> HTMLResponse:
        return render(request, "models.html.j2", models=shown.models.shown_models(live, view), view=view)

    @made.get("/model")
    def model(request: Request, name: Name) -> HTMLResponse:
        found = shown.model.shown_model(live, name, language)
        return render(
            request,
            "model.html.j2",
            model=found,
            commands=shown.runs.commands(live, name),
            hub=drawing.on_the_hub(name),
        )

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


def _runs(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/runs")
    def runs(request: Request, view: Annotated[RunsView, Query()]) -> HTMLResponse:
        return render(request, "runs.html.j2", runs=shown.runs.shown_runs(live, view), view=view)

    @made.get("/runs/{run}")
    def run(request: Request, run: RunId) -> HTMLResponse:
        found = shown.runs.shown_run(live, run)
        others = shown.runs.comparable(live, found)
        several = ChoiceView(run=[run], benchmark=found.benchmark.partition("/")[0][:1000]).address()
        chart = charts.subsets(found, shown.runs.chance(live, found), language)
        return render(request, "run.html.j2", run=found, others=others, several=several, chart=chart)

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


def _explanations(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    @made.get("/explanations")
    def explanations(request: Request, view: Annotated[ExplanationsView, Query()]) -> HTMLResponse:
        return render(request, "explanations.html.j2", found=shown.explanations.listed(live, view), view=view)

    @made.get("/explanations/{name}")
    def explanation(request: Request, name: RunId, view: Annotated[ExplanationView, Query()]) -> HTMLResponse:
        report = charts.in_language(shown.explanations.shown_report(live, name, view), language)
        found = shown.explanations.shown_explanation(live, name, view)
        return render(request, "explanation.html.j2", found=found, report=report, view=view)


def _comparisons(made: APIRouter, live: LiveStore, language: str, render: Render) -> None:
    def to(rest: str, runs: Iterable[str]) -> Response:
        return RedirectResponse(f"/{language}/{rest}?{urlencode([('run', name) for name in runs])}")

    @made.get("/compare")
    def compare(request: Request, view: Annotated[ComparePageView, Query()]) -> Response:
        plain = view.plain
        if plain is None:
            return to("compare/choose", view.run or filter(None, [view.a, view.b]))
        if view.a or view.b:
            return to("compare", plain.run)
        found, choosing = shown.comparisons.compared(live, plain), ChoiceView(run=plain.run).address()
        return render(request, "compare.html.j2", found=found, view=plain, choosing=choosing)

    @made.get("/compare/choose")
    def choose(request: Request, view: Annotated[ChoiceView, Query()]) -> Response:
        if view.go and len(set(view.run)) > 1:
            return to("compare", view.run)
        return choosing(request, view)

    def choosing(request: Request, view: ChoiceView, **why: Any) -> Response:
        return render(request, "choose.html.j2", found=shown.comparisons.choice(live, view), view=view, **why)

    @made.get("/boards/{name}/compare")
    def compare_rows(request: Request, name: BoardName, view: Annotated[BoardChoiceView, Query()]) -> Response:
        if not view.column:
            return render(
                request,
                "side.html.j2",
                board=shown.comparisons.side_by_side(live, name, view, language),
                facts=board_rows.fact_heads(language),
            )
        runs, without = shown.comparisons.runs_of_board(live, name, view)
        if len(runs) > 1 and not without:
            return to("compare", runs)
        return choosing(request, ChoiceView(run=list(runs), go=len(runs) < 2), without=without, column=view.column)
