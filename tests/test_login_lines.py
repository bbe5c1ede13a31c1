"""Lines that are typed at a login: their ends, what is taken back, and what is behind them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.typed import MOST, Overlong, TypedLine


def read(chunks: list[bytes], count: int) -> tuple[list[bytes | Overlong], bytes]:
    """Return so many lines, and all that is behind them."""
    typed, lines, behind = TypedLine(), [], b""
    for chunk in chunks:
        data = chunk
        while data and len(lines) < count:
            line, data = typed.take(data)
            if line is not None:
                lines.append(line)
        behind += typed.behind(data) if len(lines) == count else b""
    return lines, behind


class EndsTest(SynchronousTestCase):
    def test_each_end(self) -> None:
        for text, lines in (
            (b"anna\r\nword\r\n", [b"anna", b"word"]),
            (b"anna\nword\n", [b"anna", b"word"]),
            (b"anna\r\0word\r\0", [b"anna", b"word"]),
            (b"anna\rword\r", [b"anna", b"word"]),
            (b"anna\r\nword\n", [b"anna", b"word"]),
            (b"\r\n\r\n", [b"", b""]),
            (b"\n\n", [b"", b""]),
            (b"a\0b\n\0\n", [b"a\0b", b"\0"]),
            (b"\xff\xfe\n x \n", [b"\xff\xfe", b" x "]),
        ):
            self.assertEqual(read([text], 2), (lines, b""), text)

    def test_what_is_behind(self) -> None:
        for text, behind in (
            (b"a\r\nb\r\n*IDN?\n", b"*IDN?\n"),
            (b"a\nb\n\nx", b"\nx"),
            (b"a\rb\r\n\nx", b"\nx"),
            (b"a\rb\r\0\0x", b"\0x"),
            (b"a\rb\rx", b"x"),
            (b"a\nb\n\0", b"\0"),
        ):
            self.assertEqual(read([text], 2)[1], behind, text)

    def test_what_is_taken_back(self) -> None:
        for typed, line in (
            (b"amm\b\bnna", b"anna"),
            (b"annb\x7fa", b"anna"),
            (b"\b\b\x7fx", b"x"),
            (b"nonsense\x15anna", b"anna"),
            (b"a\x15b\x15c\bd", b"d"),
        ):
            self.assertEqual(read([typed + b"\n"], 1), ([line], b""), typed)

    def test_a_line_that_is_too_long(self) -> None:
        self.assertEqual(read([b"x" * MOST + b"\n"], 1), ([b"x" * MOST], b""))
        for chunks in ([b"x" * (MOST + 1) + b"\n"], [b"x" * MOST, b"x"], [b"\b" * 9999], [b"x"] * (MOST + 1)):
            self.assertEqual(read(chunks, 1)[0], [Overlong.OVERLONG], chunks)


class LawTest(SynchronousTestCase):
    @given(
        st.lists(
            st.binary(max_size=20).filter(lambda one: not set(one) & set(b"\r\n\b\x7f\x15")), min_size=1
        ),
        st.sampled_from([b"\r\n", b"\n", b"\r\0"]),
        st.binary(max_size=20),
        st.lists(st.integers(1, 9), max_size=50),
    )
    def test_any_chunking_gives_the_same(
        self, lines: list[bytes], end: bytes, behind: bytes, sizes: list[int]
    ) -> None:
        text, chunks = end.join(lines) + end + behind, []
        for size in sizes:
            chunks.append(text[:size])
            text = text[size:]
        self.assertEqual(read([*filter(None, chunks), text], len(lines)), (lines, behind))
