"""How long until a visitor sees a page: the largest contentful paint, and how far things move while it loads.

    python -m perf.paint STORE [--loads 5]

runs `leaderbench serve` on a store and a headless Chromium with an empty cache. `first` is the first load after both
have started and the server has done what it does of its own accord; the others are the median of later loads with the
browser's cache emptied before each.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from leaderbench.results.store import Store
from perf.load import Served
from tests.browser import Browser, started


def pages(store: Store) -> Iterator[str]:
    """A page of every kind of which the store has one."""
    runs = store.runs()
    name = "demo" if any(item.benchmark.startswith("exam/") for item in runs) else "mmlu"
    yield from ("", f"boards/{name}", f"boards/{name}/plots", "models", "benchmarks", "runs", "explanations", "about")
    if len(runs) > 1:
        yield f"benchmark?name={runs[0].benchmark}"
        yield f"model?name={runs[0].model}"
        yield f"runs/{runs[0].id}"
        yield f"runs/{runs[0].id}/samples"
        yield f"runs/{runs[0].id}/samples/0"
        yield f"compare?run={runs[0].id}&run={next(item.id for item in runs if item.model != runs[0].model)}"


def measure(browser: Browser, url: str) -> tuple[float, float]:
    """The largest contentful paint in milliseconds, and the layout shift, of one load with nothing in the cache."""
    browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.open(url)
    return browser.painted(1500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--loads", type=int, default=5)
    asked = parser.parse_args()
    store = Store(asked.store)
    with tempfile.TemporaryDirectory() as profile, Served(asked.store) as served, started(Path(profile)) as driver:
        served.settle()
        site, browser = f"http://{served.host}", Browser(driver)
        print(f"{'page':60} {'first, ms':>10} {'later, ms':>10} {'shift':>6}")
        for page in pages(store):
            loads = [measure(browser, f"{site}/en/{page}") for _ in range(asked.loads + 1)]
            later = statistics.median(painted for painted, _ in loads[1:])
            print(f"/en/{page:56} {loads[0][0]:10.0f} {later:10.0f} {max(moved for _, moved in loads):6.3f}")


if __name__ == "__main__":
    main()
