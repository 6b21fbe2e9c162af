"""Take the pictures of docs/tour.md in Chromium, from a site of the demo: `make tour`.

A store is made anew with the commands that the tour names, served, and photographed in windows of fixed size. Run ids
are digests, so addresses stay the same from one store to the next.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import leaderbench as lb
from tests.browser import CHROMIUM, DRIVER, Browser, started

FOLDER = Path(__file__).with_name("tour")
MODELS = ("bundled:owl-1m", "bundled:heron-1m", "bundled:finch-1m")
COMMANDS = (
    "leaderbench demo --store tour",
    f"leaderbench explain {' '.join(MODELS)} exam/original exam/harness-2023 --store tour",
)
"""What fills the store."""

most_bytes = 150_000
"""Of one picture, so that the page is there soon."""

drawn = """document.readyState === 'complete'
&& (document.documentElement.dataset.ready || !document.querySelector('figure[data-failed]'))"""
"""A page is loaded and its charts stand."""

heading = "[...document.querySelectorAll('h2')].find((item) => item.textContent.trim() === arguments[0])"
summary = "[...document.querySelectorAll('summary')].find((item) => item.textContent.trim().startsWith(arguments[0]))"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: a page, and which part of it."""

    name: str
    """Of its file, without `.png`."""

    address: str
    """With `{owl}`, `{heron}` and `{heron_2023}` for runs and `{why}` for the explanation."""

    height: int
    width: int = 1100
    scheme: str = "light"
    start: str = ""
    """The heading where it begins; the top of the page where empty."""

    menu: str = ""
    """The menu that is open."""


PICTURES = (
    Picture("board", "/en/boards/demo", 830),
    Picture("filters", "/en/boards/demo?size=%E2%89%A4+3B&commercial=yes", 560, menu="Commercial use"),
    Picture("phone", "/en/boards/demo", 800, width=390),
    Picture("board-zh", "/zh/boards/demo", 830),
    Picture("model", "/en/model?name=bundled:owl-1m", 880),
    Picture("benchmark", "/en/benchmark?name=exam/original", 800, start="An example, in tokens"),
    Picture("run", "/en/runs/{heron_2023}", 860),
    Picture("sample", "/en/runs/{heron_2023}/samples/95?show=wrong", 960, scheme="dark"),
    Picture("compare", "/en/compare?run={owl}&run={heron}", 820),
    Picture("explanation", "/en/explanations/{why}", 980),
    Picture("plots", "/en/boards/demo/plots", 520, start="How implementations reorder the models"),
)


def fill(folder: Path) -> Path:
    """Make the store of the tour in this folder, with the commands that the page names."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    for command in COMMANDS:
        name, *words = command.split()
        program = Path(sys.executable).with_name(name)
        subprocess.run([program, *words, "--no-progress"], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "tour"


def places(site: str) -> dict[str, str]:
    """The ids that stand in addresses of pictures."""
    runs = asked(f"{site}/api/v1/runs?rows=200")["items"]
    found = {(run["model"], run["benchmark"]): run["id"] for run in runs}
    return {
        "owl": found["bundled:owl-1m", "exam/original"],
        "heron": found["bundled:heron-1m", "exam/original"],
        "heron_2023": found["bundled:heron-1m", "exam/harness-2023"],
        "why": asked(f"{site}/api/v1/explanations")["explanations"]["items"][0]["id"],
    }


def until_read(site: str) -> None:
    """Wait until the site shows all that is in its store."""
    for _ in range(600):
        with urllib.request.urlopen(f"{site}/en/") as answer:  # noqa: S310 -- our own server
            if b"The store is being read" not in answer.read():
                return
        time.sleep(0.1)
    sys.exit("The site has not read its store within a minute.")


def asked(url: str) -> Any:
    """What the REST API answers."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 -- our own server
        return json.load(answer)


def take(browser: Browser, site: str, picture: Picture, known: dict[str, str]) -> bytes:
    """One picture as PNG."""
    browser.emulate(scheme=picture.scheme)
    browser.resize(picture.width, picture.height)
    browser.open(site + picture.address.format(**known))
    browser.wait(drawn)
    if picture.menu:
        browser.run(f"{summary}.click()", picture.menu)
    top = 0
    if picture.start:
        top = browser.run(f"return Math.round({heading}.getBoundingClientRect().top + scrollY) - 16", picture.start)
    clip = {"x": 0, "y": top, "width": picture.width, "height": picture.height, "scale": 1}
    shot = {"format": "png", "clip": clip, "captureBeyondViewport": True}
    return base64.b64decode(browser.driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"])


def main() -> None:
    """Make the store, serve it, take every picture."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        sys.exit(f"The pictures need {CHROMIUM} and {DRIVER}: apt-get install chromium chromium-driver fonts-noto-cjk")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        print("Making a store of the demo's models; about a minute ...")
        store = fill(Path(folder))
        with lb.serving(store) as site, started(Path(folder) / "browser") as driver:
            until_read(site)
            browser, known = Browser(driver), places(site)
            for picture in PICTURES:
                data = take(browser, site, picture, known)
                (FOLDER / f"{picture.name}.png").write_bytes(data)
                print(f"docs/tour/{picture.name}.png  {len(data) / 1000:.0f} kB")
                if len(data) > most_bytes:
                    sys.exit(f"{picture.name}.png is larger than {most_bytes / 1000:.0f} kB: show less of the page.")
            if browser.problems:
                sys.exit("\n".join(browser.problems))


if __name__ == "__main__":
    main()
