"""The composition root: settings in, a platform out. The only place that names adapters."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from tutela.access.accounts import Accounts
from tutela.access.roles import Role
from tutela.access.sessions import Sessions
from tutela.access.sign_in import SignIns
from tutela.access.tokens import Tokens
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor
from tutela.audit.log import AuditLog
from tutela.cases.queue import Queue
from tutela.cases.viewing import Viewing
from tutela.content.decoding import DecodeLimits
from tutela.content.holds import HOST_ORDER
from tutela.errors import CounterpartyFailed, SettingsInvalid
from tutela.evidence import keys
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.evidence.vault import Vault
from tutela.exchange.cybertipline import CyberTipline
from tutela.exchange.host_webhook import HostWebhook
from tutela.hashing.algorithm import verify_known_answers
from tutela.hashlists.store import HashLists
from tutela.matching.screening import Screener, ScreeningPolicy
from tutela.platform.casework import Casework
from tutela.platform.intake import Intake
from tutela.platform.removal import HostPlatform, Removal
from tutela.platform.worker import Worker
from tutela.referrals.delivery import Delivery
from tutela.referrals.draft import ReporterFacts
from tutela.referrals.register import REFERRAL, Register
from tutela.settings import SETTINGS_FILE, Settings
from tutela.storage import keyfile, schema
from tutela.storage.clock import Clock, utc_now
from tutela.storage.database import Database
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.content.holds import HostOrder

INSTALLER = Actor("system", "installer")
_AUDIT_WORD = "tutela-audit-seed-1"
_ACCESS_WORD = "tutela-access-key-1"
_WEBHOOK_WORD = "tutela-webhook-secret-1"
_KEY_SIZE = 32


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
    lists: HashLists
    screener: Screener
    limits: DecodeLimits
    vault: Vault
    intake: Intake
    queue: Queue
    viewing: Viewing
    register: Register
    casework: Casework
    accounts: Accounts
    sessions: Sessions
    sign_ins: SignIns
    tokens: Tokens
    worker: Worker

    def prove_ready(self) -> None:
        """Raise unless uploads can be screened now: schema, database and lists."""
        schema.check(self.database)
        self.screener.prove_ready()

    def close(self) -> None:
        """Let go of connections."""
        self.database.close()


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where each key of a home lies."""

    folder: Path

    @property
    def evidence_public(self) -> Path:
        """Return the public evidence key's file."""
        return self.folder / "evidence.pub"

    @property
    def evidence_private(self) -> Path:
        """Return the private evidence key's file; absent on screening machines."""
        return self.folder / "evidence.key"

    @property
    def audit(self) -> Path:
        """Return the file of the seed that signs checkpoints."""
        return self.folder / "audit.key"

    @property
    def access(self) -> Path:
        """Return the file of the key that seals second factors."""
        return self.folder / "access.key"

    @property
    def webhook(self) -> Path:
        """Return the file of the secret shared with the host platform."""
        return self.folder / "webhook.key"


@dataclass(frozen=True, slots=True)
class Created:
    """What a new home starts with: the first administrator and their one-time sign-in."""

    administrator: str
    sign_in: str
    until: datetime


def create_home(
    settings: Settings, administrator: str, clock: Clock = utc_now, *, settings_text: str = ""
) -> Created:
    """Make a home: folder, keys, settings file, database, first administrator.

    Raises `SettingsInvalid` when there is one already.
    """
    files = KeyFiles(settings.keys)
    if settings.keys.exists():
        raise SettingsInvalid(
            "This home holds an instance already.", "Name another folder with --home."
        )
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.keys.mkdir(mode=0o700)
    keys.create(files.evidence_public, files.evidence_private)
    keyfile.write_secret(files.audit, _AUDIT_WORD, SigningKey.generate().encode())
    keyfile.write_secret(files.access, _ACCESS_WORD, secrets.token_bytes(_KEY_SIZE))
    keyfile.write_secret(files.webhook, _WEBHOOK_WORD, secrets.token_bytes(_KEY_SIZE))
    settings_file = settings.home / SETTINGS_FILE
    if not settings_file.exists():
        settings_file.write_text(settings_text or f'instance = "{settings.instance}"\n')
    database = Database(settings.database)
    schema.upgrade(database)
    database.close()
    platform = open_platform(settings, clock)
    try:
        platform.audit.note(INSTALLER, Action.INSTANCE_CREATED, settings.instance)
        account = platform.accounts.create(INSTALLER, administrator, (Role.ADMINISTRATOR,))
        issued = platform.sign_ins.issue(INSTALLER, account.id)
        return Created(administrator, issued.token, issued.until)
    finally:
        platform.close()


