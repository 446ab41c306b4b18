"""Golden checks at work: they look like cases, and nothing at all follows from them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.casework import ANNA, BORIS, HOST
from tests.instance import LISTED, instance, near_copy
from tests.parsers import shared_pool
from tests.pictures import encoded, scene
from tests.simulators.process import PASSWORD, USER, SimulatedCyberTipline, SimulatedHost

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.cases import case as cases_on_record
from tutela.cases.passing import Way
from tutela.cases.viewing import Fidelity
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.decisions.second_review import Draw
from tutela.errors import InvalidInput, LeaseLost, NotFound, Refused
from tutela.key_files import KeyFiles
from tutela.platform.golden import Mix
from tutela.platform.intake import Submission
from tutela.statistics import workload
from tutela.storage.database import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tutela.bootstrap import Platform

LEAD = BORIS
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
_OWN = {"golden_pictures", "golden_checks"}
_OF_LOOKS = {"views"}
_OF_THE_LOG = {"audit_entries", "audit_head", "audit_tiles"}


def near_case(platform: Platform, account: str = "account-77", post: str = "post-1") -> str:
    answer = platform.intake.submit(
        HOST, Submission(near_copy(), post, AccountFacts(id=account)), key=account
    )
    assert answer.case_id is not None
    return answer.case_id


def folder_of(path: Path, pictures: dict[str, bytes]) -> Path:
    path.mkdir()
    lines = ["file,teaches,enough"]
    for name, data in pictures.items():
        (path / name).write_bytes(data)
        lines.append(f"{name},A small look is enough.,tiny")
    (path / "answers.csv").write_text("\n".join(lines))
    return path


@pytest.fixture
def mixed(platform: Platform, tmp_path: Path) -> Platform:
    """An instance in which every next case is a check, while the set lasts."""
    near_case(platform)
    pictures = {f"{one}.jpg": encoded(scene(one, 400, 300), "JPEG") for one in (21, 22)}
    platform.golden_sets.install_folder(LEAD, "own", folder_of(tmp_path / "set", pictures))
    platform.golden.mix = Mix(share=1.0)
    return platform


def books(platform: Platform, but: set[str]) -> dict[str, list[str]]:
    """Return every row of every table but some."""
    with platform.database.reading() as connection:
        # Tests of the storage declare tables that no instance has.
        there = set(sa.inspect(connection).get_table_names()) - but
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
            if table.name in there
        }


def items(platform: Platform, case_id: str) -> str:
    with platform.database.reading() as connection:
        return cases_on_record.items_of(connection, case_id)[0].id


def dealt(platform: Platform) -> str:
    check = platform.golden.next(ANNA)
    assert check is not None
    return check


def looked(platform: Platform, check_id: str, fidelity: Fidelity) -> None:
    check = platform.golden.of(ANNA, check_id)
    grant = platform.viewing.grant(ANNA, check_id, check.item_id, fidelity, "to tell")
    assert platform.viewing.render(ANNA, grant.id, "anna").startswith(b"\x89PNG")


@contextmanager
def listening(
    folder: Path, database_url: str
) -> Iterator[tuple[Platform, SimulatedHost, SimulatedCyberTipline]]:
    """An instance whose host platform and authority listen, and whose decisions leave at once."""
    with instance(folder, database_url) as made:
        secret = KeyFiles(made.settings.keys).webhook_secret()
    with (
        SimulatedCyberTipline(folder) as authority,
        SimulatedHost(folder, "http://127.0.0.1:9", "unused", secret) as host,
    ):
        settings = settings_file.load(
            folder / "home",
            database_url=database_url,
            authority={"url": authority.api, "username": USER, "password": PASSWORD},
            host={"webhook_url": host.webhook},
            approval={"people": 0, "urgent_people": 0},
            grace={"seconds": 0},
            reporter={"company": "Example", "email": "safety@example.org"},
        )
        platform = bootstrap.open_platform(settings, pool=shared_pool())
        try:
            yield platform, host, authority
        finally:
            platform.close()


def figures(platform: Platform, now: datetime) -> list[object]:
    """Return what leads are told of real cases."""
    with platform.database.reading() as connection:
        return [
            platform.queue.counts(),
            [(one.severity, one.counts) for one in workload.waiting(connection, now)],
            workload.clocks(connection, now),
            workload.decided(connection, now),
            workload.agreement(connection, now - timedelta(days=1)),
            workload.precision(connection, 100),
            platform.second_look.agreed(),
        ]


def work(platform: Platform) -> None:
    end = time.monotonic() + 30
    while platform.worker.owed() and time.monotonic() < end:
        if not platform.worker.step():
            time.sleep(0.02)


def test_nothing_follows_from_a_check_at_host_or_authority(
    tmp_path: Path, database_url: str
) -> None:
    """Answers abusive, urgent and harmless reach nobody; one real decision reaches both."""
    with listening(tmp_path, database_url) as (platform, host, authority):
        post = host.post(near_copy(), "account-77", "picture.png")
        case_id = near_case(platform, post=post)
        pictures = {f"{one}.jpg": encoded(scene(one, 400, 300), "JPEG") for one in (21, 22, 23)}
        platform.golden_sets.install_folder(LEAD, "own", folder_of(tmp_path / "set", pictures))
        platform.golden.mix, platform.casework.draw = Mix(share=1.0), Draw(1.0)
        before = books(platform, _OWN | _OF_LOOKS | _OF_THE_LOG)
        now = platform.clock()
        said = figures(platform, now)
        for finding in (ABUSIVE, replace(ABUSIVE, urgent_reason="now"), HARMLESS):
            check_id = dealt(platform)
            looked(platform, check_id, Fidelity.TINY)
            lease = platform.golden.of(ANNA, check_id).lease or ""
            platform.golden.decide(ANNA, check_id, lease, finding)
        assert platform.worker.owed() == 0
        work(platform)
        assert books(platform, _OWN | _OF_LOOKS | _OF_THE_LOG) == before
        assert figures(platform, now) == said
        assert host.books()["effects"] == []
        assert authority.calls() == []
        platform.audit.verify()
        # They do listen.
        held = platform.queue.claim(ANNA, case_id)
        looked_at = platform.viewing.grant(ANNA, case_id, items(platform, case_id), Fidelity.TINY)
        platform.viewing.render(ANNA, looked_at.id, "anna")
        platform.casework.decide(ANNA, case_id, held.token, 1, ABUSIVE)
        work(platform)
        assert [one["verb"] for one in host.books()["effects"]] == ["remove"]
        assert authority.calls() != []


def test_a_check_waits_for_what_cannot_wait(mixed: Platform) -> None:
    """Danger, a case that waits too long, a referral near its deadline, a case already held."""
    with mixed.database.reading() as connection:
        (case_id,) = connection.execute(sa.text("SELECT id FROM cases")).scalars()
    mixed.golden.mix = Mix(share=1.0, queue_age=timedelta(0))
    assert mixed.golden.next(ANNA) is None
    mixed.golden.mix = Mix(share=1.0)
    held = dealt(mixed)
    assert dealt(mixed) == held, "one at a time"
    mixed.queue.escalate(BORIS, case_id, "a child may be in danger now")
    assert mixed.golden.next(ANNA) is None
    assert mixed.golden.of(ANNA, held).state == "withdrawn"
    lease = mixed.queue.next(ANNA)
    assert lease is not None and lease.case_id == case_id
    assert mixed.golden.next(BORIS) is None, "nor is one dealt while it waits"
    mixed.casework.decide(ANNA, case_id, lease.token, 1, HARMLESS)
    assert mixed.golden.next(BORIS) is None, "nothing waits that it could be taken for"
    near_case(mixed, "account-78", "post-2")
    assert mixed.golden.next(ANNA) is not None
    listed = mixed.intake.submit(HOST, Submission(LISTED, "post-3", AccountFacts(id="account-2")))
    lease = mixed.queue.claim(BORIS, listed.case_id or "")
    assert mixed.golden.next(BORIS) is None, "who holds a case is given no check"
    mixed.casework.decide(BORIS, lease.case_id, lease.token, 1, ABUSIVE)
    assert mixed.golden.next(BORIS) is not None
    with mixed.database.bookkeeping() as connection:
        connection.execute(sa.text("UPDATE referrals SET warn_at = created_at"))
    assert mixed.golden.next(ANNA) is None


def test_a_check_is_its_persons_own_and_is_worked_on_as_a_case_is(mixed: Platform) -> None:
    check = mixed.golden.of(ANNA, dealt(mixed))
    lease = check.lease or ""
    assert mixed.budget.day(ANNA).seen.points == 0
    with pytest.raises(InvalidInput):
        mixed.golden.decide(ANNA, check.id, lease, ABUSIVE)
    with pytest.raises(LeaseLost):
        mixed.golden.decide(ANNA, check.id, "another", HARMLESS)
    looked(mixed, check.id, Fidelity.COLOUR)
    assert mixed.budget.day(ANNA).seen.points > 0, "a look is a look"
    with pytest.raises(NotFound):
        mixed.golden.decide(BORIS, check.id, lease, HARMLESS)
    with pytest.raises(NotFound):
        mixed.viewing.grant(BORIS, check.id, check.item_id, Fidelity.TINY)
    mixed.budget.stop(ANNA)
    with pytest.raises(Refused):
        mixed.viewing.grant(ANNA, check.id, check.item_id, Fidelity.TINY)
    with pytest.raises(Refused):
        mixed.golden.next(ANNA)
    mixed.budget.resume(ANNA)
    mixed.golden.decide(ANNA, check.id, lease, ABUSIVE)
    with pytest.raises(LeaseLost):
        mixed.golden.decide(ANNA, check.id, lease, HARMLESS)
    with pytest.raises(NotFound):
        mixed.viewing.grant(ANNA, check.id, check.item_id, Fidelity.TINY)
    # Theirs alone: not the log's, not a colleague's, not the leads'.
    assert [one.right for one in mixed.golden.own(ANNA)] == [False]
    assert mixed.golden.own(BORIS) == ()
    assert mixed.golden.score() is None
    said = [one for one in mixed.audit.entries(check.id) if one.action.startswith("golden.")]
    assert [one.action for one in said] == ["golden.dealt", "golden.answered"]
    assert [one.details for one in said] == [{"set": "own"}] * 2
    # Passing one on ends it, and reaches nobody.
    before = books(mixed, _OWN | _OF_THE_LOG)
    mixed.golden.pass_on(ANNA, dealt(mixed), Way.ESCALATED)
    assert books(mixed, _OWN | _OF_THE_LOG) == before
    assert mixed.golden.next(ANNA) is None, "nobody gets a picture twice"
    # A set can be taken out at any time.
    other = mixed.golden.next(BORIS)
    assert other is not None
    mixed.golden_sets.remove(LEAD, "own")
    assert mixed.golden.of(BORIS, other).state == "withdrawn"
    assert mixed.golden_sets.all() == ()


def test_what_a_list_has_or_nobody_can_read_is_no_benign_picture(
    platform: Platform, tmp_path: Path
) -> None:
    for number, data in enumerate((LISTED, near_copy(), b"no picture")):
        folder = folder_of(tmp_path / str(number), {"a.jpg": data})
        with pytest.raises(InvalidInput):
            platform.golden_sets.install_folder(LEAD, "own", folder)
    outside = folder_of(tmp_path / "outside", {"a.jpg": encoded(scene(21, 400, 300), "JPEG")})
    (outside / "answers.csv").write_text("file,teaches\n../0/a.jpg,look\n")
    with pytest.raises(InvalidInput):
        platform.golden_sets.install_folder(LEAD, "own", outside)
    assert platform.golden_sets.all() == ()
