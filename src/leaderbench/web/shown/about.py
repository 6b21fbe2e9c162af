"""How the numbers of the site are made: formulas of the rules, methods with their sources, versions."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from leaderbench.boards.reading import boards
from leaderbench.boards.rules import formulas
from leaderbench.sentences import Sentence
from leaderbench.web.live import LiveStore
from leaderbench.web.values.about import About, Component, Method, RankingRule

methods = (
    Method(
        subject=Sentence("Interval of a share of right answers"),
        text=Sentence("Wilson's score interval."),
        source="Wilson 1927, JASA 22, 209",
    ),
    Method(
        subject=Sentence("Standard errors"),
        text=Sentence("Questions are independent draws from a larger pool of their kind."),
        source="Miller 2024, arXiv 2411.00640",
    ),
    Method(
        subject=Sentence("Interval of a macro mean"),
        text=Sentence(
            "Standard error (1/K) sqrt(sum SE²) of K fixed subsets, two degrees of freedom being borrowed from the "
            "largest variance there may be; Wilson's interval with the number of questions that this is worth."
        ),
        source="Franco, Little, Louis and Slud 2019, Journal of Survey Statistics and Methodology 7, 334",
    ),
    Method(
        subject=Sentence("Difference of two runs"),
        text=Sentence("Paired by question; Tango's interval and the exact McNemar test for right and wrong."),
        source="Tango 1998, Statistics in Medicine 17, 891; McNemar 1947, Psychometrika 12, 153",
    ),
    Method(
        subject=Sentence("Several comparisons at once"),
        text=Sentence("Holm's adjustment of the p values of the pairs shown."),
        source="Holm 1979, Scandinavian Journal of Statistics 6, 65",
    ),
    Method(
        subject=Sentence("Rank intervals"),
        text=Sentence(
            "1 + the models significantly better, to the number of models minus those significantly worse; "
            "simultaneous over the table, or marginal for each model. Pairs told apart are set aside and the others "
            "tested again."
        ),
        source="Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91, 476; Romano and Wolf 2005, "
        "Journal of the American Statistical Association 100, 94",
    ),
    Method(
        subject=Sentence("Smallest difference that a benchmark can show"),
        text=Sentence("n = (z(1 - a/2) + z(power))² (D - d²)/d², solved for d, with D the share of differing answers."),
        source="Miller 2024, arXiv 2411.00640",
    ),
    Method(
        subject=Sentence("Contributions of causes"),
        text=Sentence(
            "Shapley values over every recipe between two, question by question; their sum is the difference."
        ),
        source="Shapley 1953, Contributions to the Theory of Games II, 307",
    ),
)

programs = ("leaderbench", "numpy", "scipy", "pyarrow", "transformers", "torch", "tokenizers")


@cache
def components() -> tuple[Component, ...]:
    """The versions installed here; runs name those that they were made with."""
    return tuple(Component(name=name, version=_version(name)) for name in programs)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "–"


def about(live: LiveStore) -> About:
    """How the numbers here are made, and how many there are."""
    return live.keep("about", live.version(), lambda: _about(live))


def _about(live: LiveStore) -> About:
    rules = (
        RankingRule(name=rule.value, formula=formula.text, version=formula.version)
        for rule, formula in formulas.items()
    )
    return About(
        rules=tuple(rules),
        methods=methods,
        components=components(),
        boards=len(boards(live.store.path)),
        models=len(live.index.models()),
        runs=live.index.runs(1, 1).total,
    )
