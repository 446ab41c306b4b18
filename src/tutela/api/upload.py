"""Reading a multipart upload into memory: plain content never touches the disk here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tutela.cases.attachment import AttachmentKind
from tutela.content.account import AccountFacts
from tutela.content.amending import Amendment
from tutela.content.notice import Notice
from tutela.content.place import Place
from tutela.content.surroundings import CountryLink, LawEnforcement, Surroundings
from tutela.errors import InvalidInput, TooLarge, UsageError
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapi import Request

Stated = TypeVar("Stated", bound=BaseModel)

_ENVELOPE = 1 << 20
"""Bytes allowed on top of the file: boundaries, headers and the context."""


class _InMemory(MultiPartParser):
    """The parser would spool parts over 1 MiB to a temporary file; sealed rest forbids that."""

    spool_max_size = sys.maxsize


class Published(BaseModel):
    """Where the content is, or would be, published; `public`: anybody can see it there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(default=None, max_length=2083)
    public: bool | None = None


class Context(BaseModel):
    """What the host platform knows about an upload. A referral is only as good as this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: str = Field(
        min_length=1, max_length=255, description="The host platform's own id of the upload."
    )
    account: AccountFacts
    place: Published = Published()
    uploaded_at: AwareDatetime | None = Field(default=None, description="With a time zone.")
    original_name: str | None = Field(default=None, max_length=2056)
    viral: bool = Field(default=False, description="One of many copies of what spreads.")
    places: tuple[Place, ...] = Field(
        default=(), max_length=1000, description="Where else it happened: a chat, a mail, a game …"
    )
    recipients: tuple[AccountFacts, ...] = Field(default=(), max_length=1000)
    victims: tuple[AccountFacts, ...] = Field(default=(), max_length=1000)
    law_enforcement: LawEnforcement | None = None
    links: tuple[CountryLink, ...] = Field(
        default=(), max_length=1000, description="Evidence of a link to a country."
    )
    notice: Notice | None = Field(
        default=None, description="What somebody holds it to be: a person decides on it."
    )


@dataclass(frozen=True, slots=True)
class _Form:
    data: bytes
    context: str


async def submission(request: Request, max_bytes: int) -> Submission:
    """Read one upload. Raises `TooLarge`, `UsageError` or `InvalidInput`, each with its remedy."""
    form = await _form(request, max_bytes)
    context = _stated(Context, form.context)
    return Submission(
        data=form.data,
        external_id=context.external_id,
        account=context.account,
        place_url=context.place.url,
        uploaded_at=context.uploaded_at,
        original_name=context.original_name,
        surroundings=Surroundings(
            public=context.place.public,
            viral=context.viral,
            places=context.places,
            recipients=context.recipients,
            victims=context.victims,
            law_enforcement=context.law_enforcement,
            notice=context.notice,
            links=context.links,
        ),
    )


class AmendedContext(BaseModel):
    """What the host platform knows now. It joins what was said; nothing can be unsaid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: AccountFacts | None = None
    place: Published = Published()
    uploaded_at: AwareDatetime | None = Field(default=None, description="With a time zone.")
    original_name: str | None = Field(default=None, max_length=2056)
    viral: bool = False
    places: tuple[Place, ...] = Field(default=(), max_length=1000)
    recipients: tuple[AccountFacts, ...] = Field(default=(), max_length=1000)
    victims: tuple[AccountFacts, ...] = Field(default=(), max_length=1000)
    law_enforcement: LawEnforcement | None = None
    links: tuple[CountryLink, ...] = Field(default=(), max_length=1000)

    def amendment(self) -> Amendment:
        """Return it as the platform takes it."""
        return Amendment(
            self.account,
            self.place.url,
            self.uploaded_at,
            self.original_name,
            Surroundings(
                public=self.place.public,
                viral=self.viral,
                places=self.places,
                recipients=self.recipients,
                victims=self.victims,
                law_enforcement=self.law_enforcement,
                links=self.links,
            ),
        )


class AttachmentContext(BaseModel):
    """What an attached file is: said to the authority with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(default=None, max_length=2056)
    about: str | None = Field(default=None, max_length=1000, description="What it is, in a line.")
    kind: AttachmentKind = AttachmentKind.OTHER


async def attached(request: Request, max_bytes: int) -> tuple[bytes, AttachmentContext]:
    """Read one attachment. Raises as `submission` does."""
    form = await _form(request, max_bytes)
    return form.data, _stated(AttachmentContext, form.context)


def _stated(shape: type[Stated], text: str) -> Stated:
    try:
        return shape.model_validate_json(text)
    except ValidationError as problem:
        named = "; ".join(
            f"context.{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in problem.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"{named}.", "Mend the named fields of `context`.") from None


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
