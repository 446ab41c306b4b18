"""What a draft lacks, by its harm: each need counts where it applies, and says where to get it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.exchange import fullest

from tutela.content.account import AccountFacts
from tutela.content.notice import Harm
from tutela.content.place import Chat
from tutela.referrals.completeness import completeness

if TYPE_CHECKING:
    from tutela.referrals.draft import ReferralDraft

FILES = tuple(replace(one, classification="A1", original_name="a") for one in fullest.DRAFT.files)
PICTURE = replace(
    fullest.DRAFT, harm=Harm.DEPICTION, files=FILES, occurred_at_remark=None, victims=()
)
TALK = replace(
    fullest.DRAFT,
    harm=Harm.ENTICEMENT,
    files=(),
    occurred_at_remark=None,
    places=(Chat(content="benign words"),),
)


@pytest.mark.parametrize("draft", [PICTURE, TALK])
def test_nothing_is_missing_where_all_is_known(draft: ReferralDraft) -> None:
    assert completeness(draft).score == 100
    assert completeness(draft).missing == ()


@pytest.mark.parametrize(
    ("changes", "what", "ask"),
    [
        ({"subject": replace(PICTURE.subject, ip=None)}, "IP address", "account.ip"),
        ({"subject": replace(PICTURE.subject, ip_at=None)}, "time of the IP", "account.ip_at"),
        ({"subject": replace(PICTURE.subject, port=None)}, "source port", "account.port"),
        ({"subject": replace(PICTURE.subject, screen_name=None)}, "screen", "account.screen_name"),
        ({"places": ()}, "address of the content", "place.url"),
        ({"occurred_at_remark": "?"}, "time of the incident", "uploaded_at"),
        ({"files": (replace(FILES[0], original_name=None),)}, "original file", "original_name"),
        ({"files": (replace(FILES[0], classification=None),)}, "classification", None),
        ({"reporter": replace(PICTURE.reporter, email="", phone="")}, "contact", None),
    ],
)
def test_each_thing_a_picture_lacks(changes: dict[str, object], what: str, ask: str | None) -> None:
    found = completeness(replace(PICTURE, **changes))  # type: ignore[arg-type]
    (missing,) = found.missing
    assert what in missing.what
    assert found.asks == (() if ask is None else (ask,))
    assert found.score == 100 - missing.weight


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"victims": (), "recipients": ()}, "the child's account"),
        ({"places": (Chat(room="r"),)}, "the words"),
        ({"places": (), "files": FILES}, "where it happened"),
    ],
)
def test_each_thing_a_conversation_lacks(changes: dict[str, object], what: str) -> None:
    found = completeness(replace(TALK, **changes))  # type: ignore[arg-type]
    assert [what in one.what for one in found.missing] == [True]


def test_who_is_known_by_nothing_scores_little() -> None:
    bare = replace(
        *(PICTURE,),
        subject=AccountFacts(id="a"),
        places=(),
        files=(replace(FILES[0], classification=None, original_name=None),),
        occurred_at_remark="?",
        reporter=replace(PICTURE.reporter, email="", phone=""),
    )
    assert completeness(bare).score == 0
