"""Evidence that cannot be shown: a state of its own, kept until it can be shown again.

It is never a finding about the file: what nobody could look at is not harmless for that
(docs/decisions/0006).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.content import item as items_on_record
from tutela.content.decoding import Undecodable
from tutela.content.item import items
from tutela.errors import (
    Destroyed,
    InvalidInput,
    NotFound,
    Refused,
    SettingsInvalid,
    Tampered,
    TutelaError,
    Unavailable,
)
from tutela.evidence.vault import Purpose
from tutela.storage.database import Id, Instant, metadata, serialise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tutela.audit.log import AuditLog
    from tutela.cases.rendering import Smaller
    from tutela.content.item import Item
    from tutela.evidence.vault import Vault

unavailable_evidence = sa.Table(
    "unavailable_evidence",
    metadata,
    sa.Column("item_id", Id, primary_key=True),
    sa.Column("trouble", sa.String(16), nullable=False),
    sa.Column("since", Instant, nullable=False),
)

_Shown = TypeVar("_Shown")
_SMALL = 64


class Trouble(StrEnum):
    """Why the evidence of a file cannot be shown."""

    UNDRAWABLE = "undrawable"
    MISSING = "missing"
    SILENT = "silent"
    LOCKED = "locked"
    ALTERED = "altered"


TOLD = {
    Trouble.UNDRAWABLE: "no picture can be drawn of it",
    Trouble.MISSING: "its sealed bytes are not in the object store",
    Trouble.SILENT: "the object store or the key service does not answer",
    Trouble.LOCKED: "this process cannot use its key",
    Trouble.ALTERED: "its sealed bytes are not what was sealed",
}


@dataclass(frozen=True, slots=True)
class Unshowable:
    """A file whose evidence cannot be shown, why, and since when."""

    item_id: str
    trouble: Trouble
    since: datetime


class Availability:
    """Opens evidence to have it drawn, and keeps what became of that."""

    def __init__(self, audit: AuditLog, vault: Vault, smaller: Smaller) -> None:
        self._audit = audit
        self._vault = vault
        self._smaller = smaller

    def drawn(
        self, actor: Actor, item: Item, purpose: Purpose, draw: Callable[[bytes], _Shown]
    ) -> _Shown:
        """Return what `draw` makes of an item's evidence; a failure becomes its state.

        Raises what opening and drawing raise.
        """
        if item.evidence_id is None:
            raise NotFound("Nothing was sealed for this item.", "Decide it on its facts.")
        try:
            data = self._vault.open(actor, item.evidence_id, purpose)
        except TutelaError as problem:
            self._failed(actor, item, _of_opening(problem))
            raise
        try:
            shown = draw(data)
        except InvalidInput:
            self._failed(actor, item, Trouble.UNDRAWABLE)
            raise
        self._succeeded(actor, item)
        return shown

    def recheck(self, actor: Actor, case_id: str, item_id: str) -> Trouble | None:
        """Try again whether a file of a case can be shown, showing it to nobody.

        Returns why not, or None. Raises `NotFound`, and `Unavailable` where it cannot be tried.
        """
        with self._audit.database.reading() as connection:
            item = items_on_record.load(connection, item_id)
        if item.case_id != case_id:
            raise NotFound("This case has no such file.", "Open the file from its own case.")
        try:
            self.drawn(actor, item, Purpose.VERIFICATION, self._try)
        except TutelaError:
            with self._audit.database.reading() as connection:
                found = [one for one in of_case(connection, case_id) if one.item_id == item_id]
            if not found:
                raise
            return found[0].trouble
        return None

    def _try(self, data: bytes) -> None:
        try:
            self._smaller(data, _SMALL)
        except Undecodable as problem:
            raise InvalidInput(
                "The evidence cannot be shown as a picture.", "Decide on its facts."
            ) from problem

    def _failed(self, actor: Actor, item: Item, trouble: Trouble | None) -> None:
        if trouble is None or item.case_id is None:
            return
        with self._audit.change(actor) as change:
            # Two looks may fail at once.
            serialise(change.connection, "unavailable_evidence", item.id)
            of_item = unavailable_evidence.c.item_id == item.id
            changed = change.connection.execute(
                unavailable_evidence.update().where(of_item).values(trouble=trouble.value)
            )
            if not changed.rowcount:
                change.connection.execute(
                    unavailable_evidence.insert().values(
                        item_id=item.id,
                        trouble=trouble.value,
                        since=change.now,
                    )
                )
            change.record(
                Action.CASE_EVIDENCE_UNAVAILABLE,
                item.case_id,
                item=item.id,
                trouble=trouble.value,
            )

    def _succeeded(self, actor: Actor, item: Item) -> None:
        of_item = unavailable_evidence.c.item_id == item.id
        with self._audit.database.reading() as connection:
            row = connection.execute(sa.select(unavailable_evidence).where(of_item)).first()
        if row is None or item.case_id is None:
            return
        with self._audit.change(actor) as change:
            change.connection.execute(unavailable_evidence.delete().where(of_item))
            change.record(Action.CASE_EVIDENCE_AVAILABLE, item.case_id, item=item.id)


def of_case(connection: sa.Connection, case_id: str) -> tuple[Unshowable, ...]:
    """Return the files of a case whose evidence cannot be shown, the newest trouble last."""
    query = (
        sa.select(unavailable_evidence)
        .join(items, items.c.id == unavailable_evidence.c.item_id)
        .where(items.c.case_id == case_id)
        .order_by(unavailable_evidence.c.since, unavailable_evidence.c.item_id)
    )
    return tuple(
        Unshowable(row.item_id, Trouble(row.trouble), row.since)
        for row in connection.execute(query)
    )


def troubles(
    found: Iterable[Unshowable], members: Iterable[Item], seen: Iterable[str]
) -> frozenset[Trouble]:
    """Return what keeps the files of a case from being looked at.

    `seen`: items that were shown. A file that no machine could read on arrival counts as not to
    be drawn, also when nobody has tried.
    """
    shown = frozenset(seen)
    unread = {
        Trouble.UNDRAWABLE for item in members if unread_on_arrival(item) and item.id not in shown
    }
    return frozenset({one.trouble for one in found} | unread)


def unread_on_arrival(item: Item) -> bool:
    """Say whether intake had no pixels of what it sealed, and said why."""
    return item.evidence_id is not None and not item.pictures and item.reason is not None


def _of_opening(problem: TutelaError) -> Trouble | None:
    """Say what it means that evidence did not open; None where it says nothing of the evidence."""
    if isinstance(problem, Destroyed):
        # On purpose, with a record of its own.
        return None
    if isinstance(problem, NotFound):
        return Trouble.MISSING
    if isinstance(problem, Tampered):
        return Trouble.ALTERED
    if isinstance(problem, (Refused, SettingsInvalid)):
        return Trouble.LOCKED
    return Trouble.SILENT if isinstance(problem, Unavailable) else None
