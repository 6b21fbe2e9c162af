"""The command line: which commands there are, and what becomes of an error.

Command modules import only what their options need; torch, transformers, datasets and pyarrow come in with use.
"""

import codecs
import contextlib
import errno
import io
import os
import signal
import sys
from typing import Annotated, NoReturn, TypeGuard

import typer

from leaderbench import stopping
from leaderbench.cli import (
    board,
    commands,
    demo,
    diff,
    doctor,
    explain,
    export,
    imports,
    index,
    listing,
    manual,
    requests,
    run,
    sample,
    serve,
    show,
    stability,
    terminal,
    verify,
)
from leaderbench.cli.commands import Command, InterruptedRunError, ReaderGoneError
from leaderbench.cli.exits import Exit
from leaderbench.errors import LeaderbenchError, MachineError
from leaderbench.models.panics import is_panic, reason_of
from leaderbench.text.visible import one_line

app = commands.group(
    "leaderbench",
    help="Ask open language models benchmarks fast, keep every answer, and rank with the uncertainty shown.",
    epilog="Start with: leaderbench demo",
)
for name, command in (
    ("run", run.run),
    ("show", show.show),
    ("sample", sample.sample),
    ("board", board.board),
    ("explain", explain.explain),
    ("diff", diff.diff),
    ("stability", stability.stability),
    ("requests", requests.requests),
    ("export", export.export),
    ("index", index.index),
    ("verify", verify.verify),
    ("serve", serve.serve),
    ("doctor", doctor.doctor),
    ("demo", demo.demo),
    ("help", manual.manual),
):
    app.command(name, cls=Command)(command)
app.add_typer(listing.app, name="list")
app.add_typer(imports.app, name="import")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"leaderbench {version('leaderbench')}")
        except PackageNotFoundError:
            typer.echo("leaderbench, not installed: run from its source")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ask open language models benchmarks fast, keep every answer, and rank with the uncertainty shown."""


_machine_errors = {
    errno.ENOSPC,
    errno.EFBIG,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.EAGAIN,
    errno.ENOMEM,
    errno.ESTALE,
    errno.EINTR,
    errno.ENXIO,
    errno.ENODEV,
    errno.EMFILE,
    errno.ENFILE,
    errno.ETIMEDOUT,
}


def is_of_the_machine(error: BaseException | None) -> bool:
    """Whether an error says that disk, memory or permissions were not enough."""
    if isinstance(error, OSError):
        return error.errno in _machine_errors
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return True
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's, without its import


def _is_absent(error: BaseException | None) -> TypeGuard[ModuleNotFoundError]:
    """Whether an error says that a package of others is not installed, as where only the site is."""
    return isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != "leaderbench"


def exit_code(error: BaseException) -> Exit:
    """The exit code an error stands for: the user's to mend, the machine's, or a defect."""
    cause = error.__cause__ if isinstance(error, LeaderbenchError) else error
    if isinstance(error, MachineError) or is_of_the_machine(cause) or _is_absent(cause):
        return Exit.MACHINE
    return Exit.INPUT if isinstance(error, LeaderbenchError) else Exit.DEFECT


def sentence(error: BaseException) -> str:
    """One sentence for stderr."""
    if isinstance(error, LeaderbenchError):
        return str(error)
    if isinstance(error, OSError) and is_of_the_machine(error):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}; what was stored is safe, and the same command goes on when this is mended."
    if _is_absent(error):
        return (
            f"The package {error.name} is not installed here, and this command needs it. What only serves and imports "
            "can do without; for the rest, install leaderbench with all that it depends on."
        )
    if is_of_the_machine(error):
        what = "The memory is full" if isinstance(error, MemoryError) else str(error)[:1].upper() + str(error)[1:200]
        return f"{what}; what was stored is safe, and the same command goes on when this is mended."
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Unexpected {what[:300]}; set LEADERBENCH_DEBUG=1 to see where, and please report it."


_plain_letters = str.maketrans({"−": "-", "–": "-", "≈": "~", "…": "...", "“": '"', "”": '"', "→": "->", "±": "+-"})


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Letters that a terminal lacks, in its own: a minus must not be lost."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_plain_letters)
    return "".join(letter if letter.isascii() else "?" for letter in text), error.end


def _stop(message: str, code: Exit) -> NoReturn:
    with contextlib.suppress(OSError):
        print(one_line(message), file=sys.stderr, flush=True)  # noqa: T201
    sys.exit(code)


def _end_by_signal() -> NoReturn:
    number = stopping.received() or signal.SIGINT
    by = "" if number is signal.SIGINT else f" by {number.name}"
    _stop(f"Stopped{by}; nothing is lost. Type the same command again to go on where it was.", Exit(128 + number))


def _closed_pipe() -> NoReturn:
    """The reader of stdout went away (`| head`): no message, and none from the interpreter's own flush at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(Exit.OK)


def _open_closed_streams() -> None:
    """Where stdout or stderr was closed before the start (`>&-`), write to nowhere: else a file of the store would get
    its number, and whatever a library prints.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def main() -> None:
    """Entry point of the `leaderbench` command; every ending is an exit code of `Exit`."""
    # Before torch is imported: waiting threads sleep, so that a busy machine costs a share of the speed, not most.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    _open_closed_streams()
    codecs.register_error("plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="plainly"
            )  # a terminal without the letter shows another instead of ending the run
    terminal.guard()
    debug = os.environ.get("LEADERBENCH_DEBUG", "") not in ("", "0")
    stopping.listen()
    try:
        code = app(prog_name="leaderbench", standalone_mode=False) or Exit.OK
        sys.stdout.flush()
        sys.exit(code)
    except (ReaderGoneError, BrokenPipeError):
        _closed_pipe()
    except (InterruptedRunError, KeyboardInterrupt, typer.Abort):
        _end_by_signal()
    except Exception as error:
        if stopping.received():  # whatever else went wrong on the way out, as a terminal that is gone
            _end_by_signal()
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # typer's usage errors, whatever module they live in
            error.show()
            sys.exit(Exit.INPUT)
        if debug:
            raise
        _stop(f"leaderbench: {sentence(error)}", exit_code(error))
    except BaseException as error:
        if not is_panic(error) or debug:
            raise
        _stop(
            f"leaderbench: A library in native code gave up ({reason_of(error)}): a file of a model is damaged; "
            "what was stored is safe.",
            Exit.INPUT,
        )
