"""Making a home and bringing it to a newer version: what happens once, and needs more code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela import bootstrap
from tutela.access.names import SealedNames
from tutela.access.roles import Role
from tutela.audit.entry import Action, Actor
from tutela.errors import SettingsInvalid
from tutela.evidence.key_service import KeyFolder
from tutela.evidence.keys import OpeningKey
from tutela.key_files import KeyFiles
from tutela.settings import SETTINGS_FILE
from tutela.storage.clock import utc_now
from tutela.storage.database import Database
from tutela.storage.upgrading import upgrade

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.evidence.passphrase import Passphrase
    from tutela.settings import Settings
    from tutela.storage.clock import Clock

INSTALLER = Actor("system", "installer")


@dataclass(frozen=True, slots=True)
class Created:
    """What a new home starts with: the first administrator and their one-time sign-in."""

    administrator: str
    sign_in: str
    until: datetime


def create_home(
    settings: Settings,
    administrator: str,
    clock: Clock = utc_now,
    *,
    settings_text: str = "",
    passphrase: Passphrase | None = None,
) -> Created:
    """Make a home: folder, keys, settings file, database, first administrator.

    `passphrase`: locks the private evidence key; none: it is plain, for a demonstration or tests.
    Raises `SettingsInvalid` when there is one already.
    """
    if settings.keys.exists():
        raise SettingsInvalid(
            "This home holds an instance already.", "Name another folder with --home."
        )
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = KeyFiles(settings.keys)
    files.create()
    _create_evidence_key(settings, files, clock, passphrase)
    settings_file = settings.home / SETTINGS_FILE
    if not settings_file.exists():
        settings_file.write_text(settings_text or f'instance = "{settings.instance}"\n')
    upgrade_home(settings)
    platform = bootstrap.open_platform(settings, clock)
    try:
        platform.audit.note(INSTALLER, Action.INSTANCE_CREATED, settings.instance)
        account = platform.accounts.create(INSTALLER, administrator, (Role.ADMINISTRATOR,))
        issued = platform.sign_ins.issue(INSTALLER, account.id)
        return Created(administrator, issued.token, issued.until)
    finally:
        platform.close()


def _create_evidence_key(
    settings: Settings, files: KeyFiles, clock: Clock, passphrase: Passphrase | None
) -> None:
    key = OpeningKey.generate()
    if settings.key_service.kind == "file":
        KeyFolder(files.evidence_private, passphrase).add(key)
    else:
        bootstrap.key_service_of(settings, clock).add(key)
    key.sealing.save(files.evidence_public)


def upgrade_home(settings: Settings) -> None:
    """Bring a home's database and keys to this version."""
    files = KeyFiles(settings.keys)
    files.create_newer()
    names = SealedNames(files.access_key())
    database = Database(settings.database)
    try:
        upgrade(database, names)
    finally:
        database.close()
