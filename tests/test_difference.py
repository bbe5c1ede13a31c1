"""What is different between two sets of settings, in the words of the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.authoring import text
from smartserial.definition.protocol import Protocol
from smartserial.difference import differences
from smartserial.lines import LineSettings, Parity
from smartserial.settings import (
    Address,
    ConnectionSettings,
    ConsoleSettings,
    DeviceCarrier,
    DeviceRules,
    ElementSettings,
    GatewaySettings,
    ListenerSettings,
    LoopDevice,
    Mode,
    NetworkCarrier,
    PortDevice,
    RecordFile,
    Role,
    ShareCarrier,
    ShareSettings,
    Sharing,
    SlowClient,
    Start,
    TlsSettings,
    Transport,
    UdpRules,
    VirtualDevice,
)
from smartserial.sharing.access import Access, parse_network
from smartserial.sharing.control import Control

A = ListenerSettings(Address(port=7001))
B = ListenerSettings(Address(port=7002), Mode.RFC2217)
PORT = PortDevice("ttyS0", LineSettings(9600))
PLC = ShareSettings("plc", PORT, (A, B))
UDP = ListenerSettings(Address(port=7001), udp=UdpRules())
OTHER = ShareSettings("other", LoopDevice(), (A,))

TABLE: list[tuple[ShareSettings, list[str]]] = [
    (PLC, []),
    (replace(PLC, buffer=0), ["buffer: 8KiB -> 0"]),
    (replace(PLC, device=replace(PORT, line=LineSettings(300))), ["device.baudrate: 9600 -> 300"]),
    (
        replace(PLC, device=replace(PORT, port="ttyS1", line=LineSettings(9600, 7, Parity.EVEN))),
        ["device.port: ttyS0 -> ttyS1", "device.bytesize: 8 -> 7", "device.parity: none -> even"],
    ),
    (replace(PLC, device=replace(PORT, hupcl=True)), ["device.hupcl: nothing -> true"]),
    (replace(PLC, device=LoopDevice()), ["device: port ttyS0 -> loop"]),
    (
        replace(PLC, device=VirtualDevice(Path("/x"), mode=0o640), rules=DeviceRules(away_buffer=1024)),
        ["device: port ttyS0 -> virtual port /x", "device.away_buffer: 0 -> 1KiB"],
    ),
    (
        replace(PLC, listeners=(replace(A, access=Access.READ), replace(B, mode=Mode.RAW))),
        ["listen[0].access: both -> read", "listen[1].mode: rfc2217 -> raw"],
    ),
    (
        replace(PLC, listeners=(replace(A, keepalive=None), B)),
        ["listen[0].keepalive: {every: 5s, retry: 2s, count: 3} -> false"],
    ),
    (
        replace(PLC, listeners=(replace(A, address=Address("::1", 7001)), B)),
        ["listen[0].host: 127.0.0.1 -> ::1"],
    ),
    (replace(PLC, listeners=(A,)), ["listen: 127.0.0.1:7002 removed"]),
    (
        replace(PLC, listeners=(B,)),
        ["listen: 127.0.0.1:7001 removed"],
    ),
    (
        replace(PLC, listeners=(A, UDP, replace(B, access=Access.READ))),
        ["listen[1]: new, udp:127.0.0.1:7001", "listen[2].access: both -> read"],
    ),
    (
        replace(PLC, sharing=Sharing(3, slow_client=SlowClient(timeout=1.0), control=Control.LAST)),
        [
            "sharing.max_clients: 16 -> 3",
            "sharing.slow_client.timeout: 30s -> 1s",
            "sharing.control: first -> last",
        ],
    ),
    (
        replace(PLC, rules=DeviceRules(on_demand=True, remote_lines=frozenset())),
        ["device.lines.remote: [break, dtr, rts] -> []", "device.open: always -> on-demand"],
    ),
]

DEFINITION = Protocol("Mast", "1.0.0.1")
NETWORK = NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 7001, tls=TlsSettings(Path("/c")))
ZERO = ConnectionSettings(0, NETWORK, allowed=(parse_network("10.0.0.1"),))
ONE = ConnectionSettings(1, DeviceCarrier(PORT))
MAST = ElementSettings("mast", "acme-mast", DEFINITION, (ZERO, ONE), (("station", 7), ("gain", 1.5)))


def zero(**changes: object) -> ElementSettings:
    """The element with another connection 0."""
    return replace(MAST, connections=(replace(ZERO, **changes), ONE))  # type: ignore[arg-type]


def carried(**changes: object) -> ElementSettings:
    """The element with a connection 0 that runs on something else."""
    return zero(carrier=replace(NETWORK, **changes))  # type: ignore[arg-type]


ELEMENTS: list[tuple[ElementSettings, list[str]]] = [
    (MAST, []),
    (replace(MAST, reactions=lambda: ()), []),
    (carried(why="for another reason"), []),
    (replace(MAST, start=Start.PAUSED, strict=True), ["start: active -> paused", "strict: false -> true"]),
    (replace(MAST, element_timeout=5.0), ["timeout: nothing -> 5s"]),
    (replace(MAST, trace=RecordFile(Path("/t"))), ["trace: nothing -> {file: /t, size: 10MiB, keep: 3}"]),
    (replace(MAST, protocol="acme-mast@1.0.0.1"), ["protocol: acme-mast -> acme-mast@1.0.0.1"]),
    (
        replace(MAST, definition=replace(DEFINITION, version="1.0.0.2")),
        ["protocol: Mast 1.0.0.1 -> Mast 1.0.0.2"],
    ),
    (
        replace(MAST, definition=replace(DEFINITION, params=(text(1, "wind", 4),))),
        ["protocol: Mast 1.0.0.1 says something else"],
    ),
    (
        replace(MAST, options=(("station", 8), ("name", "x"))),
        ["options.station: 7 -> 8", "options.gain: 1.5 -> nothing", "options.name: nothing -> x"],
    ),
    (replace(MAST, options=(("gain", 1.5), ("station", 7))), []),
    (zero(timeout=2.0, retries=1), ["connections.0.timeout: 1.5s -> 2s", "connections.0.retries: 3 -> 1"]),
    (
        zero(allowed=(parse_network("10.0.0.1"), parse_network("10.1.0.0/16"))),
        ["connections.0.allowed_addresses: [10.0.0.1] -> [10.0.0.1, 10.1.0.0/16]"],
    ),
    (zero(allowed=()), ["connections.0.allowed_addresses: [10.0.0.1] -> []"]),
    (
        carried(transport=Transport.UDP, port=7002),
        ["connections.0.type: tcp -> udp", "connections.0.port: 7001 -> 7002"],
    ),
    (carried(tls=TlsSettings(Path("/d"))), ["connections.0.tls.certificate: /c -> /d"]),
    (zero(carrier=ShareCarrier("plc")), ["connections.0: tcp server 127.0.0.1:7001 -> share plc"]),
    (
        replace(MAST, connections=(ZERO, replace(ONE, carrier=DeviceCarrier(replace(PORT, port="ttyS1"))))),
        ["connections.1.device.port: ttyS0 -> ttyS1"],
    ),
    (
        replace(MAST, connections=(ZERO, replace(ONE, carrier=replace(NETWORK, host="::1")))),
        ["connections.1: port ttyS0 -> tcp server [::1]:7001"],
    ),
    (replace(MAST, connections=(ONE,)), ["connections.0: removed"]),
    (replace(MAST, connections=(ZERO, ONE, replace(ONE, number=2))), ["connections.2: new"]),
]


class ElementsTest(SynchronousTestCase):
    maxDiff = None

    def test_within_an_element(self) -> None:
        for element, expected in ELEMENTS:
            found = differences(
                GatewaySettings((PLC,), elements=(MAST,)), GatewaySettings((PLC,), elements=(element,))
            )
            self.assertEqual(found, [f"elements.mast.{line}" for line in expected])

    def test_equal_elements_are_those_without_a_difference(self) -> None:
        """But for the order of options, which is none."""
        for element, expected in ELEMENTS:
            if dict(element.options) != dict(MAST.options) or element.options == MAST.options:
                self.assertEqual(element == MAST, not expected)

    def test_elements_that_come_and_go(self) -> None:
        none, one, other = (
            GatewaySettings((PLC,), elements=n) for n in ((), (MAST,), (replace(MAST, name="b"),))
        )
        self.assertEqual(differences(none, one), ["elements.mast: new"])
        self.assertEqual(differences(one, other), ["elements.mast: removed", "elements.b: new"])


class DifferenceTest(SynchronousTestCase):
    maxDiff = None

    def test_within_a_share(self) -> None:
        for share, expected in TABLE:
            found = differences(GatewaySettings((OTHER, PLC)), GatewaySettings((OTHER, share)))
            self.assertEqual(found, [f"shares.plc.{line}" for line in expected])

    def test_shares_that_come_and_go(self) -> None:
        none, one, other, both = (GatewaySettings(shares) for shares in ((), (PLC,), (OTHER,), (PLC, OTHER)))
        for before, after, expected in (
            (none, none, []),
            (none, both, ["shares.plc: new", "shares.other: new"]),
            (both, none, ["shares.plc: removed", "shares.other: removed"]),
            (one, other, ["shares.plc: removed", "shares.other: new"]),
            (both, one, ["shares.other: removed"]),
        ):
            self.assertEqual(differences(before, after), expected)

    def test_their_order_is_none(self) -> None:
        self.assertEqual(differences(GatewaySettings((PLC, OTHER)), GatewaySettings((OTHER, PLC))), [])

    def test_the_audit(self) -> None:
        none, one, other = (
            GatewaySettings(audit=audit)
            for audit in (None, RecordFile(Path("/a"), 4096, 1), RecordFile(Path("/b"), 4096, 2))
        )
        self.assertEqual(differences(none, one), ["audit: nothing -> {file: /a, size: 4KiB, keep: 1}"])
        self.assertEqual(differences(one, other), ["audit.file: /a -> /b", "audit.keep: 1 -> 2"])
        self.assertEqual(differences(one, one), [])

    def test_the_console_is_not_among_them(self) -> None:
        """It does not change while the gateway runs; `tap.reload` tells so."""
        other = GatewaySettings((PLC,), ConsoleSettings(default=False))
        self.assertEqual(differences(GatewaySettings((PLC,)), other), [])
