"""A mail server that can refuse, stall and drop: aiosmtpd, a real one, on loopback with TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = b"tutela", b"a password for tests"


@dataclass
class MailServer:
    """What it received, how it behaves next, and where it listens."""

    port: int = 0
    ca_file: Path | None = None
    received: list[tuple[list[str], str]] = field(default_factory=list)
    behaviour: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take a receiver, unless told to refuse."""
        if self.behaviour == "refuse-one" and address.startswith("second"):
            return "550 no such person"
        if self.behaviour == "refuse":
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail, or do what it was told to do instead."""
        if self.behaviour == "drop":
            server.transport.abort()
            await asyncio.sleep(0.2)
        if self.behaviour == "stall":
            await asyncio.sleep(5)
        if self.behaviour == "later":
            return "451 try again later"
        if self.behaviour == "never":
            return "554 no"
        self.received.append((list(envelope.rcpt_tos), envelope.content.decode()))
        return "250 taken"


@contextmanager
def mail_server(folder: Path, security: str) -> Iterator[MailServer]:
    """Run one with a certificate of its own for localhost; `security`: tls, starttls or none."""
    certificate, key = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    handler = MailServer(ca_file=certificate)

    def allowed(_server: Any, _session: Any, _envelope: Any, _kind: str, told: Any) -> AuthResult:
        right = isinstance(told, LoginPassword) and (told.login, told.password) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=context if security == "tls" else None,
        tls_context=context if security == "starttls" else None,
        require_starttls=security == "starttls",
        authenticator=allowed,
        auth_require_tls=security == "starttls",
    )
    controller.start()
    handler.port = controller.port
    try:
        yield handler
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
