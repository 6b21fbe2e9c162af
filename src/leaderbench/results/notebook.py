"""How a notebook shows scores, samples and boards: a line, a table of the first rows, a pandas frame of all."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample, Score

SHOWN = 20
"""Rows of a table in a notebook."""


def html_table(caption: str, rows: Sequence[Mapping[str, object]], total: int | None = None) -> str:
    """Rows of the same keys as an HTML table, the keys as its head; `total` says of how many they are the first."""
    head = "".join(f"<th>{escape(name)}</th>" for name in (rows[0] if rows else ()))
    lines = "".join(f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in row.values())}</tr>" for row in rows)
    more = f"<p>The first {len(rows):,} of {total:,}.</p>" if total is not None and total > len(rows) else ""
    return f"{escape(caption)}<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{more}"


def frame(rows: Iterable[Mapping[str, object]]) -> Any:
    """Rows as a pandas frame; `LeaderbenchError` where pandas is not installed."""
    try:
        import pandas as pd  # type: ignore[import-untyped]
    except ImportError as error:
        raise LeaderbenchError("to_pandas needs pandas: pip install pandas.") from error
    return pd.DataFrame(list(rows))


def percent(value: float) -> str:
    """A share with one decimal, nothing where there is none."""
    return "" if math.isnan(value) else f"{100 * value:.1f}"


class Scores(tuple[Score, ...]):
    """The scores of a run: a tuple that a notebook shows as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} scores, the first {self[0].metric} {self[0].estimate:.4f}>" if self else "<no scores>"

    def _repr_html_(self) -> str:
        rows = [
            {
                "metric": score.metric,
                "subset": "" if score.subset is None else score.subset,
                "score, %": percent(score.estimate),
                "95 %": f"{percent(score.low)}–{percent(score.high)}",
                "n": f"{score.n:,}",
                "errors": f"{score.errors:,}",
            }
            for score in self[:SHOWN]
        ]
        return html_table("", rows, len(self))

    def to_pandas(self) -> Any:
        """A pandas frame, a row a score; `LeaderbenchError` where pandas is not installed."""
        return frame(asdict(score) | {"metric": str(score.metric), "view": score.view.value} for score in self)


class SampleRows(Sequence[Sample]):
    """Samples as a notebook shows them; for classes that have length and items."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} samples>"

    def _repr_html_(self) -> str:
        names = ("example_id", "subset", "prediction", "target", "correct", "margin", "error")
        rows = [
            {name: "" if (value := getattr(sample, name)) is None else value for name in names}
            for sample in self[:SHOWN]
        ]
        return html_table("", rows, len(self))

    def to_pandas(self) -> Any:
        """A pandas frame with the columns of an export and the prompt, a row a sample; `LeaderbenchError` where pandas
        is not installed.
        """
        from leaderbench.results.export import row

        return frame(row(sample, prompts=True) for sample in self)


class Samples(tuple[Sample, ...], SampleRows):
    """The samples of a run that is in memory: a tuple that a notebook shows as a table."""

    __slots__ = ()
    __repr__ = SampleRows.__repr__
