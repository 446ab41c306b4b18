"""How soon an authority should look: each reason by itself, and none by another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tutela.content.account import AccountFacts
from tutela.content.notice import Circumstance, Harm
from tutela.decisions.labels import Feature
from tutela.referrals.draft import FileStatement, ReferralDraft, ReporterFacts
from tutela.referrals.priority import Tier, priority

FILE = FileStatement("evd_1", None, None, None, True, None, None, (), "", listed=True)
PLAIN = ReferralDraft(
    Harm.DEPICTION,
    datetime(2026, 5, 4, tzinfo=UTC),
    None,
    None,
    ReporterFacts(),
    AccountFacts(id="a"),
    (FILE,),
    "",
)


@pytest.mark.parametrize(
    ("changes", "tier", "reason"),
    [
        ({}, Tier.STANDARD, "Nothing shows"),
        ({"harm": Harm.ENTICEMENT}, Tier.HIGH, "enticement"),
        ({"harm": Harm.TRAFFICKING}, Tier.HIGH, "trafficking"),
        ({"harm": Harm.MOLESTATION}, Tier.HIGH, "abused"),
        ({"harm": Harm.TOURISM}, Tier.HIGH, "journey"),
        ({"harm": Harm.UNSOLICITED}, Tier.STANDARD, "Nothing shows"),
        ({"circumstances": (Circumstance.SEXTORTION,)}, Tier.HIGH, "blackmailed"),
        ({"circumstances": (Circumstance.SADISTIC,)}, Tier.HIGH, "driven"),
        ({"circumstances": (Circumstance.SPAM,)}, Tier.STANDARD, "Nothing shows"),
        ({"victims": (AccountFacts(id="b"),)}, Tier.HIGH, "known by an account"),
        ({"files": (replace(FILE, listed=False),)}, Tier.HIGH, "on no list"),
        ({"files": (replace(FILE, listed=False, viewed=False),)}, Tier.STANDARD, "Nothing shows"),
        ({"files": (replace(FILE, features=(Feature.INFANT,)),)}, Tier.HIGH, "very young"),
        ({"files": (replace(FILE, features=(Feature.LIVE_STREAM,)),)}, Tier.HIGH, "live"),
        ({"files": (replace(FILE, features=(Feature.MEME,)),)}, Tier.STANDARD, "Nothing shows"),
        ({"urgent_reason": "It says so."}, Tier.URGENT, "It says so."),
    ],
)
def test_a_reason_and_its_tier(changes: dict[str, object], tier: Tier, reason: str) -> None:
    found = priority(replace(PLAIN, **changes))  # type: ignore[arg-type]
    assert found.tier is tier
    assert len(found.reasons) == 1
    assert reason in found.reasons[0]
