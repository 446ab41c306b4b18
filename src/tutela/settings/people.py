"""What people may see, and how many of them an act takes."""

from __future__ import annotations

from pydantic import Field, SecretStr

from tutela.access.roles import Role
from tutela.access.second_person import DEFAULT, Verb
from tutela.cases.budget import LIMITS
from tutela.settings.part import Part


class Exposure(Part):
    """What a person may see in a day (docs/reference/console.md says how points are counted).

    No study gives these numbers: set them with whoever looks after your reviewers.
    """

    soft_points: float = Field(
        default=LIMITS.soft, gt=0, description="From so many points on a person is warned."
    )
    hard_points: float = Field(
        default=LIMITS.hard, gt=0, description="From so many on nothing more is shown that day."
    )
    day_begins: int = Field(
        default=LIMITS.day_begins, ge=0, le=23, description="The hour, UTC, at which a day begins."
    )
    stretch_minutes: float = Field(
        default=LIMITS.stretch.total_seconds() / 60,
        gt=0,
        description="After so long a stretch of looking a break is due.",
    )
    pause_minutes: float = Field(
        default=LIMITS.pause.total_seconds() / 60,
        gt=0,
        description="So long without a look is a break.",
    )
    smallest_group: int = Field(
        default=LIMITS.smallest_group,
        ge=3,
        description="Of fewer people leads are told nothing.",
    )


class Grace(Part):
    """How long a decision can be undone before anything of it leaves."""

    seconds: float = Field(
        default=20,
        ge=0,
        le=600,
        description="Orders, referrals and what lists are told wait so long; 0: nothing waits. "
        "Where a child may be in danger now, nothing waits in any case.",
    )


class SecondReview(Part):
    """Which decisions are judged a second time, by somebody who does not see the first one."""

    share: float = Field(default=0.05, ge=0, le=1, description="The share that is drawn; 0: none.")
    seed: str = Field(
        default="", description="The same seed draws the same ones, so that a draw can be checked."
    )


class Golden(Part):
    """How often a reviewer's next case is a check: a benign picture whose right answer is known.

    Nothing is mixed in before a lead has put a set in.
    """

    share: float = Field(
        default=0.02, ge=0, le=0.2, description="The share of a person's cases; 0: none."
    )
    seed: str = Field(
        default="", description="The same seed draws the same ones, so that a draw can be checked."
    )


class Approval(Part):
    """How many people let a referral out. Of what is urgent the decision itself can be enough."""

    people: int = Field(
        default=1, ge=0, le=2, description="Different people who approve; 0: a decision sends it."
    )
    urgent_people: int = Field(
        default=0,
        ge=0,
        le=1,
        description="The same where a child may be in danger now; never more than one.",
    )


class TwoPeople(Part):
    """Which dangerous acts need a second person; docs/reference/access.md describes each."""

    verbs: tuple[Verb, ...] = Field(
        default=tuple(verb for verb in Verb if verb in DEFAULT),
        description="Acts that another person must confirm.",
    )
    hours: float = Field(
        default=24, gt=0, le=168, description="An approval is over so long after it was asked for."
    )


class SignOn(Part):
    """The identity provider (OpenID Connect) that vouches for people. No issuer: none does."""

    issuer: str | None = Field(default=None, description="Its issuer, exactly as it names itself.")
    client_id: str = Field(default="", description="The name it knows this instance by.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="The secret for that name.")
    roles: dict[str, tuple[Role, ...]] = Field(
        default_factory=dict, description="The roles that each of its groups gives."
    )
    groups_claim: str = Field(default="groups", description="The claim that names the groups.")
    origins: tuple[str, ...] = Field(
        default=(), description="Other origins that its endpoints may be at."
    )
    ask_minutes: float = Field(
        default=5,
        gt=0,
        le=60,
        description="It is asked again so often; unanswered three times, sessions stop.",
    )
