"""Who the operator is, before the law and in referrals."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from tutela.settings.part import Country, Part


class Reporter(Part):
    """Who refers: appears in every referral."""

    company: str = Field(default="", description="The reporting company's name.")
    first_name: str = Field(default="", description="The reporting person's first name.")
    last_name: str = Field(default="", description="The reporting person's last name.")
    email: str = Field(default="", description="The reporting person's mail address.")
    phone: str = Field(default="", description="The reporting person's telephone number.")
    service: str = Field(default="", description="The name of the service users know.")
    contact_first_name: str = Field(
        default="", description="Whom the authority may ask back, if somebody else: first name."
    )
    contact_last_name: str = Field(default="", description="The same person's last name.")
    contact_email: str = Field(default="", description="The same person's mail address.")
    contact_phone: str = Field(default="", description="The same person's telephone number.")
    terms_url: str | None = Field(default=None, description="Address of the terms of service.")
    legal_url: str | None = Field(default=None, description="Where to serve legal process.")


class Provider(Part):
    """Who the operator is before the law. Countries in two letters (ISO 3166-1)."""

    country: Country | None = Field(
        default=None, description="Where the operator is established; none: no law is applied."
    )
    offers_in: tuple[Country, ...] = Field(
        default=(), description="Other countries where the service is offered."
    )
    hosts_in: tuple[Country, ...] = Field(default=(), description="Where content is hosted.")
    refers_to: tuple[str, ...] = Field(
        default=("ncmec",), description="Authorities told of every incident, whatever is owed."
    )


class Obligation(Part):
    """What the operator's counsel puts in an obligation's place: one table for each, by its id."""

    checked_by: str = Field(min_length=1, description="Who checked it.")
    checked_on: date = Field(description="When.")
    owed: bool = Field(default=True, description="Whether it binds the operator at all.")
    warn_hours: float | None = Field(
        default=None, gt=0, description="Hours until a warning; none: as shipped."
    )
    due_hours: float | None = Field(
        default=None, gt=0, description="Hours until the alarm; none: as shipped."
    )
    urgent_due_hours: float | None = Field(
        default=None, gt=0, description="The same where a child may be in danger; none: as shipped."
    )
    keep_days: int | None = Field(
        default=None, gt=0, description="Days to preserve from the filing; none: as shipped."
    )
