"""The drills: what is tried in a rehearsal, and whether each ended as it must."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tutela.cli.rehearsal.case import refer
from tutela.errors import InvalidInput, TutelaError
from tutela.exchange import by_hand
from tutela.exchange.cybertipline import CyberTipline
from tutela.referrals.completeness import completeness
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.cli.rehearsal.stage import Stage
    from tutela.referrals.referral import Referral

NCMEC = "ncmec"
_SETTLED = frozenset({State.FILED, State.BY_HAND, State.ALARMED, State.WITHDRAWN})
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Drill:
    """One thing that was tried: with whom, what came of it, and whether that is right."""

    authority: str
    tried: str
    ended: str
    right: bool


def drills(stage: Stage, folder: Path) -> Iterator[Drill]:
    """Yield each drill as it ends."""
    made = refer(stage.platform, stage.person, "first", datetime.now(UTC))
    if not made:
        yield Drill(
            "none", "what is owed", "nothing: no law and no policy asks for it", right=False
        )
    for referral in made:
        if referral.authority == NCMEC:
            yield from _schema(stage, referral)
        yield _sent(stage, referral, "a benign case, start to end", folder)
    if stage.simulated and any(one.authority == NCMEC for one in made):
        yield from _troubles(stage, folder)
    checks = [
        check
        for referral in made
        for check in stage.platform.verification.verify(stage.person, referral.id)
    ]
    unsound = [one.step for one in checks if not one.sound]
    said = f"{len(checks)} checks" if not unsound else f"not proven: {', '.join(unsound)}"
    yield Drill("all", "proving it from the record", said, right=not unsound)


def _schema(stage: Stage, referral: Referral) -> Iterator[Drill]:
    """Fetch the schema in force and hold our report against it before anything is sent."""
    authority = stage.platform.settings.authority
    there = CyberTipline(
        authority.url or "",
        authority.username,
        authority.password.get_secret_value(),
        stage.platform.settings.exchange.private_networks,
    )
    try:
        faults = stage.platform.answers.faults(there.schema(), there.opening(referral))
    except TutelaError as problem:
        faults = str(problem)
    found = faults or "our report is valid"
    yield Drill(NCMEC, "its schema, fetched now", found, right=faults is None)


def _sent(stage: Stage, referral: Referral, tried: str, folder: Path) -> Drill:
    ended = _carried(stage, referral.id)
    score = completeness(ended.draft).score
    if ended.state is State.BY_HAND:
        return _by_hand(stage, ended, folder)
    said = f"{ended.state}, number {ended.receipt_number}, completeness {score}"
    if ended.problem:
        said = f"{ended.state}: {ended.problem}"
    return Drill(ended.authority, tried, said, right=ended.state is State.FILED)


def _by_hand(stage: Stage, referral: Referral, folder: Path) -> Drill:
    recipient = stage.platform.book.recipient(referral.authority)
    bag = folder / f"bag-{referral.authority}"
    platform, person = stage.platform, stage.person
    by_hand.export(platform.audit, platform.vault, person, referral, recipient, bag)
    platform.referring.submitted(person, referral.id, "REHEARSAL-1")
    ended = platform.register.load(referral.id)
    return Drill(
        referral.authority,
        "by hand: form, files and checklist",
        f"{ended.state}, number {ended.receipt_number}",
        right=ended.state is State.FILED,
    )


def _troubles(stage: Stage, folder: Path) -> Iterator[Drill]:
    """Let the simulated CyberTipline do what the real one can: one report must come of each."""
    for name, tried in (
        ("lost", "the answer to the last call is lost"),
        ("expired", "it has deleted the open report"),
        ("other", "it receives other bytes than were sent"),
        ("busy", "it fails with code 1000, once"),
    ):
        before = stage.finished()
        if name == "lost":
            stage.fault("drop_after", call="finish")
        elif name == "expired":
            stage.fault("expire", call="upload")
        elif name == "other":
            stage.fault("wrong_md5", call="upload")
        else:
            stage.fault("refuse", call="submit", code=1000)
        made = refer(stage.platform, stage.person, name, datetime.now(UTC))
        drill = next(_sent(stage, one, tried, folder) for one in made if one.authority == NCMEC)
        new = stage.finished() - before
        yield Drill(NCMEC, tried, f"{drill.ended}; reports: {new}", drill.right and new == 1)


def _carried(stage: Stage, referral_id: str) -> Referral:
    """Approve a referral and work until it is settled or patience ends."""
    platform = stage.platform
    platform.referring.approve(stage.person, referral_id)
    end = time.monotonic() + _PATIENCE
    while True:
        platform.worker.step()
        found = platform.register.load(referral_id)
        if found.state in _SETTLED:
            return found
        if time.monotonic() > end:
            raise InvalidInput(
                f"The referral is {found.state} after a minute.",
                "See the authority's address and credentials; nothing was filed for certain.",
            )
        time.sleep(0.05)
