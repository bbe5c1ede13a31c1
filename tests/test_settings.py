"""Settings: what a device and an address are called, and the defaults that documents promise."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LineSettings
from smartserial.script import Script
from smartserial.settings import (
    Address,
    Device,
    EndpointDevice,
    GatewaySettings,
    Keepalive,
    ListenerSettings,
    LoopDevice,
    PortDevice,
    Rfc2217Device,
    ShareSettings,
    SimDevice,
    TcpDevice,
    UdpDevice,
    VirtualDevice,
    describe,
)

DESCRIPTIONS: list[tuple[Device, str]] = [
    (PortDevice("ttyUSB0", LineSettings(19200)), "port ttyUSB0"),
    (VirtualDevice(Path("/run/desk")), "virtual port /run/desk"),
    (TcpDevice("example.org", 4001), "tcp example.org:4001"),
    (UdpDevice("example.org", 4001), "udp example.org:4001"),
    (Rfc2217Device("example.org", 4001, LineSettings(19200)), "rfc2217 example.org:4001"),
    (SimDevice("scpi-meter", Script()), "simulated scpi-meter"),
    (LoopDevice(), "loop"),
    (EndpointDevice("tls:example.org:443"), "endpoint tls:example.org:443"),
]


class WordsTest(SynchronousTestCase):
    def test_each_kind_of_device_has_words(self) -> None:
        self.assertEqual({type(device) for device, _ in DESCRIPTIONS}, set(get_args(Device)))
        for device, words in DESCRIPTIONS:
            self.assertEqual(describe(device), words)

    def test_a_v6_host_stands_in_brackets(self) -> None:
        self.assertEqual(describe(TcpDevice("2001:db8::1", 4001)), "tcp [2001:db8::1]:4001")
        self.assertEqual(describe(Rfc2217Device("2001:db8::1", 4001)), "rfc2217 [2001:db8::1]:4001")

    def test_addresses(self) -> None:
        for address, words in (
            (Address(), "127.0.0.1:0"),
            (Address("0.0.0.0", 7001), "0.0.0.0:7001"),
            (Address("::1", 7001), "[::1]:7001"),
            (Address(endpoint="unix:/run/x"), "unix:/run/x"),
        ):
            self.assertEqual(str(address), words)


class ValuesTest(SynchronousTestCase):
    def test_equal_settings_are_equal(self) -> None:
        """A reload compares them, to see what has changed."""
        for device, _ in DESCRIPTIONS:
            share = ShareSettings("plc", device, (ListenerSettings(),))
            self.assertEqual(share, ShareSettings("plc", device, (ListenerSettings(),)))
            self.assertEqual(hash(share), hash(ShareSettings("plc", device, (ListenerSettings(),))))
            self.assertNotEqual(share, ShareSettings("plc", device, (ListenerSettings(),), buffer=0))

    def test_frozen(self) -> None:
        with self.assertRaises(FrozenInstanceError):
            GatewaySettings().shares = ()  # type: ignore[misc]

    def test_defaults(self) -> None:
        share = ShareSettings("plc", LoopDevice(), (ListenerSettings(),))
        self.assertEqual((share.buffer, share.sharing.max_clients), (8192, 16))
        self.assertEqual(
            (share.sharing.slow_client.limit, share.sharing.slow_client.timeout), (1 << 20, 30.0)
        )
        self.assertEqual(share.listeners[0].address.host, "127.0.0.1")
        self.assertEqual(share.listeners[0].keepalive, Keepalive(5.0, 2.0, 3))
