"""What the host platform knows of an item beside the item itself and its account."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from tutela.content.account import AccountFacts
from tutela.content.notice import Notice
from tutela.content.person import STATED, Country, Line, Person
from tutela.content.place import Place

_MOST = 1000


@dataclass(frozen=True, slots=True)
class LawEnforcement:
    """Police that know of it already, and what they served. `country`: whose process it was."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    agency: Line
    case_number: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    officer: Person | None = None
    told: bool | None = None
    served_domestic: bool | None = None
    served_international: bool | None = None
    country: Country | None = None


class LinkBasis(StrEnum):
    """What ties an incident to a country (the four of the Online Safety Act 2023 s. 70(6))."""

    PUBLISHED = "published"
    SUSPECT_NATIONALITY = "suspect_nationality"
    SUSPECT_LOCATION = "suspect_location"
    VICTIM_LOCATION = "victim_location"

    @property
    def words(self) -> str:
        """Return it in words."""
        return _WORDS[self]


_WORDS = {
    LinkBasis.PUBLISHED: "where it was published, made, uploaded or shared",
    LinkBasis.SUSPECT_NATIONALITY: "the nationality of a suspect",
    LinkBasis.SUSPECT_LOCATION: "where a suspect is",
    LinkBasis.VICTIM_LOCATION: "where a child is",
}


@dataclass(frozen=True, slots=True)
class CountryLink:
    """Evidence that the host platform has of a link to a country."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    country: Country
    basis: LinkBasis


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where else it happened, who else is concerned, who gave notice.

    `public`: anybody could see it. `viral`: one of many copies that spread as a joke or in outrage.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    public: bool | None = None
    viral: bool = False
    places: Annotated[tuple[Place, ...], Field(max_length=_MOST)] = ()
    recipients: Annotated[tuple[AccountFacts, ...], Field(max_length=_MOST)] = ()
    victims: Annotated[tuple[AccountFacts, ...], Field(max_length=_MOST)] = ()
    law_enforcement: LawEnforcement | None = None
    notice: Notice | None = None
    links: Annotated[tuple[CountryLink, ...], Field(max_length=_MOST)] = ()


SURROUNDINGS = TypeAdapter(Surroundings)
NOTHING_STATED = Surroundings()
