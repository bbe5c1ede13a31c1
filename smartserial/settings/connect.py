"""Calls that a share makes to its clients, instead of waiting for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.lines import LineProfile
from smartserial.settings.network import Address, Keepalive, TlsSettings
from smartserial.settings.ways import Mode, When
from smartserial.sharing.access import Access

BACKOFF = (1.0, 2.0, 5.0, 10.0)
"""Seconds before each further attempt; the last one counts for all that follow."""


class TelnetRole(Enum):
    """Which side of RFC 2217 we are: its client, who makes requests, or its server, who answers them."""

    CLIENT = "client"
    SERVER = "server"


class Secret:
    """A text that no log, message or difference of settings shows.

    It is no dataclass and no text, so that nothing takes it apart or writes it by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text, for whoever must send it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "(hidden)"


@dataclass(frozen=True, slots=True)
class CallLogin:
    """What is answered when the far side asks who we are.

    Args:
        user: the answer to a question for a name; empty: only a password is expected to be asked for.
        password: the answer to a question for a password.
    """

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Bytes that are sent when nothing else was sent for `every` seconds."""

    send: bytes
    every: float


@dataclass(frozen=True, slots=True)
class ConnectSettings:
    """The calls of a share.

    Args:
        to: whom to call; hosts may be names, which are looked up each time. They are tried in turn.
        mode: how the far side speaks.
        telnet_role: which side of RFC 2217 we are.
        datagram: bytes that a datagram has at most; None: it is TCP.
        all: call all of them at once, each as a client of its own.
        when: when there is to be a connection.
        backoff: seconds before each further attempt; the last one counts for all that follow.
        register: bytes that are sent first of all; empty: none.
        heartbeat: None: nothing is sent to stay alive.
        tls: None: no encryption.
        login: what is answered to questions before anything else; None: nothing is expected to be asked.
        access: what the far side may do.
        nodelay: send small messages at once.
        keepalive: None: off.
        idle_timeout: seconds without data in either direction after which we hang up; None: never.
        lines: of the far port, while a program has the virtual port open, and while none has.
    """

    to: tuple[Address, ...]
    mode: Mode = Mode.RAW
    telnet_role: TelnetRole = TelnetRole.CLIENT
    datagram: int | None = None
    all: bool = False
    when: When = When.ALWAYS
    backoff: tuple[float, ...] = BACKOFF
    register: bytes = b""
    heartbeat: Heartbeat | None = None
    tls: TlsSettings | None = None
    login: CallLogin | None = None
    access: Access = Access.BOTH
    nodelay: bool = True
    keepalive: Keepalive | None = Keepalive()
    idle_timeout: float | None = None
    lines: LineProfile = LineProfile()

    def __str__(self) -> str:
        return ", ".join(map(str, self.to))

    @property
    def asks(self) -> bool:
        """Whether we are the client of RFC 2217."""
        return self.mode is Mode.RFC2217 and self.telnet_role is TelnetRole.CLIENT

    @property
    def groups(self) -> tuple[tuple[Address, ...], ...]:
        """Whom each call is to: over TCP all in turn, unless `all` says otherwise; over UDP each."""
        if self.all or self.datagram is not None:
            return tuple((address,) for address in self.to)
        return (self.to,)
