"""The dump for people, byte by byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.engine.effects import Step
from smartserial.trace.dump import Dump, dump, rows
from smartserial.trace.events import (
    Dropped,
    Matched,
    Mismatched,
    Named,
    PairStep,
    TimedOut,
    TraceEvent,
    Tx,
    UnitMade,
)

from .test_trace import ANY

AT = 77372.0  # 21:29:32
STATUS, LEVEL = Named(1, "Status"), Named(4, "Level")


def begun(attempt: int = 1, time: float = AT) -> PairStep:
    return PairStep("mast", time, 0, "", STATUS, Step.BEGUN, attempt)


def heard(data: bytes, name: Named = STATUS, time: float = AT) -> list[TraceEvent]:
    return [UnitMade("mast", time, 0, "a:1", data, 0), Matched("mast", time, 0, "a:1", name, ())]


class ExampleTest(SynchronousTestCase):
    maxDiff = None

    def test_question_and_answer(self) -> None:
        """The blocks, the blanks between them, and where the text begins."""
        events = [
            begun(),
            Tx("mast", AT, 0, "", b"HELLO\r\n", 1),
            *heard(b"WORLD is 42 degrees\x00\xff\x7f~", time=AT + 1),
            PairStep("mast", AT + 1, 0, "", STATUS, Step.SUCCEEDED, 1),
        ]
        self.assertEqual(
            dump(events).splitlines(),
            [
                "<< 21:29:32 - Status",
                "   000000  48454C4C4F 0D0A                              HELLO..",
                ">> 21:29:33 - Status",
                "   000000  574F524C44 2069732034 3220646567 7265657300  WORLD is 42 degrees.",
                "   000020  FF7F7E                                       ..~",
            ],
        )
        self.assertTrue(dump(events).endswith("..~\n"))

    def test_columns(self) -> None:
        [row] = rows(b"PING\r")
        self.assertEqual((row[:11], row[11:21], row[56:]), ("   000000  ", "50494E470D", "PING."))
        self.assertEqual(row[21:56], " " * 35)
        full = list(rows(bytes(range(65, 85)) * 2))
        self.assertEqual([row[3:9] for row in full], ["000000", "000020"])
        self.assertEqual([row[56:] for row in full], ["ABCDEFGHIJKLMNOPQRST"] * 2)

    def test_silence(self) -> None:
        events: list[TraceEvent] = []
        for attempt in (1, 2):
            events += [begun(attempt, AT + attempt), Tx("mast", AT + attempt, 0, "", b"A", 1)]
            events += [TimedOut("mast", AT + attempt + 0.9, 0, "", STATUS, attempt)]
        events += [PairStep("mast", AT + 3, 0, "", STATUS, Step.GIVEN_UP, 2)]
        row = "   000000  41" + " " * 43 + "A"
        self.assertEqual(
            dump(events).splitlines(),
            [
                "<< 21:29:33 - Status",
                row,
                ">> 21:29:33 - Status",
                "TIMEOUT",
                " -> 21:29:34 - Retrying Status",
                "<< 21:29:34 - Status",
                row,
                ">> 21:29:34 - Status",
                "TIMEOUT",
                " -> 21:29:35 - Continuing",
            ],
        )

    def test_what_is_no_answer(self) -> None:
        where = ("mast", AT, 0, "a:1")
        events = [
            begun(),
            UnitMade(*where, b"X", 0),
            Mismatched(*where, b"X", LEVEL, Named(7, "start"), 0, "too few bytes"),
            UnitMade(*where, b"", 1),
            Mismatched(*where, b"", None, None, None, "no response"),
            Dropped(*where, 1, 3, "before header"),
        ]
        self.assertEqual(
            dump(events).splitlines(),
            [
                ">> 21:29:32 - Level",
                "   000000  58" + " " * 43 + "X",
                " -> 21:29:32 - No match: too few bytes at 0, in start",
                ">> 21:29:32 - Status",
                " -> 21:29:32 - No match: no response",
                " -> 21:29:32 - Dropped 3 bytes: before header",
            ],
        )

    def test_what_nobody_asked_for(self) -> None:
        """An answer has the name of the response; what is sent outside of pairs, that of the session."""
        ended = PairStep("mast", AT, 0, "", STATUS, Step.SUCCEEDED, 1)
        events = [begun(), ended, Tx("mast", AT, 0, "a:1", b"", 1), Tx("mast", AT, 1, "", b"", 1)]
        found = dump([*events, *heard(b"", LEVEL), *heard(b"", Named(9, ""))]).splitlines()
        self.assertEqual([line[14:] for line in found], ["a:1", "connection 1", "Level", "a:1"])

    def test_local_time(self) -> None:
        self.assertEqual(Dump(lambda time: "noon").lines(Tx("mast", AT, 0, "x", b"", 1)), ["<< noon - x"])

    def test_units_of_two_sessions(self) -> None:
        writer = Dump()
        for peer in ("a:1", "b:2"):
            writer.lines(UnitMade("mast", AT, 0, peer, peer.encode(), 0))
            [_, row] = writer.lines(Matched("mast", AT, 0, peer, STATUS, ()))
            self.assertTrue(row.endswith(f"  {peer}"), row)


class LawsTest(SynchronousTestCase):
    @given(st.lists(ANY, max_size=6))
    def test_printable(self, events: list[TraceEvent]) -> None:
        for line in dump(events).split("\n"):
            self.assertTrue(line.isprintable(), line)

    @given(st.binary(max_size=200))
    def test_nothing_is_left_out(self, data: bytes) -> None:
        found = list(rows(data))
        self.assertEqual(bytes.fromhex("".join(row[11:54] for row in found)), data)
        self.assertEqual("".join(row[56:] for row in found), "".join(map(_shown, data)))
        self.assertTrue(all(row.isascii() and row[54:56] == "  " for row in found))


def _shown(byte: int) -> str:
    return chr(byte) if chr(byte) in " " or (byte < 127 and chr(byte).isprintable()) else "."
