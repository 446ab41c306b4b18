"""The answer to an appeal reaches a host platform that refuses, stalls and dies: once, and last."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.casework import ANNA, BORIS, HOST
from tests.instance import LISTED, instance
from tests.parsers import shared_pool
from tests.simulators.process import SimulatedHost

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.key_files import KeyFiles
from tutela.platform.intake import Submission
from tutela.storage.duties import duties

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tutela.bootstrap import Platform

ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
_PATIENCE = 60
_LEASE_SECONDS = 1.0
_STALL_SECONDS = 4.0


def at_once(platform: Platform) -> None:
    """Let what waits to be tried again be tried now."""
    with platform.database.bookkeeping() as connection:
        connection.execute(
            duties.update().where(duties.c.done_at.is_(None)).values(due=platform.clock())
        )


def work(platform: Platform, host: SimulatedHost) -> None:
    """Work until nothing is owed; the host platform is started again where it died."""
    end = time.monotonic() + _PATIENCE
    while platform.worker.owed():
        assert time.monotonic() < end, "still owed"
        if not host.alive:
            host.start()
        if not platform.worker.step():
            at_once(platform)


def step_while_it_stalls(platform: Platform, host: SimulatedHost) -> None:
    """Take the duty, whose call stalls for longer than its lease; another worker takes it over."""
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(platform.worker.step)
        wait_until(lambda: not host.pending())
        wait_until(platform.worker.step)
        assert not stalled.done(), "it should still wait for its answer"
        assert stalled.result(_PATIENCE)


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_answer_is_told_once_whatever_the_host_does(tmp_path: Path, database_url: str) -> None:
    with instance(tmp_path, database_url) as made:
        secret = KeyFiles(made.settings.keys).webhook_secret()
    with SimulatedHost(tmp_path, "http://127.0.0.1:9", "unused", secret) as host:
        settings = settings_file.load(
            tmp_path / "home",
            database_url=database_url,
            host={"webhook_url": host.webhook},
            grace={"seconds": 0},
            duties={"lease_seconds": _LEASE_SECONDS},
        )
        platform = bootstrap.open_platform(settings, pool=shared_pool())
        try:
            post = host.post(LISTED, "account-1", "picture.jpg")
            answer = platform.intake.submit(
                HOST, Submission(LISTED, post, AccountFacts(id="account-1"))
            )
            case_id = answer.case_id or ""
            lease = platform.queue.claim(ANNA, case_id)
            platform.casework.decide(ANNA, case_id, lease.token, 1, ABUSIVE)
            faults: tuple[tuple[str, dict[str, object]], ...] = (
                ("refuse", {"status": 503}),
                ("drop_after", {}),
                ("crash", {"when": "after"}),
                ("answer_twice", {}),
                ("stall", {"when": "before", "seconds": _STALL_SECONDS}),
                ("stall", {"when": "after", "seconds": _STALL_SECONDS}),
            )
            for number, (fault, how) in enumerate(faults):
                work(platform, host)
                appeal = platform.appealing.receive(HOST, answer.id, f"appeal-{number}", "A tree.")
                platform.appealing.take(BORIS, appeal.id)
                host.fault(fault, call="webhook", **how)
                platform.appealing.uphold(BORIS, appeal.id, "it is the listed one")
                if fault == "stall":
                    step_while_it_stalls(platform, host)
            work(platform, host)
            last = platform.appealing.receive(HOST, answer.id, "appeal-last", "A tree.")
            platform.appealing.take(BORIS, last.id)
            host.fault("refuse", call="webhook", times=2)
            platform.appealing.reverse(BORIS, last.id, 1, HARMLESS)
            work(platform, host)
        finally:
            platform.close()
        told = [(one["appeal"], one["answer"]) for one in host.books()["answers"]]
        assert told == [
            *((f"appeal-{number}", "upheld") for number in range(len(faults))),
            ("appeal-last", "reversed"),
        ]
        assert [one["verb"] for one in host.books()["effects"]] == ["remove", "restore"]
        assert host.state(post) == "published"
