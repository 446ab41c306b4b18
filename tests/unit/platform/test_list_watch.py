"""A list that people find wrong is not believed unseen; and what it says reaches the referral."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS
from tests.instance import LISTED, instance

from tutela.content.account import AccountFacts
from tutela.content.decoding import DecodeLimits
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import InvalidInput
from tutela.hashing.digests import digests
from tutela.hashlists import judgement
from tutela.hashlists.judgement import Sampling, Standing
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.bootstrap import Platform

COPY = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
WRONG = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
LIMITS = DecodeLimits()


def _case(platform: Platform, account: str) -> str:
    told = Submission(LISTED, f"post-{account}", AccountFacts(id=account))
    return str(platform.intake.submit(ANNA, told).case_id)


def _decide(platform: Platform, case_id: str, finding: Finding) -> None:
    lease = platform.queue.claim(BORIS, case_id)
    platform.casework.decide(BORIS, case_id, lease.token, 1, finding)


def _actions(platform: Platform) -> list[str]:
    return [one.action for one in platform.audit.entries()]


def test_wrong_matches_end_the_trust_and_the_record_says_so(platform: Platform) -> None:
    first, *more, second = (_case(platform, str(number)) for number in range(6))
    for case in (first, *more):
        assert "list.distrusted" not in _actions(platform)
        _decide(platform, case, WRONG)
    assert _actions(platform).count("list.distrusted") == 1
    assert platform.lists.standing("known", platform.watch.sampling) == Standing(5, 0, 1)
    with pytest.raises(InvalidInput, match="believed unseen"):
        _decide(platform, second, COPY)
    # Whoever reverses the judgement restores the trust.
    platform.casework.reverse(BORIS, first, 1, replace(COPY, grounds=Grounds.CONTEXT))
    assert "list.trusted" in _actions(platform)
    platform.casework.decide(BORIS, second, platform.queue.claim(BORIS, second).token, 1, COPY)


def test_a_list_that_is_off_is_not_believed_unseen(platform: Platform) -> None:
    case = _case(platform, "1")
    platform.lists.switch_off(ANNA, "known", "doubted")
    with pytest.raises(InvalidInput, match="switched off"):
        _decide(platform, case, COPY)
    _decide(platform, case, WRONG)


def test_another_list_that_matched_is_enough(platform: Platform) -> None:
    line = f"{digests((LISTED,)).md5}\n".encode()
    platform.lists.import_file(ANNA, "other", line)
    case = _case(platform, "1")
    platform.lists.switch_off(ANNA, "known", "doubted")
    _decide(platform, case, COPY)


def test_a_listed_copy_is_no_judgement(platform: Platform) -> None:
    _decide(platform, _case(platform, "1"), COPY)
    assert platform.lists.standing("known", Sampling()) == Standing(0, 0, 1)


def test_the_first_matches_are_drawn_for_people(tmp_path: Path, database_url: str) -> None:
    given = {"sampling": {"first": 2, "share": 0.0}}
    with instance(tmp_path, database_url, **given) as platform:
        cases = [_case(platform, str(number)) for number in range(4)]
        with platform.database.reading() as connection:
            asked = [judgement.asked(connection, one) for one in cases]
        assert asked == [["known"], ["known"], [], []]
        assert _actions(platform).count("list.sampled") == 2


def test_what_the_list_says_reaches_the_referral_as_its_source_says_it(
    platform: Platform,
) -> None:
    line = f"id,md5,classification\ne,{digests((LISTED,)).md5},A1\n".encode()
    platform.lists.import_file(ANNA, "hotline", line, source="the hotline of Somewhere")
    _decide(platform, _case(platform, "1"), COPY)
    (made,) = platform.register.all()
    (file,) = made.draft.files
    assert not file.viewed
    assert file.classification is None
    assert file.remark.endswith("The hotline of Somewhere classifies the listed file as A1.")
