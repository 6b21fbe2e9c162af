"""What is wrong with a word of an address: what pydantic found, as a clause that can be translated."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from leaderbench.sentences import Sentence, counted


def complaint(error: Mapping[str, Any]) -> str:
    """What one error of a `RequestValidationError` says."""
    # A number in it says which of several values is meant, and in an address nobody counts them.
    name = ".".join(part for part in error["loc"][1:] if isinstance(part, str))[:100] or "?"
    say = _known.get(error["type"])
    if say is not None:
        return say(name, error.get("ctx") or {})
    message = str(error["msg"])
    return Sentence("{name}: {message}", name=name, message=f"{message[:1].lower()}{message[1:200]}")


def _choices(name: str, context: Mapping[str, Any]) -> str:
    known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return Sentence("{name} must be one of {choices}", name=name, choices=", ".join(filter(None, known)))


_known: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "extra_forbidden": lambda name, _: Sentence("{name} is not known here", name=name),
    "missing": lambda name, _: Sentence("{name} is missing", name=name),
    "int_parsing": lambda name, _: Sentence("{name} must be a whole number", name=name),
    "int_parsing_size": lambda name, _: Sentence("{name} is too large", name=name),
    "bool_parsing": lambda name, _: Sentence("{name} must be true or false", name=name),
    "greater_than_equal": lambda name, context: Sentence("{name} must be {n} or more", name=name, n=context["ge"]),
    "less_than_equal": lambda name, context: Sentence("{name} must be {n} or less", name=name, n=context["le"]),
    "string_too_short": lambda name, _: Sentence("{name} is empty", name=name),
    "string_too_long": lambda name, context: Sentence(
        "{name} may have {n} characters at most", name=name, n=context["max_length"]
    ),
    "too_long": lambda name, context: counted(
        "{name} may be given {n} time at most",
        "{name} may be given {n} times at most",
        context["max_length"],
        name=name,
    ),
    "enum": _choices,
    "literal_error": _choices,
}
