"""What cannot be shown is a state: recorded, no view, lifted when it can be shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, make_item
from tests.parsers import parsing
from tests.unit.cases.evidence import drawn, filed, vault

from tutela.audit.entry import Action
from tutela.cases import availability
from tutela.cases.availability import Availability, Trouble, Unshowable
from tutela.cases.viewing import Fidelity, Viewing
from tutela.errors import InvalidInput, NotFound, Refused, Tampered, Unavailable
from tutela.evidence import keys
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.vault import Purpose, Vault
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item

__all__ = ["vault"]


def standing(audit: AuditLog, item: Item) -> list[Trouble]:
    with audit.database.reading() as connection:
        found = availability.of_case(connection, item.case_id or "")
    assert {one.item_id for one in found} <= {item.id}
    return [one.trouble for one in found]


def look(audit: AuditLog, held: Vault, item: Item) -> None:
    viewing = Viewing(audit, held, parsing().smaller)
    grant = viewing.grant(ANNA, item.case_id or "", item.id, Fidelity.SKETCH)
    viewing.render(ANNA, grant.id, "r-7")


def said(audit: AuditLog, item: Item) -> list[tuple[str, object]]:
    return [
        (one.action, one.details.get("trouble"))
        for one in audit.entries(item.case_id)
        if one.action.startswith("case.evidence")
    ]


def sealed_file(tmp_path: Path) -> Path:
    (found,) = [one for one in (tmp_path / "objects").rglob("evd_*") if one.is_file()]
    return found


def test_what_is_missing_is_recorded_and_lifts_by_itself_when_it_is_back(
    audit: AuditLog, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    item = filed(audit, vault, clock, drawn())
    place = sealed_file(tmp_path)
    away = place.rename(tmp_path / "away")
    with pytest.raises(NotFound):
        look(audit, vault, item)
    assert standing(audit, item) == [Trouble.MISSING]
    assert Viewing(audit, vault, parsing().smaller).of_case(item.case_id or "") == ()
    away.rename(place)
    look(audit, vault, item)
    assert standing(audit, item) == []
    assert said(audit, item) == [
        (Action.CASE_EVIDENCE_UNAVAILABLE, "missing"),
        (Action.CASE_EVIDENCE_AVAILABLE, None),
    ]


def test_what_was_altered_is_altered(
    audit: AuditLog, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    item = filed(audit, vault, clock, drawn())
    place = sealed_file(tmp_path)
    sealed = bytearray(place.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    place.chmod(0o600)
    place.write_bytes(sealed)
    with pytest.raises(Tampered):
        look(audit, vault, item)
    assert standing(audit, item) == [Trouble.ALTERED]


def test_a_key_that_is_not_here_locks(
    audit: AuditLog, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    item = filed(audit, vault, clock, drawn())
    other = keys.create(tmp_path / "other.pub", tmp_path / "other.key")
    elsewhere = Vault(audit, Objects(tmp_path / "objects"), other.sealing, HeldKeys(other))
    with pytest.raises(Refused):
        look(audit, elsewhere, item)
    assert standing(audit, item) == [Trouble.LOCKED]


class AwayKeys(HeldKeys):
    """A key service outside that does not answer now."""

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        raise Unavailable(f"No answer for {key_id} of {len(wrapped)} bytes.", "Try again.")


def test_a_service_that_does_not_answer_is_silent_and_no_file_is_lost(
    audit: AuditLog, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    item = filed(audit, vault, clock, drawn())
    other = keys.create(tmp_path / "other.pub", tmp_path / "other.key")
    away = Vault(audit, Objects(tmp_path / "objects"), other.sealing, AwayKeys(other))
    with pytest.raises(Unavailable):
        look(audit, away, item)
    assert standing(audit, item) == [Trouble.SILENT]


def test_what_cannot_be_drawn_stays_so_and_keeps_when_it_began(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    item = filed(audit, vault, clock, drawn()[:400])
    began = clock()
    for _ in range(2):
        with pytest.raises(InvalidInput):
            look(audit, vault, item)
        clock.advance(60)
    with audit.database.reading() as connection:
        found = availability.of_case(connection, item.case_id or "")
    assert found == (Unshowable(item.id, Trouble.UNDRAWABLE, began),)


def test_checking_again_shows_nothing_and_says_what_it_found(
    audit: AuditLog, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    item = filed(audit, vault, clock, drawn())
    place = sealed_file(tmp_path)
    away = place.rename(tmp_path / "away")
    looking = Availability(audit, vault, parsing().smaller)
    assert looking.recheck(BORIS, item.case_id or "", item.id) is Trouble.MISSING
    assert standing(audit, item) == [Trouble.MISSING]
    away.rename(place)
    assert looking.recheck(BORIS, item.case_id or "", item.id) is None
    assert standing(audit, item) == []
    with pytest.raises(NotFound):
        looking.recheck(BORIS, "cas_other", item.id)
    assert Viewing(audit, vault, parsing().smaller).of_case(item.case_id or "") == ()
    opened = [e for e in audit.entries(item.evidence_id) if e.action == Action.EVIDENCE_OPENED]
    assert {one.details["purpose"] for one in opened} == {"verification"}


def test_a_crowd_before_the_decoders_says_nothing_of_the_evidence(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    item = filed(audit, vault, clock, drawn())

    def crowded(_data: bytes) -> None:
        raise Unavailable("Too many wait.", "Come again.")

    with pytest.raises(Unavailable):
        Availability(audit, vault, parsing().smaller).drawn(ANNA, item, Purpose.REVIEW, crowded)
    assert standing(audit, item) == []


def test_what_no_machine_could_read_counts_as_undrawable_until_it_was_shown(
    clock: FixedClock,
) -> None:
    broken = make_item(clock(), matches=(), pdq=None, reason="truncated", evidence_id="evd_1")
    sound = make_item(clock(), evidence_id="evd_2")
    assert availability.troubles((), (broken, sound), ()) == {Trouble.UNDRAWABLE}
    assert availability.troubles((), (broken, sound), (broken.id,)) == frozenset()
    assert availability.troubles((), (sound,), ()) == frozenset()
    gone = Unshowable(sound.id, Trouble.MISSING, clock())
    assert availability.troubles((gone,), (sound,), (sound.id,)) == {Trouble.MISSING}
