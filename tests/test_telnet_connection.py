"""One end of a telnet connection: what it says, what it makes of anything that comes."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet.codec import Signal, Subnegotiation
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.connection import Connection, Event
from smartserial.telnet.options import CLIENT, MOST_ANSWERS, SERVER, Agreed, Policy, Side
from tests.telnetinput import CUTS, WIRE, by_size, cut, merged

OURS, PEER = Side.OURS, Side.PEER
SILENT = Policy((), frozenset())
GREETINGS = (
    (SERVER, "fffb00 fffd00 fffb03 fffd03 fffb01 fffd2c"),
    (CLIENT, "fffb00 fffd00 fffb03 fffd03 fffb2c"),
    (SILENT, ""),
)
POLICIES = st.sampled_from((SERVER, CLIENT, SILENT))
WILL_BINARY, WONT_BINARY = b"\xff\xfb\x00", b"\xff\xfc\x00"
DO_BINARY, DONT_BINARY = b"\xff\xfd\x00", b"\xff\xfe\x00"
PEER_ON, PEER_OFF = Agreed(PEER, Option.BINARY, True), Agreed(PEER, Option.BINARY, False)
OURS_ON, OURS_OFF = Agreed(OURS, Option.BINARY, True), Agreed(OURS, Option.BINARY, False)
TOO_MANY = "request beyond the limit of answers"


def server(*heard: bytes) -> Connection:
    """Return a server's end that has greeted and heard so much."""
    connection = Connection(SERVER)
    connection.greet()
    received(connection, *heard)
    return connection


def received(connection: Connection, *pieces: bytes) -> list[Event]:
    """Return the events of pieces that come at one time, with data side by side made one."""
    return merged(event for piece in pieces for event in connection.receive(piece, 0.0))


class SaysTest(SynchronousTestCase):
    def test_greetings(self) -> None:
        for policy, wire in GREETINGS:
            connection = Connection(policy)
            self.assertEqual(connection.greet(), bytes.fromhex(wire))
            self.assertEqual((connection.answers, connection.greet()), (b"", b""))

    def test_data_commands_subnegotiations(self) -> None:
        connection = server()
        self.assertEqual(connection.encode(b"a\xff\r"), b"a\xff\xff\r")
        self.assertEqual(connection.command(Command.NOP), b"\0\xff\xf1")
        self.assertEqual(connection.subnegotiate(44, b"\x0b\xff"), b"\xff\xfa\x2c\x0b\xff\xff\xff\xf0")
        self.assertEqual(connection.encode(b"\r"), b"\r")
        self.assertEqual(connection.subnegotiate(44, b""), b"\0\xff\xfa\x2c\xff\xf0")
        self.assertEqual(connection.encode(b"\r"), b"\r")
        self.assertEqual(connection.wish(PEER, Option.ECHO, True), b"\0\xff\xfd\x01")

    def test_a_wish_that_says_nothing_leaves_a_cr_open(self) -> None:
        connection = server()
        connection.encode(b"\r")
        self.assertEqual(connection.wish(OURS, Option.SGA, True), b"")
        self.assertEqual(connection.encode(b"\n"), b"\n")

    def test_an_answer_closes_a_cr(self) -> None:
        connection = server()
        connection.encode(b"\r")
        self.assertEqual(received(connection, b"\xff\xfd\x2c"), [Agreed(OURS, Option.COM_PORT, True)])
        self.assertEqual(connection.answers, b"\0\xff\xfb\x2c")
        self.assertEqual(connection.encode(b"x"), b"x")

    def test_answers_stand_in_their_order_until_they_are_taken(self) -> None:
        connection = server()
        received(connection, b"\xff\xfd\x27a\xff\xfb\x2f", b"\xff\xfd\x2c")
        self.assertEqual(connection.answers, b"\xff\xfc\x27\xff\xfe\x2f\xff\xfb\x2c")
        connection.answers = b""
        received(connection, b"\xff\xfd\x27a\xff\xfb\x2f", b"\xff\xfd\x2c")
        self.assertEqual(connection.answers, b"")


