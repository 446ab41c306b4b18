"""Which referrals the law asks for, and by when: a table of situations, and the data itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tutela.content.account import AccountFacts, Location
from tutela.content.notice import Harm
from tutela.content.person import Address, Person
from tutela.content.surroundings import CountryLink, LinkBasis
from tutela.errors import SettingsInvalid
from tutela.referrals.draft import IncidentFacts, ReporterFacts
from tutela.referrals.obligations.book import Change, shipped
from tutela.referrals.obligations.deadline import Deadline, Standing, deadline
from tutela.referrals.obligations.obligation import Moment, Obligation
from tutela.referrals.obligations.owed import (
    Answer,
    Incident,
    Provider,
    due,
    links_of,
    rulings,
)

BOOK = shipped()
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CHECKED = Change("Counsel", date(2026, 6, 1))
DEPICTION = Incident(Harm.DEPICTION, danger=False, public=False)
BRITISH = CountryLink("GB", LinkBasis.VICTIM_LOCATION)
NO_POLICY: dict[str, tuple[str, ...]] = {"refers_to": ()}
US, GB, DE, CA, AU = (Provider(one, refers_to=()) for one in ("US", "GB", "DE", "CA", "AU"))


def owed(provider: Provider, incident: Incident = DEPICTION) -> set[str]:
    found = rulings(incident, provider, BOOK.obligations)
    return {one.obligation.id for one in found if one.answer is Answer.OWED}


@pytest.mark.parametrize(
    ("provider", "incident", "expected"),
    [
        (Provider(), DEPICTION, set()),
        (US, DEPICTION, {"us.2258a"}),
        (US, replace(DEPICTION, harm=Harm.ENTICEMENT), {"us.2258a"}),
        (US, replace(DEPICTION, harm=Harm.TRAFFICKING), {"us.2258a"}),
        (US, replace(DEPICTION, harm=Harm.TOURISM), set()),
        # A UK provider without an arrangement reports everything, linked or not.
        (GB, DEPICTION, {"gb.66-uk"}),
        (GB, replace(DEPICTION, harm=Harm.TOURISM), {"gb.66-uk"}),
        # With an arrangement, mandatory or voluntary, nothing is unreported (s. 70(5)).
        (replace(GB, refers_to=("ncmec",)), DEPICTION, set()),
        # A provider from elsewhere reports what is linked, and nothing else (s. 66(2)).
        (Provider("JP", ("GB",), refers_to=()), DEPICTION, set()),
        (
            Provider("JP", ("GB",), refers_to=()),
            replace(DEPICTION, links=(BRITISH,)),
            {"gb.66-abroad"},
        ),
        (Provider("JP", refers_to=()), replace(DEPICTION, links=(BRITISH,)), set()),
        # One that must tell the CyberTipline has an arrangement by that alone.
        (replace(US, offers_in=("GB",)), replace(DEPICTION, links=(BRITISH,)), {"us.2258a"}),
        (
            replace(US, offers_in=("GB",)),
            Incident(Harm.TOURISM, danger=False, public=False, links=(BRITISH,)),
            {"gb.66-abroad"},
        ),
        # In the EU the duty is for threats to life or safety, of whoever offers the service.
        (DE, DEPICTION, set()),
        (DE, replace(DEPICTION, danger=True), {"eu.dsa-18"}),
        (
            replace(US, offers_in=("FR",)),
            replace(DEPICTION, danger=True),
            {"us.2258a", "eu.dsa-18"},
        ),
        # Telling the police of one danger is no arrangement for the rest.
        (
            replace(GB, offers_in=("FR",)),
            replace(DEPICTION, danger=True),
            {"gb.66-uk", "eu.dsa-18"},
        ),
        (CA, DEPICTION, {"ca.mra-3"}),
        (CA, replace(DEPICTION, public=True), {"ca.mra-2", "ca.mra-3"}),
        (replace(US, offers_in=("CA",)), replace(DEPICTION, public=True), {"us.2258a"}),
        (AU, DEPICTION, {"au.474-25"}),
        (Provider("JP", hosts_in=("AU",), refers_to=()), DEPICTION, {"au.474-25"}),
        (Provider("JP", ("AU",), refers_to=()), DEPICTION, set()),
    ],
)
def test_what_is_owed(provider: Provider, incident: Incident, expected: set[str]) -> None:
    assert owed(provider, incident) == expected


def test_every_answer_has_its_reasons() -> None:
    for provider in (US, GB, replace(GB, refers_to=("ncmec",)), CA, Provider()):
        for one in rulings(DEPICTION, provider, BOOK.obligations):
            assert one.why
            assert all(said.endswith(".") for said in one.why)


def test_an_exemption_says_to_whom_it_is_reported() -> None:
    british = replace(GB, refers_to=("ncmec",))
    (exempt,) = [
        one for one in rulings(DEPICTION, british, BOOK.obligations) if one.answer is Answer.EXEMPT
    ]
    assert exempt.obligation.id == "gb.66-uk"
    assert exempt.why[-1] == "Such content is reported to ncmec by arrangement."


def test_one_referral_for_each_authority_policys_first() -> None:
    provider = replace(US, offers_in=("FR",), refers_to=("own-desk", "ncmec"))
    found = due(replace(DEPICTION, danger=True), provider, BOOK.obligations)
    assert [(one.authority, len(one.rulings)) for one in found] == [
        ("own-desk", 0),
        ("ncmec", 1),
        ("eu-police", 1),
    ]


def test_links_are_what_was_stated_and_what_places_show() -> None:
    home = Person(addresses=(Address(country="GB"),))
    facts = IncidentFacts(
        occurred_at=NOW,
        occurred_at_is_upload=True,
        urgent_reason=None,
        urls=(),
        reporter=ReporterFacts(),
        subject=AccountFacts(id="a", person=home, location=Location(country="IE")),
        files=(),
        victims=(AccountFacts(id="b", location=Location(country="GB")),),
        links=(CountryLink("FR", LinkBasis.PUBLISHED),),
    )
    assert links_of(facts) == (
        CountryLink("FR", LinkBasis.PUBLISHED),
        CountryLink("GB", LinkBasis.SUSPECT_LOCATION),
        CountryLink("IE", LinkBasis.SUSPECT_LOCATION),
        CountryLink("GB", LinkBasis.VICTIM_LOCATION),
    )


def test_every_obligation_goes_to_somebody_known_and_says_when_it_was_checked() -> None:
    assert len({one.id for one in BOOK.obligations}) == len(BOOK.obligations)
    for one in BOOK.obligations:
        recipient = BOOK.recipient(one.to)
        assert recipient is not None, one.id
        assert recipient.emergency
        assert one.checked_on <= date(2026, 12, 31)
        assert one.countries
        assert one.section
        assert one.source
        assert 0 < one.clock.urgent_due_hours <= one.clock.warn_hours < one.clock.due_hours
    assert {one.to for one in BOOK.obligations} == {one.id for one in BOOK.recipients}


@pytest.mark.parametrize("one", BOOK.obligations, ids=lambda one: one.id)
def test_the_documentation_names_each(one: Obligation) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "obligations.md"
    row = next(line for line in page.read_text().splitlines() if line.startswith(f"| `{one.id}`"))
    for said in (one.to, one.section, one.checked_on.isoformat(), f"| {one.sureness} |"):
        assert said in row
    for kept in one.preserve:
        assert f"{kept.days} d" in row


def test_an_operators_counsel_puts_other_figures_in() -> None:
    changed = BOOK.changed(
        {"us.2258a": replace(CHECKED, due_hours=12, warn_hours=6, keep_days=400)}
    ).obligation("us.2258a")
    assert changed is not None
    assert (changed.clock.warn_hours, changed.clock.due_hours) == (6, 12)
    assert changed.clock.urgent_due_hours == 1
    assert [one.days for one in changed.preserve] == [400]
    assert (changed.checked_by, changed.checked_on) == ("Counsel", date(2026, 6, 1))
    assert BOOK.changed({"us.2258a": replace(CHECKED, owed=False)}).obligation("us.2258a") is None
    with pytest.raises(SettingsInvalid, match=r"us\.2258b"):
        BOOK.changed({"us.2258b": CHECKED})


def test_the_clock_starts_when_the_section_says() -> None:
    found, decided = NOW, NOW + timedelta(hours=30)
    british = rulings(DEPICTION, GB, BOOK.obligations)
    mine = [one for one in british if one.answer is Answer.OWED]
    assert mine[0].obligation.clock.starts is Moment.FOUND
    one = deadline(mine, found, decided, urgent=False)
    assert (one.aware_at, one.due_at) == (found, found + timedelta(hours=72))
    american = [
        one for one in rulings(DEPICTION, US, BOOK.obligations) if one.answer is Answer.OWED
    ]
    assert deadline(american, found, decided, urgent=False).aware_at == decided
    assert deadline([*american, *mine], found, decided, urgent=False).aware_at == found
    hour = deadline((), found, decided, urgent=True)
    assert (hour.warn_at, hour.due_at) == (
        decided + timedelta(minutes=30),
        decided + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    ("hours", "filed", "expected"),
    [
        (0, None, Standing.RUNNING),
        (24, None, Standing.WARNING),
        (72, None, Standing.OVERDUE),
        (99, 71, Standing.MET),
        (99, 73, Standing.MISSED),
    ],
)
def test_how_a_referral_stands(hours: int, filed: int | None, expected: Standing) -> None:
    one = Deadline(NOW, NOW + timedelta(hours=24), NOW + timedelta(hours=72))
    at = None if filed is None else NOW + timedelta(hours=filed)
    assert one.standing(NOW + timedelta(hours=hours), at) is expected
