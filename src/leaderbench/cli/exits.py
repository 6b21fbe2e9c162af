"""What the exit code of a command says."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the `leaderbench` command; docs/exit-codes.md is made from this."""

    OK = 0
    """Done."""

    QUESTIONS = 1
    """The run finished and its scores are stored, but the model could not answer some questions."""

    INPUT = 2
    """Something you typed or gave: a misspelt benchmark, an absent model or dataset, an unknown option."""

    MACHINE = 3
    """The machine: disk full, store not writable or in use, out of memory; a problem that `doctor` or `verify`
    found."""

    DEFECT = 4
    """An error nobody foresaw. `LEADERBENCH_DEBUG=1` shows where."""

    HANGUP = 129
    """SIGHUP: the terminal was closed. Nothing is lost, as with Ctrl-C. Under `nohup` the command goes on."""

    INTERRUPTED = 130
    """Ctrl-C. Nothing is lost; the same command goes on."""

    QUIT = 131
    """SIGQUIT. Nothing is lost, as with Ctrl-C."""

    USER_SIGNAL_1 = 138
    """SIGUSR1, which schedulers send on request before time is up. Nothing is lost, as with Ctrl-C."""

    USER_SIGNAL_2 = 140
    """SIGUSR2. Nothing is lost, as with Ctrl-C."""

    TERMINATED = 143
    """SIGTERM, as schedulers, service managers and containers send it. Nothing is lost, as with Ctrl-C; `serve` ends in
    good order with 0."""

    OUT_OF_TIME = 152
    """SIGXCPU: the processor time allowed is used up. Nothing is lost, as with Ctrl-C."""
