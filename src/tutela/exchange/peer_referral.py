"""A referral from one Tutela to another, or to any hotline that reads JSON: document and signature.

The document carries the whole draft, so that the receiver knows what the sender knew; files go
beside it, sealed to the receiver's key. docs/reference/peer-referral.md is its description and
peer-referral.schema.json its JSON Schema.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from tutela.content.person import STATED
from tutela.errors import InvalidInput
from tutela.exchange import dsse
from tutela.exchange.plain_form import paths
from tutela.referrals.draft import ReferralDraft
from tutela.referrals.priority import Tier, priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tutela.referrals.referral import Referral

TYPE = "application/vnd.tutela.referral.v1+json"
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=255)]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file beside the document: where, its size and digest in plain, and its wrapped key.

    `sealed_as`: the name its bytes are bound to. `wrapped_key`: base64, to the receiver's key.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    path: Annotated[str, Field(pattern=r"^files/[0-9]{3,}\.sealed$")]
    sealed_as: _Name
    size: Annotated[int, Field(ge=0)]
    sha256: _Digest
    key: _Name
    wrapped_key: _Name


@dataclass(frozen=True, slots=True)
class PeerReferral:
    """The document. `id` is the sender's for the referral: the same id again is the same one.

    `files` stand in the order of `referral.files`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    format: Literal["tutela-referral/1"]
    id: _Name
    sender: _Name
    organisation: str
    receiver: _Name
    made_at: datetime
    tier: Tier
    reasons: tuple[str, ...]
    referral: ReferralDraft
    files: tuple[SealedFile, ...]


FORM = TypeAdapter(PeerReferral)


def document(
    referral: Referral, sender: str, receiver: str, made_at: datetime, files: Sequence[SealedFile]
) -> PeerReferral:
    """Return the document of a referral."""
    assessed = priority(referral.draft)
    return PeerReferral(
        "tutela-referral/1",
        referral.id,
        sender,
        referral.draft.reporter.company,
        receiver,
        made_at,
        assessed.tier,
        assessed.reasons,
        referral.draft,
        tuple(files),
    )


def signed(told: PeerReferral, seed: bytes) -> bytes:
    """Return the document in its signed envelope."""
    return dsse.sign(TYPE, FORM.dump_json(told), seed)


def read(envelope: bytes, receiver: str, trusted: Mapping[str, bytes]) -> PeerReferral:
    """Return a document that is for us and that its sender signed.

    1. A trusted key signed it (DSSE). `trusted`: public keys by their senders' names.
    2. It has the form, with no member that we do not know.
    3. The key's owner is who it says has sent it: no one speaks for another.
    4. It is addressed to us: a letter to somebody else is not taken in.
    5. It has a sealed file for each file that it speaks of.
    Raises `Tampered`, `InvalidInput`.
    """
    owner, payload = dsse.opened(envelope, TYPE, trusted)
    try:
        told = FORM.validate_json(payload)
    except ValidationError as problem:
        named = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in problem.errors(include_input=False, include_url=False)[:5]
        )
        raise InvalidInput(
            f"The referral does not have the form: {named}.",
            "Compare it with docs/reference/peer-referral.schema.json.",
        ) from problem
    # A part that is read tolerantly from our own rows is read strictly from others.
    if unknown := sorted(set(paths(json.loads(payload))) - set(paths(_dumped(told)))):
        raise InvalidInput(
            f"The referral has members that this version does not know: {', '.join(unknown[:5])}.",
            "Bring Tutela to the sender's version, or ask the sender for an earlier form.",
        )
    if told.sender != owner:
        raise InvalidInput(
            "The referral names another sender than the key's owner.", "Ask the key's owner."
        )
    if told.receiver != receiver:
        raise InvalidInput(
            "The referral is addressed to somebody else.", "Send it back to its sender."
        )
    if len(told.files) != len(told.referral.files):
        raise InvalidInput("Files are missing from the referral.", "Ask the sender for the whole.")
    return told


def _dumped(told: PeerReferral) -> Any:
    return FORM.dump_python(told, mode="json")
