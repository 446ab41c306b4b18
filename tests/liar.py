"""What a confined process might say once a file has taken it over: whatever the file wants.

The file is JSON of the words, a zero byte, and the bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.serving import serve

if TYPE_CHECKING:
    from tutela.content.confinement.serving import Incoming, Terms


def said(_words: dict[str, Any], incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Say what the file wants."""
    words, _, data = incoming.whole().partition(b"\0")
    return json.loads(words), data


def _warm_up(_terms: Terms) -> None:
    pass


JOBS = ("hash", "exif", "sketches", "smaller", "frames", "xml", "named", "faults")

if __name__ == "__main__":
    serve(dict.fromkeys(JOBS, said), _warm_up)
