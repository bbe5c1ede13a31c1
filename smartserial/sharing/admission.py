"""Which elements on one address hear a peer, by their lists of allowed addresses."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from ipaddress import ip_address
from typing import TypeVar

from smartserial.sharing.access import Network, _normal, allowed

K = TypeVar("K", bound=Hashable)


def admitted(lists: Mapping[K, tuple[Network, ...]], host: str) -> frozenset[K]:
    """Return who hears a peer, and speaks to it.

    An address that stands on somebody's list belongs to those whose list it is on; any other address
    belongs to those without a list. So where nobody has a list, everybody hears everybody.

    Args:
        lists: the allowed networks of each element on the address; an empty tuple is no list.
        host: the peer's numeric address; a v4-mapped v6 address is the v4 address.
    """
    named = frozenset(key for key, networks in lists.items() if networks and allowed(networks, host))
    return named or frozenset(key for key, networks in lists.items() if not networks)


def plain_host(host: str) -> str:
    """Return a peer's address as people write it: a v4-mapped v6 address as the v4 address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    normal = _normal(address)
    return host if normal is address else str(normal)
