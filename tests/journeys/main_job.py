"""The main job in one process, from upload to receipt, resumable, and killed where asked.

Run as a script by `test_killed.py`. It counts instants: one just before and one just after every
commit. At instant KILL_AT a job kills itself with SIGKILL; 0 means never. It finishes what an
earlier, killed run left.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.audit.entry import Actor
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

HOST = Actor("machine", "acc_host")
REVIEWER = Actor("person", "acc_reviewer")
_PATIENCE = 300.0


class Instants:
    """Names the instants around commits, and kills this process at the chosen one.

    A commit is named by its last audit entry, or by the last table it wrote to.
    """

    def __init__(self, kill_at: int) -> None:
        self.seen: list[str] = []
        self._kill_at = kill_at
        self._written = ""

    def watch(self, engine: sa.Engine) -> None:
        plain = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            name, self._written = self._written or "reading", ""
            self._instant(f"before {name}")
            plain(connection)
            self._instant(f"after {name}")

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]
        sa.event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, *execution: Any) -> None:
        _connection, _cursor, statement, _parameters, context, _many = execution
        verb, *words = statement.split(maxsplit=3)
        if verb not in {"INSERT", "UPDATE"}:
            return
        table = words[0] if verb == "UPDATE" else words[1]
        if table == "audit_entries":
            self._written = context.compiled_parameters[-1]["action"]
        elif table != "audit_head":
            self._written = table

    def _instant(self, name: str) -> None:
        self.seen.append(name)
        if len(self.seen) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def run(platform: Platform, picture: bytes, post: str) -> None:
    """Upload, decide, approve, and work until nothing is owed."""
    submission = Submission(
        data=picture,
        external_id=post,
        account=AccountFacts(id="account-1", screen_name="benign", ip="192.0.2.7", port=4711),
        place_url="https://host.example/picture",
    )
    answer = platform.intake.submit(HOST, submission, key=post)
    case_id = answer.case_id
    assert case_id is not None
    with platform.database.reading() as connection:
        case = cases_on_record.load(connection, case_id)
    if case.state is CaseState.OPEN:
        lease = platform.queue.claim(REVIEWER, case_id)
        finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
        platform.casework.decide(REVIEWER, case_id, lease.token, case.size, finding)
    for referral in platform.register.for_case(case_id):
        if referral.state in {"drafted", "alarmed"}:
            platform.referring.approve(REVIEWER, referral.id)
    end = time.monotonic() + _PATIENCE
    while platform.worker.owed():
        assert time.monotonic() < end, "duties are still owed"
        if not platform.worker.step():
            time.sleep(0.02)


def job(home: Path, picture: Path, post: str, kill_at: int) -> list[str]:
    """Do the job of one home; return the instants it had."""
    platform = bootstrap.open_platform(settings_file.load(home), utc_now)
    instants = Instants(kill_at)
    instants.watch(platform.database.engine)
    run(platform, picture.read_bytes(), post)
    platform.close()
    return instants.seen


def zygote() -> None:
    """Fork a child for each line `HOME PICTURE POST KILL_AT`; say its pid, then how it ended.

    What takes long, importing, is done once. Before a fork there are no threads or connections.
    """
    for line in sys.stdin:
        home, picture, post, kill_at = line.split()
        child = os.fork()
        if child == 0:
            try:
                seen = job(Path(home), Path(picture), post, int(kill_at))
            except BaseException:  # noqa: BLE001 - the parent must hear of any failure
                traceback.print_exc()
                os._exit(99)
            sys.stdout.write("".join(f"instant {one}\n" for one in seen))
            sys.stdout.flush()
            os._exit(0)
        print(f"pid {child}", flush=True)
        _pid, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    zygote()
