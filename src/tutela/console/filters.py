"""The queue's filters as the page has them: words in the address, and what they choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tutela.cases.case import CaseKind
from tutela.cases.filtering import SEVERE, Filter
from tutela.cases.priority import Reason
from tutela.console.sentences import Told, marked
from tutela.content.notice import Harm
from tutela.referrals.obligations.deadline import POLICY_CLOCK
from tutela.referrals.obligations.obligation import Moment
from tutela.referrals.obligations.owed import Incident, due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from enum import StrEnum

    from tutela.bootstrap import Platform
    from tutela.referrals.obligations.obligation import Clock, Obligation
    from tutela.referrals.obligations.owed import Provider

CLOCKS: Told[str] = Told({"near": marked("near its end"), "over": marked("over")})
_Word = TypeVar("_Word", bound="StrEnum")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as the form shows it again."""

    kind: CaseKind | None
    severity: Reason | None
    clock: str
    list_name: str
    repeat: bool

    def filter(self, clock: Clock, now: datetime) -> Filter:
        """Return what is shown. `clock`: the authority's that runs from the finding on."""
        run = {"near": clock.warns_in(urgent=False), "over": clock.due_in(urgent=False)}
        before = now - run[self.clock] if self.clock in run else None
        return Filter(self.kind, self.severity, self.list_name, self.repeat, before)


def asked(query: Mapping[str, str]) -> Asked:
    """Read an address; a word that is none of ours asks for nothing."""
    clock = query.get("clock", "")
    return Asked(
        _word(CaseKind, query.get("kind", "")),
        _word(Reason, query.get("severity", ""), SEVERE),
        clock if clock in CLOCKS else "",
        query.get("list", "")[:80],
        query.get("repeat") == "1",
    )


def first_clock(obligations: Iterable[Obligation], provider: Provider) -> Clock:
    """Return the authority's clock that runs out first of those that start with the finding.

    Policy's where none does: then the law gives time from the decision on.
    """
    plain = Incident(Harm.DEPICTION, danger=False, public=True)
    running = [
        ruling.obligation.clock
        for one in due(plain, provider, obligations)
        for ruling in one.rulings
        if ruling.obligation.clock.starts is Moment.FOUND
    ]
    return min(running, key=lambda one: one.due_in(urgent=False), default=POLICY_CLOCK)


def clock_of(platform: Platform) -> Clock:
    """Return the clock of an operator, from the settings and the book of obligations."""
    from tutela.bootstrap import provider_of

    return first_clock(platform.book.obligations, provider_of(platform.settings))


def _word(kind: type[_Word], said: str, among: Iterable[_Word] | None = None) -> _Word | None:
    return next((one for one in among or kind if one.value == said), None)


def lists_of(platform: Platform) -> list[str]:
    """Return the names of the lists, to choose from."""
    return sorted(one.name for one in platform.lists.lists())
