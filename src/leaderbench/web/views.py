"""What a reader may ask of a listing: the words of an address, checked. The pages and the API share them."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from leaderbench.models.facts import Commercial, ModelType
from leaderbench.results.entries import Provenance

largest_page = 200
longest = 200
"""Characters of a search at most."""


def _given(value: Any) -> Any:
    """Forms send an empty word for "any"."""
    return [item for item in value if item != ""] if isinstance(value, list) else value


Search = Annotated[str, Field(max_length=longest)]
PageNumber = Annotated[int, Field(ge=1, le=1_000_000)]
PageSize = Annotated[int, Field(ge=1, le=largest_page)]


ModelColumn = Literal["parameters", "type", "licence", "precision", "context", "date"]
"""A fact of models as a column: the names of `boards.arranged.model_columns`."""

Size = Literal["≤ 3B", "3-7B", "7-65B", "65B+"]
"""A range of parameters: the names of `models.search.SIZES`."""


class View(BaseModel):
    """Words of an address; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def address(self, **changes: Any) -> str:
        """The words that make this view, with some changed, as the part of an address from `?` on.

        What is as it would be anyway is left out.
        """
        words: list[tuple[str, str]] = []
        for name, default in self._defaults().items():
            value = changes[name] if name in changes else getattr(self, name)
            if value == default:
                continue
            items = value if isinstance(value, list | tuple) else [value]
            words += [(name, str(item).lower() if isinstance(item, bool) else str(item)) for item in items]
        return f"?{urlencode(words)}" if words else "?"

    @classmethod
    @cache
    def _defaults(cls) -> dict[str, Any]:
        """The words of an address and what each is where it is left out, itself where it may not be."""
        return {name: ... if field.is_required() else field.default for name, field in cls.model_fields.items()}


class Values(StrEnum):
    """Which numbers stand in the cells."""

    RAW = "raw"
    NORMALISED = "normalised"


class Average(StrEnum):
    """Which columns make the score."""

    ALL = "all"
    VISIBLE = "visible"


class Ranks(StrEnum):
    """Which rows a rank counts."""

    STATIC = "static"
    FILTERED = "filtered"


class Intervals(StrEnum):
    """What rank intervals are about."""

    SIMULTANEOUS = "simultaneous"
    MARGINAL = "marginal"


class ModelFilters(View):
    """Which models are listed."""

    q: Search = ""
    """Search in names; `@licence:mit` and the like search in what is known of a model; `;` is or."""

    type: Annotated[list[ModelType], BeforeValidator(_given), Field(max_length=20)] = []
    size: Annotated[list[Size], BeforeValidator(_given), Field(max_length=20)] = []
    """Ranges of parameters."""

    commercial: Annotated[list[Commercial], BeforeValidator(_given), Field(max_length=4)] = []
    """Whether the licence allows commercial use."""

    language: Annotated[list[Search], BeforeValidator(_given), Field(max_length=20)] = []
    precision: Annotated[list[Search], BeforeValidator(_given), Field(max_length=20)] = []
    """Such as `bfloat16` or `GPTQ 4-bit`."""

    merges: bool = True
    """Whether merges are listed."""

    mixtures: bool = True
    """Whether mixtures of experts are listed."""

    warned: bool = True
    """Whether models are listed of which a leaderboard warns, as that they were trained on its questions."""

    official: bool = False
    """Whether only models of publishers are listed that a leaderboard calls official."""

    @property
    def narrows(self) -> bool:
        """Whether any of them is set."""
        return any(getattr(self, name) != field.default for name, field in ModelFilters.model_fields.items())


class BoardView(ModelFilters):
    """One view of a board."""

    columns: Annotated[list[Search], BeforeValidator(_given), Field(max_length=500)] = []
    """Keys of those to show; all where none is named, none where it is `-`."""

    facts: Annotated[list[ModelColumn], BeforeValidator(_given), Field(max_length=6)] = []
    """What is known of the models, to be shown beside their scores."""

    provenance: Annotated[list[Provenance], BeforeValidator(_given), Field(max_length=3)] = []
    """Only rows of which every score comes from one of these."""

    flagged: bool = True
    """Whether rows are listed of which a reader must know something, as that they are answered in part."""

    sort: Search = ""
    """`score`, `model`, a column's key or one of `facts`; with `-` in front the other way round. The board's order
    where empty."""

    values: Values = Values.RAW
    average: Average = Average.ALL
    ranks: Ranks = Ranks.STATIC
    intervals: Intervals = Intervals.SIMULTANEOUS
    pin: Annotated[list[Annotated[str, Field(max_length=1000)]], BeforeValidator(_given), Field(max_length=20)] = []
    """Names of rows that stay on top."""

    digits: Annotated[int, Field(ge=0, le=6)] = 1
    """Decimals of the numbers on the page; everywhere else they are whole."""

    page: PageNumber = 1
    rows: PageSize = 50
    """Rows of a page."""

    @property
    def narrows(self) -> bool:
        """Whether any row may be left out."""
        return super().narrows or bool(self.provenance) or not self.flagged


