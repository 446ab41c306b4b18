"""No picture without a grant; what was shown, and only that, is on the viewing record."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.casework import ANNA, BORIS
from tests.parsers import parsing
from tests.unit.cases.evidence import drawn, filed, vault

from tutela.audit.entry import Action
from tutela.cases import viewing
from tutela.cases.rendering import Rung, render
from tutela.cases.viewing import GRANT, Fidelity, Viewing
from tutela.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.evidence.vault import Vault

__all__ = ["vault"]


def test_a_grant_shows_once_to_one_person_for_seconds(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    item = filed(audit, vault, clock, drawn())
    looking = Viewing(audit, vault, parsing().smaller)
    case_id = item.case_id or ""
    grant = looking.grant(ANNA, case_id, item.id, Fidelity.TINY)
    with pytest.raises(Refused):
        looking.render(BORIS, grant.id, "r-7")
    assert looking.of_case(case_id) == ()
    picture = looking.render(ANNA, grant.id, "r-7")
    assert picture.startswith(b"\x89PNG")
    with pytest.raises(Refused):
        looking.render(ANNA, grant.id, "r-7")
    clock.advance(4)
    looking.end(ANNA, grant.id)
    (view,) = looking.of_case(case_id)
    assert (view.person, view.fidelity, view.seconds) == (str(ANNA), Fidelity.TINY, 4)
    late = looking.grant(ANNA, case_id, item.id, Fidelity.TINY)
    clock.advance(GRANT.total_seconds())
    with pytest.raises(Refused):
        looking.render(ANNA, late.id, "r-7")
    refused = [e for e in audit.entries(case_id) if e.action == Action.VIEW_REFUSED]
    assert [(e.actor, e.details["why"]) for e in refused] == [
        (str(BORIS), "foreign"),
        (str(ANNA), "used"),
        (str(ANNA), "over"),
    ]
    assert {e.details["item"] for e in refused} == {item.id}
    actions = [entry.action for entry in audit.entries(case_id)]
    assert actions.count(Action.VIEW_GRANTED) == 2
    assert actions.count(Action.VIEW_ENDED) == 1
    assert Action.EVIDENCE_OPENED in [e.action for e in audit.entries(item.evidence_id or "")]


def test_a_grant_that_never_was_is_refused_on_record_without_its_text(
    audit: AuditLog, vault: Vault
) -> None:
    looking = Viewing(audit, vault, parsing().smaller)
    with pytest.raises(Refused):
        looking.render(ANNA, "viw_<script>", "r-7")
    (entry,) = audit.entries(ANNA.id)
    assert (entry.action, entry.details) == (Action.VIEW_REFUSED, {"why": "unknown"})


def test_nobody_ends_the_look_of_another(audit: AuditLog, vault: Vault, clock: FixedClock) -> None:
    item = filed(audit, vault, clock, drawn())
    looking = Viewing(audit, vault, parsing().smaller)
    grant = looking.grant(ANNA, item.case_id or "", item.id, Fidelity.TINY)
    looking.render(ANNA, grant.id, "r-7")
    clock.advance(5)
    with pytest.raises(Refused):
        looking.end(BORIS, grant.id)
    clock.advance(5)
    looking.end(ANNA, grant.id)
    (view,) = looking.of_case(item.case_id or "")
    assert view.seconds == 10


def test_looking_closely_needs_a_purpose(audit: AuditLog, vault: Vault, clock: FixedClock) -> None:
    item = filed(audit, vault, clock, drawn())
    looking = Viewing(audit, vault, parsing().smaller)
    for fidelity in (Fidelity.LARGER, Fidelity.COLOUR, Fidelity.ORIGINAL):
        with pytest.raises(InvalidInput):
            looking.grant(ANNA, item.case_id or "", item.id, fidelity, "  ")
        looking.grant(ANNA, item.case_id or "", item.id, fidelity, "tell two apart")
    with pytest.raises(InvalidInput):
        looking.grant(ANNA, item.case_id or "", item.id, Fidelity.FACTS)
    with pytest.raises(NotFound):
        looking.grant(ANNA, "cas_other", item.id, Fidelity.TINY)


def test_only_colour_and_up_counts_as_viewed_and_only_in_time(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    item = filed(audit, vault, clock, drawn())
    looking = Viewing(audit, vault, parsing().smaller)
    case_id = item.case_id or ""
    for fidelity in (Fidelity.SKETCH, Fidelity.TINY, Fidelity.LARGER):
        grant = looking.grant(ANNA, case_id, item.id, fidelity, "why")
        looking.render(ANNA, grant.id, "r-7")
    assert not viewing.viewed(looking.of_case(case_id), item.id, clock())
    before = clock()
    clock.advance(1)
    looking.render(ANNA, looking.grant(ANNA, case_id, item.id, Fidelity.COLOUR, "why").id, "r-7")
    record = looking.of_case(case_id)
    assert viewing.viewed(record, item.id, clock())
    assert not viewing.viewed(record, item.id, before)
    assert not viewing.viewed(record, "itm_other", clock())


def test_a_picture_that_cannot_be_drawn_is_no_view(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    item = filed(audit, vault, clock, drawn()[:400])
    looking = Viewing(audit, vault, parsing().smaller)
    grant = looking.grant(ANNA, item.case_id or "", item.id, Fidelity.COLOUR, "why")
    with pytest.raises(InvalidInput):
        looking.render(ANNA, grant.id, "r-7")
    assert looking.of_case(item.case_id or "") == ()


def test_each_rung_shows_no_more_than_it_should() -> None:
    plain = drawn()
    shown = {
        rung: Image.open(io.BytesIO(render(plain, rung, "", parsing().smaller))) for rung in Rung
    }
    assert max(shown[Rung.LARGER].size) == 256
    assert max(shown[Rung.COLOUR].size) == 512
    assert shown[Rung.ORIGINAL].size == (900, 600)
    for rung in (Rung.SKETCH, Rung.TINY, Rung.LARGER):
        red, green, blue = shown[rung].split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
    # The tiny rung is enlarged for the eye only: it holds no more than 64 pixels' detail.
    tiny = shown[Rung.TINY]
    again = tiny.resize((64, 43)).resize(tiny.size, Image.Resampling.BICUBIC)
    differing = [abs(a - b) for a, b in zip(tiny.tobytes(), again.tobytes(), strict=True)]
    assert sum(differing) / len(differing) < 2


def test_the_watermark_is_drawn() -> None:
    smaller = parsing().smaller
    stamped = render(drawn(), Rung.COLOUR, "r-7 2026", smaller)
    assert stamped != render(drawn(), Rung.COLOUR, "", smaller)


def test_the_record_names_each_view_apart(audit: AuditLog, vault: Vault, clock: FixedClock) -> None:
    item = filed(audit, vault, clock, drawn())
    looking = Viewing(audit, vault, parsing().smaller)
    for person in (ANNA, BORIS):
        grant = looking.grant(person, item.case_id or "", item.id, Fidelity.SKETCH)
        looking.render(person, grant.id, "r")
        clock.advance(1)
    record = looking.of_case(item.case_id or "")
    assert [view.person for view in record] == [str(ANNA), str(BORIS)]
    assert record[0] == replace(record[1], person=str(ANNA), at=record[0].at)
