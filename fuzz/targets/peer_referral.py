"""Referrals of peers: signed by a trusted key and hostile all the same; and hostile envelopes."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from nacl.signing import SigningKey
from tests.unit.exchange import fullest

from fuzz.keyring import PAIR, held
from fuzz.target import scratch
from tutela.errors import InvalidInput, Refused, Tampered
from tutela.evidence import sealing
from tutela.exchange import dsse, hotline_bag, peer_referral
from tutela.exchange.peer_referral import FORM, PeerReferral, SealedFile
from tutela.referrals.priority import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = bytes(range(32))
_TRUSTED = {"us": SigningKey(_SEED).verify_key.encode()}
_HELD = held()
_PLAIN, _KEY = b"benign", bytes(range(32))


def _told() -> PeerReferral:
    wrapped = base64.b64encode(PAIR.sealing.wrap(_KEY)).decode()
    one = SealedFile("files/001.sealed", "ref/1", len(_PLAIN), "0" * 64, PAIR.sealing.id, wrapped)
    draft = fullest.DRAFT
    draft = replace(draft, files=draft.files[:1])
    return PeerReferral(
        "tutela-referral/1", "ref", "us", "Us", "you", fullest.AT, Tier.STANDARD, (), draft, (one,)
    )


def seeds() -> Iterator[bytes]:
    """Write the fullest referral, and a signed envelope."""
    told = FORM.dump_json(_told())
    yield told
    yield peer_referral.signed(_told(), _SEED)
    yield b"[" * 5000


def run(data: bytes) -> None:
    """Read it as a signed document in a bag, and as an envelope."""
    with contextlib.suppress(InvalidInput, Tampered):
        peer_referral.read(data, "you", _TRUSTED)
    folder = scratch() / "bag"
    (folder / "data" / "files").mkdir(parents=True, exist_ok=True)
    sealed = sealing.seal(_PLAIN, _KEY, b"ref/1")
    (folder / "data" / "files" / "001.sealed").write_bytes(sealed)
    signed = dsse.sign(peer_referral.TYPE, data, _SEED)
    (folder / "data" / hotline_bag.DOCUMENT).write_bytes(signed)
    with contextlib.suppress(InvalidInput, Tampered, Refused):
        hotline_bag.check(folder, "you", _TRUSTED, _HELD)
