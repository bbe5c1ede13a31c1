"""Who may come in: networks against a model of single addresses, limits, and the words of a refusal."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.access import (
    Access,
    allowed,
    crowded,
    forbidden,
    full,
    held,
    loopback,
    parse_network,
)

MAPPED = int(IPv6Address("::ffff:0:0"))

# Few bits, so that random networks and random addresses meet: 10.0.0.0/28, 2001:db8::/124.
LOW = st.integers(0, 15)
V4 = LOW.map(lambda low: IPv4Address(0x0A000000 + low))
V6 = LOW.map(lambda low: IPv6Address((0x20010DB8 << 96) + low))


def _mapped(address: IPv4Address) -> IPv6Address:
    return IPv6Address(MAPPED + int(address))


@st.composite
def networks(draw: st.DrawFn) -> tuple[str, set[IPv4Address | IPv6Address]]:
    """A network as an operator writes it, and the addresses of our small world that are in it."""
    address = draw(st.one_of(V4, V6))
    length = draw(st.integers(28, 32))
    if isinstance(address, IPv6Address):
        v6 = IPv6Network((address, length + 96), strict=False)
        return str(v6), set(v6)
    v4 = IPv4Network((address, length), strict=False)
    if draw(st.booleans()):
        return f"::ffff:{v4.network_address}/{length + 96}", set(v4)
    return str(v4), set(v4)


class AllowedTest(SynchronousTestCase):
    @settings(max_examples=1000)
    @given(st.lists(networks(), min_size=1, max_size=4), st.one_of(V4, V6))
    def test_a_set_of_addresses_decides(
        self, drawn: list[tuple[str, set[IPv4Address | IPv6Address]]], peer: IPv4Address | IPv6Address
    ) -> None:
        parsed = tuple(parse_network(text) for text, _ in drawn)
        expected = any(peer in members for _, members in drawn)
        self.assertEqual(allowed(parsed, str(peer)), expected)
        if isinstance(peer, IPv4Address):
            self.assertEqual(allowed(parsed, str(_mapped(peer))), expected)

    @given(st.one_of(st.ip_addresses().map(str), st.text(max_size=20)))
    def test_no_networks_mean_anybody(self, host: str) -> None:
        self.assertTrue(allowed((), host))

    @given(st.text(max_size=30))
    def test_a_peer_without_an_address_is_in_no_network(self, host: str) -> None:
        everybody = (ip_network("0.0.0.0/0"), ip_network("::/0"))
        try:
            ip_address(host.partition("%")[0])  # what follows is the zone of a link-local address
        except ValueError:
            self.assertFalse(allowed(everybody, host))
        else:
            self.assertTrue(allowed(everybody, host))

    def test_table(self) -> None:
        for network, host, expected in (
            ("10.0.0.0/24", "10.0.0.255", True),
            ("10.0.0.0/24", "10.0.1.0", False),
            ("10.0.0.7", "10.0.0.7", True),
            ("10.0.0.7", "::ffff:10.0.0.7", True),
            ("::ffff:10.0.0.7", "10.0.0.7", True),
            ("::ffff:10.0.0.0/120", "10.0.0.9", True),
            ("::ffff:10.0.0.0/120", "::ffff:10.0.1.9", False),
            ("fe80::/10", "fe80::1%eth0", True),
            ("fe80::1", "fe80::1%2", True),
            ("2001:db8::/32", "2001:db8:ffff::1", True),
            ("2001:db8::/32", "2001:db9::1", False),
            ("0.0.0.0/0", "2001:db8::1", False),
            ("::/0", "2001:db8::1", True),
            ("127.0.0.1", "", False),
            ("0.0.0.0/0", "/run/socket", False),
        ):
            self.assertEqual(allowed((parse_network(network),), host), expected, f"{network} {host}")


class ParseNetworkTest(SynchronousTestCase):
    def test_table(self) -> None:
        for text, expected in (
            ("10.0.0.7", "10.0.0.7/32"),
            ("10.0.0.0/24", "10.0.0.0/24"),
            ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.7", "10.0.0.7/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ):
            self.assertEqual(str(parse_network(text)), expected, text)

    def test_refused(self) -> None:
        for text in (
            "",
            "office",
            "10.0.0.1/24",
            "2001:db8::1/32",
            "10.0.0.0/33",
            "10.0.0",
            "10.0.0.256",
            "::ffff:10.0.0.1/104",
            "::g",
            "10.0.0.0/-1",
            "10.0.0.0/24/24",
            " 10.0.0.1",
        ):
            with self.assertRaises(ValueError, msg=text):
                parse_network(text)

    @given(st.text(max_size=30))
    def test_nothing_but_value_error(self, text: str) -> None:
        try:
            network = parse_network(text)
        except ValueError:
            return
        self.assertIsInstance(network, (IPv4Network, IPv6Network))


class LoopbackTest(SynchronousTestCase):
    def test_table(self) -> None:
        for host, expected in (
            ("127.0.0.1", True),
            ("127.8.9.10", True),
            ("::1", True),
            ("::ffff:127.0.0.1", True),
            ("0.0.0.0", False),
            ("::", False),
            ("10.0.0.1", False),
            ("::ffff:10.0.0.1", False),
            ("fe80::1", False),
        ):
            self.assertEqual(loopback(host), expected, host)


class AccessTest(SynchronousTestCase):
    def test_directions(self) -> None:
        directions = {access.value: (access.reads, access.writes) for access in Access}
        self.assertEqual(directions, {"both": (True, True), "read": (True, False), "write": (False, True)})


class RefusalTest(SynchronousTestCase):
    def test_words(self) -> None:
        for refusal, text in (
            (
                crowded("plc", "10.0.0.7", 1),
                "plc: one client is connected from your address 10.0.0.7 and no more are let in from there",
            ),
            (
                crowded("plc", "::1", 2),
                "plc: 2 clients are connected from your address ::1 and no more are let in from there",
            ),
            (full("plc", 1), "plc is in use: one client is connected and no more are let in"),
            (full("plc", 16), "plc is in use: 16 clients are connected and no more are let in"),
            (forbidden("plc", "10.0.0.9"), "plc is not open to your address 10.0.0.9"),
            (held("plc", "minicom (7)"), "plc is in use on the gateway itself: minicom (7)"),
        ):
            self.assertEqual(refusal.text, text)
            self.assertEqual(refusal.text.splitlines(), [refusal.text])
