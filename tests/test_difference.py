"""What is different between two sets of settings, in the words of the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial.difference import differences
from smartserial.lines import LineSettings, Parity
from smartserial.settings import (
    Address,
    ConsoleSettings,
    DeviceRules,
    GatewaySettings,
    Keepalive,
    ListenerSettings,
    LoopDevice,
    Mode,
    PortDevice,
    ShareSettings,
    Sharing,
    SlowClient,
    VirtualDevice,
)
from smartserial.sharing.access import Access
from smartserial.sharing.control import Control

A = ListenerSettings(Address(port=7001))
B = ListenerSettings(Address(port=7002), Mode.RFC2217)
PORT = PortDevice("ttyS0", LineSettings(9600))
PLC = ShareSettings("plc", PORT, (A, B))
OTHER = ShareSettings("other", LoopDevice(), (A,))

TABLE: list[tuple[ShareSettings, list[str]]] = [
    (PLC, []),
    (replace(PLC, buffer=0), ["buffer: 8192 -> 0"]),
    (replace(PLC, device=replace(PORT, line=LineSettings(300))), ["device.line.baudrate: 9600 -> 300"]),
    (
        replace(PLC, device=replace(PORT, port="ttyS1", line=LineSettings(9600, 7, Parity.EVEN))),
        [
            "device.port: ttyS0 -> ttyS1",
            "device.line.bytesize: 8 -> 7",
            "device.line.parity: none -> even",
        ],
    ),
    (replace(PLC, device=replace(PORT, hupcl=True)), [f"device.hupcl: {PORT.hupcl} -> True"]),
    (replace(PLC, device=LoopDevice()), [f"device: {PORT} -> {LoopDevice()}"]),
    (
        replace(PLC, device=VirtualDevice(Path("/x"))),
        [f"device: {PORT} -> {VirtualDevice(Path('/x'))}"],
    ),
    (
        replace(PLC, listeners=(replace(A, access=Access.READ), replace(B, mode=Mode.RAW))),
        ["listeners[0].access: both -> read", "listeners[1].mode: rfc2217 -> raw"],
    ),
    (
        replace(PLC, listeners=(replace(A, keepalive=None), B)),
        [f"listeners[0].keepalive: {Keepalive()} -> None"],
    ),
    (
        replace(PLC, listeners=(replace(A, address=Address("::1", 7001)), B)),
        ["listeners[0].address.host: 127.0.0.1 -> ::1"],
    ),
    (replace(PLC, listeners=(A,)), [f"listeners: {(A, B)} -> {(A,)}"]),
    (
        replace(PLC, sharing=Sharing(3, slow_client=SlowClient(timeout=1.0), control=Control.LAST)),
        [
            "sharing.max_clients: 16 -> 3",
            "sharing.slow_client.timeout: 30.0 -> 1.0",
            "sharing.control: first -> last",
        ],
    ),
    (
        replace(PLC, rules=DeviceRules(on_demand=True, remote_lines=frozenset())),
        [
            "rules.on_demand: False -> True",
            f"rules.remote_lines: {DeviceRules().remote_lines} -> frozenset()",
        ],
    ),
]


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

    def test_the_console_is_not_among_them(self) -> None:
        """It does not change while the gateway runs; `tap.reload` tells so."""
        other = GatewaySettings((PLC,), ConsoleSettings(default=False))
        self.assertEqual(differences(GatewaySettings((PLC,)), other), [])
