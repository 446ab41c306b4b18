"""Which addresses an outside connection may go to: pure rules over names and numbers.

Sources: the IANA special-purpose address registries (RFC 6890) as Python's `ipaddress` has them;
RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo) for addresses inside addresses; RFC 6761 for
`localhost`; the WHATWG URL Standard, host parsing, for what ends in a number.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

import httpx

from tutela.errors import AddressRefused, SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")
)
"""Where clouds answer machines about their own credentials, beside 169.254.169.254."""
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_LAST_PORT = 65_535
_LOCAL = ("localhost", ".localhost")


@dataclass(frozen=True, slots=True)
class Destination:
    """One counterparty's origin, and the networks of our own in which it may lie."""

    scheme: str
    host: str
    port: int | None
    private: tuple[Network, ...] = ()

    @classmethod
    def of(cls, address: str, private: Sequence[Network] = ()) -> Destination:
        """Read a configured address. Raises `SettingsInvalid` for one that leads nowhere good."""
        try:
            url = httpx.URL(address)
            odd = url.scheme not in {"http", "https"} or not url.host or url.userinfo
            port = 1 if url.port is None else url.port
            if odd or url.query or url.fragment or not 0 < port <= _LAST_PORT:
                raise ValueError
        except (httpx.InvalidURL, ValueError) as problem:
            raise SettingsInvalid(
                "An outside address is not an http or https address without credentials.",
                "Mend host.webhook_url, authority.url, nca.url or aws_kms.url in the settings.",
            ) from problem
        there = cls(url.scheme, url.host, url.port, tuple(private))
        literal = there.literal
        if (literal is None and _like_a_number(url.host)) or (
            literal is not None and any(_never(one) for one in _meant(literal))
        ):
            raise SettingsInvalid(
                "An outside address is a number that no counterparty has.",
                "Write the name of the other side, or its address as four numbers or in brackets.",
            )
        return there

    @property
    def literal(self) -> Address | None:
        """Return the address that the operator wrote as a number, if it is one."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    def covers(self, url: httpx.URL) -> bool:
        """Say whether a call goes to this origin."""
        same = (url.scheme, url.host, url.port) == (self.scheme, self.host, self.port)
        return same and not url.userinfo

    def checked(self, found: Sequence[str]) -> tuple[Address, ...]:
        """Return what a name was resolved to, if we may go to each of them.

        One bad among good ones is a bad answer. Raises `AddressRefused`.
        """
        addresses = tuple(ipaddress.ip_address(one.partition("%")[0]) for one in found)
        if not addresses or not all(self._reachable(one) for one in addresses):
            raise AddressRefused(
                "A counterparty's name leads to an address inside our own network or to none.",
                "It is tried again. If the other side is in your network, name that network in "
                "exchange.private_networks, or write its address as a number.",
            )
        return addresses

    def _reachable(self, address: Address) -> bool:
        meant = tuple(_meant(address))
        if any(_never(one) for one in meant):
            return False
        if address == self.literal or all(_public(one) for one in meant):
            return True
        if address.is_loopback and self.host.endswith(_LOCAL):
            return True
        return any(
            one in network
            for one in meant
            for network in self.private
            if one.version == network.version
        )


def _meant(address: Address) -> Iterator[Address]:
    """Yield an address and the ones that it carries inside."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _public(address: Address) -> bool:
    # Withdrawn (RFC 3879), and still somebody's own network where it is used.
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not site_local


def _never(address: Address) -> bool:
    """Say whether no counterparty can be there, whatever the settings say."""
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
        or address == IPv4Address("255.255.255.255")
    )


def _like_a_number(host: str) -> bool:
    """Say whether resolvers would read a host as an IPv4 address in another form."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return _NUMBER.fullmatch(last) is not None
