"""What was seen of a file counts where the file is, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS
from tests.instance import LISTED, near_copy
from tests.unit.platform.test_casework import upload

from tutela.cases.viewing import Fidelity
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

VIEWED = Finding(Outcome.ABUSIVE, Grounds.VIEWED)


def test_a_look_goes_with_the_file_that_is_split_off(platform: Platform) -> None:
    first, second = upload(platform, LISTED), upload(platform, near_copy(), "post-2")
    case_id = first.case_id or ""
    assert second.case_id == case_id
    lease = platform.queue.claim(ANNA, case_id)
    grant = platform.viewing.grant(ANNA, case_id, second.id, Fidelity.COLOUR, "a benign test")
    platform.viewing.render(ANNA, grant.id, "a-1")
    made = platform.splitting.split(ANNA, case_id, lease.token, second.id)
    # The rest was not seen, and its decision cannot say so.
    lease = platform.queue.claim(ANNA, case_id)
    with pytest.raises(InvalidInput, match="no file was opened"):
        platform.casework.decide(ANNA, case_id, lease.token, 1, VIEWED)
    # Who saw the file can; another person cannot.
    other = platform.queue.claim(BORIS, made)
    with pytest.raises(InvalidInput, match="no file was opened"):
        platform.casework.decide(BORIS, made, other.token, 1, VIEWED)
    platform.queue.release(BORIS, made, other.token)
    lease = platform.queue.claim(ANNA, made)
    decision = platform.casework.decide(ANNA, made, lease.token, 1, VIEWED)
    assert decision.viewed_at == Fidelity.COLOUR
    (reach,) = decision.reaches
    assert (reach.shown, reach.viewed_at) == (second.id, Fidelity.COLOUR)
    (referral,) = platform.register.for_case(made)
    assert [file.viewed for file in referral.draft.files] == [True]
    checks = platform.verification.verify(ANNA, referral.id)
    assert [one.sound for one in checks if one.step == "viewed"] == [True]
    # The old case's record still tells who looked while the file was there.
    assert len(platform.viewing.of_case(case_id)) == 1
