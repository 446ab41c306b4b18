"""Asks OSV about known flaws of every locked dependency, and checks their licences.

Exit 1: a flaw is known, or a licence is not on the list. Where OSV cannot be reached it says NOT
AUDITED and passes, because a build without a network is no flaw; TUTELA_AUDIT=required fails then.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

_UV = Path(sys.prefix) / "bin" / "uv"
_SERVICE = "TUTELA_AUDIT_SERVICE"
_REQUIRED = "TUTELA_AUDIT"
_SECONDS = 120
_FLAWS = 1
_NOT_REACHED = ("error sending request", "Request failed", "operation timed out", "dns error")

ALLOWED = (
    "mit", "bsd", "0bsd", "apache", "isc", "psf", "python software foundation", "python-2.0",
    "mpl-2.0", "mozilla public license 2", "lgpl", "unlicense", "zlib", "hpnd", "mit-cmu", "cc0",
    "unicode", "public domain",
)  # fmt: skip
"""Beginnings of licences under which Tutela can be handed on, LGPL as a library of its own."""
_OURS = "tutela"


def main() -> int:
    """Check licences, then ask; return the exit code."""
    bad = {name: said for name, said in licences().items() if not allowed(said)}
    for name, said in sorted(bad.items()):
        print(f"licence: {name} says {said!r}, which is not on the list", file=sys.stderr)
    return max(int(bool(bad)), known_flaws())


def licences() -> dict[str, str]:
    """Return what each installed package that Tutela needs to run says of its licence."""
    found, waiting = {}, [_OURS]
    while waiting:
        name = waiting.pop()
        try:
            said = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        if name != _OURS:
            found[name] = _licence(said)
        for need in metadata.requires(name) or ():
            other = re.split(r"[ ;<>=!~\[(]", need, maxsplit=1)[0].lower().replace("_", "-")
            if "extra ==" not in need and other not in found:
                waiting.append(other)
    return found


def _licence(said: metadata.PackageMetadata) -> str:
    classes = [
        one.rpartition(" :: ")[2]
        for one in said.get_all("Classifier") or ()
        if one.startswith("License ::")
    ]
    expressions, free = (said.get_all(one) or [] for one in ("License-Expression", "License"))
    stated = (*expressions, " OR ".join(classes), *free)
    return " ".join(next(filter(None, stated), "").split())[:120]


def allowed(said: str) -> bool:
    """Say whether a licence expression can be kept: one of its choices, with each of its parts."""
    plain = said.lower().replace("the ", "").replace("gnu lesser general public license", "lgpl")
    plain = plain.replace("(", " ").replace(")", " ")
    return any(
        choice.strip()
        and all(part.strip().startswith(ALLOWED) for part in choice.split(" and ") if part.strip())
        for choice in plain.split(" or ")
    )


def known_flaws() -> int:
    """Ask the service about the lock file; say what it knows."""
    command = [str(_UV), "audit", "--locked", "--output-format", "json"]
    if service := os.environ.get(_SERVICE):
        command += ["--service-url", service]
    environment = {**os.environ, "UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "20"}
    try:
        done = subprocess.run(  # noqa: S603 - uv of this environment
            command, check=False, capture_output=True, text=True, timeout=_SECONDS,
            env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _not_audited("the service did not answer in time")
    if done.returncode == 0:
        print("dependencies: no known flaw in the lock file")
        return 0
    if done.returncode == _FLAWS:
        print(_told(done.stdout) or done.stderr, file=sys.stderr)
        return 1
    if any(word in done.stderr for word in _NOT_REACHED):
        return _not_audited("the service cannot be reached from here")
    print(done.stderr, file=sys.stderr)
    return 1


def _not_audited(why: str) -> int:
    print(f"NOT AUDITED: {why}; nothing is known about flaws of dependencies.", file=sys.stderr)
    return int(os.environ.get(_REQUIRED) == "required")


def _told(answer: str) -> str:
    try:
        return json.dumps(json.loads(answer), indent=1)[:4000]
    except ValueError:
        return answer[:4000]


if __name__ == "__main__":
    sys.exit(main())
