"""A form with fields and one file, sent a part at a time and with its length known beforehand.

Source: RFC 7578 (multipart/form-data); names are escaped as browsers do (WHATWG HTML, multipart).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tutela.evidence.vault import Opened

_ESCAPED = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})


class Form:
    """One form. Its file is read once, while it is sent."""

    def __init__(self, fields: Mapping[str, str], file: str, name: str, content: Opened) -> None:
        boundary = secrets.token_hex(16)
        self._boundary = boundary
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        )
        head += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{file}"; '
            f'filename="{name.translate(_ESCAPED)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = head.encode(errors="replace")
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._content = content

    def headers(self) -> dict[str, str]:
        """Return the headers that go with it."""
        length = len(self._head) + self._content.size + len(self._tail)
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(length),
        }

    @property
    def around(self) -> bytes:
        """Return what goes before and after the file's own bytes."""
        return self._head + self._tail

    def parts(self) -> Iterator[bytes]:
        """Give the body in parts."""
        yield self._head
        yield from self._content.parts
        yield self._tail
