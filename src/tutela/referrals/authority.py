"""An authority as a port: what every reporting interface must answer for.

A letter is the exact bytes of one message. It is made first, kept, and only then sent, so that
what was said to an authority can be shown years later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tutela.evidence.vault import Opened
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.referral import Referral


class ReportGone(Exception):
    """The authority no longer has the open report: expired or retracted."""


class ReportFinished(Exception):
    """The authority says that the report is finished already."""


class RetractAnswer(StrEnum):
    """What asking to retract tells about a report."""

    RETRACTED = "retracted"
    WAS_FINISHED = "was_finished"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A report was opened: its number at the authority, and the answer as it came."""

    number: str
    received: bytes


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the authority says it received: its name for the file, and a digest in hex.

    `sent` is what went around the file's own bytes, which are the evidence itself.
    """

    file_id: str
    algorithm: str
    digest: str
    sent: bytes
    received: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """A report is filed. `receipt`: its number from now on, where that is another."""

    received: bytes
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Retracted:
    """What was asked, answered, and what that means. `receipt` as in `Finished`, if it says so."""

    answer: RetractAnswer
    sent: bytes
    received: bytes
    receipt: str | None = None


class Authority(Protocol):
    """An authority's reporting interface.

    Every call raises `CounterpartyFailed` when it may be tried again, `CounterpartyRefused` when
    a person must look, `ReportGone` and `ReportFinished` where the report is not open. Making a
    letter raises `InvalidInput` naming the field that does not fit the authority's form.
    """

    def opening(self, referral: Referral) -> bytes:
        """Return the letter that opens a report."""

    def open(self, letter: bytes) -> Numbered:
        """Open a report."""

    def send_file(self, number: str, name: str, content: Opened) -> Uploaded:
        """Send one file's bytes as they come."""

    def details(self, number: str, file_id: str, statement: FileStatement) -> bytes | None:
        """Return the letter that says what a sent file is; none where the opening said it."""

    def describe_file(self, number: str, letter: bytes) -> bytes:
        """Say what a sent file is; return the answer."""

    def finishing(self, number: str) -> bytes:
        """Return the letter that finishes a report."""

    def finish(self, number: str, letter: bytes) -> Finished:
        """Finish the report: it is filed, and cannot be taken back."""

    def retract(self, number: str) -> Retracted:
        """Cancel an unfinished report; the answer says if it was finished."""
