"""The telnet layer between a transport in memory and a protocol: what each side is told, and when."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.telnet.layer import PATIENCE, TelnetFactory, TelnetProtocol
from smartserial.telnet.codes import Command, Option
from smartserial.telnet.options import CLIENT, SERVER, Agreed, Policy, Side
from tests.telnetpeer import (
    DO,
    DONT,
    GREETING,
    NVT,
    WILL,
    WONT,
    HalfCloser,
    Layer,
    Listener,
    Plain,
    com_port,
    option,
)

ALL_BYTES = bytes(range(256))
NOP = bytes([255, Command.NOP])


class GreetingTests(SynchronousTestCase):
    """What is said first, and what the answers change."""

    def test_a_server_asks_for_its_options(self) -> None:
        layer = Layer(Plain())
        self.assertEqual((layer.wire.peer.said, layer.got), (GREETING, b""))

    def test_a_client_asks_for_its_own(self) -> None:
        said = Layer(Plain(), CLIENT).wire.peer.said
        self.assertEqual(said, [*GREETING[:4], bytes([WILL, Option.COM_PORT])])

    def test_without_wishes_nothing_is_said_and_nothing_waits(self) -> None:
        layer = Layer(Plain(), Policy((), frozenset()))
        layer.upper.write(b"at once")
        self.assertEqual((layer.got, layer.wire.peer.said), (b"at once", []))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_it_is_told_what_was_agreed_and_answers_what_was_asked(self) -> None:
        layer = Layer(Listener(), agreed=True)
        layer.wire.say(option(WILL, Option.COM_PORT) + option(DO, Option.COM_PORT) + option(DO, 31))
        layer.wire.drain()
        agreed = [told for told in layer.wrapped.told if isinstance(told, Agreed)]
        self.assertEqual(
            [(told.side, told.option, told.on) for told in agreed],
            [
                (Side.PEER, Option.BINARY, True),
                (Side.OURS, Option.BINARY, True),
                (Side.PEER, Option.COM_PORT, True),
                (Side.OURS, Option.COM_PORT, True),
            ],
        )
        self.assertEqual(layer.wire.peer.said[len(GREETING) :], [bytes([WILL, 44]), bytes([WONT, 31])])

    def test_it_can_ask_for_an_option(self) -> None:
        layer = Layer(Listener(), agreed=True)
        layer.upper.ask(Side.PEER, Option.ECHO, True)
        layer.wire.drain()
        self.assertEqual(layer.wire.peer.said[-1], bytes([DO, Option.ECHO]))


class DataTests(SynchronousTestCase):
    """Data is data, whatever it looks like."""

    def test_binary_passes_every_byte_both_ways(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(ALL_BYTES + b"\r\r\n\r\0\xff")
        layer.upper.writeSequence([b"a", b"\xff", b"b"])
        self.assertEqual(layer.got, ALL_BYTES + b"\r\r\n\r\0\xffa\xffb")
        layer.wire.say((ALL_BYTES + b"\r\0\r\n").replace(b"\xff", b"\xff\xff"))
        self.assertEqual(layer.wrapped.data, ALL_BYTES + b"\r\0\r\n")

    def test_nvt_has_its_rules_for_cr_both_ways(self) -> None:
        layer = Layer(Plain())
        layer.wire.say(NVT)
        for piece in (b"a\rb", b"\r", b"\n", b"\r", b"\0", b"\xff\r"):
            layer.upper.write(piece)
            layer.wire.drain()
        self.assertEqual(layer.wire.taken[18:], b"a\r\0b\r\n\r\0\0\xff\xff\r")
        self.assertEqual(layer.got, b"a\rb\r\n\r\0\xff\r")
        for piece in (b"x\r", b"\0y\r\n", b"\xff\xff\r\0"):
            layer.wire.say(piece)
        self.assertEqual(layer.wrapped.data, b"x\ry\r\n\xff\r")

    def test_a_command_between_two_halves_of_a_line_end_spoils_nothing(self) -> None:
        layer = Layer(Plain())
        layer.wire.say(NVT)
        layer.upper.write(b"a\r")
        layer.upper.send_command(Command.NOP)
        layer.upper.write(b"b")
        self.assertEqual((layer.got, layer.wire.taken[18:]), (b"a\rb", b"a\r\0" + NOP + b"b"))

    def test_a_protocol_without_telnet_gets_data_alone(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.wire.say(b"a" + NOP + b"b" + com_port(7, b"\0") + option(DO, 99) + b"c\xff")
        layer.wire.say(b"\xffd")
        self.assertEqual(layer.wrapped.told, [b"a", b"b", b"c", b"\xffd"])

    def test_a_protocol_with_telnet_hears_all_in_order_and_when_that_was_all(self) -> None:
        layer = Layer(Listener(), agreed=True)
        layer.wrapped.told.clear()
        layer.wire.say(b"a" + bytes([255, Command.BRK]) + b"b" + com_port(12, b"\xff") + b"c")
        layer.wire.say(b"d")
        self.assertEqual(
            layer.wrapped.told,
            [b"a", ("signal", Command.BRK), b"b", ("sub", 44, b"\x0c\xff"), b"c", "paused", b"d", "paused"],
        )
        layer.wire.drain()
        self.assertEqual(layer.wire.peer.said[-1], b"\xfa\x2c\x0c\xff")


class PatienceTests(SynchronousTestCase):
    """How CR goes over the wire hangs on the peer's word about BINARY; it is waited for, but not for ever."""

    def test_data_waits_for_a_yes(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"a\rb")
        self.assertEqual((layer.got, layer.upper.pending), (b"", 3))
        layer.wire.agree()
        self.assertEqual((layer.got, layer.wire.taken[-3:]), (b"a\rb", b"a\rb"))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_data_waits_for_a_no(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"a\rb")
        layer.wire.say(option(DONT, Option.BINARY))
        self.assertEqual((layer.got, layer.wire.taken[-4:]), (b"a\rb", b"a\r\0b"))
        self.assertEqual(layer.clock.getDelayedCalls(), [])

    def test_a_word_about_the_other_direction_is_not_the_word(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"x")
        layer.wire.say(option(WILL, Option.BINARY) + option(DO, Option.SGA) + b"data")
        self.assertEqual((layer.got, layer.wrapped.data), (b"", b"data"))

    def test_then_a_silent_peer_gets_it_by_the_rules_of_nvt(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"a\rb")
        layer.clock.advance(PATIENCE - 0.01)
        self.assertEqual(layer.got, b"")
        layer.clock.advance(0.01)
        self.assertEqual((layer.got, layer.wire.taken[-4:]), (b"a\rb", b"a\r\0b"))
        layer.wire.agree()
        layer.upper.write(b"c\rd")
        self.assertEqual((layer.got, layer.wire.taken[-3:]), (b"a\rbc\rd", b"c\rd"))

    def test_what_is_read_and_written_meanwhile_keeps_its_order(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"1")
        layer.upper.suspend(True)
        layer.wire.agree()
        layer.upper.write(b"2")
        self.assertEqual(layer.got, b"")
        layer.upper.suspend(False)
        layer.upper.write(b"3")
        self.assertEqual(layer.got, b"123")

    def test_it_closes_when_what_waits_is_out(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"bye\r")
        layer.upper.loseConnection()
        self.assertTrue(layer.wire.connected)
        layer.clock.advance(PATIENCE)
        self.assertEqual((layer.got, layer.wire.connected), (b"bye\r", False))
        self.assertEqual(layer.wrapped.told, [ConnectionDone])

    def test_nothing_is_left_when_the_connection_is_lost(self) -> None:
        layer = Layer(Plain())
        layer.upper.write(b"bye")
        layer.wire.reset()
        self.assertEqual(layer.clock.getDelayedCalls(), [])
        self.assertEqual((layer.upper.pending, layer.upper.dropped), (0, 3))
        self.assertEqual(layer.wrapped.told, [ConnectionLost])


