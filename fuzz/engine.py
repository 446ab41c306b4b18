"""One target under libFuzzer: mutations are kept where they reach new lines of our Python code."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any

FOUND = Path("fuzz-found")
"""Inputs that broke something. Each mended one becomes a regression test drawn by code."""
_LONGEST_INPUT = 16_384
_SLOWEST_SECONDS = 25
_MOST_MEMORY_MB = 2500


class _Unwrapped:
    """Finds our modules with their plain loaders: those of an editable install hide the code."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return what the next finder finds, less its wrapper."""
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = getattr(spec.loader, "_skbuild_loader", spec.loader)
                return spec
        return None


def main(name: str, seconds: int) -> None:
    """Fuzz until the time is over or something breaks; libFuzzer then ends the process."""
    sys.meta_path.insert(0, _Unwrapped())
    with atheris.instrument_imports(include=["tutela", "PIL"]):
        from fuzz.target import load

        target = load(name)
    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds()):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        options = (
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST_INPUT}",
            f"-timeout={_SLOWEST_SECONDS}",
            f"-rss_limit_mb={_MOST_MEMORY_MB}",
            f"-artifact_prefix={FOUND}/{name}-",
            "-print_final_stats=1",
            "-verbosity=1",
        )
        atheris.Setup([sys.argv[0], corpus, *options], target.run)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
