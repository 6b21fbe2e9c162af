"""Models, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Value, Words
from leaderbench.web.values.boards import ShownPlace
from leaderbench.web.values.explanations import ListedExplanation
from leaderbench.web.values.facts import ShownFact
from leaderbench.web.values.runs import ShownScore


class ShownModel(Value):
    """A model as listings show it."""

    name: str
    runs: int
    imported: int
    """Scores that were published elsewhere."""

    last: str
    facts: tuple[ShownFact, ...]


class ModelScore(Value):
    """What a model scored on a benchmark."""

    name: str
    """What it is called here: told apart from others of its name."""

    model: str
    identity: str
    benchmark: str
    score: ShownScore
    provenance: Words
    source: str
    run: str
    created: str
    settings: Words
    problem: Words


class BoardPlace(Value):
    """Where a model stands on a board."""

    board: str
    title: str
    row: str
    """What its row is called."""

    rank: ShownPlace | None
    score: Number
    low: Number
    high: Number
    score_is_share: bool


class ModelDetail(ShownModel):
    """A model with all that is known of it."""

    identities: tuple[str, ...]
    scores: tuple[ModelScore, ...]
    places: tuple[BoardPlace, ...]
    """On boards where it has a score."""

    places_later: int
    """Boards that were not worked out yet, and on which it may have a place."""

    explanations: tuple[ListedExplanation, ...]
    """Of why its scores differ between implementations."""

    problems: tuple[Words, ...]
