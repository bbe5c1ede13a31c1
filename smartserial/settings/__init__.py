"""Frozen settings of shares and elements: what the services are made from, whoever wrote them down."""

from __future__ import annotations

from smartserial.settings.devices import (
    Device,
    EndpointDevice,
    LoopDevice,
    PortDevice,
    Rfc2217Device,
    SimDevice,
    TcpDevice,
    VirtualDevice,
    describe,
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
    TlsSettings,
    TraceFile,
    Transport,
)
from smartserial.settings.gateway import ConsoleSettings, GatewaySettings
from smartserial.settings.network import Address, Keepalive
from smartserial.settings.shares import (
    KIB,
    MIB,
    DeviceRules,
    ListenerSettings,
    Mode,
    RemoteSettings,
    ShareSettings,
    Sharing,
    SlowClient,
)

__all__ = [
    "KIB",
    "MIB",
    "PROBING",
    "Address",
    "Carrier",
    "ConnectionSettings",
    "ConsoleSettings",
    "Device",
    "DeviceCarrier",
    "DeviceRules",
    "ElementSettings",
    "EndpointDevice",
    "GatewaySettings",
    "Keepalive",
    "ListenerSettings",
    "LoopDevice",
    "Mode",
    "NetworkCarrier",
    "PortDevice",
    "RemoteSettings",
    "Rfc2217Device",
    "Role",
    "ShareCarrier",
    "ShareSettings",
    "Sharing",
    "SimDevice",
    "SlowClient",
    "Start",
    "TcpDevice",
    "TlsSettings",
    "TraceFile",
    "Transport",
    "VirtualDevice",
    "describe",
]
