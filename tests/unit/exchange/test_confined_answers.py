"""Answers of authorities are read by a confined process of their own, with the same outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulators.process import SimulatedCyberTipline

from tutela import bootstrap
from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.errors import CounterpartyFailed
from tutela.exchange.answers import HERE, Answered, Answers, AnswersHere
from tutela.exchange.confined_answers import WORKER, ConfinedAnswers
from tutela.referrals.authority import RetractAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

XML = {
    "an answer": b"<?xml version='1.0' encoding='UTF-8'?><r><responseCode>0</responseCode>"
    b"<reportId> 12 </reportId><fileId>f</fileId><hash>ab</hash></r>",
    "latin": "<?xml version='1.0' encoding='ISO-8859-1'?><r><responseCode>5</responseCode>"
    "<hash>\xe4</hash></r>".encode("latin-1"),
    "utf-16": "<r><responseCode>5</responseCode></r>".encode("utf-16"),
    "entities": b"<!DOCTYPE a [<!ENTITY b '0'>]><r><responseCode>&b;</responseCode></r>",
    "a file outside": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]>"
    b"<r><responseCode>0</responseCode><hash>&b;</hash></r>",
    "no code": b"<r/>",
    "not xml": b"hello",
    "nothing": b"",
    "deep": b"<a>" * 5000,
}
PLACES = {"report": "report.id", "code": "code"}
JSON = (
    b'{"report": {"id": 12}, "code": "x", "more": []}',
    b'{"code": []}',
    b'{"code": "\\ud800"}',
    b"[]",
    b"[" * 9999,
)
SCHEMA = (
    b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    b'<xs:element name="a" type="xs:int"/></xs:schema>'
)


@pytest.fixture(scope="module")
def confined() -> Iterator[ConfinedAnswers]:
    with Pool(WORKER, Terms(memory=1 << 30), Room(1)) as pool:
        yield ConfinedAnswers(pool)
        assert pool.held is not None
        assert pool.held.confined


def _xml(answers: Answers, body: bytes) -> Answered | str:
    try:
        return answers.xml(body)
    except CounterpartyFailed as problem:
        return problem.what


@pytest.mark.parametrize("name", XML)
def test_xml_says_the_same_inside_and_outside(confined: ConfinedAnswers, name: str) -> None:
    assert _xml(confined, XML[name]) == _xml(HERE, XML[name])


def test_the_answers_that_say_something_are_understood(confined: ConfinedAnswers) -> None:
    assert confined.xml(XML["an answer"]) == Answered(0, "12", "f", "ab")
    assert confined.xml(XML["latin"]).hash == "ä"


@pytest.mark.parametrize("body", JSON)
def test_json_says_the_same_inside_and_outside(confined: ConfinedAnswers, body: bytes) -> None:
    assert confined.named(body, PLACES) == HERE.named(body, PLACES)


@pytest.mark.parametrize("document", [b"<a>4</a>", b"<a>x</a>", b"<b/>", b"<"])
def test_a_schema_is_held_against_inside(confined: ConfinedAnswers, document: bytes) -> None:
    assert confined.faults(SCHEMA, document) == HERE.faults(SCHEMA, document)
    assert (confined.faults(SCHEMA, document) is None) == (document == b"<a>4</a>")


def test_an_instance_reads_no_answer_itself(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads XML here is taken away; an authority's answer is understood all the same."""

    def taken_away(*_given: object) -> None:
        pytest.fail("an answer was read in the process that holds the keys")

    monkeypatch.setattr(AnswersHere, "xml", taken_away)
    with SimulatedCyberTipline(tmp_path) as there:
        settings = platform.settings.model_copy(
            update={
                "authority": platform.settings.authority.model_copy(
                    update={
                        "url": there.api,
                        "username": there.auth[0],
                        "password": type(platform.settings.authority.password)(there.auth[1]),
                    }
                )
            }
        )
        authority = bootstrap.authorities_of(settings, platform.answers)[bootstrap.NCMEC]
        assert authority.retract("4711").answer is RetractAnswer.UNKNOWN
