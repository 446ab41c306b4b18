"""An account at a host platform, and what the platform knows of its use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from tutela.content.person import NOBODY, STATED, Country, Instant, Line, Person, Text, Url


def _address(text: str) -> str:
    return str(ip_address(text.strip()))


Ip = Annotated[str, AfterValidator(_address)]
"""An IPv4 or IPv6 address as text."""
Port = Annotated[int, Field(ge=1, le=65535)]
ScreenName = Annotated[str, Field(min_length=1, max_length=256)]


class Event(StrEnum):
    """What somebody did when an address or a device was seen."""

    LOGIN = "login"
    REGISTRATION = "registration"
    PURCHASE = "purchase"
    UPLOAD = "upload"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Connection:
    """One use of an internet address. Without port and exact time it may lead to nobody."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    ip: Ip
    port: Port | None = None
    at: Instant | None = None
    event: Event | None = None
    possible_proxy: bool | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """One device: its identifier and of which kind that is (IMEI, IDFA, …)."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    kind: Line
    value: Url
    event: Event | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where an account is thought to be."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    city: Line | None = None
    region: Line | None = None
    country: Country | None = None
    verified: bool | None = None
    at: Instant | None = None


class Link(StrEnum):
    """How another account belongs to this one."""

    BILLING = "billing"
    LINKED = "linked"
    BUSINESS = "business"
    CREATOR = "creator"
    GUARDIAN = "guardian"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AssociatedAccount:
    """Another account of the same person, here or on another platform."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    id: Line | None = None
    link: Link | None = None
    platform: ScreenName | None = None
    service: ScreenName | None = None
    third_party: bool | None = None
    person: Person = NOBODY
    middle_name: ScreenName | None = None
    screen_name: ScreenName | None = None
    display_names: tuple[ScreenName, ...] = ()
    profile_urls: tuple[Url, ...] = ()
    bio: Text | None = None
    group: Line | None = None
    connections: tuple[Connection, ...] = ()
    devices: tuple[Device, ...] = ()
    all_emails_stated: bool | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the host platform says about an account.

    `ip`, `port`, `ip_at` and `device_id` are those of the upload or act itself; `connections` and
    `devices` are all others. `email`, `phone`, `display_name` and `profile_url` are shorthands for
    the first of each.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    id: Annotated[str, Field(min_length=1, max_length=255)]
    screen_name: ScreenName | None = None
    display_name: ScreenName | None = None
    profile_url: Url | None = None
    email: Line | None = None
    phone: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    ip: Ip | None = None
    ip_at: Instant | None = None
    port: Port | None = None
    device_id: Url | None = None
    service: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    person: Person = NOBODY
    display_names: tuple[ScreenName, ...] = ()
    profile_urls: tuple[Url, ...] = ()
    bio: Text | None = None
    connections: tuple[Connection, ...] = ()
    devices: tuple[Device, ...] = ()
    compromised: bool | None = None
    third_party: bool | None = None
    group: Line | None = None
    school: Line | None = None
    vehicle: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    location: Location | None = None
    all_emails_stated: bool | None = None
    associated: tuple[AssociatedAccount, ...] = ()
    note: Text | None = None


ACCOUNT = TypeAdapter(AccountFacts)
