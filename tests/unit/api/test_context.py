"""What a host platform says with an upload: kept whole, refused where it does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter
from tests.instance import OTHER
from tests.unit.api.test_items import Api, api, problem  # noqa: F401  a fixture
from tests.unit.exchange import fullest

from tutela.content import item as items_on_record
from tutela.content.account import ACCOUNT
from tutela.content.place import Place
from tutela.content.surroundings import SURROUNDINGS, Surroundings

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

ACCOUNT_SAID = ACCOUNT.dump_python(fullest.ACCOUNT, mode="json")
EVERYTHING: dict[str, Any] = {
    "account": ACCOUNT_SAID,
    "place": {"url": "https://host.example/p/1", "public": True},
    "viral": True,
    "places": TypeAdapter(tuple[Place, ...]).dump_python(fullest.DRAFT.places, mode="json"),
    "recipients": [ACCOUNT_SAID],
    "victims": [ACCOUNT_SAID],
    "law_enforcement": {"agency": "Agency", "told": True},
    "notice": {
        "harm": "enticement",
        "said_by": "user",
        "circumstances": ["sextortion"],
        "reason": "asks for pictures",
    },
}
TALK = b"benign: shall we meet at the library?\n"


def test_all_that_is_said_is_kept(platform: Platform, api: Api) -> None:  # noqa: F811
    answer = api.upload(TALK, **EVERYTHING)
    assert answer.status_code == 200, answer.text
    with platform.database.reading() as connection:
        item = items_on_record.load(connection, answer.json()["id"])
    assert item.account == fullest.ACCOUNT
    said = {name: EVERYTHING[name] for name in EVERYTHING if name not in {"account", "place"}}
    wanted: Surroundings = SURROUNDINGS.validate_python({"public": True, **said})
    assert item.surroundings == wanted


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("account.ip", {"account": {"id": "a", "ip": "300.1.1.1"}}),
        ("account.port", {"account": {"id": "a", "port": 70000}}),
        ("account.ip_at", {"account": {"id": "a", "ip_at": "2026-01-05T09:00:00"}}),
        ("account.emial", {"account": {"id": "a", "emial": "a@example.org"}}),
        ("account.person.age", {"account": {"id": "a", "person": {"age": 151}}}),
        ("uploaded_at", {"uploaded_at": "2026-01-05T09:00:00"}),
        ("places.0.chat.rom", {"places": [{"kind": "chat", "rom": "x"}]}),
        ("places.0", {"places": [{"kind": "park"}]}),
        ("notice.harm", {"notice": {"harm": "bad", "said_by": "user"}}),
        ("notice.said_by", {"notice": {"harm": "enticement"}}),
    ],
)
def test_what_does_not_fit_is_named(api: Api, where: str, said: dict[str, Any]) -> None:  # noqa: F811
    told = problem(api.upload(OTHER, **said), 422, "invalid-input")
    assert f"context.{where}: " in told["detail"]


def test_a_notice_makes_a_case_of_what_no_list_has(platform: Platform, api: Api) -> None:  # noqa: F811
    first = api.upload(OTHER, notice=EVERYTHING["notice"]).json()
    assert (first["verdict"], first["hold"]) == ("clean", False)
    again = api.upload(OTHER, notice=EVERYTHING["notice"], external_id="post-2").json()
    assert again["case_id"] == first["case_id"], "the same bytes, held to be the same harm"
    other = {**EVERYTHING["notice"], "harm": "trafficking"}
    apart = api.upload(OTHER, notice=other, external_id="post-3").json()
    assert apart["case_id"] not in {None, first["case_id"]}
    talk = api.upload(TALK, notice=EVERYTHING["notice"], external_id="post-4").json()
    assert talk["case_id"] not in {None, first["case_id"]}, "not alike"
    kinds = {row.case.kind for row in platform.queue.waiting(10)}
    assert kinds == {"noticed"}
    assert api.upload(OTHER, external_id="post-5").json()["case_id"] is None
