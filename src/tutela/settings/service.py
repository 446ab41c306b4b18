"""How a running service behaves: rates, duties, alarms, mail."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from tutela.settings.part import Part


class Rates(Part):
    """How often callers may come, counted by each serving process. Beyond it: 429."""

    uploads_a_second: float = Field(
        default=100, ge=0, description="Uploads of one token in the long run; 0: no limit."
    )
    uploads_burst: int = Field(default=500, ge=1, description="Uploads at once after a pause.")
    uploads_at_once: int = Field(
        default=64, ge=1, description="Uploads of one token that are under way at a time."
    )
    calls_a_second: float = Field(
        default=50, ge=0, description="Other calls of one token in the long run; 0: no limit."
    )
    calls_burst: int = Field(default=500, ge=1, description="Other calls at once after a pause.")
    strangers_a_minute: int = Field(
        default=60, ge=0, description="Refused tokens from one address; 0: no limit."
    )
    sign_ins_a_minute: int = Field(
        default=30, ge=0, description="Sign-ins tried from one address; 0: no limit."
    )
    connections_each: int = Field(
        default=500,
        ge=0,
        description="Connections that one address may hold at once, but those in trusted_proxies; "
        "0: no limit.",
    )
    callers: int = Field(default=10_000, ge=100, description="Callers kept in mind at a time.")
    body_seconds: float = Field(
        default=300, gt=0, description="How long a request's body may take to arrive."
    )


class Duties(Part):
    """What is owed to the outside."""

    lease_seconds: float = Field(
        default=120, gt=0, description="A worker silent for so long loses its duty to another."
    )
    workers: int = Field(
        default=2, ge=1, le=64, description="Workers beside the one for what is urgent alone."
    )


class Mail(Part):
    """The mail server and the people who are told of alarms."""

    host: str = Field(description="The mail server.")
    port: int = Field(default=587, gt=0, le=65535, description="Its port.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls", description="tls, starttls, or none: only to this same machine."
    )
    username: str = Field(default="", description="The account there; empty: no sign-in.")
    password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    sender: str = Field(description="The address mail is sent from.")
    to: tuple[str, ...] = Field(min_length=1, description="The addresses it goes to.")
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust; none: those of the machine."
    )


class Alarms(Part):
    """When something is alarmed about, and who is told (docs/reference/alarms.md)."""

    list_age_hours: float = Field(default=48, gt=0, description="A list is older than this.")
    queue_age_hours: float = Field(default=24, gt=0, description="A case waits longer than this.")
    silence_minutes: float = Field(
        default=60, gt=0, description="No upload for so long, at the least."
    )
    silence_factor: float = Field(
        default=10, ge=1, description="And for so many times the usual gap between uploads."
    )
    undecodable_share: float = Field(
        default=0.2, gt=0, le=1, description="More than this share of the newest 200 uploads."
    )
    duty_age_minutes: float = Field(default=30, gt=0, description="Something owed is this late.")
    worker_silence_minutes: float = Field(
        default=15, gt=0, description="No worker of a lane was alive for so long."
    )
    witness_age_hours: float = Field(
        default=24, gt=0, description="A witness has not signed for so long."
    )
    disk_free: float = Field(
        default=0.1, ge=0, lt=1, description="Less than this share of a disk is free."
    )
    remind_hours: float = Field(
        default=24, gt=0, description="Tell again of what nobody has acknowledged."
    )
    pause_minutes: float = Field(
        default=15, ge=0, description="Least time between two messages on one channel."
    )
    webhook_url: str | None = Field(
        default=None, description="Where signed messages about alarms go."
    )
    pulse_url: str | None = Field(
        default=None,
        description="Posted to once a minute as a sign of life; who answers there calls people "
        "when it stays away.",
    )
