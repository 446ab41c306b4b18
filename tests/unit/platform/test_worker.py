"""The worker never ends by itself: whatever goes wrong, it waits and looks again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.fixed_clock import START, FixedClock

from tutela.errors import Unavailable
from tutela.platform.worker import Worker
from tutela.storage import duties

if TYPE_CHECKING:
    from tutela.storage.database import Database


@pytest.mark.parametrize(
    "problem", [Unavailable("The database did not answer.", "Wait."), KeyError("a defect")]
)
def test_a_worker_outlives_any_problem(
    database: Database, clock: FixedClock, problem: Exception
) -> None:
    with database.bookkeeping() as connection:
        duties.enqueue(connection, "host", "a", START)
    stop, done, failures = threading.Event(), threading.Event(), [problem]

    def chore() -> None:
        if failures:
            raise failures.pop()

    def carry_out(duty: duties.Duty) -> None:
        with database.bookkeeping() as connection:
            duties.done(connection, duty, START)
        done.set()

    worker = Worker(database, clock, {"host": carry_out}, chores=(chore,))
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        assert done.wait(10)
    finally:
        stop.set()
        thread.join()
    assert failures == []
