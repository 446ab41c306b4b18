"""A commit that was made, and reported as failed: the connection broke under its answer.

Nobody can tell it from one that was not made. Wherever it happens, one report is filed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.approved_referral import BRITISH, Desk
from tests.casework import ANNA
from tests.instance import instance
from tests.simulators.process import SimulatedCyberTipline, SimulatedNca

from tutela.errors import TutelaError
from tutela.referrals.delivery import HORIZON
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator


class LosesAnswer:
    """An engine whose first commit of an audited action is made, and then seems to have failed."""

    def __init__(self, engine: sa.Engine, action: str) -> None:
        self._action = action
        self._due = False
        self.lost = False
        self._plain = engine.dialect.do_commit
        sa.event.listen(engine, "before_cursor_execute", self._note)
        engine.dialect.do_commit = self._commit  # type: ignore[method-assign, assignment]

    def _note(self, *execution: Any) -> None:
        if execution[2].startswith("INSERT INTO audit_entries"):
            written = [one["action"] for one in execution[4].compiled_parameters]
            self._due |= self._action in written

    def _commit(self, connection: Any) -> None:
        self._plain(connection)
        if self._due and not self.lost:
            self.lost = True
            raise sa.exc.OperationalError("COMMIT", None, ConnectionResetError())


@pytest.fixture(scope="module", params=[SimulatedCyberTipline, SimulatedNca])
def authority(
    request: pytest.FixtureRequest,
) -> Iterator[SimulatedCyberTipline | SimulatedNca]:
    with tempfile.TemporaryDirectory() as folder, request.param(Path(folder)) as one:
        yield one


@pytest.mark.parametrize(
    "action", ["referral.opened", "referral.file_sent", "referral.finishing", "referral.filed"]
)
def test_a_lost_commit_files_nothing_twice(
    authority: SimulatedCyberTipline | SimulatedNca, tmp_path: Path, action: str
) -> None:
    is_nca = isinstance(authority, SimulatedNca)
    finished = "submitted" if is_nca else "finished"
    before = len(authority.reports(finished))
    given = {"provider": BRITISH} if is_nca else {}
    with instance(tmp_path, f"sqlite:///{tmp_path}/tutela.db", **given) as platform:
        desk = Desk(platform, authority)
        # So late that the next problem alarms a person, who approves it again.
        desk.clock.advance(HORIZON.total_seconds() + 60)
        losing = LosesAnswer(platform.database.engine, action)
        for _ in range(4):
            try:
                desk.work(2)
            except TutelaError:
                # As with a worker: the lease lapses, and it looks again.
                desk.clock.advance(601)
            if desk.state is State.ALARMED:
                platform.referring.approve(ANNA, desk.id)
        assert losing.lost
        assert desk.state is State.FILED
        assert len(authority.reports(finished)) == before + 1
        platform.audit.verify()
