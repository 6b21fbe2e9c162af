"""Plots of a board, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Value, Words


class PlottedModel(Value):
    """A model in a plot."""

    name: str
    """Of its row on the board."""

    model: str
    score: Number
    low: Number
    high: Number
    parameters: int | None
    size_guessed: bool
    """Whether `parameters` is no more than a guess from the name."""

    date: str
    """When it was published, else when it was last run, ISO 8601; empty where neither is known."""

    published: bool
    """Whether `date` is when it was published."""

    type: str
    """What was done to arrive at it; empty where that is not known."""


class PlotCell(Value):
    """A rectangle of a plot and how many models lie in it."""

    left: float
    """Parameters, or milliseconds since 1970 (UTC)."""

    right: float
    low: float
    high: float
    count: int


class ModelPlot(Value):
    """Models against one of their properties."""

    models: tuple[PlottedModel, ...]
    """Those drawn one by one: all, or the frontier alone where they are too many."""

    frontier: tuple[str, ...]
    """Names of those that are better than all to their left."""

    cells: tuple[PlotCell, ...]
    """All models, counted; empty where each is drawn."""

    placed: int
    """Models whose property is known."""

    missing: int
    """Models that have a score and whose property is not known."""

    guessed: int
    """Models whose property is a guess: they are not among the best so far."""


class ShownRank(Value):
    """The place that one column gives a model among those compared."""

    column: str
    title: str
    name: str
    rank: int
    score: Number
    low: Number
    high: Number


class OrderAgreement(Value):
    """How far two columns put the same models in the same order."""

    a: str
    b: str
    tau: Number
    """Kendall's tau-b."""

    noise: Number
    """The tau that two draws of questions under one and the same implementation would leave."""

    largest_move: int
    """In ranks."""


class ShownOrders(Value):
    """What the implementations of one benchmark make of the order of models."""

    benchmark: str
    ranks: tuple[ShownRank, ...]
    """Of the first models of the board that have all columns, among themselves."""

    models: int
    """Models that have all columns."""

    verdict: Words
    """How much of the order the implementation decides, from the answers to the questions; empty where they were not
    looked at."""

    agreement: tuple[OrderAgreement, ...]
    remark: Words
    """Why the answers were not looked at."""


class ShownPlots(Value):
    """A board as plots."""

    board: str
    title: str
    of: str
    """Key of the column whose score is plotted; empty for the board's own score."""

    of_title: str
    columns: tuple[tuple[str, str], ...]
    """What can be plotted besides the board's own score: keys and titles."""

    share: bool
    """Whether scores lie between 0 and 1 and are read in percent."""

    lower: bool
    """Whether lower scores are better."""

    models: int
    """Rows of the view that have a score, baselines left out."""

    chance: tuple[tuple[str, float], ...]
    """Baselines of the board and what they score."""

    size: ModelPlot
    time: ModelPlot
    orders: ShownOrders | None
    """None where the columns are not implementations of one benchmark, or no two models have all of them."""
