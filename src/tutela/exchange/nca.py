"""The National Crime Agency's reporting interface as an authority, by a mapping file.

Its wire format is not public. The order of calls (open, files, submit) and every name are an
assumption that lives in `nca_wire.toml`; `Nca` knows only what any such interface must have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutela.errors import CounterpartyFailed, CounterpartyRefused, InvalidInput
from tutela.exchange.answers import HERE
from tutela.exchange.form import Form
from tutela.exchange.http import Outbound
from tutela.exchange.plain_form import declared, form
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
    from collections.abc import Mapping, Sequence

    from tutela.evidence.vault import Opened
    from tutela.exchange.address import Network
    from tutela.exchange.answers import Answers
    from tutela.exchange.http import Answer
    from tutela.exchange.wire_names import WireNames
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.referral import Referral

_JSON = {"Content-Type": "application/json"}
_UNAUTHORISED = frozenset({401, 403})
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Registration:
    """What the provider is registered as (reg. 3-7): its reference and who may submit."""

    provider: str
    reference: str
    authorised: Mapping[str, Mapping[str, str]]


class Nca:
    """One registration. Network errors and the mapping's `again` codes are tried again."""

    def __init__(
        self,
        address: str,
        token: str,
        registration: Registration,
        names: WireNames,
        private: Sequence[Network] = (),
        answers: Answers = HERE,
    ) -> None:
        self._answers = answers
        self._outbound = Outbound(address, bearer=token, private=private)
        self._registration = registration
        self._names = names

    def opening(self, referral: Referral) -> bytes:
        """Return the report, files' statements included. Raises `InvalidInput` if nobody may."""
        submitter = self._submitter(referral)
        provider = {
            "name": self._registration.provider,
            "registration": self._registration.reference,
        }
        told = {
            **form(referral, submitter, provider),
            **declared(referral),
        }
        return _json(self._names.renamed(told))

    def open(self, letter: bytes) -> Numbered:
        """Open a report; return its number."""
        answer, said = self._call("open", letter)
        number = said.get("report")
        if not number:
            raise _unreadable("report number")
        return Numbered(number, answer.body)

    def send_file(self, number: str, name: str, content: Opened) -> Uploaded:
        """Send one file's bytes, a part at a time."""
        sent = Form({}, self._names.upload["file"], name, content)
        method, path = self._names.call("file", report=number)
        answer = self._outbound.send(method, path, content=sent.parts(), headers=sent.headers())
        said = self._succeeded(answer)
        file_id, digest = said.get("file"), said.get("digest")
        if not file_id or not digest:
            raise _unreadable("file number or digest")
        algorithm = self._names.answers["digest_algorithm"]
        return Uploaded(file_id, algorithm, digest, sent.around, answer.body)

    def details(self, _number: str, _file_id: str, _statement: FileStatement) -> bytes | None:
        """Return nothing: the report says what each file is."""
        return None

    def describe_file(self, _number: str, _letter: bytes) -> bytes:
        """Never called: there is no letter to send."""
        raise CounterpartyRefused(
            "This authority takes no details of files.", "This is a defect in Tutela: report it."
        )

    def finishing(self, number: str) -> bytes:
        """Return the words that submit the report."""
        return _json({"submit": number})

    def finish(self, number: str, letter: bytes) -> Finished:
        """Submit the report; irreversible."""
        answer, said = self._call("submit", letter, report=number)
        return Finished(answer.body, said.get("receipt"))

    def retract(self, number: str) -> Retracted:
        """Cancel an open report, or learn that it was submitted or is gone."""
        letter = _json({"cancel": number})
        method, path = self._names.call("cancel", report=number)
        answer = self._outbound.send(method, path, content=letter, headers=_JSON)
        try:
            self._succeeded(answer)
        except ReportFinished:
            receipt = (self._said(answer) or {}).get("receipt")
            return Retracted(RetractAnswer.WAS_FINISHED, letter, answer.body, receipt)
        except ReportGone:
            return Retracted(RetractAnswer.UNKNOWN, letter, answer.body)
        return Retracted(RetractAnswer.RETRACTED, letter, answer.body)

    def _submitter(self, referral: Referral) -> dict[str, str]:
        """Return the authorised person who approved it (reg. 7 and 8)."""
        who = (referral.approved_by or "").partition(":")[2]
        found = self._registration.authorised.get(who)
        if found is None:
            raise InvalidInput(
                "Who approved the referral is not an authorised person of the registration.",
                "Name them under nca.authorised by their account's id, and approve it again.",
            )
        return dict(found)

    def _call(self, name: str, letter: bytes, **numbers: str) -> tuple[Answer, dict[str, str]]:
        method, path = self._names.call(name, **numbers)
        answer = self._outbound.send(method, path, content=letter, headers=_JSON)
        return answer, self._succeeded(answer)

    def _succeeded(self, answer: Answer) -> dict[str, str]:
        if answer.status in _UNAUTHORISED:
            raise CounterpartyRefused(
                "The authority does not accept our credentials.",
                "Mend nca.token, then approve the referral again.",
            )
        said = self._said(answer)
        code = said.get("code") if said is not None else None
        if code in self._names.codes["gone"]:
            raise ReportGone(code)
        if code in self._names.codes["finished"]:
            raise ReportFinished(code)
        if code in self._names.codes["again"]:
            raise CounterpartyFailed(f"The authority failed with {code}.", "It is tried again.")
        if answer.status >= _REFUSED:
            raise CounterpartyRefused(
                f"The authority refused with status {answer.status}"
                + (f", code {code}." if code else "."),
                "See its documentation for the code, mend the cause, then approve again.",
            )
        if said is None:
            raise _unreadable("members")
        return said

    def _said(self, answer: Answer) -> dict[str, str] | None:
        return self._answers.named(answer.body, self._names.places)


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _unreadable(what: str) -> CounterpartyFailed:
    return CounterpartyFailed(f"The authority's answer has no {what}.", "It is tried again.")
