"""Uploads that end the process that decodes them: held, with the reason, and nobody else's loss."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from tests.instance import LISTED, OTHER, serving, token

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.access.roles import Role
from tutela.settings import Decoding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """An instance whose two processes may take little. Decoding touches no table."""
    settings = settings_file.load(
        tmp_path / "home", decoding=Decoding(processes=2, memory=256 << 20, cpu_seconds=2)
    )
    installation.create_home(settings, "administrator")
    opened = bootstrap.open_platform(settings)
    try:
        yield opened
    finally:
        opened.close()


def _large(side: int, mode: str = "1") -> bytes:
    """Return a picture that is small as a file and large as pixels."""
    out = io.BytesIO()
    Image.new(mode, (side, side)).save(out, "PNG")
    return out.getvalue()


def _long() -> bytes:
    """Return an animation that takes long and never much memory."""
    frames = [Image.new("L", (1600, 1600), one) for one in range(200)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def test_bombs_are_held_and_others_are_served(platform: Platform) -> None:
    headers = {"Authorization": f"Bearer {token(platform, Role.INTAKE, Role.REVIEWER)}"}
    uploads = {"memory": _large(13_000), "time": _long()}
    for number in range(6):
        uploads[f"other-{number}"] = OTHER + bytes(number)
    with serving(platform) as address, ThreadPoolExecutor(8) as threads:

        def upload(name: str) -> dict[str, object]:
            context = json.dumps({"external_id": name, "account": {"id": name}})
            answer = httpx.post(
                f"{address}/api/v1/items",
                files={"file": ("a", uploads[name])},
                data={"context": context},
                headers=headers,
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
            item = httpx.get(f"{address}/api/v1/items/{answer.json()['id']}", headers=headers)
            return {**item.json(), "hold_told": answer.json()["hold"]}

        items = dict(zip(uploads, threads.map(upload, uploads), strict=True))
        assert upload("other-0")["verdict"] == "clean"
        assert httpx.get(f"{address}/readyz").status_code == 200
    for name, reason in (("memory", "too_much_memory"), ("time", "too_much_cpu_time")):
        item = items[name]
        assert (item["verdict"], item["reason"]) == ("unscreened", reason)
        assert item["hold_told"] is True
        assert (item["hold"], item["media_type"] is not None) == ("held", True)
    assert {items[f"other-{number}"]["verdict"] for number in range(6)} == {"clean"}


def test_a_listed_bomb_is_a_match_by_its_digest(platform: Platform) -> None:
    from tutela.cli.session import SHELL
    from tutela.hashing.digests import digests

    bomb = _large(13_000)
    platform.lists.import_file(SHELL, "known", f"{digests((bomb,)).md5}\n".encode())
    printed = platform.parsing.fingerprint(bomb)
    assert printed.unscreened == "too_much_memory"
    assert platform.screener.screen(printed).verdict == "match"
    assert platform.parsing.fingerprint(LISTED).unscreened is None
