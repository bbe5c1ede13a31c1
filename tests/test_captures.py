"""Captures in every form, guessed and named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import FORMS, MOST_LINE, CaptureError, Piece, form_of, pieces_of


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
