"""A package proves itself offline, to our verifier and to others', and shows what was spoilt."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit
import pytest
from nacl.signing import SigningKey
from tests.casework import ANNA, HOST
from tests.instance import LISTED

from tutela.audit.entry import Action, Entry
from tutela.cases.viewing import Fidelity
from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import InvalidInput, NotFound
from tutela.evidence import keys
from tutela.evidence.vault import Purpose
from tutela.exchange import case_uco, custody, dsse, evidence_package, verify_package
from tutela.exchange.bag import Bag
from tutela.exchange.evidence_package import Sender
from tutela.exchange.verify_package import FAILS, HOLDS, NOT_ALL, PackageFails
from tutela.platform.intake import Submission
from tutela.storage import keyfile

if TYPE_CHECKING:
    from tutela.bootstrap import Platform
    from tutela.evidence.keys import OpeningKey, SealingKey
    from tutela.exchange.evidence_package import Made

SENDER = Sender("platform.example", bytes(range(32)))
SIGNER = SigningKey(SENDER.seed).verify_key.encode()


@pytest.fixture
def receiver(tmp_path: Path) -> OpeningKey:
    return keys.create(tmp_path / "court.pub", tmp_path / "court.key")


@pytest.fixture
def evidence_id(platform: Platform) -> str:
    """Evidence that was held, claimed, looked at and decided."""
    answer = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
    other = platform.intake.submit(HOST, Submission(LISTED, "q", AccountFacts(id="a")))
    case_id = answer.case_id or ""
    assert other.case_id == case_id
    lease = platform.queue.claim(ANNA, case_id)
    grant = platform.viewing.grant(ANNA, case_id, answer.id, Fidelity.SKETCH)
    platform.viewing.render(ANNA, grant.id, "r-7")
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(ANNA, case_id, lease.token, 2, finding)
    with platform.database.reading() as connection:
        return items_on_record.load(connection, answer.id).evidence_id or ""


def export(platform: Platform, evidence_id: str, folder: Path, to: SealingKey | None) -> Made:
    with platform.database.reading() as connection:
        of, media_type = custody.belonging(connection, evidence_id)
    parts = (platform.vault, platform.audit, platform.prover, ANNA, of, media_type)
    return evidence_package.export(*parts, folder, to, SENDER)


def verified(folder: Path, *words: str) -> tuple[int, str]:
    said = StringIO()
    with redirect_stdout(said):
        status = verify_package.main([str(folder), *words])
    return status, said.getvalue()


def given(platform: Platform, tmp_path: Path) -> list[str]:
    peer = tmp_path / "peer.pub"
    if not peer.exists():
        keyfile.write_public(peer, "tutela-peer-public-1", SIGNER)
    return ["--signer", str(peer), "--log", platform.prover.key]


def test_a_sealed_package_is_proven_and_opened_by_its_receiver(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    folder, out = tmp_path / "package", tmp_path / "opened"
    made = export(platform, evidence_id, folder, receiver.sealing)
    assert not any(LISTED[:64] in one.read_bytes() for one in folder.rglob("*") if one.is_file())
    words = given(platform, tmp_path)
    status, said = verified(folder, *words, "--key", str(tmp_path / "court.key"), "--out", str(out))
    assert status == HOLDS, said
    assert out.read_bytes() == LISTED
    assert f"All {made.custody} events" in said and sha256(LISTED).hexdigest() in said
    # Without keys to compare with it says so, and does not say that all holds.
    assert verified(folder, *words)[0] == NOT_ALL
    assert verified(folder)[0] == NOT_ALL
    stranger = keys.create(tmp_path / "s.pub", tmp_path / "s.key")
    assert stranger.sealing.id != receiver.sealing.id
    assert verified(folder, *words, "--key", str(tmp_path / "s.key"))[0] == FAILS
    other = SigningKey(bytes(32)).verify_key.encode()
    with pytest.raises(PackageFails, match="did not sign"):
        verify_package.check(folder, other)
    with pytest.raises(PackageFails, match="another audit log"):
        verify_package.check(folder, SIGNER, platform.prover.key.replace("test", "else") + "x")


def test_the_custody_tells_the_whole_story_of_this_file_and_of_no_other(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    export(platform, evidence_id, tmp_path / "package", receiver.sealing)
    record = json.loads((tmp_path / "package" / "data" / "custody.json").read_text())
    told = [event["action"] for event in record["events"]]
    for action in (
        Action.ITEM_SCREENED,
        Action.EVIDENCE_SEALED,
        Action.ITEM_HELD,
        Action.CASE_OPENED,
        Action.CASE_CLAIMED,
        Action.VIEW_GRANTED,
        Action.CASE_DECIDED,
        Action.REFERRAL_DRAFTED,
        Action.EVIDENCE_OPENED,
    ):
        assert action in told, action
    assert told[-1] == Action.EVIDENCE_EXPORTED
    assert told.count(Action.ITEM_SCREENED) == told.count(Action.EVIDENCE_SEALED) == 1
    readable = (tmp_path / "package" / "data" / "custody.txt").read_text()
    assert len(readable.splitlines()) == len(told) + 3


def test_the_standard_validators_take_it(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    export(platform, evidence_id, folder, receiver.sealing)
    bag = bagit.Bag(str(folder))
    bag.validate()
    assert bag.info["External-Identifier"].startswith("pkg_")


@pytest.mark.parametrize("spoilt", [False, True])
def test_case_validate_takes_the_graph_and_finds_a_spoilt_one(spoilt: bool, tmp_path: Path) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    actions = (Action.EVIDENCE_SEALED, Action.EVIDENCE_OPENED)
    listed = [Entry(n, at, "person:acc_1", one, "evd_1", {}) for n, one in enumerate(actions)]
    digests = {"md5": "0" * 32, "sha1": "0" * 40, "sha256": "0" * 64}
    graph: dict[str, Any] = case_uco.graph("evd_1", 10, digests, "image/jpeg", listed)
    if spoilt:
        file = next(node for node in graph["@graph"] if node["@type"] == "uco-observable:File")
        file["uco-core:hasFacet"][1]["uco-observable:hash"][0]["uco-types:hashValue"] = "none"
    (tmp_path / "case.jsonld").write_text(json.dumps(graph))
    command = [str(Path(sys.executable).with_name("case_validate")), str(tmp_path / "case.jsonld")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert f"Conforms: {not spoilt}" in done.stdout, done.stdout + done.stderr


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_every_spoilt_missing_or_added_file_is_found(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    whole = tmp_path / "package"
    export(platform, evidence_id, whole, receiver.sealing)
    unwrap = verify_package.private_key(tmp_path / "court.key")
    arguments = (SIGNER, platform.prover.key, unwrap)
    assert verify_package.check(whole, *arguments)[1] == []
    names = [one.relative_to(whole) for one in whole.rglob("*") if one.is_file()]
    proofs = [one for one in names if "audit" in one.parts]
    for name in [one for one in names if one not in proofs[1:]]:
        for change in (spoil, Path.unlink):
            copy = tmp_path / "copy"
            shutil.copytree(whole, copy)
            change(copy / name)
            with pytest.raises(PackageFails):
                verify_package.check(copy, *arguments)
            shutil.rmtree(copy)
    for extra in ("data/more.bin", "more.txt"):
        (whole / extra).write_bytes(b"x")
        with pytest.raises(PackageFails):
            verify_package.check(whole, *arguments)
        (whole / extra).unlink()


def repacked(whole: Path, copy: Path, name: str, change: Any) -> Path:
    """Return a copy with one JSON file changed, manifests made anew and signed by the sender."""
    bag = Bag(copy)
    for path in sorted((whole / "data").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            relative = path.relative_to(whole / "data").as_posix()
            if relative == name:
                told = json.loads(data)
                change(told)
                data = json.dumps(told).encode()
            bag.put(relative, (data,))
    manifest = bag.seal({})
    signature = dsse.sign(verify_package.TYPE, manifest, SENDER.seed)
    (copy / verify_package.SIGNATURE).write_bytes(signature)
    return copy


def test_a_sender_who_lies_about_custody_is_found_out_by_the_log(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    whole = tmp_path / "package"
    export(platform, evidence_id, whole, receiver.sealing)
    proof = sorted((whole / "data" / "audit").iterdir())[2]
    lies = [
        ("custody.json", lambda told: told["events"][2].update(by="person:somebody")),
        ("custody.json", lambda told: told["events"][2].update(at=told["events"][1]["at"] + "0")),
        ("custody.json", lambda told: told["events"].pop(2)),
        ("custody.json", lambda told: told["events"].reverse()),
        ("custody.json", lambda told: told.update(evidence="evd_other")),
        ("package.json", lambda told: told["digests"].update(sha256="0" * 64)),
        ("package.json", lambda told: told.update(size=1)),
        ("package.json", lambda told: told["sealed"].update(bound_to="pkg_other/evidence.sealed")),
        ("package.json", lambda told: told.update(file="../../secret")),
        (f"audit/{proof.name}", lambda told: told.update(entry=told["entry"] + " ")),
        (f"audit/{proof.name}", lambda told: told["inclusion"].append(told["inclusion"][0])),
        (f"audit/{proof.name}", lambda told: told.update(checkpoint="x\n1\n\n\n")),
    ]  # fmt: skip
    unwrap = verify_package.private_key(tmp_path / "court.key")
    for number, (name, change) in enumerate(lies):
        copy = repacked(whole, tmp_path / f"lie-{number}", name, change)
        with pytest.raises(PackageFails):
            verify_package.check(copy, SIGNER, platform.prover.key, unwrap)
    honest = repacked(whole, tmp_path / "honest", "package.json", lambda _told: None)
    assert verify_package.check(honest, SIGNER, platform.prover.key, unwrap)[1] == []


def test_a_plain_package_is_plain_because_it_was_asked_for(
    platform: Platform, evidence_id: str, tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    export(platform, evidence_id, folder, None)
    assert (folder / "data" / "evidence.bin").read_bytes() == LISTED
    status, said = verified(folder, *given(platform, tmp_path))
    assert status == HOLDS, said


def test_the_verifier_stands_alone(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    folder, program = tmp_path / "package", tmp_path / "verify.py"
    export(platform, evidence_id, folder, receiver.sealing)
    program.write_bytes(evidence_package.verifier())
    assert "import tutela" not in program.read_text() and "from tutela" not in program.read_text()
    words = [str(folder), *given(platform, tmp_path), "--key", str(tmp_path / "court.key")]
    done = subprocess.run(
        [sys.executable, "-I", str(program), *words],
        capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == HOLDS, done.stdout + done.stderr


def test_what_fails_half_way_leaves_nothing(
    platform: Platform, evidence_id: str, receiver: OpeningKey, tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    export(platform, evidence_id, folder, receiver.sealing)
    with pytest.raises(InvalidInput):
        export(platform, evidence_id, folder, receiver.sealing)
    assert (folder / "bagit.txt").exists(), "what was there is not touched"
    with pytest.raises(NotFound):
        export(platform, "evd_none", tmp_path / "other", receiver.sealing)
    (stored,) = (one for one in platform.settings.home.rglob(evidence_id) if one.is_file())
    stored.unlink()
    with pytest.raises(NotFound):
        export(platform, evidence_id, tmp_path / "third", None)
    assert not (tmp_path / "third").exists() and not (tmp_path / "other").exists()
    with pytest.raises(NotFound):
        platform.vault.open(ANNA, evidence_id, Purpose.EXPORT)
