"""A referral that a person files: a bag with the form's fields, the files and a checklist.

For authorities with a portal, a post-box or a duty desk. What leaves here is plain: the folder is
for its owner alone, making it is recorded, and the checklist ends with destroying it.
"""

from __future__ import annotations

import json
import mimetypes
from typing import TYPE_CHECKING, Any

from tutela.audit.entry import Action
from tutela.evidence.vault import Purpose
from tutela.exchange.bag import Bag
from tutela.exchange.plain_form import DECLARATION, form
from tutela.referrals.priority import Tier, priority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.evidence.vault import Vault
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.obligations.obligation import Recipient
    from tutela.referrals.referral import Referral

NCA = "nca"
_WIDTH = 100


def export(
    audit: AuditLog,
    vault: Vault,
    actor: Actor,
    referral: Referral,
    recipient: Recipient | None,
    folder: Path,
) -> None:
    """Write the bag of a referral into a new folder, and record it.

    Raises `InvalidInput` when the folder exists, and as `Vault.open_parts`.
    """
    bag = Bag(folder)
    audit.note(actor, Action.REFERRAL_EXPORTED, referral.id, files=len(referral.draft.files))
    told = form(referral, {}, _provider(referral))
    names = [_name(place, one) for place, one in enumerate(referral.draft.files)]
    bag.put("referral.json", (json.dumps(told, indent=2, ensure_ascii=False).encode(), b"\n"))
    bag.put("form.txt", (_form(told).encode(),))
    bag.put("checklist.txt", (_checklist(referral, recipient, names).encode(),))
    for name, one in zip(names, referral.draft.files, strict=True):
        bag.put(name, vault.open_parts(actor, one.evidence_id, Purpose.REFERRAL).parts)
    bag.seal(
        {
            "Source-Organization": referral.draft.reporter.company or "not stated",
            "External-Identifier": referral.id,
            "External-Description": f"Referral to {_called(referral, recipient)}",
            "Bagging-Date": audit.clock().date().isoformat(),
        }
    )


def _provider(referral: Referral) -> dict[str, Any]:
    return {"name": referral.draft.reporter.company, "service": referral.draft.reporter.service}


def _name(place: int, one: FileStatement) -> str:
    """Name a file by its place and kind: an uploader's name is no path of ours."""
    ending = mimetypes.guess_extension(one.media_type or "") or ".bin"
    return f"files/{place + 1:03}{ending}"


def _form(told: dict[str, Any]) -> str:
    """Return the form as lines to copy from, one field each."""
    return "".join(f"{line}\n" for line in _lines(told, ""))


def _lines(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _lines(one, f"{at} > {name}" if at else name)
    elif isinstance(value, list):
        for place, one in enumerate(value, 1):
            yield from _lines(one, f"{at} {place}")
    else:
        said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        yield f"{at.replace('_', ' ')}: {' '.join(str(said).split())}"


def _checklist(referral: Referral, recipient: Recipient | None, names: list[str]) -> str:
    draft, clock = referral.draft, referral.deadline
    assessed = priority(draft)
    way = recipient.filed_by if recipient else "the way agreed with the authority"
    due = clock.due_at.isoformat(sep=" ", timespec="minutes")
    said = [f"Referral {referral.id} to {_called(referral, recipient)}", ""]
    if assessed.tier is Tier.URGENT and recipient is not None:
        said += [f"URGENT: telephone first. {recipient.emergency}", ""]
    said += [f"Due: {due}. Priority: {assessed.tier}."]
    said += [f"  because: {reason}" for reason in assessed.reasons]
    said += [
        "",
        "Why it is owed:",
        *(f"  {one.obligation} ({one.section}): {' '.join(one.why)}" for one in draft.bases),
        *(["  no law in the book asks for it; policy does"] if not draft.bases else []),
        "",
        "[ ] You are the person whom the authority has authorised to file.",
        f"[ ] Filed by: {way}.",
        "[ ] Every field of data/form.txt that the form asks for is copied.",
        *(
            f"[ ] data/{name} is uploaded ({_digest(one)})."
            for name, one in zip(names, draft.files, strict=True)
        ),
        f"[ ] Declared: {DECLARATION}",
        "[ ] The receipt number is written down, and given to Tutela:",
        f"      tutela referrals submitted {referral.id} RECEIPT",
        "[ ] This folder is destroyed. Tutela keeps its own sealed copy.",
        "",
    ]
    return "\n".join(said)


def _called(referral: Referral, recipient: Recipient | None) -> str:
    return recipient.name if recipient else referral.authority


def _digest(one: FileStatement) -> str:
    return f"SHA-256 {dict(one.hashes)['SHA256']}"
