"""`make help` lists every target with a sentence, and is what bare `make` does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROMISED = {"install", "demo", "test", "check", "bench", "docs", "clean", "help", "fmt"}


def _make(*arguments: str) -> str:
    if shutil.which("make") is None:
        pytest.skip("NOT RUN: make is not installed")
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=_ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def _targets() -> set[str]:
    rules = re.findall(r"^([a-z][a-z-]*):(?!=)", (_ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(rules)


def test_every_target_has_a_sentence() -> None:
    helped = dict(re.findall(r"^ +make ([a-z-]+) +(\S.*)$", _make("help"), re.MULTILINE))
    assert set(helped) == _targets() >= _PROMISED
    for target, sentence in helped.items():
        assert sentence[0].isupper() and sentence.endswith("."), target
        assert len(sentence.split()) > 3, target


def test_bare_make_helps() -> None:
    assert _make() == _make("help")


def test_named_targets_are_phony() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (_ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony and set(phony[1].split()) == _targets()
