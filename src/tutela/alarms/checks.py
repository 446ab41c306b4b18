"""What is wrong now: pure functions over facts, thresholds and the time. Silence is found here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tutela.alarms.alarm import Finding, Kind
from tutela.cases.availability import TOLD, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When something is too old, too slow or too full."""

    list_age: timedelta = timedelta(hours=48)
    queue_age: timedelta = timedelta(hours=24)
    silence: timedelta = timedelta(hours=1)
    """Shortest time without an upload that can alarm."""
    silence_factor: float = 10.0
    """So many times the usual gap between uploads."""
    undecodable_share: float = 0.2
    undecodable_least: int = 20
    """So many among the newest uploads, before the share counts."""
    duty_age: timedelta = timedelta(minutes=30)
    worker_silence: timedelta = timedelta(minutes=15)
    witness_age: timedelta = timedelta(hours=24)
    disk_free: float = 0.1


@dataclass(frozen=True, slots=True)
class Aged:
    """Something by its identifier, and since when. `name`: as people call it."""

    id: str
    since: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A referral that is not filed, and its instants."""

    id: str
    warn_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found when looking. `usual_gap`: between the newest uploads, None: too few."""

    lists: tuple[Aged, ...] = ()
    last_upload: datetime | None = None
    usual_gap: timedelta | None = None
    newest: int = 0
    undecodable: int = 0
    oldest_case: Aged | None = None
    unavailable: dict[Trouble, int] = field(default_factory=dict)
    """Files of open cases that cannot be shown, by what the trouble is."""
    clocks: tuple[Clock, ...] = ()
    stuck_referrals: tuple[str, ...] = ()
    refused_orders: tuple[str, ...] = ()
    late_duties: int = 0
    oldest_duty: datetime | None = None
    workers: tuple[Aged, ...] = ()
    witnesses: tuple[Aged, ...] = ()
    disputes: tuple[Aged, ...] = ()
    disk_free: dict[str, float] = field(default_factory=dict)
    """Free share of each place by its name."""
    confined: bool = True


def standing(facts: Facts, limits: Thresholds, now: datetime) -> tuple[Finding, ...]:
    """Return everything that is wrong now."""
    return (
        *_uploads(facts, limits, now),
        *_lists(facts, limits, now),
        *_people(facts, limits, now),
        *_owed(facts, limits, now),
        *_record(facts, limits, now),
        *_machine(facts, limits),
    )


def _uploads(facts: Facts, limits: Thresholds, now: datetime) -> Iterator[Finding]:
    if facts.last_upload is not None and facts.usual_gap is not None:
        allowed = max(limits.silence, facts.usual_gap * limits.silence_factor)
        silent = now - facts.last_upload
        if silent > allowed:
            usual = _long(facts.usual_gap)
            told = f"No upload has come for {_long(silent)}; usual is one every {usual}."
            yield Finding(Kind.SCREENING_STOPPED, "", told)
    if (
        facts.undecodable >= limits.undecodable_least
        and facts.undecodable > limits.undecodable_share * facts.newest
    ):
        told = f"Of the newest {facts.newest} uploads {facts.undecodable} could not be decoded."
        yield Finding(Kind.DECODING_FAILS, "", told)
    if not facts.confined:
        yield Finding(
            Kind.DECODING_UNCONFINED,
            "",
            "Uploads are decoded without confinement, as was asked for.",
        )


def _lists(facts: Facts, limits: Thresholds, now: datetime) -> Iterator[Finding]:
    for one in facts.lists:
        if now - one.since > limits.list_age:
            told = f"The list {one.name} was last updated {_long(now - one.since)} ago."
            yield Finding(Kind.LIST_OLD, one.id, told)


def _people(facts: Facts, limits: Thresholds, now: datetime) -> Iterator[Finding]:
    oldest = facts.oldest_case
    if oldest is not None and now - oldest.since > limits.queue_age:
        told = f"The oldest case has waited {_long(now - oldest.since)} for a decision."
        yield Finding(Kind.QUEUE_OLD, "", told)
    for trouble, number in sorted(facts.unavailable.items()):
        files = "1 file of an open case" if number == 1 else f"{number} files of open cases"
        told = f"Of {files}: {TOLD[trouble]}."
        yield Finding(Kind.EVIDENCE_UNAVAILABLE, trouble.value, told)
    for clock in facts.clocks:
        if clock.due_at <= now:
            yield Finding(
                Kind.CLOCK_MISSED, clock.id, f"It was due {_long(now - clock.due_at)} ago."
            )
        elif clock.warn_at <= now:
            yield Finding(
                Kind.CLOCK_AT_RISK, clock.id, f"It is due at {clock.due_at:%Y-%m-%d %H:%M} UTC."
            )
    for identity in facts.stuck_referrals:
        yield Finding(Kind.REFERRAL_STUCK, identity, "The authority refused a call.")


def _owed(facts: Facts, limits: Thresholds, now: datetime) -> Iterator[Finding]:
    for identity in facts.refused_orders:
        yield Finding(Kind.HOST_REFUSED, identity, "The host platform will not carry it out.")
    if facts.oldest_duty is not None and now - facts.oldest_duty > limits.duty_age:
        told = (
            f"{facts.late_duties} duties are late, the oldest by {_long(now - facts.oldest_duty)}."
        )
        yield Finding(Kind.DUTIES_STUCK, "", told)
    for one in facts.workers:
        if now - one.since > limits.worker_silence:
            told = f"The worker for {one.name} was last alive {_long(now - one.since)} ago."
            yield Finding(Kind.WORKER_SILENT, one.id, told)


def _record(facts: Facts, limits: Thresholds, now: datetime) -> Iterator[Finding]:
    for one in facts.witnesses:
        if now - one.since > limits.witness_age:
            told = f"The witness {one.name} last signed {_long(now - one.since)} ago."
            yield Finding(Kind.WITNESS_SILENT, one.id, told)
    for one in facts.disputes:
        yield Finding(Kind.WITNESS_DISPUTES, one.id, one.name)


def _machine(facts: Facts, limits: Thresholds) -> Iterator[Finding]:
    for place, free in sorted(facts.disk_free.items()):
        if free < limits.disk_free:
            yield Finding(Kind.DISK_FULL, place, f"{free:.0%} of the disk of the {place} is free.")


def _long(span: timedelta) -> str:
    """Return a length of time in the largest unit that says it."""
    seconds = int(span.total_seconds())
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
