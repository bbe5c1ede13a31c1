"""Commands that keep their place between data, whatever the network takes and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.layered import LayeredTransport
from smartserial.channels.tcp import ClientStream
from smartserial.channels.telnet.remoteport import RemotePort
from smartserial.interfaces import ICountedTransport, ISerialTransport
from smartserial.settings import Rfc2217Device
from smartserial.telnet.connection import Connection
from smartserial.telnet.options import CLIENT
from tests.telnetpeer import Layer, Plain, com_port

LARGE = 200_000  # bytes, more than goes out in one piece
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("data"), st.sampled_from((1, 3, 10, 70_000))),
        st.tuples(st.just("command"), st.just(0)),
        st.tuples(st.just("take"), st.sampled_from((1, 5, 1000, 100_000))),
        st.tuples(st.just("suspend"), st.sampled_from((0, 1))),
        st.tuples(st.just("discard"), st.sampled_from((1, 50, 80_000))),
    ),
    max_size=30,
)


def command(number: int) -> bytes:
    return com_port(1, number.to_bytes(4, "big"))


SAID = command(1)[1:-2]


def said(layer: Layer) -> list[bytes]:
    """Return the messages that the peer has, once it has taken everything."""
    layer.wire.drain()
    return [one for one in layer.wire.peer.said if one.startswith(b"\xfa")]


class OrderTest(SynchronousTestCase):
    def test_behind_what_waits_and_before_what_follows(self) -> None:
        layer = Layer(Plain(), agreed=True)
        start = len(layer.wire.taken)
        layer.upper.write(b"a" * LARGE)
        layer.upper.control_in_order(command(1))
        layer.upper.write(b"b" * 5)
        layer.upper.control_in_order(command(2))
        layer.upper.send_subnegotiation(44, b"\x05\x08")  # this one overtakes
        layer.wire.drain()
        wire = layer.wire.taken[start:].replace(com_port(5, b"\x08"), b"", 1)
        self.assertEqual(wire, b"a" * LARGE + command(1) + b"b" * 5 + command(2))

    def test_at_once_where_nothing_waits(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.control_in_order(command(1))
        self.assertEqual(said(layer), [SAID])

    def test_those_after_data_without_end_go_before_the_close(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.suspend(True)
        layer.upper.write(b"data")
        layer.upper.control_in_order(command(1))
        layer.upper.loseConnection()
        self.assertEqual((said(layer), layer.wire.connected), ([], True))
        layer.upper.suspend(False)
        self.assertEqual((layer.got, said(layer), layer.wire.connected), (b"data", [SAID], False))

    def test_with_the_connection_they_are_forgotten(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.suspend(True)
        layer.upper.write(b"data")
        layer.upper.control_in_order(command(1))
        layer.wire.reset()
        layer.upper.suspend(False)
        self.assertEqual((layer.upper.dropped, said(layer)), (4, []))

    @given(STEPS)
    def test_whatever_happens(self, steps: list[tuple[str, int]]) -> None:
        """Each byte of data is the number of the command that was the last one before it."""
        layer = Layer(Plain(), agreed=True)
        start, number, discarded = len(layer.wire.taken), 0, 0
        for what, size in steps:
            if what == "data":
                layer.upper.write(bytes([number]) * size)
            elif what == "command":
                number += 1
                layer.upper.control_in_order(command(number))
            elif what == "take":
                layer.wire.take(size)
            elif what == "suspend":
                layer.upper.suspend(bool(size))
            else:
                discarded += layer.upper.discard_oldest(size)
        layer.upper.suspend(False)
        layer.wire.drain()
        wire, last = layer.wire.taken[start:], 0
        for one in range(1, number + 1):
            before, found, wire = wire.partition(command(one))
            self.assertEqual((set(before) <= {last}, bool(found)), (True, True))
            last = one
        self.assertLessEqual(set(wire), {last})
        written = sum(size for what, size in steps if what == "data")
        self.assertEqual(layer.upper.sent, written - discarded)


class ProvidedTest(SynchronousTestCase):
    def test_a_layer_provides_what_it_says_on_a_real_connection(self) -> None:
        """Whatever it hands on to the connection below, and whatever that provides."""
        wire = ClientStream.__new__(ClientStream)
        port = RemotePort(wire, Connection(CLIENT), Rfc2217Device("h", 1), None)
        self.assertIsInstance(port, LayeredTransport)
        self.assertTrue(ISerialTransport.providedBy(port))
        self.assertTrue(ICountedTransport.providedBy(port))
