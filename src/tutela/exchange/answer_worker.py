"""A confined process that reads what authorities answer.

Run as `python -m tutela.exchange.answer_worker`, by `Process` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tutela.content.confinement.serving import serve
from tutela.errors import CounterpartyFailed
from tutela.exchange.answers import HERE

if TYPE_CHECKING:
    from tutela.content.confinement.serving import Incoming, Terms

    Answer = tuple[dict[str, Any], bytes]

_XML = b"<a><responseCode>0</responseCode><reportId>\xc3\xa4</reportId></a>"
_SCHEMA = (
    b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a" '
    b'type="xs:string"/></xs:schema>'
)


def xml(_words: dict[str, Any], incoming: Incoming) -> Answer:
    """Read an answer of the CyberTipline."""
    try:
        said = HERE.xml(incoming.whole())
    except CounterpartyFailed:
        return {"unreadable": True}, b""
    return {
        "code": said.code,
        "report": said.report_id,
        "file": said.file_id,
        "hash": said.hash,
    }, b""


def named(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Read JSON at the places that are asked for."""
    return {"said": HERE.named(incoming.whole(), words["places"])}, b""


def faults(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Hold a document against a schema; words: how long the schema is."""
    whole, cut = incoming.whole(), words["schema"]
    return {"faults": HERE.faults(whole[:cut], whole[cut:])}, b""


def warm_up(_terms: Terms) -> None:
    """Run once whatever loads something late: later no file can be opened."""
    HERE.xml(_XML)
    HERE.named(b'{"a": {"b": 1}}', {"x": "a.b"})
    HERE.faults(_SCHEMA, b"<a/>")
    HERE.faults(_SCHEMA, b"<b/>")
    HERE.faults(b"<", b"")


if __name__ == "__main__":
    serve({"xml": xml, "named": named, "faults": faults}, warm_up)
