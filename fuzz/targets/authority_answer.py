"""Answers of the CyberTipline and the NCA: the first byte chooses whose, the second its status."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange import wire_names
from tutela.exchange.answers import HERE
from tutela.exchange.http import Answer
from tutela.exchange.nca import Nca, Registration
from tutela.referrals.authority import ReportFinished, ReportGone

if TYPE_CHECKING:
    from collections.abc import Iterator

_NCA = Nca("http://127.0.0.1:9", "t", Registration("p", "r", {}), wire_names.read(None))
_NAMES = ("report", "file", "digest", "receipt", "code")


def seeds() -> Iterator[bytes]:
    """Write an answer of each kind."""
    yield (
        b"X0<?xml version='1.0' encoding='UTF-8'?><reportResponse><responseCode>0</responseCode>"
        b"<reportId>12</reportId><fileId>f</fileId><hash>ab</hash></reportResponse>"
    )
    yield (
        b"X0<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]>"
        b"<reportResponse><responseCode>&d;</responseCode></reportResponse>"
    )
    yield b'N\x00{"report": {"id": "12"}, "reportId": "12", "code": "again", "receipt": 4}'
    yield b"N\xc8" + b"[" * 3000


def run(data: bytes) -> None:
    """Read an answer as its adapter does."""
    kind, status, body = data[:1], data[1:2], data[2:]
    if kind != b"N":
        with contextlib.suppress(CounterpartyFailed):
            answered = HERE.xml(body)
            assert isinstance(answered.code, int)
        return
    answer = Answer(200 + (status[0] if status else 0), body, None)
    with contextlib.suppress(CounterpartyFailed, CounterpartyRefused, ReportFinished, ReportGone):
        said = _NCA._succeeded(answer)
        for name in _NAMES:
            found = said.get(name)
            assert found is None or isinstance(found, str)
