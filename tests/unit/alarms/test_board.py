"""Alarms on record: raised once, cleared, acknowledged by a person, told without flooding."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixed_clock import START, FixedClock

from tutela.alarms.alarm import Alarm, Finding, Kind
from tutela.alarms.board import QUIET, Board
from tutela.alarms.telling import CLEARED, NOTICE, RAISED, REMINDER, Message, Telling, news
from tutela.audit.entry import Actor
from tutela.errors import Conflict, CounterpartyFailed, InvalidInput, NotFound
from tutela.storage import duties

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog

_ANNA = Actor("person", "acc_anna")
_QUEUE = Finding(Kind.QUEUE_OLD, "", "The oldest case has waited 2 days for a decision.")
_LIST = Finding(Kind.LIST_OLD, "lst_1", "The list known was last updated 3 days ago.")


def _actions(audit: AuditLog) -> list[str]:
    return [entry.action for entry in audit.entries()]


def test_an_alarm_is_raised_once_and_cleared(audit: AuditLog, clock: FixedClock) -> None:
    board = Board(audit)
    for _ in range(3):
        board.update([_QUEUE, _LIST])
        clock.advance(60)
    assert sorted(_actions(audit)) == ["alarm.raised", "alarm.raised"]
    board.update([_LIST])
    assert [one.kind for one in board.standing()] == [Kind.LIST_OLD]
    assert _actions(audit)[-1] == "alarm.cleared"
    assert {one.kind for one in board.recent()} == {Kind.LIST_OLD, Kind.QUEUE_OLD}


def test_what_comes_and_goes_is_one_alarm(audit: AuditLog, clock: FixedClock) -> None:
    board = Board(audit)
    for _ in range(10):
        board.update([_QUEUE])
        clock.advance(60)
        board.update([])
        clock.advance(60)
    assert len(board.recent()) == 1
    clock.advance(QUIET.total_seconds() + 1)
    board.update([_QUEUE])
    assert len(board.recent()) == 2


def test_a_person_acknowledges_once_with_a_note(audit: AuditLog) -> None:
    board = Board(audit)
    board.update([_QUEUE])
    [alarm] = board.standing()
    for note in ("", "   ", "x" * 1001):
        with pytest.raises(InvalidInput):
            board.acknowledge(_ANNA, alarm.id, note)
    board.acknowledge(_ANNA, alarm.id, "Two more people look from noon on.")
    with pytest.raises(Conflict):
        board.acknowledge(_ANNA, alarm.id, "again")
    with pytest.raises(NotFound):
        board.acknowledge(_ANNA, "alm_none", "what")
    [alarm] = board.standing()
    assert (alarm.acknowledged_by, alarm.note) == (str(_ANNA), "Two more people look from noon on.")
    entry = audit.entries()[-1]
    assert (entry.action, entry.actor) == ("alarm.acknowledged", str(_ANNA))
    assert "noon" not in str(entry.details), "the log holds no free text"


def test_what_nobody_acknowledged_stands_first(audit: AuditLog) -> None:
    board = Board(audit)
    board.update([_QUEUE, _LIST])
    first = board.standing()[0]
    board.acknowledge(_ANNA, first.id, "seen")
    assert board.standing()[-1].id == first.id


def test_two_who_see_the_same_raise_it_once(audit: AuditLog) -> None:
    board, ready = Board(audit), threading.Barrier(4)

    def see(_number: int) -> None:
        ready.wait(10)
        board.update([_QUEUE])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(see, range(4)))
    assert len(board.recent()) == 1
    assert _actions(audit).count("alarm.raised") == 1


class Listener:
    """A channel that keeps what it was told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.down = False

    def tell(self, message: Message) -> None:
        if self.down:
            raise CounterpartyFailed("It is down.", "It is tried again.")
        self.messages.append(message)


def _work(audit: AuditLog, telling: Telling) -> None:
    telling.owe()
    duty = duties.claim(audit.database, [NOTICE], audit.clock())
    if duty is not None:
        telling.carry_out(duty)


