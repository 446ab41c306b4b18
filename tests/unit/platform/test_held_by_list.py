"""Which held items only one list holds, and that nothing but a decision lets them go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.casework import ANNA, make_item, match, put

from tutela.cases.case import CaseState, load
from tutela.content import item as items_on_record
from tutela.content.item import HoldState
from tutela.platform.held_by_list import held_only_by

if TYPE_CHECKING:
    from tutela.bootstrap import Platform


def test_items_that_something_else_holds_too_are_not_listed(platform: Platform) -> None:
    audit, now = platform.audit, platform.clock()
    platform.lists.import_file(ANNA, "other", b"md5\n" + b"5a" * 16 + b"\n")
    other = replace(match("o"), list_name="other")
    alone = put(audit, make_item(now, account="1", matches=(match("e1"), match("e2"))))
    put(audit, make_item(now, account="2", matches=(match(), other)))
    put(audit, make_item(now, account="3", matches=(other,)))
    put(audit, make_item(now, account="4", reason="truncated"))
    put(audit, make_item(now, account="5", matches=()))
    released = put(audit, make_item(now, account="6"))

    def held() -> list[tuple[str, str, str]]:
        with platform.database.reading() as connection:
            found = held_only_by(connection, "known")
        return [(one.item_id, one.case_id, one.entry_id) for one in found]

    with platform.database.bookkeeping() as connection:
        items_on_record.set_hold(connection, released.id, HoldState.RELEASED)
    assert held() == [(alone.id, str(alone.case_id), "e1")]
    platform.lists.switch_off(ANNA, "known", "doubted")
    with platform.database.reading() as connection:
        assert items_on_record.load(connection, alone.id).hold is HoldState.HELD
        assert load(connection, str(alone.case_id)).state is CaseState.OPEN
    platform.lists.switch_off(ANNA, "other", "doubted as well")
    assert len(held()) == 2
