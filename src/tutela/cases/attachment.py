"""An attachment: a file that belongs to a case without being what it is about.

A chat, an account record, a log: sealed like everything else, and referred as supplemental.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.hashing.digests import digests
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.vault import Vault

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("evidence_id", Id, nullable=False),
    sa.Column("name", sa.String(2056)),
    sa.Column("about", sa.String(1000)),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("md5", sa.String(32), nullable=False),
    sa.Column("sha1", sa.String(40), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.UniqueConstraint("case_id", "sha256"),
)


class AttachmentKind(StrEnum):
    """What an attachment is. Some authorities ask for identity documents apart."""

    CHAT = "chat"
    ACCOUNT_RECORD = "account_record"
    IDENTITY_DOCUMENT = "identity_document"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment on record. `size` in bytes, digests in lower-case hex."""

    id: str
    case_id: str
    evidence_id: str
    name: str | None
    about: str | None
    kind: AttachmentKind
    size: int
    md5: str
    sha1: str
    sha256: str
    added_at: datetime


def attach(
    audit: AuditLog,
    vault: Vault,
    actor: Actor,
    case_id: str,
    data: bytes,
    name: str | None = None,
    about: str | None = None,
    kind: AttachmentKind = AttachmentKind.OTHER,
    after: Callable[[Change, str], None] = lambda _change, _case: None,
) -> Attachment:
    """Seal a file and put it with a case; the same bytes once. Raises `NotFound`.

    `after` acts on the case in the same change.
    """
    made = digests((data,))
    with audit.database.reading() as connection:
        cases_on_record.load(connection, case_id)
        same = [one for one in of_case(connection, case_id) if one.sha256 == made.sha256]
    if same:
        return same[0]
    sealed = vault.seal(data)
    with audit.change(actor) as change:
        attachment = Attachment(
            new_id("att", change.now),
            case_id,
            sealed.id,
            name,
            about,
            kind,
            len(data),
            made.md5,
            made.sha1,
            made.sha256,
            change.now,
        )
        vault.keep(change, sealed, attachment.id)
        change.connection.execute(attachments.insert().values(**asdict(attachment)))
        change.record(Action.CASE_ATTACHED, case_id, attachment=attachment.id)
        after(change, case_id)
    return attachment


def of_case(connection: sa.Connection, case_id: str) -> list[Attachment]:
    """Return a case's attachments, oldest first."""
    query = (
        sa.select(attachments)
        .where(attachments.c.case_id == case_id)
        .order_by(attachments.c.added_at, attachments.c.id)
    )
    return [
        Attachment(**{**row._mapping, "kind": AttachmentKind(row.kind)})
        for row in connection.execute(query)
    ]
