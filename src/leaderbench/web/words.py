"""The site's words in other languages: a sentence in English is the key to each."""

import tomllib
from functools import cache
from importlib import resources

languages = {"en": "English", "zh": "简体中文"}
"""Languages of the site by the first part of an address, each in its own words."""

tags = {"en": "en", "zh": "zh-Hans"}
"""What a page declares as its language."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """English sentences and what they are in a language; empty for English itself."""
    if language == "en":
        return {}
    text = resources.files("leaderbench.web").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return {str(key): str(value) for key, value in tomllib.loads(text).items()}


def translated(language: str, text: str, /, **values: object) -> str:
    """A sentence in a language, in English where it has no other, with values in the places of their `{names}`."""
    found = catalogue(language).get(text, text)
    return found.format(**values) if values else found


def preferred(header: str) -> str:
    """The language for a reader whose browser sends this Accept-Language; English where none of its languages fits."""
    for item in header[:1000].split(","):
        code = item.partition(";")[0].strip().lower().partition("-")[0]
        if code in languages:
            return code
    return "en"
