"""A simulated outside witness of a transparency log: c2sp.org/tlog-witness over HTTP.

Run as `python -m tutela.simulators.witness`. It remembers the newest checkpoint it has signed,
signs what extends it, and misbehaves when told to under /_control: refuse, stall, drop, garbage,
and `lie`, which signs another root than the one it was shown. It shares no code with Tutela
(docs/decisions/0004).
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tutela.simulators.faults import Faults, perform
from tutela.simulators.serving import control, serve, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from tutela.simulators.faults import Fault

_ADD, _LIE = "add-checkpoint", "lie"
_ID = 4
_SIZE_TYPE = "text/x.tlog.size"


class _Key:
    """A name and an Ed25519 key of one kind, with its id."""

    def __init__(self, name: str, kind: int, public: bytes) -> None:
        self.name = name
        raw = bytes([kind]) + public
        self.id = sha256(f"{name}\n".encode() + raw).digest()[:_ID]
        self.text = f"{name}+{self.id.hex()}+{base64.b64encode(raw).decode()}"


class Witness:
    """The web application and what it remembers."""

    def __init__(self, name: str, log_key: str, state: Path) -> None:
        self._state = state
        kept: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}
        seed = bytes.fromhex(kept["seed"]) if kept else SigningKey.generate().encode()
        self._signing = SigningKey(seed)
        self._key = _Key(name, 4, self._signing.verify_key.encode())
        log_name, _, blob = log_key.split("+", 2)
        public = base64.b64decode(blob)[1:]
        self._log = _Key(log_name, 1, public)
        self._log_public = VerifyKey(public)
        self._size: int = kept.get("size", 0)
        self._root: str = kept.get("root", "")
        self._seed = seed
        self._signed: list[dict[str, Any]] = kept.get("signed", [])
        self._faults = Faults(frozenset({_ADD}), frozenset({_LIE}))
        self._keep()

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route(f"/{_ADD}", self._add, methods=["POST"]),
                Route("/_control/books", control(self._books)),
                Route("/_control/remember", control(self._remember), methods=["POST"]),
                *self._faults.routes(),
            ]
        )

    async def _add(self, request: Request) -> Response:
        body = (await request.body()).decode()
        fault = self._faults.take(_ADD)
        return await perform(
            fault,
            lambda: self._answer(body, fault),
            lambda one: Response(status_code=one.status or 403),
        )

    def _answer(self, body: str, fault: Fault | None) -> Response:
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        origin, size_line, root = text.split("\n")[:3]
        old, size = int(first.removeprefix("old ")), int(size_line)
        if origin != self._log.name:
            return Response(status_code=404)
        if not self._is_signed(text, signatures):
            return Response(status_code=403)
        if old > size:
            return Response(status_code=400)
        if old != self._size or (old == size and root != self._root):
            return PlainTextResponse(f"{self._size}\n", 409, media_type=_SIZE_TYPE)
        hashes = [base64.b64decode(one) for one in proof]
        if old and not _extends(
            old, size, base64.b64decode(self._root), base64.b64decode(root), hashes
        ):
            return Response(status_code=422)
        if fault is not None and fault.kind == _LIE:
            other = base64.b64encode(sha256(b"another").digest()).decode()
            return PlainTextResponse(self._line(f"{origin}\n{size}\n{other}\n"))
        self._size, self._root = size, root
        self._signed.append({"size": size, "root": root, "at": int(time.time())})
        self._keep()
        return PlainTextResponse(self._line(text))

    def _is_signed(self, text: str, signatures: str) -> bool:
        for line in signatures.split("\n"):
            parts = line.split(" ")
            if len(parts) == 3 and parts[1] == self._log.name:  # noqa: PLR2004
                raw = base64.b64decode(parts[2])
                if raw[:_ID] == self._log.id:
                    try:
                        self._log_public.verify(text.encode(), raw[_ID:])
                    except BadSignatureError:
                        continue
                    return True
        return False

    def _line(self, text: str) -> str:
        at = int(time.time())
        said = f"cosignature/v1\ntime {at}\n{text}".encode()
        raw = self._key.id + at.to_bytes(8, "big") + self._signing.sign(said).signature
        return f"\u2014 {self._key.name} {base64.b64encode(raw).decode()}\n"

    def _keep(self) -> None:
        books = {
            "seed": self._seed.hex(),
            "size": self._size,
            "root": self._root,
            "signed": self._signed,
        }
        self._state.write_text(json.dumps(books))

    async def _books(self, _request: Request) -> Response:
        return JSONResponse({"key": self._key.text, "size": self._size, "signed": self._signed})

    async def _remember(self, request: Request) -> Response:
        """Remember another checkpoint, as if it had been shown one."""
        body = await told(request)
        self._size, self._root = int(body["size"]), str(body.get("root", self._root))
        self._keep()
        return JSONResponse({"size": self._size})


def _extends(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 6962 §2.1.2 by rebuilding both roots from the proof, from the top down."""
    steps = list(proof)

    def node(left: bytes, right: bytes) -> bytes:
        return sha256(b"\x01" + left + right).digest()

    def roots(old_size: int, new_size: int, whole: bool) -> tuple[bytes, bytes]:
        if old_size == new_size:
            own = old_root if whole else steps.pop(0)
            return own, own
        k = 1
        while k * 2 < new_size:
            k *= 2
        if old_size <= k:
            before, after = roots(old_size, k, whole)
            return before, node(after, steps.pop(0))
        before, after = roots(old_size - k, new_size - k, False)
        left = steps.pop(0)
        return node(left, before), node(left, after)

    try:
        return roots(old, size, True) == (old_root, root) and not steps
    except IndexError:
        return False


def main() -> None:
    """Listen on loopback, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description="A simulated witness on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="the file of its books")
    parser.add_argument("--name", default="witness.example")
    parser.add_argument("--log-key", required=True, help="NAME+HASH+KEY of the log")
    given = parser.parse_args()
    witness = Witness(given.name, given.log_key, given.state)
    serve(given.port, lambda _address: witness.app())


if __name__ == "__main__":
    main()
