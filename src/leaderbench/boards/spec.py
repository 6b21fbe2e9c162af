"""A board as people write it: what stands in its TOML file, checked."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.boards.rules import Rule
from leaderbench.records import Aggregation
from leaderbench.results.entries import Provenance

most_columns = 500

computed = "computed"
"""A baseline that is what `baseline:random` scored in the column."""


class Direction(StrEnum):
    """Which values of a column are better."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"
    """Neither: the column is shown and takes no part in the order."""


class Over(StrEnum):
    """What a mean is taken over."""

    COLUMNS = "columns"
    TYPES = "types"
    """Over types of columns, of each type's mean."""


def _by_language(value: Any) -> Any:
    """A plain text stands for English."""
    return {"en": value} if isinstance(value, str) else value


def one_or_many(value: Any) -> Any:
    """A single text stands for a list of it."""
    return (value,) if isinstance(value, str | int) else value


Words = Annotated[Mapping[str, str], BeforeValidator(_by_language)]
"""A text by language, as `{ en = "Chinese exams", zh = "中文考试" }`; a plain text is English."""


def said(words: Mapping[str, str], language: str = "en") -> str:
    """A text in this language, else in English, else in whichever there is; empty where there is none."""
    for wanted in (language, language.partition("-")[0], "en"):
        if wanted in words:
            return words[wanted]
    return next(iter(words.values()), "")


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Part(_Settings):
    """One number of each model: a metric of a benchmark implementation, or a column of imported scores."""

    benchmark: str | None = None
    """`family/implementation`, as `leaderbench list benchmarks` has it."""

    imported: str | None = None
    """Instead of `benchmark`: the name that an import gave to what was measured."""

    also: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Names of imported measurements that count as the same, such as `mmlu/open-llm-leaderboard`."""

    published: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Names under which published tables have it, such as `arc-25-shot/published`, whatever they call the metric. Of a
    column with parts they stand for the whole: its value after normalisation, and the `raw` one where it is known."""

    questions: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(one_or_many)] = ()
    """How many questions it has, or how many each subset has where the score is the mean of theirs. It says how sure a
    published share is of which nothing else does. Of a column with parts: how many where its parts share them."""

    metric: str | None = None
    """The metric's name; the one that the benchmark reports where not given, or that most imported scores have."""

    aggregation: Aggregation | None = None
    """Of the metric, where it has both."""

    subset: str | None = None
    """Only this subset's score."""

    baseline: float | str | None = None
    """What guessing scores: a number, a fraction as `1/4`, `1/num_choices`, or `computed` from `baseline:random`. Used
    by the rule normalised-mean."""

    num_choices: Annotated[int, Field(ge=0)] | None = None
    """For the baseline `1/num_choices`; 0 says that nothing can be guessed."""

    @property
    def source(self) -> str:
        """The benchmark's name, of a registered implementation or as imported."""
        return self.benchmark or self.imported or ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Every name under which entries are values of it."""
        return tuple(filter(None, (self.source, *self.also, *self.published)))

    @property
    def lower(self) -> float | None:
        """The baseline as a number; None where it is to be computed, 0 where there is none."""
        if self.baseline is None:
            return 0.0
        if not isinstance(self.baseline, str):
            return self.baseline
        if self.baseline == computed:
            return None
        if self.baseline == "1/num_choices":
            return 1 / self.num_choices if self.num_choices else 0.0
        return float(Fraction(self.baseline))

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.check()
        return self

    def check(self) -> None:
        """Raise `ValueError`, with a sentence, for what contradicts itself or names what is not there."""
        if (self.benchmark is None) == (self.imported is None):
            raise ValueError("it needs either benchmark or imported, and not both")
        if self.benchmark is not None:
            self._check_benchmark(self.benchmark)
        if self.baseline is not None:
            self._check_baseline(str(self.baseline))

    def _check_benchmark(self, name: str) -> None:
        if name not in registry.names():
            families = dict.fromkeys(known.partition("/")[0] for known in registry.names())
            if name in families:
                found = ", ".join(item.name for item in registry.find(name))
                raise ValueError(f"{name!r} is a family of benchmarks; choose one of {found}")
            raise ValueError(f"there is no benchmark {name!r}{suggestion(name, registry.names())}")
        metrics = registry.get(name).metrics
        names = list(dict.fromkeys(metric.name for metric in metrics))
        if self.metric is not None and self.metric not in names:
            raise ValueError(f"{name} has no metric {self.metric!r}{suggestion(self.metric, names)}")
        wanted = self.metric or metrics[0].name
        if self.aggregation and not any((wanted, self.aggregation) == (m.name, m.aggregation) for m in metrics):
            found = ", ".join(str(metric) for metric in metrics)
            raise ValueError(f"{name} has no metric {wanted} ({self.aggregation.value}); there are {found}")

    def _check_baseline(self, text: str) -> None:
        if text == computed:
            return
        if text == "1/num_choices":
            if self.num_choices is None:
                raise ValueError("the baseline 1/num_choices needs num_choices, how many answers there are")
            if self.num_choices == 1:
                raise ValueError("num_choices = 1 leaves nothing to choose; give 0 where nothing can be guessed")
            return
        try:
            value = Fraction(text)
        except (ValueError, ZeroDivisionError):
            value = Fraction(-1)
        if not 0 <= value < 1:
            raise ValueError(
                f"the baseline {text!r} is not a number from 0 to below 1, a fraction as 1/4, 1/num_choices or computed"
            )


class Column(Part):
    """A column of a board: one number, or the mean of several parts."""

    key: Annotated[str, Field(pattern=r"^[\w./:|+-]+$", max_length=100)] = ""
    """Its name in addresses and files; the benchmark's where not given."""

    title: Words = Field(default_factory=dict)
    """What stands above it; the benchmark's name where not given."""

    about: Words = Field(default_factory=dict)
    direction: Direction = Direction.HIGHER
    type: str = ""
    """The kind of task, for means over types."""

    optional: bool = False
    """Whether it counts only where some model of the board has it. Where none has, the order is that of the others."""

    counts: bool = True
    """Whether it takes part in the order; what a model costs does not."""

    languages: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Languages of its questions, such as `zh`."""

    parts: tuple[Part, ...] = ()
    """Instead of one benchmark: several numbers, normalised each and then averaged, as the 24 tasks of BBH."""

    @property
    def pieces(self) -> tuple[Part, ...]:
        """The numbers that make up the column."""
        return self.parts or (self,)

    @property
    def ranked(self) -> bool:
        """Whether it takes part in the order."""
        return self.counts and self.direction is not Direction.NONE

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which entries are values of it or of a part of it."""
        return tuple(dict.fromkeys([*(source for part in self.pieces for source in part.sources), *self.sources]))

    def check(self) -> None:
        """See `Part.check`."""
        if not self.parts:
            super().check()
        elif self.benchmark or self.imported:
            raise ValueError("it has parts: leave out benchmark and imported, or the parts")
        elif not self.key:
            raise ValueError("a column of several parts needs a key, a short name")

    @property
    def name(self) -> str:
        """The key, or what stands for it."""
        return self.key or self.source


class Revisions(StrEnum):
    """Whether revisions of one model are one row."""

    APART = "apart"
    """Each is a row."""

    TOGETHER = "together"
    """One row, of which each column shows the newest score of any of them."""


class Filters(_Settings):
    """Which entries of the store a board takes in."""

    models: tuple[str, ...] = ()
    """Only models whose name matches one of these patterns, such as `org/*`."""

    exclude: tuple[str, ...] = ()
    """No model whose name matches one of these."""

    provenance: tuple[Provenance, ...] = ()
    """Only scores that come from there: `made here`, `imported run`, `imported score`."""

    precision: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Only models asked in one of these precisions, such as `bfloat16` or `4-bit`; none of which it is not known."""

    revision: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = ()
    """Only these revisions of models, or commits that begin so."""

    plain: bool = False
    """Only runs of the whole benchmark with its own settings: no limit, no other shots."""


class BoardSpec(_Settings):
    """A leaderboard: columns, what makes them one order, and which entries count."""

    version: Literal[1] = 1
    """Of this format."""

    title: Words
    about: Words = Field(default_factory=dict)
    rule: Rule = Rule.MEAN
    over: Over = Over.COLUMNS
    """What the mean and the normalised mean are taken over."""

    revisions: Revisions = Revisions.APART
    """Whether revisions of one model, told as such, are one row or several."""

    columns: tuple[Column, ...]
    filters: Filters = Filters()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """What no column can say for itself."""
        if not 0 < len(self.columns) <= most_columns:
            raise ValueError(f"a board needs [[columns]], one to {most_columns} of them")
        names = [column.name for column in self.columns]
        for name in names:
            if name and names.count(name) > 1:
                raise ValueError(f"two columns are called {name!r}: give each a key of its own")
        counted = [column for column in self.columns if column.ranked]
        if all(column.optional for column in counted):
            raise ValueError("no column has a direction and is not optional, so there is no order")
        if self.rule.linear and len({column.direction for column in counted}) > 1:
            raise ValueError(
                f"the {self.rule.value} of columns some of which are better higher and some lower says nothing; "
                "choose the rule borda or mean-win-rate"
            )
        if self.rule is Rule.NORMALISED_MEAN and counted[0].direction is Direction.LOWER:
            raise ValueError("normalisation is for columns that are better higher")
        if self.rule is Rule.LANGUAGE_WIN_RATE and not all(column.languages for column in counted):
            raise ValueError("the rule language-win-rate needs languages for every column")
        if self.over is Over.TYPES and not (self.rule.linear and all(column.type for column in counted)):
            raise ValueError("a mean over types needs a rule that is a mean, and a type for every column")
        return self

    @property
    def names(self) -> frozenset[str]:
        """Every name under which entries are values of a column."""
        return frozenset(name for column in self.columns for name in column.names)

    def without(self, places: Sequence[int]) -> "BoardSpec":
        """The board with the columns at these places shown only, out of the order."""
        silent = {"direction": Direction.NONE}
        columns = tuple(
            column.model_copy(update=silent) if place in places else column for place, column in enumerate(self.columns)
        )
        return self.model_copy(update={"columns": columns})

    def with_extras(self, names: Iterable[str]) -> "BoardSpec":
        """The board with those of its optional columns that take no part in the order of which there are entries under
        these names; the others would only stand there empty.
        """
        extras = [column for column in self.columns if column.optional and not column.ranked]
        if not extras:
            return self
        there = set(names)
        empty = [column for column in extras if there.isdisjoint(column.names)]
        return self.model_copy(update={"columns": tuple(column for column in self.columns if column not in empty)})

    def only(self, names: Sequence[str]) -> "BoardSpec":
        """The board with only these columns, in the board's order: the average over what is visible.

        Raises `ValueError` where that leaves no order.
        """
        kept = tuple(column for column in self.columns if column.name in names)
        return BoardSpec(**{name: getattr(self, name) for name in BoardSpec.model_fields} | {"columns": kept})
