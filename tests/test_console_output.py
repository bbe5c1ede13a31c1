"""What a verb gives, as text and as JSON: nothing that a device or a peer says acts on a terminal."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.output import (
    Follow,
    Output,
    Record,
    Table,
    Words,
    as_json,
    as_text,
    json_of,
    line_of,
    shown,
    table,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
HOSTILE = "\x1b[2J\r\n\x00\x7f\x85\x9b\u2028\u202e\udcff é"


class TextTest(SynchronousTestCase):
    def test_values(self) -> None:
        values: list[tuple[Any, str]] = [
            (None, "-"),
            (True, "yes"),
            (False, "no"),
            (0, "0"),
            (1.5, "1.5"),
            ("", ""),
            ("a b", "a b"),
            ([], "-"),
            ((), "-"),
            (["a", None, True], "a, -, yes"),
            ({}, "-"),
            ({"dtr": True, "rts": None}, "dtr=yes rts=-"),
            ("\x1b[2J\r\n", r"\x1b[2J\r\n"),
            (["\x07"], r"\x07"),
            ({"a": "\x08"}, r"a=\x08"),
        ]
        for value, text in values:
            self.assertEqual(shown(value), text, repr(value))

    def test_outputs(self) -> None:
        outputs: list[tuple[Output, list[str]]] = [
            (table([]), ["nothing"]),
            (table([{"a": 1, "bb": "x"}]), ["a  bb", "1  x"]),
            (
                Table(({"name": "long one", "n": 1}, {"name": "s", "n": None})),
                ["name      n", "long one  1", "s         -"],
            ),
            (Table(({"a": "x", "b": ""},)), ["a  b", "x"]),
            (Record({}), []),
            (Record({"a": 1, "long": [1, 2]}), ["a     1", "long  1, 2"]),
            (Words(()), []),
            (Words(("one", "t\two")), ["one", r"t\two"]),
            (Follow(lambda take: lambda: None), []),
        ]
        for output, lines in outputs:
            self.assertEqual(as_text(output), lines)

    def test_a_row_that_comes_by(self) -> None:
        self.assertEqual(line_of({"a": "up", "b": None, "c": "x\r"}), r"up - x\r")


class JsonTest(SynchronousTestCase):
    def test_outputs(self) -> None:
        outputs: list[tuple[Output, list[str]]] = [
            (table([]), []),
            (table([{"a": 1}, {"a": None}]), ['{"a": 1}', '{"a": null}']),
            (Record({"a": [True, {"b": "x"}]}), ['{"a": [true, {"b": "x"}]}']),
            (Words(("one", "t\two")), ['{"text": "one"}', r'{"text": "t\two"}']),
            (Follow(lambda take: lambda: None), []),
        ]
        for output, lines in outputs:
            self.assertEqual(as_json(output), lines)

    def test_what_json_does_not_know_is_a_text(self) -> None:
        self.assertEqual(json_of({"a": 1 + 2j}), '{"a": "(1+2j)"}')

    def test_hostile(self) -> None:
        line = json_of({"data": HOSTILE})
        self.assertTrue(all(" " <= character <= "~" for character in line), line)
        self.assertEqual(json.loads(line), {"data": HOSTILE})


class AnyTextTest(SynchronousTestCase):
    """Any text of a device or a peer, wherever it stands."""

    def _harmless(self, lines: list[str]) -> None:
        for line in lines:
            self.assertTrue(line.isprintable(), line)
            sent = line.encode("ascii", "backslashreplace")
            self.assertTrue(all(0x20 <= byte <= 0x7E for byte in sent), sent)

    @given(VALUES, VALUES)
    def test_text(self, one: Any, other: Any) -> None:
        row = {"one": one, "other": other}
        self._harmless([*as_text(Record(row)), *as_text(table([row, row])), line_of(row), shown(one)])
        self.assertEqual(len(as_text(table([row, row]))), 3)

    @given(st.lists(st.text(max_size=20), max_size=4))
    def test_words(self, lines: list[str]) -> None:
        self._harmless(as_text(Words(tuple(lines))))
        self.assertEqual(len(as_text(Words(tuple(lines)))), len(lines))

    @given(VALUES, VALUES)
    def test_json(self, one: Any, other: Any) -> None:
        row = {"one": one, "other": other}
        for lines in (as_json(Record(row)), as_json(table([row])), [json_of(row)]):
            self._harmless(lines)
            self.assertEqual([json.loads(line) for line in lines], [row])
