"""Which elements hear a peer, by their lists."""

from __future__ import annotations

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.access import Network, parse_network
from smartserial.sharing.admission import admitted, plain_host

Lists = dict[str, tuple[Network, ...]]


def lists(**texts: str) -> Lists:
    return {name: tuple(parse_network(text) for text in said.split()) for name, said in texts.items()}


class AdmissionTests(SynchronousTestCase):
    """The table, row by row."""

    def test_on_the_own_list(self) -> None:
        self.assertEqual(admitted(lists(a="10.0.0.1"), "10.0.0.1"), {"a"})

    def test_not_on_the_own_list(self) -> None:
        self.assertEqual(admitted(lists(a="10.0.0.1"), "10.0.0.2"), frozenset())
        self.assertEqual(admitted(lists(a="10.0.0.1", b="10.0.0.2"), "10.0.0.2"), {"b"})

    def test_no_list_hears_whom_nobody_named(self) -> None:
        self.assertEqual(admitted(lists(a="", b="10.0.0.2"), "10.0.0.1"), {"a"})

    def test_no_list_does_not_hear_whom_another_named(self) -> None:
        self.assertEqual(admitted(lists(a="", b="10.0.0.2"), "10.0.0.2"), {"b"})

    def test_without_lists_everybody_hears_everybody(self) -> None:
        self.assertEqual(admitted(lists(a="", b=""), "10.0.0.1"), {"a", "b"})

    def test_the_example(self) -> None:
        three = lists(e1="10.0.0.1", e2="10.0.0.2", e3="")
        for host, hearers in (("10.0.0.1", {"e1"}), ("10.0.0.2", {"e2"}), ("10.0.0.9", {"e3"})):
            self.assertEqual(admitted(three, host), hearers)

    def test_networks_and_mapped_addresses(self) -> None:
        some = lists(a="10.0.0.0/24", b="2001:db8::/32", c="10.0.0.7 10.1.0.0/16")
        self.assertEqual(admitted(some, "::ffff:10.0.0.7"), {"a", "c"})
        self.assertEqual(admitted(some, "2001:db8::1"), {"b"})
        self.assertEqual(admitted(some, "10.2.0.1"), frozenset())

    def test_a_peer_without_an_address_is_on_no_list(self) -> None:
        self.assertEqual(admitted(lists(a="10.0.0.0/8", b=""), ""), {"b"})

    def test_nobody_there(self) -> None:
        self.assertEqual(admitted({}, "10.0.0.1"), frozenset())

    @given(
        st.dictionaries(st.text("abc", min_size=1, max_size=2), st.frozensets(st.integers(0, 7))),
        st.integers(0, 9),
    )
    def test_it_is_what_sets_say(self, named: dict[str, frozenset[int]], host: int) -> None:
        said = {
            name: tuple(ip_network(f"10.0.0.{number}") for number in numbers)
            for name, numbers in named.items()
        }
        union = frozenset().union(*named.values())
        expected = {
            name for name, numbers in named.items() if (host in numbers if numbers else host not in union)
        }
        self.assertEqual(admitted(said, f"10.0.0.{host}"), expected)


class PlainHostTests(SynchronousTestCase):
    def test_mapped_addresses_are_written_as_what_they_are(self) -> None:
        for host, plain in (
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("10.0.0.7", "10.0.0.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("", ""),
        ):
            self.assertEqual(plain_host(host), plain)