def test_many_alarms_are_one_message(audit: AuditLog, clock: FixedClock) -> None:
    board, listener = Board(audit), Listener()
    telling = Telling(audit, {"mail": listener})
    board.update([Finding(Kind.CLOCK_MISSED, f"ref_{place}", "Late.") for place in range(200)])
    _work(audit, telling)
    assert [len(one.lines) for one in listener.messages] == [200]
    assert {line.state for line in listener.messages[0].lines} == {RAISED}
    for place in range(60):
        board.update([Finding(Kind.CLOCK_MISSED, f"ref_{one}", "") for one in range(201 + place)])
        clock.advance(60)
        _work(audit, telling)
    assert len(listener.messages) <= 1 + 60 // 15, "at most one in a quarter of an hour"
    told = [line.alarm.subject for message in listener.messages for line in message.lines]
    assert len(told) == len(set(told)), "nothing is told twice"


def test_what_could_not_be_told_is_told_later(audit: AuditLog, clock: FixedClock) -> None:
    board, listener = Board(audit), Listener()
    telling = Telling(audit, {"mail": listener})
    board.update([_QUEUE])
    listener.down = True
    for _ in range(5):
        _work(audit, telling)
        clock.advance(600)
    assert "alarm.told" not in _actions(audit)
    listener.down = False
    _work(audit, telling)
    assert [line.state for line in listener.messages[0].lines] == [RAISED]
    _work(audit, telling)
    assert len(listener.messages) == 1


def test_a_second_try_carries_the_same_identifier(audit: AuditLog, clock: FixedClock) -> None:
    """As after a crash between the call and the record: the receiver can tell it is the same."""
    board = Board(audit)
    board.update([_QUEUE])
    heard = []
    for _ in range(2):
        listener = Listener()
        with audit.database.reading() as connection:
            telling = Telling(audit, {"mail": listener})
            lines = telling._untold(connection, "mail", clock.now)
        telling.owe()
        duty = duties.claim(audit.database, [NOTICE], clock.now)
        assert duty is not None
        assert lines
        listener.tell(telling.message(lines))
        heard.append(listener.messages[0].id)
        clock.advance(600)
    assert heard[0] == heard[1]


def test_it_reminds_until_somebody_acknowledges(audit: AuditLog, clock: FixedClock) -> None:
    board, listener = Board(audit), Listener()
    telling = Telling(audit, {"mail": listener})
    board.update([_QUEUE])
    for _ in range(3 * 24 * 4):
        _work(audit, telling)
        clock.advance(900)
    states = [line.state for message in listener.messages for line in message.lines]
    assert states == [RAISED, REMINDER, REMINDER]
    board.acknowledge(_ANNA, board.standing()[0].id, "seen")
    for _ in range(2 * 24 * 4):
        _work(audit, telling)
        clock.advance(900)
    assert len(listener.messages) == 3
    board.update([])
    clock.advance(QUIET.total_seconds() - 1)
    _work(audit, telling)
    assert len(listener.messages) == 3, "it may come back"
    clock.advance(2)
    _work(audit, telling)
    assert [line.state for line in listener.messages[-1].lines] == [CLEARED]


def _alarm(cleared: timedelta | None = None, acknowledged: bool = False) -> Alarm:
    return Alarm(
        "alm_1", Kind.QUEUE_OLD, "", "", START,
        None if cleared is None else START + cleared,
        START if acknowledged else None, None, None,
    )  # fmt: skip


@given(
    st.none() | st.sampled_from([RAISED, REMINDER, CLEARED]),
    st.none() | st.integers(0, 100),
    st.booleans(),
    st.integers(0, 200),
)
def test_news_is_never_silence_about_what_stands_untold(
    last: str | None, cleared: int | None, acknowledged: bool, hours: int
) -> None:
    alarm = _alarm(None if cleared is None else timedelta(hours=cleared), acknowledged)
    told = None if last is None else (last, START)
    state = news(alarm, told, START + timedelta(hours=hours), timedelta(hours=24))
    if cleared is None and last in {None, CLEARED}:
        assert state == RAISED
    if cleared is not None:
        assert state in {None, CLEARED}
        assert last not in {None, CLEARED} or state is None
    if state == REMINDER:
        assert not acknowledged
        assert hours >= 24
