"""Clusters: one file stands for its likes, and every other says how far it lies from that one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.casework import FAR, PDQ, make_item, match, near_pdq
from tests.fixed_clock import START

from tutela.cases.case import CaseKind
from tutela.cases.cluster import clusters, distance
from tutela.cases.grouping import LIKENESS_RADIUS

if TYPE_CHECKING:
    from tutela.content.item import Item

NEAR = (match("e2", 12, "pdq"),)


def near(bits: int, minutes: int = 0, of: str = PDQ, **more: object) -> Item:
    at = START + timedelta(minutes=minutes)
    return make_item(at, matches=NEAR, pdq=near_pdq(bits, of), **more)  # type: ignore[arg-type]


def test_the_one_that_most_are_like_stands_for_all() -> None:
    # 20 and 40 bits are each within the radius of 20 and of their neighbour only.
    ends, middle = [near(0), near(40, 1)], near(20, 2)
    (cluster,) = clusters([*ends, middle])
    assert cluster.shown == middle
    assert [one.distance for one in cluster.members] == [0, 20, 20]
    assert (cluster.covers, cluster.farthest) == (3, 20)


def test_what_lies_beyond_stands_alone_and_says_how_far() -> None:
    alike = [near(bits, bits) for bits in range(3)]
    first, outlier = clusters([near(0, 9, FAR), *alike])
    assert first.covers == 3
    assert first.beyond == 0
    assert outlier.covers == 1
    assert outlier.beyond is not None
    assert outlier.beyond > LIKENESS_RADIUS


def test_equal_bytes_are_one_member() -> None:
    same = [near(0, minute, sha256="a" * 64) for minute in range(3)]
    (cluster,) = clusters([*same, near(3, 9)])
    assert [one.times for one in cluster.members] == [3, 1]
    assert cluster.covers == 4


def test_what_the_machine_says_differently_stays_apart() -> None:
    listed, unread = make_item(START), make_item(START, matches=(), pdq=None, reason="truncated")
    found = clusters([unread, near(0), near(1), listed])
    assert [one.kind for one in found] == [CaseKind.KNOWN, CaseKind.NEAR, CaseKind.UNSCREENED]
    assert found[2].why == "truncated"
    assert found[2].beyond is None


def test_poor_pictures_are_not_alike() -> None:
    assert len(clusters([near(0, quality=49), near(1, quality=49)])) == 2
    assert distance(near(0, quality=49), near(1)) is None
    assert distance(near(0), near(7)) == 7


bits = st.lists(st.integers(0, 200), min_size=1, max_size=14)


@given(bits, st.randoms(use_true_random=False))
def test_clusters_share_the_files_out_whatever_the_order(
    given_bits: list[int], draw: object
) -> None:
    files = [near(one, place) for place, one in enumerate(given_bits)]
    found = clusters(files)
    assert sum(one.covers for one in found) == len(files)
    members = [member.item.id for one in found for member in one.members]
    assert len(set(members)) == len(members)
    for one in found:
        for member in one.members:
            assert distance(one.shown, member.item) == member.distance
            assert member.distance <= LIKENESS_RADIUS
    shuffled = files[:]
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    assert clusters(shuffled) == found
