"""Outside judges of our CyberTipline: packages that nobody here wrote (`make judges`).

1. The typed models of `ncmec-cybertip` (PyPI) read our fullest report and file details, write them
   again, and what differs is counted. Times may be written in another way; nothing may be lost.
2. Its client, and that of `@civitai/cybertipline-tools` (npm), go through the whole flow with our
   simulated CyberTipline.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import coverage
from tests.simulators.process import SimulatedCyberTipline
from tests.unit.exchange import fullest

from tutela.exchange import cybertipline_xml as xml

_HERE = Path(__file__).parent


def main() -> int:
    """Run every judge; return 1 if one objects."""
    python, modules = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder, SimulatedCyberTipline(Path(folder)) as authority:
        documents = Path(folder) / "documents"
        documents.mkdir()
        (documents / "report.xml").write_bytes(xml.report(fullest.DRAFT))
        for place, statement in enumerate(fullest.DRAFT.files):
            made = xml.file_details("7", "f", statement)
            (documents / f"details-{place}.xml").write_bytes(made)
        ours = (authority.api, *authority.auth)
        judged = [
            subprocess.run([python, _HERE / "typed_models.py", documents, *ours], check=False),
            subprocess.run(["node", _HERE / "client.mjs", modules, *ours], check=False),
        ]
        finished = len(authority.reports("finished"))
    print(f"finished at the simulated CyberTipline by their clients: {finished}")
    print(coverage.measure()[0].markdown())
    return int(any(one.returncode for one in judged) or finished != len(judged))


if __name__ == "__main__":
    sys.exit(main())
