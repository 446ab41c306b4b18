"""Writes the software bill of materials: CycloneDX 1.5 from the lock file, with licences.

usage: write_sbom.py FILE
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scripts.audit_dependencies import licences

_UV = Path(sys.prefix) / "bin" / "uv"


def bill() -> dict[str, object]:
    """Return the bill of what runs: every locked package with its hashes, and its licence."""
    command = [
        str(_UV), "export", "--quiet", "--locked", "--no-default-groups",
        "--format", "cyclonedx1.5", "--preview-features", "sbom-export",
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    whole: dict[str, object] = json.loads(done.stdout)
    said = licences()
    components = whole["components"]
    if not isinstance(components, list):
        raise TypeError("components")
    for one in components:
        if licence := said.get(one["name"]):
            one["licenses"] = [{"license": {"name": licence}}]
    return whole


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(bill(), indent=1, sort_keys=True) + "\n")
    print(f"wrote {file}")
