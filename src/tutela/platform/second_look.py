"""Second looks: drawn decisions judged again, blind, and how far people agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.cases import case as cases_on_record
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import second_review
from tutela.decisions.agreement import Agreement, agreement

if TYPE_CHECKING:
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.cases.case import Case
    from tutela.content.item import Item
    from tutela.decisions.decision import Grounds, Outcome
    from tutela.decisions.second_review import Pair, SecondReview


@dataclass(frozen=True, slots=True)
class Blind:
    """A case as the second person has it: facts and files, and nothing of the first judgement."""

    review: SecondReview
    case: Case
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far second judgements agree with first ones, and those that do not, newest first."""

    whole: Agreement
    differing: tuple[Pair, ...]


class SecondLook:
    """Hands out drawn decisions, keeps what is found, and counts."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def waiting(self, person: Actor) -> tuple[SecondReview, ...]:
        """Return what this person can review, the oldest first."""
        now = self._audit.clock()
        with self._audit.database.reading() as connection:
            return tuple(second_review.waiting(connection, person, now))

    def blind(self, review_id: str) -> Blind:
        """Return a review with the facts of its case. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            review = second_review.load(connection, review_id)
            case = cases_on_record.load(connection, review.case_id)
            items = cases_on_record.items_of(connection, review.case_id)
        return Blind(review, case, tuple(items))

    def take(self, actor: Actor, review_id: str) -> None:
        """Take a review for a while. Raises `Refused` for who decided the case, `Conflict`."""
        with self._audit.change(actor) as change:
            review = second_review.load(change.connection, review_id, locked=True)
            parts = decisions_on_record.parts_in(change.connection, review.case_id)
            second_review.take(change, review, parts)

    def say(
        self, actor: Actor, review_id: str, outcome: Outcome, grounds: Grounds, note: str
    ) -> None:
        """Keep what the second person found. Raises `LeaseLost`, `InvalidInput`."""
        with self._audit.change(actor) as change:
            review = second_review.load(change.connection, review_id, locked=True)
            second_review.say(change, review, outcome, grounds, note)

    def agreed(self) -> Agreed:
        """Return how far people agree, over the newest thousand."""
        with self._audit.database.reading() as connection:
            found = second_review.pairs(connection)
        judged = [(one.first, str(one.review.outcome)) for one in found]
        differing = tuple(one for one in found if one.first != one.review.outcome)
        return Agreed(agreement(judged), differing)
