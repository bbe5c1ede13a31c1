"""Shares: a device, the listeners that its clients come in by, and the rules between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smartserial.lines import LINE_NAMES, ModemLines
from smartserial.settings.devices import Device
from smartserial.settings.network import Address, Keepalive
from smartserial.sharing.access import Access, Network
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.slow import SlowPolicy

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """How a share treats its device.

    Args:
        on_demand: open it only while a client is connected.
        wait_while_busy: keep clients while another program has the device, instead of closing them.
        close_on_unplug: close the clients when the device goes away, instead of keeping them.
        remote_lines: names of the lines that RFC 2217 clients may change.
        report: the modem lines that they are told of while the device is up, where it has none.
    """

    on_demand: bool = False
    wait_while_busy: bool = False
    close_on_unplug: bool = False
    remote_lines: frozenset[str] = frozenset(LINE_NAMES)
    report: ModemLines = ModemLines(cts=True, dsr=True, cd=True)


class Mode(Enum):
    """How the clients of a listener speak: bytes alone, or telnet with RFC 2217."""

    RAW = "raw"
    RFC2217 = "rfc2217"


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """One listener of a share.

    Args:
        address: where it listens.
        mode: how its clients speak.
        access: what its clients may do.
        allow: addresses that may connect; empty: all.
        max_clients: how many at once; None: as many as the share lets in.
        tell_refused: tell a client that is refused why, in one line.
        nodelay: send small messages at once.
        keepalive: None: off.
        idle_timeout: seconds without data in either direction after which a client is closed; None: never.
    """

    address: Address = Address()
    mode: Mode = Mode.RAW
    access: Access = Access.BOTH
    allow: tuple[Network, ...] = ()
    max_clients: int | None = None
    tell_refused: bool = True
    nodelay: bool = True
    keepalive: Keepalive | None = Keepalive()
    idle_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class SlowClient:
    """When a client is slow, and what is done: see `sharing.slow`.

    Args:
        policy: what is done.
        limit: bytes that may wait for it.
        timeout: seconds that bytes may wait without one being taken.
    """

    policy: SlowPolicy = SlowPolicy.AUTO
    limit: int = MIB
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """What RFC 2217 clients have to do with the line settings.

    Args:
        remote: they may change them.
        notify: they are told, unasked, when somebody else has changed them.
        restore: the configured settings come back when the last of them has left.
    """

    remote: bool = True
    notify: bool = False
    restore: bool = True


@dataclass(frozen=True, slots=True)
class Sharing:
    """Rules for all clients of a share.

    Args:
        max_clients: how many at once.
        kick_oldest: one too many takes the place of the oldest, instead of being refused.
        slow_client: what is done about clients that do not keep up.
        control: whose changes of settings and lines act.
        refused: what a client is told whose change does not act.
        settings: what RFC 2217 clients have to do with the line settings.
    """

    max_clients: int = 16
    kick_oldest: bool = False
    slow_client: SlowClient = SlowClient()
    control: Control = Control.FIRST
    refused: WhenRefused = WhenRefused.ACKNOWLEDGE
    settings: RemoteSettings = RemoteSettings()


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """One share: a device, the listeners that its clients come in by, and the rules between them.

    Args:
        name: what the operator calls it.
        device: where the bytes come from and go to.
        rules: how the device is treated.
        listeners: at least one.
        sharing: rules for its clients.
        buffer: bytes from the device that are kept while nobody is connected.
    """

    name: str
    device: Device
    listeners: tuple[ListenerSettings, ...]
    rules: DeviceRules = DeviceRules()
    sharing: Sharing = Sharing()
    buffer: int = 8 * KIB
