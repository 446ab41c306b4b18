"""Metrics: what this process counted, and what stands in the database when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from tutela.alarms import heartbeats
from tutela.audit.rows import audit_head
from tutela.cases.case import CaseState, cases
from tutela.hashlists.tables import hash_lists
from tutela.referrals.register import referrals
from tutela.storage.duties import duties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from tutela.alarms.board import Board
    from tutela.alarms.watch import Watch
    from tutela.storage.clock import Clock
    from tutela.storage.database import Database

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """Counts what happens in this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._screened = Counter(
            "tutela_screened", "Uploads screened, by verdict.", ["verdict"], registry=self.registry
        )
        self._seconds = Histogram(
            "tutela_screening_seconds",
            "From the whole upload to its verdict on record.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._worked = Counter(
            "tutela_duties_worked",
            "Duties worked on, by kind and whether it raised.",
            ["kind", "outcome"],
            registry=self.registry,
        )

    def screened(self, verdict: str, seconds: float) -> None:
        """Count an upload."""
        self._screened.labels(verdict).inc()
        self._seconds.observe(seconds)

    def worked(self, kind: str, outcome: str) -> None:
        """Count a duty: `returned` or `raised`."""
        self._worked.labels(kind, outcome).inc()

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


class Standing:
    """Collects what stands in the database; nothing is kept between two questions."""

    def __init__(self, database: Database, watch: Watch, board: Board, clock: Clock) -> None:
        self._database = database
        self._watch = watch
        self._board = board
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Yield each gauge."""
        now = self._clock()
        with self._database.reading() as connection:
            waiting, oldest = connection.execute(
                sa.select(sa.func.count(), sa.func.min(cases.c.opened_at)).where(
                    cases.c.state == CaseState.OPEN.value
                )
            ).one()
            yield _one("tutela_cases_waiting", "Cases that wait for a decision.", waiting)
            age = (now - oldest).total_seconds() if oldest else 0.0
            yield _one("tutela_cases_oldest_seconds", "Age of the oldest of them.", age)
            owed = connection.execute(
                sa.select(duties.c.kind, sa.func.count(), sa.func.min(duties.c.since))
                .where(duties.c.done_at.is_(None))
                .group_by(duties.c.kind)
            ).all()
            yield _by(
                "tutela_duties_open",
                "Duties not fulfilled.",
                "kind",
                [(kind, number) for kind, number, _ in owed],
            )
            yield _by(
                "tutela_duties_oldest_seconds",
                "Age of the oldest of a kind.",
                "kind",
                [(kind, max(0.0, (now - since).total_seconds())) for kind, _, since in owed],
            )
            states = connection.execute(
                sa.select(referrals.c.state, sa.func.count()).group_by(referrals.c.state)
            ).all()
            yield _by(
                "tutela_referrals",
                "Referrals, by state.",
                "state",
                [(state, number) for state, number in states],
            )
            lists = connection.execute(
                sa.select(hash_lists.c.id, hash_lists.c.entries, hash_lists.c.imported_at)
            ).all()
            yield _by(
                "tutela_list_entries",
                "Entries of a hash list.",
                "list",
                [(row.id, row.entries) for row in lists],
            )
            yield _by(
                "tutela_list_age_seconds",
                "Since a hash list was updated.",
                "list",
                [(row.id, (now - row.imported_at).total_seconds()) for row in lists],
            )
            entries = connection.execute(sa.select(audit_head.c.size)).scalar()
            yield _one("tutela_audit_entries", "Entries of the audit log.", entries or 0)
            parts = heartbeats.last(connection).items()
        yield _by(
            "tutela_heartbeat_age_seconds",
            "Since a part was last alive.",
            "part",
            [(part, (now - at).total_seconds()) for part, at in sorted(parts)],
        )
        yield self._alarms()

    def _alarms(self) -> Metric:
        """Say what stands on the board and what is wrong but not on it, as when nobody looks."""
        family = GaugeMetricFamily(
            "tutela_alarms", "Alarms that stand.", labels=["kind", "severity", "acknowledged"]
        )
        standing = self._board.standing()
        known = {(one.kind, one.subject) for one in standing}
        counted: dict[tuple[str, str, str], int] = {}
        for one in standing:
            key = (one.kind.value, one.severity.value, _yes(one.acknowledged_at is not None))
            counted[key] = counted.get(key, 0) + 1
        for finding in self._watch.look():
            if (finding.kind, finding.subject) not in known:
                key = (finding.kind.value, finding.severity.value, _yes(False))
                counted[key] = counted.get(key, 0) + 1
        for labels, number in sorted(counted.items()):
            family.add_metric(labels, number)
        return family


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _by(name: str, said: str, label: str, rows: list[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for word, value in rows:
        family.add_metric([word], value)
    return family
