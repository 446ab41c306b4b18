"""The stand-alone checker: against published vectors, libsodium, and every forgery."""

from __future__ import annotations

import ast
import base64
import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tutela.audit import offline
from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.entry import Action, Actor
from tutela.audit.prover import Prover, checker

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog

_VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "rfc6962" / "proofs.json").read_text()
)
_MACHINE = Actor("machine", "acc_uploads")
# RFC 8032 section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc): public key, message, signature.
_RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize("vector", _RFC_8032, ids=["test-1", "test-2", "test-3", "sha-abc"])
def test_the_published_signatures_hold_and_no_flipped_bit_does(vector: tuple[str, ...]) -> None:
    public, message, signature = (bytes.fromhex(part) for part in vector)
    assert offline.ed25519_holds(public, message, signature)
    for place in range(0, 512, 37):
        changed = bytearray(signature)
        changed[place // 8] ^= 1 << place % 8
        assert not offline.ed25519_holds(public, message, bytes(changed))
    assert not offline.ed25519_holds(public, message + b"\0", signature)


def _sodium_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 8 * 96 - 1))
def test_it_agrees_with_libsodium(seed: bytes, message: bytes, bit: int) -> None:
    key = SigningKey(seed)
    public, signature = key.verify_key.encode(), key.sign(message).signature
    assert offline.ed25519_holds(public, message, signature)
    both = bytearray(public + signature)
    both[bit // 8] ^= 1 << bit % 8
    changed = bytes(both[:32]), message, bytes(both[32:])
    assert offline.ed25519_holds(*changed) is _sodium_holds(*changed) is False


def _shifted(signature: bytes) -> bytes:
    scalar = int.from_bytes(signature[32:], "little") + 2**252
    return signature[:32] + (scalar + 27742317777372353535851937790883648493).to_bytes(32, "little")


_SMALL = bytes([1]) + bytes(31)


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (_SMALL, _SMALL + bytes(32)),
        (bytes(32), _SMALL + bytes(32)),
        (bytes.fromhex(_RFC_8032[0][0]), _shifted(bytes.fromhex(_RFC_8032[0][2]))),
        (b"\xff" * 32, bytes(64)),
        (bytes.fromhex(_RFC_8032[0][0]), bytes(63)),
        (bytes(31), bytes(64)),
    ],
    ids=["neutral key", "small key", "scalar not reduced", "no point", "short", "short key"],
)
def test_degenerate_keys_and_signatures_never_hold(public: bytes, signature: bytes) -> None:
    assert not offline.ed25519_holds(public, b"", signature)


def _bytes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


@pytest.mark.parametrize("name", _VECTORS["inclusion"])
def test_published_inclusion_proofs(name: str) -> None:
    vector = _VECTORS["inclusion"][name]
    leaf, root = _bytes([vector["leafHash"] or "", vector["root"] or ""])
    place, size, path = vector["leafIdx"], vector["treeSize"], _bytes(vector["proof"])
    try:
        holds = offline.root_by_inclusion(leaf, place, size, path) == root
    except offline.ProofFails:
        holds = False
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("name", _VECTORS["consistency"])
def test_published_consistency_proofs(name: str) -> None:
    vector = _VECTORS["consistency"][name]
    roots = _bytes([vector["root1"] or "", vector["root2"] or ""])
    try:
        offline.check_consistency(
            vector["size1"], vector["size2"], roots[0], roots[1], _bytes(vector["proof"])
        )
        holds = True
    except offline.ProofFails:
        holds = False
    assert holds is not vector["wantErr"]


@pytest.fixture
def proof(audit: AuditLog, signer: CheckpointSigner) -> dict[str, Any]:
    for place in range(9):
        audit.note(_MACHINE, Action.ITEM_SCREENED, f"itm_{place}", verdict="clean", place=place)
    return Prover(audit.database, signer).document(5)


def test_a_proof_says_what_the_entry_says(
    proof: dict[str, Any], audit: AuditLog, signer: CheckpointSigner
) -> None:
    proven = offline.Proven(proof, signer.text)
    assert (proven.index, proven.size, proven.compared) == (5, 9, True)
    assert proven.entry["subject"] == audit.entries()[5].subject == "itm_5"
    assert "itm_5" in "\n".join(proven.words())


def test_another_key_than_the_operators_does_not_do(proof: dict[str, Any]) -> None:
    stranger = CheckpointSigner("tutela.test", b"\1" * 32)
    with pytest.raises(offline.ProofFails, match="another key"):
        offline.Proven(proof, stranger.text)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in _leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for at in range(len(value)) for leaf in _leaves(value[at], (*path, at))]
    return [path]


def test_no_changed_letter_of_a_proof_holds(
    proof: dict[str, Any], signer: CheckpointSigner
) -> None:
    """Each letter of each member in turn: the entry, the path, the note, the key, the place."""
    tried = 0
    for path in _leaves(proof):
        holder = proof
        for step in path[:-1]:
            holder = holder[step]
        told = holder[path[-1]]
        letters = range(0, len(told), 11) if isinstance(told, str) else [0]
        for at in letters:
            changed = copy.deepcopy(proof)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            if isinstance(told, str):
                letter = "B" if told[at] != "B" else "C"
                inner[path[-1]] = told[:at] + letter + told[at + 1 :]
            else:
                inner[path[-1]] = told + 1
            with pytest.raises(offline.ProofFails):
                offline.Proven(changed, signer.text)
            tried += 1
    assert tried > 40


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "format",
                        "log",
                        "entry",
                        "index",
                        "inclusion",
                        "checkpoint",
                        "later",
                        "witnesses",
                    ]
                ),
                inner,
                max_size=8,
            )
        ),
    )
)
def test_nothing_else_holds_and_nothing_breaks_it(value: Any) -> None:
    if isinstance(value, dict):
        value = {**value, "format": offline.FORMAT}
    with pytest.raises(offline.ProofFails):
        offline.Proven(value)


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Alone in a folder, without site packages or our environment."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "check.py", *words],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60, env={},
    )  # fmt: skip


def test_the_checker_runs_alone(
    proof: dict[str, Any], signer: CheckpointSigner, tmp_path: Path
) -> None:
    folder = tmp_path / "court"
    folder.mkdir()
    (folder / "check.py").write_bytes(checker())
    (folder / "proof.json").write_text(json.dumps(proof))
    good = _run(folder, "proof.json", "--key", signer.text)
    assert (good.returncode, good.stderr) == (0, ""), good
    assert good.stdout.endswith("HOLDS.\n")
    assert "entry 5" in good.stdout
    unsure = _run(folder, "proof.json")
    assert unsure.returncode == 2
    assert signer.text in unsure.stdout
    (folder / "proof.json").write_text(json.dumps(proof).replace("itm_5", "itm_6"))
    bad = _run(folder, "proof.json", "--key", signer.text)
    assert bad.returncode == 1
    assert bad.stdout.startswith("DOES NOT HOLD.")
    for text in ("", "{", "[]", "[" * 5000, "\ud800".encode("utf-8", "surrogatepass").hex()):
        (folder / "proof.json").write_text(text)
        assert _run(folder, "proof.json").returncode == 1
    assert _run(folder, "absent.json").returncode == 1


def test_the_checker_needs_nothing_but_old_python() -> None:
    tree = ast.parse(checker(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "urllib", "http", "subprocess", "os"}
