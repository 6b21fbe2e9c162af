"""Boards, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Paged, Value, Words
from leaderbench.web.values.facts import ShownFact


class ShownColumn(Value):
    """A column of a board."""

    key: str
    """What it is called in addresses."""

    title: str
    sources: tuple[str, ...]
    """Benchmarks whose scores it shows."""

    direction: str
    """`higher` or `lower`, whichever is better; `none` where it takes no part in the order."""

    is_share: bool
    """Whether all its values lie between 0 and 1 and are read in percent."""

    about: Words
    """What stands in it: the implementation's own summary; empty where nobody says."""

    type: str
    languages: tuple[str, ...]
    baselines: tuple[Number, ...]
    """What guessing scores, of each part."""


class ListedBoard(Value):
    """A board, not filled in."""

    name: str
    title: str
    about: str
    rule: Words
    columns: tuple[str, ...]
    own: bool
    """Whether it is a file of the store."""

    problem: Words
    """Why it cannot be shown; empty where it can."""

    models: int | None = None
    """Models with a score in it; null where the site has not worked it out yet."""

    leaders: tuple[str, ...] = ()
    """Models that may be the best, three at most."""

    last: str = ""
    """When the latest of its scores was made or published; empty where nobody says."""


class ShownPlace(Value):
    """A place in an order and how sure it is."""

    rank: int
    """1 for the best; ties share the better place."""

    low: int | None
    """Best rank that the model may have; null where nobody knows."""

    high: int | None
    of: int
    """Models in the order."""


class ShownCell(Value):
    """A score in a column."""

    estimate: Number
    low: Number
    """Lower end of the 95 % interval."""

    high: Number
    normalised: Number
    """After normalisation by what guessing scores."""

    n: int | None
    """Questions answered; null where that is not known."""

    errors: int
    metric: Words
    provenance: Words
    run: str
    """Id of the run; empty where only the score is known."""

    settings: str
    source: str
    counts: bool
    """Whether it takes part in the order: a mean over other parts than the others of its column does not."""


class ShownRow(Value):
    """A row of a board."""

    name: str
    model: str
    identity: str
    facts: dict[str, str]
    """What is known of who was asked, such as revision and precision."""

    rank: ShownPlace | None
    """On the whole board."""

    filtered_rank: ShownPlace | None
    """Among the rows shown, where `ranks=filtered` asked for it."""

    score: Number
    low: Number
    high: Number
    rank_interval_from: Words
    cells: tuple[ShownCell | None, ...]
    """One a column shown."""

    known: tuple[ShownFact, ...]
    """What is known of the model, of what the view asked for."""

    baseline: bool
    """Whether it knows nothing and shows where chance lies."""

    pinned: bool
    flags: tuple[Words, ...]


class ShownBoard(Value):
    """A board filled in, one page of it."""

    name: str
    title: str
    about: str
    rule: Words
    formula: Words
    formula_version: int
    rank_intervals: str
    score_is_share: bool
    """Whether scores lie between 0 and 1 and are read in percent."""

    columns: tuple[ShownColumn, ...]
    """Those shown."""

    all_columns: tuple[ShownColumn, ...]
    models: int
    """Models of the whole board; baselines are none."""

    models_shown: int
    """Models that the filters left, those pinned included."""

    all_imported: bool
    """Whether every score was published elsewhere, none measured here."""

    shared_flags: tuple[Words, ...]
    """What is to be known of every model alike; the page says it once."""

    rows: Paged[ShownRow]
    command: str
    """What makes a first score for it."""

    notes: tuple[Words, ...]
