"""`leaderbench verify` says what does not agree, and ends with exit code 3 then."""

import dataclasses
import json
from collections.abc import Callable

from leaderbench.cli.exits import Exit
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.statistics.aggregate import aggregate
from tests.cli.conftest import Ending
from tests.results.conftest import run, sample

__all__ = ["run", "sample"]


def test_verify_says_what_does_not_agree(cli: Callable[..., Ending], run: Callable[..., Run]) -> None:
    store = Store("s")
    honest = run(run_id="aaa")
    store.save(dataclasses.replace(honest, scores=aggregate(honest.samples, (honest.scores[0].metric,))))
    sound = cli("verify", "--store", "s")
    assert sound.code == Exit.OK
    assert "Verified: 1 run," in sound.out
    forged = dataclasses.replace(honest.scores[0], estimate=0.9)
    store.save(dataclasses.replace(run(run_id="bbb"), scores=(forged,)))
    ending = cli("verify", "--store", "s")
    assert ending.code == Exit.MACHINE
    assert "The scores of run bbb do not agree with its samples: the estimate of acc (micro)" in ending.err
    found = json.loads(cli("verify", "--store", "s", "--json").out)
    assert found["sound"] is False
    assert len(found["disagreements"]) == 1
