"""The object store: whole or not at all, and plain about what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tutela.errors import NotFound, SettingsInvalid
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["folder", "memory", "file address"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    folder = tmp_path / "objects"
    if request.param == "folder":
        return Objects(folder)
    folder.mkdir()
    return Objects("memory:///" if request.param == "memory" else folder.as_uri())


@pytest.mark.parametrize("data", [b"", b"sealed", bytes(range(256)) * 5000])
def test_bytes_come_back_as_they_were(objects: Objects, data: bytes) -> None:
    objects.put("ab/one", data)
    assert objects.get("ab/one") == data


def test_putting_again_replaces(objects: Objects) -> None:
    objects.put("one", b"first and longer")
    objects.put("one", b"second")
    assert objects.get("one") == b"second"


def test_what_is_not_there_is_not_found(objects: Objects) -> None:
    with pytest.raises(NotFound):
        objects.get("nothing")
    objects.delete("nothing")


def test_deleted_bytes_are_gone(objects: Objects) -> None:
    objects.put("one", b"sealed")
    objects.delete("one")
    with pytest.raises(NotFound):
        objects.get("one")


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    Objects(tmp_path / "objects")
    assert (tmp_path / "objects").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", ["nonsense", "ftp://host/path"])
def test_an_address_that_is_no_store_is_refused(address: str) -> None:
    with pytest.raises(SettingsInvalid):
        Objects(address)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsInvalid):
        Objects(tmp_path / "file" / "objects")


@pytest.mark.parametrize("parts", [[], [b"sealed"], [bytes(1 << 20)] * 12])
def test_parts_are_one_object(objects: Objects, parts: list[bytes]) -> None:
    objects.put_parts("ab/one", iter(parts))
    assert b"".join(objects.get_parts("ab/one")) == b"".join(parts) == objects.get("ab/one")


def test_parts_of_nothing_are_not_found(objects: Objects) -> None:
    with pytest.raises(NotFound):
        next(objects.get_parts("nothing"))


def test_parts_that_break_off_leave_nothing(objects: Objects) -> None:
    def breaking_off() -> Iterator[bytes]:
        yield from [bytes(1 << 20)] * 12
        raise ValueError("broke off")

    with pytest.raises(ValueError, match="broke off"):
        objects.put_parts("one", breaking_off())
    with pytest.raises(NotFound):
        objects.get("one")
