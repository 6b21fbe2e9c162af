"""Who is ahead, and how sure are we."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderbench.boards.reading import Board, board, boards
    from leaderbench.boards.standing import stand
    from leaderbench.boards.stored import board_table
    from leaderbench.boards.table import BoardTable, Standing

__all__ = ["Board", "BoardTable", "Standing", "board", "board_table", "boards", "stand"]

_HOMES = {
    "Board": "reading",
    "BoardTable": "table",
    "Standing": "table",
    "board": "reading",
    "board_table": "stored",
    "boards": "reading",
    "stand": "standing",
}


def __getattr__(name: str) -> Any:
    # Found on first use: pydantic and numpy are not needed to say what commands there are.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
