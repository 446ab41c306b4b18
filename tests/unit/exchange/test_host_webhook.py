"""An order that the host platform did not listen to stays owed; one that it refuses does not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.fixed_clock import FixedClock
from tests.simulators.process import SimulatedHost

from tutela.content.holds import HostOrder, Verb
from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange.host_webhook import HostWebhook
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = b"a secret of these tests, 32 bytes"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SimulatedHost]:
    nobody = "http://127.0.0.1:9"
    with SimulatedHost(tmp_path, nobody, "unused", SECRET, patience=0.2, retry=3600) as running:
        yield running


def _order(post: str) -> HostOrder:
    return HostOrder("ord_1", "itm_1", post, Verb.REMOVE, utc_now(), None, None)


@pytest.mark.parametrize("off", [timedelta(minutes=-7), timedelta(days=1)])
def test_a_wrong_clock_gives_no_order_up(host: SimulatedHost, off: timedelta) -> None:
    post = host.post(b"benign", "account-1")
    clock = FixedClock(utc_now() + off)
    webhook = HostWebhook(host.webhook, SECRET, clock)
    with pytest.raises(CounterpartyFailed, match="400"):
        webhook.carry_out(_order(post))
    clock.advance(-off.total_seconds())
    webhook.carry_out(_order(post))
    assert host.state(post) == "removed"


def test_a_wrong_secret_gives_no_order_up(host: SimulatedHost) -> None:
    post = host.post(b"benign", "account-1")
    with pytest.raises(CounterpartyFailed, match="401"):
        HostWebhook(host.webhook, b"another", utc_now).carry_out(_order(post))


def test_what_the_host_platform_does_not_know_is_refused(host: SimulatedHost) -> None:
    with pytest.raises(CounterpartyRefused, match="404"):
        HostWebhook(host.webhook, SECRET, utc_now).carry_out(_order("post-unknown"))
