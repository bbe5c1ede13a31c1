"""Captures in every form, guessed and named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import (
    FORMS,
    MOST_LINE,
    MOST_NOTED,
    CaptureError,
    Piece,
    Skipped,
    form_of,
    pieces_of,
)
from smartserial.lacking import Missing


def raw(data: bytes) -> Piece:
    """Bytes that go on."""
    return Piece(data, 0.0, part=True)


READ = (
    (b"$GPGGA,1*00\r\n", "raw", [raw(b"$GPGGA,1*00\r\n")]),
    (b"\x02\x41\x03", "raw", [raw(b"\x02A\x03")]),
    (b"#1250,+21.5*E5\r", "raw", [raw(b"#1250,+21.5*E5\r")]),
    (b"01\r02\r", "raw", [raw(b"01\r02\r")]),
    (b"\xa001", "raw", [raw(b"\xa001")]),
    (b"# 1\n\n01 # 2\r\n", "hex", [Piece(b"\x01")]),
    (b"01 " * 30_000, "hex", [Piece(b"\x01" * 30_000)]),
    (b"", "raw", []),
    (b"02 41 03\n0d0A\n", "hex", [Piece(b"\x02A\x03"), Piece(b"\r\n")]),
    (b"0x02,0x41 # the first\n\n# nothing\n02:41\n", "hex", [Piece(b"\x02A"), Piece(b"\x02A")]),
    (b"\xef\xbb\xbf01 03", "hex", [Piece(b"\x01\x03")]),
    (b"01 0", "raw", [raw(b"01 0")]),
    (b'{"bytes": "02 41"}\n', "json", [Piece(b"\x02A")]),
    (
        b'{"time": 1.5, "direction": "down", "peer": "10.0.0.5:4001", "bytes": "0d"}\n\n{"bytes": ""}\n',
        "json",
        [Piece(b"\r", 1.5, "10.0.0.5:4001", "down"), Piece(b"")],
    ),
    (b"{not json}", "raw", [raw(b"{not json}")]),
    (b'{"a": 1}', "raw", [raw(b'{"a": 1}')]),
)
WRONG = (
    ("hex", b"01\n0g\n", "line 2: expected pairs of hex digits, found '0g'"),
    ("hex", b"012", "line 1: expected pairs of hex digits"),
    ("json", b"\n[1]\n", 'line 2: expected an object with "bytes"'),
    ("json", b'{"bytes": 5}', 'line 1: expected an object with "bytes"'),
    ("json", b'{"bytes": "0"}', 'line 1: expected an object with "bytes"'),
    ("json", b'{"bytes": "00", "time": "x"}', 'line 1: expected seconds as "time"'),
    ("json", b'{"bytes": "00", "time": true}', 'line 1: expected seconds as "time"'),
    ("json", b'{"bytes": "00", "peer": 1}', 'line 1: expected texts as "peer" and "direction"'),
    ("json", b"{", "line 1: expected JSON"),
    ("json", b'{"bytes": "00", "time": NaN}', 'line 1: expected seconds as "time"'),
    ("json", b'{"bytes": "00", "time": 1e999}', 'line 1: expected seconds as "time"'),
    ("json", b'{"bytes": "00", "time": 1' + b"0" * 400 + b"}", 'line 1: expected seconds as "time"'),
    ("hex", b"\n" + b"0" * (MOST_LINE + 1), f"line 2: expected at most {MOST_LINE} bytes in a line"),
)


class CapturesTest(SynchronousTestCase):
    def test_guessed_and_named(self) -> None:
        for data, form, expected in READ:
            with self.subTest(data=data):
                self.assertEqual(form_of(data), form)
                self.assertEqual(list(pieces_of([data])), expected)
                self.assertEqual(list(pieces_of([data], form)), expected)

    def test_wrong(self) -> None:
        for form, data, message in WRONG:
            with self.subTest(data=data[:60]):
                error = self.assertRaises(CaptureError, list, pieces_of([data], form))
                self.assertIn(message, str(error))

    @given(st.binary(), st.sampled_from(["", *FORMS]))
    def test_anything(self, data: bytes, form: str) -> None:
        try:
            read = list(pieces_of([data], form))
        except CaptureError:
            self.assertIn(form, ("hex", "json", ""))
        else:
            self.assertTrue(all(isinstance(piece.data, bytes) for piece in read))

    @given(st.lists(st.binary(min_size=1), min_size=1))
    def test_hex_keeps_the_bytes(self, pieces: list[bytes]) -> None:
        text = "\n".join(piece.hex(" ") for piece in pieces).encode()
        self.assertEqual([piece.data for piece in pieces_of([text])], pieces)

    @given(st.data())
    def test_cut_anywhere(self, given_data: st.DataObject) -> None:
        """Where a capture is cut changes neither its form nor its pieces."""
        data = b"".join(given_data.draw(st.lists(st.sampled_from(BITS), max_size=12)))
        cuts = sorted(given_data.draw(st.lists(st.integers(0, len(data)), max_size=6)))
        chunks = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        self.assertEqual(joined(chunks), joined([data]))

    def test_each_piece_is_there_as_soon_as_its_line(self) -> None:
        """Nothing is read before what came is given; the form is clear after the first line."""
        for lines, pieces in (
            ([b"01 02\n", b"03\n"], [Piece(b"\x01\x02"), Piece(b"\x03")]),
            ([b'{"bytes": "01"}\n', b'{"bytes": "02"}\n'], [Piece(b"\x01"), Piece(b"\x02")]),
            ([b"R", b"\n"], [raw(b"R"), raw(b"\n")]),
            ([b"\x02", b"0"], [raw(b"\x02"), raw(b"0")]),
            ([b"#1", b"0"], [raw(b"#1"), raw(b"0")]),
        ):
            with self.subTest(lines=lines):
                given_out = []
                found = pieces_of(given_out.append(line) or line for line in lines)  # type: ignore[func-returns-value]
                for number, piece in enumerate(pieces, 1):
                    self.assertEqual(next(found), piece)
                    self.assertEqual(len(given_out), number)


class SkippedTest(SynchronousTestCase):
    """Lines of JSON that are none of a capture are passed over where that is wanted."""

    GOOD, TORN = b'{"time": 1.0, "bytes": "01"}\n', b'{"time": 2.0, "direc\n'

    def read(self, *lines: bytes) -> tuple[int, list[int]]:
        skipped: list[int] = []
        return len(list(pieces_of([b"".join(lines)], "", skipped.append))), skipped

    def test_torn_lines(self) -> None:
        for lines, read in (
            ((self.GOOD, self.TORN, self.GOOD), (2, [2])),
            ((self.TORN, self.GOOD), (1, [1])),
            ((self.GOOD, self.TORN), (1, [2])),
            ((self.GOOD, self.TORN, self.TORN, b"\n", self.GOOD), (2, [2, 3])),
            ((self.GOOD, b"\0" * 100 + b"\n", self.GOOD), (2, [2])),
            ((self.GOOD, b'{"time": 3.0, "bytes": "0'), (1, [2])),
        ):
            with self.subTest(lines=lines):
                self.assertEqual(self.read(*lines), read)

    def test_without_that_wish_it_is_an_error(self) -> None:
        found = pieces_of([self.GOOD + self.TORN + self.GOOD])
        self.assertEqual(next(found).data, b"\x01")
        error = self.assertRaises(CaptureError, next, found)
        self.assertEqual(error.line, 2)

    def test_nothing_good(self) -> None:
        for count in (1, 2, 1000):
            found = pieces_of([b'{"bytes": 1}\n' * count], "", lambda _: self.fail("it was told"))
            error = self.assertRaises(CaptureError, list, found)
            self.assertEqual(error.line, 1)

    def test_they_are_told_before_what_follows(self) -> None:
        told: list[int] = []
        found = pieces_of([self.GOOD + self.TORN + self.GOOD], "", told.append)
        next(found)
        self.assertEqual(told, [])
        next(found)
        self.assertEqual(told, [2])

    def test_many_are_summed_up(self) -> None:
        lines: list[str] = []
        skipped = Skipped("x.jsonl", lines.append)
        for number in range(1, MOST_NOTED + 8):
            skipped(number)
        skipped.sum_up()
        self.assertEqual(lines[0], "x.jsonl:1: not a line of a capture, skipped")
        self.assertEqual((len(lines), lines[-1]), (MOST_NOTED + 1, "x.jsonl: 7 more lines skipped"))

    @given(st.lists(st.tuples(st.binary(min_size=1, max_size=5), st.integers(0, 60))))
    def test_whatever_is_torn(self, pieces: list[tuple[bytes, int]]) -> None:
        """What stays whole is read, and the other lines are told; a first good line tells the form."""
        whole = [b'{"time": 1.0, "bytes": "%s"}' % data.hex().encode() for data, _ in pieces]
        kept = [
            (line if cut > len(line) else line[:cut]) for line, (_, cut) in zip(whole, pieces, strict=True)
        ]
        skipped: list[int] = []
        found = pieces_of([self.GOOD + b"".join(line + b"\n" for line in kept)], "", skipped.append)
        good = [data for (data, _), line, one in zip(pieces, whole, kept, strict=True) if line == one]
        self.assertEqual([piece.data for piece in found], [b"\x01", *good])
        self.assertEqual(len(skipped), sum(b"" != one != line for line, one in zip(whole, kept, strict=True)))


BITS = (
    b"01",
    b" ",
    b"\n",
    b"\r\n",
    b"#",
    b"# x\n",
    b'{"bytes": "0a"}\n',
    b"{",
    b"x",
    b"\xef\xbb\xbf",
    b"\r",
    b"0",
)


def joined(chunks: list[bytes]) -> object:
    """Return what a capture is; of raw bytes all that goes on is one piece."""
    found: list[Piece] = []
    try:
        for piece in pieces_of(chunks):
            if piece.part and found:
                piece = Piece(found.pop().data + piece.data, 0.0, part=True)
            found.append(piece)
    except CaptureError as error:
        return found, str(error)
    return found


class MissingTest(SynchronousTestCase):
    """Pieces that were lost when a capture was written."""

    def told(self, *lines: bytes) -> list[str]:
        """Return what is said of a capture; its pieces pass by."""
        told: list[str] = []
        missing = Missing("x", told.append)
        pieces = list(pieces_of([b"\n".join(lines)], "json"))
        self.assertEqual(list(missing.counted(pieces)), pieces)
        missing.sum_up()
        return told

    def test_they_are_summed_up(self) -> None:
        one, lost = b'{"bytes": "01"}', b'{"direction": "lost", "bytes": "", "lost": %d}'
        self.assertEqual(self.told(one, one), [])
        end = ": they were lost when it was written"
        self.assertEqual(self.told(one, lost % 1), [f"x: 1 piece is missing at 1 place{end}"])
        told = self.told(lost % 3, one, lost % 40)
        self.assertEqual(told, [f"x: 43 pieces are missing at 2 places{end}"])

    def test_other_captures_may_have_the_word(self) -> None:
        self.assertEqual(self.told(b'{"direction": "lost", "bytes": ""}', b'{"bytes": "", "lost": "x"}'), [])

    def test_what_is_no_number(self) -> None:
        for said in (b'"3"', b"-1", b"true", b"1.5", b"null"):
            with self.assertRaises(CaptureError) as caught:
                self.told(b'{"direction": "lost", "bytes": "", "lost": %b}' % said)
            self.assertIn('expected a number of pieces as "lost"', str(caught.exception))
