"""A proof made at the shell, checked by the program the shell writes, in a place of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path


def test_a_proof_goes_to_court(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell("init", "--no-passphrase")
    court = tmp_path / "court"
    court.mkdir()
    proof, checker = court / "proof.json", court / "check.py"
    shell("audit", "prove", "0", "--to", str(proof))
    shell("audit", "checker", "--to", str(checker))
    key = shell("audit", "key").stdout.strip()
    command = [sys.executable, "-I", "-S", str(checker), str(proof), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "instance.created" in done.stdout
    shell("audit", "prove", "0", "--to", str(proof), status=6)
    shell("audit", "prove", "999", "--to", str(court / "other"), status=5)
    shown = shell.rows("audit", "show")
    assert shown[-1]["action"] == "audit.proved"
    assert shell.rows("audit", "show")[-1]["action"] == "audit.read"
    shell("audit", "verify")
