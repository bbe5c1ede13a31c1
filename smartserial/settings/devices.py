"""Devices: where the bytes of a share or an element come from and go to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smartserial.lines import LineProfile, LineSettings
from smartserial.script import Script
from smartserial.settings.network import Address


@dataclass(frozen=True, slots=True)
class PortDevice:
    """A real serial port.

    Args:
        port: a path, or a name as in ``ttyUSB0`` or in ``/dev/serial/by-id`` or ``by-path``.
        line: what both ends agree on.
        exclusive: refuse, and keep out, other programs.
        hupcl: drop DTR and RTS when the port is closed; None leaves it as the driver has it.
        lines: the lines while somebody is connected and while nobody is.
    """

    port: str
    line: LineSettings = LineSettings()
    exclusive: bool = True
    hupcl: bool | None = None
    lines: LineProfile = LineProfile()


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A port that programs on this machine open: a pseudo-terminal under a stable link.

    Args:
        path: the link.
        owner: user of the terminal, by name or number; empty: who runs the gateway.
        group: of the terminal, by name or number; empty: as the system gives it.
        mode: permission bits of the terminal; None: as the system gives them.
        strict_baudrate: bytes pass at the speed that a program has set.
        overlay: the path is that of a real device, which stands at ``NAME.real`` meanwhile.
    """

    path: Path
    owner: str = ""
    group: str = ""
    mode: int | None = None
    strict_baudrate: bool = False
    overlay: bool = False


@dataclass(frozen=True, slots=True)
class TcpDevice:
    """A remote raw port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class UdpDevice:
    """A remote port that is reached by UDP.

    Args:
        host: a name or an address; a name is looked up each time the device is opened.
        port: the UDP port there.
        local_port: ours; 0: any free one.
    """

    host: str
    port: int
    local_port: int = 0


@dataclass(frozen=True, slots=True)
class Rfc2217Device:
    """A remote serial port, served by telnet with RFC 2217.

    Args:
        host: a name or an address.
        port: the TCP port.
        line: what the remote port is set to; None leaves it as it is until a client changes it.
        strict: fail where the far server does not answer as the RFC says, instead of going on.
        lines: the lines while somebody is connected and while nobody is.
    """

    host: str
    port: int
    line: LineSettings | None = None
    strict: bool = False
    lines: LineProfile = LineProfile()


@dataclass(frozen=True, slots=True)
class SimDevice:
    """A simulated device that follows a script."""

    name: str
    script: Script


@dataclass(frozen=True, slots=True)
class LoopDevice:
    """A device that sends back what it gets."""


@dataclass(frozen=True, slots=True)
class EndpointDevice:
    """Whatever a Twisted client endpoint reaches."""

    endpoint: str


Device = (
    PortDevice
    | VirtualDevice
    | TcpDevice
    | UdpDevice
    | Rfc2217Device
    | SimDevice
    | LoopDevice
    | EndpointDevice
)


def line_of(device: Device) -> LineSettings | None:
    """Return the settings of the line that the configuration has for a device, if it has any."""
    return device.line if isinstance(device, PortDevice | Rfc2217Device) else None


def describe(device: Device) -> str:
    """Name a device in a few words, for logs and messages."""
    match device:
        case PortDevice(port=port):
            return f"port {port}"
        case VirtualDevice(path=path):
            return f"virtual port {path}"
        case TcpDevice(host=host, port=number):
            return f"tcp {Address(host, number)}"
        case UdpDevice(host=host, port=number):
            return f"udp {Address(host, number)}"
        case Rfc2217Device(host=host, port=number):
            return f"rfc2217 {Address(host, number)}"
        case SimDevice(name=name):
            return f"simulated {name}"
        case LoopDevice():
            return "loop"
        case EndpointDevice(endpoint=endpoint):
            return f"endpoint {endpoint}"
