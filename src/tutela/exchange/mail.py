"""Mail about alarms, over SMTP with TLS (RFC 5321, RFC 3207, RFC 8314)."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.errors import CounterpartyFailed, CounterpartyRefused, SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.alarms.telling import Line, Message

_SECONDS = 30.0
_PERMANENT = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailSecurity(StrEnum):
    """How a connection to the mail server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes and as whom. `ca_file`: whom to trust, where not whom the machine trusts."""

    host: str
    port: int
    security: MailSecurity
    username: str
    password: str
    sender: str
    to: tuple[str, ...]
    ca_file: Path | None = None


class Mail:
    """Sends one mail for each message. Says nothing but identifiers."""

    def __init__(self, server: MailServer, instance: str, address: str) -> None:
        if server.security is MailSecurity.NONE and server.host not in _LOOPBACK:
            raise SettingsInvalid(
                "Mail to another machine has to be protected.",
                "Set mail.security to tls or starttls.",
            )
        self._server = server
        self._instance = instance
        self._address = address

    def tell(self, message: Message) -> None:
        """Deliver. Raises `CounterpartyFailed`, `CounterpartyRefused`."""
        mail = self._written(message)
        try:
            with self._connected() as connection:
                refused = connection.send_message(mail)
        except smtplib.SMTPResponseException as problem:
            if problem.smtp_code >= _PERMANENT:
                raise CounterpartyRefused(
                    f"The mail server refused with status {problem.smtp_code}.",
                    "Check mail in the settings; it is tried again.",
                ) from None
            raise _failed(f"status {problem.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused:
            raise CounterpartyRefused(
                "The mail server refuses every receiver.",
                "Check mail.to; it is tried again.",
            ) from None
        except (OSError, smtplib.SMTPException) as problem:
            raise _failed(type(problem).__name__) from None
        if refused:
            raise CounterpartyRefused(
                f"The mail server refuses {len(refused)} of {len(self._server.to)} receivers.",
                "Check mail.to; it is tried again.",
            )

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        trust = ssl.create_default_context(
            cafile=str(server.ca_file) if server.ca_file is not None else None
        )
        if server.security is MailSecurity.TLS:
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_SECONDS, context=trust
            )
        else:
            opened = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        with opened as connection:
            if server.security is MailSecurity.STARTTLS:
                # Raises where the server does not offer it: nothing is sent in the clear instead.
                connection.starttls(context=trust)
            if server.username:
                connection.login(server.username, server.password)
            yield connection

    def _written(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = ", ".join(self._server.to)
        mail["Subject"] = _subject(self._instance, message)
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@{self._instance}>"
        mail["Auto-Submitted"] = "auto-generated"
        lines = "\n\n".join(_said(one) for one in message.lines)
        mail.set_content(f"{lines}\n\nLook and acknowledge: {self._address}/console/alarms\n")
        return mail


def _subject(instance: str, message: Message) -> str:
    first = message.lines[0].alarm
    more = f" and {len(message.lines) - 1} more" if len(message.lines) > 1 else ""
    return f"[{instance}] {message.lines[0].state}: {first.title}{more}"


def _said(line: Line) -> str:
    alarm = line.alarm
    about = f" ({alarm.subject})" if alarm.subject else ""
    return (
        f"{line.state.upper()}: {alarm.title}{about}\n"
        f"{alarm.what}\n"
        f"{alarm.severity.value}, since {alarm.raised_at:%Y-%m-%d %H:%M} UTC, {alarm.id}"
    )


def _failed(why: str) -> CounterpartyFailed:
    return CounterpartyFailed(
        f"The mail server did not take a message ({why}).", "It is tried again."
    )
