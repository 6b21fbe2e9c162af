"""Charts in the language of a page.

A page shows one with the macros of `charts.html.j2`:

    {% from "charts.html.j2" import chart_files, figure %}
    {% block head %}{% if chart %}{{ chart_files(static) }}{% endif %}{% endblock %}
    …
    {% if chart %}<section><h2>{{ chart.title }}</h2>{{ figure(t, chart) }}</section>{% endif %}

A chart is a picture for those who see it: its description is read out, and its numbers stand in a table of the page.
"""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TypeVar

from leaderbench.explain.report import charts_of_scores
from leaderbench.explain.report.charts_of_scores import Level
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import told
from leaderbench.models.baselines import is_baseline
from leaderbench.sentences import Sentence
from leaderbench.web import words
from leaderbench.web.values.basics import Number

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
