"""A filed referral proves itself, and each kind of tampering with it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.approved_referral import Desk
from tests.casework import ANNA
from tests.simulators.process import SimulatedCyberTipline

from tutela.audit.entry import Action
from tutela.errors import InvalidInput
from tutela.referrals.letters import About, Direction, letters
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

ALL = ["log", "draft", "letters", "file 1", "viewed", "receipt"]


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[SimulatedCyberTipline]:
    with SimulatedCyberTipline(tmp_path) as running:
        yield running


@pytest.fixture
def desk(platform: Platform, authority: SimulatedCyberTipline) -> Desk:
    return Desk(platform, authority)


def unsound(desk: Desk) -> list[str]:
    checks = desk.platform.verification.verify(ANNA, desk.id)
    assert [one.step for one in checks] == ALL
    return [one.step for one in checks if not one.sound]


def tamper(desk: Desk, statement: sa.Update | sa.Delete) -> None:
    with desk.platform.database.bookkeeping() as connection:
        assert connection.execute(statement).rowcount == 1


def test_a_draft_and_a_filed_referral_are_proven(
    desk: Desk, authority: SimulatedCyberTipline
) -> None:
    assert unsound(desk) == []
    desk.work(3)
    assert unsound(desk) == []
    last = desk.platform.audit.entries(desk.id)[-1]
    assert (last.action, last.details) == (Action.REFERRAL_VERIFIED, {"sound": True})


def test_the_letters_are_what_the_authority_has(
    desk: Desk, authority: SimulatedCyberTipline, tmp_path: Path
) -> None:
    desk.work(3)
    (report,) = authority.reports("finished")
    kept = desk.platform.letters.of(desk.id)
    said = {(one.about, one.direction): desk.platform.letters.opened(one).decode() for one in kept}
    assert said[About.OPENING, Direction.SENT] == report["xml"]
    assert said[About.DETAILS, Direction.SENT] == report["files"][0]["details"]
    assert f"<reportId>{report['id']}</reportId>" in said[About.FINISHING, Direction.RECEIVED]
    assert said[About.FINISHING, Direction.SENT] == f"id={report['id']}"
    assert report["files"][0]["name"] in said[About.FILE, Direction.SENT]
    desk.platform.letters.export(ANNA, desk.id, tmp_path / "letters")
    assert len(list((tmp_path / "letters").iterdir())) == len(kept) == 8
    actions = [one.action for one in desk.platform.audit.entries(desk.id)]
    assert actions[-1] == Action.REFERRAL_LETTERS_OPENED
    with pytest.raises(InvalidInput):
        desk.platform.letters.export(ANNA, desk.id, tmp_path / "letters")


def test_letters_of_lost_reports_are_kept_too(desk: Desk, authority: SimulatedCyberTipline) -> None:
    authority.fault("drop_after", call="finish")
    authority.fault("drop_before", call="upload")
    desk.work(5)
    assert {one.report for one in desk.platform.letters.of(desk.id)} == {1, 2}
    assert unsound(desk) == []


def test_no_letter_rests_in_plain(desk: Desk) -> None:
    desk.work(3)
    for one in desk.platform.letters.of(desk.id):
        assert desk.platform.letters.opened(one) not in one.sealed


def test_tampering_is_found(desk: Desk) -> None:
    desk.work(3)
    mine = letters.c.referral_id == desk.id
    row = referrals.c.id == desk.id
    tamper(desk, referrals.update().where(row).values(number="4"))
    assert unsound(desk) == ["receipt"]
    old = desk.platform.register.draft_digest(desk.id)
    with desk.platform.database.reading() as connection:
        draft = connection.scalar(sa.select(referrals.c.draft).where(row)) or ""
    tamper(desk, referrals.update().where(row).values(draft=draft.replace("false", "true")))
    assert desk.platform.register.draft_digest(desk.id) != old
    assert unsound(desk) == ["draft", "viewed", "receipt"]
    another = letters.update().where(mine, letters.c.ordinal == 1)
    tamper(desk, another.values(sealed=desk.platform.letters.of(desk.id)[0].sealed))
    assert unsound(desk) == ["draft", "letters", "viewed", "receipt"]
    tamper(desk, letters.delete().where(mine, letters.c.ordinal == 0))
    assert unsound(desk) == ["draft", "letters", "viewed", "receipt"]


def test_other_evidence_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.work(3)
    evidence = desk.platform.register.load(desk.id).files[0].evidence_id
    (sealed,) = (tmp_path / "home" / "objects").rglob(evidence)
    data = bytearray(sealed.read_bytes())
    data[-1] ^= 1
    sealed.write_bytes(data)
    assert unsound(desk) == ["file 1"]
    sealed.unlink()
    assert unsound(desk) == ["file 1"]
