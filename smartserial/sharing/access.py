"""Who may come in: addresses and limits, judged before any byte is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class Access(Enum):
    """What a listener's clients may do."""

    BOTH = "both"
    READ = "read"
    WRITE = "write"

    @property
    def reads(self) -> bool:
        """Whether they get the device's bytes."""
        return self is not Access.WRITE

    @property
    def writes(self) -> bool:
        """Whether their bytes reach the device."""
        return self is not Access.READ


def _normal(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_network(text: str) -> Network:
    """Read one address or network, as in ``10.0.0.7``, ``10.0.0.0/24`` or ``2001:db8::/32``.

    A network of v4-mapped v6 addresses becomes its IPv4 network.

    Raises:
        ValueError: it is neither, or has host bits set.
    """
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ip_network(f"{mapped}/{network.prefixlen - 96}")
    return network


def allowed(networks: tuple[Network, ...], host: str) -> bool:
    """Tell whether `host`, a numeric address, is in one of `networks`; no networks mean anybody.

    A peer without an IP address (a unix socket) is allowed only where anybody is.
    """
    if not networks:
        return True
    try:
        address = _normal(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    return any(address in network for network in networks)


def loopback(host: str) -> bool:
    """Tell whether `host`, a numeric address, is one that only this machine can reach."""
    return _normal(ip_address(host)).is_loopback


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a client is not let in; `text` is one plain line for its user, without the line end.

    `user` is as whom it had logged in; empty: it had not, or need not.
    """

    text: str
    user: str = ""

    def of(self, user: str) -> Refusal:
        """Return this refusal as that of a user."""
        return replace(self, user=user)


def full(name: str, limit: int) -> Refusal:
    """The refusal of one client too many."""
    clients = "one client is" if limit == 1 else f"{limit} clients are"
    return Refusal(f"{name} is in use: {clients} connected and no more are let in")


def crowded(name: str, host: str, limit: int) -> Refusal:
    """The refusal of one client too many from one address."""
    clients = "one client is" if limit == 1 else f"{limit} clients are"
    return Refusal(f"{name}: {clients} connected from your address {host} and no more are let in from there")


def forbidden(name: str, host: str) -> Refusal:
    """The refusal of an address that is not on the list."""
    return Refusal(f"{name} is not open to your address {host}")


def held(name: str, why: str) -> Refusal:
    """The refusal while another program has the device."""
    return Refusal(f"{name} is in use on the gateway itself: {why}")
