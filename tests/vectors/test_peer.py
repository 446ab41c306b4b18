"""The document between peers: golden files, an outside validator, and every way to spoil it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from nacl.signing import SigningKey
from tests.unit.exchange import fullest

from tutela.errors import InvalidInput, Tampered
from tutela.exchange import dsse, peer_referral
from tutela.exchange.peer_referral import FORM, TYPE, PeerReferral, SealedFile
from tutela.referrals.priority import priority

HERE = Path(__file__).with_name("peer")
SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "peer-referral.schema.json"
SEED = bytes(range(32))
PUBLIC = SigningKey(SEED).verify_key.encode()
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
TRUSTED = {"platform.example": PUBLIC}


def golden() -> PeerReferral:
    draft = fullest.DRAFT
    assessed = priority(draft)
    files = tuple(
        SealedFile(
            *(f"files/{place:03}.sealed", f"ref_1/files/{place:03}.sealed", 10, f"{place:064x}"),
            *("ab" * 8, base64.b64encode(bytes(80)).decode()),
        )
        for place in (1, 2)
    )
    return PeerReferral(
        *("tutela-referral/1", "ref_1", "platform.example", "Example", "hotline.example", AT),
        *(assessed.tier, assessed.reasons, draft, files),
    )


def test_the_signed_bytes_are_those_of_the_published_vector() -> None:
    # DSSE protocol.md, "Test Vectors".
    made = dsse.pre_authentication("http://example.com/HelloWorld", b"hello world")
    assert made == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_golden_file_is_what_is_written_and_reads_to_the_same() -> None:
    file = HERE / "referral-1.dsse.json"
    assert peer_referral.signed(golden(), SEED) == file.read_bytes()
    assert peer_referral.read(file.read_bytes(), "hotline.example", TRUSTED) == golden()


def test_an_outside_validator_takes_it_by_the_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    told = json.loads(FORM.dump_json(golden()))
    validator.validate(told)
    for spoilt in ({**told, "format": "tutela-referral/2"}, {**told, "more": 1}):
        assert not validator.is_valid(spoilt)
    del told["referral"]["harm"]
    assert not validator.is_valid(told)


def resigned(**changes: Any) -> bytes:
    told = {**json.loads(FORM.dump_json(golden())), **changes}
    return dsse.sign(TYPE, json.dumps(told).encode(), SEED)


PLAIN = json.loads(FORM.dump_json(golden()))


@pytest.mark.parametrize(
    ("envelope", "error"),
    [
        (resigned(sender="another.example"), "another sender"),
        (resigned(receiver="another.example"), "somebody else"),
        (resigned(files=[]), "missing"),
        (resigned(format="tutela-referral/9"), "form"),
        (resigned(surprise=1), "surprise"),
        (resigned(referral={**PLAIN["referral"], "newer": 1}), "referral.newer"),
        (dsse.sign("text/plain", b"{}", SEED), "another type"),
        (b"{}", "no signed envelope"),
        (b"[" * 100_000, "no signed envelope"),
        (b"\xff", "no signed envelope"),
    ],
)
def test_what_is_not_for_us_or_not_whole_is_refused(envelope: bytes, error: str) -> None:
    with pytest.raises(InvalidInput, match=error):
        peer_referral.read(envelope, "hotline.example", TRUSTED)


def test_any_changed_byte_of_payload_or_signature_is_found() -> None:
    envelope = json.loads(peer_referral.signed(golden(), SEED))
    payload = bytearray(base64.b64decode(envelope["payload"]))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    for place in (0, 100, len(payload) - 1):
        changed = bytearray(payload)
        changed[place] ^= 1
        spoilt = {**envelope, "payload": base64.b64encode(changed).decode()}
        with pytest.raises(Tampered):
            peer_referral.read(json.dumps(spoilt).encode(), "hotline.example", TRUSTED)
    signature[5] ^= 1
    spoilt = {**envelope, "signatures": [{"sig": base64.b64encode(signature).decode()}]}
    for one in (spoilt, {**envelope, "signatures": []}):
        with pytest.raises(Tampered):
            peer_referral.read(json.dumps(one).encode(), "hotline.example", TRUSTED)


def test_a_stranger_is_not_believed() -> None:
    strangers = peer_referral.signed(golden(), bytes(32))
    with pytest.raises(Tampered):
        peer_referral.read(strangers, "hotline.example", TRUSTED)
