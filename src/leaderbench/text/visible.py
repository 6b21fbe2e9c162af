"""Texts of strangers without anything that moves what a reader sees: control characters, changes of direction."""

from typing import IO, Any

_CONTROLS = (*range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
"""C1, line and paragraph separators, marks and changes of direction."""

_NO_TEXT = (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
"""Halves of pairs and what is no character; they can't be encoded, or not be read back."""

_ESCAPES = {code: f"\\u{code:04x}" for code in (*_CONTROLS, *_NO_TEXT)}
_INSTEAD = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "␡"} | _ESCAPES
_JSON = {0x7F: "\\u007f"} | _ESCAPES


def visible(text: str) -> str:
    """The text with control characters, changes of direction and lone surrogates made visible.

    Line breaks and tabs stay. What comes out can be encoded as UTF-8 and moves neither a terminal nor a page.
    """
    return text.translate(_INSTEAD)


def one_line(text: str) -> str:
    """The same on one line."""
    return visible(text).replace("\n", "⏎").replace("\t", "→")


def in_json(document: str) -> str:
    """A JSON document of the same values in which such characters are escaped; below 0x20 they are so already."""
    return document.translate(_JSON)


class Guarded:
    """A text stream to which everything is written `visible`.

    What a progress bar moves the cursor by passes: a carriage return in front, and writes of nothing but line breaks
    and moves upwards.
    """

    def __init__(self, stream: IO[str]) -> None:
        """In front of `stream`, whose other attributes are this one's too."""
        self.unguarded = stream

    def write(self, text: str) -> int:
        """Write the text, made visible, and return the length of what was given."""
        if text.replace("\x1b[A", "").strip("\r\n"):
            start = "\r" if text.startswith("\r") else ""
            self.unguarded.write(start + visible(text.removeprefix("\r").replace("\r\n", "\n")))
        else:
            self.unguarded.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unguarded, name)
