"""Uploads are taken by a machine without the private key, and seen by another that has it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.casework import ANNA, HOST
from tests.instance import LISTED, OTHER, instance, token
from tests.parsers import shared_pool

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.bootstrap import Part
from tutela.cases.viewing import Fidelity
from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.content.holds import HOST_ORDER
from tutela.errors import Refused
from tutela.evidence.vault import Purpose
from tutela.platform.intake import Submission
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Split:
    """One instance on two machines: `whole` has everything, `intake` no private key."""

    def __init__(self, folder: Path, database_url: str) -> None:
        with instance(folder, database_url) as platform:
            self.word = token(platform, Role.INTAKE)
        self.whole, self.intake = folder / "home", folder / "intake"
        shared = (
            f'database_url = "{database_url}"\n'
            f'objects_url = "file://{self.whole / "objects"}"\n[grace]\nseconds = 0\n'
        )
        (self.whole / "settings.toml").write_text(shared)
        self.intake.mkdir(mode=0o700)
        (self.intake / "settings.toml").write_text(shared)
        shutil.copytree(
            self.whole / "keys", self.intake / "keys", ignore=shutil.ignore_patterns("evidence")
        )

    @contextmanager
    def served(self, home: Path) -> Iterator[tuple[str, Path]]:
        """Serve a machine's intake; yield its address, and the file of what it tells people."""
        told = home / "told"
        command = [sys.executable, "-m", "tutela", "--home", str(home), "serve", "--port", "0"]
        with (
            told.open("w") as errors,
            subprocess.Popen(
                [*command, "--part", "intake"], stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("listening on "), told.read_text()
            try:
                yield said.removeprefix("listening on ").strip(), told
            finally:
                process.terminate()


@pytest.fixture
def split(tmp_path: Path, database_url: str) -> Split:
    return Split(tmp_path, database_url)


def _sent(address: str, word: str, data: bytes, name: str) -> dict[str, str]:
    answer = httpx.post(
        f"{address}/api/v1/items",
        headers={"Authorization": f"Bearer {word}", "Idempotency-Key": name},
        files={"file": ("a.jpg", data)},
        data={"context": json.dumps({"external_id": name, "account": {"id": "a"}})},
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_intake_needs_no_private_key_and_what_it_sealed_is_decided_elsewhere(split: Split) -> None:
    with split.served(split.intake) as (address, told):
        held = _sent(address, split.word, LISTED, "p")
        clean = _sent(address, split.word, OTHER, "q")
        assert (held["verdict"], clean["verdict"]) == ("match", "clean")
        ready = httpx.get(f"{address}/readyz", trust_env=False).json()
        assert (ready["status"], ready["part"]) == ("ready", "intake")
        for path in ("/", "/console/", "/console/sign-in"):
            assert httpx.get(f"{address}{path}", trust_env=False).status_code == 404, path
    assert "private" not in told.read_text()
    whole = bootstrap.open_platform(settings_file.load(split.whole), pool=shared_pool())
    try:
        item = held["id"]
        with whole.database.reading() as connection:
            case_id = items_on_record.load(connection, item).case_id or ""
        whole.queue.claim(ANNA, case_id)
        grant = whole.viewing.grant(ANNA, case_id, item, Fidelity.SKETCH)
        assert whole.viewing.render(ANNA, grant.id, "r-1")
    finally:
        whole.close()


def test_an_intake_process_opens_nothing_and_works_on_nothing_owed(split: Split) -> None:
    settings = settings_file.load(split.intake)
    part = bootstrap.open_platform(settings, part=Part.INTAKE, pool=shared_pool())
    try:
        assert not part.keys.ids()
        taken = part.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
        with part.database.bookkeeping() as connection:
            duties.enqueue(connection, HOST_ORDER, "ord_1", part.clock())
        assert part.worker.owed() == 1
        assert not part.worker.step()
        part.worker.do_chores()
        with part.database.reading() as connection:
            evidence_id = items_on_record.load(connection, taken.id).evidence_id or ""
        with pytest.raises(Refused):
            part.vault.open(ANNA, evidence_id, Purpose.REVIEW)
        told = [one.action for one in part.audit.entries(evidence_id)]
        assert told[-1] == Action.EVIDENCE_REFUSED
    finally:
        part.close()


def test_who_left_the_private_keys_there_is_told(split: Split) -> None:
    with split.served(split.whole) as (_, told):
        assert told.exists()
    assert "move them off this machine" in told.read_text()
