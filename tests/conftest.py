"""What many tests need: both databases, an audit log, a clock, and loud gaps."""

from __future__ import annotations

import os
import secrets
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from tests import audited_changes
from tests.fixed_clock import FixedClock
from tests.instance import instance, serving
from tests.postgres import Cluster, running_cluster, server_binaries

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.log import AuditLog
from tutela.storage.database import Database, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest.terminal import TerminalReporter

    from tutela.bootstrap import Platform

IN_CI = os.environ.get("CI") == "true"
NOT_RUN = "NOT RUN:"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Two busy cores make single examples slow now and then; that is no failure.
settings.register_profile(
    "tutela", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=IN_CI
)
settings.load_profile("tutela")


audited_changes.watch()


def missing(what: str) -> None:
    """End a test that the system lacks something for: loudly here, as a failure in CI."""
    reason = f"{NOT_RUN} {what} is not installed (scripts/system-packages.sh installs it)"
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster | None]:
    """A private PostgreSQL of this worker, started by the first test that needs it."""
    binaries = server_binaries()
    if binaries is None:
        yield None
        return
    with running_cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database."""
    cluster: Cluster | None = request.getfixturevalue("postgres_cluster")
    if cluster is None:
        missing("a PostgreSQL server")
        return
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh, empty database: the test runs once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tutela.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind, with every table that the test's imports define."""
    opened = Database(database_url)
    with opened.bookkeeping() as connection:
        metadata.create_all(connection)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still until moved."""
    return FixedClock()


@pytest.fixture
def signer() -> CheckpointSigner:
    """A checkpoint key of this test alone."""
    return CheckpointSigner("tutela.test", secrets.token_bytes(32))


@pytest.fixture
def audit(
    database: Database, signer: CheckpointSigner, clock: FixedClock, tmp_path: Path
) -> AuditLog:
    """An audit log on each kind of database, with a witness file beside it."""
    return AuditLog(database, signer, clock, WitnessFile(tmp_path / "witness", signer))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium, for the tests that look through a browser."""
    for name in _CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    missing("Chromium")
    return ""


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say in red what this run did not show."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    gaps = [reason for reason in reasons if NOT_RUN in reason]
    if gaps:
        terminalreporter.section("THIS RUN IS NOT COMPLETE", sep="!", red=True, bold=True)
        for what in sorted({gap.split(NOT_RUN)[1].removesuffix("')").strip() for gap in gaps}):
            number = sum(what in gap for gap in gaps)
            terminalreporter.line(f"{number} tests {NOT_RUN.lower()} {what}", red=True)


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    """A whole instance on each kind of database."""
    with instance(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def served(platform: Platform) -> Iterator[str]:
    """The address of a whole instance that serves."""
    with serving(platform) as address:
        yield address
