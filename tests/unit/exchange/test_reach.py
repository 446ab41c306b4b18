"""Where outside calls may go: names, numbers in every spelling, redirects, rebinding, TLS names."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import (
    AddressRefused,
    CounterpartyFailed,
    CounterpartyRefused,
    SettingsInvalid,
)
from tutela.exchange import connecting, wire_names
from tutela.exchange.address import Destination
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUBLIC = "93.184.215.14"
INSIDE = (
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3", "192.0.0.192",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::", "2001:db8::1",
)  # fmt: skip


class Recorded:
    """A server on loopback that keeps what it was sent and answers with fixed bytes."""

    def __init__(self, answer: bytes, pause: float = 0) -> None:
        self.heard = bytearray()
        self.calls = 0
        self._answer, self._pause = answer, pause
        self._opened = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._opened.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._opened.accept()
            except OSError:
                return
            self.calls += 1
            with caller:
                caller.settimeout(2)
                self.heard += caller.recv(65536)
                try:
                    for at in range(0, len(self._answer), 1 if self._pause else 65536):
                        caller.sendall(self._answer[at : at + (1 if self._pause else 65536)])
                        time.sleep(self._pause)
                except OSError:
                    continue

    def close(self) -> None:
        self._opened.close()


@contextmanager
def recorded(answer: bytes, pause: float = 0) -> Iterator[Recorded]:
    running = Recorded(answer, pause)
    try:
        yield running
    finally:
        running.close()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda _host, _port: list(addresses)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_followed(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        Outbound("https://authority.example", resolve=_to(address)).post("/x")
    assert address not in str(refused.value), "the address is not for logs"
    with pytest.raises(AddressRefused):
        Outbound("https://authority.example", resolve=_to(PUBLIC, address)).post("/x")


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_followed(address: str) -> None:
    there = Destination.of("https://authority.example")
    assert [str(one) for one in there.checked([address])] == [address]


@given(st.ip_addresses())
def test_only_what_is_global_is_reached_by_name(address: object) -> None:
    there = Destination.of("https://authority.example")
    try:
        (checked,) = there.checked([str(address)])
    except AddressRefused:
        return
    assert checked.is_global
    assert not checked.is_multicast


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "1", "0",
        "0x7f.0x0.0x0.0x1", "017700000001", "host.0x1", "256.256.256.256", "127.0.0.1.",
        "169.254.169.254", "0.0.0.0", "[::]", "[fe80::1]", "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]", "224.0.0.1", "255.255.255.255", "100.100.100.200",
    ],
)  # fmt: skip
def test_odd_numbers_are_no_address_of_a_counterparty(host: str) -> None:
    with pytest.raises(SettingsInvalid):
        Outbound(f"http://{host}/x")


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.example", "file:///etc/passwd", "gopher://a.example", "//a.example", "a.example",
        "javascript:1", "http://", "http:///x", "https://user@a.example", "https://u:p@a.example",
        "https://a.example:p@b.example", "https://a.example@127.0.0.1", "http://a.example:0",
        "http://a.example:99999", "http://a.example?x=1", "http://a.example#x", "http://a\r\nb.c",
        "http://a.example:port", "http://[::1", "unix:///run/docker.sock", "",
    ],
)  # fmt: skip
def test_what_is_no_plain_http_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsInvalid):
        Outbound(address)


def test_what_the_operator_wrote_as_a_number_is_reached() -> None:
    with recorded(GOOD) as there:
        assert Outbound(f"http://127.0.0.1:{there.port}").post("/x").body == b"ok"
        assert Outbound(f"http://localhost:{there.port}").post("/x").body == b"ok"
    with pytest.raises(AddressRefused):
        Outbound("http://127.0.0.1", resolve=_to("127.0.0.2")).post("/x")


def test_own_networks_are_reached_only_where_named() -> None:
    with recorded(GOOD) as there:
        address = f"http://host.internal:{there.port}"
        with pytest.raises(AddressRefused):
            Outbound(address, resolve=_to("127.0.0.1")).post("/x")
        named = Outbound(address, private=(ip_network("127.0.0.0/8"),), resolve=_to("127.0.0.1"))
        assert named.post("/x").status == 200
        assert f"Host: host.internal:{there.port}".encode() in there.heard
    metadata = Outbound(
        "http://host.internal", private=(ip_network("169.254.0.0/16"),),
        resolve=_to("169.254.169.254"),
    )  # fmt: skip
    with pytest.raises(AddressRefused):
        metadata.post("/x")


def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    answers = iter([["127.0.0.1"], [PUBLIC]])
    asked = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with recorded(GOOD) as there:
        outbound = Outbound(
            f"http://host.internal:{there.port}",
            private=(ip_network("127.0.0.0/8"),),
            resolve=rebinding,
        )
        assert outbound.post("/x").body == b"ok"
        assert there.calls == 1
    assert asked == ["host.internal"], "one call asks once, and connects to what was checked"


def test_the_next_address_is_tried_and_tls_asks_for_the_name() -> None:
    with recorded(b"") as there:
        outbound = Outbound(
            f"https://host.internal:{there.port}",
            private=(ip_network("127.0.0.0/8"),),
            resolve=_to("127.0.0.2", "127.0.0.1"),
        )
        with pytest.raises(CounterpartyFailed):
            outbound.post("/x")
        assert b"host.internal" in there.heard, "the ClientHello names the host"
        assert b"127.0.0.1" not in there.heard


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["http://127.0.0.1:{}/y", "//127.0.0.1:{}/y", "/y", "file:///y"])
def test_no_redirect_is_followed(status: int, place: str) -> None:
    with recorded(GOOD) as inside:
        place = place.format(inside.port)
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        with recorded(answer.encode()) as there:
            with pytest.raises(CounterpartyRefused, match="redirects"):
                Outbound(f"http://127.0.0.1:{there.port}").post("/x")
            assert there.calls == 1
        assert inside.calls == 0


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", "0/x", ":x@evil.example/"])
def test_no_path_leads_to_another_origin(path: str) -> None:
    with recorded(GOOD) as there:
        outbound = Outbound(f"http://127.0.0.1:{there.port}", resolve=_to(PUBLIC))
        with pytest.raises((CounterpartyRefused, CounterpartyFailed)) as refused:
            outbound.post(path)
        # An address that cannot be read at all is a failure; one that can is refused unasked.
        assert isinstance(refused.value, CounterpartyRefused) or "InvalidURL" in str(refused.value)
        assert there.calls == 0


@pytest.mark.parametrize("path", ["\r\nX: y", "\0"])
def test_no_path_writes_a_header(path: str) -> None:
    with recorded(GOOD) as there:
        with pytest.raises(CounterpartyFailed):
            Outbound(f"http://127.0.0.1:{there.port}").post(path)
        assert there.calls == 0


@pytest.mark.parametrize(
    "number", ["../../x", "..", ".", "", "a/b", "a?b", "a#b", "a\nb", "%2e", "ä"]
)
def test_a_number_that_is_a_path_is_not_put_into_one(number: str) -> None:
    with pytest.raises(CounterpartyFailed):
        wire_names.read(None).call("submit", report=number)
    assert wire_names.read(None).call("submit", report="R-1.2_3")[1].count("R-1.2_3") == 1


def test_an_answer_that_was_packed_is_not_unfolded() -> None:
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\0"
    with recorded(packed) as there:
        with pytest.raises(CounterpartyFailed, match="packed"):
            Outbound(f"http://127.0.0.1:{there.port}").post("/x")
        assert b"accept-encoding: identity" in there.heard.lower()


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "ANSWER_SECONDS", 0.5)
    with recorded(GOOD, pause=0.1) as there:
        start = time.monotonic()
        with pytest.raises(CounterpartyFailed):
            Outbound(f"http://127.0.0.1:{there.port}").post("/x")
        assert time.monotonic() - start < 2


def test_an_answer_without_end_is_given_up() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(3 << 20)
    with recorded(endless) as there, pytest.raises(CounterpartyFailed, match="too long"):
        Outbound(f"http://127.0.0.1:{there.port}").post("/x")


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\0" * 99, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/9 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 60_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    ],
)  # fmt: skip
def test_broken_answers_are_failures(answer: bytes) -> None:
    with recorded(answer) as there, pytest.raises(CounterpartyFailed):
        Outbound(f"http://127.0.0.1:{there.port}").post("/x")
