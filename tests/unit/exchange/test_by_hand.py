"""What a person files by hand: a bag that an outside validator takes, and then a receipt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.approved_referral import BRITISH
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance

from tutela.audit.entry import Action
from tutela.content.account import AccountFacts, Location
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, InvalidInput
from tutela.exchange import by_hand
from tutela.exchange.bag import Bag
from tutela.platform.intake import Submission
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

FINDING = Finding(
    Outcome.ABUSIVE, Grounds.LISTED_COPY, urgent_reason="A child says that it is threatened."
)


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    with instance(tmp_path, database_url, provider=BRITISH) as opened:
        yield opened


@pytest.fixture
def approved(platform: Platform) -> str:
    account = AccountFacts(id="a", screen_name="benign", location=Location(country="GB"))
    upload = Submission(LISTED, "p", account, original_name="../../etc/passwd\n.jpg")
    case_id = platform.intake.submit(HOST, upload).case_id or ""
    lease = platform.queue.claim(ANNA, case_id)
    platform.casework.decide(ANNA, case_id, lease.token, 1, FINDING)
    (referral,) = platform.register.for_case(case_id)
    return referral.id


def write(platform: Platform, referral_id: str, folder: Path) -> None:
    referral = platform.register.load(referral_id)
    recipient = platform.book.recipient(referral.authority)
    by_hand.export(platform.audit, platform.vault, ANNA, referral, recipient, folder)


def test_an_authority_without_an_interface_is_served_by_hand(
    platform: Platform, approved: str, tmp_path: Path
) -> None:
    with pytest.raises(Conflict):
        platform.referring.submitted(ANNA, approved, "too early")
    while platform.worker.step():
        pass
    assert platform.register.load(approved).state is State.BY_HAND
    write(platform, approved, tmp_path / "bag")
    bagit.Bag(str(tmp_path / "bag")).validate()
    data = tmp_path / "bag" / "data"
    assert (data / "files" / "001.jpg").read_bytes() == LISTED
    told = json.loads((data / "referral.json").read_text())
    assert told["priority"] == {
        "tier": "urgent",
        "reasons": ["A child says that it is threatened."],
    }
    assert told["basis"][0]["obligation"] == "gb.66-uk"
    form = (data / "form.txt").read_text()
    assert "content > files 1 > hashes > SHA256: " in form
    assert "user > location > country: GB" in form
    assert "content > files 1 > viewed by provider: no" in form
    checklist = (data / "checklist.txt").read_text()
    assert "URGENT: telephone first. Where somebody is about to be harmed: 999" in checklist
    assert f"tutela referrals submitted {approved} RECEIPT" in checklist
    for receipt in ("", " ", "9" * 81):
        with pytest.raises(InvalidInput):
            platform.referring.submitted(ANNA, approved, receipt)
    platform.referring.submitted(ANNA, approved, " NCA-77 ")
    filed = platform.register.load(approved)
    assert (filed.state, filed.receipt_number) == (State.FILED, "NCA-77")
    with pytest.raises(Conflict):
        platform.referring.submitted(ANNA, approved, "NCA-78")
    said = [one.action for one in platform.audit.entries(approved)]
    assert said[-4:] == [
        Action.REFERRAL_BY_HAND,
        Action.REFERRAL_EXPORTED,
        Action.REFERRAL_SUBMITTED,
        Action.REFERRAL_FILED,
    ]
    assert all(one.sound for one in platform.verification.verify(ANNA, approved))


def test_what_is_withdrawn_is_not_filed_by_hand(platform: Platform, approved: str) -> None:
    while platform.worker.step():
        pass
    case_id = platform.register.load(approved).case_id
    harmless = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
    platform.casework.reverse(ANNA, case_id, 1, harmless)
    assert platform.register.load(approved).state is State.WITHDRAWN
    with pytest.raises(Conflict):
        platform.referring.submitted(ANNA, approved, "NCA-77")


def test_a_folder_that_is_there_is_not_written_into(
    platform: Platform, approved: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput):
        write(platform, approved, tmp_path)


def test_a_changed_bag_is_found(platform: Platform, approved: str, tmp_path: Path) -> None:
    write(platform, approved, tmp_path / "bag")
    form = tmp_path / "bag" / "data" / "form.txt"
    form.write_text(form.read_text() + "x")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()


@given(st.lists(st.binary(max_size=50), max_size=4), st.text(max_size=40))
def test_any_bag_is_valid(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], said: str
) -> None:
    folder = tmp_path_factory.mktemp("bags") / "bag"
    bag = Bag(folder)
    for place, data in enumerate(files):
        bag.put(f"{place}.bin", (data[:3], data[3:]))
    if not files:
        bag.put("empty", ())
    bag.seal({"External-Description": said})
    bagit.Bag(str(folder)).validate()
