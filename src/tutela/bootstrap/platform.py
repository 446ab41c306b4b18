"""What one process of a platform works with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.storage import schema

if TYPE_CHECKING:
    from tutela.access.accounts import Accounts
    from tutela.access.approvals import Approvals
    from tutela.access.passkeys import Passkeys
    from tutela.access.preferences import PreferenceBook
    from tutela.access.recovery import RecoveryCodes
    from tutela.access.refusals import Refusals
    from tutela.access.sessions import Sessions
    from tutela.access.sign_in import SignIns
    from tutela.access.single_sign_on import SingleSignOn
    from tutela.access.tokens import Tokens
    from tutela.alarms.board import Board
    from tutela.alarms.watch import Watch
    from tutela.audit.log import AuditLog
    from tutela.audit.prover import Prover
    from tutela.cases.budget import Budget
    from tutela.cases.categories import OptOuts
    from tutela.cases.queue import Queue
    from tutela.cases.splitting import Splitting
    from tutela.cases.tiles import Revealing
    from tutela.cases.viewing import Viewing
    from tutela.content.confinement.pool import Pool
    from tutela.content.decoding import DecodeLimits
    from tutela.decisions.typed import TypedDecisions
    from tutela.evidence.destruction import Destruction
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.legal_hold import LegalHolds
    from tutela.evidence.rotation import Rotation
    from tutela.evidence.vault import Vault
    from tutela.exchange.answers import Answers
    from tutela.hashlists.references import References
    from tutela.hashlists.store import HashLists
    from tutela.matching.screening import Screener
    from tutela.platform.appealing import Appealing
    from tutela.platform.casework import Casework
    from tutela.platform.golden import Golden
    from tutela.platform.golden_sets import GoldenSets
    from tutela.platform.intake import Intake
    from tutela.platform.list_watch import ListWatch
    from tutela.platform.meters import Meters
    from tutela.platform.parsing import Parsing
    from tutela.platform.policies import Policies
    from tutela.platform.referring import Referring
    from tutela.platform.second_look import SecondLook
    from tutela.platform.worker import Worker
    from tutela.referrals.deadlines import Deadlines
    from tutela.referrals.letters import Letters
    from tutela.referrals.obligations.book import Book
    from tutela.referrals.preservation import Preservation
    from tutela.referrals.register import Register
    from tutela.referrals.retention import Retention
    from tutela.referrals.verification import Verification
    from tutela.settings import Settings
    from tutela.storage.clock import Clock
    from tutela.storage.database import Database


class Part(StrEnum):
    """Which part of a platform a process is.

    An intake process takes and seals uploads. It cannot open evidence, and does nothing that is
    owed to the outside.
    """

    ALL = "all"
    INTAKE = "intake"


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything one process of a platform works with."""

    settings: Settings
    part: Part
    clock: Clock
    database: Database
    audit: AuditLog
    prover: Prover
    lists: HashLists
    references: References
    screener: Screener
    limits: DecodeLimits
    pool: Pool
    parsing: Parsing
    answer_pool: Pool
    answers: Answers
    keys: KeyService
    rotation: Rotation
    vault: Vault
    watch: ListWatch
    intake: Intake
    budget: Budget
    opt_outs: OptOuts
    queue: Queue
    splitting: Splitting
    viewing: Viewing
    revealing: Revealing
    register: Register
    casework: Casework
    typed: TypedDecisions
    appealing: Appealing
    second_look: SecondLook
    golden: Golden
    golden_sets: GoldenSets
    policies: Policies
    referring: Referring
    letters: Letters
    book: Book
    deadlines: Deadlines
    preservation: Preservation
    legal_holds: LegalHolds
    retention: Retention
    destruction: Destruction
    verification: Verification
    approvals: Approvals
    accounts: Accounts
    sessions: Sessions
    sign_ins: SignIns
    tokens: Tokens
    passkeys: Passkeys
    preferences: PreferenceBook
    recovery: RecoveryCodes
    single_sign_on: SingleSignOn | None
    board: Board
    alarm_watch: Watch
    meters: Meters
    worker: Worker
    refusals: Refusals

    def prove_ready(self) -> None:
        """Raise unless uploads can be screened now: schema, database, lists, and confinement."""
        schema.check(self.database)
        self.screener.prove_ready()
        self.parsing.prove_ready()

    def close(self) -> None:
        """Let go of connections, and end the processes that parse."""
        self.pool.close()
        self.answer_pool.close()
        try:
            self.refusals.close()
        finally:
            self.database.close()
