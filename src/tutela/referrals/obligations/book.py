"""The book of obligations: every country's file, and what an operator has put in its place."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tutela.errors import SettingsInvalid
from tutela.referrals.obligations.obligation import Obligation, Recipient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

_OBLIGATION = TypeAdapter(Obligation)
_RECIPIENT = TypeAdapter(Recipient)


@dataclass(frozen=True, slots=True)
class Change:
    """What an operator's counsel says instead; who checked it, and when."""

    checked_by: str
    checked_on: date
    warn_hours: float | None = None
    due_hours: float | None = None
    urgent_due_hours: float | None = None
    keep_days: int | None = None
    owed: bool = True


@dataclass(frozen=True, slots=True)
class Book:
    """All obligations that are in force here, and the authorities they name."""

    obligations: tuple[Obligation, ...]
    recipients: tuple[Recipient, ...]

    def recipient(self, identity: str) -> Recipient | None:
        """Return what is known of an authority."""
        return next((one for one in self.recipients if one.id == identity), None)

    def obligation(self, identity: str) -> Obligation | None:
        """Return an obligation."""
        return next((one for one in self.obligations if one.id == identity), None)

    def joined(self, recipients: Iterable[Recipient]) -> Book:
        """Return the book with more authorities. Raises `SettingsInvalid` for a name it has."""
        more = tuple(recipients)
        known = {one.id for one in self.recipients}
        if taken := sorted(one.id for one in more if one.id in known):
            raise SettingsInvalid(
                f"The book has an authority {', '.join(taken)} already.",
                "Call the hotline by another name.",
            )
        return replace(self, recipients=(*self.recipients, *more))

    def changed(self, changes: Mapping[str, Change]) -> Book:
        """Return the book with an operator's figures. Raises `SettingsInvalid` for unknown ids."""
        known = {one.id for one in self.obligations}
        if unknown := sorted(set(changes) - known):
            raise SettingsInvalid(
                f"No obligation is called {', '.join(unknown)}.",
                "`tutela referrals obligations` lists those there are.",
            )
        kept = (_changed(one, changes.get(one.id)) for one in self.obligations)
        return replace(self, obligations=tuple(one for one in kept if one is not None))


@cache
def shipped() -> Book:
    """Return the book as it is shipped."""
    obligations: list[Obligation] = []
    recipients: list[Recipient] = []
    folder = resources.files("tutela.referrals.obligations") / "countries"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            _read(tomllib.loads(file.read_text("utf-8")), obligations, recipients)
    return Book(tuple(obligations), tuple(recipients))


def _read(told: dict[str, Any], obligations: list[Obligation], recipients: list[Recipient]) -> None:
    countries = told["countries"]
    recipients += [_RECIPIENT.validate_python(one) for one in told.get("recipients", ())]
    obligations += [
        _OBLIGATION.validate_python({"countries": countries, **one})
        for one in told.get("obligations", ())
    ]


def _changed(one: Obligation, change: Change | None) -> Obligation | None:
    if change is None:
        return one
    if not change.owed:
        return None
    clock = replace(
        one.clock,
        warn_hours=change.warn_hours or one.clock.warn_hours,
        due_hours=change.due_hours or one.clock.due_hours,
        urgent_due_hours=change.urgent_due_hours or one.clock.urgent_due_hours,
    )
    preserve = one.preserve
    if change.keep_days is not None:
        preserve = tuple(replace(kept, days=change.keep_days) for kept in preserve)
    return replace(
        one,
        clock=clock,
        preserve=preserve,
        checked_by=change.checked_by,
        checked_on=change.checked_on,
    )
