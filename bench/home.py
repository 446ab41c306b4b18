"""An instance to measure, used as its operator uses it: through the command line."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

_BESIDE = Path(sys.executable).parent


class Home:
    """A new instance under a folder; hash lists are called by a name and read from files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"home-{secrets.token_hex(4)}"
        self._run("init", "--no-passphrase")

    def distract(self, count: int) -> None:
        """List so many hashes that nothing has."""
        listed = self.folder / "others.csv"
        listed.write_text("".join(f"{secrets.token_hex(32)}\n" for _ in range(count)))
        self.list_file("others", listed)

    def list_file(self, name: str, listed: Path) -> None:
        """List the hashes of a file."""
        self._run("lists", "import", name, str(listed), "--algorithm", "pdq")

    def list_folder(self, name: str, folder: Path) -> None:
        """List the pictures of a folder."""
        self._run("lists", "build", name, str(folder))

    def list_hashes(self, name: str, folder: Path) -> None:
        """List the pictures of a folder as another's list has them: PDQ, and nothing else."""
        rows = json.loads(f"[{','.join(self._run('--json', 'hash', str(folder)).splitlines())}]")
        listed = self.folder / f"{name}.csv"
        lines = [f"{Path(row['path']).name},{row['pdq']}\n" for row in rows if row["pdq"]]
        listed.write_text("id,pdq\n" + "".join(lines))
        self._run("lists", "import", name, str(listed))

    def scan(self, folder: Path, budget: str) -> dict[str, list[dict[str, Any]]]:
        """Return the matches of each file."""
        out = self._run("--json", "scan", str(folder), "--looks", budget)
        rows = map(json.loads, out.splitlines())
        return {Path(row["path"]).name: row["matches"] for row in rows}

    def _run(self, *words: str) -> str:
        command = [str(_BESIDE / "tutela"), "--home", str(self.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # Some of the variants may be unscreened (3), which is a copy not found.
        if done.returncode not in {0, 3}:
            raise RuntimeError(done.stderr)
        return str(done.stdout)
