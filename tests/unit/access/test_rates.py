"""Token buckets: what passes, when, and that their memory has an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.access.rates import Buckets, Rate, client_of


def test_a_burst_passes_then_the_rate_does() -> None:
    buckets = Buckets(Rate(2, 5))
    assert [buckets.take("a", 0) for _ in range(5)] == [0] * 5
    assert buckets.take("a", 0) == pytest.approx(0.5)
    assert buckets.wait("a", 0.25) == pytest.approx(0.25)
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("b", 0.5) == 0, "another caller has their own"
    assert [buckets.take("a", 100) for _ in range(6)] == [0, 0, 0, 0, 0, pytest.approx(0.5)]


def test_without_a_rate_nothing_waits() -> None:
    buckets = Buckets(Rate(0, 1))
    assert {buckets.take("a", 0) for _ in range(1000)} == {0}


@given(
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=80),
    st.floats(0.1, 20),
    st.integers(1, 10),
)
def test_no_caller_gets_more_than_rate_and_burst(
    pauses: list[float], rate: float, burst: int
) -> None:
    buckets, now, passed = Buckets(Rate(rate, burst)), 0.0, 0
    for pause in pauses:
        now += pause
        wait = buckets.take("a", now)
        passed += not wait
        assert passed <= burst + rate * now + 1e-6
        if wait:
            assert buckets.wait("a", now + wait + 1e-9) == 0, "it says truly how long to wait"


@given(st.lists(st.text(max_size=3), max_size=60))
def test_only_so_many_callers_are_kept(callers: list[str]) -> None:
    buckets = Buckets(Rate(1, 1), most=5)
    for number, caller in enumerate(callers):
        buckets.take(caller, number / 1000)
        assert len(buckets) <= 5
    if callers:
        assert buckets.knows(callers[-1])


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("x" * 999, "x" * 64),
    ],
)
def test_one_client_is_one_customer(address: str, client: str) -> None:
    assert client_of(address) == client
