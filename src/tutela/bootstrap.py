"""The composition root: settings in, a platform out. The only place that names adapters."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tutela.access.accounts import Accounts
from tutela.access.approvals import Approvals
from tutela.access.passkeys import Passkeys, Site
from tutela.access.preferences import PreferenceBook
from tutela.access.recovery import RecoveryCodes
from tutela.access.refusals import Refusals
from tutela.access.second_person import Policy
from tutela.access.sessions import Sessions
from tutela.access.sign_in import SignIns
from tutela.access.single_sign_on import SignOnTerms, SingleSignOn
from tutela.access.tokens import Tokens
from tutela.alarms.board import Board
from tutela.alarms.checks import Thresholds
from tutela.alarms.facts import Looking
from tutela.alarms.telling import NOTICE, Telling
from tutela.alarms.watch import Watch
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.cosignature import CosignatureVerifier
from tutela.audit.log import AuditLog
from tutela.audit.prover import Prover
from tutela.audit.witnessing import CHECKPOINT, Witnessing
from tutela.cases.budget import Budget
from tutela.cases.budget import Limits as ExposureLimits
from tutela.cases.categories import OptOuts
from tutela.cases.queue import Queue
from tutela.cases.splitting import Splitting
from tutela.cases.tiles import Revealing
from tutela.cases.viewing import Viewing
from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.content.decoding import DecodeLimits
from tutela.content.holds import HOST_ORDER
from tutela.decisions.second_review import Draw
from tutela.decisions.typed import TypedDecisions
from tutela.errors import CounterpartyFailed, SettingsInvalid
from tutela.evidence import passphrase as passphrases
from tutela.evidence.destruction import ERASURE, Destruction
from tutela.evidence.key_service import KeyFolder, KeyService
from tutela.evidence.legal_hold import LegalHolds
from tutela.evidence.orphans import Orphans
from tutela.evidence.ownership import Ownership
from tutela.evidence.rotation import EvidenceRows, Rotation
from tutela.evidence.vault import Vault
from tutela.exchange import wire_names
from tutela.exchange.alarm_webhook import AlarmWebhook
from tutela.exchange.aws_kms import AwsKms, KmsKey
from tutela.exchange.by_hand import NCA
from tutela.exchange.confined_answers import WORKER as ANSWER_WORKER
from tutela.exchange.confined_answers import ConfinedAnswers
from tutela.exchange.cybertipline import CyberTipline
from tutela.exchange.host_webhook import HostWebhook
from tutela.exchange.identity_provider import IdentityProvider
from tutela.exchange.mail import Mail, MailSecurity, MailServer
from tutela.exchange.nca import Nca, Registration
from tutela.exchange.pulse import HttpPulse
from tutela.exchange.sigv4 import Credentials
from tutela.exchange.tlog_witness import TlogWitness
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
from tutela.platform.golden import Golden, Mix
from tutela.platform.golden_sets import GoldenSets
from tutela.platform.intake import Intake
from tutela.platform.list_watch import ListWatch
from tutela.platform.meters import Meters, Standing
from tutela.platform.parsing import WORKER, Parsing, Patience
from tutela.platform.policies import Policies
from tutela.platform.referring import Approval, Referring
from tutela.platform.removal import HostPlatform, Removal
from tutela.platform.second_look import SecondLook
from tutela.platform.worker import Worker
from tutela.referrals.deadlines import Deadlines
from tutela.referrals.delivery import Delivery
from tutela.referrals.draft import ReporterFacts
from tutela.referrals.letters import LetterRows, Letters
from tutela.referrals.obligations.book import Book, Change, shipped
from tutela.referrals.obligations.obligation import Recipient, Sureness
from tutela.referrals.obligations.owed import Provider
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
    from tutela.alarms.telling import Channel
    from tutela.audit.witnessing import Witness
    from tutela.content.holds import HostOrder
    from tutela.evidence.passphrase import Passphrase
    from tutela.exchange.answers import Answers
    from tutela.referrals.authority import Authority
    from tutela.settings import Decoding, Settings


NCMEC = "ncmec"


class Part(StrEnum):
    """Which part of a platform a process is. An intake process cannot open evidence."""

    ALL = "all"
    INTAKE = "intake"


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything one process of a platform works with."""

    settings: Settings
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


def parsing_terms(decoding: Decoding, *, looks: bool) -> Terms:
    """Return on what terms processes parse."""
    return Terms(decoding.memory, decoding.insecure, looks)


