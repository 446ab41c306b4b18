"""Delivery: one approved referral becomes exactly one finished report at the authority."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tutela.audit.entry import Action, Actor
from tutela.errors import (
    CounterpartyFailed,
    CounterpartyRefused,
    LeaseLost,
    TutelaError,
    Unavailable,
)
from tutela.evidence.vault import Opened, Purpose
from tutela.referrals.authority import ReportFinished, ReportGone, RetractAnswer
from tutela.referrals.letters import About, Direction
from tutela.referrals.referral import FileState, Referral, ReferralFile, State, Step, next_step
from tutela.referrals.register import Recalled
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager

    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.vault import Vault
    from tutela.referrals.authority import Authority
    from tutela.referrals.letters import Letters
    from tutela.referrals.register import Register
    from tutela.storage.duties import Duty

DELIVERY = Actor("system", "delivery")
HORIZON = timedelta(days=3)
"""After this long without success a person is alarmed."""

_MOST_REPORTS = 50
"""Reports opened for one referral before a person is alarmed: something is wrong for good."""


class Delivery:
    """Carries referrals on from whatever their rows say, one committed step before each call.

    Doubt, after a crash or a lost answer, is settled by asking (docs/decisions/0008): the report
    is retracted. If it was finished, it is filed; otherwise it is gone, and all begins again.
    """

    def __init__(
        self,
        audit: AuditLog,
        register: Register,
        authorities: Mapping[str, Authority],
        vault: Vault,
        letters: Letters,
        by_hand: Collection[str] = (),
        after_filing: Callable[[Change, str], None] = lambda _change, _id: None,
    ) -> None:
        """`authorities` by their names, and those that people file with.

        `after_filing` acts in the change that records a filing.
        """
        self._audit = audit
        self._register = register
        self._authorities = authorities
        self._letters = letters
        self._by_hand = by_hand
        self._vault = vault
        self._after_filing = after_filing

    def carry_out(self, duty: Duty) -> None:
        """Fulfil one duty of kind `referral`, or put it off."""
        try:
            while self._goes_on(duty):
                pass
        except LeaseLost:
            raise
        except Unavailable as problem:
            self._put_off(duty, problem)
        except TutelaError as problem:
            self._alarm(duty, problem)
        except (ReportGone, ReportFinished):
            # The row still says what was in flight: the next look at it asks the authority.
            self._put_off(duty, None)

    def _goes_on(self, duty: Duty) -> bool:
        try:
            return self._step(duty)
        except Recalled:
            # Nothing was called: the next look finds what stands now.
            return True

    def _step(self, duty: Duty) -> bool:
        """Take one step; say whether there may be another."""
        referral = self._register.load(duty.subject)
        step, file = next_step(referral)
        if step is Step.NOTHING:
            self._settle(duty)
            return False
        if step is Step.LET_GO:
            return self._let_go(duty, referral)
        if step is Step.BEGIN_AGAIN:
            self._begin_again(duty, "the answer to opening was lost")
            return True
        if self._is_by_hand(referral):
            return self._hand_over(duty, referral)
        authority = self._authority_of(referral)
        if referral.reports_opened >= _MOST_REPORTS:
            raise CounterpartyRefused(
                f"{_MOST_REPORTS} reports were opened in vain.",
                "Ask the authority, then approve the referral again.",
            )
        if step is Step.ASK:
            return self._ask(duty, referral, authority)
        if step is Step.FINISH:
            return self._finish(duty, referral, authority)
        if file is None:
            self._open(duty, referral, authority)
        elif step is Step.SEND_FILE:
            self._send(duty, referral, file, authority)
        else:
            self._describe(duty, referral, file, authority)
        return True

    def _is_by_hand(self, referral: Referral) -> bool:
        """Say whether a person files it. What was opened at an interface is ended there."""
        return (
            referral.state is State.APPROVED
            and referral.authority in self._by_hand
            and referral.authority not in self._authorities
        )

    def _hand_over(self, duty: Duty, referral: Referral) -> bool:
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.BY_HAND, State.APPROVED)
            duties.done(change.connection, duty, change.now)
            change.record(Action.REFERRAL_BY_HAND, referral.id, authority=referral.authority)
        return False

    def _authority_of(self, referral: Referral) -> Authority:
        found = self._authorities.get(referral.authority)
        if found is None:
            raise CounterpartyFailed(
                f"The authority {referral.authority} is not configured.",
                "Give its address and credentials in the settings.",
            )
        return found

    def _open(self, duty: Duty, referral: Referral, authority: Authority) -> None:
        opened = referral.reports_opened + 1
        letter = authority.opening(referral)
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.OPENING, State.APPROVED, reports_opened=opened)
            kept = self._keep(change, referral.id, opened, About.OPENING, Direction.SENT, letter)
            change.record(Action.REFERRAL_OPENING, referral.id, report=opened, letter=kept)
        numbered = authority.open(letter)
        with self._change() as change:
            self._register.move(change, duty, State.OPEN, number=numbered.number)
            kept = self._keep(
                change, referral.id, opened, About.OPENING, Direction.RECEIVED, numbered.received
            )
            change.record(Action.REFERRAL_OPENED, referral.id, number=numbered.number, letter=kept)

    def _send(
        self, duty: Duty, referral: Referral, file: ReferralFile, authority: Authority
    ) -> None:
        statement = referral.draft.files[file.place]
        opened = self._vault.open_parts(DELIVERY, file.evidence_id, Purpose.REFERRAL)
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.FILES, State.OPEN)
            change.record(Action.REFERRAL_FILE_SENDING, referral.id, evidence=file.evidence_id)
        held = Opened(opened.size, self._renewing(duty, opened.parts))
        sent = authority.send_file(_number(referral), statement.original_name or "file", held)
        if sent.digest.lower() != dict(statement.hashes)[sent.algorithm]:
            raise CounterpartyFailed(
                "The authority received other bytes than were sent.", "It is tried again."
            )
        with self._change() as change:
            self._register.move(change, duty, State.OPEN)
            self._register.move_file(
                change, duty, file.place, FileState.SENT, receiver_file_id=sent.file_id
            )
            at = (change, referral.id, referral.reports_opened, About.FILE)
            change.record(
                Action.REFERRAL_FILE_SENT,
                referral.id,
                evidence=file.evidence_id,
                received=f"{sent.algorithm}:{sent.digest.lower()}",
                letter=self._keep(*at, Direction.SENT, sent.sent),
                answer=self._keep(*at, Direction.RECEIVED, sent.received),
            )

    def _renewing(self, duty: Duty, parts: Iterator[bytes]) -> Iterator[bytes]:
        """Give parts on, and lengthen the lease while a long file is on its way."""
        due = self._audit.clock() + duty.lease / 4
        for part in parts:
            if (now := self._audit.clock()) >= due:
                with self._audit.database.bookkeeping() as connection:
                    duties.renew(connection, duty, now)
                due = now + duty.lease / 4
            yield part

    def _describe(
        self, duty: Duty, referral: Referral, file: ReferralFile, authority: Authority
    ) -> None:
        statement = referral.draft.files[file.place]
        letter = authority.details(_number(referral), file.receiver_file_id or "", statement)
        at = (referral.id, referral.reports_opened, About.DETAILS)
        evidence, answer = file.evidence_id, b""
        if letter is not None:
            with self._change() as change:
                self._register.take(change, duty)
                self._register.move(change, duty, State.DETAILS, State.OPEN)
                kept = self._keep(change, *at, Direction.SENT, letter)
                change.record(
                    Action.REFERRAL_FILE_DESCRIBING, referral.id, evidence=evidence, letter=kept
                )
            answer = authority.describe_file(_number(referral), letter)
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.OPEN)
            self._register.move_file(change, duty, file.place, FileState.DESCRIBED)
            received = (
                None if letter is None else self._keep(change, *at, Direction.RECEIVED, answer)
            )
            change.record(
                Action.REFERRAL_FILE_DESCRIBED, referral.id, evidence=evidence, letter=received
            )

    def _finish(self, duty: Duty, referral: Referral, authority: Authority) -> bool:
        letter = authority.finishing(_number(referral))
        at = (referral.id, referral.reports_opened, About.FINISHING)
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.FINISHING, State.OPEN)
            change.record(
                Action.REFERRAL_FINISHING,
                referral.id,
                number=referral.number,
                letter=self._keep(change, *at, Direction.SENT, letter),
            )
        finished = authority.finish(_number(referral), letter)
        number = finished.receipt or _number(referral)
        self._filed(duty, referral, number, About.FINISHING, finished.received)
        return False

    def _ask(self, duty: Duty, referral: Referral, authority: Authority) -> bool:
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.QUESTIONING)
            change.record(Action.REFERRAL_QUESTIONED, referral.id, number=referral.number)
        retracted = authority.retract(_number(referral))
        if retracted.answer is RetractAnswer.WAS_FINISHED:
            number = retracted.receipt or _number(referral)
            self._filed(duty, referral, number, About.QUESTION, retracted.received, retracted.sent)
            return False
        if referral.recalled:
            return self._let_go(duty, referral)
        self._begin_again(duty, f"the open report is {retracted.answer.value}")
        return True

    def _let_go(self, duty: Duty, referral: Referral) -> bool:
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.WITHDRAWN, number=None, problem=None)
            duties.done(change.connection, duty, change.now)
            change.record(Action.REFERRAL_WITHDRAWN, referral.id, case=referral.case_id)
        return False

    def _filed(
        self,
        duty: Duty,
        referral: Referral,
        number: str,
        about: About,
        answer: bytes,
        question: bytes | None = None,
    ) -> None:
        with self._change() as change:
            self._register.move(
                change, duty, State.FILED, filed_at=change.now, problem=None, number=number
            )
            duties.done(change.connection, duty, change.now)
            at = (change, referral.id, referral.reports_opened, about)
            asked = self._keep(*at, Direction.SENT, question) if question is not None else None
            change.record(
                Action.REFERRAL_FILED,
                referral.id,
                number=number,
                learnt_by_asking=question is not None,
                question=asked,
                letter=self._keep(*at, Direction.RECEIVED, answer),
            )
            # It may have been recalled when the last call was on its way already.
            self._after_filing(change, referral.id)

    def _begin_again(self, duty: Duty, why: str) -> None:
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.APPROVED, number=None)
            self._register.forget_files(change, duty)
            change.record(Action.REFERRAL_RESTARTED, duty.subject, why=why)

    def _settle(self, duty: Duty) -> None:
        with self._audit.database.bookkeeping() as connection:
            duties.done(connection, duty, self._audit.clock())

    def _put_off(self, duty: Duty, problem: TutelaError | None) -> None:
        referral = self._register.load(duty.subject)
        now = self._audit.clock()
        if next_step(referral)[0] is Step.NOTHING:
            # The commit that seemed to fail was made, and it was the last.
            self._settle(duty)
            return
        if problem is not None and referral.approved_at and now > referral.approved_at + HORIZON:
            self._alarm(duty, problem)
            return
        reason = problem.what if problem else "the report is not open; asking"
        delay = duties.retry_delay(duty.attempts) if problem else timedelta(0)
        with self._change() as change:
            duties.later(change.connection, duty, now + delay, reason)
            change.record(Action.REFERRAL_RETRYING, duty.subject, reason=reason)

    def _alarm(self, duty: Duty, problem: TutelaError) -> None:
        if next_step(self._register.load(duty.subject))[0] is Step.NOTHING:
            self._settle(duty)
            return
        with self._change() as change:
            self._register.take(change, duty)
            self._register.move(change, duty, State.ALARMED, problem=problem.what[:500])
            duties.done(change.connection, duty, change.now)
            change.record(Action.REFERRAL_ALARMED, duty.subject, problem=problem.code)

    def _keep(
        self,
        change: Change,
        referral_id: str,
        report: int,
        about: About,
        direction: Direction,
        data: bytes,
    ) -> str:
        return self._letters.keep(change, referral_id, report, about, direction, data)

    def _change(self) -> AbstractContextManager[Change]:
        return self._audit.change(DELIVERY)


def _number(referral: Referral) -> str:
    if referral.number is None:
        raise CounterpartyRefused(
            "The referral has no report number where it needs one.",
            "This is a defect in Tutela: report it, then approve the referral again.",
        )
    return referral.number
