"""Private keys under AWS KMS: the port's suite, and a service that refuses, stalls and lies."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.process import Simulator
from tests.suites.key_service_suite import KeyServiceSuite, Make

from tutela.errors import CounterpartyFailed, Refused, Tampered
from tutela.evidence.keys import OpeningKey
from tutela.exchange.aws_kms import AwsKms, KmsKey
from tutela.exchange.sigv4 import Credentials, signed, signing_key
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a simulated secret"


class SimulatedKms(Simulator):
    """The child process, and how to trouble it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("aws_kms", folder / "kms.db")

    def switch(self, *, enabled: bool) -> None:
        """Enable or disable the master key."""
        self._control("POST", "key", {"enabled": enabled})

    def calls(self) -> list[dict[str, Any]]:
        """Return what was asked, oldest first."""
        found: list[dict[str, Any]] = self.books()["calls"]
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedKms]:
    with SimulatedKms(tmp_path_factory.mktemp("kms")) as running:
        yield running


@pytest.fixture
def kms(running: SimulatedKms) -> Iterator[SimulatedKms]:
    yield running
    running.forget_faults()
    running.switch(enabled=True)


def service(
    kms: SimulatedKms,
    folder: Path,
    *,
    hold: float = 300,
    secret: str = SECRET,
    waits: list[float] | None = None,
) -> AwsKms:
    return AwsKms(
        folder,
        KmsKey(kms.url, "eu-central-1", "alias/tutela-evidence"),
        Credentials("AKIDSIMULATED", secret),
        utc_now,
        hold,
        pause=(waits if waits is not None else []).append,
        timeout=0.5,
    )


class TestAwsKms(KeyServiceSuite):
    @pytest.fixture
    def make(self, kms: SimulatedKms, tmp_path: Path) -> Make:
        return lambda: service(kms, tmp_path / "keys")


@pytest.fixture
def held(kms: SimulatedKms, tmp_path: Path) -> OpeningKey:
    key = OpeningKey.generate()
    service(kms, tmp_path).add(key)
    return key


def opens(one: AwsKms, key: OpeningKey) -> bool:
    return one.unwrap(key.sealing.id, key.sealing.wrap(b"k" * 32)) == b"k" * 32


def test_the_stored_file_is_nothing_without_the_service(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    stored = (tmp_path / f"{held.sealing.id}.kms").read_bytes()
    assert held.private.encode() not in stored
    kms.switch(enabled=False)
    with pytest.raises(Refused, match="DisabledException"):
        opens(service(kms, tmp_path), held)


def test_who_may_not_ask_any_more_cannot_open_soon(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    holding, forgetting = service(kms, tmp_path), service(kms, tmp_path, hold=0)
    assert opens(holding, held) and opens(forgetting, held)
    kms.switch(enabled=False)
    assert opens(holding, held)
    with pytest.raises(Refused):
        opens(forgetting, held)


def test_each_asking_is_on_the_service_s_own_record(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    opens(service(kms, tmp_path), held)
    last = kms.calls()[-1]
    assert (last["call"], last["answer"]) == ("Decrypt", "ok")
    assert held.sealing.id in last["context"]


def test_a_throttled_or_silent_service_is_asked_again(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    for kind in ("throttle", "drop_before", "garbage"):
        waits: list[float] = []
        kms.fault(kind, call="Decrypt", times=2)
        assert opens(service(kms, tmp_path, waits=waits), held)
        assert waits == [0.4, 0.8]


def test_a_service_that_stays_throttled_or_stalls_is_not_available(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    kms.fault("throttle", call="Decrypt", times=3)
    with pytest.raises(CounterpartyFailed):
        opens(service(kms, tmp_path), held)
    kms.fault("stall", call="Decrypt", times=3, seconds=1)
    with pytest.raises(CounterpartyFailed):
        opens(service(kms, tmp_path), held)


def test_a_refusal_is_not_tried_again(held: OpeningKey, kms: SimulatedKms, tmp_path: Path) -> None:
    waits: list[float] = []
    kms.fault("refuse", call="Decrypt")
    with pytest.raises(Refused, match="AccessDenied"):
        opens(service(kms, tmp_path, waits=waits), held)
    assert waits == []
    with pytest.raises(Refused, match="InvalidSignature"):
        opens(service(kms, tmp_path, secret="another secret"), held)


def test_a_service_that_lies_is_found_out(
    held: OpeningKey, kms: SimulatedKms, tmp_path: Path
) -> None:
    kms.fault("lie", call="Decrypt")
    with pytest.raises(Tampered):
        opens(service(kms, tmp_path), held)
    fresh = OpeningKey.generate()
    kms.fault("lie", call="Decrypt")
    with pytest.raises(Tampered):
        service(kms, tmp_path).add(fresh)
    assert fresh.sealing.id not in service(kms, tmp_path).ids()


def test_exchanged_files_do_not_open(held: OpeningKey, kms: SimulatedKms, tmp_path: Path) -> None:
    other = OpeningKey.generate()
    service(kms, tmp_path).add(other)
    (tmp_path / f"{held.sealing.id}.kms").rename(tmp_path / f"{other.sealing.id}.kms")
    with pytest.raises(Tampered):
        opens(service(kms, tmp_path), other)


# What AWS publishes: the "aws-sig-v4-test-suite", and the worked example of the user guide.
EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_the_vectors_of_the_suite(method: str, signature: str) -> None:
    headers = {"Host": "example.amazonaws.com"}
    made = signed(EXAMPLE, "us-east-1", "service", AT, headers, method=method)
    assert made["Authorization"].endswith(f"SignedHeaders=host;x-amz-date, Signature={signature}")


def test_the_worked_example_of_the_user_guide() -> None:
    key = signing_key(EXAMPLE.secret, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    made = signed(
        EXAMPLE,
        "us-east-1",
        "iam",
        AT,
        {
            "Host": "iam.amazonaws.com",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        },
        method="GET",
        query="Action=ListUsers&Version=2010-05-08",
    )
    assert made["Authorization"].endswith(
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_key_is_let_go_of_when_its_time_is_over_though_nobody_asks(
    kms: SimulatedKms, tmp_path: Path, held: OpeningKey
) -> None:
    identity = held.sealing.id
    keys = service(kms, tmp_path, hold=0.3)
    keys.private(identity)
    assert keys.held_now() == {identity}
    until = time.monotonic() + 20
    while keys.held_now() and time.monotonic() < until:
        time.sleep(0.05)
    assert keys.held_now() == frozenset()


def test_no_time_at_all_keeps_no_key(kms: SimulatedKms, tmp_path: Path, held: OpeningKey) -> None:
    keys = service(kms, tmp_path, hold=0)
    keys.private(held.sealing.id)
    assert keys.held_now() == frozenset()
