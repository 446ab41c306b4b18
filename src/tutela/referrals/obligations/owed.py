"""What is owed: from the facts of an incident and the provider to the referrals due, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.content.surroundings import CountryLink, LinkBasis
from tutela.referrals.obligations.obligation import Exemption, Obligation, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.content.account import AccountFacts
    from tutela.content.notice import Harm
    from tutela.referrals.draft import IncidentFacts

POLICY = "policy"
"""Why a referral is made that no law here demands."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The operator: countries as ISO 3166-1 letters, authorities by their ids.

    `refers_to`: authorities that are told of every incident, whatever is owed.
    """

    country: str | None = None
    offers_in: tuple[str, ...] = ()
    hosts_in: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ("ncmec",)


@dataclass(frozen=True, slots=True)
class Incident:
    """What the law asks about an incident."""

    harm: Harm
    danger: bool
    public: bool
    links: tuple[CountryLink, ...] = ()


class Answer(StrEnum):
    """Whether an obligation is owed."""

    OWED = "owed"
    NOT_OWED = "not_owed"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One obligation's answer for one incident, with the reasons in words."""

    obligation: Obligation
    answer: Answer
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One referral that is to be made: to whom, and by which obligations; none: by policy."""

    authority: str
    rulings: tuple[Ruling, ...]


def incident_of(facts: IncidentFacts) -> Incident:
    """Return what the law asks, from a referral's facts."""
    return Incident(
        facts.harm,
        danger=facts.urgent_reason is not None,
        public=bool(facts.urls) and any(one.publicly_available for one in facts.files),
        links=links_of(facts),
    )


def links_of(facts: IncidentFacts) -> tuple[CountryLink, ...]:
    """Return the links to countries: those stated, and those that addresses and places show.

    Internet addresses are not placed: that needs data that this software does not have.
    """
    found = list(facts.links)
    found += _places((facts.subject,), LinkBasis.SUSPECT_LOCATION)
    found += _places(facts.victims, LinkBasis.VICTIM_LOCATION)
    return tuple(dict.fromkeys(found))


def _places(accounts: Iterable[AccountFacts], basis: LinkBasis) -> Iterable[CountryLink]:
    for one in accounts:
        for address in one.person.addresses:
            if address.country:
                yield CountryLink(address.country, basis)
        if one.location is not None and one.location.country:
            yield CountryLink(one.location.country, basis)


def rulings(
    incident: Incident, provider: Provider, obligations: Iterable[Obligation]
) -> tuple[Ruling, ...]:
    """Answer every obligation for one incident.

    1. Does the provider belong to the country in a way that the section means?
    2. Is it of a kind, and with the circumstances, that the section means?
    3. Has it the link to the country that the section asks for?
    4. Is it exempt: reported by arrangement, or under another country's law?
    """
    first = [_ruled(incident, provider, one) for one in obligations]
    owed_to = {one.obligation.to for one in first if one.answer is Answer.OWED}
    reports_to = owed_to | set(provider.refers_to)
    return tuple(_exempted(one, incident, provider, first, reports_to) for one in first)


def due(
    incident: Incident, provider: Provider, obligations: Iterable[Obligation]
) -> tuple[Due, ...]:
    """Return the referrals to be made, one for each authority; policy's first, in its order."""
    owed = [one for one in rulings(incident, provider, obligations) if one.answer is Answer.OWED]
    authorities = dict.fromkeys([*provider.refers_to, *(one.obligation.to for one in owed)])
    return tuple(
        Due(authority, tuple(one for one in owed if one.obligation.to == authority))
        for authority in authorities
    )


def relation_to(provider: Provider, one: Obligation) -> tuple[Relation | None, str]:
    """Return how a provider belongs to an obligation's country, and so in words; None: not."""
    if provider.country in one.countries:
        if Relation.ESTABLISHED in one.relations:
            return Relation.ESTABLISHED, f"The provider is established in {provider.country}."
    elif Relation.ABROAD in one.relations and (
        offered := [where for where in provider.offers_in if where in one.countries]
    ):
        return Relation.ABROAD, f"The provider offers its service in {', '.join(offered)}."
    if Relation.HOSTS in one.relations and (
        hosted := [where for where in provider.hosts_in if where in one.countries]
    ):
        return Relation.HOSTS, f"The provider hosts in {', '.join(hosted)}."
    return None, "The provider is not one that it binds."


def _ruled(incident: Incident, provider: Provider, one: Obligation) -> Ruling:
    relation, said = relation_to(provider, one)
    if relation is None:
        return Ruling(one, Answer.NOT_OWED, (said,))
    why = [said]
    if incident.harm not in one.harms:
        return Ruling(one, Answer.NOT_OWED, (f"It does not cover {incident.harm.value}.",))
    why.append(f"It covers {incident.harm.value}.")
    if one.danger_only:
        if not incident.danger:
            return Ruling(one, Answer.NOT_OWED, ("No threat to life or safety was seen.",))
        why.append("There may be a threat to life or safety.")
    if one.public_only:
        if not incident.public:
            return Ruling(one, Answer.NOT_OWED, ("No address that the public can open is known.",))
        why.append("The public can open its address.")
    links = [link for link in incident.links if link.country in one.countries]
    if one.linked_only and not links:
        where = " or ".join(one.countries)
        return Ruling(one, Answer.NOT_OWED, (f"No evidence of a link to {where} is known.",))
    why += [f"Linked to {link.country}: {link.basis.words}." for link in links]
    return Ruling(one, Answer.OWED, tuple(why))


def _exempted(
    one: Ruling,
    incident: Incident,
    provider: Provider,
    others: Iterable[Ruling],
    reports_to: set[str],
) -> Ruling:
    if one.answer is not Answer.OWED:
        return one
    elsewhere = sorted(reports_to - {one.obligation.to})
    if Exemption.ARRANGEMENT in one.obligation.unless:
        abroad = [to for to in elsewhere if _regularly(to, incident, provider, others)]
        if abroad:
            said = f"Such content is reported to {', '.join(abroad)} by arrangement."
            return Ruling(one.obligation, Answer.EXEMPT, (*one.why, said))
    if Exemption.REPORTED in one.obligation.unless:
        reported = [
            ruling.obligation.to
            for ruling in others
            if ruling.answer is Answer.OWED
            and not set(ruling.obligation.countries) & set(one.obligation.countries)
            and not ruling.obligation.unless
        ]
        if reported:
            said = f"It is reported to {', '.join(dict.fromkeys(reported))} under another law."
            return Ruling(one.obligation, Answer.EXEMPT, (*one.why, said))
    return one


def _regularly(to: str, incident: Incident, provider: Provider, others: Iterable[Ruling]) -> bool:
    """Say whether content of this kind goes to an authority as a rule, not for its danger alone."""
    if to in provider.refers_to:
        return True
    return any(
        ruling.obligation.to == to
        and ruling.answer is Answer.OWED
        and incident.harm in ruling.obligation.harms
        and not ruling.obligation.danger_only
        and not ruling.obligation.unless
        for ruling in others
    )
