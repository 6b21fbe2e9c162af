"""A small store with hostile names in it, and the site on top of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from leaderbench.explain.split.grid import file_name, save
from leaderbench.explain.split.stored import FOLDER
from leaderbench.records import Aggregation, Flag, Metric, Sample
from leaderbench.results.runs import Manifest, Run
from leaderbench.results.store import Store
from leaderbench.statistics.aggregate import aggregate
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from tests.explain.split.grids import make_grid

if TYPE_CHECKING:
    from tests.web.serving import Asking

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
FORMULA = "=HYPERLINK(1)"

BOARD = """
title = "Small <b>board</b>"
about = "Two columns, as `code`."

[[columns]]
benchmark = "mmlu/harness"
title = "harness"

[[columns]]
benchmark = "mmlu/original"
title = "original <i>"
"""


def make_sample(i: int, *, right: bool, **changes: object) -> Sample:
    """Sample number `i`: a prompt with a shot, two continuations."""
    fields: dict[str, object] = {
        "example_id": f"anatomy/{i}",
        "subset": "anatomy" if i % 2 else "virology",
        "prompt": f"Solved example.\nAnswer: B\n\nQuestion number {i}?\nAnswer:",
        "request_digests": (f"{i:064x}",),
        "continuations": (" A", " B"),
        "continuation_tokens": ((i, 2), (3,)),
        "token_log_probabilities": ((-0.25, -float(i)), (-0.1,)),
        "log_likelihoods": (-0.25 - i, -0.1),
        "characters": (1, 1),
        "bytes": (1, 1),
        "context_tokens": 70,
        "truncated_tokens": 0,
        "shots_dropped": 0,
        "prediction": "B",
        "predictions": {"acc": "B"},
        "target": "B" if right else "A",
        "correct": right,
        "margin": 0.25,
        "metrics": {"acc": float(right)},
        "flags": (),
    }
    return Sample(**(fields | changes))


def make_run(model: str, benchmark: str, *, run_id: str, right: int = 20, n: int = 40) -> Run:
    """A run whose first `right` answers are right."""
    samples = tuple(make_sample(i, right=i < right) for i in range(n))
    manifest = Manifest(
        run_id,
        "2026-01-02T03:04:05+00:00",
        model={"name": model, "identity": hashlib.sha256(model.encode()).hexdigest(), "dtype": "float32"},
        benchmark={"name": benchmark, "recipe": {"shots": 5}, "dataset": "cais/mmlu", "revision": "c30699e"},
        limits={"limit": None, "subsets": []},
        environment={"python": "3.11"},
        engine={"path": "tree"},
        counts={"questions": n, "errors": 0, "flags": {}},
    )
    metrics = [Metric("acc", aggregation) for aggregation in (Aggregation.MICRO, Aggregation.MACRO)]
    return Run(manifest, aggregate(samples, metrics), samples)


def fill(store: Store) -> None:
    """Models with plain and hostile names on two benchmarks, and a board of both."""
    models = {"org/good-7b": 30, "org/fair-3b": 22, SCRIPT: 12, FORMULA: 8}
    for place, (model, right) in enumerate(models.items()):
        store.save(make_run(model, "mmlu/harness", run_id=f"aaaaaaaaaaa{place}", right=right))
        store.save(make_run(model, "mmlu/original", run_id=f"bbbbbbbbbbb{place}", right=right + 2))
    odd = make_run("org/odd", "mmlu/harness", run_id="cccccccccccc", right=5)
    changes: dict[int, dict[str, object]] = {
        0: {"error": "too <i>long</i>", "flags": (Flag.ERROR,), "prediction": None},
        1: {"prompt": f"Shot.\n\n{SCRIPT} photosynthesis"},
        2: {"margin": 1e-6, "flags": (Flag.TIE,)},
        3: {"continuations": (SCRIPT, "\u202eB"), "target": SCRIPT, "margin": float("nan")},
    }
    samples = [replace(item, **changes.get(i, {})) for i, item in enumerate(odd.samples)]
    store.save(replace(odd, samples=tuple(samples)))
    (store.path / "boards").mkdir()
    (store.path / "boards" / "small.toml").write_text(BOARD)
    (store.path / "boards" / "broken.toml").write_text('title = "B"\n[[columns]]\nbenchmark = "mmlu/hraness"\n')


EXPLANATION = "9c386ed436cc"
"""The id of the explanation in the store below."""


def explain(store: Store) -> None:
    """Explanations of three models, as far as they go without asking them."""
    for seed, model in enumerate(("org/good-7b", "org/fair-3b", SCRIPT)):
        grid = make_grid(model, seed=seed, better=12 - 4 * seed)
        grid.predictions[0, :] = SCRIPT
        save(grid, store.path / FOLDER / file_name(grid))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    fill(made)
    explain(made)
    return made


@pytest.fixture
def live(store: Store) -> Iterator[LiveStore]:
    """The store, looked at once; nothing looks again unless a test does."""
    made = LiveStore(store)
    made.refresh()
    yield made
    made.close()


@pytest.fixture
def client(live: LiveStore) -> TestClient:
    return TestClient(application(live), raise_server_exceptions=False)


@pytest.fixture(scope="session")
def hostile_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStore]:
    """A store full of hostile texts, looked at once; no test may change it."""
    from tests.web.stores import hostile_store

    made = LiveStore(hostile_store(tmp_path_factory.mktemp("hostile")))
    made.refresh()
    yield made
    made.close()


@pytest.fixture(scope="session")
def ask(hostile_live: LiveStore) -> "Iterator[Asking]":
    """The site of that store, asked byte for byte."""
    from tests.web.serving import Asking

    made = Asking(application(hostile_live))
    yield made
    made.close()


@pytest.fixture(scope="session")
def rich_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with models of several sizes and licences; no test may change its store."""
    from tests.web.serving import served
    from tests.web.stores import rich_store

    with served(rich_store(tmp_path_factory.mktemp("rich"))) as address:
        yield address


Get = Callable[..., Any]


@pytest.fixture
def get(client: TestClient) -> Get:
    """The JSON of an address of the API, which must be there."""

    def ask(path: str, **words: Any) -> Any:
        answer = client.get(f"/api/v1{path}", params=words)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask
