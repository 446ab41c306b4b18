"""More care for a list: it binds decisions, and less of it needs a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.casework import ANNA, BORIS, HOST
from tests.instance import LISTED

from tutela.access.set_up import set_up
from tutela.cases import case as cases_on_record
from tutela.cases.viewing import Fidelity
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.decisions.policy import Rule
from tutela.errors import InvalidInput, SecondPersonNeeded
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

COPY = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)


def test_a_list_can_ask_for_a_look_and_for_a_review_of_every_decision(platform: Platform) -> None:
    answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", AccountFacts(id="a-1")))
    case_id = answer.case_id or ""
    platform.policies.lay_down(ANNA, Rule("known", look=True, twice=True))
    with platform.database.reading() as connection:
        members = cases_on_record.items_of(connection, case_id)
        assert not platform.watch.trusted(connection, members)
    lease = platform.queue.claim(BORIS, case_id)
    with pytest.raises(InvalidInput, match="policy asks for a look"):
        platform.casework.decide(BORIS, case_id, lease.token, 1, COPY)
    grant = platform.viewing.grant(BORIS, case_id, members[0].id, Fidelity.TINY)
    platform.viewing.render(BORIS, grant.id, "boris")
    platform.casework.decide(BORIS, case_id, lease.token, 1, COPY)
    assert [one.case_id for one in platform.second_look.waiting(ANNA)] == [case_id]
    # More care is asked for alone. Less needs a second person, once set-up is over.
    with platform.database.bookkeeping() as connection:
        connection.execute(set_up.insert().values(id=1, closed_at=platform.clock()))
    platform.policies.lay_down(ANNA, Rule("known", "benign", look=True))
    for less in (Rule("known", twice=True), Rule("known"), Rule("known", "benign")):
        with pytest.raises(SecondPersonNeeded):
            platform.policies.lay_down(ANNA, less)
    platform.policies.lay_down(ANNA, Rule("known", look=True, twice=True))
    assert platform.policies.all() == (
        Rule("known", look=True, twice=True),
        Rule("known", "benign", look=True),
    )
    with platform.database.reading() as connection:
        rows = connection.execute(sa.text("SELECT set_by FROM list_policies")).scalars().all()
    assert rows == [str(ANNA)] * 2
    said = [one for one in platform.audit.entries("known") if one.action == "list.policy_set"]
    assert said[0].details == {"label": "", "look": True, "twice": True}
