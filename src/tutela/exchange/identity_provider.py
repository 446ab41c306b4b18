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
    from collections.abc import Mapping, Sequence

    from tutela.exchange.address import Network
    from tutela.storage.clock import Clock

CACHED = timedelta(minutes=10)
ANEW = timedelta(seconds=30)
"""Unknown keys make us fetch at most so often, whatever tokens strangers send."""
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
            said = _parsed(answer.body)
            if said.get("error") == "invalid_grant":
                raise doubt()
            raise CounterpartyRefused(
                "The identity provider refuses this instance.", "Check its client id and secret."
            )
        said = _parsed(answer.body)
        token, refresh = said.get("id_token"), said.get("refresh_token")
        if answer.status != _OK or not isinstance(token, str):
            raise CounterpartyFailed(
                "The identity provider's answer cannot be used.", "Try again in a while."
            )
        return Answer(token, refresh if isinstance(refresh, str) else None)

    def _endpoint(self, name: str) -> str:
        if not self._found:
            place = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            said = _fetched(place, self._private)
            if said.get("issuer") != self.issuer:
                raise CounterpartyRefused(
                    "The identity provider calls itself something else.",
                    "Write identity_provider.issuer exactly as it does.",
                )
            named = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            found = {one: str(said.get(one, "")) for one in named}
            if not all(_origin(place) in self._origins for place in found.values()):
                raise CounterpartyRefused(
                    "The identity provider names an address elsewhere.",
                    "Add its origin to identity_provider.origins if you trust it.",
                )
            self._found = found
        return self._found[name]


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
    return _parsed(answer.body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise CounterpartyFailed(
            "The identity provider's answer cannot be read.", "Try again in a while."
        )
    return said


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
