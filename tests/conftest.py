"""What tests of several folders use."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import Browser, started

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("leaderbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leaderbench")

# A suite started in the background ignores these, and so would every process that a test starts and stops.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

ROOT = Path(__file__).parents[1]


def shared_folder() -> Path:
    """The folder of real data and models, beside the repository or where LEADERBENCH_SHARED says; it may be absent."""
    return Path(os.environ.get("LEADERBENCH_SHARED") or ROOT.parent / "shared").resolve()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and models; the test is skipped where it is absent."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"needs real data in {folder}; LEADERBENCH_SHARED names another folder")
    return folder


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of whoever runs it, and none reaches the Hub."""
    for name in (
        "LEADERBENCH_STORE",
        "LEADERBENCH_DATASETS",
        "LEADERBENCH_DEBUG",
        "COLUMNS",
        "NO_COLOR",
        "FORCE_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))  # for processes that tests start


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """One headless Chromium for all tests of a process; skipped where there is none."""
    with started(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def browser(_chromium: "Chrome") -> Browser:
    """A browser at an empty page, its logs empty, nothing emulated."""
    return Browser(_chromium)
