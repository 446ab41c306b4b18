"""Every fuzz target over its seeds and mutations of them; and what fuzzing has found, one by one.

`make fuzz` runs the same targets by coverage, for as long as asked.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fuzz.keyring import PAIR
from fuzz.mutation import mutation
from fuzz.target import NAMES, load
from fuzz.targets import audit_proof, evidence_package, service_answer, sign_in
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.access import vouching
from tutela.audit import offline
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.errors import CounterpartyRefused, IndexInvalid, NotSignedIn, Tampered
from tutela.evidence import shares
from tutela.evidence.shares import Share
from tutela.exchange import identity_provider, verify_package, wire_names
from tutela.exchange.http import Answer
from tutela.exchange.nca import Nca, Registration
from tutela.matching import manifest, segment
from tutela.matching.disk_index import DiskIndex
from tutela.matching.manifest import Listed, Manifest
from tutela.matching.pdq_segment import PdqKind
from tutela.matching.segment import SegmentFile

if TYPE_CHECKING:
    from pathlib import Path

_SLOW = {"kernels": 4, "index_folder": 15, "peer_referral": 20, "evidence_package": 20}
_DEEP = b"[" * 20_000


@pytest.mark.parametrize("name", NAMES)
def test_whole_inputs_break_nothing(name: str) -> None:
    target = load(name)
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds[:40]:
        target.run(seed)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_inputs_break_nothing(name: str) -> None:
    target = load(name)
    seeds = list(target.seeds())

    @settings(max_examples=_SLOW.get(name, 40))
    @given(st.integers(0, 1 << 32), st.sampled_from(seeds) | st.binary(max_size=300))
    def hostile(chance: int, whole: bytes) -> None:
        target.run(mutation(whole, random.Random(chance), seeds))

    hostile()


def test_a_mutation_is_repeatable() -> None:
    seeds = [b"abc" * 20, b"0123456789"]
    one, other = (
        [mutation(seeds[0], random.Random(number), seeds) for number in range(50)] for _ in range(2)
    )
    assert one == other
    assert len(set(one)) > 25


# What fuzzing found, and what became of it.


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000])
def test_an_answer_nested_without_end_is_an_answer_that_says_nothing(body: bytes) -> None:
    authority = Nca("http://127.0.0.1:9", "t", Registration("p", "r", {}), wire_names.read(None))
    with pytest.raises(CounterpartyRefused):
        authority._succeeded(Answer(400, body, None))


@pytest.mark.parametrize("second", ["\u00b2", "\u0661", "9" * 5000, ""])
@pytest.mark.parametrize("rest", [b"", b"\xff\xfe"])
def test_a_damaged_witness_file_does_not_stop_the_next_note(
    tmp_path: Path, second: str, rest: bytes
) -> None:
    signer = CheckpointSigner("tutela.test", bytes(32))
    path = tmp_path / "note"
    path.write_bytes(f"tutela.test\n{second}\n".encode() + rest)
    note = signer.sign(7, bytes(32))
    witness = WitnessFile(path, signer)
    witness.keep(note, 7)
    read = witness.read()
    assert read is not None
    assert read.size == 7


@pytest.mark.parametrize(
    "changed",
    [
        {"entry": "\ud800"},
        {"log": "\ud800+00+AA=="},
        {"checkpoint": f"fuzz.test\n{'9' * 5000}\nAA==\n\n\u2014 fuzz.test AA==\n"},
    ],
    ids=str,
)
def test_a_proof_of_no_text_or_too_long_numbers_does_not_hold(changed: dict[str, str]) -> None:
    with pytest.raises(offline.ProofFails):
        offline.Proven(audit_proof.proof() | changed)


@pytest.mark.parametrize("name", ["data/package.json", "data/custody.json", "signature.dsse.json"])
def test_a_package_nested_without_end_is_not_whole(tmp_path: Path, name: str) -> None:
    folder, _ = evidence_package.package()
    shutil.copytree(folder, tmp_path / "package")
    (tmp_path / "package" / name).write_bytes(_DEEP)
    evidence_package.sealed_again(tmp_path / "package", name)
    if name == verify_package.SIGNATURE:
        (tmp_path / "package" / name).write_bytes(_DEEP)
    with pytest.raises(verify_package.PackageFails):
        verify_package.check(tmp_path / "package")


def test_what_a_package_is_called_cannot_speak_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = evidence_package.package()
    shutil.copytree(folder, tmp_path / "package")
    (tmp_path / "package/data/package.json").write_text('{"format": "\\u001b[2J\\nholds: all"}')
    evidence_package.sealed_again(tmp_path / "package", "data/package.json")
    assert verify_package.main([str(tmp_path / "package")]) == verify_package.FAILS
    assert capsys.readouterr().out == (
        "FAILS: The package is of another format: ?[2J?holds: all.\n"
    )


@pytest.mark.parametrize("lie", [{"place": 0}, {"place": 300}, {"place": 4}])
def test_a_share_of_a_place_that_there_is_not_is_spoilt(lie: dict[str, int]) -> None:
    made_up = replace(shares.split(PAIR, 2, 3, bytes)[0], **lie)  # type: ignore[arg-type]
    with pytest.raises(Tampered):
        Share.read(made_up.text())


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_a_share_that_claims_to_restore_alone_is_spoilt(threshold: int) -> None:
    made_up = replace(shares.split(PAIR, 2, 3, bytes)[0], threshold=threshold)
    with pytest.raises(Tampered):
        Share.read(made_up.text())


@pytest.mark.parametrize("published", [{"keys": 4}, {"keys": [{"kid": "k", "kty": []}]}, {}])
def test_a_provider_that_publishes_nonsense_vouches_for_nobody(published: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        sign_in.vouched(sign_in.TOKEN, published)


def test_tokens_nested_without_end_vouch_for_nobody() -> None:
    head = base64.urlsafe_b64encode(b'{"alg": "ES256", "kid": ' + b"[" * 6000).decode().rstrip("=")
    assert vouching.key_id(f"{head}.AA.AA") is None
    with pytest.raises(NotSignedIn):
        sign_in.vouched(sign_in.signed(b"[" * 6000, "JWT"), sign_in.KEYS)


@pytest.mark.parametrize("subject", ["\ud800", "a\0b", "", "x" * 5000, 4])
def test_a_subject_that_cannot_be_kept_is_nobody(subject: object) -> None:
    token = sign_in.signed(json.dumps(sign_in.CLAIMS | {"sub": subject}).encode(), "JWT")
    with pytest.raises(NotSignedIn):
        sign_in.vouched(token, sign_in.KEYS)


def test_a_name_that_cannot_be_kept_is_shown_without_what_is_no_letter() -> None:
    claims = sign_in.CLAIMS | {"name": "A\udfffB\0"}
    token = sign_in.signed(json.dumps(claims).encode(), "JWT")
    assert sign_in.vouched(token, sign_in.KEYS).name == "A?B?"


@pytest.mark.parametrize(
    "place", ["https://[::1", "https:\n//idp.example", "https://idp.example/\r\na: b", 4, None]
)
def test_an_address_that_is_none_is_not_gone_to(place: object) -> None:
    said = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), sign_in.ISSUER)
    with pytest.raises(CounterpartyRefused):
        identity_provider.endpoints(
            said | {"issuer": sign_in.ISSUER, "jwks_uri": place}, sign_in.ISSUER, {sign_in.ISSUER}
        )


def test_a_witness_has_one_spelling_for_each_signature() -> None:
    line = service_answer.line(1_760_000_000)
    last = line.rstrip("=\n")[-1]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = line.replace(f"{last}=", f"{letters[letters.index(last) + 1]}=")
    assert other != line
    assert service_answer.VERIFIER.open(service_answer.NOTE, other)[0] == line


def test_a_manifest_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    DiskIndex(tmp_path / "index")
    for name in ("segment-7", "../outside", "/etc/passwd", "segment-7/../x", ""):
        manifest.write(tmp_path / "index", Manifest("pdq", 0, 1, (Listed(name),)))
        with pytest.raises(IndexInvalid):
            DiskIndex(tmp_path / "index")


@pytest.mark.parametrize("rows", [1 << 63, (1 << 64) - 1, 1 << 61, 5])
def test_a_header_that_counts_wrongly_is_refused(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "segment"
    segment.write(path, "pdq", rows, {"ids": np.empty(0, np.int64), "hashes": np.empty((0, 32))})
    with pytest.raises(IndexInvalid):
        PdqKind().opened(SegmentFile(path, "pdq"))


def test_a_header_of_odd_names_or_no_sections_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "segment"
    segment.write(path, "pdq", 0, {"ids": np.empty(0, np.int64)})
    whole = bytearray(path.read_bytes())
    for at, odd in ((16, b"\xb8"), (40, b"\xb8"), (32, b"\0\0\0\0"), (32, b"\xff\xff\xff\xff")):
        broken = bytearray(whole)
        broken[at : at + len(odd)] = odd
        broken[4064:4096] = sha256(broken[:4064]).digest()
        path.write_bytes(broken)
        with pytest.raises(IndexInvalid):
            SegmentFile(path, "pdq").section("ids", np.int64, 0)