def parsing_pool(decoding: Decoding, *, looks: bool = True) -> Pool:
    """Return the pool of confined processes; they start when first needed."""
    return Pool(
        WORKER,
        parsing_terms(decoding, looks=looks),
        Room(
            decoding.processes or os.cpu_count() or 1,
            decoding.waiting,
            decoding.patience_seconds,
        ),
    )


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
    limits = DecodeLimits(
        max_bytes=settings.limits.max_bytes,
        max_pixels=settings.limits.max_pixels,
        max_frames=settings.limits.max_frames,
        max_video_frames=settings.limits.max_video_frames,
        # What it has read by then is still hashed and matched before its process is ended.
        video_cpu_seconds=settings.decoding.cpu_seconds * 3 / 4,
    )
    if pool is None:
        pool = parsing_pool(settings.decoding)
    parsing = Parsing(
        pool, limits, Patience(settings.decoding.seconds, settings.decoding.cpu_seconds)
    )
    refusals = Refusals(audit)
    answer_pool = Pool(ANSWER_WORKER, parsing_terms(settings.decoding, looks=False), Room(1))
    answers = ConfinedAnswers(answer_pool)
    approvals = Approvals(audit, _two_people(settings))
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
    removal = Removal(audit, _host(settings, files, clock))
    letters = Letters(audit, vault)
    preservation = Preservation(audit)
    legal_holds = LegalHolds(audit)
    retention = Retention(
        audit, RetentionPolicy(**settings.retention.model_dump()), legal_holds, preservation
    )
    destruction = Destruction(audit, objects, (legal_holds.guard, retention.guard))
    orphans = Orphans(audit, objects, _orphan_age(settings), owner)
    deadlines = Deadlines(audit)
    book = book_of(settings)
    referring = Referring(
        audit,
        register,
        preservation,
        _reporter(settings),
        provider_of(settings),
        book,
        Approval(**settings.approval.model_dump()),
    )
    watch = ListWatch(Sampling(**settings.sampling.model_dump()))
    budget = Budget(audit, _exposure(settings))
    golden = Golden(audit, _mix(settings), budget.check_working)
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
        _authorities(settings, answers),
        vault,
        letters,
        {one.id for one in book.recipients} - {NCMEC},
        referring.after_filing,
    )
    accounts = Accounts(database, audit, access_key, clock, approvals=approvals).proven()
    sign_on = _sign_on(settings, database, audit, accounts, access_key, clock)
    trusts = sign_on.trusts if sign_on else None
    prover = Prover(database, signer)
    witnessing = Witnessing(
        audit,
        prover,
        _witnesses(settings),
        timedelta(minutes=settings.checkpoints.every_minutes),
    )
    board = Board(audit)
    telling = Telling(
        audit,
        _channels(settings, files, clock),
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
        _thresholds(settings),
        _pulse(settings),
    )
    meters = Meters()
    meters.registry.register(Standing(database, alarm_watch, board, clock))
    return Platform(
        settings=settings,
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
        passkeys=Passkeys(database, audit, accounts, access_key, _site(settings), clock),
        preferences=PreferenceBook(audit),
        recovery=RecoveryCodes(database, audit),
        single_sign_on=sign_on,
        board=board,
        refusals=refusals,
        alarm_watch=alarm_watch,
        meters=meters,
        worker=Worker(
            database,
            clock,
            {
                HOST_ORDER: removal.carry_out,
                REFERRAL: delivery.carry_out,
                ERASURE: destruction.carry_out,
                CHECKPOINT: witnessing.carry_out,
                NOTICE: telling.carry_out,
                LIST_JUDGEMENT: casework.judge,
            },
            Ahead(
                first=timedelta(seconds=settings.grace.seconds),
                lease=timedelta(seconds=settings.duties.lease_seconds),
                paced=frozenset({CHECKPOINT, NOTICE}),
            ),
            (
                deadlines.watch,
                preservation.sweep,
                lambda: retention.sweep(destruction),
                *((sign_on.watch,) if sign_on else ()),
                screener.prove_now_and_then,
                witnessing.owe,
                refusals.flush,
                orphans.now_and_then,
                alarm_watch.run,
            ),
            meters,
        ),
    )


def key_service_of(
    settings: Settings, clock: Clock = utc_now, passphrase: Passphrase | None = None
) -> KeyService:
    """Return who holds the private evidence keys. Raises `SettingsInvalid`."""
    folder = KeyFiles(settings.keys).evidence_private
    if settings.key_service.kind == "file":
        asked = passphrase or passphrases.found(settings.key_service.passphrase_file)
        return KeyFolder(folder, asked)
    kms = settings.aws_kms
    if kms.url is None or not kms.region or not kms.key:
        raise SettingsInvalid(
            "The settings do not say which key of AWS KMS guards the private keys.",
            "Set url, region and key in [aws_kms], or key_service.kind to `file`.",
        )
    credentials = Credentials(
        kms.access_key,
        kms.secret.get_secret_value(),
        kms.session.get_secret_value() if kms.session else None,
    )
    where = KmsKey(kms.url, kms.region, kms.key)
    return AwsKms(
        folder,
        where,
        credentials,
        clock,
        kms.hold_seconds,
        private=settings.exchange.private_networks,
    )


def _orphan_age(settings: Settings) -> timedelta | None:
    days = settings.storage.orphan_days
    return timedelta(days=days) if days else None


def _exposure(settings: Settings) -> ExposureLimits:
    told = settings.exposure
    return ExposureLimits(
        told.soft_points,
        told.hard_points,
        told.day_begins,
        timedelta(minutes=told.stretch_minutes),
        timedelta(minutes=told.pause_minutes),
        told.smallest_group,
    )


