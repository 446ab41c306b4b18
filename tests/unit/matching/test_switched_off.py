"""A list switched off is silent at the next look, in every process, without a new index."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA
from tests.instance import LISTED, instance, near_copy

from tutela.content.decoding import DecodeLimits
from tutela.errors import NotFound
from tutela.hashing.fingerprint import fingerprint
from tutela.matching.screening import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.bootstrap import Platform

_OTHER_PROCESS = """
import sys, time
from pathlib import Path
from tests.instance import LISTED
from tutela import bootstrap, settings
from tutela.content.decoding import DecodeLimits
platform = bootstrap.open_platform(settings.load(Path(sys.argv[1]), database_url=sys.argv[2]))
screener = platform.screener.trusting(3600)
while True:
    _, found = screener.screen_bytes(LISTED, DecodeLimits())
    print(time.time(), found.verdict.value, flush=True)
"""


@pytest.mark.parametrize("data", [LISTED, near_copy()], ids=["exact", "near"])
def test_it_matches_nothing_while_it_is_off(platform: Platform, data: bytes) -> None:
    printed = fingerprint(data, DecodeLimits())
    revision = platform.screener.revision()
    assert platform.screener.screen(printed).verdict is Verdict.MATCH
    platform.lists.switch_off(ANNA, "known", "doubted")
    assert platform.screener.screen(printed).verdict is Verdict.CLEAN
    # Bulk scans remember under which revision a file was screened.
    assert platform.screener.revision() > revision
    with pytest.raises(NotFound, match="switched off"):
        platform.screener.screen(printed, ["known"])
    platform.lists.switch_on(ANNA, "known")
    assert platform.screener.screen(printed).verdict is Verdict.MATCH


def test_other_lists_go_on(platform: Platform) -> None:
    printed = fingerprint(LISTED, DecodeLimits())
    platform.lists.import_file(ANNA, "other", f"md5\n{printed.digests.md5}\n".encode())
    platform.lists.switch_off(ANNA, "known", "doubted")
    found = platform.screener.screen(printed)
    assert {one.list_name for one in found.matches} == {"other"}


def test_another_process_that_trusts_its_index_obeys_within_a_second(
    tmp_path: Path, database_url: str
) -> None:
    """Its index is never asked anew, yet each hit is looked up among the lists that are on."""
    with instance(tmp_path, database_url) as platform:
        other = subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROCESS, str(tmp_path / "home"), database_url],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        try:
            assert other.stdout.readline().split()[1] == "match"
            platform.lists.switch_off(ANNA, "known", "doubted")
            off_at = time.time()
            verdicts: list[list[str]] = []
            while not verdicts or float(verdicts[-1][0]) < off_at + 1.5:
                verdicts.append(other.stdout.readline().split())
        finally:
            other.kill()
            other.wait()
            other.stdout.close()
    later = {verdict for at, verdict in verdicts if float(at) > off_at + 1}
    assert later == {"clean"}
