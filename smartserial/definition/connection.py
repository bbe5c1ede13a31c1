"""Connections of a definition, and the defaults and limits of their settings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.place import Place, placed

T = TypeVar("T", covariant=True)


class ConnectionType(Enum):
    """What a connection carries; the value is its text in a definition."""

    SERIAL = "serial"
    SMART_SERIAL = "smart-serial"
    VIRTUAL = "virtual"
    GPIB = "gpib"
    HTTP = "http"
    OPC = "opc"
    SERVICE = "service"
    SLA = "sla"
    SNMP = "snmp"
    SNMPV2 = "snmpv2"
    SNMPV3 = "snmpv3"


SERIAL_TYPES = frozenset({ConnectionType.SERIAL, ConnectionType.SMART_SERIAL})
"""Connections that carry bytes."""


class PortType(Enum):
    """What a serial connection runs on by default."""

    IP = "ip"
    UDP = "udp"
    RS232 = "rs232"


class Parity(Enum):
    """The parity bit of a serial line."""

    NO = "no"
    EVEN = "even"
    ODD = "odd"
    MARK = "mark"
    SPACE = "space"


class FlowControl(Enum):
    """How a serial line holds up the other end."""

    NO = "no"
    CTS_RTS = "cts_rts"
    CTS_DTR = "cts_dtr"
    DSR_RTS = "dsr_rts"
    DSR_DTR = "dsr_dtr"
    XON_XOFF = "xon_xoff"


class SlowPollBase(Enum):
    """What `slow_poll` counts."""

    NUMBER = "number"  # of timeouts
    TIME = "time"  # milliseconds


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A setting that an operator may fill in.

    Args:
        default: used when the operator says nothing; None is no default.
        disabled: the operator may not change it.
        low: the least allowed, or None.
        high: the most allowed, or None.
        values: what is allowed beside the default; nothing means that no list was given.
    """

    default: T | None = None
    disabled: bool = False
    low: T | None = None
    high: T | None = None
    values: tuple[T, ...] = ()
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class SshSettings:
    """The params that hold the credentials of an SSH connection."""

    username: int | None = None
    password: int | None = None
    identity: int | None = None
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class PortSettings:
    """Defaults and limits of a connection's settings, None where nothing is said.

    Args:
        name: what operators see.
        type: TCP, UDP or a serial line.
        port_type_ip: whether the operator may choose TCP (`disabled`); so for the other two.
        port_type_udp: the same for UDP.
        port_type_serial: the same for a serial line.
        ip_port: 0 to 65535; the remote port of a client, the own port of a server.
        local_ip_port: the port that a client of a serial connection is bound to.
        bus_address: the text for params of type bus; wildcards ``*`` and ``?`` in `values`.
        baudrate: bits per second.
        databits: 5 to 8.
        parity: the parity bit.
        stopbits: 1, 1.5 or 2.
        flowcontrol: the handshake.
        timeout_time: ms that a command waits for its answer.
        retries: how often a command is sent again.
        timeout_time_element: ms without success until the element is in timeout.
        slow_poll: timeouts, or ms, by `slow_poll_base`, until only pings are sent.
        slow_poll_base: what `slow_poll` counts.
        ping_interval: ms between pings in slow poll.
        flush_per_datagram: each UDP datagram is one unit.
        ssh: credentials.
        skip_certificate_verification: as it says; for TLS.
    """

    name: str = ""
    type: Setting[PortType] | None = None
    port_type_ip: Setting[bool] | None = None
    port_type_udp: Setting[bool] | None = None
    port_type_serial: Setting[bool] | None = None
    ip_port: Setting[int] | None = None
    local_ip_port: Setting[int] | None = None
    bus_address: Setting[str] | None = None
    baudrate: Setting[int] | None = None
    databits: Setting[int] | None = None
    parity: Setting[Parity] | None = None
    stopbits: Setting[float] | None = None
    flowcontrol: Setting[FlowControl] | None = None
    timeout_time: Setting[int] | None = None
    retries: Setting[int] | None = None
    timeout_time_element: Setting[int] | None = None
    slow_poll: Setting[int] | None = None
    slow_poll_base: Setting[SlowPollBase] | None = None
    ping_interval: Setting[int] | None = None
    flush_per_datagram: bool = False
    ssh: SshSettings | None = None
    skip_certificate_verification: Setting[bool] | None = None
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection; its id is its position among the connections of its protocol.

    Args:
        type: what it carries.
        name: what operators see.
        single: the element has a client socket of its own.
        communication: how bytes become units, and what a server does with its clients.
        port: defaults and limits of the settings.
        allow_list: elements may say which addresses they listen to.
        tls: the operator may switch on TLS, as ``SslTlsEnabled`` says; None is unsaid.
    """

    type: ConnectionType
    name: str = ""
    single: bool = False
    communication: CommunicationOptions = CommunicationOptions()
    port: PortSettings = PortSettings()
    allow_list: bool = False
    tls: Setting[bool] | None = None
    place: Place = placed()