def _mix(settings: Settings) -> Mix:
    return Mix(
        settings.golden.share,
        settings.golden.seed,
        timedelta(hours=settings.alarms.queue_age_hours),
        settings.exposure.smallest_group,
    )


def _witnesses(settings: Settings) -> dict[str, tuple[Witness, CosignatureVerifier]]:
    return {
        name: (
            TlogWitness(one.url, settings.exchange.private_networks),
            CosignatureVerifier(one.key),
        )
        for name, one in settings.witnesses.items()
    }


def _channels(settings: Settings, files: KeyFiles, clock: Clock) -> dict[str, Channel]:
    """Return the ways to tell people of alarms."""
    found: dict[str, Channel] = {}
    private = settings.exchange.private_networks
    if settings.alarms.webhook_url is not None:
        found["webhook"] = AlarmWebhook(
            settings.alarms.webhook_url, files.webhook_secret(), clock, private
        )
    if settings.mail is not None:
        told = settings.mail
        server = MailServer(
            told.host,
            told.port,
            MailSecurity(told.security),
            told.username,
            told.password.get_secret_value(),
            told.sender,
            told.to,
            told.ca_file,
        )
        found["mail"] = Mail(server, settings.instance, settings.address)
    return found


def _pulse(settings: Settings) -> HttpPulse | None:
    url = settings.alarms.pulse_url
    return HttpPulse(url, settings.exchange.private_networks) if url else None


def _thresholds(settings: Settings) -> Thresholds:
    told = settings.alarms
    return Thresholds(
        list_age=timedelta(hours=told.list_age_hours),
        queue_age=timedelta(hours=told.queue_age_hours),
        silence=timedelta(minutes=told.silence_minutes),
        silence_factor=told.silence_factor,
        undecodable_share=told.undecodable_share,
        duty_age=timedelta(minutes=told.duty_age_minutes),
        worker_silence=timedelta(minutes=told.worker_silence_minutes),
        witness_age=timedelta(hours=told.witness_age_hours),
        disk_free=told.disk_free,
    )


class _NoHost:
    """Stands where no host platform is configured: orders wait, and say so."""

    def carry_out(self, order: HostOrder) -> None:
        """Refuse for now."""
        raise CounterpartyFailed(
            f"No host platform is configured to {order.verb}.",
            "Set host.webhook_url in the settings.",
        )


def _host(settings: Settings, files: KeyFiles, clock: Clock) -> HostPlatform:
    if settings.host.webhook_url is None:
        return _NoHost()
    return HostWebhook(
        settings.host.webhook_url,
        files.webhook_secret(),
        clock,
        settings.exchange.private_networks,
    )


def _authorities(settings: Settings, answers: Answers) -> dict[str, Authority]:
    """Return the authorities that can be reached, by their names."""
    found: dict[str, Authority] = {}
    if settings.authority.url is not None:
        found[NCMEC] = CyberTipline(
            settings.authority.url,
            settings.authority.username,
            settings.authority.password.get_secret_value(),
            settings.exchange.private_networks,
            answers,
        )
    if settings.nca.url is not None:
        registration = Registration(
            settings.reporter.company,
            settings.nca.registration,
            {who: one.model_dump() for who, one in settings.nca.authorised.items()},
        )
        found[NCA] = Nca(
            settings.nca.url,
            settings.nca.token.get_secret_value(),
            registration,
            wire_names.read(settings.nca.mapping),
            settings.exchange.private_networks,
            answers,
        )
    return found


def provider_of(settings: Settings) -> Provider:
    """Return who the operator is before the law."""
    return Provider(**settings.provider.model_dump())


def book_of(settings: Settings) -> Book:
    """Return the obligations in force. Raises `SettingsInvalid` for an unknown one."""
    changes = {name: Change(**one.model_dump()) for name, one in settings.obligations.items()}
    return (
        shipped()
        .changed(changes)
        .joined(
            Recipient(
                name,
                one.name,
                one.country,
                one.filed_by,
                one.emergency,
                "the settings",
                datetime.now(UTC).date(),
                Sureness.A,
            )
            for name, one in settings.hotlines.items()
        )
    )


def _sign_on(
    settings: Settings,
    database: Database,
    audit: AuditLog,
    accounts: Accounts,
    key: bytes,
    clock: Clock,
) -> SingleSignOn | None:
    given = settings.identity_provider
    if given.issuer is None:
        return None
    provider = IdentityProvider(
        given.issuer,
        given.client_id,
        given.client_secret.get_secret_value(),
        clock,
        given.origins,
        settings.exchange.private_networks,
    )
    terms = SignOnTerms(given.roles, given.groups_claim, timedelta(minutes=given.ask_minutes))
    back_to = f"{settings.address}/console/sign-on/back"
    return SingleSignOn(database, audit, accounts, provider, terms, key, back_to, clock)


def _site(settings: Settings) -> Site:
    parts = urlsplit(settings.address)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def _two_people(settings: Settings) -> Policy:
    return Policy(frozenset(settings.two_people.verbs), timedelta(hours=settings.two_people.hours))


def _reporter(settings: Settings) -> ReporterFacts:
    return ReporterFacts(**settings.reporter.model_dump())
