"""What is screened: how near a match is, what lists may do, what is still parsed."""

from __future__ import annotations

from pydantic import Field

from tutela.content.confinement.serving import USUAL
from tutela.content.decoding import DecodeLimits
from tutela.hashing.look import Budget
from tutela.hashlists.judgement import SAMPLING
from tutela.hashlists.sudden import STEADY
from tutela.settings.part import Part

_DECODE = DecodeLimits()


class Matching(Part):
    """How near is a match."""

    radius: int = Field(default=31, ge=0, le=63, description="PDQ distance in bits that matches.")
    review_radius: int = Field(
        default=0,
        ge=0,
        le=63,
        description="PDQ distance beyond `radius` that queues for a person and holds nothing; "
        "0: none does.",
    )
    min_quality: int = Field(
        default=50, ge=0, le=100, description="Below this PDQ quality the hash decides nothing."
    )
    exact_only: bool = Field(
        default=False, description="Hash every scanned picture exactly, also what is far from all."
    )
    looks: Budget = Field(
        default=Budget.NONE,
        description="How hard to look for changed copies: none, cheap or full.",
    )


class Lists(Part):
    """How much of a list may change in a day before a person must accept it."""

    growth_share: float = Field(
        default=STEADY.growth_share, ge=0, description="The share that may come or change."
    )
    growth_number: int = Field(
        default=STEADY.growth_number, ge=0, description="Or so many entries, if that is more."
    )
    shrink_share: float = Field(
        default=STEADY.shrink_share, ge=0, le=1, description="The share that may go or change."
    )
    shrink_number: int = Field(
        default=STEADY.shrink_number, ge=0, description="Or so many entries, if that is more."
    )


class Sampling(Part):
    """Which matches people are asked to judge, and how right a list must be to be believed."""

    first: int = Field(
        default=SAMPLING.first, ge=0, description="So many first matches of each list."
    )
    first_of_entry: int = Field(
        default=SAMPLING.first_of_entry, ge=0, description="So many first matches of each entry."
    )
    share: float = Field(
        default=SAMPLING.share, ge=0, le=1, description="The share of all others, at random."
    )
    floor: float = Field(
        default=SAMPLING.floor,
        ge=0,
        le=1,
        description="A list that is surely right in a smaller share is not believed unseen.",
    )
    newest: int = Field(
        default=SAMPLING.newest, ge=1, description="So many newest judgements of a list count."
    )
    at_least: int = Field(
        default=SAMPLING.at_least, ge=1, description="With fewer judgements a list is believed."
    )


class Limits(Part):
    """What is still parsed. Beyond it an item is unscreened and held."""

    max_bytes: int = Field(
        default=_DECODE.max_bytes, gt=0, description="Largest file accepted, in bytes."
    )
    max_pixels: int = Field(
        default=_DECODE.max_pixels, gt=0, description="Largest picture decoded, in pixels a frame."
    )
    max_frames: int = Field(
        default=_DECODE.max_frames, gt=0, description="Most frames of one animation decoded."
    )
    max_video_frames: int = Field(
        default=_DECODE.max_video_frames,
        gt=0,
        le=3000,
        description="Most frames of one video looked at.",
    )


class Decoding(Part):
    """The confined processes that parse what comes from outside."""

    processes: int | None = Field(
        default=None, ge=1, le=1024, description="How many processes; none: one a core."
    )
    waiting: int = Field(
        default=32, ge=1, description="So many may wait for one; others are told to come again."
    )
    patience_seconds: float = Field(default=30, gt=0, description="How long they wait.")
    seconds: float = Field(default=120, gt=0, description="Longest time one file may take.")
    cpu_seconds: float = Field(
        default=60,
        gt=0,
        description="Most processor time that one file may take; a video gets three quarters.",
    )
    memory: int = Field(
        default=USUAL.memory,
        ge=256 << 20,
        description="Most memory that a process may take, in bytes.",
    )
    insecure: bool = Field(
        default=False,
        description="Parse also where the kernel does not confine it. As `--insecure-decoding`.",
    )
