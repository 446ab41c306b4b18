"""A vault with benign drawn pictures in it, for tests of looking."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.casework import ANNA, make_item, put

from tutela.evidence import keys
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.vault import Vault
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item


def drawn(width: int = 900, height: int = 600) -> bytes:
    out = io.BytesIO()
    picture = Image.radial_gradient("L").resize((width, height))
    Image.merge("RGB", (picture, picture.rotate(90), picture.rotate(180))).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def vault(audit: AuditLog, tmp_path: Path) -> Vault:
    key = keys.create(tmp_path / "evidence.pub", tmp_path / "evidence.key")
    return Vault(audit, Objects(tmp_path / "objects"), key.sealing, HeldKeys(key))


def filed(audit: AuditLog, vault: Vault, clock: FixedClock, data: bytes) -> Item:
    sealed = vault.seal(data)
    item = make_item(clock(), evidence_id=sealed.id)
    with audit.change(ANNA) as change:
        vault.keep(change, sealed, item.id)
    return put(audit, item)
