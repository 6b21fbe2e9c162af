"""How the numbers of the site are made, as the site and its API tell it."""

from leaderbench.web.values.basics import Value, Words


class RankingRule(Value):
    """How the columns of a board become one order."""

    name: str
    formula: Words
    version: int
    """Grows when the same scores would give another number."""


class Method(Value):
    """How one kind of number is worked out."""

    subject: Words
    text: Words
    source: str
    """Where the method was published; empty where it needs no source."""


class Component(Value):
    """A program whose version can change a number."""

    name: str
    version: str


class About(Value):
    """How the numbers of this site are made, and by which versions of what."""

    rules: tuple[RankingRule, ...]
    methods: tuple[Method, ...]
    components: tuple[Component, ...]
    boards: int
    models: int
    runs: int
