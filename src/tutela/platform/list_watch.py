"""Lists under people's eyes: matches put before them, and what their decisions say of a list."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from tutela.audit.entry import Action
from tutela.decisions import policy
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.policy import asks_for_a_look
from tutela.hashlists import judgement
from tutela.hashlists.judgement import SAMPLING, Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import sqlalchemy as sa

    from tutela.audit.log import Change
    from tutela.content.item import Item, ItemMatch
    from tutela.decisions.decision import Finding
    from tutela.decisions.policy import Rule

WIDE = "wide"
_SYSTEM = SystemRandom().random


class ListWatch:
    """Samples what lists match, and keeps what people find."""

    def __init__(self, sampling: Sampling = SAMPLING, draw: Callable[[], float] = _SYSTEM) -> None:
        self.sampling = sampling
        self._draw = draw

    def sample(self, change: Change, item: Item, case_id: str) -> None:
        """Mark matches of a new item for people: of each list at most the nearest one."""
        nearest = {one.list_name: one.entry_id for one in reversed(_counting(item))}
        asked = [
            name
            for name, entry in sorted(nearest.items())
            if judgement.wanted(change.connection, self.sampling, name, entry, self._draw)
        ]
        for name in asked:
            judgement.ask(change.connection, name, nearest[name], case_id, change.now)
        if asked:
            change.record(Action.LIST_SAMPLED, case_id, lists=asked)

    def trusted(
        self,
        connection: sa.Connection,
        members: Sequence[Item],
        looked: frozenset[str] = frozenset(),
    ) -> bool:
        """Say whether each item is a copy of a file on a list that can be believed.

        `looked`: digests of what a person saw, so that near matches count for them, too.
        """
        care = policy.rules(connection)
        copies = [{one.list_name for one in copied(item, looked, care)} for item in members]
        believed = judgement.trusted(connection, set().union(*copies), self.sampling)
        return bool(copies) and all(names & believed for names in copies)

    def judged(
        self, change: Change, case_id: str, members: Sequence[Item], finding: Finding
    ) -> None:
        """Keep what a decision says of the lists that matched; record where trust ends or returns.

        Who calls it a listed copy, or decides by the context, has not judged the match.
        """
        right = _right(finding)
        entries = {(one.list_name, one.entry_id) for item in members for one in _counting(item)}
        names = sorted({name for name, _ in entries})
        before = {name: self._believed(change.connection, name) for name in names}
        judgement.judge(change.connection, case_id, entries, right, change.now)
        for name in names:
            believed = self._believed(change.connection, name)
            if believed != before[name]:
                said = judgement.standing(change.connection, name, self.sampling.newest)
                change.record(
                    Action.LIST_TRUSTED if believed else Action.LIST_DISTRUSTED,
                    name,
                    judged=said.judged,
                    right=said.right,
                )

    def _believed(self, connection: sa.Connection, name: str) -> bool:
        said = judgement.standing(connection, name, self.sampling.newest)
        return said.trusted(self.sampling)


def copied(item: Item, looked: frozenset[str], care: Collection[Rule] = ()) -> list[ItemMatch]:
    """Return the matches that make an item a copy: of the very bytes; of what was seen, near.

    `care`: rules that ask for a look also at the very bytes.
    """
    if item.sha256 in looked:
        return _counting(item)
    return [one for one in _counting(item) if one.exact and not asks_for_a_look(one, care)]


def _counting(item: Item) -> list[ItemMatch]:
    return [one for one in item.matches if one.via != WIDE]


def _right(finding: Finding) -> bool | None:
    if finding.outcome is Outcome.ABUSIVE:
        return True if finding.grounds is Grounds.VIEWED else None
    if finding.grounds in {Grounds.WRONG_MATCH, Grounds.LAWFUL_CONTENT}:
        return False
    return None
