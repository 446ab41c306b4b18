"""Simulated parties, started once per file of tests and told to behave before each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulators.process import SimulatedCyberTipline, cybertipline
from tests.unit.simulators.authority_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running_authority(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SimulatedCyberTipline]:
    with cybertipline(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture
def authority(running_authority: SimulatedCyberTipline) -> Iterator[SimulatedCyberTipline]:
    """A simulated CyberTipline without faults, with the documented schema and all rights."""
    yield running_authority
    if not running_authority.alive:
        running_authority.restart()
    running_authority.forget_faults()
    running_authority.swap(None)
    running_authority.rights(use=True, submit=True, update=True)


@pytest.fixture
def client(authority: SimulatedCyberTipline) -> Iterator[Client]:
    with Client(authority) as client:
        yield client
