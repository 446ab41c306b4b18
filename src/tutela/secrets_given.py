"""Secrets that settings hold: none is empty where it is needed, short, or known to everybody.

Asked when an instance is made and when it serves, so that none starts with a secret that is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.settings import Settings

LEAST = 8
"""Characters that a secret has at least; who gives us one chooses it, so not more is asked."""
KNOWN = frozenset(
    [
        "password",
        "passwort",
        "passw0rd",
        "password1",
        "changeme",
        "change-me",
        "changeit",
        "secret",
        "default",
        "admin",
        "administrator",
        "root",
        "tutela",
        "postgres",
        "example",
        "letmein",
        "qwertyui",
        "12345678",
        "123456789",
        "1234567890",
        "minioadmin",
        "test1234",
        "testtest",
        "demo",
        "reporter",
        "placeholder",
    ]
)
"""Words that documents and images of other software come with, in lower case."""


@dataclass(frozen=True, slots=True)
class Given:
    """One secret of the settings: where it stands, what it is, what needs it, and who uses it."""

    setting: str
    secret: str
    needed: bool
    name: str = ""


def given(settings: Settings) -> Iterator[Given]:
    """Yield every secret that the settings can hold."""
    authority, kms, sign_on = settings.authority, settings.aws_kms, settings.identity_provider
    yield Given(
        "authority.password",
        authority.password.get_secret_value(),
        authority.url is not None,
        authority.username,
    )
    yield Given("nca.token", settings.nca.token.get_secret_value(), settings.nca.url is not None)
    guarded = settings.key_service.kind == "aws-kms"
    yield Given("aws_kms.secret", kms.secret.get_secret_value(), guarded, kms.access_key)
    yield Given("aws_kms.session", kms.session.get_secret_value() if kms.session else "", False)
    yield Given(
        "identity_provider.client_secret",
        sign_on.client_secret.get_secret_value(),
        sign_on.issuer is not None,
        sign_on.client_id,
    )
    if (mail := settings.mail) is not None:
        signs_in = bool(mail.username)
        yield Given("mail.password", mail.password.get_secret_value(), signs_in, mail.username)
    if settings.database_url is not None:
        url = sa.make_url(settings.database_url)
        yield Given("database_url", str(url.password or ""), False, url.username or "")


def fault(one: Given) -> str | None:
    """Return what is wrong with a secret, or None. It is never repeated."""
    if not one.secret:
        return "is empty" if one.needed else None
    plain = one.secret.strip().lower()
    if plain in KNOWN or len(set(plain)) == 1:
        return "is a word that everybody knows"
    if one.name and plain == one.name.strip().lower():
        return "is the name that it belongs to"
    if len(one.secret) < LEAST and one.setting != "database_url":
        return f"has fewer than {LEAST} characters"
    return None


def prove(settings: Settings) -> None:
    """Raise `SettingsInvalid`, naming each setting, unless every secret is one.

    A demonstration talks to parties that it simulates itself, and holds nothing of anybody.
    """
    if settings.demo:
        return
    found = [f"{one.setting} {what}" for one in given(settings) if (what := fault(one))]
    if found:
        raise SettingsInvalid(
            f"A secret is none: {'; '.join(found)}.",
            "Set each to what its other side gave you, or have it give you a longer one.",
        )
