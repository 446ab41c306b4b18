"""An obligation: one section of one country's law, as data that a person has checked.

Law changes, and this is no legal advice: each entry names its section, says how sure it is, and
when it was last read. An operator's counsel can put other figures in its place (settings).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from tutela.content.notice import Harm

_STATED = ConfigDict(extra="forbid")
Text = Annotated[str, Field(min_length=1)]


class Sureness(StrEnum):
    """How well an entry is founded. A: the text was read. B: one source. C: general knowledge."""

    A = "A"
    B = "B"
    C = "C"


class Relation(StrEnum):
    """How a provider belongs to a country.

    `abroad`: it offers its service there and is established elsewhere.
    """

    ESTABLISHED = "established"
    ABROAD = "abroad"
    HOSTS = "hosts"


class Moment(StrEnum):
    """When a clock starts: when the content was found, or when a person decided what it is."""

    FOUND = "found"
    DECIDED = "decided"


class Exemption(StrEnum):
    """What lifts an obligation.

    `arrangement`: the provider reports such content to an agency of another country anyway.
    `reported`: this very incident is reported under another country's law.
    """

    ARRANGEMENT = "arrangement"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Clock:
    """By when. `statutory`: what the law says; the hours are ours where it gives no number."""

    __pydantic_config__: ClassVar[ConfigDict] = _STATED

    statutory: Text
    starts: Moment
    warn_hours: Annotated[float, Field(gt=0)]
    due_hours: Annotated[float, Field(gt=0)]
    urgent_due_hours: Annotated[float, Field(gt=0)]
    by_law: bool = False

    def due_in(self, *, urgent: bool) -> timedelta:
        """Return how long there is."""
        return timedelta(hours=self.urgent_due_hours if urgent else self.due_hours)

    def warns_in(self, *, urgent: bool) -> timedelta:
        """Return after how long a warning goes out; an urgent one's at half its time."""
        return timedelta(hours=self.urgent_due_hours / 2 if urgent else self.warn_hours)


@dataclass(frozen=True, slots=True)
class Preserve:
    """What to keep, and for how many days from the filing."""

    __pydantic_config__: ClassVar[ConfigDict] = _STATED

    what: Text
    days: Annotated[int, Field(gt=0)]
    section: Text
    sureness: Sureness


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty to report. `countries`: those whose law it is.

    `linked_only`: only what has a link to one of them. `danger_only`: only threats to life or
    safety. `public_only`: only what has an address that anybody can open.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STATED

    id: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$", max_length=40)]
    to: Annotated[str, Field(pattern="^[a-z0-9-]+$", max_length=40)]
    section: Text
    source: Text
    who: Text
    what: Text
    relations: tuple[Relation, ...]
    harms: tuple[Harm, ...]
    clock: Clock
    checked_on: date
    sureness: Sureness
    countries: tuple[str, ...] = ()
    linked_only: bool = False
    danger_only: bool = False
    public_only: bool = False
    unless: tuple[Exemption, ...] = ()
    preserve: tuple[Preserve, ...] = ()
    checked_by: str = "Tutela's developers; no legal advice"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """An authority as people reach it; `emergency`: whom to telephone when a child is in danger."""

    __pydantic_config__: ClassVar[ConfigDict] = _STATED

    id: Annotated[str, Field(pattern="^[a-z0-9-]+$", max_length=40)]
    name: Text
    country: Text
    filed_by: Text
    emergency: Text
    source: Text
    checked_on: date
    sureness: Sureness
