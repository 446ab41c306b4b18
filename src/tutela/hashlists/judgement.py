"""How often people find a list right: which matches are sampled for them, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.hashlists.tables import hash_lists
from tutela.storage.database import Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

list_judgements = sa.Table(
    "list_judgements",
    metadata,
    sa.Column("list_name", sa.String(80), primary_key=True),
    sa.Column("entry_id", sa.String(255), primary_key=True),
    sa.Column("case_id", Id, primary_key=True),
    sa.Column("sampled", sa.Boolean, nullable=False),
    sa.Column("is_right", sa.Boolean),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_list_judgements_list_name_at", "list_name", "at"),
    sa.Index("ix_list_judgements_case_id", "case_id"),
)

_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution: an interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which matches people are asked to judge, and what a list must keep to be trusted.

    The `first` matches of a list and the `first_of_entry` of each entry; then a random `share`. A
    list is trusted while it may still be right in `floor` of its matches, as far as its `newest`
    judgements tell, and until there are `at_least` so many: one slip must not silence a list.
    """

    first: int = 20
    first_of_entry: int = 0
    share: float = 0.02
    floor: float = 0.9
    newest: int = 500
    at_least: int = 5


SAMPLING = Sampling()


@dataclass(frozen=True, slots=True)
class Standing:
    """What people said of a list's matches: of `judged` ones they found `right` ones right.

    `unjudged`: sampled ones that nobody has judged yet.
    """

    judged: int = 0
    right: int = 0
    unjudged: int = 0

    @property
    def precision(self) -> float | None:
        """Return the share that was right, None where nothing was judged."""
        return self.right / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return between which shares the list's precision lies, with 95 % confidence.

        E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
        """
        if not self.judged:
            return 0.0, 1.0
        share, squared = self.right / self.judged, _Z * _Z
        middle = share + squared / (2 * self.judged)
        half = _Z * sqrt(
            share * (1 - share) / self.judged + squared / (4 * self.judged * self.judged)
        )
        whole = 1 + squared / self.judged
        low = 0.0 if self.right == 0 else (middle - half) / whole
        high = 1.0 if self.right == self.judged else (middle + half) / whole
        return low, high

    def trusted(self, sampling: Sampling) -> bool:
        """Say whether the list may still be as precise as it must be."""
        return self.judged < sampling.at_least or self.interval[1] >= sampling.floor


def wanted(
    connection: sa.Connection,
    sampling: Sampling,
    name: str,
    entry_id: str,
    draw: Callable[[], float],
) -> bool:
    """Say whether a match of this entry is to be judged by a person. `draw`: 0 to 1, random."""
    columns = list_judgements.c
    of_list = columns.list_name == name
    return (
        draw() < sampling.share
        or _fewer(connection, sampling.first, of_list)
        or _fewer(connection, sampling.first_of_entry, of_list, columns.entry_id == entry_id)
    )


def ask(connection: sa.Connection, name: str, entry_id: str, case_id: str, at: datetime) -> None:
    """Mark a match for a person's judgement; once for each entry and case."""
    if not _there(connection, name, entry_id, case_id):
        _insert(connection, name, entry_id, case_id, None, at, sampled=True)


def asked(connection: sa.Connection, case_id: str) -> list[str]:
    """Return the names of the lists of whose matches in a case a person is to judge."""
    columns = list_judgements.c
    query = (
        sa.select(columns.list_name)
        .where(columns.case_id == case_id, columns.sampled, columns.is_right.is_(None))
        .distinct()
        .order_by(columns.list_name)
    )
    return list(connection.execute(query).scalars())


def judge(
    connection: sa.Connection,
    case_id: str,
    entries: Iterable[tuple[str, str]],
    right: bool | None,
    at: datetime,
) -> None:
    """Keep what a decision says of these matches, by list and entry; None takes it back."""
    columns = list_judgements.c
    for name, entry_id in sorted(set(entries)):
        if _there(connection, name, entry_id, case_id):
            connection.execute(
                list_judgements.update()
                .where(
                    columns.list_name == name,
                    columns.entry_id == entry_id,
                    columns.case_id == case_id,
                )
                .values(is_right=right, at=at)
            )
        elif right is not None:
            _insert(connection, name, entry_id, case_id, right, at, sampled=False)


def move(connection: sa.Connection, old: str, new: str, entries: Iterable[tuple[str, str]]) -> None:
    """Let what is still to be judged of these matches be judged in another case."""
    columns = list_judgements.c
    for name, entry_id in sorted(set(entries)):
        connection.execute(
            list_judgements.update()
            .where(
                columns.list_name == name,
                columns.entry_id == entry_id,
                columns.case_id == old,
                columns.is_right.is_(None),
            )
            .values(case_id=new)
        )


def standing(connection: sa.Connection, name: str, newest: int) -> Standing:
    """Return what the newest judgements say of a list. Each entry counts once in each case."""
    columns = list_judgements.c
    said = (
        sa.select(columns.is_right)
        .where(columns.list_name == name, columns.is_right.is_not(None))
        .order_by(columns.at.desc(), columns.case_id.desc(), columns.entry_id)
        .limit(newest)
    )
    judged = list(connection.execute(said).scalars())
    unjudged = sa.select(sa.func.count()).where(
        columns.list_name == name, columns.sampled, columns.is_right.is_(None)
    )
    return Standing(len(judged), sum(judged), connection.execute(unjudged).scalar_one())


def trusted(connection: sa.Connection, names: Collection[str], sampling: Sampling) -> set[str]:
    """Return which of these lists are on and right often enough to be believed unseen."""
    query = sa.select(hash_lists.c.name).where(
        hash_lists.c.name.in_(list(names)), hash_lists.c.off_at.is_(None)
    )
    return {
        name
        for name in connection.execute(query).scalars()
        if standing(connection, name, sampling.newest).trusted(sampling)
    }


def _fewer(connection: sa.Connection, than: int, *which: sa.ColumnElement[bool]) -> bool:
    if than <= 0:
        return False
    some = sa.select(list_judgements.c.case_id).where(*which).limit(than)
    return len(connection.execute(some).all()) < than


def _there(connection: sa.Connection, name: str, entry_id: str, case_id: str) -> bool:
    columns = list_judgements.c
    query = sa.select(columns.sampled).where(
        columns.list_name == name, columns.entry_id == entry_id, columns.case_id == case_id
    )
    return connection.execute(query).first() is not None


def _insert(
    connection: sa.Connection,
    name: str,
    entry_id: str,
    case_id: str,
    right: bool | None,
    at: datetime,
    *,
    sampled: bool,
) -> None:
    connection.execute(
        list_judgements.insert().values(
            list_name=name,
            entry_id=entry_id,
            case_id=case_id,
            sampled=sampled,
            is_right=right,
            at=at,
        )
    )
