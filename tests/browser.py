"""A real browser for pages: headless Chromium, with its console and every request that it makes kept.

Debian: `apt-get install chromium chromium-driver`. Nothing is downloaded; where either is absent, tests are skipped.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")

switches = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


@contextmanager
def started(profile: Path) -> "Iterator[Chrome]":
    """A browser with an empty profile; ends when done."""
    for program in (CHROMIUM, DRIVER):
        if not program.exists():
            pytest.skip(f"needs {program}: apt-get install chromium chromium-driver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in (*switches, f"--user-data-dir={profile}", "--window-size=1200,900"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(executable_path=str(DRIVER)))  # never selenium's own download
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


class Browser:
    """One test's view of the browser."""

    def __init__(self, driver: "Chrome") -> None:
        self.driver = driver
        self.emulate()
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.get("about:blank")
        self._requests: list[str] = []
        self._console: list[dict[str, Any]] = []
        self._read_logs()
        self._requests.clear()
        self._console.clear()

    def open(self, url: str | Path) -> None:
        """Load a page, or a file, until its load event."""
        self.driver.get(url.as_uri() if isinstance(url, Path) else url)

    def wait(self, script: str, seconds: float = 30) -> Any:
        """Wait until the JavaScript expression is true; its value."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(lambda _: self.run(f"return {script}"))

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> "list[WebElement]":
        """Elements by CSS selector."""
        return list(self.driver.find_elements("css selector", selector))

    def one(self, selector: str) -> "WebElement":
        """The first element by CSS selector."""
        return self.driver.find_element("css selector", selector)

    def press(self, *keys: str) -> None:
        """Keys on whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def emulate(self, *, scheme: str = "", media: str = "") -> None:
        """Make the system `light` or `dark`, or the medium `print`."""
        features = [{"name": "prefers-reduced-motion", "value": "reduce"}]  # a click does not wait for smooth scrolling
        features += [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def resize(self, width: int, height: int) -> None:
        """The size of the page's viewport in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def colour(self, selector: str, property: str = "background-color") -> str:
        """A computed colour of the first element that fits."""
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(self.run(script, selector, property))

    def painted(self, wait: int) -> tuple[float, float]:
        """The page's largest contentful paint in milliseconds and how far things moved, looked at for `wait` ms."""
        script = """
            const [wait, done] = arguments;
            let painted = 0, moved = 0;
            new PerformanceObserver((list) => { painted = list.getEntries().at(-1).startTime; })
              .observe({type: 'largest-contentful-paint', buffered: true});
            new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value; })
              .observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done([painted, moved]), wait);
        """
        painted, moved = self.driver.execute_async_script(script, wait)
        return float(painted), float(moved)

    @property
    def requests(self) -> list[str]:
        """Addresses that the page asked for, itself and inline data left out."""
        self._read_logs()
        own = self.driver.current_url
        return [url for url in self._requests if not url.startswith(("data:", "about:")) and url != own]

    @property
    def problems(self) -> list[str]:
        """Warnings and errors of the console, uncaught exceptions and what the page's policy refused among them."""
        self._read_logs()
        bad = ("WARNING", "SEVERE")
        return [f"{entry['level']}: {entry['message']}" for entry in self._console if entry["level"] in bad]

    def _read_logs(self) -> None:
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"]["url"])
        self._console += self.driver.get_log("browser")
