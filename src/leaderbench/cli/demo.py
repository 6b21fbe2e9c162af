"""`leaderbench demo`: three tiny models, a small exam, five implementations of it; who is ahead, and who says so?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, terminal
from leaderbench.cli.exits import Exit

if TYPE_CHECKING:
    from leaderbench.cli.verdicts import Verdict
    from leaderbench.results.runs import Run


def demo(
    store: Annotated[
        Path | None,
        typer.Option(
            "--store", metavar="DIR", help="Where answers are kept; a folder `demo` in the default store if not given."
        ),
    ] = None,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No live progress on stderr.")] = False,
) -> None:
    """Rank three tiny models on a small exam, five ways.

    Models and exam come with the package: no network, about a minute.
    """
    place = store or default_store() / "demo"
    runs = ask(place, show_progress=not no_progress)
    report(runs, place)
    if any(run.score().errors for run in runs):
        raise typer.Exit(Exit.QUESTIONS)


def default_store() -> Path:
    """Where runs go when no --store is given."""
    return Path(os.environ.get("LEADERBENCH_STORE") or options.DEFAULT_STORE)


def ask(store: Path, *, show_progress: bool) -> "list[Run]":
    """Every bundled model under every implementation of the exam; baselines too, which boards show and nobody ranks."""
    from leaderbench.bundled import model_folders
    from leaderbench.cli.run import choose, evaluate_all

    remarks = terminal.stderr()
    remarks.print("Asking three tiny models one small exam, the way five leaderboards would ...")
    import torch

    from leaderbench.models import baselines
    from leaderbench.models.load import load_model

    # Matrices of models this small are done before a second thread has joined.
    torch.set_num_threads(1)
    benchmarks = choose(["exam"], None)
    runs = []
    for name in model_folders():
        remarks.print(f"[bold]{name}[/bold]")
        model = load_model(f"bundled:{name}")
        runs += evaluate_all(model, benchmarks, store, None, None, None, show_progress=show_progress)
    for rule in baselines.rules:
        evaluate_all(load_model(f"{baselines.prefix}{rule}"), benchmarks, store, None, None, None, show_progress=False)
    return runs


def report(runs: "list[Run]", store: Path) -> None:
    """The table, what it means, and what to type next."""
    from leaderbench.cli import verdicts

    console = terminal.stdout()
    print_table(runs)
    found = verdicts.verdicts(runs)
    console.print("[bold]Which differences are real, and which are noise?[/bold]")
    console.print(
        "[dim]Paired by question, Holm's correction within each implementation, 5 %. “Is ahead of” is a real "
        "difference; what “cannot be told apart” is noise.[/dim]"
    )
    for verdict in found:
        console.print(f"\n[bold]{verdict.benchmark.rpartition('/')[2]}[/bold]: {', '.join(verdict.order)}")
        for sentence in verdict.sentences:
            print_indented(sentence)
    print_order(found)
    print_next(runs[-1], store)


def print_indented(sentence: str) -> None:
    """A sentence two columns in, also where it wraps."""
    from rich.padding import Padding
    from rich.text import Text

    terminal.stdout().print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))


def print_table(runs: "list[Run]") -> None:
    """Models by implementations, with 95 % intervals."""
    from leaderbench.cli import show
    from leaderbench.results.runs import RunSummary

    summaries = [RunSummary(run.id, run.manifest, run.scores) for run in runs]
    show.print_boards(summaries)
    terminal.stdout().print("[dim]Share of questions right, with its 95 % interval; guessing gives 25 %.[/dim]\n")


def print_order(found: "list[Verdict]") -> None:
    """Whether the choice of implementation changes who is ahead."""
    from leaderbench.cli import verdicts

    console = terminal.stdout()
    console.print("\n[bold]Does the implementation decide who is ahead?[/bold]")
    changes = verdicts.reversals(found)
    for line in changes:
        print_indented(f"Yes: {line}")
    if not changes:
        print_indented("No pair of models really changes places; where the orders above differ, that is noise.")


def print_next(run: "Run", store: Path) -> None:
    """What to type next; the commands are printed unwrapped, so that they can be copied."""
    example = next((item for item in run.samples if not item.correct), run.samples[0])
    commands = (
        ("all of it in a browser", f"leaderbench serve --store {store}"),
        ("why its scores differ: what each cause contributes", explain_command(run, store)),
        ("one question of these in every detail", f"leaderbench sample {run.id} {example.example_id} --store {store}"),
        ("your own model, a folder or a Hub id, on this exam", "leaderbench run ./my-model --benchmark exam"),
        (
            "the real MMLU, as most model cards have it",
            "leaderbench run ./my-model --benchmark mmlu/harness --limit 10",
        ),
        ("all its scores", "leaderbench show"),
    )
    console = terminal.stdout()
    console.print("\n[bold]What to type next[/bold]")
    for meaning, command in (*activation(), *commands):
        console.print(f"  [dim]# {meaning}[/dim]")
        console.print(f"  {command}", soft_wrap=True)


def explain_command(run: "Run", store: Path) -> str:
    """The command that takes apart the difference between two implementations that ask least alike."""
    return f"leaderbench explain {run.manifest.model['name']} exam/original exam/harness-2023 --store {store}"


def activation() -> tuple[tuple[str, str], ...]:
    """How to put `leaderbench` on the path, where it is not there (as after `make demo`) and a script does it."""
    import shutil
    import sys

    script = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("leaderbench") or not script.exists():
        return ()
    inside = script.is_relative_to(Path.cwd())
    return (("put leaderbench on your path", f"source {os.path.relpath(script) if inside else script}"),)
