"""`leaderbench index`: bring the listings up to the files, or make them anew."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, terminal
from leaderbench.cli.exits import Exit
from leaderbench.records import Json

if TYPE_CHECKING:
    from rich.progress import TaskID

    from leaderbench.results.index import Index
    from leaderbench.results.listings import Refreshed

many = 500
"""Files to read, from which on a bar shows how far it has come."""

most = 20
"""Problems to say, before the rest is only counted."""


def index(
    store: options.StoreToRead = options.DEFAULT_STORE,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read everything again, not only what changed.")] = False,
    json: options.Json = False,
) -> None:
    """Bring the listings of the store up to its files.

    Boards and the site are made from them. They lie in DIR/index.db and hold nothing that the files do not: that file
    may be deleted at any time.
    """
    from leaderbench.results.index import Index

    with Index(store) as made:
        with shown() as progress:
            done = made.refresh(rebuild=rebuild, progress=progress)
        found = facts(made, done)
        remarks = made.remarks
        in_vain = made.path is None and made.store.path.is_dir()
    if json:
        terminal.print_json(found)
    else:
        say(found)
    said = done.problems[:most]
    more = len(done.problems) - len(said)
    ends = [f"{more:,} more cannot be read: `leaderbench index --json` names them."] if more else []
    for sentence in (*remarks, *said, *ends):
        terminal.warn(sentence)
    if in_vain:  # the remarks say what kept the file from being written
        raise typer.Exit(Exit.MACHINE)


def facts(made: "Index", done: "Refreshed") -> dict[str, Json]:
    """What the index holds and what was done for it, as plain values."""
    benchmarks = made.benchmarks()
    return {
        "store": str(made.store.path),
        "index": str(made.path) if made.path else None,
        "read": done.read,
        "kept": done.kept,
        "dropped": done.dropped,
        "runs": made.runs(size=1).total,
        "imported_scores": sum(item.imported for item in benchmarks),
        "models": len(made.models()),
        "benchmarks": len(benchmarks),
        "problems": list(done.problems),
        "remarks": list(made.remarks),
    }


def say(found: dict[str, Json]) -> None:
    """The same in two sentences."""
    if not found["runs"] and not found["imported_scores"]:
        terminal.stderr().print(f"No runs in {found['store']} yet, and no imported scores.", markup=False)
        return
    parts = [counted(found, name) for name in ("runs", "imported_scores", "models", "benchmarks")]
    read, kept, dropped = (f"{found[name]:,}" for name in ("read", "kept", "dropped"))
    terminal.stdout().print(f"{', '.join(parts)}.\nRead: {read}; as before: {kept}; gone: {dropped}.")


def counted(found: dict[str, Json], name: str) -> str:
    """`1 run`, `1,000 imported scores`."""
    words = name.replace("_", " ")
    return f"{found[name]:,} {words.removesuffix('s') if found[name] == 1 else words}"


@contextmanager
def shown() -> Iterator[Callable[[int, int], None]]:
    """A callback that draws a bar on stderr where there is much to read."""
    from leaderbench.cli.progress import bars

    with ExitStack() as stack:
        drawn = bars()
        tasks: dict[int, TaskID] = {}

        def report(done: int, total: int) -> None:
            if total < many:
                return
            if not tasks:
                stack.enter_context(drawn)
            if total not in tasks:
                tasks[total] = drawn.add_task("reading", total=total, facts="")
            drawn.update(tasks[total], completed=done)

        yield report
