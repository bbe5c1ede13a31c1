"""Addresses and sockets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Encryption of a TCP connection; files are PEM.

    Args:
        certificate: our own, with its chain; a server must have one.
        key: its private key; None: it stands in the file of the certificate.
        authorities: whom the other side's certificate must come from; None: whom the system trusts.
        verify: judge the other side's certificate; a server asks for one only where `authorities` are said.
        hostname: what the server's certificate must say; empty: the host that is connected to.
        folder: a server's certificates, one for each name that clients may ask for, in the place of
            `certificate`; they are read again when they change. None: there is one certificate.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    verify: bool = True
    hostname: str = ""
    folder: Path | None = None
