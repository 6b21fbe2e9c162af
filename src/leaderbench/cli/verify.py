"""`leaderbench verify`: is what a store shows what it holds?"""

from dataclasses import asdict

import typer

from leaderbench.cli import options, terminal
from leaderbench.cli.exits import Exit
from leaderbench.cli.index import shown

most = 20
"""Findings to say, before the rest is only counted."""


def verify(store: options.StoreToRead = options.DEFAULT_STORE, json: options.Json = False) -> None:
    """Check every checksum, and every score against its samples.

    Nothing is changed. Exit code 3 where anything is damaged or does not agree.
    """
    from leaderbench.explain.verification import verify as verified

    with shown() as progress:
        verification = verified(store, progress=progress)
    if json:
        terminal.print_json({"sound": verification.is_sound, **asdict(verification)})
    else:
        counts = (
            (verification.runs, "run", "runs"),
            (verification.imported, "file of imported scores", "files of imported scores"),
            (verification.explanations, "explanation", "explanations"),
            (verification.answers, "logged answer", "logged answers"),
        )
        parts = ", ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in counts)
        findings = (*verification.disagreements, *verification.damage)
        ending = f"{len(findings):,} of them not sound" if findings else "all as they were written"
        terminal.stdout().print(f"Verified: {parts}; {ending}.", style="red" if findings else "green")
        for finding in findings[:most]:
            terminal.warn(finding)
        for note in verification.notes:
            terminal.warn(note)
        if len(findings) > most:
            terminal.warn(f"{len(findings) - most:,} more: `leaderbench verify --json` names them.")
    if not verification.is_sound:
        raise typer.Exit(Exit.MACHINE)
