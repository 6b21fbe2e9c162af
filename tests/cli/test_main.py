"""What every command has in common: help, version, errors and exit codes."""

import errno
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from leaderbench.cli.examples import EXAMPLES
from leaderbench.cli.exits import Exit
from leaderbench.cli.main import app
from leaderbench.errors import LeaderbenchError

ROOT = Path(__file__).parents[2]
Cli = Callable[..., Any]
ENTRY = "from leaderbench.cli.main import main; main()"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}


def start(*words: str, code: str = ENTRY) -> list[str]:
    """A command line for a process of its own."""
    return [sys.executable, "-c", f"import sys; sys.argv[1:] = {list(words)!r}; {code}"]


def test_help_names_every_command(cli: Cli) -> None:
    ending = cli("--help")
    assert ending.code == 0
    for name in ("run", "show", "sample", "requests", "export", "list", "doctor", "demo"):
        assert f"\n  {name} " in ending.out


def test_no_summary_of_a_command_is_cut(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." not in cli("--help").out.partition("Commands:")[2]


def test_help_is_a_command_too(cli: Cli) -> None:
    assert cli("help").out == cli("--help").out
    assert cli("help", "import", "csv").out == cli("import", "csv", "--help").out


def test_help_of_an_unknown_command_names_the_nearest(cli: Cli) -> None:
    ending = cli("help", "imprt")
    assert ending.code == Exit.INPUT
    assert "has no command 'imprt'; did you mean 'import'?" in ending.err


def leaves() -> list[tuple[str, Any]]:
    commands: list[tuple[str, Any]] = [("leaderbench", typer.main.get_command(app))]
    for path, command in commands:
        commands += [(f"{path} {name}", child) for name, child in getattr(command, "commands", {}).items()]
    return [(path, command) for path, command in commands if not hasattr(command, "commands")]


@pytest.mark.parametrize(("path", "command"), leaves(), ids=lambda value: value if isinstance(value, str) else "")
def test_help_of_a_command_ends_with_examples_that_can_be_typed(cli: Cli, path: str, command: Any) -> None:
    words = path.split()
    shown = cli(*words[1:], "--help").out.partition("\nExamples:\n")[2].splitlines()
    assert shown == [f"  {line}" for line in EXAMPLES[path]]
    for line in EXAMPLES[path]:
        typed = shlex.split(line)
        assert typed[: len(words)] == words
        command.make_context(path, typed[len(words) :])  # raises where an option or argument is not of the command


def test_version_says_the_name_and_stops(cli: Cli) -> None:
    ending = cli("--version")
    assert ending.code == 0
    assert ending.out.startswith("leaderbench")


def test_an_unknown_command_is_a_user_error_without_traceback(cli: Cli) -> None:
    ending = cli("rnu")
    assert ending.code == Exit.INPUT
    assert "rnu" in ending.err
    assert "Traceback" not in ending.err


def test_an_unknown_option_is_a_user_error(cli: Cli) -> None:
    assert cli("show", "--jsn").code == Exit.INPUT


def test_a_limit_of_zero_is_refused(cli: Cli) -> None:
    assert cli("run", "some/model", "--benchmark", "exam", "--limit", "0").code == Exit.INPUT


@pytest.mark.parametrize("typed", ["0", "-1", "2.5", "ten"])
def test_a_number_that_is_none_is_refused_in_plain_words(cli: Cli, typed: str) -> None:
    ending = cli("run", "some/model", "--benchmark", "exam", "--limit", typed)
    assert ending.code == Exit.INPUT
    assert f"give a whole number of 1 or more, not '{typed}'" in ending.err


@pytest.mark.parametrize("words", ["show", "board demo", "list runs", "list models", "sample 3f2a a/1"])
def test_a_store_that_was_mistyped_is_said_to_be_absent(cli: Cli, words: str) -> None:
    ending = cli(*words.split(), "--store", "mistyped")
    assert ending.code == Exit.INPUT
    assert "There is no store mistyped" in ending.err
    assert cli("show").code == 0  # the usual one comes with the first run


def test_a_misspelt_benchmark_suggests_the_nearest(cli: Cli) -> None:
    ending = cli("run", "some/model", "--benchmark", "mmlu/hlem")
    assert ending.code == Exit.INPUT
    assert "'mmlu/helm'" in ending.err
    assert ending.err.count("\n") == 1


def test_a_model_that_is_not_there_gives_one_sentence(cli: Cli, fakes: object) -> None:
    ending = cli("run", "absent/model", "--benchmark", "exam/helm")
    assert ending.code == Exit.INPUT
    assert ending.err == "leaderbench: There is no model absent/model.\n"


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def load(name: str, **_: object) -> None:
        raise error

    monkeypatch.setattr("leaderbench.models.load.load_model", load)


def test_a_package_that_is_not_installed_is_named_and_is_no_defect(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ModuleNotFoundError("No module named 'torch'", name="torch"))
    ending = cli("run", "some/model", "--benchmark", "exam/helm")
    assert ending.code == Exit.MACHINE
    assert "The package torch is not installed here" in ending.err


def test_an_unforeseen_error_gives_one_sentence_and_says_how_to_see_more(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, ZeroDivisionError("seven by\nnought"))
    ending = cli("run", "m", "--benchmark", "exam/helm")
    assert ending.code == Exit.DEFECT
    assert "ZeroDivisionError: seven by nought" in ending.err
    assert "LEADERBENCH_DEBUG=1" in ending.err
    assert "Traceback" not in ending.err
    assert ending.err.count("\n") == 1


def test_with_debugging_an_unforeseen_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    from leaderbench.cli.main import main

    fail_with(monkeypatch, ZeroDivisionError("seven by nought"))
    monkeypatch.setenv("LEADERBENCH_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["leaderbench", "run", "m", "--benchmark", "exam/helm"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_a_full_disk_is_the_machines_fault(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "store"))
    ending = cli("run", "m", "--benchmark", "exam/helm")
    assert ending.code == Exit.MACHINE
    assert ending.err.startswith("leaderbench: No space left on device (store)")


def test_an_explained_error_keeps_the_exit_code_of_its_cause(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    error = LeaderbenchError("Nothing fits.")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    fail_with(monkeypatch, error)
    ending = cli("run", "m", "--benchmark", "exam/helm")
    assert (ending.code, ending.err) == (Exit.MACHINE, "leaderbench: Nothing fits.\n")


def test_control_c_says_that_nothing_is_lost(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    ending = cli("run", "m", "--benchmark", "exam/helm")
    assert ending.code == 130
    assert "nothing is lost" in ending.err
    assert "same command again" in ending.err


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = start("requests", "exam/harness")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("{")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


HEAVY = "torch transformers datasets tokenizers pyarrow numpy scipy pandas huggingface_hub duckdb babel"


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("list", "benchmarks")])
def test_light_commands_import_nothing_heavy(words: tuple[str, ...]) -> None:
    look = f"""
import atexit, os
atexit.register(lambda: os.write(2, " ".join(sorted(set({HEAVY.split()!r}) & set(sys.modules))).encode()))
{ENTRY}"""
    command = [sys.executable, "-c", f"import sys; sys.argv[1:] = {list(words)!r}{look}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stderr == ""


def test_a_terminal_without_unicode_gets_question_marks_and_json_stays_whole() -> None:
    ascii_only = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    for words in (("list", "benchmarks"), ("requests", "exam/helm", "--limit", "1")):
        done = subprocess.run(start(*words), capture_output=True, env=ascii_only)
        assert (done.returncode, done.stderr) == (0, b"")
    assert all(json.loads(line) for line in done.stdout.decode("utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(("words", "bar"), [(("--help",), 0.3), (("list", "benchmarks"), 0.5)])
def test_light_commands_start_at_once(words: tuple[str, ...], bar: float) -> None:
    times = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run(start(*words), stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
        times.append(time.perf_counter() - began)
    assert sorted(times)[len(times) // 2] < bar


def test_colours_are_off_where_no_terminal_reads(cli: Cli) -> None:
    assert "\x1b" not in cli("list", "benchmarks").out


def test_the_command_is_installed_under_its_name() -> None:
    command = Path(sys.executable).with_name("leaderbench")
    if not command.exists():
        pytest.skip("leaderbench is not installed beside this interpreter")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "Usage: leaderbench" in done.stdout


def test_a_panic_of_native_code_is_a_sentence_and_no_code_of_success() -> None:
    code = """
import leaderbench.cli.main as main
class PanicException(BaseException): pass
def app(**given): raise PanicException("called `Result::unwrap()`\\non an `Err` value")
main.app = app
main.main()
"""
    ending = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False
    )
    assert ending.returncode == Exit.INPUT
    assert ending.stderr.count("\n") == 1
    assert "native code gave up (called `Result::unwrap()` on an `Err` value)" in ending.stderr
