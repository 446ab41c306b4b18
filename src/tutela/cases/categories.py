"""What a case is of, in words that people can opt out of; and who has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.case import CaseKind, CaseState, cases
from tutela.cases.cluster import place
from tutela.content.notice import Circumstance, Harm
from tutela.errors import InvalidInput
from tutela.storage.database import Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.content.item import Item

_LENGTH = 100

case_categories = sa.Table(
    "case_categories",
    metadata,
    sa.Column("case_id", Id, primary_key=True),
    sa.Column("category", sa.String(_LENGTH), primary_key=True),
    sa.Index("ix_case_categories_category", "category"),
)
opt_outs = sa.Table(
    "opt_outs",
    metadata,
    sa.Column("person", sa.String(80), primary_key=True),
    sa.Column("category", sa.String(_LENGTH), primary_key=True),
    sa.Column("since", Instant, nullable=False),
)

ALWAYS = (
    *(f"kind:{kind.value}" for kind in CaseKind),
    *(f"harm:{harm.value}" for harm in Harm),
    *(f"circumstance:{one.value}" for one in Circumstance),
)
"""Categories there are whatever the lists say."""


def of_item(item: Item) -> frozenset[str]:
    """Return what a file is of: its kind, what a notice holds it to be, its lists' labels."""
    kind, _ = place(item)
    found = {f"kind:{kind.value}"}
    found |= {f"label:{label}"[:_LENGTH] for match in item.matches for label in match.labels}
    if notice := item.surroundings.notice:
        found.add(f"harm:{notice.harm.value}")
        found |= {f"circumstance:{one.value}" for one in notice.circumstances}
    return frozenset(found)


def add(connection: sa.Connection, case_id: str, members: Iterable[Item]) -> None:
    """Say of a case what its files are of."""
    wanted = {category for item in members for category in of_item(item)}
    query = sa.select(case_categories.c.category).where(case_categories.c.case_id == case_id)
    new = wanted - set(connection.execute(query).scalars())
    if new:
        connection.execute(
            case_categories.insert(),
            [{"case_id": case_id, "category": one} for one in sorted(new)],
        )


def renew(connection: sa.Connection, case_id: str, members: Iterable[Item]) -> None:
    """Say anew of a case what its files are of, when some have left it."""
    connection.execute(case_categories.delete().where(case_categories.c.case_id == case_id))
    add(connection, case_id, members)


def opted_out(connection: sa.Connection, person: str) -> frozenset[str]:
    """Return what a person is not to be offered."""
    query = sa.select(opt_outs.c.category).where(opt_outs.c.person == person)
    return frozenset(connection.execute(query).scalars())


def of_any(case: sa.FromClause, categories: Collection[str]) -> sa.Exists:
    """Select the cases that are of any of these categories."""
    return sa.exists().where(
        case_categories.c.case_id == case.c.id, case_categories.c.category.in_(sorted(categories))
    )


class OptOuts:
    """What people do not want to be offered. No reason is asked, and nobody else is told."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def offered(self) -> tuple[str, ...]:
        """Return every category that can be opted out of."""
        query = sa.select(case_categories.c.category).distinct()
        with self._audit.database.reading() as connection:
            found = set(connection.execute(query).scalars())
        return (*ALWAYS, *sorted(found - set(ALWAYS)))

    def of(self, person: Actor) -> frozenset[str]:
        """Return what a person has opted out of."""
        with self._audit.database.reading() as connection:
            return opted_out(connection, str(person))

    def choose(self, person: Actor, categories: Collection[str]) -> None:
        """Opt out of just these from now on. Raises `InvalidInput` for one there is not.

        What a colleague kept for them and is of these goes back to all. The audit entry does not
        say which: who reads the log need not know.
        """
        if unknown := set(categories) - set(self.offered()) - self.of(person):
            raise InvalidInput(
                f"There is no category {min(unknown)[:_LENGTH]!r}.", "Choose one of the page."
            )
        with self._audit.change(person) as change:
            mine = opt_outs.c.person == str(person)
            change.connection.execute(opt_outs.delete().where(mine))
            if categories:
                change.connection.execute(
                    opt_outs.insert(),
                    [
                        {"person": str(person), "category": one, "since": change.now}
                        for one in sorted(set(categories))
                    ],
                )
                change.connection.execute(
                    cases.update()
                    .where(
                        cases.c.state == CaseState.OPEN.value,
                        cases.c.kept_for == str(person),
                        of_any(cases, categories),
                    )
                    .values(kept_for=None)
                )
            change.record(Action.PREFERENCES_CHANGED, person.id)
