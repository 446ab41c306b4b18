"""Any sequence of imports, decisions and switching: what acts is what the model says."""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tutela.audit.entry import Actor
from tutela.errors import Conflict
from tutela.hashlists import lookup
from tutela.hashlists.hashlist import EntryHash
from tutela.hashlists.references import References
from tutela.hashlists.store import HashLists
from tutela.hashlists.sudden import Steadiness
from tutela.matching.ordinary_index import OrdinaryIndex

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
MOST_COMING, MOST_GOING = 2, 1
POLICY = Steadiness(0.0, MOST_COMING, 0.0, MOST_GOING)
IDS = tuple("abcdefgh")
_names = itertools.count()
_FILES = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1)
ORDINARY = 3
"""This variant of any entry is in the reference set."""


def _md5(entry: str, variant: int) -> str:
    return hashlib.md5(f"{entry}{variant}".encode(), usedforsecurity=False).hexdigest()


class _Model:
    """A list as plain dictionaries: entry to variant; variant 0 in a file withdraws.

    `flags`: what was said of entries in their ordinary variant, None while they wait.
    """

    def __init__(self) -> None:
        self.acting: dict[str, int] = {}
        self.flags: dict[str, bool | None] = {}
        self.there = False
        self.off = False
        # Drawn from as they came: their ids differ from run to run, and so would their order.
        self.waiting: dict[str, tuple[dict[str, int], bool, Any]] = {}
        self.coming = self.going = 0

    def effect(self, file: dict[str, int], whole: bool) -> tuple[dict[str, int], tuple[int, ...]]:
        """Return the list after a file, and how many came, changed, went and were held back."""
        after = dict(self.acting)
        held = self.held(file)
        for entry, variant in file.items():
            if entry in held:
                continue
            if variant:
                after[entry] = variant
            else:
                after.pop(entry, None)
        if whole:
            after = {entry: after[entry] for entry in after if entry in file}
        came = sum(entry not in self.acting for entry in after)
        changed = sum(self.acting.get(one, after[one]) != after[one] for one in after)
        went = sum(entry not in after for entry in self.acting)
        return after, (came, changed, went, len(held))

    def held(self, file: dict[str, int]) -> set[str]:
        """Return the entries that must not act in this variant, unless they do already."""
        return {
            entry
            for entry, variant in file.items()
            if variant == ORDINARY
            and self.flags.get(entry) is not True
            and self.acting.get(entry) != ORDINARY
        }

    def take(self, file: dict[str, int], whole: bool, after: dict[str, int]) -> None:
        """Put a file in force."""
        held = self.held(file)
        for entry, said in list(self.flags.items()):
            if said is None and entry not in held and (whole or entry in file):
                del self.flags[entry]
        for entry in held:
            self.flags.setdefault(entry, None)
        self.acting, self.there = after, True

    def is_leap(self, came: int, changed: int, went: int) -> bool:
        grows = came + changed > 0 and self.coming + came + changed > MOST_COMING
        shrinks = went + changed > 0 and self.going + went + changed > MOST_GOING
        return self.there and (grows or shrinks)


class ListMachine(RuleBasedStateMachine):
    """Drives one list of a fresh name, and the model beside it."""

    lists: HashLists
    database: Database
    clock: FixedClock

    def __init__(self) -> None:
        super().__init__()
        self.name = f"list-{next(_names)}"
        self.model = _Model()

    @rule(file=_FILES, whole=st.booleans())
    def import_file(self, file: dict[str, int], whole: bool) -> None:
        after, (came, changed, went, held) = self.model.effect(file, whole)
        rows = "".join(
            f"{one},{_md5(one, kind)},{'' if kind else 'yes'}\n" for one, kind in file.items()
        )
        report = self.lists.import_file(
            ANNA, self.name, f"id,md5,withdrawn\n{rows}".encode(), replace=whole
        )
        assert (report.added, report.changed, report.flagged) == (came, changed, held)
        assert report.withdrawn + report.removed == went
        if self.model.is_leap(came, changed, went):
            assert report.waits_as is not None
            self.model.waiting.setdefault(
                report.waits_as, (file, whole, (came, changed, went, held, len(self.model.acting)))
            )
            return
        assert report.stored
        if self.model.there:
            self.model.coming += came + changed
            self.model.going += went + changed
        self.model.take(file, whole, after)

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(list(self.model.waiting)))
        file, whole, shown = self.model.waiting[delivery]
        after, counts = self.model.effect(file, whole)
        now = (*counts, len(self.model.acting))
        try:
            self.lists.accept(ANNA, delivery)
        except Conflict:
            assert now != shown
            self.model.waiting[delivery] = (file, whole, now)
            return
        assert now == shown
        del self.model.waiting[delivery]
        self.model.take(file, whole, after)

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(list(self.model.waiting)))
        self.lists.refuse(ANNA, delivery)
        del self.model.waiting[delivery]

    @precondition(lambda self: self.model.acting)
    @rule(data=st.data())
    def remove_entry(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(sorted(self.model.acting)))
        self.lists.remove_entry(ANNA, self.name, entry)
        del self.model.acting[entry]

    @precondition(lambda self: self.model.there)
    @rule()
    def remove_list(self) -> None:
        self.lists.remove_list(ANNA, self.name)
        self.model.acting, self.model.there, self.model.off = {}, False, False
        self.model.flags = {}

    @precondition(lambda self: self.model.there)
    @rule()
    def switch(self) -> None:
        if self.model.off:
            self.lists.switch_on(ANNA, self.name)
        else:
            self.lists.switch_off(ANNA, self.name, "a test")
        self.model.off = not self.model.off

    @precondition(lambda self: None in self.model.flags.values())
    @rule(data=st.data(), accepted=st.booleans())
    def look_at_a_flag(self, data: st.DataObject, accepted: bool) -> None:
        waiting = sorted(one for one, said in self.model.flags.items() if said is None)
        entry = data.draw(st.sampled_from(waiting))
        if accepted:
            self.lists.accept_flag(ANNA, self.name, entry)
            self.model.acting[entry] = ORDINARY
        else:
            self.lists.refuse_flag(ANNA, self.name, entry)
        self.model.flags[entry] = accepted

    @rule()
    def a_day_passes(self) -> None:
        self.clock.now += timedelta(days=1)
        self.model.coming = self.model.going = 0

    @invariant()
    def what_acts_is_what_the_model_says(self) -> None:
        found = {}
        with self.database.reading() as connection:
            for entry, kind in itertools.product(IDS, (1, 2, ORDINARY)):
                digest = {"md5": bytes.fromhex(_md5(entry, kind))}
                for one in lookup.by_digests(connection, digest):
                    if one.list_name == self.name:
                        found[one.entry_id] = kind
        assert found == ({} if self.model.off else self.model.acting)
        waiting = {one.id for one in self.lists.waiting(self.name)}
        assert waiting == set(self.model.waiting)
        flagged = {one.entry_id for name, one in self.lists.flagged() if name == self.name}
        assert flagged == {one for one, said in self.model.flags.items() if said is None}


def test_what_acts_is_what_the_model_says(
    database: Database, audit: AuditLog, clock: FixedClock
) -> None:
    ordinary = [(one, [EntryHash("md5", bytes.fromhex(_md5(one, ORDINARY)))]) for one in IDS]
    References(audit).add(ANNA, "plain", ordinary)

    class Machine(ListMachine):
        lists = HashLists(database, audit, POLICY, OrdinaryIndex(31))

    Machine.database, Machine.clock = database, clock
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None)
    )
    audit.verify()
