"""Options that several commands share, each written once."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from leaderbench.errors import LeaderbenchError

DEFAULT_STORE = Path("leaderbench-store")


def whole(least: int, most: int | None = None) -> Callable[[str | int], int]:
    """How a number of at least so much, and at most `most`, is read from what was typed, or from the default."""
    wanted = f"{least} or more" if most is None else f"{least} to {most}"

    def read(typed: str | int) -> int:
        text = str(typed)
        number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 1000 else -1
        if number < least or (most is not None and number > most):
            raise typer.BadParameter(f"give a whole number of {wanted}, not {text[:40]!r}.")
        return number

    return read


def present(context: typer.Context, store: Path) -> Path:
    """A store to read. Raises LeaderbenchError for one that was typed and is not there; the usual one may be absent."""
    source = context.get_parameter_source("store")
    if source is not None and source.name == "COMMANDLINE" and not store.exists():
        raise LeaderbenchError(
            f"There is no store {store}: name the folder of your runs with --store, or make one with `leaderbench run`."
        )
    return store


_where = {"envvar": "LEADERBENCH_STORE", "metavar": "DIR", "help": "Folder that keeps answers, samples and scores."}

Store = Annotated[Path, typer.Option("--store", **_where)]
"""A store that a command makes where it is absent."""

StoreToRead = Annotated[Path, typer.Option("--store", callback=present, **_where)]
"""A store that a command only reads."""

Datasets = Annotated[
    Path | None,
    typer.Option(
        "--datasets",
        envvar="LEADERBENCH_DATASETS",
        metavar="DIR",
        help="Folder of local dataset copies, <DIR>/<org>/<name>; without it, the Hugging Face Hub.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Subsets = Annotated[
    list[str] | None,
    typer.Option("--subset", "-s", metavar="NAME", help="Only this part, such as an MMLU subject; may be repeated."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", "-l", parser=whole(1), metavar="N", help="At most N questions of each subset, the first ones."
    ),
]
Questions = Annotated[
    int | None,
    typer.Option(
        "--questions",
        "-n",
        parser=whole(1),
        metavar="N",
        help="N questions drawn at random, shared out over the subsets by size; marked ≈ wherever the score appears.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        parser=whole(0),
        metavar="N",
        help="Another seed draws other questions, or asks them in another order.",
    ),
]
Shots = Annotated[
    int | None,
    typer.Option(
        "--shots",
        parser=whole(0),
        metavar="K",
        help="Solved examples before each question, instead of the recipe's number.",
    ),
]
Revision = Annotated[
    str | None, typer.Option("--revision", metavar="COMMIT", help="Branch, tag or commit of a Hub model.")
]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype", metavar="TYPE", help="float32, bfloat16, float16, or auto: what checkpoint and hardware like."
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps, or auto.")]
