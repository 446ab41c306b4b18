"""A few runs of the matrix, and that it can say that something went wrong."""

from __future__ import annotations

import pytest
from tests.faults import referral_matrix
from tests.faults.referral_matrix import Authority, Matrix, Run
from tests.journeys.job_scene import Outcome
from tests.simulators.process import SimulatedCyberTipline, SimulatedNca

ONCE = Outcome(filed=1, lost=0, removed=1)


@pytest.mark.parametrize(
    ("outcome", "cell"),
    [
        (Outcome(filed=2, lost=0, removed=1), "2 1 0"),
        (Outcome(filed=0, lost=1, removed=1), "0 0 1"),
        (Outcome(filed=1, lost=0, removed=2), "1 0 0"),
        (Outcome(filed=0, lost=0, removed=1), "0 0 0"),
    ],
)
def test_one_bad_run_among_good_ones_is_seen(outcome: Outcome, cell: str) -> None:
    runs = [Run(place, "f", "s", one) for place, one in enumerate((ONCE, outcome, ONCE))]
    matrix = Matrix.of("t", "fault", runs)
    assert [one.rsplit(": ", 1)[-1] for one in matrix.wrong] == [str(outcome)]
    assert cell in matrix.table().markdown()
    assert Matrix.of("t", "fault", [Run(0, "f", "s", ONCE)]).wrong == []


@pytest.mark.parametrize(
    ("authority", "chosen"), [(SimulatedCyberTipline, {162, 171}), (SimulatedNca, {98, 103})]
)
def test_a_few_runs(database_url: str, authority: type[Authority], chosen: set[int]) -> None:
    with referral_matrix.trial(database_url, authority) as trial:
        runs = list(referral_matrix.calls(trial, lambda place: place in chosen))
    assert len(runs) == len(chosen)
    assert Matrix.of("some", "fault", runs).wrong == []