class CommandTests(SynchronousTestCase):
    """Commands do not wait for data that waits."""

    def test_they_overtake_what_waits_but_cut_nothing_in_two(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"\xff" * 10)
        layer.upper.write(b"waits")
        layer.wire.take(3)
        layer.upper.send_command(Command.NOP)
        self.assertEqual(
            (layer.got, layer.wire.taken[-27:]), (b"\xff" * 10 + b"waits", b"\xff" * 20 + NOP + b"waits")
        )

    def test_they_are_sent_while_data_is_suspended_or_undecided(self) -> None:
        for layer in (Layer(Plain()), Layer(Plain(), agreed=True)):
            layer.upper.suspend(True)
            layer.upper.write(b"data")
            layer.upper.send_subnegotiation(44, b"\x6b\xff")
            self.assertEqual((layer.got, layer.wire.peer.said[-1]), (b"", b"\xfa\x2c\x6b\xff"))
            layer.upper.suspend(False)
            layer.clock.advance(PATIENCE)
            self.assertEqual(layer.got, b"data")

    def test_words_of_our_own_are_sent_when_nothing_waits(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.tell(b"a\xffb\r\n")
        self.assertEqual((layer.wire.told, layer.upper.sent), (b"a\xff\xffb\r\n", 0))
        layer.upper.write(b"data")
        layer.upper.tell(b"too late")
        self.assertEqual(layer.wire.told, b"a\xff\xffb\r\n")


class ClosingTests(SynchronousTestCase):
    """Ends and half ends."""

    def test_a_half_closeable_protocol_hears_of_each_half(self) -> None:
        layer = Layer(HalfCloser(), agreed=True)
        layer.wire.finish_sending()
        layer.upper.write(b"answer")
        self.assertEqual(layer.got, b"answer")
        layer.upper.write(b"lost")
        layer.wire.refuse_writes()
        layer.upper.write(b"too")
        self.assertEqual(layer.wrapped.told, ["r", "w"])
        self.assertEqual((layer.upper.sent, layer.upper.pending, layer.upper.dropped), (6, 0, 7))

    def test_for_another_the_half_is_the_end_once_what_waits_is_out(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"answer")
        layer.wire.finish_sending()
        self.assertTrue(layer.wire.connected)
        self.assertEqual(layer.got, b"answer")
        self.assertEqual((layer.wire.connected, layer.wrapped.told), (False, [ConnectionDone]))

    def test_for_another_a_peer_that_reads_no_more_is_the_end(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"lost")
        layer.wire.refuse_writes()
        self.assertEqual((layer.wire.connected, layer.wrapped.told), (False, [ConnectionDone]))
        self.assertEqual(layer.upper.dropped, 4)

    def test_it_can_be_asked_to_close_twice(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"bye")
        layer.upper.loseConnection()
        layer.upper.loseConnection()
        self.assertEqual(layer.got, b"bye")
        layer.upper.loseConnection()
        self.assertEqual(layer.wrapped.told, [ConnectionDone])

    def test_a_cut_and_an_abort_drop_what_waits(self) -> None:
        for end in ("cut", "abortConnection"):
            layer = Layer(Plain(), agreed=True)
            layer.upper.write(b"gone")
            getattr(layer.upper, end)()
            self.assertEqual((layer.wire.connected, len(layer.wrapped.told)), (False, 1))
            self.assertEqual((layer.upper.sent, layer.upper.pending, layer.upper.dropped), (0, 0, 4))


class FactoryTests(SynchronousTestCase):
    """The wrapped factory is treated as Twisted treats one."""

    def test_it_makes_the_protocols_and_is_told_of_start_and_stop(self) -> None:
        wrapped = Factory.forProtocol(Plain)
        factory = TelnetFactory(wrapped, SERVER, Clock())
        factory.doStart()
        self.assertEqual(wrapped.numPorts, 1)
        self.assertIsInstance(factory.buildProtocol(None), TelnetProtocol)
        factory.doStop()
        self.assertEqual(wrapped.numPorts, 0)

    def test_it_may_let_nobody_in(self) -> None:
        class Closed(Factory):
            def buildProtocol(self, addr: object) -> None:
                return None

        self.assertIsNone(TelnetFactory(Closed(), SERVER, Clock()).buildProtocol(None))
