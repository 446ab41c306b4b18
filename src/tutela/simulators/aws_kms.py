"""A simulated Key Management Service that speaks the AWS KMS JSON protocol.

Run as `python -m tutela.simulators.aws_kms`. It checks each request's Signature Version 4, encrypts
and decrypts under one master key bound to the encryption context, writes down every call, and
misbehaves when told to under /_control: refuses, throttles, stalls, lies. It shares no code with
Tutela. Sources: AWS KMS API Reference; AWS IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tutela.simulators.faults import Fault, Faults, perform
from tutela.simulators.serving import control, serve, told

if TYPE_CHECKING:
    from starlette.requests import Request

_CALLS = frozenset({"Encrypt", "Decrypt"})
_JSON = "application/x-amz-json-1.1"
_AUTHORISATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/kms/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
_SKEW = timedelta(minutes=15)
_MOST_PLAIN = 4096
_TABLES = """
CREATE TABLE IF NOT EXISTS master (key BLOB, enabled INTEGER);
CREATE TABLE IF NOT EXISTS calls (call TEXT, context TEXT, answer TEXT);
"""


class _Refusal(Exception):
    """An error of the service, by its name."""

    def __init__(self, kind: str, status: int = 400) -> None:
        super().__init__(kind)
        self.kind, self.status = kind, status


class AwsKms:
    """The web application over its books. One master key, one pair of credentials."""

    def __init__(self, state: Path, key: str, region: str, access_key: str, secret: str) -> None:
        self._books = sqlite3.connect(state, isolation_level=None, check_same_thread=False)
        self._books.row_factory = sqlite3.Row
        self._books.executescript(_TABLES)
        if self._books.execute("SELECT * FROM master").fetchone() is None:
            fresh = secrets.token_bytes(SecretBox.KEY_SIZE)
            self._books.execute("INSERT INTO master VALUES (?, 1)", (fresh,))
        self._key, self._region = key, region
        self._access_key, self._secret = access_key, secret
        self._faults = Faults(_CALLS, frozenset({"throttle", "lie"}))

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/", self._call, methods=["POST"]),
                Route("/_control/books", control(self._show)),
                Route("/_control/key", control(self._switch), methods=["POST"]),
                *self._faults.routes(),
            ]
        )

    async def _call(self, request: Request) -> Response:
        body = await request.body()
        name = request.headers.get("x-amz-target", "").removeprefix("TrentService.")
        fault = self._faults.take(name) if name in _CALLS else None

        def act() -> Response:
            context = ""
            try:
                self._prove_signed(request, body)
                given = _object(body)
                context = json.dumps(given.get("EncryptionContext", {}), sort_keys=True)
                said = self._done(name, given, fault)
            except _Refusal as refusal:
                self._wrote(name, context, refusal.kind)
                return _error(refusal.kind, refusal.status)
            self._wrote(name, context, "ok")
            return _answer(said, 200)

        def refuse(fault: Fault) -> Response:
            self._wrote(name, "", "AccessDeniedException")
            return _error("AccessDeniedException", fault.status or 400)

        return await perform(fault, act, refuse)

    def _done(self, name: str, given: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        if fault is not None and fault.kind == "throttle":
            raise _Refusal("ThrottlingException")
        if name not in _CALLS:
            raise _Refusal("UnknownOperationException", 404)
        if given.get("KeyId") not in {None, self._key}:
            raise _Refusal("NotFoundException")
        master = self._books.execute("SELECT * FROM master").fetchone()
        if not master["enabled"]:
            raise _Refusal("DisabledException")
        box = SecretBox(self._under(master["key"], given.get("EncryptionContext", {})))
        said: dict[str, Any] = {"KeyId": self._key, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        if name == "Encrypt":
            plain = _blob(given, "Plaintext")
            if not 0 < len(plain) <= _MOST_PLAIN:
                raise _Refusal("ValidationException")
            said["CiphertextBlob"] = base64.b64encode(box.encrypt(plain)).decode()
            return said
        try:
            plain = box.decrypt(_blob(given, "CiphertextBlob"))
        except (CryptoError, ValueError, TypeError):
            raise _Refusal("InvalidCiphertextException") from None
        if fault is not None and fault.kind == "lie":
            plain = secrets.token_bytes(len(plain))
        said["Plaintext"] = base64.b64encode(plain).decode()
        return said

    def _under(self, master: bytes, context: Any) -> bytes:
        words = json.dumps(context, sort_keys=True).encode()
        return hmac.new(master, words, hashlib.sha256).digest()

    def _prove_signed(self, request: Request, body: bytes) -> None:
        """Refuse what is not signed by our one caller, as the user guide says to compute it."""
        told = _AUTHORISATION.fullmatch(request.headers.get("authorization", ""))
        if told is None:
            raise _Refusal("MissingAuthenticationTokenException")
        access_key, day, region, names, signature = told.groups()
        instant = request.headers.get("x-amz-date", "")
        if access_key != self._access_key:
            raise _Refusal("UnrecognizedClientException")
        if region != self._region or not instant.startswith(day):
            raise _Refusal("InvalidSignatureException")
        if not {"host", "x-amz-date", "x-amz-target"} <= set(names.split(";")):
            raise _Refusal("InvalidSignatureException")
        _prove_fresh(instant)
        lines = [f"{name}:{request.headers.get(name, '').strip()}" for name in names.split(";")]
        query = request.url.query
        digest = hashlib.sha256(body).hexdigest()
        told_request = "\n".join(["POST", request.url.path, query, *lines, "", names, digest])
        scope = f"{day}/{region}/kms/aws4_request"
        hashed = hashlib.sha256(told_request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{hashed}"
        key = ("AWS4" + self._secret).encode()
        for word in scope.split("/"):
            key = hmac.digest(key, word.encode(), "sha256")
        if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature):
            raise _Refusal("InvalidSignatureException")

    def _wrote(self, call: str, context: str, answer: str) -> None:
        self._books.execute("INSERT INTO calls VALUES (?, ?, ?)", (call, context, answer))

    async def _show(self, _request: Request) -> Response:
        calls = [dict(row) for row in self._books.execute("SELECT * FROM calls ORDER BY rowid")]
        return Response(json.dumps({"calls": calls}), media_type="application/json")

    async def _switch(self, request: Request) -> Response:
        enabled = bool((await told(request))["enabled"])
        self._books.execute("UPDATE master SET enabled = ?", (int(enabled),))
        return Response(json.dumps({"enabled": enabled}), media_type="application/json")


def _prove_fresh(instant: str) -> None:
    try:
        at = datetime.strptime(instant, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _Refusal("InvalidSignatureException") from None
    if abs(datetime.now(UTC) - at) > _SKEW:
        raise _Refusal("InvalidSignatureException")


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        raise _Refusal("SerializationException") from None
    if not isinstance(given, dict):
        raise _Refusal("SerializationException")
    return given


def _blob(given: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(given[name], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise _Refusal("ValidationException") from None


def _answer(said: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(said), status, media_type=_JSON)


def _error(kind: str, status: int) -> Response:
    return _answer({"__type": kind, "message": "simulated"}, status)


def main() -> None:
    """Listen on loopback, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description="A simulated AWS KMS on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="the file of its books")
    parser.add_argument("--key", default="alias/tutela-evidence")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--access-key", default="AKIDSIMULATED")
    parser.add_argument("--secret", default="a simulated secret")
    given = parser.parse_args()
    serve(
        given.port,
        lambda _address: AwsKms(
            given.state, given.key, given.region, given.access_key, given.secret
        ).app(),
    )


if __name__ == "__main__":
    main()
