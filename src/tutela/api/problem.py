"""Errors over HTTP as problem documents (RFC 9457), each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from tutela.errors import InvalidInput, NotFound, NotSignedIn, TutelaError, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger()
_SERVER_ERROR = 500


class Problem(BaseModel):
    """What went wrong and what to do about it."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:tutela:problem:invalid-input"])
    title: str
    status: int
    detail: str
    remedy: str


def problem_of(error: TutelaError) -> JSONResponse:
    """Turn an error of the tree into its HTTP answer."""
    body = Problem(
        type=f"urn:tutela:problem:{error.code}",
        title=error.title,
        status=error.http_status,
        detail=error.what,
        remedy=error.remedy,
    )
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), error.http_status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem document."""

    @app.exception_handler(TutelaError)
    async def _ours(_request: Request, error: TutelaError) -> JSONResponse:
        if error.http_status >= _SERVER_ERROR:
            _log.error("api.failed", problem=error.code)
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        named = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        return problem_of(
            InvalidInput(f"{named}.", "Mend the named fields; see /api/v1/openapi.json.")
        )

    app.exception_handler(HTTPException)(plain_http)

    @app.exception_handler(Exception)
    async def _unforeseen(_request: Request, error: Exception) -> JSONResponse:
        # The type only: a message may carry a path, a name or a hash.
        _log.error("api.defect", problem=type(error).__name__)
        return problem_of(
            TutelaError("Something unforeseen happened.", "Try again; report it if it stays.")
        )


async def plain_http(_request: Request, refusal: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such address, no such method, no such body."""
    error = refusal if isinstance(refusal, HTTPException) else HTTPException(_SERVER_ERROR)
    if error.status_code == NotFound.http_status:
        return problem_of(
            NotFound("There is nothing at this address.", "See /api/v1/openapi.json.")
        )
    body = Problem(
        type="urn:tutela:problem:usage",
        title=UsageError.title,
        status=error.status_code,
        detail=f"{error.detail}.",
        remedy="See /api/v1/openapi.json.",
    )
    answer = JSONResponse(body.model_dump(), error.status_code, media_type=MEDIA_TYPE)
    answer.headers.update(error.headers or {})
    return answer
