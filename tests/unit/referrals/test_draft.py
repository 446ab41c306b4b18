"""What a referral says of how a file was found: what was compared, and no more than that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tutela.content.account import AccountFacts
from tutela.referrals.draft import (
    FileFacts,
    IncidentFacts,
    MatchFacts,
    ReporterFacts,
    draft,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORTER = ReporterFacts()


def test_it_calls_no_match_what_is_too_far_for_one() -> None:
    far = MatchFacts("known", "e-1", "pdq", 40, "wide")
    assert _remark(far, viewed=True) == (
        "Like entry e-1 of the hash list known, within 40 bits of PDQ, "
        "which is not near enough to be called a match; viewed by a person."
    )


def _remark(*matches: MatchFacts, viewed: bool = False) -> str:
    file = FileFacts(
        evidence_id="evd_1",
        original_name=None,
        media_type="image/jpeg",
        size=1,
        md5="0" * 32,
        sha1="0" * 40,
        sha256="0" * 64,
        pdq=None,
        uploaded_at=NOON,
        url=None,
        viewed=viewed,
        matches=matches,
    )
    facts = IncidentFacts(NOON, True, None, (), REPORTER, AccountFacts("account"), (file,))
    return draft(facts).files[0].remark


@pytest.mark.parametrize(
    ("algorithm", "distance", "via", "said"),
    [
        ("md5", 0, "exact", "equal in MD5"),
        ("pdq", 0, "pdq", "equal in PDQ"),
        ("pdq", 12, "frame", "within 12 bits of PDQ"),
        ("pdq", 3, "mirror", "the picture changed (mirror) being within 3 bits of PDQ"),
        ("pdq", 0, "rotate90", "the picture changed (rotate90) being equal in PDQ"),
        ("pdq", 9, "region", "a part of the picture being within 9 bits of PDQ"),
        (
            "sketch",
            7,
            "region",
            "a part of the picture agreeing with the listed one's points, "
            "and its tiles within 7 bits of PDQ on average",
        ),
    ],
)
def test_it_says_what_was_compared(algorithm: str, distance: int, via: str, said: str) -> None:
    match = MatchFacts("known", "e-1", algorithm, distance, via)
    assert _remark(match) == (
        f"Matched entry e-1 of the hash list known, {said}; not viewed by a person."
    )


def test_it_says_what_the_source_calls_the_listed_file_and_that_the_source_says_so() -> None:
    said = (
        MatchFacts("known", "e-1", "md5", 0, "exact", "A1", "the hotline of Somewhere"),
        MatchFacts("other", "e-2", "pdq", 4, "pdq", "B2"),
        MatchFacts("third", "e-3", "pdq", 40, "wide", "A2", "nobody"),
    )
    assert _remark(*said).endswith(
        "; not viewed by a person. The hotline of Somewhere classifies the listed file as A1. "
        "The source of the hash list other classifies the listed file as B2."
    )


def test_it_says_that_no_list_was_met() -> None:
    assert _remark(viewed=True) == "Found without a hash list; viewed by a person."
