"""The NCA's form: every field documented, and renamed by a mapping file that must be whole."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.exchange import fullest

from tutela.errors import SettingsInvalid
from tutela.exchange import wire_names
from tutela.exchange.plain_form import declared, form, paths
from tutela.referrals.draft import Follows, Nature
from tutela.referrals.obligations.deadline import Deadline
from tutela.referrals.referral import Referral, State

if TYPE_CHECKING:
    from tutela.referrals.draft import ReferralDraft

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
_PAGE = Path(__file__).parents[3] / "docs/reference/nca.md"


def referral(draft: ReferralDraft) -> Referral:
    return Referral(
        *("ref_1", "cas_1", "dec_1", "nca", State.APPROVED, draft, (), AT, AT, "person:acc_anna"),
        *(None, 1, None, None, Deadline(AT, AT, AT)),
    )


def fullest_form() -> dict[str, object]:
    files = (
        *fullest.DRAFT.files,
        replace(fullest.FILE, supplemental=True),
        replace(fullest.FILE, attached_as="identity_document"),
    )
    follows = Follows(Nature.WITHDRAWAL, "NCA-1", "It was wrong.")
    whole = referral(replace(fullest.DRAFT, files=files, follows=follows))
    submitter = {"name": "Anna", "email": "anna@example.org"}
    provider = {"name": "Example", "registration": "REG-1"}
    return {**form(whole, submitter, provider), **declared(whole)}


def short(path: str) -> str:
    """Return as much of a field's name as the page goes into."""
    parts = path.split(".")
    if parts[:2] == ["content", "files"]:
        return ".".join(parts[:3])
    if parts[0] in {"victims", "identity_documents"}:
        return parts[0]
    return ".".join(parts[:2])


def test_every_field_is_documented_and_every_documented_one_is_said() -> None:
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", _PAGE.read_text(), re.MULTILINE))
    assert {short(path) for path in paths(fullest_form())} == rows


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(fullest.DRAFT, links=(), bases=(), victims=(), recipients=(), files=())
    told = form(referral(replace(bare, law_enforcement=None, prior_receipts=())), {}, {})
    assert {"submitter", "provider", "victims", "uk_links", "basis"}.isdisjoint(told)
    assert "law_enforcement" not in told["other"]


def test_the_shipped_mapping_names_only_fields_there_are() -> None:
    names = wire_names.read(None)
    there = set(paths(fullest_form()))
    for path in names.names:
        assert any(one == path or one.startswith(f"{path}.") for one in there), path


def test_names_are_changed_at_their_place_only() -> None:
    names = replace(wire_names.read(None), names={"a": "x", "a.b": "y", "c": "z"})
    assert names.renamed({"a": [{"b": 1, "c": 2}], "b": 3}) == {"x": [{"y": 1, "c": 2}], "b": 3}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('open = "POST /reports"', 'open = "GET /reports"'),
        ('open = "POST /reports"', ""),
        ('version = "assumed/1"', "version = "),
        ('file = "fileId"', 'file = "fileId"\nfiel = "x"'),
        ("[upload]", "[uplaod]"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str) -> None:
    shipped = Path(wire_names.__file__).with_name("nca_wire.toml").read_text()
    assert old in shipped
    file = tmp_path / "wire.toml"
    file.write_text(shipped.replace(old, new, 1))
    with pytest.raises(SettingsInvalid):
        wire_names.read(file)
    file.write_text(shipped)
    assert wire_names.read(file) == wire_names.read(None)
    with pytest.raises(SettingsInvalid):
        wire_names.read(tmp_path / "none.toml")
