"""A simulated device with a clock of its own: what it answers, when, and that it stays small."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from smartserial.channels.simulator import MOST_UNDERSTOOD, Simulator
from smartserial.interfaces import ICountedTransport
from smartserial.script import Check, Hole, Rule, Script, Text, Unasked, filled, holes, parse_text, size_of

from .test_memory import Listening, Producer, run

METER = Script(
    rules=(
        Rule(b"*IDN?", (b"meter\r\n",)),
        Rule(b"MEAS?", (b"1\r\n", b"2\r\n", b"3\r\n")),
        Rule(b"*RST", (b"",)),
        Rule(None, (b"what\r\n",)),
    )
)
SEARCH = Script(rules=(Rule(b"ab", (b"1",)), Rule(b"cde", (b"2", b"3"))), terminators=())


class Talk:
    """A simulated device, and somebody who talks to it."""

    def __init__(self, script: Script) -> None:
        self.clock = Clock()
        self.device = Simulator("meter", script, self.clock)
        self.protocol = Listening()
        self.device.connect(self.protocol)

    def say(self, *chunks: bytes) -> bytes:
        """Write chunks, and return what has been answered by now, since the last time."""
        for chunk in chunks:
            self.device.write(chunk)
        run(self.clock)
        return self.hear()

    def hear(self) -> bytes:
        heard = self.protocol.heard
        self.protocol.pieces.clear()
        return heard

    def wait(self, seconds: float) -> bytes:
        """Return what is said in the next `seconds`."""
        self.clock.advance(seconds)
        run(self.clock)
        return self.hear()


def chunked(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Cut `data` at these places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


class RulesTest(SynchronousTestCase):
    def test_interfaces(self) -> None:
        self.assertTrue(verifyObject(ICountedTransport, Talk(METER).device))

    def test_exchange(self) -> None:
        talk = Talk(METER)
        for said, answered in (
            (b"*IDN?\n", b"meter\r\n"),
            (b"*IDN?\r\n", b"meter\r\n"),
            (b"*IDN?\r\r\n", b"meter\r\n"),
            (b"*RST\n", b""),
            (b"HELLO\n", b"what\r\n"),
            (b"*IDN? \n", b"what\r\n"),
            (b"\n\r\n", b""),
            (b"*IDN?", b""),
            (b"\n", b"meter\r\n"),
            (b"*IDN?\nHELLO\n*IDN?\n", b"meter\r\nwhat\r\nmeter\r\n"),
        ):
            self.assertEqual(talk.say(said), answered, said)

    def test_answers_in_turn(self) -> None:
        talk = Talk(METER)
        heard = talk.say(b"MEAS?\n" * 2) + talk.say(b"*IDN?\n") + talk.say(b"MEAS?\n" * 2)
        self.assertEqual(heard, b"1\r\n2\r\nmeter\r\n3\r\n1\r\n")

    def test_each_connection_begins_anew(self) -> None:
        self.assertEqual(Talk(METER).say(b"MEAS?\n"), b"1\r\n")
        self.assertEqual(Talk(METER).say(b"MEAS?\n"), b"1\r\n")

    def test_equal_rules_take_turns_of_their_own(self) -> None:
        rule = Rule(b"a", (b"1", b"2"))
        talk = Talk(Script(rules=(rule, Rule(b"b", (b"1", b"2")))))
        self.assertEqual(talk.say(b"a\nb\na\nb\n"), b"1122")

    def test_the_first_rule_that_fits(self) -> None:
        script = Script(rules=(Rule(b"a", (b"first",)), Rule(b"a", (b"second",)), Rule(None, (b"other",))))
        self.assertEqual(Talk(script).say(b"a\nb\n"), b"firstother")
        otherwise_first = Script(rules=(Rule(None, (b"other",)), Rule(b"a", (b"never",))))
        self.assertEqual(Talk(otherwise_first).say(b"a\n"), b"other")

    def test_an_empty_message_that_is_expected(self) -> None:
        self.assertEqual(Talk(Script(rules=(Rule(b"", (b"prompt>",)),))).say(b"\r\n"), b"prompt>")

    def test_nobody_knows(self) -> None:
        self.assertEqual(Talk(Script(rules=(Rule(b"a", (b"b",)),))).say(b"x\ny\n"), b"")
        self.assertEqual(Talk(Script()).say(b"x\n"), b"")

    def test_terminators(self) -> None:
        for terminator, ignore, said, answered in (
            (b"\r", b"", b"a\ra\n\r", b"1"),
            (b"\r\n", b"", b"a\r\na\n\r\n", b"1"),
            (b"\r\n", b"", b"a\ra\r\n", b""),
            (b"\x03", b"", b"a\x03a\x03", b"11"),
            (b"END", b" ", b"a ENDaEND aEND", b"11"),
            (b"\n", b"", b"a\r\na\n", b"1"),
            (b"\n", b"\r ", b"a \r\na\n", b"11"),
        ):
            script = Script(rules=(Rule(b"a", (b"1",)),), terminators=(terminator,), ignore=ignore)
            self.assertEqual(Talk(script).say(said), answered, (terminator, said))
            self.assertEqual(Talk(script).say(*chunked(said, range(99))), answered, (terminator, said))


class TimeTest(SynchronousTestCase):
    def test_delay(self) -> None:
        talk = Talk(Script(rules=(Rule(b"a", (b"1",), 0.5),)))
        self.assertEqual(talk.say(b"a\n"), b"")
        self.assertEqual(talk.wait(0.25), b"")
        self.assertEqual(talk.wait(0.25), b"1")

    def test_answers_wait_for_each_other(self) -> None:
        talk = Talk(Script(rules=(Rule(b"slow", (b"1",), 0.5), Rule(b"fast", (b"2",)))))
        self.assertEqual(talk.say(b"slow\nfast\nslow\nfast\n"), b"")
        self.assertEqual(talk.wait(0.5), b"12")
        self.assertEqual(talk.wait(0.25), b"")
        self.assertEqual(talk.wait(0.25), b"12")
        self.assertEqual(talk.say(b"fast\n"), b"2")

    def test_unasked(self) -> None:
        talk = Talk(Script(unasked=(Unasked(2.0, (b"a", b"b")), Unasked(3.0, (b"C",)))))
        said = [talk.wait(1.0) for _ in range(8)]
        self.assertEqual(said[:5], [b"", b"a", b"C", b"b", b""])
        self.assertEqual((sorted(said[5]), said[6], said[7]), (sorted(b"aC"), b"", b"b"))

    def test_unasked_and_asked(self) -> None:
        talk = Talk(Script(rules=(Rule(b"a", (b"1",)),), unasked=(Unasked(1.0, (b"tick",)),)))
        self.assertEqual(talk.say(b"a\n"), b"1")
        self.assertEqual(talk.wait(1.0), b"tick")

    def test_silence_is_said_too(self) -> None:
        talk = Talk(Script(unasked=(Unasked(1.0, (b"", b"x")),)))
        self.assertEqual([talk.wait(1.0) for _ in range(4)], [b"", b"x", b"", b"x"])

    def test_closing_ends_all_timers(self) -> None:
        script = Script(
            rules=(Rule(b"a", (b"1",), 5.0), Rule(b"b", (b"2",))), unasked=(Unasked(1.0, (b"tick",)),)
        )
        for close in ("loseConnection", "abortConnection", "cut", "stopProducing"):
            talk = Talk(script)
            talk.device.write(b"b\na\na\n")
            self.assertTrue(talk.clock.getDelayedCalls())
            getattr(talk.device, close)()
            self.assertEqual(talk.clock.getDelayedCalls(), [], close)
            self.assertEqual((talk.wait(60.0), len(talk.protocol.lost)), (b"", 1))

    def test_closing_while_hearing(self) -> None:
        talk = Talk(Script(rules=(Rule(b"a", (b"1",), 5.0),), unasked=(Unasked(1.0, (b"tick",)),)))
        talk.protocol.on_data = lambda _: talk.device.loseConnection()
        talk.device.write(b"a\n")
        self.assertEqual(talk.wait(1.0), b"tick")
        self.assertEqual(talk.clock.getDelayedCalls(), [])


class SearchTest(SynchronousTestCase):
    def test_bytes_anywhere(self) -> None:
        talk = Talk(SEARCH)
        for said, answered in (
            (b"ab", b"1"),
            (b"xxabxx", b"1"),
            (b"a", b""),
            (b"b", b"1"),
            (b"cdeab", b"21"),
            (b"abcde", b"13"),
            (b"aab", b"1"),
            (b"ccde", b"2"),
            (b"ba", b""),
            (b"\n", b""),
            (b"abab", b"11"),
        ):
            self.assertEqual(talk.say(said), answered, said)

    def test_no_byte_is_part_of_two_messages(self) -> None:
        self.assertEqual(Talk(Script(rules=(Rule(b"aba", (b"1",)),), terminators=())).say(b"ababa"), b"1")

    def test_an_empty_expectation_is_never_met(self) -> None:
        """And is no endless loop."""
        script = Script(rules=(Rule(b"", (b"1",)), Rule(None, (b"2",)), Rule(b"a", (b"3",))), terminators=())
        self.assertEqual(Talk(script).say(b"xax"), b"3")

    def test_bytes_that_begin_others(self) -> None:
        """What is complete first is answered, wherever the chunks end."""
        script = Script(
            rules=(Rule(b"abc", (b"L",)), Rule(b"ab", (b"S",)), Rule(b"xaby", (b"X",))), terminators=()
        )
        for said in (b"abc", b"xaby", b"ab", b"xab"):
            one_by_one = Talk(script).say(*chunked(said, range(99)))
            self.assertEqual(Talk(script).say(said), one_by_one, said)


class ChunkingTest(SynchronousTestCase):
    """However the bytes are cut, the answers are the same."""

    messages = st.lists(
        st.sampled_from([b"*IDN?", b"MEAS?", b"*RST", b"", b"x", b"\r", b"MEAS?\r", b"\n", b"\r\n"]),
        max_size=20,
    )
    cuts = st.lists(st.integers(0, 200), max_size=30)

    @given(messages, cuts)
    def test_with_a_terminator(self, parts: list[bytes], cuts: list[int]) -> None:
        said = b"".join(parts)
        self.assertEqual(Talk(METER).say(*chunked(said, cuts)), Talk(METER).say(said))

    @given(messages, cuts)
    def test_with_a_long_terminator(self, parts: list[bytes], cuts: list[int]) -> None:
        script = Script(rules=METER.rules, terminators=(b"\r\n",), ignore=b"")
        said = b"".join(parts)
        self.assertEqual(Talk(script).say(*chunked(said, cuts)), Talk(script).say(said))

    @given(st.text(alphabet="abcdex", max_size=60), cuts)
    def test_without_a_terminator(self, text: str, cuts: list[int]) -> None:
        said = text.encode()
        self.assertEqual(Talk(SEARCH).say(*chunked(said, cuts)), Talk(SEARCH).say(said))

    @given(
        st.lists(st.text(alphabet="ab", min_size=1, max_size=3), min_size=1, max_size=4, unique=True),
        st.text(alphabet="ab", max_size=12),
        cuts,
    )
    def test_any_rules_without_a_terminator(self, expected: list[str], text: str, cuts: list[int]) -> None:
        rules = tuple(Rule(word.encode(), (f"<{word}>".encode(),)) for word in expected)
        script, said = Script(rules=rules, terminators=()), text.encode()
        self.assertEqual(Talk(script).say(*chunked(said, cuts)), Talk(script).say(said))


X, Y, ANY = Hole("x", 2), Hole("y", 1), Hole("any")
MEMORY = Script(
    rules=(
        Rule((b"X=", X), (b"ok",)),
        Rule(b"reset", (b"",), sets=(("x", b"00"), ("y", b"!"))),
        Rule(b"X?", ((b"<", X, b">", Y), (b"[", X, b"]"))),
        Rule((b"say ", ANY, b" now"), ((ANY, b"!"),)),
        Rule((Y,), (b"one",)),
    ),
    unasked=(Unasked(1.0, ((b"x is ", X),)),),
    values=(("x", b"42"), ("y", b"?"), ("any", b"")),
)


class ValuesTest(SynchronousTestCase):
    """What a device remembers."""

    def test_exchange(self) -> None:
        talk = Talk(MEMORY)
        for said, answered in (
            (b"X?\n", b"<42>?"),
            (b"X=17\n", b"ok"),
            (b"X?\n", b"[17]"),
            (b"X=1\n", b""),
            (b"X=123\n", b""),
            (b"X?\n", b"<17>?"),
            (b"z\n", b"one"),
            (b"reset\n", b""),
            (b"X?\nX?\n", b"[00]<00>!"),
            (b"say  now\n", b"!"),
            (b"say a now b now\n", b"a now b!"),
            (b"say a\n", b""),
            (b"X=\r.\n", b"ok"),
            (b"X?\n", b"[\r.]"),
        ):
            self.assertEqual(talk.say(said), answered, said)

    def test_unasked(self) -> None:
        talk = Talk(MEMORY)
        self.assertEqual(talk.wait(1.0), b"x is 42")
        self.assertEqual(talk.say(b"X=ab\n"), b"ok")
        self.assertEqual(talk.wait(1.0), b"x is ab")

    def test_each_connection_begins_anew(self) -> None:
        self.assertEqual(Talk(MEMORY).say(b"X=11\n"), b"ok")
        self.assertEqual(Talk(MEMORY).say(b"X?\n"), b"<42>?")

    def test_without_a_terminator(self) -> None:
        rules = Rule((X, b"=", Y), ((Y, X),)), Rule(b"ab", (b"AB",))
        talk = Talk(Script(rules=rules, values=(("x", b".."), ("y", b".")), terminators=()))
        self.assertEqual(talk.say(b"12=3"), b"312")
        self.assertEqual(talk.say(b"ab45=6xyz"), b"AB645")
        self.assertEqual(talk.say(b"1", b"2", b"="), b"")
        self.assertEqual(talk.say(b"7"), b"712")

    @given(
        st.lists(st.sampled_from([b"ab", b"12=3", b"=", b"a", b"45=6"]), max_size=12),
        st.lists(st.integers(0, 60)),
    )
    def test_any_chunking(self, parts: list[bytes], cuts: list[int]) -> None:
        rules = Rule((X, b"=", Y), ((Y, X),)), Rule(b"ab", (b"AB",)), Rule((b"a", Y), ((b"a", Y),))
        script = Script(rules=rules, values=(("x", b".."), ("y", b".")), terminators=())
        said = b"".join(parts)
        self.assertEqual(Talk(script).say(*chunked(said, cuts)), Talk(script).say(said))


class TextsTest(SynchronousTestCase):
    """Texts with values in them."""

    values = {"x": b"42", "any": b""}

    def test_reading(self) -> None:
        rows: tuple[tuple[bytes, Text], ...] = (
            (b"", b""),
            (b"plain", b"plain"),
            (b"{{x}}", b"{x}"),
            (b"{x}", (Hole("x", 2),)),
            (b"a{any}{{b", (b"a", Hole("any"), b"{b")),
            (b"{x}}}\xff\n{x}", (Hole("x", 2), b"}\xff\n", Hole("x", 2))),
        )
        for raw, text in rows:
            self.assertEqual(parse_text(raw, self.values), text)

    def test_wrong(self) -> None:
        for raw, words in (
            (b"{y}", "there is no value 'y'"),
            (b"{}", "there is no value ''"),
            (b"a{", "a brace stands alone"),
            (b"}", "a brace stands alone"),
            (b"{x", "a brace stands alone"),
            (b"{ x}", "there is no value ' x'"),
            (b"{\xff}", "there is no value '\xff'"),
        ):
            self.assertIn(words, str(self.assertRaises(ValueError, parse_text, raw, self.values)))

    @given(st.binary(max_size=30))
    def test_braces_twice_are_themselves(self, raw: bytes) -> None:
        doubled = raw.replace(b"{", b"{{").replace(b"}", b"}}")
        self.assertEqual(parse_text(doubled, {}), raw)

    @given(st.binary(max_size=30))
    def test_anything_is_read_or_refused(self, raw: bytes) -> None:
        try:
            text = parse_text(raw, self.values)
        except ValueError:
            return
        self.assertEqual(size_of(text), len(filled(text, self.values)))
        self.assertEqual(bool(holes(text)), isinstance(text, tuple))


def summed(data: bytes) -> bytes:
    """A message with the sum of all but its first byte."""
    return data + bytes([sum(data[1:]) & 255])


class CheckTest(SynchronousTestCase):
    """Messages that end in a checksum."""

    rules = (Rule((b"Q", Y), ((b"A", Y),)), Rule(b"S", (b"",)), Rule(b"Quit", (b"bye",)))
    values = (("y", b"."),)
    check = Check("sum", skip=1)

    def test_without_a_terminator(self) -> None:
        script = Script(rules=self.rules, values=self.values, check=self.check, terminators=())
        for said, answered in (
            (summed(b"Q1"), summed(b"A1")),
            (summed(b"Q1")[:-1] + b"\0", b""),
            (b"xQ" + summed(b"Q2") + b"yy", summed(b"A2")),
            (summed(b"S") + summed(b"Q3"), summed(b"A3")),
            (summed(b"Quit"), summed(b"bye")),
        ):
            self.assertEqual(Talk(script).say(said), answered, said)
            self.assertEqual(Talk(script).say(*chunked(said, range(99))), answered, said)

    def test_with_a_terminator(self) -> None:
        """What is ignored elsewhere may be a checksum."""
        script = Script(rules=self.rules, values=self.values, check=self.check)
        for said, answered in (
            (summed(b"Q1"), summed(b"A1")),
            (b"Q\r\r", summed(b"A\r")),
            (b"Q1\0", b""),
            (b"", b""),
            (b"Q", b""),
        ):
            self.assertEqual(Talk(script).say(said + b"\n"), answered, said)

    def test_widths(self) -> None:
        for check, ending in (
            (Check("modbus", 2, True), b"\x37\x4b"),
            (Check("modbus", 2), b"\x4b\x37"),
            (Check("sum", 4), b"\0\0\x01\xdd"),
            (Check("sum"), b"\xdd"),
        ):
            script = Script(rules=(Rule(b"123456789", (b"123456789", b"")),), check=check, terminators=())
            talk = Talk(script)
            self.assertEqual(talk.say(b"123456789" + ending), b"123456789" + ending)
            self.assertEqual(talk.say(b"123456789" + ending), b"", "silence has no checksum")

    def test_unasked(self) -> None:
        talk = Talk(Script(unasked=(Unasked(1.0, (b"ab",)),), check=Check("sum")))
        self.assertEqual(talk.wait(1.0), b"ab\xc3")


class BoundsTest(SynchronousTestCase):
    def test_a_large_write_is_understood_whole(self) -> None:
        """A gateway may hand over many messages at once."""
        count = MOST_UNDERSTOOD // 2
        for script, message in (
            (Script(rules=(Rule(b"abc", (b"1",)),)), b"abc\n"),
            (Script(rules=(Rule(b"abcd", (b"1",)),), terminators=()), b"abcd"),
        ):
            self.assertEqual(len(Talk(script).say(message * count)), count)

    def test_a_large_write_after_half_a_message(self) -> None:
        talk = Talk(Script(rules=(Rule(b"abc", (b"1",)),)))
        rest = b"c\n" + b"abc\n" * (MOST_UNDERSTOOD // 4 - 1) + b"xx"
        self.assertEqual(len(rest), MOST_UNDERSTOOD)
        self.assertEqual(len(talk.say(b"ab", rest)), MOST_UNDERSTOOD // 4)

    def test_a_message_without_end_is_forgotten(self) -> None:
        """Its last bytes are kept, so that the device understands again after the next terminator."""
        for script in (METER, SEARCH):
            talk = Talk(script)
            for _ in range(40):
                talk.device.write(b"x" * (MOST_UNDERSTOOD // 8))
            self.assertTrue(len(talk.device._heard) <= MOST_UNDERSTOOD)
        talk = Talk(METER)
        self.assertEqual(talk.say(b"x" * (3 * MOST_UNDERSTOOD), b"\n", b"*IDN?\n"), b"what\r\nmeter\r\n")
        talk = Talk(SEARCH)
        self.assertEqual(talk.say(b"x" * (3 * MOST_UNDERSTOOD), b"ab"), b"1")

    def test_answers_that_are_not_read_hold_the_writer_back(self) -> None:
        talk = Talk(Script(rules=(Rule(b"a", (b"x" * 1024,)),)))
        producer = Producer()
        talk.device.registerProducer(producer, True)
        talk.device.pauseProducing()
        talk.device.write(b"a\n" * 256)
        self.assertEqual(producer.calls, [])
        talk.device.write(b"a\n")
        self.assertEqual(producer.calls, ["pause"])
        talk.device.resumeProducing()
        run(talk.clock)
        self.assertEqual(producer.calls, ["pause", "resume"])
        self.assertEqual(len(talk.hear()), 257 * 1024)

    def test_answers_that_wait_for_their_time_hold_the_writer_back(self) -> None:
        """A slow device that is asked and asked must not gather answers without end."""
        talk = Talk(Script(rules=(Rule(b"a", (b"x" * 1024,), 1.0),)))
        producer = Producer()
        talk.device.registerProducer(producer, True)
        talk.device.write(b"a\n" * 257)
        self.assertEqual(producer.calls, ["pause"])
        heard = b"".join(talk.wait(1.0) for _ in range(257))
        self.assertEqual((len(heard), producer.calls), (257 * 1024, ["pause", "resume"]))

    def test_all_is_counted_as_taken(self) -> None:
        talk = Talk(METER)
        talk.say(b"*IDN?\n", b"garbage")
        self.assertEqual((talk.device.sent, talk.device.pending, talk.device.dropped), (13, 0, 0))
