"""Addresses and sockets."""

from __future__ import annotations

from dataclasses import dataclass

DATAGRAM = 1400
"""Bytes of a UDP datagram that goes through ordinary networks in one piece."""

LARGEST_DATAGRAM = 65507
"""Bytes that a UDP datagram may have."""


@dataclass(frozen=True, slots=True)
class Keepalive:
    """TCP keepalive of an idle connection; a dead peer is noticed after every + retry * count seconds."""

    every: float = 5.0
    retry: float = 2.0
    count: int = 3


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener listens: a port (0: any free one) of a numeric host, or an endpoint."""

    host: str = "127.0.0.1"
    port: int = 0
    endpoint: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.endpoint or f"{host}:{self.port}"
