"""Reading a multipart upload into memory: plain content never touches the disk here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tutela.content.item import AccountFacts
from tutela.errors import InvalidInput, TooLarge, UsageError
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapi import Request

_ENVELOPE = 64 * 1024
"""Bytes allowed on top of the file: boundaries, headers and the context."""


class _InMemory(MultiPartParser):
    """The parser would spool parts over 1 MiB to a temporary file; sealed rest forbids that."""

    spool_max_size = sys.maxsize


class Account(BaseModel):
    """The uploader, as the host platform knows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=255, description="The account's stable identifier.")
    screen_name: str | None = Field(default=None, max_length=256)
    display_name: str | None = Field(default=None, max_length=256)
    profile_url: str | None = Field(default=None, max_length=2083)
    email: str | None = Field(default=None, max_length=255)
    phone: str | None = Field(default=None, max_length=50)
    ip: str | None = Field(default=None, max_length=45, description="Address uploaded from.")
    ip_at: datetime | None = Field(default=None, description="When that address was seen.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Source port.")
    device_id: str | None = Field(default=None, max_length=2083)


class Place(BaseModel):
    """Where the content is, or would be, published."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(default=None, max_length=2083)


class Context(BaseModel):
    """What the host platform knows about an upload. A referral is only as good as this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: str = Field(
        min_length=1, max_length=255, description="The host platform's own id of the upload."
    )
    account: Account
    place: Place = Place()
    uploaded_at: datetime | None = Field(default=None, description="With a time zone.")
    original_name: str | None = Field(default=None, max_length=2056)


@dataclass(frozen=True, slots=True)
class _Form:
    data: bytes
    context: str


async def submission(request: Request, max_bytes: int) -> Submission:
    """Read one upload. Raises `TooLarge`, `UsageError` or `InvalidInput`, each with its remedy."""
    form = await _form(request, max_bytes)
    try:
        context = Context.model_validate_json(form.context)
    except ValidationError as problem:
        named = "; ".join(
            f"context.{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in problem.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"{named}.", "Mend the named fields of `context`.") from None
    if context.uploaded_at is not None and context.uploaded_at.tzinfo is None:
        raise InvalidInput(
            "context.uploaded_at has no time zone.", "Write it as ISO 8601 with an offset."
        )
    facts = context.account.model_dump()
    facts["ip_at"] = context.account.ip_at.isoformat() if context.account.ip_at else None
    return Submission(
        data=form.data,
        external_id=context.external_id,
        account=AccountFacts(**facts),
        place_url=context.place.url,
        uploaded_at=context.uploaded_at,
        original_name=context.original_name,
    )


async def _form(request: Request, max_bytes: int) -> _Form:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UsageError(
            "An upload comes as multipart/form-data.", "Send the parts `file` and `context`."
        )
    parser = _InMemory(request.headers, _limited(request, max_bytes), max_files=1, max_fields=1)
    parser.max_part_size = _ENVELOPE
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as problem:
        raise UsageError(
            "The multipart body cannot be read.",
            "Send exactly one part `file` and one part `context`, with a boundary.",
        ) from problem
    try:
        file, context = form.get("file"), form.get("context")
        if not isinstance(file, UploadFile) or not isinstance(context, str):
            raise UsageError(
                "The upload lacks a part.",
                "Send `file` with a filename, and `context` as JSON text.",
            )
        data = await file.read()
    finally:
        await form.close()
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return _Form(data, context)


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes + _ENVELOPE:
        raise _too_large(max_bytes)
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > max_bytes + _ENVELOPE:
            raise _too_large(max_bytes)
        yield chunk


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"The file is larger than {max_bytes} bytes.",
        "Keep it from publication, and raise limits.max_bytes if you have the memory.",
    )
