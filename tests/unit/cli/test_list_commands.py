"""`tutela lists` in a process of its own: pins, signatures, what waits, the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.minisign_signer import Signer
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pinned_list_from_the_shell(tmp_path: Path) -> None:
    shell, signer = Shell(tmp_path), Signer()
    shell("init", "--no-passphrase")
    key, file = tmp_path / "source.pub", tmp_path / "list.csv"
    key.write_text(f"untrusted comment: minisign public key\n{signer.public}\n")
    (row,) = shell.rows("lists", "trust", "known", "--key", str(key), "--most-entries", "1")
    assert (row["key"], row["most_entries"], row["source"]) == (signer.public, 1, None)
    data = f"md5\n{'5a' * 16}\n{'5b' * 16}\n".encode()
    file.write_bytes(data)
    assert "--signature" in shell("lists", "import", "known", str(file), status=4).stderr
    beside = tmp_path / "list.csv.minisig"
    beside.write_bytes(signer.numbered(data + b" ", 1))
    shell("lists", "import", "known", str(file), status=8)
    beside.write_bytes(signer.numbered(data, 1))
    done = shell("lists", "import", "known", str(file), status=3)
    assert "entries_cap" in done.stderr
    (waiting,) = shell.rows("lists", "pending")
    assert (waiting["why"], waiting["added"]) == ("entries_cap", 2)
    (accepted,) = shell.rows("lists", "accept", waiting["delivery"], "--reason", "asked")
    assert accepted["added"] == 2
    shell("lists", "refuse", waiting["delivery"], status=6)
    assert shell.rows("lists", "off", "known", "--reason", "doubted") == []
    assert shell.rows("lists", "show")[0]["off"] == "doubted"
    shell("lists", "on", "known")
    (row,) = shell.rows("lists", "trust", "known", "--no-key", "--most-entries", "0")
    assert (row["key"], row["most_entries"]) == (None, None)
