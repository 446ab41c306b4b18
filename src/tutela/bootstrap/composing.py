"""The composition root: settings in, a platform out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tutela.access.accounts import Accounts
from tutela.access.approvals import Approvals
from tutela.access.passkeys import Passkeys
from tutela.access.preferences import PreferenceBook
from tutela.access.recovery import RecoveryCodes
from tutela.access.refusals import Refusals
from tutela.access.sessions import Sessions
from tutela.access.sign_in import SignIns
from tutela.access.tokens import Tokens
from tutela.alarms.board import Board
from tutela.alarms.facts import Looking
from tutela.alarms.telling import NOTICE, Telling
from tutela.alarms.watch import Watch
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.log import AuditLog
from tutela.audit.prover import Prover
from tutela.audit.witnessing import CHECKPOINT, Witnessing
from tutela.bootstrap.adapters import (
    NCMEC,
    authorities_of,
    channels_of,
    host_of,
    key_service_of,
    pulse_of,
    sign_on_of,
    witnesses_of,
)
from tutela.bootstrap.platform import Part, Platform
from tutela.bootstrap.terms import (
    book_of,
    decode_limits,
    exposure_limits,
    mix_of,
    orphan_age,
    parsing_pool,
    parsing_terms,
    provider_of,
    reporter_of,
    site_of,
    thresholds_of,
    two_people,
)
from tutela.cases.budget import Budget
from tutela.cases.categories import OptOuts
from tutela.cases.queue import Queue
from tutela.cases.splitting import Splitting
from tutela.cases.tiles import Revealing
from tutela.cases.viewing import Viewing
from tutela.content.confinement.pool import Pool, Room
from tutela.content.holds import HOST_ORDER
from tutela.decisions.second_review import Draw
from tutela.decisions.typed import TypedDecisions
from tutela.evidence.destruction import ERASURE, Destruction
from tutela.evidence.legal_hold import LegalHolds
from tutela.evidence.orphans import Orphans
from tutela.evidence.ownership import Ownership
from tutela.evidence.rotation import EvidenceRows, Rotation
from tutela.evidence.vault import Vault
from tutela.exchange.confined_answers import WORKER as ANSWER_WORKER
from tutela.exchange.confined_answers import ConfinedAnswers
from tutela.hashing.algorithm import verify_known_answers
from tutela.hashlists.confined_file import ConfinedFile
from tutela.hashlists.judgement import Sampling
from tutela.hashlists.references import References
from tutela.hashlists.store import HashLists
from tutela.hashlists.sudden import Steadiness
from tutela.key_files import KeyFiles
from tutela.matching.ordinary_index import OrdinaryIndex
from tutela.matching.screening import Screener, ScreeningPolicy
from tutela.platform.appealing import Appealing
from tutela.platform.casework import LIST_JUDGEMENT, Casework
from tutela.platform.golden import Golden
from tutela.platform.golden_sets import GoldenSets
from tutela.platform.intake import Intake
from tutela.platform.list_watch import ListWatch
from tutela.platform.meters import Meters, Standing
from tutela.platform.parsing import Parsing, Patience
from tutela.platform.policies import Policies
from tutela.platform.referring import Approval, Referring
from tutela.platform.removal import Removal
from tutela.platform.second_look import SecondLook
from tutela.platform.worker import Worker
from tutela.referrals.deadlines import Deadlines
from tutela.referrals.delivery import Delivery
from tutela.referrals.letters import LetterRows, Letters
from tutela.referrals.preservation import Preservation
from tutela.referrals.register import REFERRAL, Register
from tutela.referrals.retention import Retention, RetentionPolicy
from tutela.referrals.verification import Verification
from tutela.storage import schema
from tutela.storage.clock import Clock, utc_now
from tutela.storage.database import Database
from tutela.storage.duties import Ahead
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tutela.evidence.passphrase import Passphrase
    from tutela.settings import Settings
    from tutela.storage.duties import Duty


def open_platform(
    settings: Settings,
    clock: Clock = utc_now,
    part: Part = Part.ALL,
    pool: Pool | None = None,
    passphrase: Passphrase | None = None,
) -> Platform:
    """Compose a platform from its settings. It parses in `pool`, and closes it.

    `passphrase`: of the private keys, needed when the first is; none: as the environment has it.
    Raises `SettingsInvalid`, `Tampered`.
    """
    verify_known_answers()
    files = KeyFiles(settings.keys)
    signer = CheckpointSigner(settings.instance, files.audit_seed())
    access_key = files.access_key()
    sealing_key = files.sealing_key()
    keys = key_service_of(settings, clock, passphrase)
    database = Database(settings.database)
    schema.check(database)
    audit = AuditLog(
        database, signer, clock, WitnessFile(settings.home / "checkpoint.note", signer)
    )
    objects = Objects(settings.objects)
    owner = Ownership(objects, signer.text)
    vault = Vault(audit, objects, sealing_key, keys if part is Part.ALL else None, owner)
    limits = decode_limits(settings)
    if pool is None:
        pool = parsing_pool(settings.decoding)
    parsing = Parsing(
        pool, limits, Patience(settings.decoding.seconds, settings.decoding.cpu_seconds)
    )
    refusals = Refusals(audit)
    answer_pool = Pool(ANSWER_WORKER, parsing_terms(settings.decoding, looks=False), Room(1))
    answers = ConfinedAnswers(answer_pool)
    approvals = Approvals(audit, two_people(settings))
    lists = HashLists(
        database,
        audit,
        Steadiness(**settings.lists.model_dump()),
        OrdinaryIndex(settings.matching.radius),
        approvals,
        partial(ConfinedFile, parsing_terms(settings.decoding, looks=False)),
    )
    screener = Screener(
        database,
        ScreeningPolicy(**settings.matching.model_dump()),
        settings.index,
    )
    register = Register(audit)
    removal = Removal(audit, host_of(settings, files, clock))
    letters = Letters(audit, vault)
    preservation = Preservation(audit)
    legal_holds = LegalHolds(audit)
    retention = Retention(
        audit, RetentionPolicy(**settings.retention.model_dump()), legal_holds, preservation
    )
    destruction = Destruction(audit, objects, (legal_holds.guard, retention.guard))
    orphans = Orphans(audit, objects, orphan_age(settings), owner)
    deadlines = Deadlines(audit)
    book = book_of(settings)
    referring = Referring(
        audit,
        register,
        preservation,
        reporter_of(settings),
        provider_of(settings),
        book,
        Approval(**settings.approval.model_dump()),
    )
    watch = ListWatch(Sampling(**settings.sampling.model_dump()))
    budget = Budget(audit, exposure_limits(settings))
    golden = Golden(audit, mix_of(settings), budget.check_working)
    viewing = Viewing(audit, vault, parsing.smaller, budget.check_looking, parsing.frames, golden)
    casework = Casework(
        audit,
        referring,
        watch,
        timedelta(seconds=settings.grace.seconds),
        Draw(**settings.second_review.model_dump()),
    )
    delivery = Delivery(
        audit,
        register,
        authorities_of(settings, answers),
        vault,
        letters,
        {one.id for one in book.recipients} - {NCMEC},
        referring.after_filing,
    )
    accounts = Accounts(database, audit, access_key, clock, approvals=approvals).proven()
    sign_on = sign_on_of(settings, database, audit, accounts, access_key, clock)
    trusts = sign_on.trusts if sign_on else None
    prover = Prover(database, signer)
    witnessing = Witnessing(
        audit,
        prover,
        witnesses_of(settings),
        timedelta(minutes=settings.checkpoints.every_minutes),
    )
    board = Board(audit)
    telling = Telling(
        audit,
        channels_of(settings, files, clock),
        timedelta(minutes=settings.alarms.pause_minutes),
        timedelta(hours=settings.alarms.remind_hours),
    )
    alarm_watch = Watch(
        audit,
        Looking(
            database,
            settings.witnesses,
            {"home": settings.home},
            confined=not settings.decoding.insecure,
        ),
        board,
        telling,
        thresholds_of(settings),
        pulse_of(settings),
    )
    meters = Meters()
    meters.registry.register(Standing(database, alarm_watch, board, clock))
    return Platform(
        settings=settings,
        part=part,
        clock=clock,
        database=database,
        audit=audit,
        prover=prover,
        lists=lists,
        references=References(audit),
        screener=screener,
        limits=limits,
        pool=pool,
        parsing=parsing,
        answer_pool=answer_pool,
        answers=answers,
        keys=keys,
        rotation=Rotation(audit, keys, sealing_key, (EvidenceRows(keys), LetterRows(keys))),
        vault=vault,
        watch=watch,
        intake=Intake(audit, screener, vault, parsing, watch, meters),
        budget=budget,
        opt_outs=OptOuts(audit),
        queue=Queue(audit, budget.check_working),
        splitting=Splitting(audit),
        viewing=viewing,
        revealing=Revealing(audit, viewing, parsing.smaller),
        register=register,
        casework=casework,
        typed=TypedDecisions(database),
        appealing=Appealing(audit, casework),
        second_look=SecondLook(audit),
        golden=golden,
        golden_sets=GoldenSets(audit, parsing, screener),
        policies=Policies(audit, approvals),
        referring=referring,
        letters=letters,
        book=book,
        deadlines=deadlines,
        preservation=preservation,
        legal_holds=legal_holds,
        retention=retention,
        destruction=destruction,
        verification=Verification(audit, register, letters, vault),
        approvals=approvals,
        accounts=accounts,
        sessions=Sessions(database, audit, accounts, clock, trusts, refusals),
        sign_ins=SignIns(
            database, audit, accounts, clock, direct=settings.demo, approvals=approvals
        ),
        tokens=Tokens(database, audit, accounts, clock, trusts, refusals),
        passkeys=Passkeys(database, audit, accounts, access_key, site_of(settings), clock),
        preferences=PreferenceBook(audit),
        recovery=RecoveryCodes(database, audit),
        single_sign_on=sign_on,
        board=board,
        refusals=refusals,
        alarm_watch=alarm_watch,
        meters=meters,
        worker=_worker(
            settings,
            part,
            database,
            clock,
            meters,
            {
                HOST_ORDER: removal.carry_out,
                REFERRAL: delivery.carry_out,
                ERASURE: destruction.carry_out,
                CHECKPOINT: witnessing.carry_out,
                NOTICE: telling.carry_out,
                LIST_JUDGEMENT: casework.judge,
            },
            (screener.prove_now_and_then, refusals.flush),
            (
                deadlines.watch,
                preservation.sweep,
                lambda: retention.sweep(destruction),
                *((sign_on.watch,) if sign_on else ()),
                witnessing.owe,
                orphans.now_and_then,
                alarm_watch.run,
            ),
        ),
    )


def _worker(
    settings: Settings,
    part: Part,
    database: Database,
    clock: Clock,
    meters: Meters,
    handlers: dict[str, Callable[[Duty], None]],
    of_every_process: Sequence[Callable[[], None]],
    chores: Sequence[Callable[[], None]],
) -> Worker:
    """Return the worker of a part: one that takes uploads sees to itself alone."""
    whole = part is Part.ALL
    return Worker(
        database,
        clock,
        handlers if whole else {},
        Ahead(
            first=timedelta(seconds=settings.grace.seconds),
            lease=timedelta(seconds=settings.duties.lease_seconds),
            paced=frozenset({CHECKPOINT, NOTICE}),
        ),
        (*of_every_process, *(chores if whole else ())),
        meters,
    )
