"""Signing requests to Amazon's services: Signature Version 4, for what the key service asks.

Source: AWS, "Create a signed AWS API request" (IAM User Guide). Paths and queries are empty here
but for what their published vectors need.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret; `session`: the token of temporary ones."""

    access_key: str
    secret: str = field(repr=False)
    session: str | None = field(default=None, repr=False)


def signed(
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime,
    headers: Mapping[str, str],
    body: bytes = b"",
    method: str = "POST",
    query: str = "",
) -> dict[str, str]:
    """Return `headers` (with Host) and those that sign the request. `query`: in canonical form."""
    instant = now.strftime("%Y%m%dT%H%M%SZ")
    all_headers = {**headers, "X-Amz-Date": instant}
    if credentials.session is not None:
        all_headers["X-Amz-Security-Token"] = credentials.session
    lowered = {name.lower(): " ".join(value.split()) for name, value in all_headers.items()}
    names = ";".join(sorted(lowered))
    canonical = "\n".join(
        (
            method,
            "/",
            query,
            *(f"{name}:{lowered[name]}" for name in sorted(lowered)),
            "",
            names,
            sha256(body).hexdigest(),
        )
    )
    scope = f"{instant[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{instant}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = signing_key(credentials.secret, instant[:8], region, service)
    signature = hmac.new(key, to_sign.encode(), sha256).hexdigest()
    all_headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return all_headers


def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for word in (day, region, service, "aws4_request"):
        key = hmac.new(key, word.encode(), sha256).digest()
    return key
