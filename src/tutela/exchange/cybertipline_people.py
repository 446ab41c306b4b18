"""Persons and accounts in the CyberTipline's XML.

Source: NCMEC CyberTipline Reporting API Technical Documentation: `person`, `contactPerson`,
`personOrUserReported`, `intendedRecipient`, `victim`, `associatedAccount` and what they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.content.account import Connection, Device, Event, Link
from tutela.content.person import NOBODY, Email, Phone
from tutela.exchange.cybertipline_element import unfit

if TYPE_CHECKING:
    from tutela.content.account import AccountFacts, AssociatedAccount, Location
    from tutela.content.person import Address, Person
    from tutela.exchange.cybertipline_element import Element

PORTS = range(1, 65536)
_AGES = range(151)
_LINKS = {
    Link.BILLING: "Billing",
    Link.LINKED: "Linked",
    Link.BUSINESS: "Business",
    Link.CREATOR: "Creator",
    Link.GUARDIAN: "Parent/Guardian",
    Link.OTHER: "Other",
}
_EVENTS = {
    Event.LOGIN: "Login",
    Event.REGISTRATION: "Registration",
    Event.PURCHASE: "Purchase",
    Event.UPLOAD: "Upload",
    Event.OTHER: "Other",
    Event.UNKNOWN: "Unknown",
}


def reported(root: Element, account: AccountFacts, prior: tuple[str, ...]) -> None:
    """Add `personOrUserReported`."""
    element = root.child("personOrUserReported")
    _person(element, "personOrUserReportedPerson", account)
    element.text("vehicleDescription", account.vehicle, 300)
    _account(element, account)
    element.truth("thirdPartyUserReported", account.third_party)
    _prior(element, prior)
    element.text("groupIdentifier", account.group, 255)
    _end(element, account)
    for one in account.associated:
        _associated(element, one)
    element.text("additionalInfo", account.note)


def recipient(root: Element, account: AccountFacts) -> None:
    """Add one `intendedRecipient`."""
    element = root.child("intendedRecipient")
    _person(element, "intendedRecipientPerson", account)
    _account(element, account)
    element.text("groupIdentifier", account.group, 255)
    _end(element, account)
    element.text("additionalInfo", account.note)


def victim(root: Element, account: AccountFacts) -> None:
    """Add one `victim`."""
    element = root.child("victim")
    _person(element, "victimPerson", account, asked=True)
    _account(element, account)
    element.text("schoolName", account.school, 255)
    _end(element, account)
    for one in account.associated:
        _associated(element, one)
    element.text("additionalInfo", account.note)


def contact(element: Element, person: Person) -> None:
    """Add names and ways to reach a person: all of `contactPerson`, the beginning of `person`."""
    element.text("firstName", person.first_name, 100)
    element.text("lastName", person.last_name, 100)
    for one in person.phones:
        phone(element, "phone", one)
    for mail in person.emails:
        email(element, "email", mail)
    for place in person.addresses:
        address(element, "address", place)


def phone(element: Element, name: str, told: Phone) -> None:
    """Add a telephone number."""
    element.text(
        name,
        told.number,
        50,
        type=told.kind.value.capitalize() if told.kind else None,
        verified=told.verified,
        verificationDate=told.verified_at,
        countryCallingCode=told.country_code,
        extension=told.extension,
    )


def email(element: Element, name: str, told: Email) -> None:
    """Add a mail address."""
    element.text(
        name,
        told.address,
        255,
        type=told.kind.value.capitalize() if told.kind else None,
        verified=told.verified,
        verificationDate=told.verified_at,
    )


def address(element: Element, name: str, told: Address) -> None:
    """Add a postal address."""
    inner = element.child(name, type=told.kind.value.capitalize() if told.kind else None)
    inner.text("address", told.street, 255)
    inner.text("city", told.city, 100)
    inner.text("zipCode", told.postal_code, 20)
    inner.text("state", told.state, 2)
    inner.text("nonUsaState", told.region, 100)
    inner.text("country", told.country, 2)


def connection(element: Element, told: Connection) -> None:
    """Add an `ipCaptureEvent`."""
    inner = element.child("ipCaptureEvent")
    inner.text("ipAddress", told.ip)
    inner.text("eventName", _EVENTS[told.event] if told.event else None)
    inner.instant("dateTime", told.at)
    inner.truth("possibleProxy", told.possible_proxy)
    inner.number("port", told.port, PORTS)


def device(element: Element, told: Device) -> None:
    """Add a `deviceId`."""
    inner = element.child("deviceId")
    inner.text("idType", told.kind, 255)
    inner.text("idValue", told.value, 2083)
    inner.text("eventName", _EVENTS[told.event] if told.event else None)
    inner.instant("dateTime", told.at)


def _person(element: Element, name: str, account: AccountFacts, *, asked: bool = False) -> None:
    """Add the person behind an account; nothing if nothing is known and the form does not ask."""
    person = account.person
    first_mail = (Email(account.email),) if account.email else ()
    first_phone = (Phone(account.phone),) if account.phone else ()
    known = any((person != NOBODY, first_mail, first_phone))
    if not known and not asked:
        return
    inner = element.child(name)
    inner.text("firstName", person.first_name, 100)
    inner.text("lastName", person.last_name, 100)
    for one in (*first_phone, *person.phones):
        phone(inner, "phone", one)
    for mail in (*first_mail, *person.emails):
        email(inner, "email", mail)
    for place in person.addresses:
        address(inner, "address", place)
    inner.number("age", person.age, _AGES)
    inner.truth("ageAssertionDiscrepancy", person.age_disputed)
    inner.text("dateOfBirth", person.born_on.isoformat() if person.born_on else None)


def _account(element: Element, account: AccountFacts) -> None:
    element.text("espIdentifier", account.id, 255)
    element.text("espService", account.service, 100)
    element.truth("compromisedAccount", account.compromised)
    element.text("screenName", account.screen_name, 256)
    for name in _first(account.display_name, account.display_names):
        element.text("displayName", name)
    for url in _first(account.profile_url, account.profile_urls):
        element.text("profileUrl", url, 2083)
    element.text("profileBio", account.bio)
    for one in connections(account):
        connection(element, one)
    for other in devices(account):
        device(element, other)


def connections(account: AccountFacts) -> tuple[Connection, ...]:
    """Return every use of an address, that of the act itself first."""
    if account.ip is None:
        return account.connections
    first = Connection(account.ip, account.port, account.ip_at, Event.UPLOAD)
    return (first, *account.connections)


def devices(account: AccountFacts) -> tuple[Device, ...]:
    """Return every device, that of the act itself first."""
    first = (Device("device", account.device_id),) if account.device_id else ()
    return (*first, *account.devices)


def _first(one: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    return (one, *others) if one else others


def _prior(element: Element, receipts: tuple[str, ...]) -> None:
    for receipt in receipts:
        if not receipt.isdigit():
            raise unfit("priorCTReports", "is not the number of a report")
        element.text("priorCTReports", receipt)


def _end(element: Element, account: AccountFacts) -> None:
    if account.location is not None:
        _location(element, account.location)
    element.truth("allEmailsReported", account.all_emails_stated)


def _location(element: Element, told: Location) -> None:
    inner = element.child("estimatedLocation", verified=told.verified, timestamp=told.at)
    inner.text("city", told.city, 255)
    inner.text("region", told.region, 255)
    inner.text("countryCode", told.country, 2)


def _associated(element: Element, told: AssociatedAccount) -> None:
    inner = element.child(
        "associatedAccount",
        accountType=_LINKS[told.link] if told.link else None,
        thirdPartyUser=told.third_party,
    )
    person = told.person
    inner.text("platform", told.platform, 256)
    inner.text("firstName", person.first_name, 256)
    inner.text("middleName", told.middle_name, 256)
    inner.text("lastName", person.last_name, 256)
    inner.number("approximateAge", person.age, _AGES)
    inner.truth("ageAssertionDiscrepancy", person.age_disputed)
    for one in person.phones:
        phone(inner, "phone", one)
    for mail in person.emails:
        email(inner, "email", mail)
    inner.truth("allEmailsReported", told.all_emails_stated)
    for place in person.addresses:
        address(inner, "address", place)
    inner.text("espService", told.service, 256)
    inner.text("espIdentifier", told.id, 256)
    for url in told.profile_urls:
        inner.text("profileUrl", url, 2083)
    inner.text("screenName", told.screen_name, 256)
    for name in told.display_names:
        inner.text("displayName", name)
    inner.text("profileBio", told.bio)
    inner.text("groupIdentifier", told.group, 256)
    for event in told.connections:
        connection(inner, event)
    for other in told.devices:
        device(inner, other)
    inner.text("additionalInfo", told.note)
