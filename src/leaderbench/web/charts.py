"""Charts in the language of a page.

A page shows one with the macros of `charts.html.j2`:

    {% from "charts.html.j2" import chart_files, figure %}
    {% block head %}{% if chart %}{{ chart_files(static) }}{% endif %}{% endblock %}
    …
    {% if chart %}<section><h2>{{ chart.title }}</h2>{{ figure(t, chart) }}</section>{% endif %}

A chart is a picture for those who see it: its description is read out, and its numbers stand in a table of the page.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from leaderbench.boards.plots import milliseconds
from leaderbench.explain.report import charts_of_models, charts_of_plots, charts_of_scores
from leaderbench.explain.report.charts_of_plots import Crowd, ModelPoint, Plot
from leaderbench.explain.report.charts_of_scores import Level, SubsetScore
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import told
from leaderbench.models.baselines import is_baseline
from leaderbench.results.names import short_names
from leaderbench.sentences import Sentence
from leaderbench.statistics.intervals import normal_quantile
from leaderbench.web import notation, words
from leaderbench.web.drawing import address
from leaderbench.web.values.basics import Number
from leaderbench.web.values.plots import ModelPlot, PlottedModel, ShownOrders, ShownPlots
from leaderbench.web.values.runs import RunDetail

Item = TypeVar("Item")

baseline_names = {
    "baseline:random": Sentence("random guessing"),
    "baseline:always-a": Sentence("always the first answer"),
}


def in_language(found: Item, language: str) -> Item:
    """A chart or a report with its sentences in a language."""
    return told(found, partial(words.translated, language))


def distribution(scores: Mapping[str, Number], language: str) -> Chart | None:
    """How the scores on a benchmark are distributed, with lines where models that know nothing lie.

    `scores` are by the name of the model, baselines among them, as the index has them: shares are shown in percent.
    None where fewer than two models that know something have a score: there is nothing to see. It is quick to make
    (some 30 ms) and is best kept with `live.keep(("distribution", benchmark, language), live.version(), …)`. See above
    how a page shows it.
    """
    known = {model: score for model, score in scores.items() if score is not None}
    values = [score for model, score in known.items() if not is_baseline(model)]
    if len(values) < 2:
        return None
    found = charts_of_scores.distribution(values, levels(known), percent=are_shares(known.values()))
    return in_language(found, language)


def levels(scores: Mapping[str, float]) -> list[Level]:
    """Lines where the baselines among some models lie, random guessing first."""
    found = [model for model in (*baseline_names, *sorted(scores)) if model in scores and is_baseline(model)]
    return [Level(baseline_names.get(model, model), scores[model]) for model in dict.fromkeys(found)]


def are_shares(scores: Iterable[float]) -> bool:
    """Whether all of them lie between 0 and 1, so that they are read in percent."""
    return all(0 <= score <= 1 for score in scores if not math.isnan(score))


def sizes(found: ShownPlots, language: str) -> Chart | None:
    """Size against score; None where the size of no model is known."""
    if not found.size.placed:
        return None

    def at(item: PlottedModel) -> tuple[float, str, bool]:
        size = notation.short_number(item.parameters or 0)
        return float(item.parameters or 0), f"{size}?" if item.size_guessed else size, not item.size_guessed

    plot = _plot(found, found.size, at, language)
    return in_language(charts_of_plots.size_against_score(plot, score=_score(found), percent=found.share), language)


def times(found: ShownPlots, language: str) -> Chart | None:
    """Score over time; None where no date is known."""
    if not found.time.placed:
        return None

    def at(item: PlottedModel) -> tuple[float, str, bool]:
        return milliseconds(item.date) or 0.0, item.date[:10], item.published

    plot = _plot(found, found.time, at, language)
    return in_language(charts_of_plots.score_over_time(plot, score=_score(found), percent=found.share), language)


def _score(found: ShownPlots) -> str:
    return found.of_title or Sentence("score")


def _plot(
    found: ShownPlots, part: ModelPlot, at: Callable[[PlottedModel], tuple[float, str, bool]], language: str
) -> Plot:
    short = short_names(dict.fromkeys(item.name for item in part.models))
    made = {item.name: _point(item, at, short[item.name], language) for item in part.models}
    crowd = [Crowd(cell.left, cell.right, cell.low, cell.high, cell.count) for cell in part.cells]
    return Plot(list(made.values()), [made[name] for name in part.frontier], crowd, levels(dict(found.chance)))


def _point(
    item: PlottedModel, at: Callable[[PlottedModel], tuple[float, str, bool]], short: str, language: str
) -> ModelPoint:
    where, said, solid = at(item)
    score, low, high = (math.nan if value is None else value for value in (item.score, item.low, item.high))
    link = address(language, "model", name=item.model)
    kind = Sentence(item.type or "unknown")
    return ModelPoint(item.name, where, said, score, low, high, solid, link, short, kind)


def ranks(found: ShownOrders, language: str) -> Chart:
    """The ranks that each implementation gives to the same models."""
    short = short_names(dict.fromkeys(item.name for item in found.ranks))
    drawn = [
        charts_of_models.Rank(
            short[item.name], item.title, item.rank, 100 * (item.score or 0.0), _standard_error(item.low, item.high)
        )
        for item in found.ranks
    ]
    return in_language(charts_of_models.ranks(drawn, title=Sentence("Ranks under each implementation")), language)


def _standard_error(low: Number, high: Number) -> float:
    """In percentage points, from the ends of a 95 % interval."""
    return math.nan if low is None or high is None else 100 * (high - low) / (2 * normal_quantile())


def subsets(run: RunDetail, chance: Mapping[str, float], language: str) -> Chart | None:
    """The scores of a run by subset, in the metric that it reports; None where it has fewer than two subsets.

    `chance` has what models that know nothing scored on the same benchmark.
    """
    if not run.scores:
        return None
    first = run.scores[0]
    metric = first.metric.partition(" (")[0]
    parts = {
        score.subset: score
        for score in run.scores
        if score.subset is not None and score.metric.partition(" (")[0] == metric and score.estimate is not None
    }
    if len(parts) < 2 or first.estimate is None:
        return None
    drawn = [
        SubsetScore(
            name,
            score.estimate or 0.0,
            math.nan if score.low is None else score.low,
            math.nan if score.high is None else score.high,
            score.n or 0,
            address(language, "runs", run.id, "samples", subset=name) if run.samples else "",
        )
        for name, score in parts.items()
    ]
    lines = [Level(Sentence("all"), first.estimate), *levels(chance)]
    shares = are_shares([item.value for item in drawn])
    return in_language(charts_of_scores.by_subset(drawn, lines, percent=shares), language)
