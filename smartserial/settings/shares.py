"""Shares: a device, the listeners that its clients come in by, and the rules between them."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.definition.protocol import Protocol
from smartserial.lines import LINE_NAMES, ModemLines
from smartserial.sequences import Sequence
from smartserial.settings.connect import ConnectSettings
from smartserial.settings.devices import Device
from smartserial.settings.network import DATAGRAM, Address, Keepalive, TlsSettings
from smartserial.settings.records import RecordFile
from smartserial.settings.users import LoginSettings
from smartserial.settings.ways import Mode, When
from smartserial.sharing.access import Access, Network
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.packets import PacketRules
from smartserial.sharing.selection import SelectionRules
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
        sequences: of lines and times, which operators may start.
        away_buffer: bytes that are kept of what clients send while the device is away; 0: none.
        away_age: seconds that they are kept.
    """

    on_demand: bool = False
    wait_while_busy: bool = False
    close_on_unplug: bool = False
    remote_lines: frozenset[str] = frozenset(LINE_NAMES)
    report: ModemLines = ModemLines(cts=True, dsr=True, cd=True)
    sequences: tuple[Sequence, ...] = ()
    away_buffer: int = 0
    away_age: float = 5.0


@dataclass(frozen=True, slots=True)
class UdpRules:
    """How a listener speaks UDP.

    Args:
        targets: who gets the device's bytes without having asked; their hosts may be names.
        interface: by which what is for groups goes, its name or IPv4 address; empty: as the routes say.
        datagram: bytes that one sent has at most.
    """

    targets: tuple[Address, ...] = ()
    interface: str = ""
    datagram: int = DATAGRAM


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """One listener of a share.

    Args:
        address: where it listens.
        mode: how its clients speak.
        access: what its clients may do.
        allow: addresses that may connect; empty: all.
        max_clients: how many at once; None: as many as the share lets in.
        max_per_source: how many of them from one address; None: all may be.
        tell_refused: tell a client that is refused why, in one line.
        nodelay: send small messages at once.
        keepalive: None: off.
        idle_timeout: seconds without data in either direction after which a client is closed; None: never.
        when: whether it listens only while a program has the virtual port open.
        linger: seconds that its clients stay when the last program has closed the port.
            A client over UDP must send something within that time; None: within a minute.
        udp: None: it is TCP.
        tls: None: no encryption.
        login: None: nobody has to say who they are.
    """

    address: Address = Address()
    mode: Mode = Mode.RAW
    access: Access = Access.BOTH
    allow: tuple[Network, ...] = ()
    max_clients: int | None = None
    max_per_source: int | None = None
    tell_refused: bool = True
    nodelay: bool = True
    keepalive: Keepalive | None = Keepalive()
    idle_timeout: float | None = None
    when: When = When.ALWAYS
    linger: float = 0.0
    udp: UdpRules | None = None
    tls: TlsSettings | None = None
    login: LoginSettings | None = None


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
class Arbitration:
    """How it is known where the device's messages end, so that requests can wait for their answers.

    Args:
        definition: says it.
        connection: the number of the one that runs on the share.
        code_page: of texts in the definition.
    """

    definition: Protocol
    connection: int
    code_page: str = "cp1252"


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
        selection: who may speak to the device, and who hears it.
        arbitration: requests pass one after the other, each with its answer; None: they pass as they come.
    """

    max_clients: int = 16
    kick_oldest: bool = False
    slow_client: SlowClient = SlowClient()
    control: Control = Control.FIRST
    refused: WhenRefused = WhenRefused.ACKNOWLEDGE
    settings: RemoteSettings = RemoteSettings()
    selection: SelectionRules = SelectionRules()
    arbitration: Arbitration | None = None


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """One share: a device, the listeners that its clients come in by, and the rules between them.

    Args:
        name: what the operator calls it.
        device: where the bytes come from and go to.
        rules: how the device is treated.
        listeners: by which they come; at least one, unless there are calls.
        sharing: rules for its clients.
        packets: when what the device has sent goes to them; None: as it comes.
        buffer: bytes from the device that are kept while nobody is connected.
        replay: how many of the last bytes from the device are shown to clients that come later.
        capture: where everything that passes is written; None: nowhere.
        connect: calls to clients that do not come by themselves; None: none are made.
        login: which users come in by doors of the gateway's own, such as SSH: none, if there is one secret
            for all; those who have a right here, if None. Listeners have their own.
    """

    name: str
    device: Device
    listeners: tuple[ListenerSettings, ...]
    rules: DeviceRules = DeviceRules()
    sharing: Sharing = Sharing()
    packets: PacketRules | None = None
    buffer: int = 8 * KIB
    replay: int = 0
    capture: RecordFile | None = None
    connect: ConnectSettings | None = None
    login: LoginSettings | None = None
