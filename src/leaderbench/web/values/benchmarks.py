"""Benchmarks, as the site and its API show them."""

from leaderbench.web.values.basics import Value


class ShownBenchmark(Value):
    """A benchmark that has scores, or that leaderbench can ask."""

    name: str
    summary: str
    dataset: str
    metrics: tuple[str, ...]
    """The first is the one that it reports."""

    models: int
    runs: int
    imported: int