class PlotsView(BoardView):
    """A view of a board as plots: the models that its filters leave."""

    of: Search = ""
    """Key of the column whose score is plotted; the board's own score where empty."""

    @property
    def beside_filters(self) -> list[tuple[str, str]]:
        """The words of its address that no field of the plots' form has, with their values."""
        from urllib.parse import parse_qsl

        asked = {*ModelFilters.model_fields, "of"}
        return [(name, value) for name, value in parse_qsl(self.address(page=1)[1:]) if name not in asked]


class ModelsView(ModelFilters):
    """A page of models."""

    page: PageNumber = 1
    rows: PageSize = 100


class RunsView(View):
    """A page of runs."""

    q: Search = ""
    """Text in id, model, benchmark or settings."""

    model: Annotated[str, Field(max_length=1000)] = ""
    benchmark: Annotated[str, Field(max_length=1000)] = ""
    provenance: Provenance | Annotated[str, Field(max_length=0)] = ""
    page: PageNumber = 1
    rows: PageSize = 50


class Verdict(StrEnum):
    """Which samples are listed."""

    ALL = "all"
    RIGHT = "right"
    WRONG = "wrong"
    ERROR = "error"
    FLAGGED = "flagged"
    NEAR_TIE = "near-tie"


class SamplesView(View):
    """A page of samples."""

    show: Verdict = Verdict.ALL
    subset: Annotated[str, Field(max_length=1000)] = ""
    q: Search = ""
    """Text in the question or its id."""

    page: PageNumber = 1
    rows: PageSize = 50


class ExplanationsView(View):
    """A page of explanations."""

    page: PageNumber = 1
    rows: PageSize = 50


class ExplainedFlips(StrEnum):
    """Which flipped questions are listed."""

    ALL = "all"
    LOST = "lost"
    """Right before, wrong after."""

    WON = "won"
    NEAR_TIE = "near-tie"


class ExplanationView(View):
    """An explanation, with a page of flipped questions."""

    model: Annotated[list[Annotated[str, Field(max_length=1000)]], BeforeValidator(_given), Field(max_length=50)] = []
    """Names of the models to show; the first ones where none is named."""

    cause: Search = ""
    """The cause alone that flips them; all causes together where empty."""

    show: ExplainedFlips = ExplainedFlips.ALL
    page: PageNumber = 1
    rows: PageSize = 50


RunName = Annotated[str, Field(min_length=1, max_length=200)]
"""Id of a run."""

Shown = Annotated[str, Field(pattern=r"^(all|answers|near-tie|(right|wrong)-[1-8])$")]


class ComparisonView(View):
    """Two or more runs."""

    run: Annotated[list[RunName], Field(min_length=2, max_length=8)]
    """Ids of the runs; the first is A."""

    show: Shown = "all"
    """Which questions are listed: `all` where some are right and some wrong, `near-tie` where float noise could have
    turned one of those, `right-2` or `wrong-2` where the second run alone is that, `answers` where answers differ."""

    page: PageNumber = 1
    rows: PageSize = 50


class ComparePageView(View):
    """The same as the page takes it: fewer runs lead to a choice, and two may be called `a` and `b`."""

    run: Annotated[list[RunName], BeforeValidator(_given), Field(max_length=8)] = []
    a: Annotated[str, Field(max_length=200)] = ""
    b: Annotated[str, Field(max_length=200)] = ""
    show: Shown = "all"
    page: PageNumber = 1
    rows: PageSize = 50

    @property
    def plain(self) -> "ComparisonView | None":
        """What is to be compared; None where fewer than two runs are named."""
        runs = [name for name in (self.a, self.b) if name] + self.run
        if not 2 <= len(runs) <= 8:
            return None
        return ComparisonView(run=runs, show=self.show, page=self.page, rows=self.rows)


class ChoiceView(View):
    """Runs to choose from."""

    run: Annotated[list[RunName], BeforeValidator(_given), Field(max_length=8)] = []
    """Chosen already."""

    q: Search = ""
    """Text in id, model, benchmark or settings."""

    benchmark: Annotated[str, Field(max_length=1000)] = ""
    """A benchmark or a family of them."""

    go: bool = False
    """Whether the choice is made."""

    page: PageNumber = 1
    rows: PageSize = 50


class BoardChoiceView(View):
    """Rows of a board to compare."""

    column: Search = ""
    """Key of the column whose runs are compared question by question; where empty, all scores stand side by side."""

    row: Annotated[list[Annotated[str, Field(max_length=1000)]], BeforeValidator(_given), Field(max_length=200)] = []
    """Names of rows."""
