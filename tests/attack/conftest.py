"""Commands in processes of their own, in a folder with a small store and a small dataset."""

import shutil
from pathlib import Path

import pytest

from tests.attack.ground import make_datasets, make_store
from tests.reliability.conftest import Commands, command, server

__all__ = ["command", "ground", "server"]


@pytest.fixture(scope="session")
def ground_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store and the dataset, made once."""
    folder = tmp_path_factory.mktemp("ground")
    make_store(folder / "store")
    make_datasets(folder / "hub")
    return folder


@pytest.fixture
def ground(ground_before: Path, command: Commands) -> Commands:
    """Runs `leaderbench` in a folder that holds copies of both."""
    for name in ("store", "hub"):
        shutil.copytree(ground_before / name, command.folder / name)
    return command
