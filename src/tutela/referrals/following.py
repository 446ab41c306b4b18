"""Referrals that follow a filed one: what is filed cannot be changed, only added to.

No authority that we know of takes a filed report back. What is new or was wrong goes out as a
referral of its own that names the earlier one by its receipt number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutela.content.notice import Circumstance
from tutela.errors import Conflict, InvalidInput
from tutela.referrals.draft import Follows, Nature, draft

if TYPE_CHECKING:
    from collections.abc import Collection

    from tutela.referrals.draft import IncidentFacts, ReferralDraft
    from tutela.referrals.referral import Referral

_LONGEST_REASON = 2000


def following(
    original: Referral,
    nature: Nature,
    reason: str,
    facts: IncidentFacts,
    sent: Collection[str],
) -> ReferralDraft:
    """Return the referral that follows a filed one. `sent`: the evidence that has been sent before.

    1. Only what is filed can be followed; nothing follows a withdrawal.
    2. The earlier report is named first among the earlier ones.
    3. A supplement carries the files that were not sent. A correction and a withdrawal carry
       none: they say what is wrong with what was sent, and sending it twice would count it twice.
    4. A correction or supplement is as urgent as the facts are; a withdrawal never is.
    """
    if original.receipt_number is None or original.nature is Nature.WITHDRAWAL:
        raise Conflict(
            "There is no filed referral to follow.", "Wait until it is filed; see its state."
        )
    if nature is Nature.ORIGINAL or not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise InvalidInput(
            "The reason is missing or too long.",
            f"Say what is new or was wrong, in at most {_LONGEST_REASON} characters.",
        )
    receipt = original.receipt_number
    earlier = [receipt, *(one for one in facts.prior_receipts if one != receipt)]
    files = tuple(one for one in facts.files if one.evidence_id not in sent)
    told = replace(
        facts,
        follows=Follows(nature, receipt, reason.strip()),
        prior_receipts=tuple(earlier),
        files=files if nature is Nature.SUPPLEMENT else (),
    )
    if nature is Nature.WITHDRAWAL:
        informational = (Circumstance.INFORMATIONAL,)
        told = replace(told, urgent_reason=None, circumstances=informational, places=(), urls=())
    return draft(told)
