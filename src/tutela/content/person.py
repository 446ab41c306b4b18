"""A person as a host platform knows them: names, ways to reach them, age.

Lengths and choices are those of the strictest form they must fit into later (CyberTipline API), so
that what does not fit is refused when it is stated, by whoever can still mend it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field

STATED = ConfigDict(extra="forbid")
"""What is stated is read strictly: a misspelt field would be lost in silence."""

Instant = AwareDatetime
"""A time without its offset is no point in time."""
Name = Annotated[str, Field(min_length=1, max_length=100)]
Line = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(min_length=1, max_length=100_000)]
Url = Annotated[str, Field(min_length=1, max_length=2083)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Age = Annotated[int, Field(ge=0, le=150)]


class PhoneKind(StrEnum):
    """What a telephone number is for."""

    MOBILE = "mobile"
    HOME = "home"
    BUSINESS = "business"
    WORK = "work"
    FAX = "fax"
    INTERNET = "internet"
    RECOVERY = "recovery"


class EmailKind(StrEnum):
    """What a mail address is for."""

    HOME = "home"
    WORK = "work"
    BUSINESS = "business"
    RECOVERY = "recovery"


class AddressKind(StrEnum):
    """What a postal address is for."""

    HOME = "home"
    BUSINESS = "business"
    BILLING = "billing"
    SHIPPING = "shipping"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number, and whether its owner proved it."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    number: Annotated[str, Field(min_length=1, max_length=50)]
    kind: PhoneKind | None = None
    verified: bool | None = None
    verified_at: Instant | None = None
    country_code: Annotated[str, Field(pattern=r"^\+[0-9]{1,3}$")] | None = None
    extension: Annotated[str, Field(pattern="^[0-9]{1,10}$")] | None = None


@dataclass(frozen=True, slots=True)
class Email:
    """A mail address, and whether its owner proved it."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    address: Line
    kind: EmailKind | None = None
    verified: bool | None = None
    verified_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. `state`: two letters in the United States, `region` elsewhere."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    street: Line | None = None
    city: Name | None = None
    postal_code: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    state: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    region: Name | None = None
    country: Country | None = None
    kind: AddressKind | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person. `age_disputed`: the stated age does not fit what else is known."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    first_name: Name | None = None
    last_name: Name | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    age: Age | None = None
    age_disputed: bool | None = None
    born_on: date | None = None


NOBODY = Person()
"""A person of whom nothing is known."""
