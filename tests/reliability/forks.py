"""Starts `leaderbench` in processes of its own, forked from one in which the slow imports are done.

A program: it reads one JSON object a line. `{"words": […], "folder": …, "out": …, "err": …, "before": …, "after": …}`
starts a command in a folder, its output going to two files, and is answered with the process id; `before` and `after`
are Python that the new process executes around the command. `{"wait": id}` is answered with the exit code, negative
where a signal ended it.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback

from leaderbench.cli import main

# What a command would otherwise import again and again.
for module in (
    "leaderbench.boards.stored",
    "leaderbench.evaluation.run",
    "leaderbench.models.load",
    "leaderbench.models.local",
    "leaderbench.models.selfcheck",
    "leaderbench.results.index",
    "leaderbench.statistics.aggregate",
    "pandas",
    "pyarrow.parquet",
    "rich.box",
    "rich.table",
    "transformers.models.auto.modeling_auto",
    "transformers.models.llama.modeling_llama",
    "typer.rich_utils",
    "yaml",
):
    importlib.import_module(module)


def run(words: list[str], before: str, after: str) -> int:
    """What the installed command does, and its exit code."""
    sys.argv = ["leaderbench", *words]
    names: dict[str, object] = {}
    exec(before, names)
    code = 0
    try:
        main.main()
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 70
    exec(after, names)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return code


def start(order: dict[str, str]) -> int:
    """The process id of a command now running."""
    process = os.fork()
    if process:
        return process
    code = 71
    try:
        os.chdir(order["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        code = run(list(order["words"]), order["before"], order["after"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
    else:
        answer = start(asked)
    print(answer, flush=True)