def upgrade_home(settings: Settings) -> None:
    """Bring a home's database to this version's schema."""
    database = Database(settings.database)
    schema.upgrade(database)
    database.close()


def open_platform(settings: Settings, clock: Clock = utc_now, part: Part = Part.ALL) -> Platform:
    """Compose a platform from its settings. Raises `SettingsInvalid`, `Tampered`."""
    verify_known_answers()
    files = KeyFiles(settings.keys)
    signer = CheckpointSigner(settings.instance, keyfile.read_secret(files.audit, _AUDIT_WORD))
    access_key = keyfile.read_secret(files.access, _ACCESS_WORD)
    sealing_key = SealingKey.load(files.evidence_public)
    opening_key = OpeningKey.load(files.evidence_private) if part is Part.ALL else None
    database = Database(settings.database)
    schema.check(database)
    audit = AuditLog(
        database, signer, clock, WitnessFile(settings.home / "checkpoint.note", signer)
    )
    vault = Vault(audit, Objects(settings.objects), sealing_key, opening_key)
    limits = DecodeLimits(
        max_bytes=settings.limits.max_bytes,
        max_pixels=settings.limits.max_pixels,
        max_frames=settings.limits.max_frames,
    )
    lists = HashLists(database, audit)
    screener = Screener(
        database,
        ScreeningPolicy(**settings.matching.model_dump()),
        settings.index,
    )
    register = Register(audit)
    removal = Removal(audit, _host(settings, files, clock))
    delivery = Delivery(audit, register, _authority(settings), vault)
    accounts = Accounts(database, audit, access_key, clock)
    return Platform(
        settings=settings,
        clock=clock,
        database=database,
        audit=audit,
        lists=lists,
        screener=screener,
        limits=limits,
        vault=vault,
        intake=Intake(audit, screener, vault, limits),
        queue=Queue(audit),
        viewing=Viewing(audit, vault),
        register=register,
        casework=Casework(audit, register, _reporter(settings)),
        accounts=accounts,
        sessions=Sessions(database, audit, accounts, clock),
        sign_ins=SignIns(database, audit, accounts, clock, direct=settings.demo),
        tokens=Tokens(database, audit, accounts, clock),
        worker=Worker(
            database,
            clock,
            {HOST_ORDER: removal.carry_out, REFERRAL: delivery.carry_out},
            timedelta(seconds=settings.duties.lease_seconds),
        ),
    )


class _NoHost:
    """Stands where no host platform is configured: orders wait, and say so."""

    def carry_out(self, order: HostOrder) -> None:
        """Refuse for now."""
        raise CounterpartyFailed(
            f"No host platform is configured to {order.verb}.",
            "Set host.webhook_url in the settings.",
        )


def webhook_secret(settings: Settings) -> bytes:
    """Return the secret that the host platform checks our orders with (32 bytes)."""
    return keyfile.read_secret(KeyFiles(settings.keys).webhook, _WEBHOOK_WORD)


def opening_key(settings: Settings) -> OpeningKey:
    """Return the private evidence key of a home."""
    return OpeningKey.load(KeyFiles(settings.keys).evidence_private)


def sealing_key(settings: Settings) -> SealingKey:
    """Return the public evidence key of a home."""
    return SealingKey.load(KeyFiles(settings.keys).evidence_public)


def _host(settings: Settings, files: KeyFiles, clock: Clock) -> HostPlatform:
    if settings.host.webhook_url is None:
        return _NoHost()
    secret = keyfile.read_secret(files.webhook, _WEBHOOK_WORD)
    return HostWebhook(settings.host.webhook_url, secret, clock)


def _authority(settings: Settings) -> CyberTipline | None:
    if settings.authority.url is None:
        return None
    return CyberTipline(
        settings.authority.url,
        settings.authority.username,
        settings.authority.password.get_secret_value(),
    )


def _reporter(settings: Settings) -> ReporterFacts:
    told = settings.reporter
    return ReporterFacts(
        company=told.company,
        first_name=told.first_name,
        last_name=told.last_name,
        email=told.email,
        phone=told.phone,
        service=told.service,
        terms_url=told.terms_url,
        legal_url=told.legal_url,
    )
