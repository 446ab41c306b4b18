"""What an identity provider says of a person, and when it is believed. Pure decisions.

OpenID Connect Core 1.0 §3.1.3.7, with only what cannot be mistaken: signatures by the provider's
published asymmetric keys, named by `kid`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from joserfc import jws, jwt
from joserfc.jwk import KeySet

from tutela.errors import NotSignedIn
from tutela.storage.text import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.access.roles import Role

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Asymmetric ones only: `none` and HMAC with a public key as its secret are not known here."""
_ASYMMETRIC = frozenset({"RSA", "EC", "OKP"})
LEEWAY = timedelta(seconds=60)
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_AGE = timedelta(minutes=10)
"""A logout token that was made longer ago is not acted upon."""
_LOGOUT_TYPES = frozenset({"logout+jwt", "jwt"})
_LONGEST_TOKEN, _LONGEST_WORD, _MOST_GROUPS = 64 * 1024, 255, 1000


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who the provider says it is: a subject of that issuer, a name to show, groups."""

    subject: str
    name: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whom the provider has logged out, and when it said so."""

    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the token endpoint gave: the ID token, and what to ask anew with."""

    id_token: str
    refresh: str | None


class Provider(Protocol):
    """An identity provider as sign-in uses it. Raises errors of the tree only."""

    @property
    def issuer(self) -> str:
        """Return the issuer that its tokens must name."""

    @property
    def client_id(self) -> str:
        """Return the audience that its tokens must name."""

    def address(self, parameters: Mapping[str, str]) -> str:
        """Return where to send the browser."""

    def redeem(self, code: str, verifier: str, back_to: str) -> Answer:
        """Exchange a code. Raises `NotSignedIn` when it is refused."""

    def renew(self, refresh: str) -> Answer:
        """Ask anew. Raises `NotSignedIn` when the provider no longer vouches."""

    def keys(self, *, anew: bool) -> dict[str, Any]:
        """Return the published keys (RFC 7517); `anew`: not from the cache, if it is old enough."""


def key_id(token: str) -> str | None:
    """Return the key that a token names. It proves nothing yet."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        found = jws.extract_compact(token.encode()).headers().get("kid")
    except Exception:  # noqa: BLE001 - a stranger's header, read by a library
        return None
    return found if isinstance(found, str) else None


def vouched(
    token: str,
    published: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    groups_claim: str,
    now: datetime,
) -> Vouched:
    """Return whom an ID token speaks of. Raises `NotSignedIn` for the least doubt.

    `nonce` is None for a renewed token, which need not repeat it (§12.2).
    """
    claims = _signed(token, published)
    subject = _subject(claims)
    # A logout token is signed by the same key and must never pass for this one.
    said_here = "events" not in claims and (nonce is None or claims.get("nonce") == nonce)
    if subject is None or not said_here or not _is_ours(claims, issuer, client_id, now):
        raise doubt()
    name = claims.get("preferred_username") or claims.get("name") or subject
    groups = claims.get(groups_claim, [])
    named = groups if isinstance(groups, list) and len(groups) <= _MOST_GROUPS else []
    shown = str(name).encode(errors="replace").decode().replace("\0", "?")
    return Vouched(subject, shown, frozenset(one for one in named if isinstance(one, str)))


def logged_out(
    token: str, published: dict[str, Any], *, issuer: str, client_id: str, now: datetime
) -> LoggedOut:
    """Return whom a logout token speaks of (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).

    Raises `NotSignedIn` for the least doubt, and for a token that names a session and nobody.
    """
    claims = _signed(token, published)
    subject, made, events = _subject(claims), _seconds(claims, "iat"), claims.get("events")
    named = claims.get("jti")
    sound = (
        _is_ours(claims, issuer, client_id, now)
        and _kind_of(token) in _LOGOUT_TYPES
        and isinstance(events, dict)
        and isinstance(events.get(LOGOUT_EVENT), dict)
        and "nonce" not in claims
        and _is_word(named)
    )
    if not sound or subject is None or made is None or made < (now - LOGOUT_AGE).timestamp():
        raise doubt()
    return LoggedOut(subject, datetime.fromtimestamp(made, UTC))


def _is_ours(claims: dict[str, Any], issuer: str, client_id: str, now: datetime) -> bool:
    """Say whether a token is of this issuer, for us, and in force."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    at, leeway = int(now.timestamp()), int(LEEWAY.total_seconds())
    ends, made = _seconds(claims, "exp"), _seconds(claims, "iat")
    return (
        claims.get("iss") == issuer
        and client_id in audiences
        and (len(audiences) == 1 or claims.get("azp") == client_id)
        and claims.get("azp", client_id) == client_id
        and ends is not None
        and at < ends + leeway
        and made is not None
        and made - leeway <= at
    )


def _subject(claims: dict[str, Any]) -> str | None:
    subject = claims.get("sub")
    return str(subject) if _is_word(subject) else None


def _is_word(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said) <= _LONGEST_WORD and storable(said)


def _kind_of(token: str) -> str:
    """Return the `typ` of a token that was decoded; none says `JWT` (RFC 7519 §5.1)."""
    found = jws.extract_compact(token.encode()).headers().get("typ", "JWT")
    return str(found).lower().removeprefix("application/")


def _signed(token: str, published: dict[str, Any]) -> dict[str, Any]:
    wanted, keys = key_id(token), published.get("keys")
    found = [
        one
        for one in (keys if isinstance(keys, list) else ())
        if isinstance(one, dict)
        and one.get("kid") == wanted
        and str(one.get("kty")) in _ASYMMETRIC
        and one.get("use", "sig") == "sig"
    ]
    if wanted is None or len(found) != 1:
        raise doubt()
    try:
        return dict(
            jwt.decode(token, KeySet.import_key_set({"keys": found}), list(ALGORITHMS)).claims
        )
    except Exception:  # noqa: BLE001 - claims and keys that others wrote, read by two libraries
        raise doubt() from None


def roles_of(groups: frozenset[str], mapping: Mapping[str, tuple[Role, ...]]) -> tuple[Role, ...]:
    """Return the roles that the groups give, none for groups that are not mapped."""
    given = {role for group in groups for role in mapping.get(group, ())}
    return tuple(sorted(given))


def _seconds(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def doubt() -> NotSignedIn:
    """Return the one answer to whatever is not sound; it does not say what was not."""
    return NotSignedIn(
        "The identity provider's answer does not prove who you are.",
        "Try again; tell an administrator if it stays.",
    )
