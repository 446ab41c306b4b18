"""Items and cases put on record the way intake does, for tests of what comes after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutela.audit.entry import Action, Actor
from tutela.cases import case as cases_on_record
from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.content.item import HoldState, Item, ItemMatch, PictureFacts
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.audit.log import AuditLog

HOST = Actor("machine", "acc_host")
ANNA = Actor("person", "acc_anna")
BORIS = Actor("person", "acc_boris")
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
FAR = "0f070f311f0b57b0f9c8f5ddfc709c0f4c91d12a699de1e2cc194c63b16364dd"


def near_pdq(bits: int, of: str = PDQ) -> str:
    """Return a hash `bits` bits away."""
    return f"{int(of, 16) ^ ((1 << bits) - 1):064x}"


def match(entry: str = "e1", distance: int = 0, algorithm: str = "sha256") -> ItemMatch:
    via = "pdq" if algorithm == "pdq" else "exact"
    return ItemMatch("known", entry, algorithm, distance, via, ("benign",))


def make_item(
    now: datetime,
    *,
    account: str = "account-1",
    matches: tuple[ItemMatch, ...] = (match(),),
    pdq: str | None = PDQ,
    quality: int = 100,
    reason: str | None = None,
    sha256: str | None = None,
    evidence_id: str | None = None,
) -> Item:
    identity = new_id("itm", now)
    pictures = () if pdq is None else (PictureFacts(0, "upright", pdq, quality, 640, 480),)
    return Item(
        id=identity,
        external_id=f"post-{identity[-6:]}",
        account=AccountFacts(id=account, screen_name="benign", ip="192.0.2.7", port=4711),
        place_url="https://host.example/p/1",
        uploaded_at=now,
        original_name="picture.jpg",
        media_type="image/jpeg",
        size=1000,
        md5="0" * 32,
        sha1="0" * 40,
        sha256=sha256 or identity[-26:].lower().ljust(64, "0"),
        pictures=pictures,
        verdict="match" if matches else "unscreened",
        reason=reason,
        hold=HoldState.HELD,
        evidence_id=evidence_id,
        case_id=None,
        received_at=now,
        matches=matches,
    )


def put(audit: AuditLog, item: Item) -> Item:
    """Put an item on record with its case."""
    with audit.change(HOST) as change:
        filed = replace(item, case_id=cases_on_record.file_item(change, item))
        items_on_record.insert(change.connection, filed)
        change.record(Action.ITEM_SCREENED, item.id, verdict=item.verdict)
    return filed
