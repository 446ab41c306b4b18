"""What is stated later joins what was stated with the upload; nothing can be unsaid."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casework import make_item

from tutela.content.account import AccountFacts, Device
from tutela.content.amending import Amendment, amended
from tutela.content.person import Email, Person
from tutela.content.surroundings import CountryLink, LinkBasis, Surroundings
from tutela.errors import InvalidInput

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ITEM = make_item(NOW)
OWN = ITEM.account.id


def test_what_is_new_joins() -> None:
    mail = Person(emails=(Email("benign@example.org"),), first_name="Ex")
    link = CountryLink("GB", LinkBasis.VICTIM_LOCATION)
    told = Amendment(
        AccountFacts(id=OWN, port=1, person=mail, devices=(Device("imei", "1"),)),
        surroundings=Surroundings(links=(link,), public=True),
    )
    item, changed = amended(ITEM, told)
    assert changed == (
        *("account.port", "account.person", "account.devices"),
        *("surroundings.public", "surroundings.links"),
    )
    assert item.account.port == 1
    assert item.account.ip == ITEM.account.ip
    assert item.account.screen_name == ITEM.account.screen_name
    more = Amendment(
        AccountFacts(id=OWN, person=Person(last_name="Ample"), devices=(Device("imei", "2"),))
    )
    item, changed = amended(item, more)
    assert (item.account.person.first_name, item.account.person.last_name) == ("Ex", "Ample")
    assert [one.value for one in item.account.devices] == ["1", "2"]
    assert amended(item, more)[1] == (), "the same again changes nothing"


def test_anothers_account_is_refused() -> None:
    with pytest.raises(InvalidInput):
        amended(ITEM, Amendment(AccountFacts(id="another")))


@given(
    st.builds(
        AccountFacts,
        id=st.just(OWN),
        screen_name=st.none() | st.just("new"),
        bio=st.none() | st.just("bio"),
        port=st.none() | st.integers(1, 9),
        display_names=st.lists(st.sampled_from("abc"), max_size=3).map(tuple),
    )
)
def test_nothing_is_unsaid(told: AccountFacts) -> None:
    item, changed = amended(ITEM, Amendment(told))
    for name in ("screen_name", "bio", "port"):
        said = getattr(told, name)
        assert getattr(item.account, name) == (said or getattr(ITEM.account, name))
    assert set(told.display_names) <= set(item.account.display_names)
    assert bool(changed) == (item != ITEM)
