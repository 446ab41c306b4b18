"""Runs every measurement of this folder, or those named: `make bench ARGS=audit`."""

import importlib
import os
import platform
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    """Run each module's `measure`, which prints its own figures."""
    here = Path(__file__).parent
    known = sorted(file.stem for file in here.glob("*.py") if not file.stem.startswith("_"))
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"No such measurement: {', '.join(unknown)}. There are: {', '.join(known)}.")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in names or known:
        print(f"\n{name}")
        importlib.import_module(f"bench.{name}").measure()


if __name__ == "__main__":
    main(sys.argv[1:])
