"""Scan a folder and die: `scan_until_killed.py DATABASE JOURNALS FOLDER LINES`.

Prints each line's path, and kills itself with SIGKILL after LINES of them.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tutela.content.decoding import DecodeLimits
from tutela.matching.screening import Screener, ScreeningPolicy
from tutela.platform.bulk import scan, terms
from tutela.platform.journal import Journal
from tutela.storage.database import Database


def main() -> None:
    address, journals, folder, lines = sys.argv[1:]
    screener = Screener(Database(address), ScreeningPolicy(), Path(f"{journals}-index"))
    paths, limits = [Path(folder)], DecodeLimits()
    journal = Journal(Path(journals), terms(paths, screener, limits))
    for number, row in enumerate(scan(paths, screener, limits, journal=journal, workers=1), 1):
        print(row["path"], flush=True)
        if number == int(lines):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
