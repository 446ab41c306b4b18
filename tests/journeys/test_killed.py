"""SIGKILL at every step of the main job: one finished referral, one removal, nothing lost.

The steps are found, not listed: a first run counts the instants just before and just after each
commit, and the calls to both counterparties. Then each is killed once, and the job run again.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.journeys.job_scene import Scene, Snapshot, staged
from tests.simulators.process import SimulatedCyberTipline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = ("submit", "upload", "fileinfo", "finish")


@pytest.fixture
def stage(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    with SimulatedCyberTipline(tmp_path) as authority:
        yield from staged(tmp_path, database_url, authority)


def test_killed_before_and_after_every_commit(stage: Scene, database_url: str) -> None:
    """Each commit of the job, killed just before and just after it."""
    before = Snapshot(stage.home, database_url)
    instants = len(stage.finish())
    stage.assert_once()
    assert instants > 30, "the job has become shorter than it can be"
    for kill_at in range(1, instants + 1):
        before.put_back()
        stage.next_post()
        stage.start(kill_at)
        assert stage.ended() == -signal.SIGKILL
        stage.finish()
        stage.assert_once()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_every_call_to_the_authority(stage: Scene, call: str, kind: str) -> None:
    pid = stage.start()
    stage.authority.fault(call=call, kind=kind, pid=pid)
    assert stage.ended() == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_the_order_to_the_host(stage: Scene, kind: str) -> None:
    pid = stage.start()
    stage.host.fault(kind=kind, pid=pid)
    assert stage.ended() == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        *((call, kind) for call in CALLS for kind in ("drop_before", "drop_after", "garbage")),
        ("upload", "wrong_md5"),
    ],
)
def test_lost_and_wrong_answers(stage: Scene, call: str, kind: str) -> None:
    stage.authority.fault(call=call, kind=kind)
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_lost_answers_of_the_host_and_of_retract(stage: Scene, kind: str) -> None:
    stage.host.fault(kind=kind)
    stage.authority.fault(call="finish", kind="drop_after")
    stage.authority.fault(call="retract", kind=kind)
    stage.finish()
    stage.assert_once()
