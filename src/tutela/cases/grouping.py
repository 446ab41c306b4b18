"""Which items are decided together: same account, and alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.content.item import Item, PictureFacts

LIKENESS_RADIUS = 31
LIKENESS_QUALITY = 50


def like(item: Item, members: Sequence[Item]) -> bool:
    """Say whether an item belongs with the members of a case.

    Unscreened items go together by reason: nothing is known of their likeness. What somebody gave
    notice of goes with its like that somebody holds to be the same harm. Others go
    together when they share the bytes, a matched list entry, or a PDQ within 31 bits at
    quality 50 or more (the distance its authors call a match: Davis and Rosen, 2019). What is
    only possible stays apart from matches: one needs a look where the others may not.
    """
    if not item.matches:
        return any(_as_unknown(item, member) for member in members if not member.matches)
    sure = [one for one in members if one.matches and one.only_possible == item.only_possible]
    return any(_alike(item, member) for member in sure)


def _as_unknown(one: Item, other: Item) -> bool:
    mine, theirs = one.surroundings.notice, other.surroundings.notice
    if mine is None or theirs is None:
        return mine is theirs and one.reason == other.reason
    return mine.harm is theirs.harm and _alike(one, other)


def _alike(one: Item, other: Item) -> bool:
    if one.sha256 == other.sha256:
        return True
    entries = {(match.list_name, match.entry_id) for match in one.matches}
    if any((match.list_name, match.entry_id) in entries for match in other.matches):
        return True
    return any(near(a, b) for a in one.compared for b in other.compared)


def near(one: PictureFacts, other: PictureFacts) -> bool:
    """Say whether two pictures lie within the likeness radius at sufficient quality."""
    if min(one.quality, other.quality) < LIKENESS_QUALITY:
        return False
    return (int(one.pdq, 16) ^ int(other.pdq, 16)).bit_count() <= LIKENESS_RADIUS
