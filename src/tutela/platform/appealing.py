"""Appeals: received from the host platform, answered by somebody who did not decide, sent back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.cases import case as cases_on_record
from tutela.content import holds
from tutela.content import item as items_on_record
from tutela.decisions import appeal as appeals_on_record
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.appeal import LONGEST, Answer, Appeal
from tutela.decisions.decision import Outcome
from tutela.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.cases.case import Case
    from tutela.decisions.decision import Decision, Finding
    from tutela.platform.casework import Casework


@dataclass(frozen=True, slots=True)
class Whole:
    """An appeal with the case it is about, its decisions, and who ever had a part in them.

    An undone decision is none any more, but who made it is no fresh pair of eyes.
    """

    appeal: Appeal
    case: Case
    decisions: Sequence[Decision]
    parts: frozenset[str]


class Appealing:
    """Receives, hands out and answers appeals. Each step is one change."""

    def __init__(self, audit: AuditLog, casework: Casework) -> None:
        self._audit = audit
        self._casework = casework

    def receive(self, actor: Actor, item_id: str, external_id: str, text: str) -> Appeal:
        """Take an appeal from the host platform; the same again is the same.

        Raises `NotFound`, `InvalidInput`, and `Conflict` where nothing stands to appeal against.
        """
        if not text.strip() or len(text) > LONGEST:
            raise InvalidInput(
                "The appeal says nothing, or too much.", f"Use 1 to {LONGEST} characters."
            )
        with self._audit.change(actor) as change:
            item = items_on_record.load(change.connection, item_id)
            if item.case_id is None:
                raise NotFound("Nothing was decided about this item.", "Check the identifier.")
            cases_on_record.load(change.connection, item.case_id, locked=True)
            standing = decisions_on_record.of_case(change.connection, item.case_id)
            known = [
                one
                for one in appeals_on_record.of_case(change.connection, item.case_id)
                if one.item_id == item_id and one.external_id == external_id
            ]
            if not known and (not standing or standing[-1].outcome is not Outcome.ABUSIVE):
                raise Conflict(
                    "No decision stands that an appeal could change.",
                    "Send it again when the item was removed.",
                )
            return appeals_on_record.receive(
                change, item_id, item.case_id, standing[-1], external_id, text
            )

    def take(self, actor: Actor, appeal_id: str) -> None:
        """Take an appeal for a while. Raises `Refused` for who decided the case, `Conflict`."""
        with self._audit.change(actor) as change:
            appeal = appeals_on_record.load(change.connection, appeal_id, locked=True)
            parts = decisions_on_record.parts_in(change.connection, appeal.case_id)
            appeals_on_record.take(change, appeal, parts)

    def uphold(self, actor: Actor, appeal_id: str, note: str) -> None:
        """Let the decision stand, and say so. Raises `LeaseLost`, `Conflict`."""
        with self._audit.change(actor) as change:
            appeal = appeals_on_record.load(change.connection, appeal_id, locked=True)
            appeals_on_record.answer(change, appeal, Answer.UPHELD, note)
            _tell(change, appeal, Answer.UPHELD)

    def reverse(self, actor: Actor, appeal_id: str, seen: int, finding: Finding) -> None:
        """Decide the case the other way, and say so to everybody who appealed.

        The item is restored by an order of its own, which arrives before the answer. Raises
        `LeaseLost`, `Conflict`, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            looked = appeals_on_record.load(change.connection, appeal_id)
            case = cases_on_record.take(change.connection, looked.case_id)
            appeal = appeals_on_record.load(change.connection, appeal_id, locked=True)
            appeals_on_record.answer(change, appeal, Answer.REVERSED, finding.note)
            self._casework.turn(change, case, seen, finding)
            _tell(change, appeal, Answer.REVERSED)
            for other in appeals_on_record.of_case(change.connection, appeal.case_id):
                if other.answer is None:
                    appeals_on_record.settle(change, other, Answer.REVERSED, finding.note)
                    _tell(change, other, Answer.REVERSED)

    def waiting(self) -> tuple[Whole, ...]:
        """Return what waits for an answer, oldest first."""
        with self._audit.database.reading() as connection:
            found = appeals_on_record.unanswered(connection)
            return tuple(_whole(connection, one) for one in found)

    def count(self) -> int:
        """Return how many wait for an answer."""
        with self._audit.database.reading() as connection:
            return appeals_on_record.count(connection)

    def answered(self) -> tuple[Whole, ...]:
        """Return the newest answers."""
        with self._audit.database.reading() as connection:
            return tuple(_whole(connection, one) for one in appeals_on_record.answered(connection))

    def load(self, appeal_id: str) -> Whole:
        """Return one appeal. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            return _whole(connection, appeals_on_record.load(connection, appeal_id))


def _whole(connection: sa.Connection, appeal: Appeal) -> Whole:
    return Whole(
        appeal,
        cases_on_record.load(connection, appeal.case_id),
        decisions_on_record.of_case(connection, appeal.case_id),
        decisions_on_record.parts_in(connection, appeal.case_id),
    )


def _tell(change: Change, appeal: Appeal, said: Answer) -> None:
    item = items_on_record.load(change.connection, appeal.item_id)
    holds.answer(change, item, appeal.external_id, said.value)
