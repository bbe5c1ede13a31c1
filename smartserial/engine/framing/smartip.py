"""The sender's address in front of a unit.

::

    TCP  | port: 2, big-endian | IPv4 address: 4 | sequence: 8, little-endian |
    UDP  | IPv4 address: 4 | port: 2, big-endian |
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

_SEQUENCES = 1 << 64


def smart_ip_header(datagram: bool, host: str, port: int, sequence: int) -> bytes | None:
    """Return what is put in front of a unit.

    Args:
        datagram: it came over UDP, else over TCP.
        host: the sender's IP address.
        port: the sender's port, 0 to 65535.
        sequence: how many units the connection had before; UDP has no place for it.

    Returns:
        6 or 14 bytes; None if the address is none of IPv4, nor one that IPv6 maps from there.
    """
    address = _v4(host)
    if address is None:
        return None
    where = port.to_bytes(2, "big")
    if datagram:
        return address.packed + where
    return where + address.packed + (sequence % _SEQUENCES).to_bytes(8, "little")


def _v4(host: str) -> IPv4Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address.ipv4_mapped if isinstance(address, IPv6Address) else address
