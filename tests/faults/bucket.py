"""An object store that speaks S3, behind a proxy that can stall it or cut it off.

The server is moto's: it keeps objects in memory, so it is cut off and never killed.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import httpx
from tests.faults.proxy import Proxy

_PYTHON = Path(__file__).parents[2] / ".venv-faults" / "bin" / "python"
"""moto brings much with it that nothing else needs, so it has an environment of its own."""
_NAME = "evidence"
_START_SECONDS = 30.0


class Bucket:
    """One bucket and the settings that lead to it."""

    def __init__(self, root: Path) -> None:
        log = root / "bucket.log"
        with log.open("wb") as out:
            self._server = subprocess.Popen(
                [str(_PYTHON), "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        port = _port(log)
        self.proxy = Proxy([("127.0.0.1", port)])
        self.url = f"s3://{_NAME}/"
        self.variables = {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
        httpx.put(f"{self.proxy.url}/{_NAME}", trust_env=False).raise_for_status()

    def close(self) -> None:
        """End it; its objects go with it."""
        self.proxy.close()
        self._server.kill()
        self._server.wait()


def _port(log: Path) -> int:
    """Read the port from what the server says about itself."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if "Running on http" in line:
                return int(line.rpartition(":")[2].strip("/"))
        time.sleep(0.1)
    raise RuntimeError(f"the object store did not start:\n{log.read_text()}")