class BinaryTest(SynchronousTestCase):
    def test_each_direction_goes_over_for_itself(self) -> None:
        for wire, events, plain, sent in (
            (b"", [], False, b"\r\0x"),
            (WILL_BINARY, [PEER_ON], True, b"\r\0x"),
            (DO_BINARY, [OURS_ON], False, b"\rx"),
            (DO_BINARY + WILL_BINARY, [OURS_ON, PEER_ON], True, b"\rx"),
            (DONT_BINARY + WONT_BINARY, [], False, b"\r\0x"),
            (WILL_BINARY + WONT_BINARY, [PEER_ON, PEER_OFF], False, b"\r\0x"),
            (DO_BINARY + DONT_BINARY, [OURS_ON, OURS_OFF], False, b"\r\0x"),
        ):
            connection = Connection(SERVER)
            connection.greet()
            self.assertEqual(received(connection, wire), events)
            self.assertEqual(connection.just_data(b"\r\0"), plain)
            self.assertEqual(received(connection, b"\r\0"), [b"\r\0" if plain else b"\r"])
            self.assertEqual(connection.encode(b"\rx"), sent)
            self.assertEqual(connection.on(PEER, Option.BINARY), plain)
            self.assertEqual(connection.on(OURS, Option.BINARY), b"\0" not in sent)

    def test_the_mode_changes_in_the_middle_of_a_piece(self) -> None:
        wire = b"\r\0" + WILL_BINARY + b"\r\0" + WONT_BINARY + b"\r\0"
        self.assertEqual(received(server(), wire), [b"\r", PEER_ON, b"\r\0", PEER_OFF, b"\r"])

    def test_what_is_answered_about_binary_is_said_by_the_rules_before(self) -> None:
        connection = Connection(SERVER)
        connection.encode(b"\r")
        received(connection, DO_BINARY)
        self.assertEqual(connection.answers + connection.encode(b"\r"), b"\0" + WILL_BINARY + b"\r")
        connection.answers = b""
        received(connection, DONT_BINARY)
        self.assertEqual(connection.answers + connection.encode(b"\rx"), WONT_BINARY + b"\r\0x")

    def test_undecided(self) -> None:
        self.assertFalse(Connection(SERVER).undecided)
        self.assertTrue(server().undecided)
        self.assertTrue(server(WILL_BINARY, b"\xff\xfd\x03x").undecided)
        for word in (DO_BINARY, DONT_BINARY):
            self.assertFalse(server(word).undecided)

    def test_undecided_until_the_answer_though_the_wish_has_changed(self) -> None:
        connection = server()
        self.assertEqual(connection.wish(OURS, Option.BINARY, False), b"")
        self.assertTrue(connection.undecided)
        received(connection, DO_BINARY)
        self.assertEqual((connection.answers, connection.undecided), (WONT_BINARY, False))

    def test_who_ends_binary_writes_nvt_at_once(self) -> None:
        connection = server(DO_BINARY)
        said = connection.wish(OURS, Option.BINARY, False) + connection.encode(b"\rx")
        self.assertEqual(said, WONT_BINARY + b"\r\0x")
        self.assertEqual(received(connection, DONT_BINARY), [OURS_OFF])
        self.assertEqual(connection.encode(b"\rx"), b"\r\0x")

    def test_who_asks_for_the_end_of_binary_reads_it_until_the_answer(self) -> None:
        connection = server(WILL_BINARY)
        self.assertEqual(connection.wish(PEER, Option.BINARY, False), DONT_BINARY)
        events = received(connection, b"\r\0" + WONT_BINARY + b"\r\0")
        self.assertEqual(events, [b"\r\0", PEER_OFF, b"\r"])


class HearsTest(SynchronousTestCase):
    def test_events(self) -> None:
        wire = b"a\xff\xff\xff\xf1b\xff\xfa\x2c\x07\xff\xf0\xff\xfa\x2d\xff\xf0\xff\xfb\x2c\xff\xfb\x27"
        self.assertEqual(
            received(server(), wire),
            [
                b"a\xff",
                Signal(Command.NOP),
                b"b",
                Subnegotiation(44, b"\x07"),
                Subnegotiation(45, b""),
                Agreed(PEER, Option.COM_PORT, True),
            ],
        )

    def test_just_data(self) -> None:
        connection = server(WILL_BINARY)
        self.assertTrue(connection.just_data(b"\r\0"))
        self.assertFalse(connection.just_data(b"\r\xff"))
        received(connection, b"\xff")
        self.assertFalse(connection.just_data(b"\r\0"))
        self.assertFalse(server().just_data(b"x"))

    def test_oddities_are_counted_and_are_no_events(self) -> None:
        connection = server()
        self.assertEqual(connection.oddities, Counter())
        empty, abandoned, overlong = (
            b"\xff\xfa\xff\xf0",
            b"\xff\xfa\x2c",
            b"\xff\xfa" + b"x" * 513 + b"\xff\xf0",
        )
        self.assertEqual(received(connection, empty, empty, abandoned, overlong, b"x"), [b"x"])
        counted = {
            "empty subnegotiation": 2,
            "subnegotiation ended by another command": 1,
            "subnegotiation too long": 1,
        }
        self.assertEqual(connection.oddities, Counter(counted))
        self.assertEqual(connection.answers, b"")
        received(connection, b"".join(bytes([255, 253, option]) for option in range(100, 130)))
        self.assertEqual(len(connection.answers), 3 * MOST_ANSWERS)
        self.assertEqual(connection.oddities, Counter(counted | {TOO_MANY: 10}))

    @settings(max_examples=400)
    @given(POLICIES, WIRE | st.binary(max_size=500), CUTS, st.booleans())
    @example(SERVER, b"\xff" + WILL_BINARY + b"\r\0" * 3, [1, 2, 3, 4, 5], True)
    def test_any_pieces_give_the_same_events(
        self, policy: Policy, wire: bytes, places: list[int], greet: bool
    ) -> None:
        one, other, single = (Connection(policy) for _ in range(3))
        for connection in (one, other, single):
            self.assertEqual(bool(greet and connection.greet()), greet and policy is not SILENT)
        events = received(one, wire)
        self.assertEqual(received(other, *cut(wire, places)), events)
        self.assertEqual(received(single, *by_size(wire, 1)), events)
        self.assertEqual(other.answers, one.answers)
        self.assertEqual(single.answers, one.answers)
        self.assertEqual(other.oddities, one.oddities)

    @given(POLICIES, st.lists(WIRE | st.binary(max_size=300), max_size=8))
    def test_what_is_answered_is_telnet_and_short(self, policy: Policy, pieces: list[bytes]) -> None:
        connection = Connection(policy)
        connection.greet()
        for event in received(connection, *pieces):
            self.assertIsInstance(event, Event)
        self.assertLessEqual(len(connection.answers), 3 * MOST_ANSWERS)
        for answer in by_size(connection.answers, 3):
            self.assertRegex(answer, b"(?s)^\xff[\xfb-\xfe].$")
