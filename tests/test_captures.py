"""Captures in every form, guessed and named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import FORMS, CaptureError, Piece, form_of, pieces_of

READ = (
    (b"$GPGGA,1*00\r\n", "raw", [Piece(b"$GPGGA,1*00\r\n")]),
    (b"\x02\x41\x03", "raw", [Piece(b"\x02A\x03")]),
    (b"", "raw", []),
    (b"02 41 03\n0d0A\n", "hex", [Piece(b"\x02A\x03"), Piece(b"\r\n")]),
    (b"0x02,0x41 # the first\n\n# nothing\n02:41\n", "hex", [Piece(b"\x02A"), Piece(b"\x02A")]),
    (b"\xef\xbb\xbf01 03", "hex", [Piece(b"\x01\x03")]),
    (b"01 0", "raw", [Piece(b"01 0")]),
    (b'{"bytes": "02 41"}\n', "json", [Piece(b"\x02A")]),
    (
        b'{"time": 1.5, "direction": "down", "peer": "10.0.0.5:4001", "bytes": "0d"}\n\n{"bytes": ""}\n',
        "json",
        [Piece(b"\r", 1.5, "10.0.0.5:4001", "down"), Piece(b"")],
    ),
    (b"{not json}", "raw", [Piece(b"{not json}")]),
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
)


class CapturesTest(SynchronousTestCase):
    def test_guessed_and_named(self) -> None:
        for data, form, expected in READ:
            with self.subTest(data=data):
                self.assertEqual(form_of(data), form)
                self.assertEqual(list(pieces_of(data)), expected)
                self.assertEqual(list(pieces_of(data, form)), expected)

    def test_wrong(self) -> None:
        for form, data, message in WRONG:
            with self.subTest(data=data):
                error = self.assertRaises(CaptureError, list, pieces_of(data, form))
                self.assertIn(message, str(error))

    @given(st.binary(), st.sampled_from(["", *FORMS]))
    def test_anything(self, data: bytes, form: str) -> None:
        try:
            read = list(pieces_of(data, form))
        except CaptureError:
            self.assertIn(form, ("hex", "json", ""))
        else:
            self.assertTrue(all(isinstance(piece.data, bytes) for piece in read))

    @given(st.lists(st.binary(min_size=1), min_size=1))
    def test_hex_keeps_the_bytes(self, pieces: list[bytes]) -> None:
        text = "\n".join(piece.hex(" ") for piece in pieces).encode()
        self.assertEqual([piece.data for piece in pieces_of(text)], pieces)
