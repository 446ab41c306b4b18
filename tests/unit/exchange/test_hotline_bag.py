"""A referral for a hotline: signed, sealed to its key, and proven by who receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bagit
import pytest
from nacl.signing import SigningKey
from tests.approved_referral import Desk
from tests.casework import ANNA
from tests.instance import LISTED
from tests.simulators.process import SimulatedCyberTipline

from tutela.errors import InvalidInput, Refused, Tampered
from tutela.evidence import keys
from tutela.evidence.key_service import HeldKeys
from tutela.exchange import hotline_bag
from tutela.exchange.hotline_bag import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform
    from tutela.evidence.keys import OpeningKey

SENDER = Sender("platform.example", bytes(range(32)))
TRUSTED = {"platform.example": SigningKey(SENDER.seed).verify_key.encode()}


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[SimulatedCyberTipline]:
    with SimulatedCyberTipline(tmp_path) as running:
        yield running


@pytest.fixture
def hotline(tmp_path: Path) -> OpeningKey:
    return keys.create(tmp_path / "hotline.pub", tmp_path / "hotline.key")


@pytest.fixture
def bag(
    platform: Platform, authority: SimulatedCyberTipline, hotline: OpeningKey, tmp_path: Path
) -> Path:
    referral = platform.register.load(Desk(platform, authority).id)
    parts = (platform.audit, platform.vault, ANNA, referral, "hotline.example", hotline.sealing)
    hotline_bag.export(*parts, SENDER, tmp_path / "bag")
    return tmp_path / "bag"


def test_the_hotline_proves_and_opens_it(bag: Path, hotline: OpeningKey) -> None:
    bagit.Bag(str(bag)).validate()
    told = hotline_bag.check(bag, "hotline.example", TRUSTED, HeldKeys(hotline))
    assert told.referral.files[0].viewed is False
    assert [one.size for one in told.files] == [len(LISTED)]
    (sealed,) = (bag / "data" / "files").iterdir()
    assert LISTED[:64] not in sealed.read_bytes()


def test_what_was_spoilt_on_the_way_is_found(
    bag: Path, hotline: OpeningKey, tmp_path: Path
) -> None:
    (sealed,) = (bag / "data" / "files").iterdir()
    whole = sealed.read_bytes()
    for spoilt in (whole[:-1], whole + b"x", whole[:100] + b"x" + whole[101:]):
        sealed.write_bytes(spoilt)
        with pytest.raises(Tampered):
            hotline_bag.check(bag, "hotline.example", TRUSTED, HeldKeys(hotline))
    sealed.unlink()
    with pytest.raises(InvalidInput):
        hotline_bag.check(bag, "hotline.example", TRUSTED, HeldKeys(hotline))
    with pytest.raises(InvalidInput):
        hotline_bag.check(tmp_path, "hotline.example", TRUSTED, HeldKeys(hotline))


def test_another_key_opens_nothing(bag: Path, tmp_path: Path) -> None:
    stranger = keys.create(tmp_path / "other.pub", tmp_path / "other.key")
    with pytest.raises(Refused):
        hotline_bag.check(bag, "hotline.example", TRUSTED, HeldKeys(stranger))
