"""The host platform as we order it about: the port, and the duty that carries an order out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tutela.audit.entry import Actor
from tutela.content import holds
from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.storage import duties

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog
    from tutela.content.holds import HostOrder
    from tutela.storage.duties import Duty

REMOVAL = Actor("system", "removal")
_BEHIND_ANOTHER = timedelta(seconds=1)


class HostPlatform(Protocol):
    """Whoever publishes the content."""

    def carry_out(self, order: HostOrder) -> None:
        """Deliver one order; obeying the same order id twice must be obeying once.

        Raises `CounterpartyFailed` when it may be tried again, `CounterpartyRefused` when not.
        """


class Removal:
    """Sends orders until the host platform confirms or refuses each."""

    def __init__(self, audit: AuditLog, host: HostPlatform) -> None:
        self._audit = audit
        self._host = host

    def carry_out(self, duty: Duty) -> None:
        """Fulfil one duty of kind `host_order`, or put it off."""
        database, now = self._audit.database, self._audit.clock()
        with database.reading() as connection:
            order = holds.load(connection, duty.subject)
            behind = holds.waits_for_earlier(connection, order)
        if behind:
            with database.bookkeeping() as connection:
                duties.later(connection, duty, now + _BEHIND_ANOTHER, "behind an earlier order")
            return
        try:
            self._host.carry_out(order)
        except CounterpartyFailed as problem:
            with database.bookkeeping() as connection:
                due = now + duties.retry_delay(duty.attempts)
                duties.later(connection, duty, due, problem.what)
            return
        except CounterpartyRefused as problem:
            with self._audit.change(REMOVAL) as change:
                holds.refuse(change, order, problem.what)
                duties.done(change.connection, duty, change.now)
            return
        with self._audit.change(REMOVAL) as change:
            holds.confirm(change, order)
            duties.done(change.connection, duty, change.now)
