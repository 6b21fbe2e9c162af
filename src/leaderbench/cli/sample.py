"""`leaderbench sample`: one sample of a run, with all that the score came from."""

from difflib import get_close_matches
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample
from leaderbench.text.visible import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderbench.records import TokenText
    from leaderbench.results.runs import Run
    from leaderbench.results.store import Store

MOST_COMPARED = 20_000
"""Ids that a misspelt one is compared with."""

SHOWN_LINES = 12
"""How many of the prompt's last lines are shown without --full; the shots before them are folded."""


def sample(
    run: Annotated[str, typer.Argument(help="Run id, or its beginning.", metavar="RUN")],
    example: Annotated[str, typer.Argument(help="Example id, such as anatomy/17.", metavar="EXAMPLE")],
    store: options.StoreToRead = options.DEFAULT_STORE,
    full: Annotated[bool, typer.Option("--full", help="The whole prompt, shots included.")] = False,
    json: options.Json = False,
) -> None:
    """Show one sample in every detail.

    Prompt, tokens with log-probabilities, margin, prediction and target. The shots are folded; --full shows them.
    """
    from leaderbench.results.export import row
    from leaderbench.results.store import Store

    place = Store(store)
    found = place.run(run)
    wanted = find(found, example)
    if json:
        terminal.print_json({"run": found.id} | row(wanted, prompts=True))
    else:
        print_sample(found, wanted, token_texts(place, found.id), full=full)


def token_texts(store: "Store", run: str) -> "Mapping[int, TokenText]":
    """What the tokens of a run are as text; nothing where it keeps none, and said where that cannot be read."""
    try:
        known = store.tokens(run)
    except LeaderbenchError as error:
        terminal.warn(str(error))
        return {}
    return {} if known is None else known.texts


def find(run: "Run", example: str) -> Sample:
    """The sample of this example; LeaderbenchError with the nearest ids where there is none."""
    from leaderbench.results.samples import table_of

    ids: list[str] = table_of(run.samples).column("example_id").to_pylist()
    if example in ids:
        return run.samples[ids.index(example)]
    near = get_close_matches(example, ids[:MOST_COMPARED], n=3, cutoff=0.5) or ids[:3]
    raise LeaderbenchError(f"Run {run.id} has no example {example!r}; it has, for example, {', '.join(near)}.")


def folded(prompt: str) -> tuple[str, int]:
    """The end of a prompt, and how many lines before it are left out."""
    lines = prompt.split("\n")
    hidden = max(0, len(lines) - SHOWN_LINES)
    return "\n".join(lines[hidden:]), hidden


def print_sample(run: "Run", item: Sample, texts: "Mapping[int, TokenText]", *, full: bool) -> None:
    """A sample as a person reads it."""
    from rich.text import Text

    console = terminal.stdout()
    title = f"{item.example_id} · {run.manifest.benchmark['name']} · {run.manifest.model['name']} · run {run.id}"
    console.print(Text(one_line(title), style="bold"))
    text, hidden = (item.prompt, 0) if full else folded(item.prompt)
    note = f"{item.context_tokens:,} tokens"
    console.print(
        Text(f"\nPrompt ({note}{f'; {hidden} lines folded, --full shows them' if hidden else ''})", style="dim")
    )
    console.print(Text(text))
    console.print()
    if item.error:
        console.print(Text(one_line(f"Error: {item.error}"), style="red"))
    if item.continuations:
        print_continuations(item, texts)
    print_outcome(item)


def print_continuations(item: Sample, texts: "Mapping[int, TokenText]") -> None:
    """Each candidate answer with its letter, log-likelihood and its tokens' log-probabilities; tokens as text where
    known. The one that the run counts has a ▸, the right one a ✓.
    """
    from leaderbench.explain.decisions import candidates

    right = ("log-likelihood", "per character")

    def said(token: int) -> str:
        return repr(texts[token].text) if token in texts else str(token)

    made = tables.table(
        "", "", "continuation", "log-likelihood", "per character", "tokens: log-probability", right=right
    )
    # A run that was imported may not know them all.
    known = zip_longest(
        candidates(item),
        item.continuations,
        item.log_likelihoods,
        item.continuation_tokens,
        item.token_log_probabilities,
    )
    for place, (letter, text, value, tokens, logprobs) in enumerate(known):
        pairs = zip(tokens or (), logprobs or (), strict=False)
        made.add_row(
            ("▸" if letter and letter == item.prediction else "") + ("✓" if letter and letter == item.target else ""),
            terminal.label(letter or ""),
            terminal.label(repr(text)),
            "" if value is None else f"{value:.4f}",
            "" if value is None or not item.characters[place] else f"{value / item.characters[place]:.4f}",
            terminal.label("  ".join(f"{said(token)}: {logprob:.4f}" for token, logprob in pairs)),
        )
    terminal.stdout().print(made)


def decided(item: Sample) -> list[str]:
    """By which number each metric chose, a line each; the metric that is reported first."""
    from leaderbench.explain.decisions import decisions

    return [
        f"{decision.metric}: {decision.answer} has the greatest {decision.measure}, {decision.value:.4f}"
        for decision in decisions(item)
        if decision.measure
    ]


def print_outcome(item: Sample) -> None:
    """Prediction, target, margin, metrics and flags."""
    from rich.text import Text

    verdict = Text("right", style="green") if item.correct else Text("wrong", style="red")
    if item.error:
        verdict = Text("not answered", style="red")
    lines = [
        Text.assemble(
            "prediction  ",
            (one_line(str(item.prediction)), "bold"),
            "   target  ",
            (one_line(item.target), "bold"),
            "   ",
            verdict,
        ),
        *(Text(one_line(f"decided by  {line}")) for line in decided(item)),
        Text(f"margin      {item.margin:.4f} ahead of the runner-up"),
        Text(one_line("metrics     " + ", ".join(f"{name} {value:g}" for name, value in item.metrics.items()))),
    ]
    if item.flags:
        facts = [flag.value for flag in item.flags]
        facts += [f"{item.truncated_tokens} tokens cut"] if item.truncated_tokens else []
        facts += [f"{item.shots_dropped} shots dropped"] if item.shots_dropped else []
        lines.append(Text("flags       " + ", ".join(facts), style="yellow"))
    for line in lines:
        terminal.stdout().print(line)
