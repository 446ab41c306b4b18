"""A notice: what somebody, and not a hash list, holds an item to be.

So conversations and new material come before a person, too: enticement, sextortion, trafficking.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

from tutela.content.person import STATED, Text


class Harm(StrEnum):
    """What an incident is. The kinds are those that the CyberTipline tells apart."""

    DEPICTION = "depiction"
    ENTICEMENT = "enticement"
    TRAFFICKING = "trafficking"
    TOURISM = "tourism"
    MOLESTATION = "molestation"
    UNSOLICITED = "unsolicited"
    MISLEADING_DOMAIN = "misleading_domain"
    MISLEADING_WORDS = "misleading_words"


class Circumstance(StrEnum):
    """What else is to be known of an incident at first sight."""

    SEXTORTION = "sextortion"
    SOLICITATION = "solicitation"
    BETWEEN_MINORS = "between_minors"
    SPAM = "spam"
    SADISTIC = "sadistic"
    INFORMATIONAL = "informational"


class Notifier(StrEnum):
    """Who gave notice."""

    USER = "user"
    MODERATOR = "moderator"
    TRUSTED_FLAGGER = "trusted_flagger"
    CLASSIFIER = "classifier"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Notice:
    """What was said, and by whom. It decides nothing: a person does."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    harm: Harm
    said_by: Notifier
    circumstances: tuple[Circumstance, ...] = ()
    reason: Text | None = None
