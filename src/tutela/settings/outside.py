"""Whom an instance speaks to: the host platform, authorities, hotlines."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, IPvAnyNetwork, SecretStr

from tutela.settings.part import Country, Part


class Exchange(Part):
    """Where calls to the outside may go, beside public addresses."""

    private_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks of your own in which a counterparty's name may lie, such as "
        '`"10.1.0.0/16"`. An address that is written as a number, and localhost, need none.',
    )


class Host(Part):
    """The host platform that obeys hold, remove and restore."""

    webhook_url: str | None = Field(
        default=None, description="Where signed orders are sent; none: orders wait."
    )


class Authority(Part):
    """The CyberTipline account that referrals are filed with."""

    url: str | None = Field(default=None, description="API address ending in /ispws.")
    username: str = Field(default="", description="The reporting account's name.")
    password: SecretStr = Field(default=SecretStr(""), description="Its password.")


class AuthorisedPerson(Part):
    """One person who may submit reports to the NCA (reg. 7)."""

    name: str = Field(min_length=1, description="Their name.")
    email: str = Field(min_length=1, description="The address they are registered with.")


class Nca(Part):
    """The provider's registration with the UK's National Crime Agency."""

    url: str | None = Field(
        default=None, description="The interface's address; none: referrals are filed by hand."
    )
    token: SecretStr = Field(default=SecretStr(""), description="Its access token.")
    registration: str = Field(default="", description="The provider's reference at the NCA.")
    mapping: Path | None = Field(
        default=None, description="The file that names calls and fields; none: the assumed one."
    )
    authorised: dict[str, AuthorisedPerson] = Field(
        default_factory=dict, description="Who may submit, by their account's id."
    )


class Hotline(Part):
    """A hotline that takes signed referrals sealed to its key; the name is what refers to it."""

    name: str = Field(min_length=1, description="Its name in full.")
    country: Country = Field(description="Its country.")
    key: Path = Field(description="The file of its public evidence key.")
    receiver: str = Field(
        min_length=1, description="Its name in signed documents: a Tutela's `instance`."
    )
    filed_by: str = Field(
        default="the folder, by the way agreed with it", description="How a referral reaches it."
    )
    emergency: str = Field(min_length=1, description="Whom to telephone in an emergency.")
