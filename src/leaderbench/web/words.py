"""The site's words in other languages: a sentence in English is the key to each.

The translations are gettext catalogues in `locale/`; `make words` brings them up to the templates and the code.
"""

import gettext
import io
from functools import cache
from importlib import resources
from typing import Any

from leaderbench.sentences import Sentence, counted
from leaderbench.web.notation import whole

languages = {"en": "English", "zh": "简体中文"}
"""Languages of the site by the first part of an address, each in its own words."""

tags = {"en": "en", "zh": "zh-Hans"}
"""What a page declares as its language."""


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The translations into a language; English is its own."""
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    place = resources.files("leaderbench.web").joinpath("locale", language, "LC_MESSAGES", "messages.po")
    with place.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)  # in memory: a compiled file beside its source could be older than it
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translated(language: str, text: str, /, **values: object) -> str:
    """A sentence in a language, in English where it has no other, with values in the places of their `{names}`."""
    sentence = Sentence(text, **values) if values else text
    if not isinstance(sentence, Sentence):
        return translations(language).gettext(sentence) if sentence else ""
    if language == "en":
        return str(sentence)
    known = translations(language)
    if sentence.plural:
        found = known.ngettext(sentence.template, sentence.plural, int(sentence.values["n"]))
    else:
        found = known.gettext(sentence.template)
    if not sentence.values:
        return found
    return found.format(**{name: _placed(language, value) for name, value in sentence.values.items()})


def _placed(language: str, value: Any) -> str:
    """A value as it stands in a sentence of the language."""
    if isinstance(value, int) and not isinstance(value, bool):
        return whole(language, value)
    return str(told(language, value))


def told(language: str, value: Any) -> Any:
    """A value as it is, but for sentences, which are said in the language."""
    return translated(language, value) if isinstance(value, Sentence) else value


def numbered(language: str, one: str, many: str, /, n: int, **values: object) -> str:
    """The same for a sentence about a number of things, `one` being its form for one of them."""
    return translated(language, counted(one, many, n=n, **values))


def preferred(header: str) -> str:
    """The language for a reader whose browser sends this Accept-Language; English where none of its languages fits."""
    for item in header[:1000].split(","):
        code = item.partition(";")[0].strip().lower().partition("-")[0]
        if code in languages:
            return code
    return "en"
