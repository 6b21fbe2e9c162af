"""How each language of the site writes numbers and moments, through Babel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Notation:
    """The patterns of a language, in the letters of Unicode's locale data."""

    locale: str
    """Whose digits, groups, signs and names of months."""

    percent: str
    """Of a share, to one decimal."""

    day: str
    moment: str
    """Of a moment in UTC, to the minute."""


notations: Mapping[str, Notation] = {
    # English sentences of this house write "95 %": so do numbers among them
    "en": Notation("en", "#,##0.0\N{NO-BREAK SPACE}%", "d MMM y", "d MMM y, HH:mm 'UTC'"),
    "zh": Notation("zh_Hans_CN", "#,##0.0%", "y年M月d日", "y年M月d日 HH:mm 'UTC'"),
}
"""By the language's name in addresses."""


def whole(language: str, value: int) -> str:
    """A whole number, in groups of digits."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(language))


def short_number(value: int) -> str:
    """A large whole number as names of models write it, the same in every language: `7.2B`, `124M`."""
    for unit, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if value >= 0.9995 * unit:
            return f"{value / unit:.3g}{letter}"
    return str(value)


def percent(language: str, share: float | None) -> str:
    """A share of one in percent, with the sign; a dash where there is none."""
    from babel.numbers import format_percent

    if share is None:
        return "–"
    return format_percent(share, format=notations[language].percent, locale=_locale(language))


def moment(language: str, text: str, *, day: bool = False) -> "Markup | str":
    """An ISO 8601 time as a `<time>` in UTC to the minute; its day alone where `day` says so or `text` has no more.

    Results of other programs have any text there: what is no time stays as it is.
    """
    from babel.dates import format_date, format_datetime
    from markupsafe import Markup

    style, locale = notations[language], _locale(language)
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    if day or len(text) <= len("2026-11-24"):
        stated, said = found.date().isoformat(), format_date(found, style.day, locale)
    else:
        stated = found.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        said = format_datetime(found, style.moment, locale=locale)
    return Markup('<time datetime="{}">{}</time>').format(stated, said)


@lru_cache
def _locale(language: str) -> "Locale":
    from babel import Locale

    return Locale.parse(notations[language].locale)
