"""Alarms at the shell: an exit code that a monitoring system reads, and a person's note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

_LIST = "id,md5\none,900150983cd24fb0d6963f7d28e17f72\n"


def test_a_monitor_reads_the_exit_code_until_somebody_acknowledges(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell("init", "--no-passphrase")
    shell("alarms", "check")
    (tmp_path / "list.csv").write_text(_LIST)
    shell("lists", "import", "known", str(tmp_path / "list.csv"))
    with (shell.home / "settings.toml").open("a") as file:
        file.write("[alarms]\nlist_age_hours = 0.0000001\n")
    [alarm] = shell.rows("alarms", "check", status=12)
    assert (alarm["kind"], alarm["severity"], alarm["cleared"]) == ("list-old", "warning", None)
    [again] = shell.rows("alarms", "check", status=12)
    assert again["alarm"] == alarm["alarm"]
    shell("alarms", "acknowledge", alarm["alarm"], "--note", "The source is closed until Monday.")
    [seen] = shell.rows("alarms", "check")
    assert seen["acknowledged"] == "system:shell"
    shell("lists", "remove", "known")
    shell("alarms", "check")
    [past] = shell.rows("alarms", "list")
    assert past["cleared"] is not None
    shell("alarms", "acknowledge", "alm_none", "--note", "what", status=5)
    shell("audit", "verify")
