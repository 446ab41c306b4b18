"""The context of an upload: what is accepted can be put on record and read from it again."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from tutela.api.upload import AmendedContext, Context

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE = {
    "external_id": "post-1",
    "account": {
        "id": "account-1",
        "ip": "192.0.2.7",
        "port": 4711,
        "connections": [{"ip": "2001:db8::1", "event": "Login", "at": "2026-01-05T09:00:00Z"}],
    },
    "place": {"url": "https://host.example/p/1", "public": True},
    "uploaded_at": "2026-01-05T09:00:00+01:00",
    "places": [{"kind": "chat", "room": "r", "content": "c"}],
    "notice": {"harm": "enticement", "said_by": "user", "reason": "words"},
}


def seeds() -> Iterator[bytes]:
    """Write a whole context and its parts."""
    yield json.dumps(_WHOLE).encode()
    for name, value in _WHOLE.items():
        yield json.dumps({"external_id": "1", "account": {"id": "a"}, name: value}).encode()
    yield b'{"external_id": "\\u0000", "account": {"id": "\\ud800"}}'


def run(data: bytes) -> None:
    """Read it as both contexts."""
    for shape in (Context, AmendedContext):
        with contextlib.suppress(ValidationError):
            told = shape.model_validate_json(data)
            assert shape.model_validate_json(told.model_dump_json()) == told
