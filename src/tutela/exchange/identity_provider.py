"""An OpenID Connect provider: discovery, token endpoint, published keys.

OpenID Connect Discovery 1.0; RFC 6749 §4.1, §6; RFC 7636. Every address it names must be of the
issuer's own origin or of one that the settings name.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tutela.access.vouching import Answer, doubt
from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tutela.exchange.address import Network
    from tutela.storage.clock import Clock

CACHED = timedelta(minutes=10)
ANEW = timedelta(seconds=30)
"""Unknown keys make us fetch at most so often, whatever tokens strangers send."""
_NAMED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OK, _BAD_REQUEST, _UNAUTHORISED = 200, 400, 401


class IdentityProvider:
    """One provider, as settings name it."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        clock: Clock,
        others: tuple[str, ...] = (),
        private: Sequence[Network] = (),
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._secret = secret
        self._clock = clock
        self._private = private
        self._origins = {_origin(issuer), *others}
        self._found: dict[str, str] = {}
        self._keys: dict[str, Any] = {}
        self._fetched: datetime | None = None

    def address(self, parameters: Mapping[str, str]) -> str:
        """Return where to send the browser."""
        place = self._endpoint("authorization_endpoint")
        joint = "&" if urlsplit(place).query else "?"
        return f"{place}{joint}{urlencode({'client_id': self.client_id, **parameters})}"

    def redeem(self, code: str, verifier: str, back_to: str) -> Answer:
        """Exchange a code. Raises `NotSignedIn` when it is refused."""
        return self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back_to,
                "code_verifier": verifier,
            }
        )

    def renew(self, refresh: str) -> Answer:
        """Ask anew. Raises `NotSignedIn` when the provider no longer vouches."""
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh})

    def keys(self, *, anew: bool) -> dict[str, Any]:
        """Return the published keys; `anew`: not from the cache, if it is old enough."""
        age = None if self._fetched is None else self._clock() - self._fetched
        if age is None or age >= CACHED or (anew and age >= ANEW):
            self._keys = _fetched(self._endpoint("jwks_uri"), self._private)
            self._fetched = self._clock()
        return self._keys

    def _token(self, form: dict[str, str]) -> Answer:
        place = self._endpoint("token_endpoint")
        outbound = Outbound(place, (self.client_id, self._secret), private=self._private)
        try:
            answer = outbound.post("", data={**form, "client_id": self.client_id})
        finally:
            outbound.close()
        if answer.status in {_BAD_REQUEST, _UNAUTHORISED}:
            said = parsed(answer.body)
            if said.get("error") == "invalid_grant":
                raise doubt()
            raise CounterpartyRefused(
                "The identity provider refuses this instance.", "Check its client id and secret."
            )
        said = parsed(answer.body)
        token, refresh = said.get("id_token"), said.get("refresh_token")
        if answer.status != _OK or not isinstance(token, str) or not token.isascii():
            raise CounterpartyFailed(
                "The identity provider's answer cannot be used.", "Try again in a while."
            )
        # Neither is more than ASCII (RFC 7515 §3.1, RFC 6749 §A.17).
        kept = isinstance(refresh, str) and refresh.isascii()
        return Answer(token, refresh if kept else None)

    def _endpoint(self, name: str) -> str:
        if not self._found:
            place = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._found = endpoints(_fetched(place, self._private), self.issuer, self._origins)
        return self._found[name]


def endpoints(said: dict[str, Any], issuer: str, origins: Collection[str]) -> dict[str, str]:
    """Return the addresses that a provider names, by what they are for.

    Raises `CounterpartyRefused` where one is of an origin that is not in `origins`.
    """
    if said.get("issuer") != issuer:
        raise CounterpartyRefused(
            "The identity provider calls itself something else.",
            "Write identity_provider.issuer exactly as it does.",
        )
    found = {one: said.get(one) for one in _NAMED}
    told = {one: place for one, place in found.items() if isinstance(place, str) and _plain(place)}
    if len(told) < len(found) or not all(_origin(place) in origins for place in told.values()):
        raise CounterpartyRefused(
            "The identity provider names an address elsewhere.",
            "Add its origin to identity_provider.origins if you trust it.",
        )
    return told


def _fetched(address: str, private: Sequence[Network]) -> dict[str, Any]:
    outbound = Outbound(address, private=private)
    try:
        answer = outbound.send("GET", "")
    finally:
        outbound.close()
    if answer.status != _OK:
        raise CounterpartyFailed(
            f"The identity provider answered with status {answer.status}.", "Try again in a while."
        )
    return parsed(answer.body)


def parsed(body: bytes) -> dict[str, Any]:
    """Read JSON that the provider sent. Raises `CounterpartyFailed`."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise CounterpartyFailed(
            "The identity provider's answer cannot be read.", "Try again in a while."
        )
    return said


def _plain(address: str) -> bool:
    """Say whether a text holds nothing that readers of addresses drop, like line breaks."""
    return address.isascii() and address.isprintable() and " " not in address


def _origin(address: str) -> str:
    """Return scheme and place of an address, or nothing where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
