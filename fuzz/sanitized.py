"""Puts kernels built with the address sanitizer in the place of the installed ones.

A plugin for pytest (`-p fuzz.sanitized`), and imported by `fuzz` itself, where TUTELA_SANITIZED
names the build folder. `make fuzz-native` builds it and starts both under the sanitizer's library.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

CHOICE = "TUTELA_SANITIZED"


def load(folder: Path) -> list[Path]:
    """Import both extension modules from a build folder, before anybody imports them."""
    loaded = []
    for package in ("hashing", "matching"):
        name = f"tutela.{package}._native.kernels"
        if name in sys.modules:
            raise RuntimeError(f"{name} was imported before")
        (path,) = (folder / package).glob("kernels*.so")
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(name)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        loaded.append(path)
    return loaded


if folder := os.environ.get(CHOICE):
    for path in load(Path(folder)):
        print(f"sanitized: {path.parent.name}/{path.name}", file=sys.stderr)
