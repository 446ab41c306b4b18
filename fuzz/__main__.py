"""`make fuzz ARGS='TARGET… --seconds N'`: each target in its own process; the numbers at the end.

Without a target: all of them. --random SEED: random mutations of the seeds instead of coverage,
which needs nothing installed; so do the native modules under the address sanitizer.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time

# First: it may put other kernels in the place of the installed ones.
import fuzz.sanitized  # noqa: F401
from fuzz.mutation import mutated
from fuzz.target import NAMES, load

_SPARE_SECONDS = 120
_LINES_SHOWN = 25


def main(words: list[str]) -> int:
    """Run the targets; return 1 if one of them found something."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("targets", nargs="*", choices=[*NAMES, []])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--random", type=int, metavar="SEED", help="mutate at random")
    given = parser.parse_args(words)
    found = 0
    for name in given.targets or NAMES:
        if given.random is None:
            row = _by_coverage(name, given.seconds)
        else:
            row = _at_random(name, given.seconds, given.random)
        found += bool(row["found"])
        print(json.dumps(row), flush=True)
    return 1 if found else 0


def _by_coverage(name: str, seconds: int) -> dict[str, object]:
    command = [sys.executable, "-m", "fuzz.engine", name, str(seconds)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, errors="replace",
        timeout=seconds + _SPARE_SECONDS,
    )  # fmt: skip
    said = done.stdout + done.stderr
    inputs = re.findall(r"stat::number_of_executed_units: (\d+)", said)
    covered = re.findall(r"cov: (\d+)", said)
    if done.returncode != 0:
        print("\n".join(said.splitlines()[-_LINES_SHOWN:]), file=sys.stderr)
    return {
        "target": name,
        "by": "coverage",
        "inputs": int(inputs[-1]) if inputs else 0,
        "covered": int(covered[-1]) if covered else 0,
        "seconds": seconds,
        "found": done.returncode,
    }


def _at_random(name: str, seconds: int, seed: int) -> dict[str, object]:
    """Run here, so that a sanitizer that this process was started under watches."""
    target, inputs = load(name), 0
    end = time.monotonic() + seconds
    for data in mutated(list(target.seeds()), seed):
        if time.monotonic() > end:
            break
        target.run(data)
        inputs += 1
    return {"target": name, "by": "chance", "inputs": inputs, "seconds": seconds, "found": 0}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
