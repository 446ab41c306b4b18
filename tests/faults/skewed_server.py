"""`tutela serve`, on a clock that a file sets off: HOME PORT FILE.

The clock is an argument of the platform, so this needs no hook in it. FILE holds seconds, added to
the machine's time at every look.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tutela import bootstrap, server
from tutela import settings as settings_file
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.storage.clock import Clock


def skewed(file: Path) -> Clock:
    """Return a clock that is off by what the file says now."""

    def clock() -> datetime:
        return utc_now() + timedelta(seconds=float(file.read_text() or 0))

    return clock


def main(home: str, port: str, file: str) -> None:
    """Serve as the command does."""
    settings = settings_file.load(Path(home))
    opened = server.listen("127.0.0.1", int(port))
    platform = bootstrap.open_platform(settings, skewed(Path(file)))
    print(f"listening on http://127.0.0.1:{opened.getsockname()[1]}", flush=True)
    server.serve(platform, opened)
    platform.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
