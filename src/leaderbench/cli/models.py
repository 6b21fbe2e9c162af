"""`leaderbench list models`: which models there are, and what is known of them."""

import csv as comma_separated
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Json

if TYPE_CHECKING:
    from rich.table import Table

    from leaderbench.evaluation.known_models import KnownModel
    from leaderbench.models.facts import Fact
    from leaderbench.models.search import Query

MOST_VARIANTS = 20
"""Weights, revisions or precisions of one model that are listed under its name."""


def models(
    store: options.StoreToRead = options.DEFAULT_STORE,
    search: Annotated[
        str,
        typer.Option("--search", "-q", metavar="TEXT", help="In names: `llama; qwen -7b`; `@licence:mit` in a field."),
    ] = "",
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="pretrained, fine-tuned, chat, merge …; may be repeated."),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option("--precision", metavar="NAME", help="Such as bfloat16 or 4-bit; may be repeated."),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option("--size", metavar="RANGE", help="3B (up to it), 3-7B, 7-65B or 65B+; may be repeated."),
    ] = None,
    commercial: Annotated[
        list[str] | None,
        typer.Option("--commercial", metavar="WORD", help="yes, restricted, no or unknown; may be repeated."),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", metavar="CODE", help="Such as zh or Chinese; may be repeated.")
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(
            "--hide", metavar="KIND", help="merges, mixtures (of experts), flagged or unofficial; may be repeated."
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    json: options.Json = False,
) -> None:
    """List the bundled models and those with results in the store, with what is known of them.

    A value with a question mark is no more than a guess from the model's name. A filter on what is not known of a model
    hides it.
    """
    from leaderbench.evaluation.known_models import known_models
    from leaderbench.models.search import unreadable

    if csv and json:
        raise LeaderbenchError("Choose one of --csv and --json.")
    query = _query(search, type_, precision, size, commercial, language, hide)
    found = known_models(store, query)
    if json:
        terminal.print_json([_as_json(item) for item in found.models])
    elif csv:
        terminal.write(_as_csv(found.models))
    else:
        _print(found.models)
    for word in unreadable(search):
        said = f"{word!r} is no pattern that can be read: it was looked for as it stands."
        terminal.warn(said)
    for problem in found.problems:
        terminal.warn(problem)


def _query(search: str, *given: list[str] | None) -> "Query":
    from leaderbench.models.facts import Commercial, ModelType
    from leaderbench.models.search import SIZES, Query

    types, precisions, sizes, commercial, languages, hidden = (tuple(words or ()) for words in given)
    ranges = {name.removeprefix("≤ "): ends for name, ends in SIZES.items()}
    sizes = tuple(word.upper().removeprefix("≤").strip() for word in sizes)
    _require("--type", types, ModelType)
    _require("--commercial", commercial, Commercial)
    _require("--size", sizes, ranges)
    _require("--hide", hidden, ("merges", "mixtures", "flagged", "unofficial"))
    return Query(
        search,
        types=frozenset(map(ModelType, types)),
        precisions=frozenset(precisions),
        sizes=tuple(ranges[word] for word in sizes),
        commercial=frozenset(map(Commercial, commercial)),
        languages=frozenset(languages),
        hide_merges="merges" in hidden,
        hide_mixtures="mixtures" in hidden,
        hide_flagged="flagged" in hidden,
        official="unofficial" in hidden,
    )


def _require(option: str, given: Iterable[str], known: Iterable[str]) -> None:
    words = [str(word) for word in known]
    for word in given:
        if word not in words:
            raise LeaderbenchError(f"{option} {word} is unknown: give one of {', '.join(words)}.")


def _print(found: "Sequence[KnownModel]") -> None:
    from leaderbench.results.names import short_names

    console = terminal.stdout()
    if not found:
        console.print("No model fits.")
        return
    made: Table = tables.table(
        "model", "type", "parameters", "precision", "context", "licence", "runs", "imported", right=("runs", "imported")
    )
    for name in ("parameters", "context"):
        made.columns[[column.header for column in made.columns].index(name)].justify = "right"
    short = short_names(item.name for item in found)
    for item in found:
        record = item.record
        size = _marked(record.parameters, _size)
        if record.active_parameters is not None:
            size += f" ({_marked(record.active_parameters, _size)} active)"
        facts = [
            _marked(record.type),
            size,
            _marked(record.precision),
            _marked(record.context),
            _marked(record.licence),
        ]
        name = item.name if item.bundled else short[item.name]
        counts = [str(item.runs), str(item.imported or "")]
        made.add_row(*(terminal.label(text) for text in (name, *facts, *counts)))
        for variant in item.variants[:MOST_VARIANTS]:
            made.add_row(f"[dim]  {terminal.label(variant.removeprefix(item.name).strip())}[/dim]")
        if len(item.variants) > MOST_VARIANTS:
            made.add_row(f"[dim]  and {len(item.variants) - MOST_VARIANTS:,} more[/dim]")
    console.print(made)
    shown = {"type", "parameters", "active_parameters", "precision", "context", "licence"}
    if any(shown.intersection(_guessed(item)) for item in found):
        console.print("[dim]? guessed from the model's name.[/dim]")


def _guessed(item: "KnownModel") -> list[str]:
    """The facts of a model that are guesses."""
    from leaderbench.models.catalogue import FIELDS

    return [name for name in FIELDS if (fact := getattr(item.record, name)) is not None and fact.guessed]


def _marked(fact: "Fact[Any] | None", words: Any = None) -> str:
    """A fact in words, with a question mark where it is a guess; empty where nothing is known."""
    if fact is None:
        return ""
    said = (words or _words)(fact.value)
    return f"{said} ?" if fact.guessed else said


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _size(parameters: int) -> str:
    """Parameters as people write them: `7.6B`, `494M`."""
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            return (
                f"{parameters / unit:.3g}{letter}" if parameters < 999.5 * unit else f"{parameters / unit:.0f}{letter}"
            )
    return str(parameters)


def _as_json(item: "KnownModel") -> dict[str, Json]:
    from leaderbench.evaluation.catalogue_files import to_json

    facts = to_json(item.record)["facts"]
    return {
        "model": item.name,
        "runs": item.runs,
        "imported": item.imported,
        "bundled": item.bundled,
        "variants": list(item.variants),
        "facts": facts,
        "guessed": list(_guessed(item)),
    }


def _as_csv(found: "Sequence[KnownModel]") -> str:
    from leaderbench.boards.export import safe
    from leaderbench.models.catalogue import FIELDS

    text = io.StringIO(newline="")
    writer = comma_separated.writer(text)
    writer.writerow(["model", "runs", "imported", *FIELDS, "guessed"])
    for item in found:
        facts = [getattr(item.record, name) for name in FIELDS]
        values = [
            "" if fact is None else "; ".join(fact.value) if isinstance(fact.value, tuple) else fact.value
            for fact in facts
        ]
        writer.writerow(map(safe, [item.name, item.runs, item.imported, *values, "; ".join(_guessed(item))]))
    return text.getvalue()
