"""Elements: a device protocol at work on its connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from smartserial.definition.protocol import Protocol
from smartserial.plugin.reaction import Reaction
from smartserial.settings.devices import Device
from smartserial.settings.network import Keepalive, TlsSettings
from smartserial.settings.records import RecordFile
from smartserial.sharing.access import Network


class Transport(Enum):
    """What carries a network connection."""

    TCP = "tcp"
    UDP = "udp"


class Role(Enum):
    """Who begins: a client connects, a server is connected to."""

    CLIENT = "client"
    SERVER = "server"


PROBING = Keepalive(every=1.0, retry=1.0, count=10)
"""Keepalive of an element's TCP connections: a dead peer is noticed after ten seconds."""


@dataclass(frozen=True, slots=True)
class NetworkCarrier:
    """A connection over the network.

    Args:
        transport: TCP or UDP.
        role: whether we connect, or are connected to.
        host: of a server the numeric address to listen on; of a client a name or an address.
        port: ours for a server, the other side's for a client; 0 for a server: any free one.
        why: what decided the role, for people.
        tls: None: no encryption.
        keepalive: of TCP connections; None: off.
        local_port: that a client sends from; 0: any free one.
        single: a client socket of this element alone, though another one has the same address.
        retry_bind: go on without the address if it cannot be had, and try again.
    """

    transport: Transport
    role: Role
    host: str
    port: int
    why: str = field(default="", compare=False)
    tls: TlsSettings | None = None
    keepalive: Keepalive | None = PROBING
    local_port: int = 0
    single: bool = False
    retry_bind: bool = False


@dataclass(frozen=True, slots=True)
class DeviceCarrier:
    """A connection over a device of its own."""

    device: Device


@dataclass(frozen=True, slots=True)
class ShareCarrier:
    """A connection over the device of a share, beside its clients."""

    share: str


Carrier = NetworkCarrier | DeviceCarrier | ShareCarrier


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One connection of an element.

    Args:
        number: its id in the definition.
        carrier: what it runs on.
        timeout: seconds that a command waits for its answer.
        retries: how often it is sent again.
        bus_address: the text for params of type bus.
        allowed: addresses that it hears; empty: see `sharing.admission`. Of TCP and UDP servers only.
        max_clients: how many sessions at once; None: no limit of its own.
    """

    number: int
    carrier: Carrier
    timeout: float = 1.5
    retries: int = 3
    bus_address: str = ""
    allowed: tuple[Network, ...] = ()
    max_clients: int | None = None


class Start(Enum):
    """What an element does when the gateway starts."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


def _no_reactions() -> Sequence[Reaction]:
    return ()


@dataclass(frozen=True, slots=True)
class ElementSettings:
    """One element.

    Args:
        name: what the operator calls it.
        protocol: the device protocol, as the operator wrote it.
        definition: what that says.
        connections: those that it uses, in the order of their numbers.
        options: of the device protocol, by name.
        start: what it does when the gateway starts.
        strict: a unit that is no answer ends the wait for one, as silence does.
        code_page: of texts.
        element_timeout: seconds without success after which the element is in timeout; None: as the
            definition says.
        trace: where events are written; None: nowhere.
        reactions: makes the Python of the device protocol, anew for each start.
    """

    name: str
    protocol: str
    definition: Protocol
    connections: tuple[ConnectionSettings, ...] = ()
    options: tuple[tuple[str, object], ...] = ()
    start: Start = Start.ACTIVE
    strict: bool = False
    code_page: str = "cp1252"
    element_timeout: float | None = None
    trace: RecordFile | None = None
    reactions: Callable[[], Sequence[Reaction]] = field(default=_no_reactions, compare=False)
