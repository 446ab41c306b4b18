"""Splitting: a file that does not belong with the rest of its case gets a case of its own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases import categories, queue
from tutela.cases.case import CaseState, cases, items_of
from tutela.cases.cluster import clusters
from tutela.content.item import items
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.hashlists import judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.content.item import Item


def leaving(members: Sequence[Item], item_id: str, *, whole: bool) -> list[Item]:
    """Return what leaves with a file: files of the same bytes, or its `whole` cluster.

    Raises `NotFound` where the case has no such file, `InvalidInput` where nothing would be left.
    """
    wanted = next((one for one in members if one.id == item_id), None)
    if wanted is None:
        raise NotFound("This case has no such file.", "Open the file from its own case.")
    digests = {wanted.sha256}
    if whole:
        mine = next(one for one in clusters(members) if one.holds(wanted))
        digests |= {one.item.sha256 for one in mine.members}
    found = [one for one in members if one.sha256 in digests]
    if len(found) == len(members):
        raise InvalidInput(
            "Nothing would be left in the case.", "Decide the case as it is, or split off less."
        )
    return found


class Splitting:
    """Splits cases."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def split(
        self, actor: Actor, case_id: str, lease: str, item_id: str, *, whole: bool = False
    ) -> str:
        """Move a file to a new case of the same account, and return that case's id.

        Who splits holds the case and goes on holding it, by a new lease: a page that still shows
        the file decides nothing. The new case waits for whoever is next, as old as the file.
        Raises `LeaseLost`, `Conflict` when the case is decided, `NotFound`, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.take(change.connection, case_id)
            if case.state is not CaseState.OPEN:
                raise Conflict("The case is decided already.", "Reverse that decision instead.")
            queue.check(case, actor, lease, change.now)
            members = items_of(change.connection, case_id)
            moved = leaving(members, item_id, whole=whole)
            gone = {one.id for one in moved}
            stay = [one for one in members if one.id not in gone]
            made = cases_on_record.open_beside(change, case, moved)
            change.connection.execute(
                items.update().where(items.c.id.in_(gone)).values(case_id=made)
            )
            cases_on_record.keep_only(change, case, stay)
            change.connection.execute(
                cases.update().where(cases.c.id == case_id).values(lease=secrets.token_hex(16))
            )
            categories.renew(change.connection, case_id, stay)
            categories.renew(change.connection, made, moved)
            _take_along(change, case_id, made, moved, stay)
            change.record(Action.CASE_SPLIT, case_id, into=made, files=len(moved))
            return made


def _take_along(
    change: Change, case_id: str, made: str, moved: Sequence[Item], stay: Sequence[Item]
) -> None:
    """Let what people are to judge of a list go with the file that met it."""
    entries = [
        {(match.list_name, match.entry_id) for item in some for match in item.matches}
        for some in (moved, stay)
    ]
    judgement.move(change.connection, case_id, made, entries[0] - entries[1])
