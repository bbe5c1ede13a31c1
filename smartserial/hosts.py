"""Addresses of this machine, and what an element's host setting makes of it: a client, or a server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, ip_address

from smartserial.settings import Role

ANY = "any"
_THIS_MACHINE = IPv4Network("127.0.0.0/8")
_MAIN = ip_address("127.0.0.1")


def is_own(host: str) -> bool:
    """Tell whether `host`, a numeric address, is one of this machine: whether a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def role_of(
    host: str, said: Role | None = None, own: Callable[[str], bool] = is_own
) -> tuple[Role, str, str]:
    """Return the role that a host setting gives, the host to use, and why; see docs/elements.md.

    Args:
        host: ``any``, a numeric address, or a name.
        said: a role that the operator has said, which stands above all.
        own: tells whether a numeric address is one of this machine.
    """
    plain = host.strip().lower()
    plain = {"localhost": "127.0.0.1", ANY: "0.0.0.0"}.get(plain, plain)
    try:
        address = ip_address(plain)
    except ValueError:
        return said or Role.CLIENT, host.strip(), "the configuration says so" if said else f"{host} is a name"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    numeric = str(address)
    if said is not None:
        return said, numeric, "the configuration says so"
    if address.is_unspecified:
        return Role.SERVER, numeric, f"{host} is every address of this machine"
    if address == _MAIN or address == IPv6Address(1):
        return Role.SERVER, numeric, f"{host} is this machine"
    if address in _THIS_MACHINE:
        return Role.CLIENT, numeric, f"{host} stands for another element on this machine"
    if own(numeric):
        return Role.SERVER, numeric, f"{host} is an address of this machine"
    return Role.CLIENT, numeric, f"{host} is not an address of this machine"
