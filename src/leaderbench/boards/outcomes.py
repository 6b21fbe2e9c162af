"""The answers behind a score, question by question: what lets two models be compared on the same questions."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leaderbench.boards.rules import Floats
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, largest
from leaderbench.results.samples import StoredSamples
from leaderbench.results.store import Store
from leaderbench.statistics.stratified import Spread

most_models = 200
"""Rows up to which a board reads answers; a larger one takes the standard errors that scores carry, which ask more of a
difference than pairing would."""

most_files = 1500
"""Files of answers that a board reads at most."""

kept = 2000
"""Runs whose values are kept in memory for the next table, the last ones used."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One run's values of one metric."""

    bank: str
    """Which questions the ids are of: dataset and revision."""

    ids: tuple[str, ...]
    """Example ids of the questions answered."""

    subsets: tuple[str, ...]
    """The subset of each question."""

    values: Floats
    """The metric's value for each question."""


Reader = Callable[[str, str], Outcomes | None]
"""From a run's id and a metric's name to its outcomes; None where there are none to be had."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What each question does to the error of a score: the squares and `own` add up to the score's variance."""

    bank: str
    ids: tuple[str, ...]
    values: Floats
    own: float
    """The variance that no question shows, since small subsets vary by more than their few answers do."""

    degrees: float
    """Degrees of freedom behind the variance."""


def influence(outcomes: Outcomes, aggregation: Aggregation, subset: str | None = None) -> Influence | None:
    """The influence of each question on a mean, or on a mean of subsets' means; of one subset only where it is named.

    For a plain mean (x - mean)/n, for a macro mean (x - mean of the subset)/(subsets · n of the subset), each times
    sqrt(n/(n - 1)): the variance is that of `statistics.mean` and `statistics.macro`. None where a subset has one
    question only, or nothing varies, which leaves the variance to be borrowed from elsewhere.
    """
    values, ids, names = outcomes.values, np.array(outcomes.ids, dtype=object), np.array(outcomes.subsets, dtype=object)
    if subset is not None:
        chosen = names == subset
        values, ids, names = values[chosen], ids[chosen], names[chosen]
    groups = np.zeros(len(values), dtype=np.int64)
    if aggregation is Aggregation.MACRO and subset is None:
        _, groups = np.unique(names.astype(str), return_inverse=True)
    sizes = np.bincount(groups)
    if len(values) == 0 or sizes.min() < 2:
        return None
    centres = np.bincount(groups, weights=values) / sizes
    scale = np.sqrt(sizes / (sizes - 1)) / (len(sizes) * sizes)
    deviations = values - centres[groups]
    single = deviations * scale[groups]
    observed = float((single**2).sum())
    if not observed > 1e-18:
        return None
    variance, degrees = observed, float(len(values) - 1)
    if len(sizes) > 1:
        squares = np.bincount(groups, weights=deviations**2)
        units = 1.0 / (len(sizes) ** 2 * sizes)
        whole = float(((squares / sizes).mean() + centres.var()) / (1 - units.sum()))
        shares = bool(np.isin(values, (0.0, 1.0)).all())
        spread = Spread(units.tolist(), sizes.tolist(), squares.tolist(), whole, shares)
        variance, degrees = spread.variance()
    return Influence(outcomes.bank, tuple(ids), single, max(variance - observed, 0.0), degrees)


def reader(store: Store) -> Reader:
    """Outcomes of the runs of a store, read once and kept; what cannot be read is None, as where there is no run."""

    def read(run: str, metric: str) -> Outcomes | None:
        return _outcomes(store, run, metric)

    return read


def _outcomes(store: Store, run: str, metric: str) -> Outcomes | None:
    try:
        found = store.run(run)
        samples = found.samples
        key = (str(samples.path), samples.checksum, metric)
        if key not in _known:
            bank = f"{found.manifest.benchmark.get('dataset')}@{found.manifest.benchmark.get('revision')}"
            _known[key] = _read(samples, bank, metric)
            while len(_known) > kept:
                _known.popitem(last=False)
        _known.move_to_end(key)
        return _known[key]
    except LeaderbenchError:
        return None


_known: "OrderedDict[tuple[str, str, str], Outcomes | None]" = OrderedDict()


def _read(samples: StoredSamples, bank: str, metric: str) -> Outcomes | None:
    """A metric of every answered question, from four columns of the file: prompts and log-probabilities stay unread.

    None where a value is beyond `largest`.
    """
    table = samples.read(["example_id", "subset", "metrics", "error"])
    ids, subsets, errors = (table.column(name).to_pylist() for name in ("example_id", "subset", "error"))
    values = [dict(item or ()).get(metric) for item in table.column("metrics").to_pylist()]
    answered = [
        place
        for place, value in enumerate(values)
        if value is not None and not math.isnan(value) and errors[place] is None
    ]
    measured = np.array([values[place] for place in answered], dtype=np.float64)
    if len(measured) and np.abs(measured).max() > largest:
        return None
    return Outcomes(
        bank, tuple(ids[place] for place in answered), tuple(subsets[place] for place in answered), measured
    )
