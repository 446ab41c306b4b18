"""The demonstration starts whatever its random words are."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING

from rich.console import Console

from tutela.cli.demo.stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_password_may_begin_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = secrets.token_urlsafe
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size=None: f"-{drawn(size)}")
    with Stage(tmp_path, 0, Console(file=io.StringIO())) as stage:
        assert stage.authority.address
