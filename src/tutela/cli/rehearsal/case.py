"""The case that is rehearsed with: one benign picture, drawn here, and an account of nobody."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from tutela.audit.entry import Actor
from tutela.content.account import AccountFacts
from tutela.content.notice import Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.bootstrap import Platform
    from tutela.referrals.referral import Referral

HOST = Actor("machine", "rehearsal")
_NOTE = "REHEARSAL: a picture drawn by a program. No child, no offence, no person."


def refer(platform: Platform, person: Actor, name: str, now: datetime) -> tuple[Referral, ...]:
    """Take the picture in as noticed, decide it, and return the referrals that are drafted."""
    account = AccountFacts(
        id="tutela-rehearsal",
        screen_name="REHEARSAL",
        email="rehearsal@example.org",
        ip="192.0.2.1",
        ip_at=now,
        port=4711,
        note=_NOTE,
    )
    told = Submission(
        _picture(name),
        f"rehearsal-{name}",
        account,
        place_url=f"https://rehearsal.example/{name}",
        uploaded_at=now,
        original_name=f"rehearsal-{name}.png",
        surroundings=Surroundings(
            public=False, notice=Notice(Harm.DEPICTION, Notifier.MODERATOR, reason=_NOTE)
        ),
    )
    case_id = platform.intake.submit(HOST, told).case_id or ""
    lease = platform.queue.claim(person, case_id)
    finding = Finding(Outcome.ABUSIVE, Grounds.CONTEXT, note=_NOTE)
    platform.casework.decide(person, case_id, lease.token, 1, finding)
    return platform.register.for_case(case_id)


def _picture(name: str) -> bytes:
    picture = Image.new("RGB", (320, 240), "white")
    pen = ImageDraw.Draw(picture)
    for place, letter in enumerate(name.encode()):
        at = (place * 37 % 300, letter * 11 % 220)
        pen.ellipse((*at, at[0] + 20 + letter % 30, at[1] + 20), fill=(letter, 90, 200 - letter))
    pen.text((20, 210), f"Tutela rehearsal: {name}", fill="black")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
