"""What is vendored is what its publisher made."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import tutela.console

_VENDOR = Path(tutela.console.__file__).parent / "static" / "vendor"


def test_vendored_files_have_the_digests_that_the_readme_states() -> None:
    told = (_VENDOR / "README.md").read_text()
    files = [path for path in _VENDOR.rglob("*") if path.suffix in {".js", ".css"}]
    assert files
    for path in files:
        assert f"`{path.relative_to(_VENDOR)}`" in told
        assert sha256(path.read_bytes()).hexdigest() in told
        assert (path.parent / "LICENSE").exists()
