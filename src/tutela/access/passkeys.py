"""Passkeys (WebAuthn Level 2): a key in an authenticator that also checks its holder.

A passkey that verified its holder is two proofs in one, so it signs in alone. It answers only to
the address it was made for, so nothing typed on another site helps anybody.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import webauthn
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tutela.access.challenge import Challenges
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound, NotSignedIn
from tutela.storage.database import Database, Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.registration.verify_registration_response import VerifiedRegistration

    from tutela.access.accounts import Account, Accounts
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("credential", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("note", sa.String(80), nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
)

_NOTE_LENGTH, _LONGEST_ANSWER, _MOST = 80, 32 * 1024, 10
_UNKNOWN = NotSignedIn(
    "This passkey does not sign in here.", "Use another one, or name, password and code."
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of an account, as its owner sees it."""

    id: str
    note: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are bound to: the host name, and the address pages come from."""

    name: str
    origin: str

    @property
    def usable(self) -> bool:
        """Say whether browsers allow passkeys there: a name, not a number, over TLS or local."""
        try:
            ip_address(self.name)
        except ValueError:
            return self.origin.startswith("https://") or self.name == "localhost"
        return False


class Passkeys:
    """Adds, uses and removes passkeys."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        accounts: Accounts,
        key: bytes,
        site: Site,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._challenges = Challenges(database, key)
        self.site = site
        self._clock = clock

    def offer(self, account: Account, binding: str) -> str:
        """Return what a browser needs to make a passkey for an account: JSON."""
        with self._database.reading() as connection:
            known = connection.execute(
                sa.select(passkeys.c.credential).where(passkeys.c.account_id == account.id)
            ).scalars()
            excluded = [PublicKeyCredentialDescriptor(id=one) for one in known]
        options = webauthn.generate_registration_options(
            rp_id=self.site.name,
            rp_name="Tutela",
            # Stays in the authenticator and may be shown by it; the id says nothing to others.
            user_name=account.name,
            user_id=account.id.encode(),
            challenge=self._challenges.fresh(f"add {binding}", self._clock()),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=excluded,
        )
        return webauthn.options_to_json(options)

    def add(self, account: Account, binding: str, answer: str, note: str) -> Passkey:
        """Keep a passkey that a browser made. Raises `InvalidInput`, `Conflict`, `NotSignedIn`."""
        if account.vouched:
            raise Conflict(
                "Your organisation's identity provider proves you.", "Set a passkey up there."
            )
        if len(self.of(account.id)) >= _MOST:
            raise Conflict(f"There are {_MOST} passkeys already.", "Remove one you do not use.")
        challenge = challenge_of(answer)
        self._challenges.take(challenge, f"add {binding}", self._clock())
        made = made_by(answer, challenge, self.site)
        with self._audit.change(account.actor) as change:
            identity = new_id("psk", change.now)
            try:
                change.connection.execute(
                    passkeys.insert().values(
                        id=identity,
                        account_id=account.id,
                        credential=made.credential_id,
                        public_key=made.credential_public_key,
                        uses=made.sign_count,
                        note=note.strip()[:_NOTE_LENGTH] or "passkey",
                        added_at=change.now,
                    )
                )
            except sa.exc.IntegrityError:
                raise Conflict("This passkey is known already.", "Use it to sign in.") from None
            change.record(Action.PASSKEY_ADDED, account.id, passkey=identity)
        return next(one for one in self.of(account.id) if one.id == identity)

    def ask(self, binding: str) -> str:
        """Return what a browser needs to be asked for any passkey of this site: JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=self.site.name,
            challenge=self._challenges.fresh(f"in {binding}", self._clock()),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def authenticate(self, binding: str, answer: str) -> Account:
        """Return whose passkey answered. Raises `NotSignedIn`; refusals are recorded."""
        try:
            return self._authenticated(binding, answer)
        except NotSignedIn:
            system = Actor("system", "sign-in")
            self._audit.note(system, Action.SIGN_IN_REFUSED, "unknown", guard_closes=False)
            raise

    def _authenticated(self, binding: str, answer: str) -> Account:
        now = self._clock()
        challenge = challenge_of(answer)
        self._challenges.take(challenge, f"in {binding}", now)
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(passkeys).where(passkeys.c.credential == credential_of(answer))
            ).first()
        if row is None:
            raise _UNKNOWN
        proven = shown_by(answer, challenge, self.site, row.public_key, row.uses)
        account = self._accounts.load(row.account_id)
        if account.disabled or account.vouched:
            raise _UNKNOWN
        with self._database.bookkeeping() as connection:
            connection.execute(
                passkeys.update()
                .where(passkeys.c.id == row.id)
                .values(uses=proven.new_sign_count, last_used_at=now)
            )
        return account

    def of(self, account_id: str) -> tuple[Passkey, ...]:
        """Return an account's passkeys, the oldest first."""
        query = sa.select(passkeys).where(passkeys.c.account_id == account_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(passkeys.c.id)).all()
        return tuple(Passkey(row.id, row.note, row.added_at, row.last_used_at) for row in rows)

    def remove(self, account: Account, passkey_id: str) -> None:
        """Remove one of an account's passkeys. Raises `NotFound`."""
        with self._audit.change(account.actor) as change:
            gone = change.connection.execute(
                passkeys.delete().where(
                    passkeys.c.id == passkey_id, passkeys.c.account_id == account.id
                )
            )
            if gone.rowcount != 1:
                raise NotFound("There is no such passkey.", "Load the page again.")
            change.record(Action.PASSKEY_REMOVED, account.id, passkey=passkey_id)


def made_by(answer: str, challenge: bytes, site: Site) -> VerifiedRegistration:
    """Return the passkey that a browser's answer proves. Raises `InvalidInput`."""
    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - three libraries read a stranger's JSON, CBOR and key
        raise InvalidInput(
            "The browser's answer does not prove a passkey.", "Try again, or another one."
        ) from None


def shown_by(
    answer: str, challenge: bytes, site: Site, public_key: bytes, uses: int
) -> VerifiedAuthentication:
    """Return how a browser's answer proves a known passkey. Raises `NotSignedIn`."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - as above
        raise _UNKNOWN from None


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST_ANSWER:
        raise _UNKNOWN
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        raise _UNKNOWN from None
    if not isinstance(said, dict):
        raise _UNKNOWN
    return said


def challenge_of(answer: str) -> bytes:
    """Return the challenge that an answer claims to answer; it proves nothing yet.

    Raises `NotSignedIn`.
    """
    try:
        client = json.loads(_bytes(_parsed(answer)["response"]["clientDataJSON"]))
        return _bytes(client["challenge"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _UNKNOWN from None


def credential_of(answer: str) -> bytes:
    """Return which passkey an answer claims to be of. Raises `NotSignedIn`."""
    try:
        return _bytes(_parsed(answer)["rawId"])
    except (ValueError, TypeError, KeyError):
        raise _UNKNOWN from None


def _bytes(said: str) -> bytes:
    try:
        return urlsafe_b64decode(said + "=" * (-len(said) % 4))
    except NotBase64 as problem:
        raise ValueError from problem
