"""What a process that reads a list might do once the list has taken it over; words name the trick.

The list's own first line says which: `#connect`, `#lie id,…`, `#flood`, `#hang`, `#end {…}`.
"""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.serving import serve

if TYPE_CHECKING:
    from tutela.content.confinement.serving import Incoming, Terms


_END: dict[str, Any] = {"format": "csv", "ignored": []}


def read(_words: dict[str, Any], incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Do what the list says."""
    trick, _, said = incoming.whole().decode().removesuffix("\n").partition(" ")
    if trick == "#connect":
        socket.socket().connect_ex(("127.0.0.1", 9))
    elif trick == "#flood":
        return {}, b"x" * (1 << 25)
    elif trick == "#hang":
        time.sleep(600)
    elif trick == "#end":
        _END.clear()
        _END.update(json.loads(said))
        return {}, b""
    return {}, said.replace("~", "\t").encode()


def end(_words: dict[str, Any], _incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Say what the file was."""
    return _END, b""


def _warm_up(_terms: Terms) -> None:
    socket.getaddrinfo("127.0.0.1", 9)


if __name__ == "__main__":
    serve({"read": read, "end": end}, _warm_up)
