"""NCMEC's CyberTipline Reporting API as an authority: submit, upload, fileinfo, finish."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange import cybertipline_xml as xml
from tutela.exchange.answers import HERE
from tutela.exchange.form import Form
from tutela.exchange.http import Outbound
from tutela.referrals.authority import (
    Finished,
    Numbered,
    ReportFinished,
    ReportGone,
    RetractAnswer,
    Retracted,
    Uploaded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.evidence.vault import Opened
    from tutela.exchange.address import Network
    from tutela.exchange.answers import Answered, Answers
    from tutela.exchange.http import Answer
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.referral import Referral

_XML = {"Content-Type": "text/xml; charset=utf-8"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SUCCESS = 0
_SERVER_SIDE = range(1000, 2000)
_NO_REPORT, _RETRACTED, _FINISHED = 5001, 5101, 5102
_UNAUTHORISED = 401


class CyberTipline:
    """One reporting account. Only network errors and codes 1xxx are worth trying again."""

    def __init__(
        self,
        address: str,
        username: str,
        password: str,
        private: Sequence[Network] = (),
        answers: Answers = HERE,
    ) -> None:
        self._answers = answers
        self._outbound = Outbound(address, (username, password), private=private)

    def schema(self) -> bytes:
        """Return the schema that is in force there now."""
        answer = self._outbound.send("GET", "/xsd")
        if answer.status == _UNAUTHORISED:
            self._succeeded(answer)
        return answer.body

    def opening(self, referral: Referral) -> bytes:
        """Return the report as XML."""
        return xml.report(referral.draft)

    def open(self, letter: bytes) -> Numbered:
        """Submit a report; return its number. It is open, not filed."""
        answer = self._outbound.post("/submit", content=letter, headers=_XML)
        answered = self._succeeded(answer)
        if not answered.report_id:
            raise _unreadable("report number")
        return Numbered(answered.report_id, answer.body)

    def send_file(self, number: str, name: str, content: Opened) -> Uploaded:
        """Upload one file to an open report, a part at a time."""
        sent = Form({"id": number}, "file", name, content)
        answer = self._outbound.post("/upload", content=sent.parts(), headers=sent.headers())
        answered = _about(number, self._succeeded(answer))
        if not answered.file_id or not answered.hash:
            raise _unreadable("file number or hash")
        return Uploaded(answered.file_id, "MD5", answered.hash, sent.around, answer.body)

    def details(self, number: str, file_id: str, statement: FileStatement) -> bytes:
        """Return a sent file's details as XML."""
        return xml.file_details(number, file_id, statement)

    def describe_file(self, number: str, letter: bytes) -> bytes:
        """State a sent file's details."""
        answer = self._outbound.post("/fileinfo", content=letter, headers=_XML)
        _about(number, self._succeeded(answer))
        return answer.body

    def finishing(self, number: str) -> bytes:
        """Return the form that names the report."""
        return urlencode({"id": number}).encode()

    def finish(self, number: str, letter: bytes) -> Finished:
        """File the report; irreversible."""
        answer = self._outbound.post("/finish", content=letter, headers=_FORM)
        _about(number, self._succeeded(answer))
        return Finished(answer.body)

    def retract(self, number: str) -> Retracted:
        """Cancel an open report, or learn that it was finished or is gone."""
        letter = self.finishing(number)
        answer = self._outbound.post("/retract", content=letter, headers=_FORM)
        try:
            self._succeeded(answer)
        except ReportFinished:
            return Retracted(RetractAnswer.WAS_FINISHED, letter, answer.body)
        except ReportGone:
            return Retracted(RetractAnswer.UNKNOWN, letter, answer.body)
        return Retracted(RetractAnswer.RETRACTED, letter, answer.body)

    def _succeeded(self, answer: Answer) -> Answered:
        if answer.status == _UNAUTHORISED:
            raise CounterpartyRefused(
                "The authority does not accept our credentials.",
                "Mend authority.username and authority.password, then approve the referral again.",
            )
        answered = self._answers.xml(answer.body)
        if answered.code == _SUCCESS:
            return answered
        if answered.code in {_NO_REPORT, _RETRACTED}:
            raise ReportGone(answered.code)
        if answered.code == _FINISHED:
            raise ReportFinished(answered.code)
        if answered.code in _SERVER_SIDE:
            raise CounterpartyFailed(
                f"The authority failed with code {answered.code}.", "It is tried again."
            )
        raise CounterpartyRefused(
            f"The authority refused with code {answered.code}"
            + (f", request {answer.request_id}." if answer.request_id else "."),
            "See the API's documentation for the code, mend the cause, then approve again.",
        )


def _about(number: str, answered: Answered) -> Answered:
    """Return an answer if it speaks of our report, where it says of which it speaks."""
    if answered.report_id not in {None, number}:
        raise CounterpartyFailed(
            "The authority answered about another report.", "It is asked what stands."
        )
    return answered


def _unreadable(what: str) -> CounterpartyFailed:
    return CounterpartyFailed(f"The authority's answer has no {what}.", "It is tried again.")
