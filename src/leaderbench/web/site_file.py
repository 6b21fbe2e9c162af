"""What makes a site one's own: the file `site.toml` of a store, and the pictures that it names."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from leaderbench.benchmarks.nearest import suggestion
from leaderbench.boards.reading import line_of
from leaderbench.boards.spec import Words, one_or_many
from leaderbench.files.parsing import toml_of
from leaderbench.files.regular import UnusableError, read_bytes, text_of
from leaderbench.results.files import leads_out
from leaderbench.sentences import Sentence
from leaderbench.web.files import prefix

name = "site.toml"
"""Of the file in a store."""

largest = 1 << 16
"""Bytes of the file."""

largest_picture = 1 << 19
"""Bytes of a logo or an icon."""

kinds: Mapping[str, tuple[str, bytes]] = {
    ".png": ("image/png", rb"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", rb"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", rb"\xff\xd8\xff"),
    ".webp": ("image/webp", rb"RIFF....WEBP"),
    ".svg": ("image/svg+xml", rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg[\s>]"),
}
"""What a picture may be by the end of its name: its type, and how its content begins."""


class Empty(StrEnum):
    """What becomes of shipped boards without a score."""

    LAST = "last"
    HIDDEN = "hidden"


class Site(BaseModel):
    """What `site.toml` may say; every text that readers see is one text, or one a language as the titles of boards."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    title: Words = {"en": "leaderbench"}
    """The site's name: in the head of every page, and in its title."""

    description: Words = {}
    """A sentence or two: on the list of boards, for search engines, and where an address is shared."""

    logo: str = ""
    """A picture in the store, beside the title: PNG, JPEG, WebP or SVG, 512 KiB at most."""

    icon: str = ""
    """A picture in the store, for tabs of browsers, likewise; the logo where there is none."""

    address: str = ""
    """Where the site is, such as `https://board.example.org`: only with it a shared address shows the logo."""

    home: str = ""
    """An address of the people behind it, such as `https://example.org`; it stands in the foot of every page."""

    contact: str = ""
    """How to reach them: an address of the web, or of mail."""

    footer: Words = {}
    """A text in the foot of every page, such as the licence of the data or how to hand in results."""

    start: str = ""
    """The board that readers meet first; the list of boards where it is empty."""

    boards: Annotated[tuple[str, ...], BeforeValidator(one_or_many), Field(max_length=500)] = ()
    """Boards in the order of the list; those left out follow, the store's own ones first."""

    hidden: Annotated[tuple[str, ...], BeforeValidator(one_or_many), Field(max_length=500)] = ()
    """Boards that the list leaves out; whoever knows the address still reads them."""

    empty: Empty = Empty.LAST
    """What becomes of shipped boards without a score: `last` or `hidden`."""

    @field_validator("title", "description", "footer")
    @classmethod
    def _short(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        if any(len(text) > 1000 for text in texts.values()):
            raise ValueError("it has more than 1,000 characters")
        return texts

    @field_validator("address", "home", "contact")
    @classmethod
    def _leads_somewhere(cls, text: str) -> str:
        """Nothing but the web and mail: no `javascript:`."""
        if text and not re.fullmatch(r"https?://[^\s\"'<>\\]{1,500}", text):
            mail = re.fullmatch(r"(?:mailto:)?([\w.+-]{1,100}@[\w.-]{1,200})", text)
            if not mail:
                raise ValueError(f"{text[:60]!r} is neither https://… nor an address of mail")
            return f"mailto:{mail[1]}"
        return text.removesuffix("/")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.address.startswith("mailto:"):
            raise ValueError("address must be where the site is, such as https://board.example.org")
        return self


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the store, as it is served."""

    address: str
    """Another one when the picture changes."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OwnSite:
    """A site as its people want it."""

    site: Site
    logo: Picture | None = None
    icon: Picture | None = None
    problems: tuple[str, ...] = ()
    """What of it cannot be used, a sentence each; the rest counts."""


def read(store: Path) -> OwnSite:
    """What a store says of its site; the usual where it says nothing, or nothing that can be used."""
    path = store / name
    try:
        if leads_out(path, store):
            raise UnusableError("it is a link that leads out of the store")
        text = text_of(read_bytes(path, largest))
        site = Site.model_validate(toml_of(text))
    except FileNotFoundError:
        return OwnSite(Site())
    except ValidationError as error:
        why = "; ".join(_complaint(text, item) for item in error.errors(include_url=False)[:5])
        return OwnSite(Site(), problems=(Sentence("{file} cannot be used: {problem}.", file=name, problem=why),))
    except (OSError, UnusableError) as error:
        problem = (error.strerror or str(error)) if isinstance(error, OSError) else error.args[0]
        return OwnSite(Site(), problems=(Sentence("{file} cannot be used: {problem}.", file=name, problem=problem),))
    pictures: dict[str, Picture] = {}
    problems = []
    for key, file in (("logo", site.logo), ("icon", site.icon)):
        try:
            if file:
                pictures[key] = _picture(store, file)
        except (OSError, ValueError) as error:
            why = (error.strerror or str(error)) if isinstance(error, OSError) else error.args[0]
            problems.append(Sentence("The picture {file} cannot be shown: {problem}.", file=file[:100], problem=why))
    return OwnSite(site, pictures.get("logo"), pictures.get("icon", pictures.get("logo")), tuple(problems))


def _picture(store: Path, file: str) -> Picture:
    """A picture in a store. Raises `ValueError` and `OSError`."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", file):
        raise ValueError("it must be a file of the store itself, named with letters, digits, dots and dashes")
    path = store / file
    kind, beginning = kinds.get(path.suffix.lower(), ("", b""))
    if not kind:
        raise ValueError(f"its name must end in {', '.join(kinds)}")
    if leads_out(path, store):
        raise ValueError("it is a link that leads out of the store; put the file itself there")
    content = read_bytes(path, largest_picture)
    if not re.match(beginning, content[:10_000], re.DOTALL):
        raise ValueError(f"it is no {kind.partition('/')[2].partition('+')[0].upper()}")
    return Picture(f"{prefix}{hashlib.sha256(content).hexdigest()[:16]}/{file}", kind, content)


def _complaint(text: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a setting, and in which line."""
    path = tuple(error["loc"])
    setting = str(path[0]) if path else ""
    line = line_of(text, path)
    where = f"line {line}: " if line else ""
    if error["type"] == "extra_forbidden" and len(path) == 1:
        known = suggestion(setting[:60], list(Site.model_fields)).removesuffix(".")
        return f"{where}there is no setting {setting[:60]!r}{known}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}{setting}: {message[:1].lower()}{message[1:]}" if setting else message
