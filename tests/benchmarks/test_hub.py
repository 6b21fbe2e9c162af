"""The Hub's side of datasets, without a network: what is asked of the `datasets` library, what its errors become."""

from types import SimpleNamespace
from typing import Any

import datasets
import pytest
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

from leaderbench.benchmarks import hub
from leaderbench.benchmarks.datasets import HubDatasets, pins
from leaderbench.errors import LeaderbenchError

commit = pins["cais/mmlu"].revision


class Loader:
    """Stands in for `datasets.load_dataset`: remembers how it was called and answers or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls.append((arguments, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def loaded(revision: str) -> SimpleNamespace:
    info = SimpleNamespace(download_checksums={f"hf://datasets/cais/mmlu@{revision}/a.parquet": {}})
    return SimpleNamespace(info=info, to_list=lambda: [{"question": "q"}])


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "answers", lambda dataset, revision: True)


@pytest.mark.usefixtures("online")
def test_the_hub_is_asked_at_the_pinned_commit_and_never_for_code(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = Loader(loaded(commit))
    monkeypatch.setattr(datasets, "load_dataset", loader)
    assert HubDatasets().rows("cais/mmlu", "anatomy", "test") == [{"question": "q"}]
    assert loader.calls == [(("cais/mmlu", "anatomy"), {"split": "test", "revision": commit})]


@pytest.mark.usefixtures("online")
def test_a_repository_with_a_loading_script_is_read_from_its_parquet_export(monkeypatch: pytest.MonkeyPatch) -> None:
    revision = pins["ceval/ceval-exam"].revision
    loader = Loader(SimpleNamespace(info=SimpleNamespace(download_checksums=None), to_list=list))
    monkeypatch.setattr(datasets, "load_dataset", loader)
    HubDatasets().rows("ceval/ceval-exam", "law", "val")
    files = f"hf://datasets/ceval/ceval-exam@{revision}/law/val/*.parquet"
    assert loader.calls == [(("parquet",), {"data_files": {"val": files}, "split": "val"})]


@pytest.mark.usefixtures("online")
def test_rows_of_another_commit_in_the_cache_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load_dataset", Loader(loaded("0" * 40)))
    with pytest.raises(LeaderbenchError, match=f"at another revision than {commit}"):
        HubDatasets().rows("cais/mmlu", "anatomy", "test")


@pytest.mark.usefixtures("online")
def test_rows_that_a_readme_fetches_from_elsewhere_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = loaded(commit)
    mixed.info.download_checksums["https://example.org/more.csv"] = {}
    monkeypatch.setattr(datasets, "load_dataset", Loader(mixed))
    with pytest.raises(LeaderbenchError, match=f"at another revision than {commit}"):
        HubDatasets().rows("cais/mmlu", "anatomy", "test")


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DatasetNotFoundError("Dataset 'cais/mmlu' is a gated dataset on the Hub."), "is gated: accept its terms"),
        (DatasetNotFoundError("Dataset 'cais/mmlu' doesn't exist on the Hub."), "The Hub has no dataset cais/mmlu"),
        (ConnectionError("Couldn't reach 'cais/mmlu' on the Hub"), "set LEADERBENCH_DATASETS .* or go online"),
        (ValueError("BuilderConfig 'anatmy' not found. Available: ['anatomy']"), "no subset 'anatmy'.*'anatomy'"),
        (ValueError('Unknown split "train". Should be one of ["test"].'), "no split 'test' of anatmy"),
        (DatasetGenerationError("An error occurred"), "cannot be read, they may be damaged"),
        (RuntimeError("something\nelse"), "could not be loaded from the Hub: something else."),
    ],
)
def test_a_failure_becomes_one_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str) -> None:
    monkeypatch.setattr(datasets, "load_dataset", Loader(error))
    with pytest.raises(LeaderbenchError, match=message) as raised:
        HubDatasets().rows("cais/mmlu", "anatmy", "test")
    assert "\n" not in str(raised.value)


def test_offline_and_without_a_copy_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(datasets, "load_dataset", Loader(ConnectionError("offline")))
    message = (
        f"cais/mmlu \\(anatomy, test\\) is not in {tmp_path} and the Hub cannot be reached: set LEADERBENCH_DATASETS"
    )
    with hub.offline(True), pytest.raises(LeaderbenchError, match=message):
        HubDatasets(tmp_path).rows("cais/mmlu", "anatomy", "test")


def test_looking_in_the_cache_only_lasts_no_longer_than_the_look() -> None:
    before = datasets.config.HF_HUB_OFFLINE
    with hub.offline(True):
        assert datasets.config.HF_HUB_OFFLINE
    assert before == datasets.config.HF_HUB_OFFLINE


def test_an_error_caused_by_a_silent_network_counts_as_unreachable() -> None:
    error = ValueError("something failed")
    error.__cause__ = ConnectionError("no route")
    assert hub.unreachable(error)
    assert not hub.unreachable(ValueError("wrong"))
