"""Whatever is asked: a page or a sentence, never a failure of the server, and of the API what its schema says."""

import re
import types
from enum import StrEnum
from functools import partial
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from leaderbench.web import pages as site
from leaderbench.web import views
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from tests.web.serving import Answer, Asking
from tests.web.stores import explained, hostile, names

boards = ("small", "broken", "hostile", "mmlu", "open-llm-v2", "absent")
runs = ("aaaaaaaaaaa0", "cccccccccccc", "ddddddddddd0", "ddddddddddd1", "e00000000000", "e00000000015", "absent")
benchmarks = ("mmlu/harness", "mmlu/original", "mmlu", "mmlu/p-published", "exam/original", "mmlu/lm-eval", "absent")
quick = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
long = settings(quick, max_examples=600, phases=[*quick.phases, Phase.shrink], derandomize=False)


def known(label: str) -> dict[str, Any]:
    """For an operation of the API, what is there of what it asks for."""
    path = label.removeprefix("GET /api/v1")
    fixed: dict[str, Any] = {}
    if "{name}" in path:
        there = (explained, "absent") if "/explanations/" in path else boards
        fixed["path_parameters"] = st.sampled_from(there).map(lambda name: {"name": name})
    if "{run}" in path:
        numbers = st.integers(0, 45)
        part = st.fixed_dictionaries(
            {"run": st.sampled_from(runs)} | ({"number": numbers} if "{number}" in path else {})
        )
        fixed["path_parameters"] = part
    if path == "/model":
        fixed["query"] = st.sampled_from(("org/good-7b", *names)).map(lambda name: {"name": name})
    if path.startswith("/benchmark") and path != "/benchmarks":
        fixed["query"] = st.sampled_from(benchmarks).map(lambda name: {"name": name})
    if path == "/comparisons":
        fixed["query"] = st.lists(st.sampled_from(runs), min_size=2, max_size=8).map(lambda found: {"run": found})
    return fixed


def fuzz_the_api(live: LiveStore, how: settings) -> None:
    """Every operation with data that its schema allows, also about what is there, and with data that it does not."""
    import schemathesis
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode
    from schemathesis.checks import load_all_checks

    load_all_checks()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", application(live))
    labels = []
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        fixed = known(operation.label)
        allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        strategies = [allowed, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]
        if fixed:
            strategies.append(st.fixed_dictionaries(fixed).flatmap(partial(_about, operation)))
        for strategy in strategies:
            check = how(given(case=strategy)(_conforms))
            try:
                check()
            except Unsatisfiable:
                assert strategy is not allowed and not operation.definition.raw.get("parameters")  # noqa: PT018
        labels.append(operation.label)
    assert len(labels) > 10


def _about(operation: Any, known: dict[str, Any]) -> st.SearchStrategy[Any]:
    return operation.as_strategy(**known)


def _conforms(case: Any) -> None:
    from schemathesis.specs.openapi.checks import negative_data_rejection

    # A form sends an empty word for "any", so such words are left out before the rest is counted.
    empty = any("" in value for value in (case.query or {}).values() if isinstance(value, list))
    case.call_and_validate(excluded_checks=[negative_data_rejection] if empty else [])


def test_the_api_answers_whatever_is_asked_as_its_schema_says(hostile_live: LiveStore) -> None:
    fuzz_the_api(hostile_live, quick)


@pytest.mark.slow
def test_the_api_answers_thousands_of_requests_as_its_schema_says(hostile_live: LiveStore) -> None:
    fuzz_the_api(hostile_live, long)


broken = ("%", "%zz", "%00", "%ED%A0%80", "%ED%B0%80", "%C0%AF", "%FF%FE", "%F4%90%80%80", "%EF%BF%BF", "+", "%0d%0a")
numbers = ("-1", "0", "1e9", "9" * 400, "-" + "9" * 400, "NaN", "inf", "1.5", "0x10", "%D9%A1", "true", "null", "[]")
patterns = ("(" * 200, "(a%2B)%2B$", "a{50}{50}{50}", "%5B%5E", "@licence:", "@:", "%22", ";" * 200, "A" * 8000)
rough = st.one_of(
    st.sampled_from(hostile).map(lambda text: quote(text, safe="")),
    st.sampled_from((*broken, *numbers, *patterns)),
    st.text(max_size=40).map(lambda text: quote(text, safe="", errors="surrogatepass")),
)
"""The values that nobody sends by mistake, percent-encoded."""


def sensible(annotation: Any) -> st.SearchStrategy[str]:
    """Values that a field of a view takes, percent-encoded."""
    kind = get_origin(annotation)
    if kind in (list, Union, types.UnionType):
        return st.one_of([sensible(part) for part in get_args(annotation)])
    if kind is Literal:
        return st.sampled_from([quote(value) for value in get_args(annotation)])
    if hasattr(annotation, "__metadata__"):
        return sensible(annotation.__origin__)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from([quote(item.value) for item in annotation])
    if annotation is bool:
        return st.sampled_from(["true", "false"])
    if annotation is int:
        return st.integers(0, 250).map(str)
    known = ("mmlu/harness", "-mmlu/original", "-score", "model", "-", "org", "anatomy", *runs, *names)
    return st.sampled_from([quote(value, safe="") for value in known])


def words(view: type[views.View]) -> st.SearchStrategy[str]:
    """The words of addresses of a view: fields that it has and one that it lacks, some repeated, some hostile."""
    fields = view.model_fields.items()
    mostly = st.one_of(*[st.tuples(st.just(name), sensible(field.annotation)) for name, field in fields])
    every = st.one_of(mostly, st.tuples(st.sampled_from(list(view.model_fields)), rough), st.tuples(rough, rough))
    lists = st.one_of(
        st.lists(mostly, max_size=4), st.lists(every, max_size=4), st.lists(every, min_size=20, max_size=60)
    )
    return lists.map(lambda found: "&".join(f"{name}={value}" for name, value in found))


pages: dict[str, type[views.View]] = {
    **{f"boards/{name}": views.BoardView for name in boards},
    **{f"boards/{name}/plots": views.PlotsView for name in ("small", "hostile", "broken")},
    **{f"boards/{name}/compare": views.BoardChoiceView for name in ("small", "hostile")},
    "explanations": views.ExplanationsView,
    f"explanations/{explained}": views.ExplanationView,
    "models": views.ModelsView,
    "runs": views.RunsView,
    **{f"runs/{run}/samples": views.SamplesView for run in runs},
    **{f"runs/{run}/samples/{number}": views.SamplesView for run, number in (("cccccccccccc", 3), ("e00000000003", 9))},
    "compare": views.ComparePageView,
    "compare/choose": views.ChoiceView,
}
"""Pages and what they are asked; `test_no_page_is_forgotten` says that none is forgotten."""


def is_an_answer(answer: Answer, *, kind: str) -> None:
    assert answer.status < 500
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    if answer.status in (200, 404, 409, 422):
        assert answer.headers["content-type"].startswith(kind)
        assert answer.body.decode()
    else:
        assert answer.status == 307
        assert answer.headers["location"].startswith("/")


def fuzz_the_pages(ask: Asking, how: settings) -> None:
    """Every page that takes words, asked many."""
    for page, view in pages.items():
        _fuzz_a_page(ask, page, view, how)


def _fuzz_a_page(ask: Asking, page: str, view: type[views.View], how: settings) -> None:
    @how
    @given(st.sampled_from(["en", "zh"]), words(view))
    @example("en", "q=%00&q=%ED%A0%80&page=99999999999999999999999999")
    def check(language: str, query: str) -> None:
        is_an_answer(ask(f"/{language}/{page}?{query}"), kind="text/html")

    check()


def test_a_page_answers_whatever_is_asked(ask: Asking) -> None:
    fuzz_the_pages(ask, quick)


@pytest.mark.slow
def test_a_page_answers_thousands_of_requests(ask: Asking) -> None:
    fuzz_the_pages(ask, settings(long, max_examples=400))


def test_what_is_fuzzed_is_there_unless_it_is_meant_not_to_be(ask: Asking) -> None:
    statuses = {page: ask(f"/en/{page}").status for page in pages}
    absent = {page for page, status in statuses.items() if status == 404}
    assert absent == {"boards/absent", "runs/absent/samples"}
    damaged = {page for page, status in statuses.items() if status == 409}
    assert damaged == {"boards/broken/plots", "runs/ddddddddddd0/samples", "runs/ddddddddddd1/samples"}


def test_no_page_is_forgotten(hostile_live: LiveStore) -> None:
    takes_no_view = {"", "model", "benchmarks", "benchmark", "runs/{}", "about"}
    routes = site.router(hostile_live, "en").routes
    addresses = {re.sub(r"{\w+}", "{}", getattr(route, "path", "")).removeprefix("/en/") for route in routes}
    asked = {re.sub(r"(boards|runs|samples|explanations)/[^/]+", r"\1/{}", page) for page in pages}
    assert addresses - takes_no_view == asked
