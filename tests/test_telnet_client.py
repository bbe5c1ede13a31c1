"""The client's side of RFC 2217, against tables, servers with their quirks, and any bytes at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import Flow, LineCounts, Lines, LineSettings, ModemLines, Parity
from smartserial.telnet.client import ComPortClient
from smartserial.telnet.comport import Purge

NAMES = ("baudrate", "bytesize", "parity", "stopbits", "flow")
AT_9600 = ["65 00 00 25 80", "66 08", "67 01", "68 01", "69 01"]  # what a server says of 9600 8N1


class Far:
    """A client and what it has sent and told; `server` answers each message, or nobody does."""

    def __init__(
        self, *, strict: bool = False, server: Callable[[bytes], Iterable[bytes]] | None = None
    ) -> None:
        self.sent: list[str] = []
        self.ends: list[tuple[bool, str]] = []
        self.changes = 0
        self.suspended: list[bool] = []
        self._server = server
        self.client = ComPortClient(self._send, self._changed, self.suspended.append, strict)
        self.client.agree()

    def _send(self, payload: bytes) -> None:
        self.sent.append(payload.hex(" "))
        if self._server is not None:
            for answer in self._server(payload):
                self.client.receive(answer)

    def _changed(self) -> None:
        self.changes += 1

    def done(self, ok: bool, text: str) -> None:
        self.ends.append((ok, text))

    def say(self, *payloads: str) -> None:
        for payload in payloads:
            self.client.receive(bytes.fromhex(payload))

    def change(self, settings: LineSettings) -> list[tuple[bool, str]]:
        self.ends.clear()
        self.client.change(settings, self.done)
        return list(self.ends)

    def drive(self, lines: Lines) -> list[tuple[bool, str]]:
        self.ends.clear()
        self.client.drive(lines, self.done)
        return list(self.ends)

    def take(self) -> list[str]:
        sent, self.sent[:] = list(self.sent), []
        return sent


def at_9600(*, strict: bool = False) -> Far:
    """Return a client whose server is at 9600 8N1, and answers no more."""
    far = Far(strict=strict)
    far.change(LineSettings())
    far.say(*AT_9600)
    assert far.ends == [(True, "")]
    far.take()
    return far


def rfc(payload: bytes) -> list[bytes]:
    """Answer as the RFC has it."""
    return [bytes([payload[0] + 100]) + payload[1:]]


class RequestTests(SynchronousTestCase):
    def test_all_is_said_that_is_not_known_and_later_what_differs(self) -> None:
        far = Far(server=rfc)
        self.assertEqual(far.change(LineSettings()), [(True, "")])
        self.assertEqual(far.take(), ["01 00 00 25 80", "02 08", "03 01", "04 01", "05 01"])
        for settings, sent in (
            (LineSettings(19200), ["01 00 00 4b 00"]),
            (LineSettings(19200, 7, Parity.EVEN), ["02 07", "03 03"]),
            (LineSettings(19200, 7, Parity.ODD, 2), ["03 02", "04 02"]),
            (LineSettings(19200, 5, Parity.MARK, 1.5), ["02 05", "03 04", "04 03"]),
            (LineSettings(19200, 6, Parity.SPACE, 1, Flow.XONXOFF), ["02 06", "03 05", "04 01", "05 02"]),
            (LineSettings(19200, 6, Parity.SPACE, 1, Flow.RTSCTS), ["05 03"]),
            (LineSettings(19200, 6, Parity.SPACE, 1, Flow.RTSCTS), []),
        ):
            self.assertEqual(far.change(settings), [(True, "")])
            self.assertEqual(far.take(), sent)
            self.assertEqual(far.client.settings, settings)
            self.assertEqual(far.client.shadowed, ())

    def test_lines_are_said_always(self) -> None:
        far = Far(server=rfc)
        for _ in range(2):
            self.assertEqual(far.drive(Lines(dtr=True, rts=False)), [(True, "")])
            self.assertEqual(far.take(), ["05 08", "05 0c"])
        self.assertEqual(far.drive(Lines(brk=True)), [(True, "")])
        self.assertEqual(far.drive(Lines(dtr=False, rts=True, brk=False)), [(True, "")])
        self.assertEqual(far.take(), ["05 05", "05 06", "05 09", "05 0b"])
        self.assertEqual(far.client.lines, Lines(dtr=False, rts=True, brk=False))
        self.assertEqual(far.drive(Lines()), [(True, "")])
        self.assertEqual(far.take(), [])

    def test_what_is_in_force_is_asked_for(self) -> None:
        far = Far(strict=True)
        far.client.ask(far.done)
        self.assertEqual(far.take(), ["01 00 00 00 00", "02 00", "03 00", "04 00", "05 00"])
        far.say("65 00 00 4b 00", "66 07", "67 03", "68 02", "69 03")
        self.assertEqual(far.ends, [(True, "")])
        self.assertEqual(far.client.settings, LineSettings(19200, 7, Parity.EVEN, 2, Flow.RTSCTS))
        self.assertEqual(far.client.shadowed, ())

    def test_polls_have_a_value_and_the_mask_has_no_255(self) -> None:
        far = Far()
        far.client.poll_modem()
        far.client.watch_line()
        far.client.purge(Purge.RECEIVE)
        far.client.purge(Purge.TRANSMIT)
        far.client.purge(Purge.RECEIVE | Purge.TRANSMIT)
        self.assertEqual(far.take(), ["07 00", "0a 1e", "0c 01", "0c 02", "0c 03"])

    def test_without_the_option_nothing_is_sent_and_all_is_kept(self) -> None:
        far = Far()
        far.client = ComPortClient(far._send, far._changed, far.suspended.append, False)
        wanted = LineSettings(19200, 7, Parity.EVEN)
        self.assertEqual(far.change(wanted), [(True, "")])
        self.assertEqual(far.drive(Lines(dtr=False)), [(True, "")])
        far.client.poll_modem()
        far.client.purge(Purge.RECEIVE)
        self.assertEqual(far.sent, [])
        self.assertEqual((far.client.settings, far.client.shadowed), (wanted, NAMES))
        far.client.agree()
        far.change(wanted)
        self.assertEqual(far.take(), ["01 00 00 4b 00", "02 07", "03 03", "04 01", "05 01"])


class AnswerTests(SynchronousTestCase):
    """(strict, change, answers, end, in force, shadowed)."""

    def test_settings(self) -> None:
        at = LineSettings
        table: list[tuple[bool, LineSettings, list[str], tuple[bool, str], LineSettings, tuple[str, ...]]] = [
            (True, at(19200), ["65 00 00 4b 00"], (True, ""), at(19200), ()),
            (True, at(19200), ["65 00 00 4b 00 00 00 00 00"], (True, ""), at(19200), ()),
            (True, at(19200), ["65 0a"], (True, ""), at(19200), ()),
            (True, at(19200), ["65 00 00 4a f0"], (True, ""), at(19184), ()),
            (True, at(19200), ["65 00 00 25 80"], (False, "refused baudrate 19200"), at(), ()),
            (False, at(19200), ["65 00 00 25 80"], (False, "refused baudrate 19200"), at(), ()),
            (False, at(19200), ["65 08"], (False, "refused baudrate 19200"), at(), ()),
            (True, at(19200), ["65 00 00 00 00"], (False, "refused baudrate 19200"), at(), ()),
            (
                False,
                at(19200),
                ["65 00 00 00 00"],
                (True, "answers otherwise to baudrate 19200"),
                at(19200),
                ("baudrate",),
            ),
            (
                False,
                at(19200),
                ["65 63"],
                (True, "answers otherwise to baudrate 19200"),
                at(19200),
                ("baudrate",),
            ),
            (
                False,
                at(19200),
                ["65 4b 00"],
                (True, "answers otherwise to baudrate 19200"),
                at(19200),
                ("baudrate",),
            ),
            (
                False,
                at(bytesize=7),
                ["66"],
                (True, "answers otherwise to bytesize 7"),
                at(bytesize=7),
                ("bytesize",),
            ),
            (False, at(bytesize=7), ["66 08"], (False, "refused bytesize 7"), at(), ()),
            (False, at(bytesize=7), ["02 07"], (True, ""), at(bytesize=7), ()),
            (
                False,
                at(bytesize=7, parity=Parity.EVEN),
                ["67 01", "66 08"],
                (False, "refused parity even, bytesize 7"),
                at(),
                (),
            ),
            (
                False,
                at(bytesize=7, parity=Parity.EVEN),
                ["66 08", "67 03"],
                (False, "refused bytesize 7"),
                at(parity=Parity.EVEN),
                (),
            ),
            (True, at(flow=Flow.RTSCTS), ["69 03"], (True, ""), at(flow=Flow.RTSCTS), ()),
            (True, at(flow=Flow.RTSCTS), ["69 10"], (True, ""), at(flow=Flow.RTSCTS), ()),
            (True, at(flow=Flow.RTSCTS), ["69 01"], (False, "refused flow rtscts"), at(), ()),
            (
                False,
                at(flow=Flow.RTSCTS),
                ["69 01"],
                (True, "answers otherwise to flow rtscts"),
                at(flow=Flow.RTSCTS),
                ("flow",),
            ),
            (
                False,
                at(flow=Flow.RTSCTS),
                ["69 0e"],
                (True, "answers otherwise to flow rtscts"),
                at(flow=Flow.RTSCTS),
                ("flow",),
            ),
        ]
        for strict, wanted, answers, end, in_force, shadowed in table:
            far = at_9600(strict=strict)
            far.change(wanted)
            far.say(*answers)
            self.assertEqual(
                (far.ends, far.client.settings, far.client.shadowed), ([end], in_force, shadowed), answers
            )
            self.assertEqual(far.changes, 0)

    def test_lines(self) -> None:
        dtr_off, both = Lines(dtr=False), Lines(dtr=True, rts=False)
        for strict, wanted, answers, ends in (
            (True, dtr_off, ["69 09"], [(True, "")]),
            (True, both, ["69 08", "69 0c"], [(True, "")]),
            (True, both, ["69 0c", "69 08"], [(True, "")]),
            (True, dtr_off, ["69 08"], [(False, "refused dtr off")]),
            (True, dtr_off, ["69 01"], [(False, "refused dtr off")]),
            (True, Lines(brk=False), ["69 05"], [(False, "refused break off")]),
            (False, dtr_off, ["69 08"], [(True, "")]),
            (False, dtr_off, ["69 01"], [(True, "")]),
            (False, both, ["69 01", "69 01"], [(True, "")]),
            (False, both, ["69 07", "69 0a"], [(True, "")]),
            (False, Lines(brk=False), ["69 05"], [(True, "")]),
            (False, both, ["69 08"], []),
        ):
            far = at_9600(strict=strict)
            far.drive(wanted)
            far.say(*answers)
            self.assertEqual(far.ends, ends, answers)
            self.assertEqual(far.client.settings, LineSettings())

    def test_silence(self) -> None:
        wanted = LineSettings(stopbits=1.5, bytesize=5)
        for strict, end, in_force, shadowed in (
            (False, (True, "does not answer to stopbits 1.5"), wanted, ("stopbits",)),
            (True, (False, "does not answer to stopbits 1.5"), LineSettings(bytesize=5), ()),
        ):
            far = at_9600(strict=strict)
            far.change(wanted)
            far.say("66 05")
            self.assertEqual(far.ends, [])
            far.client.timed_out()
            self.assertEqual(
                (far.ends, far.client.settings, far.client.shadowed), ([end], in_force, shadowed)
            )
            far.take()
            far.change(LineSettings())
            self.assertEqual(far.take(), ["02 08", "04 01"])  # strict: it may have been taken after all

    def test_a_line_that_was_not_answered_is_not_waited_for_again(self) -> None:
        far = at_9600()
        far.drive(Lines(dtr=True, rts=True))
        far.say("69 0b")
        far.client.timed_out()
        self.assertEqual(far.ends, [(True, "does not answer to dtr on")])
        far.take()
        self.assertEqual(far.drive(Lines(dtr=False)), [(True, "")])
        self.assertEqual(far.take(), ["05 09"])
        self.assertEqual(far.drive(Lines(rts=False)), [])
        far.say("69 0c", "69 09")  # it does answer: late
        self.assertEqual(far.drive(Lines(dtr=True)), [])

    def test_a_round_is_given_up_alone(self) -> None:
        far = Far()
        first = far.client.drive(Lines(dtr=True), far.done)
        far.client.change(LineSettings(), far.done)
        far.client.timed_out(first)
        self.assertEqual(far.ends, [(True, "does not answer to dtr on")])
        far.say(*AT_9600)
        self.assertEqual(far.ends[1:], [(True, "")])

    def test_answers_in_order_belong_to_requests_in_order(self) -> None:
        far = Far(strict=True)
        ends: list[str] = []
        for rate in (19200, 9600):
            far.client.change(
                LineSettings(rate), lambda ok, text, rate=rate: ends.append(f"{rate} {ok} {text}")
            )
        far.say("65 00 00 4b 00", *AT_9600[1:], "65 00 00 25 80")
        self.assertEqual(ends, ["19200 True "])  # the second one asks for all that was not answered yet
        far.say(*AT_9600[1:])
        self.assertEqual(ends, ["19200 True ", "9600 True "])

    def test_a_lost_server_ends_everything(self) -> None:
        far = Far()
        far.drive(Lines(dtr=True))
        far.client.change(LineSettings(), far.done)
        far.client.lost()
        self.assertEqual([ok for ok, _ in far.ends], [False, False])
        far.client.lost()
        far.client.timed_out()
        self.assertEqual(len(far.ends), 2)


def sredird(payload: bytes) -> list[bytes]:
    """8 bytes for a baud rate; the flow control for DTR and RTS; no answer to polls; noise on a pty."""
    noise = [bytes([107, value]) for value in (0xEE, 0x0E, 0x00)]
    if payload[0] == 1:
        return [b"\x65" + payload[1:] + bytes(4), *noise]
    if payload[0] == 5 and payload[1] in (8, 9, 11, 12):
        return [b"\x69\x01", *noise]
    return [] if payload[0] in (6, 7) else [*rfc(payload), *noise]


def hub4com(payload: bytes) -> list[bytes]:
    """Every request about flow is answered with none, inbound or outbound."""
    return [b"\x69\x0e"] if payload[0] == 5 and payload[1] in (0, 1, 2, 3) else rfc(payload)


def cisco(payload: bytes) -> list[bytes]:
    """Rates in one byte."""
    codes = {9600: 8, 19200: 10, 115200: 14}
    return [bytes([0x65, codes[int.from_bytes(payload[1:], "big")]])] if payload[0] == 1 else rfc(payload)


def esp_link(payload: bytes) -> list[bytes]:
    """Some answers are without the 100 of the server."""
    return [payload] if payload[0] in (2, 5) else rfc(payload)


class QuirkTests(SynchronousTestCase):
    """Servers as they are: lenient gets along with all of them."""

    def through(self, server: Callable[[bytes], list[bytes]], strict: bool) -> list[tuple[bool, str]]:
        far = Far(server=server, strict=strict)
        ends = far.change(LineSettings(19200, 7, Parity.EVEN, 2, Flow.RTSCTS))
        ends += far.drive(Lines(dtr=True, rts=False))
        ends += far.change(LineSettings(115200))
        self.far = far
        return ends

    def test_lenient(self) -> None:
        clean = [(True, "")] * 3
        flow = [(True, "answers otherwise to flow rtscts"), (True, ""), (True, "")]
        for server, ends, flows_in_force in ((sredird, clean, ()), (cisco, clean, ()), (hub4com, flow, ())):
            self.assertEqual(self.through(server, False), ends, server)
            self.assertEqual(self.far.client.settings, LineSettings(115200))
            self.assertEqual(self.far.client.shadowed, flows_in_force)
        self.assertEqual(self.through(esp_link, False), clean)

    def test_strict(self) -> None:
        lines = [(True, ""), (False, "refused dtr on, rts off"), (True, "")]
        flow = [(False, "refused flow rtscts"), (True, ""), (True, "")]
        for server, ends in ((sredird, lines), (cisco, [(True, "")] * 3), (hub4com, flow)):
            self.assertEqual(self.through(server, True), ends, server)
        self.assertEqual(self.through(esp_link, True), [])
        self.assertEqual(self.far.client.ignored, 6)

    def test_a_server_that_answers_nothing(self) -> None:
        far = Far()
        wanted = LineSettings(19200, 7, Parity.EVEN, 2, Flow.RTSCTS)
        self.assertEqual(far.change(wanted), [])
        far.client.timed_out()
        self.assertEqual(
            far.ends,
            [(True, "does not answer to baudrate 19200, bytesize 7, parity even, stopbits 2, flow rtscts")],
        )
        self.assertEqual((far.client.settings, far.client.shadowed), (wanted, NAMES))
        far.take()
        self.assertEqual(far.change(wanted), [(True, "")])
        self.assertEqual(far.take(), [])


class UnaskedTests(SynchronousTestCase):
    def test_settings_and_lines(self) -> None:
        far = at_9600()
        for payload, changes, settings in (
            ("65 00 00 25 80", 0, LineSettings()),
            ("65 00 00 4b 00", 1, LineSettings(19200)),
            ("67 03", 2, LineSettings(19200, parity=Parity.EVEN)),
            ("69 0f", 3, LineSettings(19200, parity=Parity.EVEN, flow=Flow.XONXOFF)),
            ("69 08", 4, LineSettings(19200, parity=Parity.EVEN, flow=Flow.XONXOFF)),
            ("69 08", 4, LineSettings(19200, parity=Parity.EVEN, flow=Flow.XONXOFF)),
            ("69 11", 4, LineSettings(19200, parity=Parity.EVEN, flow=Flow.XONXOFF)),
        ):
            far.say(payload)
            self.assertEqual((far.changes, far.client.settings), (changes, settings), payload)
        self.assertEqual(far.client.lines, Lines(dtr=True))
        self.assertEqual(far.client.ignored, 1)

    def test_modem_lines(self) -> None:
        far = Far()
        self.assertIsNone(far.client.modem)
        for payload, changes, modem, counts in (
            ("6b bb", 1, ModemLines(cts=True, dsr=True, cd=True), LineCounts()),  # the first tells no change
            ("6b b0", 1, ModemLines(cts=True, dsr=True, cd=True), LineCounts()),
            ("6b a1", 2, ModemLines(dsr=True, cd=True), LineCounts(cts=1)),
            ("6b a1", 3, ModemLines(dsr=True, cd=True), LineCounts(cts=2)),  # a pulse
            ("6b e4", 4, ModemLines(dsr=True, cd=True, ri=True), LineCounts(cts=2, ri=1)),
            ("6b 0a", 5, ModemLines(), LineCounts(cts=2, ri=1, dsr=1, cd=1)),
            ("6b 40", 6, ModemLines(ri=True), LineCounts(cts=2, ri=1, dsr=1, cd=1)),
            ("6b", 6, ModemLines(ri=True), LineCounts(cts=2, ri=1, dsr=1, cd=1)),
        ):
            far.say(payload)
            self.assertEqual(
                (far.changes, far.client.modem, far.client.counts), (changes, modem, counts), payload
            )

    def test_errors_on_the_line(self) -> None:
        far = Far()
        far.say("6a 61", "6a 00", "6a")
        self.assertEqual((far.changes, far.client.counts), (0, LineCounts()))
        far.say("6a 1e", "6a 08")
        self.assertEqual(
            (far.changes, far.client.counts), (2, LineCounts(brk=1, frame=2, parity=1, overrun=1))
        )

    def test_suspend_and_resume(self) -> None:
        far = Far()
        far.say("6c", "6d", "08", "09")
        self.assertEqual(far.suspended, [True, False])
        self.assertEqual(far.client.ignored, 2)

    def test_what_means_nothing_is_counted(self) -> None:
        far = at_9600()
        nothing = ("", "2c", "ff 00", "01 00 00 4b 00", "07 00", "00", "0c 01", "66 09", "65 00")
        far.say(*nothing)
        far.say("64", "64 41 42", "6e 1e", "6f ff", "70 03")  # these are just not needed
        self.assertEqual(
            far.client.settings, LineSettings(19200)
        )  # without 100: taken as an answer, as esp-link
        self.assertEqual(far.client.ignored, len(nothing) - 1)
        self.assertEqual(far.take(), [])


SETTINGS = st.builds(
    LineSettings,
    st.integers(1, 2**32 - 1),
    st.sampled_from((5, 6, 7, 8)),
    st.sampled_from(Parity),
    st.sampled_from((1, 1.5, 2)),
    st.sampled_from(Flow),
)
LINE = st.none() | st.booleans()
PAYLOADS = st.binary(max_size=12) | st.tuples(
    st.integers(100, 112) | st.integers(0, 12),
    st.binary(max_size=5) | st.sampled_from(range(20)).map(lambda n: bytes([n])),
).map(lambda pair: bytes([pair[0]]) + pair[1])
STEPS: Any = st.lists(
    st.one_of(
        SETTINGS,
        st.builds(Lines, LINE, LINE, LINE),
        PAYLOADS,
        st.sampled_from(("ask", "timed_out", "agree", "lost")),
    ),
    max_size=40,
)


class AnyServerTests(SynchronousTestCase):
    @given(st.booleans(), STEPS)
    def test_nothing_is_raised_and_each_request_ends_once(self, strict: bool, steps: list[Any]) -> None:
        rounds: list[int] = []
        sent: list[bytes] = []
        client = ComPortClient(sent.append, lambda: None, lambda _: None, strict)

        def begin() -> Callable[[bool, str], None]:
            rounds.append(0)
            number = len(rounds) - 1

            def done(ok: bool, text: str) -> None:
                self.assertTrue(ok or text)
                rounds[number] += 1

            return done

        for step in steps:
            match step:
                case LineSettings():
                    client.change(step, begin())
                case Lines():
                    client.drive(step, begin())
                case "ask":
                    client.ask(begin())
                case str():
                    getattr(client, step)()
                case _:
                    client.receive(step)
        client.timed_out()
        self.assertEqual(rounds, [1] * len(rounds))
        self.assertEqual([payload for payload in sent if b"\xff" in payload and payload[0] != 1], [])
        again = ComPortClient(sent.append, lambda: None, lambda _: None, strict)
        again.agree()
        again.change(client.settings, lambda ok, text: None)  # whatever is in force can be asked for

    @given(SETTINGS, SETTINGS)
    def test_a_server_by_the_rfc_does_what_is_asked(self, first: LineSettings, second: LineSettings) -> None:
        far = Far(strict=True, server=rfc)
        for settings in (first, second):
            self.assertEqual(far.change(settings), [(True, "")])
            self.assertEqual(far.client.settings, settings)
