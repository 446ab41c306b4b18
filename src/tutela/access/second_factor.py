"""Time-based one-time passwords (RFC 6238), their secrets sealed at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tutela.errors import Tampered

if TYPE_CHECKING:
    from datetime import datetime

STEP_SECONDS = 30
_STEPS_AROUND = (0, -1, 1)


class SecondFactor:
    """Makes and checks one-time passwords. `key` (32 bytes) is kept apart from the database."""

    def __init__(self, key: bytes) -> None:
        self._box = SecretBox(key)

    def fresh(self) -> tuple[str, bytes]:
        """Return a new base32 secret and its sealed form."""
        secret = pyotp.random_base32()
        return secret, bytes(self._box.encrypt(secret.encode()))

    def secret(self, sealed: bytes) -> str:
        """Return the base32 secret. Raises `Tampered`."""
        try:
            return self._box.decrypt(sealed).decode()
        except CryptoError as problem:
            raise Tampered(
                "A second factor's secret does not open.",
                "Use the access key it was sealed with, or enrol the person again.",
            ) from problem

    def step(self, sealed: bytes, code: str, now: datetime, last: int) -> int | None:
        """Return the time step that a right code belongs to, or None.

        One step early or late is allowed; a step up to `last` was used before and is refused.
        """
        totp = pyotp.TOTP(self.secret(sealed), interval=STEP_SECONDS)
        current = int(now.timestamp()) // STEP_SECONDS
        for step in (current + around for around in _STEPS_AROUND):
            if step > last and pyotp.utils.strings_equal(totp.generate_otp(step), code):
                return step
        return None

    def address(self, secret: str, name: str, instance: str) -> str:
        """Return the otpauth address that an authenticator reads from a QR code."""
        return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
            name=name, issuer_name=instance
        )
