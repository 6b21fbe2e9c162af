"""An answer as a reader gets it: a sentence first, then tables, charts and questions.

A report is a plain value. The terminal prints it (`cli/reports.py`), `html.py` makes one self-contained page of
it; neither knows what was asked.
"""

from dataclasses import dataclass

from leaderbench.records import Json


@dataclass(frozen=True, slots=True)
class Bar:
    """A number with its interval, drawn as a bar from zero with a whisker."""

    value: float
    """In the unit that the column names, such as percentage points."""

    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    digits: int = 1
    """Decimals shown."""

    signed: bool = False
    """Whether it carries its sign also where no other of its column is below zero."""


Cell = str | int | float | Bar | None
"""What a table cell holds; None is shown as nothing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """How to read it: units, tests, levels."""

    in_terminal: bool = True
    """False for a table that only a page has room for."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture for the page; the terminal shows the table beside it instead."""

    title: str
    spec: dict[str, Json]
    """Vega-Lite, its data inside."""

    description: str
    """What it shows, for people who cannot see it."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One of two sides of a flipped question."""

    name: str
    prompt: str
    answer: str
    """The prediction, or what it was when there was none."""

    right: bool
    margin: float
    """How far ahead the answer was of the runner-up, in the unit that its rule compares; NaN where unknown."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One question that got another answer."""

    example_id: str
    cause: str
    """What made the difference, in a few words."""

    near_tie: bool
    """Whether the margin of either side is within float noise."""

    target: str
    a: Version
    b: Version


@dataclass(frozen=True, slots=True)
class Flips:
    """Questions to click on, both prompts side by side with what differs marked."""

    title: str
    flips: tuple[Flip, ...]
    """Those that are listed."""

    total: int
    """How many there are."""

    note: str = ""
    """Where the others are."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph under a title."""

    title: str
    sentences: tuple[str, ...]


Section = Table | Chart | Flips | Text


@dataclass(frozen=True, slots=True)
class Report:
    """One answer."""

    title: str
    answer: str
    """The answer in one or two sentences, before anything else."""

    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """What it was made from: models, runs, questions, versions; name and value."""
