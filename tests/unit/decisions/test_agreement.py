"""Agreement between two people: known figures, and what holds for all."""

from __future__ import annotations

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from tutela.decisions.agreement import agreement
from tutela.decisions.second_review import Draw, is_drawn

WORDS = st.sampled_from(["abusive", "not_abusive"])
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=40)


def test_kappa_of_a_table_worked_out_by_hand() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: 0.7 observed, 0.5 by chance, so 0.4."""
    table = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    found = agreement(table)
    assert (found.pairs, found.same, found.share) == (50, 35, 0.7)
    assert found.kappa is not None
    assert isclose(found.kappa, 0.4)
    # Wilson's interval for 35 of 50, from the formula by hand: 0.5625 to 0.8090.
    assert [round(bound, 4) for bound in found.interval] == [0.5625, 0.8090]


def test_nothing_judged_and_always_the_same() -> None:
    assert (agreement([]).share, agreement([]).kappa) == (None, None)
    assert agreement([]).interval == (0.0, 1.0)
    assert agreement([("yes", "yes")] * 9).kappa is None
    assert agreement([("yes", "yes"), ("no", "no")]).kappa == 1.0


@given(PAIRS)
def test_who_is_first_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    turned = agreement((second, first) for first, second in pairs)
    assert turned == agreement(pairs)
    low, high = turned.interval
    assert turned.share is None or low <= turned.share <= high
    assert turned.kappa is None or -1 <= turned.kappa <= 1


def test_the_same_seed_draws_the_same_and_about_the_share() -> None:
    ids = [f"dec_{number}" for number in range(4000)]
    drawn = {one for one in ids if is_drawn(Draw(0.05, "seed"), one)}
    assert drawn == {one for one in ids if is_drawn(Draw(0.05, "seed"), one)}
    # 200 expected, and 14 is the standard deviation.
    assert 140 < len(drawn) < 260
    assert drawn != {one for one in ids if is_drawn(Draw(0.05, "other"), one)}
    assert drawn < {one for one in ids if is_drawn(Draw(0.5, "seed"), one)}
    assert not any(is_drawn(Draw(0.0), one) for one in ids)
    assert all(is_drawn(Draw(1.0), one) for one in ids)
