"""The lessons: benign uploads, what is right to decide of each, and how closely one must look."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from tutela.cases.viewing import Fidelity
from tutela.cli.demo.uploads import Upload, known_list, photo
from tutela.content.decoding import DecodeLimits
from tutela.decisions.decision import Outcome
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

NEAR_BITS = 24
"""So far from a benign picture is the entry that stands for another picture: near, and wrong."""
_PDQ_BITS = 256


@dataclass(frozen=True, slots=True)
class Lesson:
    """One upload to practise on. `outcome` None: there is no right answer, so it is not scored.

    `closest`: the highest rung that somebody who decides well has to climb.
    """

    upload: Upload
    outcome: Outcome | None
    closest: Fidelity
    teaches: str


def lessons() -> tuple[Lesson, ...]:
    """Return the lessons in the order in which they are uploaded."""
    return (
        *_copies(),
        _lesson(
            _upload("account-42", "casa-mila", "webp", _webp(photo("casa-mila")), "near copy"),
            Outcome.ABUSIVE,
            Fidelity.TINY,
            "A near copy of a listed picture: a tiny grey look tells whether it is the same.",
        ),
        _lesson(
            _upload("account-23", "tea-gardens", "jpg", photo("tea-gardens"), "a wrong match"),
            Outcome.NOT_ABUSIVE,
            Fidelity.TINY,
            "Near a listed picture and another one: near is no proof, a small look is.",
        ),
        _lesson(
            _upload("account-64", "perched-osprey", "jpg", _cut(photo("perched-osprey")), "broken"),
            None,
            Fidelity.FACTS,
            "No machine can read it: what cannot be seen is not harmless for that.",
        ),
        _lesson(
            _upload(
                "account-31",
                "roman-colosseum",
                "jpg",
                photo("roman-colosseum"),
                "a user's notice",
                _notice("user", "depiction", "For practice: a user took this for something else."),
            ),
            Outcome.NOT_ABUSIVE,
            Fidelity.TINY,
            "A notice by a user, about an ordinary picture: it still gets a look, a small one.",
        ),
        _lesson(
            _upload(
                "account-08",
                "blue-periwinkle",
                "jpg",
                photo("blue-periwinkle"),
                "a trusted flagger's notice",
                _notice("trusted_flagger", "enticement", "For practice: a child may be in danger."),
            ),
            Outcome.ABUSIVE,
            Fidelity.FACTS,
            "What the notice says of a conversation counts, not the picture: danger comes first.",
        ),
    )


def listed() -> str:
    """Return the practice list as CSV: the demonstration's, and one entry that matches wrongly."""
    near = fingerprint(photo("tea-gardens"), DecodeLimits()).pictures[0]
    step = _PDQ_BITS // NEAR_BITS
    flipped = sum(1 << place * step for place in range(NEAR_BITS))
    moved = f"{int(near.pdq, 16) ^ flipped:0{_PDQ_BITS // 4}x}"
    return f"{known_list()}another-picture,,,,{moved},100,benign;practice,tutela practice\r\n"


def _copies() -> tuple[Lesson, ...]:
    """Return a listed picture by itself, and another one with smaller copies: two cases."""
    alone = _upload("account-55", "ocean-waves", "jpg", photo("ocean-waves"), "a listed picture")
    said = "A listed copy: the list's word is enough, look at nothing."
    whole = photo("canyon-wren")
    exact = _upload("account-17", "canyon-wren", "jpg", whole, "a listed picture")
    smaller = (
        _upload("account-17", f"canyon-wren-{by}", "jpg", _shrunk(whole, by), "a smaller copy")
        for by in (2, 3)
    )
    covers = "A listed copy and smaller ones: one small look at one of them, one decision for all."
    return (
        _lesson(alone, Outcome.ABUSIVE, Fidelity.FACTS, said),
        *(_lesson(one, Outcome.ABUSIVE, Fidelity.TINY, covers) for one in (exact, *smaller)),
    )


def _lesson(upload: Upload, outcome: Outcome | None, closest: Fidelity, teaches: str) -> Lesson:
    return Lesson(upload, outcome, closest, teaches)


def _upload(
    account: str,
    name: str,
    ending: str,
    data: bytes,
    tells: str,
    context: Mapping[str, Any] | None = None,
) -> Upload:
    return Upload(account, f"{name}.{ending}", data, tells, context or {})


def _notice(said_by: str, harm: str, reason: str) -> dict[str, Any]:
    return {"notice": {"said_by": said_by, "harm": harm, "reason": reason}}


def _shrunk(data: bytes, by: int) -> bytes:
    picture = Image.open(io.BytesIO(data))
    out = io.BytesIO()
    picture.resize((picture.width // by, picture.height // by)).save(out, "JPEG", quality=60)
    return out.getvalue()


def _webp(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "WEBP", quality=70)
    return out.getvalue()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]
