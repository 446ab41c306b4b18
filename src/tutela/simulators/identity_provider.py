"""A simulated OpenID Connect provider that can lie, for tests and rehearsals.

Written from OpenID Connect Core 1.0, Discovery 1.0, RFC 6749, RFC 7515 and RFC 7636. It signs
people in without asking and shares no code with what it judges. `lie` says how it misbehaves.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_LIFE = 300
_KEY_BITS = 2048
_STALL = 60.0


class Lie(StrEnum):
    """One way to misbehave."""

    NONE = "none"
    NONCE = "nonce"
    AUDIENCE = "audience"
    AUTHORISED_PARTY = "authorised_party"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    ALGORITHM_NONE = "algorithm_none"
    HMAC_WITH_PUBLIC_KEY = "hmac_with_public_key"
    ISSUER = "issuer"
    UNKNOWN_KEY = "unknown_key"
    OTHER_KEY = "other_key"
    ALTERED = "altered"
    NO_SUBJECT = "no_subject"
    NO_TOKEN = "no_token"  # noqa: S105 - a lie's name
    GARBAGE = "garbage"
    STALL = "stall"
    REDIRECT = "redirect"
    ELSEWHERE = "elsewhere"


@dataclass
class Person:
    """One person the provider knows."""

    subject: str
    name: str
    groups: list[str]
    here: bool = True


@dataclass
class Begun:
    """A code given out: for whom, for which client's request."""

    person: Person
    nonce: str
    challenge: str
    back_to: str


@dataclass
class IdentityProvider:
    """The provider's state. `address` is its issuer; set it before it serves."""

    client_id: str
    secret: str
    address: str = ""
    lie: Lie = Lie.NONE
    person: Person = field(default_factory=lambda: Person("s-1", "anna", []))
    codes: dict[str, Begun] = field(default_factory=dict)
    renewals: dict[str, Person] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, _KEY_BITS)
    )
    kid: str = field(default_factory=lambda: secrets.token_hex(4))

    def rotate(self) -> None:
        """Sign with another key from now on, and publish only that."""
        self.key = rsa.generate_private_key(65537, _KEY_BITS)
        self.kid = secrets.token_hex(4)

    def application(self) -> Starlette:
        """Return the provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        self.calls.append("discovery")
        elsewhere = "http://192.0.2.1" if self.lie is Lie.ELSEWHERE else self.address
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{elsewhere}/token",
                "jwks_uri": f"{self.address}/keys",
            }
        )

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        if asked["client_id"] != self.client_id or asked["code_challenge_method"] != "S256":
            return Response("no", 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = Begun(
            self.person, asked["nonce"], asked["code_challenge"], asked["redirect_uri"]
        )
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    async def _keys(self, _request: Request) -> Response:
        self.calls.append("keys")
        numbers = self.key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _text(numbers.n.to_bytes(_KEY_BITS // 8, "big")),
            "e": _text(numbers.e.to_bytes(3, "big")),
        }
        return JSONResponse({"keys": [key]})

    async def _token(self, request: Request) -> Response:
        self.calls.append("token")
        if self.lie is Lie.STALL:
            await asyncio.sleep(_STALL)
        if self.lie is Lie.GARBAGE:
            return Response(b"\x00\xff{no json", 200)
        if self.lie is Lie.REDIRECT:
            return RedirectResponse("http://192.0.2.1/token", 307)
        if not self._is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") == "refresh_token":
            person = self.renewals.pop(form.get("refresh_token", ""), None)
            if person is None or not person.here:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return self._tokens(person, None)
        # Popped: a code works once.
        begun = self.codes.pop(form.get("code", ""), None)
        digest = _text(sha256(form.get("code_verifier", "").encode()).digest())
        if begun is None or begun.challenge != digest or form.get("redirect_uri") != begun.back_to:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._tokens(begun.person, begun.nonce)

    def _is_client(self, said: str) -> bool:
        try:
            name, _, word = b64decode(said.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return False
        return (unquote_plus(name), unquote_plus(word)) == (self.client_id, self.secret)

    def _tokens(self, person: Person, nonce: str | None) -> Response:
        refresh = secrets.token_urlsafe(16)
        self.renewals[refresh] = person
        said: dict[str, Any] = {"access_token": "a", "token_type": "Bearer", "expires_in": _LIFE}
        said["refresh_token"] = refresh
        if self.lie is not Lie.NO_TOKEN:
            said["id_token"] = self._signed(self._claims(person, nonce))
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    def logout_token(self, person: Person, **other: Any) -> str:
        """Return what tells a site that a person was logged out; `other` claims in place."""
        now = int(self.clock())
        claims: dict[str, Any] = {
            "iss": self.address,
            "sub": person.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        } | other
        kept = {name: value for name, value in claims.items() if value is not None}
        return self._signed(kept | self._lies(now), "logout+jwt")

    def _claims(self, person: Person, nonce: str | None) -> dict[str, Any]:
        now = int(self.clock())
        claims: dict[str, Any] = {
            "iss": self.address,
            "sub": person.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + _LIFE,
            "preferred_username": person.name,
            "groups": person.groups,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return claims | self._lies(now)

    def _lies(self, now: int) -> dict[str, Any]:
        lies: dict[Lie, dict[str, Any]] = {
            Lie.NONCE: {"nonce": "another"},
            Lie.AUDIENCE: {"aud": "another-client"},
            Lie.AUTHORISED_PARTY: {"aud": [self.client_id, "other"], "azp": "other"},
            Lie.EXPIRED: {"iat": now - 2 * _LIFE, "exp": now - _LIFE},
            Lie.FROM_THE_FUTURE: {"iat": now + _LIFE, "exp": now + 2 * _LIFE},
            Lie.ISSUER: {"iss": "https://other.example"},
            Lie.NO_SUBJECT: {"sub": ""},
        }
        return lies.get(self.lie, {})

    def _signed(self, claims: dict[str, Any], kind: str = "JWT") -> str:
        header = {"alg": "RS256", "typ": kind, "kid": self.kid}
        if self.lie is Lie.UNKNOWN_KEY:
            header["kid"] = "unheard-of"
        if self.lie is Lie.ALGORITHM_NONE:
            header["alg"] = "none"
            return f"{_json(header)}.{_json(claims)}."
        if self.lie is Lie.HMAC_WITH_PUBLIC_KEY:
            header["alg"] = "HS256"
            body = f"{_json(header)}.{_json(claims)}"
            public = self.key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return f"{body}.{_text(hmac.digest(public, body.encode(), 'sha256'))}"
        key = self.key
        if self.lie in {Lie.OTHER_KEY, Lie.UNKNOWN_KEY}:
            key = rsa.generate_private_key(65537, _KEY_BITS)
        body = f"{_json(header)}.{_json(claims)}"
        signature = _text(key.sign(body.encode(), padding.PKCS1v15(), SHA256()))
        if self.lie is Lie.ALTERED:
            body = f"{_json(header)}.{_json(claims | {'groups': ['everything']})}"
        return f"{body}.{signature}"


def _json(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
