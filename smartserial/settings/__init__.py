"""Frozen settings of shares and elements: what the services are made from, whoever wrote them down."""

from __future__ import annotations

from smartserial.settings.connect import BACKOFF, CallLogin, ConnectSettings, Heartbeat, Secret, TelnetRole
from smartserial.settings.devices import (
    Device,
    EndpointDevice,
    LoopDevice,
    PortDevice,
    Rfc2217Device,
    SimDevice,
    TcpDevice,
    UdpDevice,
    VirtualDevice,
    describe,
    line_of,
)
from smartserial.settings.elements import (
    PROBING,
    Carrier,
    ConnectionSettings,
    DeviceCarrier,
    ElementSettings,
    NetworkCarrier,
    Role,
    ShareCarrier,
    Start,
    Transport,
)
from smartserial.settings.gateway import ConsoleSettings, GatewaySettings
from smartserial.settings.network import DATAGRAM, LARGEST_DATAGRAM, Address, Keepalive, TlsSettings
from smartserial.settings.pools import PoolSettings
from smartserial.settings.records import RecordFile
from smartserial.settings.shares import (
    KIB,
    MIB,
    Arbitration,
    DeviceRules,
    ListenerSettings,
    RemoteSettings,
    ShareSettings,
    Sharing,
    SlowClient,
    UdpRules,
)
from smartserial.settings.users import GroupSettings, LoginSettings, UserSettings, UsersSettings
from smartserial.settings.ways import Mode, When

__all__ = [
    "BACKOFF",
    "DATAGRAM",
    "KIB",
    "LARGEST_DATAGRAM",
    "MIB",
    "PROBING",
    "Address",
    "Arbitration",
    "CallLogin",
    "Carrier",
    "ConnectSettings",
    "ConnectionSettings",
    "ConsoleSettings",
    "Device",
    "DeviceCarrier",
    "DeviceRules",
    "ElementSettings",
    "EndpointDevice",
    "GatewaySettings",
    "GroupSettings",
    "Heartbeat",
    "Keepalive",
    "ListenerSettings",
    "LoginSettings",
    "LoopDevice",
    "Mode",
    "NetworkCarrier",
    "PoolSettings",
    "PortDevice",
    "RecordFile",
    "RemoteSettings",
    "Rfc2217Device",
    "Role",
    "Secret",
    "ShareCarrier",
    "ShareSettings",
    "Sharing",
    "SimDevice",
    "SlowClient",
    "Start",
    "TcpDevice",
    "TelnetRole",
    "TlsSettings",
    "Transport",
    "UdpDevice",
    "UdpRules",
    "UserSettings",
    "UsersSettings",
    "VirtualDevice",
    "When",
    "describe",
    "line_of",
]
