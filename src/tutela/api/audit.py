"""The audit log over the API: its checkpoint and its proofs. Every reading is itself recorded.

Annotations are evaluated here, not postponed: FastAPI reads them.
"""

import base64
from typing import Annotated, Any, Self

from fastapi import FastAPI, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict

from tutela.access.gate import Principal
from tutela.audit.entry import Action
from tutela.audit.prover import Consistency, Inclusion
from tutela.bootstrap import Platform

_SUBJECT = "audit"
_MOST = (1 << 63) - 1
"""The largest number that the database keeps."""

_Place = Annotated[int, Query(ge=0, le=_MOST, description="The entry's place, from 0.")]
_Size = Annotated[int, Query(ge=1, le=_MOST, description="The older tree's size.")]
_SizeOrNow = Annotated[int | None, Query(ge=1, le=_MOST, description="Of the tree; none: now.")]


class InclusionShape(BaseModel):
    """That a leaf is in the tree of `size` (RFC 9162 §2.1.3). Hashes in base64."""

    model_config = ConfigDict(frozen=True)

    index: int
    size: int
    leaf: str
    root: str
    path: tuple[str, ...]

    @classmethod
    def of(cls, shown: Inclusion) -> Self:
        """Return the shape of a proof."""
        leaf, root = _text(shown.leaf), _text(shown.root)
        path = tuple(_text(one) for one in shown.path)
        return cls(index=shown.index, size=shown.size, leaf=leaf, root=root, path=path)


class ConsistencyShape(BaseModel):
    """That the tree of `second` leaves begins with that of `first` (§2.1.4). Hashes in base64."""

    model_config = ConfigDict(frozen=True)

    first: int
    second: int
    first_root: str
    second_root: str
    path: tuple[str, ...]

    @classmethod
    def of(cls, shown: Consistency) -> Self:
        """Return the shape of a proof."""
        return cls(
            first=shown.first,
            second=shown.second,
            first_root=_text(shown.first_root),
            second_root=_text(shown.second_root),
            path=tuple(_text(one) for one in shown.path),
        )


def add_audit(app: FastAPI, platform: Platform, may_read: Any) -> None:
    """Add the routes. `may_read` is the dependency that lets in who may read the log."""

    @app.get("/audit/checkpoint", tags=["audit"], response_class=PlainTextResponse)
    def read_checkpoint(caller: Annotated[Principal, may_read]) -> str:
        """Return the newest signed checkpoint, a C2SP signed note, as it was before this call."""
        note = platform.audit.checkpoint()
        _note(platform, caller, Action.AUDIT_READ, read="checkpoint")
        return note

    @app.get("/audit/proof/inclusion", tags=["audit"])
    def prove_inclusion(
        caller: Annotated[Principal, may_read],
        index: _Place,
        size: _SizeOrNow = None,
    ) -> InclusionShape:
        """Prove that an entry is in the log."""
        shown = platform.prover.inclusion(index, size)
        _note(platform, caller, Action.AUDIT_PROVED, entry=index, size=shown.size)
        return InclusionShape.of(shown)

    @app.get("/audit/proof/consistency", tags=["audit"])
    def prove_consistency(
        caller: Annotated[Principal, may_read],
        first: _Size,
        second: _SizeOrNow = None,
    ) -> ConsistencyShape:
        """Prove that the log of a newer size begins with that of an older one."""
        shown = platform.prover.consistency(first, second)
        _note(platform, caller, Action.AUDIT_PROVED, first=first, size=shown.second)
        return ConsistencyShape.of(shown)

    @app.get("/audit/proof/file", tags=["audit"])
    def prove_in_a_file(
        caller: Annotated[Principal, may_read],
        index: _Place,
    ) -> dict[str, Any]:
        """Return the proof of one entry that the stand-alone checker reads."""
        document = platform.prover.document(index)
        _note(platform, caller, Action.AUDIT_PROVED, entry=index)
        return document


def _note(platform: Platform, caller: Principal, action: Action, **details: str | int) -> None:
    platform.audit.note(caller.actor, action, _SUBJECT, over="api", **details)


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
