"""What a reader may ask of a listing: the words of an address, checked. The pages and the API share them."""

from enum import StrEnum
from typing import Annotated, Any, Literal

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


Size = Literal["≤ 3B", "3-7B", "7-65B", "65B+"]
"""A range of parameters: the names of `models.search.SIZES`."""


class View(BaseModel):
    """Words of an address; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def address(self, **changes: Any) -> str:
        """The words that make this view, with some changed, as the part of an address from `?` on.

        What is as it would be anyway is left out.
        """
        from urllib.parse import urlencode

        words: list[tuple[str, str]] = []
        for name, field in type(self).model_fields.items():
            value = changes.get(name, getattr(self, name))
            if value == field.get_default(call_default_factory=True) and not field.is_required():
                continue
            items = value if isinstance(value, list | tuple) else [value]
            words += [(name, str(item).lower() if isinstance(item, bool) else str(item)) for item in items]
        return f"?{urlencode(words)}" if words else "?"


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
    merges: bool = True
    """Whether merges are listed."""

    @property
    def narrows(self) -> bool:
        """Whether any of them is set."""
        return bool(self.q or self.type or self.size or self.commercial or self.language or not self.merges)


class BoardView(ModelFilters):
    """One view of a board."""

    columns: Annotated[list[Search], BeforeValidator(_given), Field(max_length=500)] = []
    """Keys of those to show; all where none is named."""

    sort: Search = ""
    """`score`, `model` or a column's key; with `-` in front the other way round. The board's order where empty."""

    values: Values = Values.RAW
    average: Average = Average.ALL
    ranks: Ranks = Ranks.STATIC
    intervals: Intervals = Intervals.SIMULTANEOUS
    pin: Annotated[list[Annotated[str, Field(max_length=1000)]], BeforeValidator(_given), Field(max_length=20)] = []
    """Names of rows that stay on top."""

    page: PageNumber = 1
    rows: PageSize = 100
    """Rows of a page."""


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


class Flips(StrEnum):
    """Which flips are listed."""

    ALL = "all"
    A_RIGHT = "a-right"
    B_RIGHT = "b-right"
    NEAR_TIE = "near-tie"


class ComparisonView(View):
    """Two runs."""

    a: Annotated[str, Field(min_length=1, max_length=200)]
    """Id of a run."""

    b: Annotated[str, Field(min_length=1, max_length=200)]
    show: Flips = Flips.ALL
    page: PageNumber = 1
    rows: PageSize = 50
