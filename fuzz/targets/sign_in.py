"""What browsers and identity providers say: the first byte chooses.

`m`, `s`: a passkey made, or shown. `c`, `o`: claims of an ID token or a logout token, signed by a
key that the provider publishes. `k`: what it publishes. `d`: its description of itself.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.jwk import ECKey
from tests.authenticator import Authenticator, text

from tutela.access import passkeys, vouching
from tutela.access.passkeys import Site
from tutela.errors import CounterpartyFailed, CounterpartyRefused, InvalidInput, NotSignedIn
from tutela.exchange import identity_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOW = datetime(2026, 1, 5, tzinfo=UTC)
_AT = int(_NOW.timestamp())
ISSUER, _CLIENT = "https://idp.example", "tutela"
_CHALLENGE = bytes(range(32))
_SITE = Site("localhost", "http://localhost")
_DEVICE = Authenticator(_SITE.origin, _SITE.name, credential=bytes(range(16)))
_OPTIONS = json.dumps({"challenge": text(_CHALLENGE)})
_MADE = passkeys.made_by(_DEVICE.make(_OPTIONS), _CHALLENGE, _SITE)
_KEY = ECKey.generate_key("P-256", {"kid": "k", "use": "sig"})
KEYS: dict[str, Any] = {"keys": [_KEY.as_dict(private=False)]}
CLAIMS = {"iss": ISSUER, "aud": _CLIENT, "sub": "u", "exp": _AT + 60, "iat": _AT, "nonce": "n"}


def signed(claims: bytes, kind: str) -> str:
    """Sign claims with the key that the provider publishes."""
    header = {"alg": "ES256", "kid": "k", "typ": kind}
    return jws.serialize_compact(header, claims, _KEY)


TOKEN = signed(json.dumps(CLAIMS).encode(), "JWT")


def seeds() -> Iterator[bytes]:
    """Say what honest ones say."""
    yield b"m" + _DEVICE.make(_OPTIONS).encode()
    yield b"s" + _DEVICE.show(_OPTIONS).encode()
    yield b"s" + b"[" * 9000
    yield b"c" + json.dumps(CLAIMS | {"groups": ["a"], "preferred_username": "x"}).encode()
    out = {name: one for name, one in CLAIMS.items() if name != "nonce"}
    yield b"o" + json.dumps(out | {"jti": "j", "events": {vouching.LOGOUT_EVENT: {}}}).encode()
    yield b"c" + json.dumps(CLAIMS | {"sub": "\ud800", "name": "\udfff"}).encode()
    yield b"k" + json.dumps(KEYS).encode()
    yield b'k{"keys": 4}'
    yield b'k{"keys": [{"kid": "k", "kty": []}]}'
    places = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), ISSUER)
    yield b"d" + json.dumps({"issuer": ISSUER, **places}).encode()
    yield b"d" + json.dumps({"issuer": ISSUER, **places, "jwks_uri": "https://[::1"}).encode()


def run(data: bytes) -> None:
    """Read it; nobody is let in by what is not soundly signed."""
    who, said = data[:1], data[1:]
    answer = said.decode(errors="replace")
    with contextlib.suppress(InvalidInput, NotSignedIn, CounterpartyFailed, CounterpartyRefused):
        if who == b"m":
            assert passkeys.challenge_of(answer) is not None
            passkeys.made_by(answer, _CHALLENGE, _SITE)
        elif who == b"s":
            passkeys.challenge_of(answer)
            passkeys.credential_of(answer)
            passkeys.shown_by(answer, _CHALLENGE, _SITE, _MADE.credential_public_key, 0)
        elif who == b"o":
            vouching.logged_out(
                signed(said, "logout+jwt"), KEYS, issuer=ISSUER, client_id=_CLIENT, now=_NOW
            )
        elif who == b"k":
            published = identity_provider.parsed(said)
            assert vouched(TOKEN, published).subject == "u"
        elif who == b"d":
            found = identity_provider.endpoints(identity_provider.parsed(said), ISSUER, {ISSUER})
            for place in found.values():
                assert place.lower().startswith(ISSUER), "an address elsewhere"
                assert place.isascii(), "what a header cannot hold"
                assert place.isprintable(), "what a header cannot hold"
        else:
            whom = vouched(signed(said, "JWT"), KEYS)
            assert json.loads(said)["iss"] == ISSUER, "another's token"
            assert whom.subject.encode()
            assert whom.name.encode()


def vouched(token: str, published: dict[str, Any]) -> vouching.Vouched:
    """Return whom a token speaks of."""
    return vouching.vouched(
        token, published, issuer=ISSUER, client_id=_CLIENT, nonce="n", groups_claim="groups",
        now=_NOW,
    )  # fmt: skip
