"""The command line as people and machines use it, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from tests.instance import BROKEN, LISTED, OTHER, near_copy
from tests.pictures import crowded
from tests.shell import Shell

from tutela.cli.app import COMMANDS, assembled, first_word, hoisted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    ready = Shell(tmp_path)
    address = ready("init", "--no-passphrase").stdout
    assert "/console/one-time/" in address
    return ready


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "copy.jpg").write_bytes(LISTED)
    (folder / "near.png").write_bytes(near_copy())
    (folder / "deep" / "other.jpg").write_bytes(OTHER)
    return folder


def test_build_a_list_and_scan(shell: Shell, files: Path, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.mkdir()
    (known / "listed.jpg").write_bytes(LISTED)
    (built,) = shell.rows("lists", "build", "known", str(known))
    assert built["added"] == 1
    rows = shell.rows("scan", str(files))
    found = {row["path"].rpartition("/")[2]: row for row in rows}
    assert {name: row["verdict"] for name, row in found.items()} == {
        "copy.jpg": "match",
        "near.png": "match",
        "other.jpg": "clean",
    }
    (match,) = found["copy.jpg"]["matches"]
    assert set(match) == {"list", "entry", "algorithm", "distance", "via", "labels"}
    assert (match["entry"], match["via"], match["distance"]) == ("listed.jpg", "exact", 0)
    assert set(found["copy.jpg"]) == {
        "path",
        "media_type",
        "bytes",
        "sha256",
        "verdict",
        "reason",
        "matches",
    }
    (files / "broken.jpg").write_bytes(BROKEN)
    again = shell.rows("scan", str(files), "--list", "known", status=3)
    assert [r["reason"] for r in again if r["verdict"] == "unscreened"] == ["truncated"]
    shell("lists", "remove", "known")
    assert {row["verdict"] for row in shell.rows("scan", str(files / "copy.jpg"))} == {"clean"}
    shell("scan", str(files), "--list", "known", status=5)
    shell("audit", "verify")


def test_a_built_list_finds_parts_of_its_pictures(shell: Shell, tmp_path: Path) -> None:
    known, asked = tmp_path / "known", tmp_path / "asked"
    known.mkdir()
    asked.mkdir()
    picture = crowded(9, 500, 400)
    picture.save(known / "listed.png")
    picture.crop((70, 60, 460, 380)).save(asked / "crop.png")
    shell.rows("lists", "build", "known", str(known))
    (entry,) = shell.rows("lists", "show", "known")
    assert entry["algorithms"] == "md5 pdq sha1 sha256 sketch"
    for budget, verdict in (("none", "clean"), ("cheap", "clean"), ("full", "match")):
        (row,) = shell.rows("scan", str(asked), "--looks", budget)
        assert row["verdict"] == verdict
    (match,) = row["matches"]
    assert (match["entry"], match["algorithm"], match["via"]) == ("listed.png", "sketch", "region")
    assert len(match["corners"]) == 4
    shell("scan", str(asked), "--looks", "hard", status=2)


def test_hash_lines(shell: Shell, files: Path) -> None:
    (row,) = shell.rows("hash", str(files / "copy.jpg"))
    assert set(row) == {"path", "media_type", "md5", "sha1", "sha256", "pdq", "pdq_quality"}
    (files / "broken.jpg").write_bytes(BROKEN)
    assert shell.rows("hash", str(files / "broken.jpg"), status=3)[0]["pdq"] is None
    assert "What to do" in shell("hash", str(files / "nothing"), status=4).stderr


def test_import_tells_each_bad_line(shell: Shell, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,md5,pdq\none,{'ab' * 16},\ntwo,nonsense,\nthree,,{'00' * 32}\n")
    rows = shell.rows("lists", "import", "a", str(listed), status=3)
    assert [row["line"] for row in rows if "line" in row] == [3, 4]
    assert rows[-1]["added"] == 1
    assert shell.rows("lists", "import", "a", str(listed), status=3)[-1]["unchanged"] == 1
    shell("lists", "import", "b", str(listed), "--strict", status=4)
    assert [row["name"] for row in shell.rows("lists", "show")] == ["a"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    said = shell("cases", "list", status=11).stderr
    assert "tutela init" in said
    shell("init", "--no-passphrase")
    shell("init", "--no-passphrase", status=11)
    shell("nonsense", status=2)
    shell("cases", "show", "cas_none", status=5)
    shell("audit", "verify")


def test_global_options_may_stand_anywhere() -> None:
    words = ["scan", "--json", "x", "--home", "h", "--", "--json"]
    assert hoisted(words) == ["--json", "--home", "h", "scan", "x", "--", "--json"]
    assert hoisted(["a", "--home=h", "--home"]) == ["--home=h", "--home", "a"]


def test_the_whole_demo_ends_with_a_receipt_whatever_the_operator_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs.db"
    monkeypatch.setenv("TUTELA_DATABASE_URL", f"sqlite:///{theirs}")
    monkeypatch.setenv("TUTELA_AUTHORITY__URL", "https://authority.invalid/ispws")
    monkeypatch.setenv("TUTELA_HOST__WEBHOOK_URL", "https://host.invalid/orders")
    monkeypatch.setenv("TUTELA_PASSPHRASE", "of the operator's own keys")
    (row,) = Shell(tmp_path).rows("demo", "--once")
    assert not theirs.exists()
    assert row["complete"] is True
    assert [step["done"] for step in row["steps"]] == [True] * 8


@pytest.mark.parametrize("word", COMMANDS)
def test_each_first_word_is_found_without_importing_the_others(word: str) -> None:
    known = typer.main.get_command(assembled(word))
    assert isinstance(known, typer.core.TyperGroup)
    assert word in known.commands
    assert {COMMANDS[one] for one in known.commands} == {COMMANDS[word]}


@pytest.mark.parametrize("words", [[], ["--help"], ["nonsense"]])
def test_whoever_names_no_command_is_told_of_all(words: list[str]) -> None:
    known = typer.main.get_command(assembled(first_word(words)))
    assert isinstance(known, typer.core.TyperGroup)
    assert set(known.commands) == set(COMMANDS)


def test_the_value_of_an_option_is_no_command() -> None:
    assert first_word(hoisted(["--home", "scan", "lists", "--json"])) == "lists"
    assert first_word(hoisted(["--home=scan"])) is None
