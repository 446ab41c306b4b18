"""Observed facts and the classifications derived from them by versioned mappings.

Stored are facts and who said so (the way of INHOPE's Universal Classification Schema); a letter
of some country's scheme is derived when needed and never stored alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What kind of depiction it is."""

    REAL = "real"
    DRAWN = "drawn"
    GENERATED = "generated"
    CANNOT_TELL = "cannot_tell"


class Age(StrEnum):
    """The apparent age group of the youngest person depicted."""

    PREPUBESCENT = "prepubescent"
    PUBESCENT = "pubescent"
    ADULT = "adult"
    CANNOT_TELL = "cannot_tell"


class Conduct(StrEnum):
    """The gravest conduct depicted, in the terms that the mapped schemes share."""

    SEX_ACT = "sex_act"
    LASCIVIOUS_EXHIBITION = "lascivious_exhibition"
    NONE = "none"
    CANNOT_TELL = "cannot_tell"


class Feature(StrEnum):
    """What else was observed; each the CyberTipline's annotation of a like name."""

    MEME = "meme"
    SELF_PRODUCED = "self_produced"
    PHYSICAL_HARM = "physical_harm"
    VIOLENCE = "violence"
    ANIMAL = "animal"
    LIVE_STREAM = "live_stream"
    INFANT = "infant"


@dataclass(frozen=True, slots=True)
class Observed:
    """What was observed, and who said so: `reviewer`, or `list` where nothing was viewed."""

    subject: Subject = Subject.CANNOT_TELL
    age: Age = Age.CANNOT_TELL
    conduct: Conduct = Conduct.CANNOT_TELL
    said_by: str = "list"
    features: tuple[Feature, ...] = ()


US_INDUSTRY_VERSION = "us-industry/1"
_AGE_LETTER = {Age.PREPUBESCENT: "A", Age.PUBESCENT: "B"}
_CONDUCT_NUMBER = {Conduct.SEX_ACT: "1", Conduct.LASCIVIOUS_EXHIBITION: "2"}


def us_industry(observed: Observed) -> str | None:
    """Return A1, A2, B1 or B2, or None when the facts do not say (CyberTipline guide).

    A prepubescent, B pubescent; 1 sex act, 2 lascivious exhibition.
    """
    letter = _AGE_LETTER.get(observed.age)
    number = _CONDUCT_NUMBER.get(observed.conduct)
    return f"{letter}{number}" if letter and number else None
