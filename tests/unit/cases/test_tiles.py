"""A tile is asked for, given once, shows one spot and no more; what is refused is recorded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.casework import ANNA, BORIS
from tests.parsers import parsing
from tests.unit.cases.evidence import drawn, filed, vault

from tutela.audit.entry import Action
from tutela.cases import viewing
from tutela.cases.rendering import TILE_SHARE, Rung, Spot, render, tile
from tutela.cases.tiles import MOST_TILES, Revealing
from tutela.cases.viewing import GRANT, Fidelity, Viewing
from tutela.errors import Conflict, InvalidInput, Refused

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item
    from tutela.evidence.vault import Vault

__all__ = ["vault"]

MIDDLE = Spot(500, 500)


class Look:
    """One file on record, and its ground already before Anna's eyes."""

    def __init__(self, audit: AuditLog, vault: Vault, clock: FixedClock) -> None:
        self.item: Item = filed(audit, vault, clock, drawn())
        self.viewing = Viewing(audit, vault, parsing().smaller)
        self.revealing = Revealing(audit, self.viewing, parsing().smaller)
        self.case_id = self.item.case_id or ""
        self.view = self.granted(Fidelity.REVEAL)
        self.viewing.render(ANNA, self.view, "r-7")

    def granted(self, fidelity: Fidelity) -> str:
        return self.viewing.grant(ANNA, self.case_id, self.item.id, fidelity).id


@pytest.fixture
def look(audit: AuditLog, vault: Vault, clock: FixedClock) -> Look:
    return Look(audit, vault, clock)


def refusals(audit: AuditLog, case_id: str) -> list[object]:
    entries = audit.entries(case_id)
    return [one.details["why"] for one in entries if one.action == Action.VIEW_REFUSED]


def test_a_tile_is_asked_for_recorded_and_given_once(audit: AuditLog, look: Look) -> None:
    given = look.revealing.ask(ANNA, look.view, MIDDLE)
    assert given.left == MOST_TILES - 1
    png = look.revealing.render(ANNA, look.view, given.id, "r-7")
    assert png.startswith(b"\x89PNG")
    with pytest.raises(Refused):
        look.revealing.render(ANNA, look.view, given.id, "r-7")
    assert refusals(audit, look.case_id) == ["used"]
    (entry,) = [e for e in audit.entries(look.case_id) if e.action == Action.VIEW_TILE_GRANTED]
    assert entry.details == {"item": look.item.id, "view": look.view, "tile": given.id}
    opened = audit.entries(look.item.evidence_id)
    assert [e.action for e in opened].count(Action.EVIDENCE_OPENED) == 2


def test_tiles_are_few_and_the_next_one_is_refused_on_record(audit: AuditLog, look: Look) -> None:
    for number in range(MOST_TILES):
        assert look.revealing.ask(ANNA, look.view, Spot(number, 0)).left == MOST_TILES - 1 - number
    with pytest.raises(Conflict):
        look.revealing.ask(ANNA, look.view, MIDDLE)
    assert refusals(audit, look.case_id) == ["spent"]
    assert TILE_SHARE * MOST_TILES <= 0.4


def test_tiles_belong_to_one_person_and_to_a_view_that_lasts(
    audit: AuditLog, look: Look, clock: FixedClock
) -> None:
    given = look.revealing.ask(ANNA, look.view, MIDDLE)
    for attempt in (
        lambda: look.revealing.ask(BORIS, look.view, MIDDLE),
        lambda: look.revealing.render(BORIS, look.view, given.id, "r-8"),
    ):
        with pytest.raises(Refused):
            attempt()
    # A tile of one view is not had through another.
    other = look.granted(Fidelity.REVEAL)
    with pytest.raises(Refused):
        look.revealing.ask(ANNA, other, MIDDLE)
    look.viewing.render(ANNA, other, "r-7")
    with pytest.raises(Refused):
        look.revealing.render(ANNA, other, given.id, "r-7")
    look.viewing.end(ANNA, look.view)
    with pytest.raises(Refused):
        look.revealing.render(ANNA, look.view, given.id, "r-7")
    clock.advance(GRANT.total_seconds())
    with pytest.raises(Refused):
        look.revealing.ask(ANNA, other, MIDDLE)
    assert refusals(audit, look.case_id) == [
        *("foreign", "foreign", "over", "unknown", "over", "over")
    ]


def test_only_the_rung_that_reveals_has_tiles(look: Look) -> None:
    tiny = look.granted(Fidelity.TINY)
    look.viewing.render(ANNA, tiny, "r-7")
    with pytest.raises(Conflict):
        look.revealing.ask(ANNA, tiny, MIDDLE)


def test_revealing_is_one_view_of_its_seconds_and_does_not_count_as_viewed(
    look: Look, clock: FixedClock
) -> None:
    for across in (100, 900):
        given = look.revealing.ask(ANNA, look.view, Spot(across, 500))
        look.revealing.render(ANNA, look.view, given.id, "r-7")
        clock.advance(3)
    look.viewing.end(ANNA, look.view)
    record = look.viewing.of_case(look.case_id)
    assert [(one.person, one.fidelity, one.seconds) for one in record] == [
        (str(ANNA), Fidelity.REVEAL, 6)
    ]
    assert not viewing.viewed(record, look.item.id, clock())
    assert Fidelity.TINY.rank < Fidelity.REVEAL.rank < Fidelity.LARGER.rank
    assert not Fidelity.REVEAL.needs_purpose


@pytest.mark.parametrize(("across", "down"), [(-1, 0), (0, 1001), (5000, 5)])
def test_a_spot_lies_within_the_picture(across: int, down: int) -> None:
    with pytest.raises(InvalidInput):
        Spot(across, down)


@pytest.mark.parametrize("size", [(900, 600), (300, 1200), (64, 64)])
@pytest.mark.parametrize("spot", [MIDDLE, Spot(0, 0), Spot(1000, 250)])
def test_a_tile_holds_one_spot_in_grey_and_nothing_else(size: tuple[int, int], spot: Spot) -> None:
    shown = Image.open(io.BytesIO(tile(drawn(*size), spot, "", parsing().smaller)))
    assert shown.mode == "RGBA"
    red, green, blue, alpha = shown.split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
    inside = sum(1 for one in alpha.tobytes() if one)
    area = shown.width * shown.height
    assert 0 < inside <= TILE_SHARE * area * 1.05
    # Nothing lies under what is clear, either.
    hidden = [value for value, seen in zip(red.tobytes(), alpha.tobytes(), strict=True) if not seen]
    assert set(hidden) == {0}
    ground = Image.open(io.BytesIO(render(drawn(*size), Rung.REVEAL, "", parsing().smaller)))
    assert ground.size == shown.size


def test_every_tile_carries_the_watermark_wherever_it_lies() -> None:
    smaller = parsing().smaller
    for spot in (Spot(0, 0), MIDDLE, Spot(1000, 1000)):
        plain, stamped = (tile(drawn(), spot, said, smaller) for said in ("", "r-7 2026-01-05"))
        seen, signed = (Image.open(io.BytesIO(one)) for one in (plain, stamped))
        differing = sum(a != b for a, b in zip(seen.tobytes(), signed.tobytes(), strict=True))
        assert differing > 100
        assert seen.split()[3].tobytes() == signed.split()[3].tobytes()


@pytest.mark.parametrize("rung", Rung)
def test_every_rung_carries_the_watermark(rung: Rung) -> None:
    smaller = parsing().smaller
    assert render(drawn(), rung, "r-7 2026-01-05", smaller) != render(drawn(), rung, "", smaller)
