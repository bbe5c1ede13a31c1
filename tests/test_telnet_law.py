"""What became of each byte on a telnet connection: in tables, and by thousands of random schedules."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.telnet.codes import Command
from tests.telnetpeer import DO, DONT, NVT, POLL_MODEM, Layer, Listener, Plain, com_port, option

SEEDS = 1500


def figures(upper: TelnetTransport) -> tuple[int, int, int]:
    return upper.sent, upper.pending, upper.dropped


class CountTests(SynchronousTestCase):
    """`sent`, `pending` and `dropped` count data, not what goes over the wire."""

    def test_a_piece_waits_until_it_is_wholly_taken(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"\xff" * 10)
        layer.upper.write(b"next")
        layer.wire.take(19)
        self.assertEqual(figures(layer.upper), (0, 14, 0))
        layer.wire.take(1)
        self.assertEqual(figures(layer.upper), (10, 4, 0))

    def test_only_what_has_not_been_begun_is_thrown_away(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"\xff" * 10)
        layer.upper.write(b"abcdef")
        layer.wire.take(3)
        self.assertEqual((layer.upper.discard_oldest(4), layer.upper.discard_oldest(100)), (4, 2))
        self.assertEqual((layer.got, figures(layer.upper)), (b"\xff" * 10, (10, 0, 0)))

    def test_of_a_piece_that_is_lost_the_whole_bytes_that_were_taken_count_as_sent(self) -> None:
        for taken, whole in ((0, 0), (1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (6, 4)):
            layer = Layer(Plain(), agreed=True)
            layer.upper.write(b"a\xffb\xffc")
            layer.wire.take(taken)
            layer.wire.reset()
            self.assertEqual(figures(layer.upper), (whole, 0, 5 - whole), taken)

    def test_so_they_do_with_the_rules_of_nvt(self) -> None:
        for taken, whole in ((1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 4), (7, 5)):
            layer = Layer(Plain())
            layer.wire.say(NVT)
            layer.upper.write(b"\r")
            layer.wire.drain()
            layer.upper.write(b"a\rb\r\nc")  # goes out as NUL a CR NUL b CR LF c
            layer.wire.take(taken)
            layer.wire.reset()
            self.assertEqual(figures(layer.upper), (1 + whole, 0, 6 - whole), taken)

    def test_the_end_of_a_line_end_is_no_byte_of_data(self) -> None:
        layer = Layer(Plain())
        layer.wire.say(NVT)
        layer.upper.write(b"\r")
        layer.wire.drain()
        layer.upper.write(b"x")  # goes out as NUL x
        layer.upper.send_command(Command.NOP)
        layer.wire.take(3)
        layer.wire.reset()
        self.assertEqual(figures(layer.upper), (2, 0, 0))

    def test_a_piece_counts_by_the_rules_that_it_was_written_by(self) -> None:
        layer = Layer(Plain())
        layer.wire.say(NVT)
        layer.upper.write(b"\r\r\r\r")  # goes out as CR NUL CR NUL CR NUL CR
        layer.wire.take(4)
        layer.wire.say(option(DO, 0))
        layer.wire.reset()
        self.assertEqual(figures(layer.upper), (2, 0, 2))


class ConfirmedTests(SynchronousTestCase):
    """What the other side has not taken, as far as the transport below can tell."""

    def owing(self, *pieces: bytes, owed: int, agreed: bool = True) -> Layer:
        layer = Layer(Plain(), agreed=agreed)
        if not agreed:
            layer.wire.say(NVT)
        for piece in pieces:
            layer.upper.write(piece)
            layer.wire.drain()
        layer.wire.owed = owed
        return layer

    def test_it_is_told_in_bytes_of_data(self) -> None:
        for owed, data in ((0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 5), (8, 6)):
            layer = self.owing(b"ab", b"c\xff", b"\xffd", owed=owed)
            self.assertEqual(layer.upper.unconfirmed(), data, owed)

    def test_in_nvt_too(self) -> None:
        for owed, data in ((0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 4)):
            layer = self.owing(b"a\r", b"\r", b"\xff", owed=owed, agreed=False)  # a CR NUL CR NUL IAC IAC
            self.assertEqual(layer.upper.unconfirmed(), data, owed)

    def test_commands_are_no_data(self) -> None:
        layer = self.owing(b"ab", owed=0)
        layer.upper.send_command(Command.NOP)
        layer.wire.drain()
        layer.upper.write(b"cd")
        layer.wire.drain()
        for owed, data in ((1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (6, 4)):
            layer.wire.owed = owed
            self.assertEqual(layer.upper.unconfirmed(), data, owed)

    def test_it_is_never_more_than_was_sent(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.wire.owed = layer.wire.sent
        self.assertEqual(layer.upper.unconfirmed(), 0)
        layer.upper.write(b"ab")
        layer.wire.drain()
        layer.wire.owed = layer.wire.sent
        self.assertEqual(layer.upper.unconfirmed(), 2)

    def test_what_was_long_ago_passes_for_plain_data(self) -> None:
        layer = self.owing(*[b"12345678"] * 400, owed=0)
        for owed in (8, 800, 3000):
            layer.wire.owed = owed
            self.assertEqual(layer.upper.unconfirmed(), owed)

    def test_a_piece_that_is_being_taken_is_pending_and_nothing_else(self) -> None:
        layer = self.owing(b"1234", owed=0)
        layer.upper.write(b"56789")
        layer.wire.take(3)
        layer.wire.owed = 5
        self.assertEqual((layer.upper.unconfirmed(), layer.upper.pending), (2, 5))

    def test_after_a_loss_the_rest_of_a_piece_is_dropped_and_nothing_else(self) -> None:
        layer = self.owing(b"1234", owed=0)
        layer.upper.write(b"56789")
        layer.wire.take(3)
        layer.wire.owed = 2
        layer.wire.reset()
        self.assertEqual((layer.upper.unconfirmed(), figures(layer.upper)), (2, (7, 0, 2)))
        layer.upper.abandon()
        self.assertEqual(figures(layer.upper), (5, 0, 4))

    def test_what_is_abandoned_is_dropped(self) -> None:
        layer = self.owing(b"ab\xff", b"\xffcd", owed=5)
        for _ in range(2):
            layer.upper.abandon()
            self.assertEqual((figures(layer.upper), layer.upper.unconfirmed()), ((2, 0, 4), 0))

    def test_an_abort_drops_what_is_unconfirmed_of_a_piece_too(self) -> None:
        layer = self.owing(b"1234", owed=0)
        layer.upper.write(b"56789")
        layer.wire.take(3)
        layer.wire.owed = 5
        layer.upper.abandon()
        layer.upper.abortConnection()
        self.assertEqual(figures(layer.upper), (2, 0, 7))

    def test_a_piece_that_is_too_long_to_be_remembered_is_dropped_all_the_same(self) -> None:
        layer = Layer(Plain(), agreed=True)
        layer.upper.write(b"\xff" * 60_000)
        layer.wire.take(1001)
        layer.upper.abandon()
        layer.upper.abortConnection()
        self.assertEqual(figures(layer.upper), (500, 0, 59_500))

    def test_what_is_taken_back_was_never_written(self) -> None:
        layer = self.owing(b"12345678", owed=0)
        layer.upper.write(b"lost")
        layer.wire.reset()
        layer.upper.take_back(6)
        self.assertEqual(figures(layer.upper), (6, 0, 0))


class ScheduleTests(SynchronousTestCase):
    """Random schedules: after each step every byte is explained, and the peer has got them in order."""

    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                Schedule(seed).run()


class Schedule:
    """One schedule by a seed, of up to sixty steps."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.layer = Layer(Listener())
        self.upper, self.wire = self.layer.upper, self.layer.wire
        self.start = self.wire.sent
        self.given = 0
        self.discarded = 0
        self.expected = b""  # all data that was written and not discarded, in order
        self.lost = self.answered = False

    def run(self) -> None:
        if self.chance.random() < 0.7:
            self.first_word()
        steps = (
            (self.write, 12), (self.take, 10), (self.command, 4), (self.suspend, 4), (self.discard, 2),
            (self.time, 2), (self.peer_asks, 3), (self.peer_negotiates, 1), (self.pause, 1), (self.end, 1),
        )  # fmt: skip
        calls, weights = zip(*steps, strict=True)
        for step in range(self.chance.randrange(60)):
            call = self.chance.choices(calls, weights)[0]
            call()
            self.check(f"seed {self.seed}, step {step}: {call.__name__}")
        self.finish()

    def check(self, where: str) -> None:
        upper, peer = self.upper, self.wire.peer
        total = upper.sent + upper.pending + upper.dropped + self.discarded
        assert total == self.given, f"{where}: {figures(upper)}, discarded {self.discarded} of {self.given}"
        assert min(figures(upper)) >= 0, f"{where}: {figures(upper)}"
        assert self.expected.startswith(peer.data), f"{where}: out of order"
        if not upper.pending:
            assert upper.sent == len(peer.data), f"{where}: {figures(upper)}, but it got {len(peer.data)}"
        if not self.lost and self.chance.random() < 0.2:
            self.check_confirmed(where)

    def check_confirmed(self, where: str) -> None:
        """Compare with what a peer that is behind has decoded."""
        self.wire.owed = self.chance.randrange(self.wire.sent - self.start + 1)
        owed = max(0, self.upper.sent - len(self.wire.confirmed()))
        assert self.upper.unconfirmed() == owed, f"{where}: {self.upper.unconfirmed()}, not {owed}"
        self.wire.owed = 0

    def write(self) -> None:
        size = self.chance.choice([0, 1, 2, 3, 40, 400])
        data = bytes(self.chance.choices(b"ab\r\r\n\0\xff\xff\xff\xf0", k=size))
        self.given += size
        self.expected += data
        self.upper.write(data)

    def take(self) -> None:
        if self.wire.connected:
            self.wire.take(self.chance.choice([1, 1, 2, 3, 7, 100, 1000]))

    def command(self) -> None:
        if self.chance.random() < 0.5:
            self.upper.send_command(Command.NOP)
        else:
            self.upper.send_subnegotiation(44, b"\x6b\xff")

    def suspend(self) -> None:
        self.upper.suspend(self.chance.random() < 0.5)

    def discard(self) -> None:
        on_wire = len(self.wire.written.data)
        count = self.upper.discard_oldest(self.chance.choice([1, 10, 1000]))
        self.discarded += count
        if not self.lost:
            self.expected = self.expected[:on_wire] + self.expected[on_wire + count :]

    def time(self) -> None:
        self.layer.clock.advance(self.chance.choice([0.1, 0.7]))

    def peer_asks(self) -> None:
        if self.wire.connected and self.wire.reading:
            self.wire.say(self.chance.choice([POLL_MODEM, b"data\xff\xff", com_port(0) * 3]))

    def first_word(self) -> None:
        """Answer what the greeting asks about BINARY."""
        self.answered = True
        if self.chance.random() < 0.6:
            self.wire.agree()
        else:
            self.wire.say(NVT)

    def peer_negotiates(self) -> None:
        """Go over to BINARY or back: from where on that is told by our answer, which comes in order."""
        if not self.wire.connected or not self.wire.reading:
            return
        if self.answered:
            self.wire.say(option(self.chance.choice([DO, DONT]), 0))
        else:
            self.first_word()

    def pause(self) -> None:
        if self.wire.connected:
            self.chance.choice([self.upper.pauseProducing, self.upper.resumeProducing])()

    def end(self) -> None:
        if self.lost:
            return
        ends: list[Any] = [
            self.wire.reset,
            self.upper.cut,
            self.upper.abortConnection,
            self.wire.refuse_writes,
        ]
        if self.wire.reading:
            ends.append(self.wire.finish_sending)
        end = self.chance.choice(ends)
        end()
        self.lost = end != self.wire.finish_sending

    def finish(self) -> None:
        if self.lost:
            return
        self.upper.suspend(False)
        self.layer.clock.advance(1)
        self.upper.loseConnection()
        self.wire.drain()
        self.check(f"seed {self.seed}, end")
        assert not self.wire.connected and self.upper.sent == self.given - self.discarded, f"seed {self.seed}"
        assert self.wire.peer.data == self.expected and not self.wire.peer.rest, f"seed {self.seed}"
