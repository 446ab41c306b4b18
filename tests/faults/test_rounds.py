"""A few rounds end without a violation; and the books tell what is wrong with them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.conftest import missing
from tests.faults import books, rounds
from tests.faults.load import Said
from tests.postgres import server_binaries

from tutela.content.holds import host_orders
from tutela.content.item import items
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from tests.faults.rig import Rig

_SEED = 7


@pytest.mark.parametrize("scaled", [False, pytest.param(True, marks=pytest.mark.postgres)])
def test_a_few_rounds(scaled: bool) -> None:
    binaries = server_binaries() if scaled else None
    if scaled and binaries is None:
        missing("a PostgreSQL server")
    said: list[str] = []
    with rounds.rig(postgres=binaries, bucket=scaled) as rig:
        account = rounds.run(rig, "a test", _SEED, 2, 2, said.append)
        assert account.violations == [], rig.last_words()
        assert account.struck.total() >= 2
        assert account.uploads and account.referrals
        assert str(account.uploads) in account.table().markdown()
        if not scaled:
            _books_tell(rig)


def _books_tell(rig: Rig) -> None:
    """Do harm to each book in turn."""
    (rig.temporary / "spooled").write_bytes(rig.uploads.one(random.Random(1)).data)
    segment = next((rig.home / "index" / "pdq").glob("segment-*"))
    with segment.open("r+b") as file:
        file.seek(segment.stat().st_size - 5000)
        file.write(b"\xff" * 16)
    with rig.platform() as platform, platform.database.bookkeeping() as connection:
        held = items.c.verdict == "match"
        connection.execute(items.update().where(held).values(verdict="clean"))
        connection.execute(
            host_orders.update().where(host_orders.c.verb == "remove").values(refused="no")
        )
        filed = connection.scalar(sa.select(referrals.c.id).where(referrals.c.state == "filed"))
        connection.execute(
            referrals.update().where(referrals.c.id == filed).values(number="100000000000")
        )
    lines = "\n".join(books.violations(rig, _all_listed(rig), opened=set()))
    for told in (
        "plain bytes in",
        "the index is in use, and damaged",
        "was called clean",
        "was given up",
        "is a receipt here, and not finished",
        "no referral knows it",
        "the host platform has lost post none",
    ):
        assert told in lines, told


def _all_listed(rig: Rig) -> Said:
    said = Said(accepted={one["id"]: "listed" for one in rig.host.books()["posts"]})
    said.accepted["none"] = "clean"
    return said
