"""Which events somebody sees."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.authoring import smart_serial
from smartserial.engine.effects import Level, Step
from smartserial.trace.choose import Choice, ChoiceError, choose
from smartserial.trace.events import (
    ConnectionStateChanged,
    ElementStateChanged,
    GroupStep,
    Matched,
    Mismatched,
    Named,
    Noted,
    PairStep,
    Rx,
    TimedOut,
    TraceEvent,
    Tx,
)

from .enginestage import world

PROTOCOL = world(3, connections=(smart_serial("A"), smart_serial("B")))  # group n is pair n


def rx(connection: int, data: bytes) -> Rx:
    return Rx("mast", 0.0, connection, "", data)


def pair(id: int, step: Step, connection: int = 0) -> PairStep:
    return PairStep("mast", 0.0, connection, "", Named(id, f"p{id}"), step, 1)


def group(id: int, step: Step) -> GroupStep:
    return GroupStep("mast", 0.0, None, "", Named(id, f"g{id}"), step)


def note(text: str) -> Noted:
    return Noted("mast", 0.0, None, "", Level.INFO, text)


STORY: list[TraceEvent] = [
    note("0"),
    group(2, Step.BEGUN),
    pair(2, Step.BEGUN),
    rx(0, b"3"),
    rx(1, b"4"),
    TimedOut("mast", 0.0, 0, "", Named(2, "p2"), 1),
    pair(2, Step.BEGUN),
    note("7"),
    pair(2, Step.SUCCEEDED),
    rx(0, b"9"),
    group(2, Step.DONE),
    note("11"),
    group(3, Step.BEGUN),
    pair(3, Step.BEGUN, 1),
    rx(1, b"14"),
    pair(3, Step.GIVEN_UP, 1),
    group(3, Step.DONE),
]


class ChoiceTest(SynchronousTestCase):
    def chosen(self, words: str) -> list[int]:
        choice = choose(words.split(), PROTOCOL)
        return [number for number, event in enumerate(STORY) if choice.takes(event)]

    def test_everything(self) -> None:
        self.assertEqual(self.chosen(""), list(range(len(STORY))))
        self.assertTrue(all(Choice().takes(event) for event in STORY))

    def test_connections(self) -> None:
        self.assertEqual(self.chosen("connection=1"), [4, 13, 14, 15])
        self.assertEqual(self.chosen("connection=0"), [2, 3, 5, 6, 8, 9])
        both = [2, 3, 4, 5, 6, 8, 9, 13, 14, 15]
        self.assertEqual(self.chosen("connection=0,1"), both)
        self.assertEqual(self.chosen("connection=0 connection=1"), both)

    def test_pairs(self) -> None:
        for words in ("pair=2", "pair=p2"):
            self.assertEqual(self.chosen(words), [2, 3, 5, 6, 8])
        self.assertEqual(self.chosen("pair=3"), [13, 14, 15])
        self.assertEqual(self.chosen("pair=3,p2"), [2, 3, 5, 6, 8, 13, 14, 15])

    def test_groups(self) -> None:
        for words in ("group=2", "group=g2"):
            self.assertEqual(self.chosen(words), [1, 2, 3, 5, 6, 7, 8, 10])
        self.assertEqual(self.chosen("group=3"), [12, 13, 14, 15, 16])

    def test_kinds(self) -> None:
        self.assertEqual(self.chosen("rx"), [3, 4, 9, 14])
        self.assertEqual(self.chosen("note timeout"), [0, 5, 7, 11])
        self.assertEqual(self.chosen("match mismatch"), [])

    def test_all_must_hold(self) -> None:
        self.assertEqual(self.chosen("rx connection=1 pair=3"), [14])
        self.assertEqual(self.chosen("group=2 pair=3"), [])
        self.assertEqual(self.chosen("group=2 rx"), [3])

    def test_both_kinds_of_states(self) -> None:
        choice = choose(["state"], PROTOCOL)
        self.assertTrue(choice.takes(ConnectionStateChanged("mast", 0.0, 0, "", "connected")))
        self.assertTrue(choice.takes(ElementStateChanged("mast", 0.0, None, "", "active", "")))

    def test_kinds_without_words(self) -> None:
        choice = Choice(kinds=(Matched, Mismatched, Tx))
        self.assertTrue(choice.takes(Tx("mast", 0.0, 0, "", b"", 1)))
        self.assertFalse(choice.takes(rx(0, b"")))

    def test_names_with_commas(self) -> None:
        protocol = world(1, pairs=lambda pairs: (replace(pairs[0], name="a,b=c"),))
        choice = choose(["pair=a,b=c"], protocol)
        self.assertTrue(choice.takes(pair(1, Step.BEGUN)))

    def test_what_is_not_understood(self) -> None:
        for words, expected in (
            ("mach", "did you mean match"),
            ("peer=1", "expected connection=N, group=N, pair=N or one of rx, tx, unit, match"),
            ("connection=2", "expected one of the connections 0, 1, found '2'"),
            ("connection=", "found ''"),
            ("connection=²", "found '²'"),
            ("connection=" + "9" * 5000, "expected one of the connections 0, 1"),
            ("group=4", "the id or the name of a group, found '4' (known: 1 g1, 2 g2, 3 g3)"),
            ("pair=2,x", "the id or the name of a pair, found 'x'"),
            ("\x1b[2J", "'\\x1b[2J'"),
        ):
            with self.subTest(words=words):
                error = self.assertRaises(ChoiceError, choose, words.split(), PROTOCOL)
                self.assertIn(expected, str(error))
