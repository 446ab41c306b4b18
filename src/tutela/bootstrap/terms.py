"""What the settings say, in the words of the parts that are told."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tutela.access.passkeys import Site
from tutela.access.second_person import Policy
from tutela.alarms.checks import Thresholds
from tutela.cases.budget import Limits as ExposureLimits
from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.content.decoding import DecodeLimits
from tutela.platform.golden import Mix
from tutela.platform.parsing import WORKER
from tutela.referrals.draft import ReporterFacts
from tutela.referrals.obligations.book import Book, Change, shipped
from tutela.referrals.obligations.obligation import Recipient, Sureness
from tutela.referrals.obligations.owed import Provider

if TYPE_CHECKING:
    from tutela.settings import Decoding, Settings


def parsing_terms(decoding: Decoding, *, looks: bool) -> Terms:
    """Return on what terms processes parse."""
    return Terms(decoding.memory, decoding.insecure, looks)


def parsing_pool(decoding: Decoding, *, looks: bool = True) -> Pool:
    """Return the pool of confined processes; they start when first needed."""
    return Pool(
        WORKER,
        parsing_terms(decoding, looks=looks),
        Room(
            decoding.processes or os.cpu_count() or 1,
            decoding.waiting,
            decoding.patience_seconds,
        ),
    )


def decode_limits(settings: Settings) -> DecodeLimits:
    """Return what is still parsed of a file."""
    return DecodeLimits(
        max_bytes=settings.limits.max_bytes,
        max_pixels=settings.limits.max_pixels,
        max_frames=settings.limits.max_frames,
        max_video_frames=settings.limits.max_video_frames,
        # What it has read by then is still hashed and matched before its process is ended.
        video_cpu_seconds=settings.decoding.cpu_seconds * 3 / 4,
    )


def orphan_age(settings: Settings) -> timedelta | None:
    """Return how old sealed bytes without a record must be to go; None: they stay."""
    days = settings.storage.orphan_days
    return timedelta(days=days) if days else None


def exposure_limits(settings: Settings) -> ExposureLimits:
    """Return what a person may see in a day."""
    told = settings.exposure
    return ExposureLimits(
        told.soft_points,
        told.hard_points,
        told.day_begins,
        timedelta(minutes=told.stretch_minutes),
        timedelta(minutes=told.pause_minutes),
        told.smallest_group,
    )


def mix_of(settings: Settings) -> Mix:
    """Return how often a case is a golden check."""
    return Mix(
        settings.golden.share,
        settings.golden.seed,
        timedelta(hours=settings.alarms.queue_age_hours),
        settings.exposure.smallest_group,
    )


def thresholds_of(settings: Settings) -> Thresholds:
    """Return when something is alarmed about."""
    told = settings.alarms
    return Thresholds(
        list_age=timedelta(hours=told.list_age_hours),
        queue_age=timedelta(hours=told.queue_age_hours),
        silence=timedelta(minutes=told.silence_minutes),
        silence_factor=told.silence_factor,
        undecodable_share=told.undecodable_share,
        duty_age=timedelta(minutes=told.duty_age_minutes),
        worker_silence=timedelta(minutes=told.worker_silence_minutes),
        witness_age=timedelta(hours=told.witness_age_hours),
        disk_free=told.disk_free,
    )


def site_of(settings: Settings) -> Site:
    """Return what passkeys are bound to."""
    parts = urlsplit(settings.address)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def two_people(settings: Settings) -> Policy:
    """Return which acts need a second person."""
    return Policy(frozenset(settings.two_people.verbs), timedelta(hours=settings.two_people.hours))


def reporter_of(settings: Settings) -> ReporterFacts:
    """Return who refers."""
    return ReporterFacts(**settings.reporter.model_dump())


def provider_of(settings: Settings) -> Provider:
    """Return who the operator is before the law."""
    return Provider(**settings.provider.model_dump())


def book_of(settings: Settings) -> Book:
    """Return the obligations in force. Raises `SettingsInvalid` for an unknown one."""
    changes = {name: Change(**one.model_dump()) for name, one in settings.obligations.items()}
    return (
        shipped()
        .changed(changes)
        .joined(
            Recipient(
                name,
                one.name,
                one.country,
                one.filed_by,
                one.emergency,
                "the settings",
                datetime.now(UTC).date(),
                Sureness.A,
            )
            for name, one in settings.hotlines.items()
        )
    )
