"""What holds for all ways to make units, whatever the definition and the bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.communication import PacketInfo
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.engine.framing.answers import AnswerFramer
from smartserial.engine.framing.delimited import Delimited, Delimiter
from smartserial.engine.framing.ends import Closed, Counted, Whole
from smartserial.engine.framing.framer import Framer
from smartserial.engine.framing.packets import Packets
from smartserial.engine.framing.stuffed import Stuffed, Trailerless
from smartserial.engine.framing.timed import Datagrams, Timed
from smartserial.engine.framing.window import Needle, Window
from smartserial.engine.unit import Loss, Lost, Unit

Make = Callable[[], Framer]
Report = list[Unit | Lost]

# Few letters, so that constants are found, begin like each other and overlap.
TEXT = st.text("ab;<", max_size=40).map(str.encode)
SHORT = st.text("ab;<", min_size=1, max_size=3).map(str.encode)
MAYBE = st.just(b"") | SHORT
MOST = st.sampled_from((5, 9, 1000))
FEW = st.integers(0, 3)
DELIMITER = st.builds(Delimiter, MAYBE, SHORT, st.integers(1, 3), st.integers(0, 2))
DELIMITERS = st.lists(DELIMITER, min_size=1, max_size=3).map(tuple)
STUFFING = st.builds(Stuffing, SHORT, SHORT, st.just(False), st.just(True), st.just(()), FEW, FEW)
INFO = st.builds(PacketInfo, FEW, st.sampled_from((1, 2, 4)), st.booleans(), st.booleans())
FIXED = st.lists(st.tuples(FEW, SHORT), max_size=2).map(tuple)


def value(data: bytes) -> int:
    """A length out of any byte."""
    return data[0] % 8


@st.composite
def openings(draw: st.DrawFn) -> tuple[bytes, tuple[tuple[int, bytes], ...], int]:
    """The header of a response, its first constants, and how many bytes these and some more have."""
    header = draw(MAYBE)
    fixed = (*(((0, header),) if header else ()), *draw(FIXED))
    return header, fixed, max((at + len(data) for at, data in fixed), default=0) + draw(FEW)


WHOLE = st.builds(lambda opening, more: Whole(*opening[:2], opening[2] + more), openings(), st.integers(1, 5))
CLOSED = st.builds(Closed, MAYBE, SHORT, st.integers(1, 2), FEW)
COUNTED = st.builds(
    lambda opening, kind, other, own: Counted(*opening, *kind, other + opening[2], own),
    openings(),
    st.just((1, b"", value)) | SHORT.map(lambda until: (None, until, len)),
    FEW,
    st.booleans(),
)
ENDINGS = st.lists(st.one_of(WHOLE, CLOSED, COUNTED), max_size=3).map(tuple)

MAKES: dict[str, st.SearchStrategy[Make]] = {
    "delimited": st.builds(partial, st.just(Delimited), DELIMITERS, MOST),
    "stuffed": st.builds(
        partial, st.just(Stuffed), STUFFING, st.builds(Delimiter, MAYBE, SHORT, st.integers(1, 2)), MOST
    ),
    "timed": st.builds(partial, st.just(Timed), st.integers(1, 20), st.just(0.5), st.none() | STUFFING),
    "answers": st.builds(partial, st.just(AnswerFramer), ENDINGS, st.none(), MOST),
    "no trailer": st.just(Trailerless),
    "no offset": st.builds(partial, st.just(Packets), st.just(PacketInfo(0, 1)), MOST),
}
ANY_MAKE = st.one_of(*MAKES.values(), st.builds(partial, st.just(Packets), INFO, MOST), st.just(Datagrams))


@st.composite
def cut(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    """Bytes in pieces, some of them empty."""
    data = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@st.composite
def packets(draw: st.DrawFn) -> tuple[PacketInfo, list[bytes]]:
    """Packets as they should be, the last one perhaps not whole."""
    info = draw(INFO)
    data = b""
    for payload in draw(st.lists(st.binary(max_size=9), max_size=5)):
        size = len(payload) + (info.offset + info.width if info.whole else 0)
        order = "little" if info.little_endian else "big"
        data += draw(st.binary(min_size=info.offset, max_size=info.offset))
        data += size.to_bytes(info.width, order) + payload
    return info, draw(cut(st.just(data[: len(data) - draw(FEW)])))


def report(framer: Framer, pieces: list[bytes]) -> Report:
    """All that comes back; what is lost side by side for one reason is one loss."""
    joined: Report = []
    for found in [one for piece in pieces for one in framer.receive(piece, 0.0)] + framer.finish():
        last = joined[-1] if joined else None
        if isinstance(found, Lost) and isinstance(last, Lost) and found.reason is last.reason:
            joined[-1] = Lost(last.offset, last.length + found.length, found.reason)
        else:
            joined.append(found)
    return joined


def singly(pieces: list[bytes]) -> list[bytes]:
    return [bytes([byte]) for byte in b"".join(pieces)]


class ChunkingTest(SynchronousTestCase):
    """However the bytes come, the units are the same."""

    def same(self, make: Make, pieces: list[bytes]) -> None:
        whole = report(make(), [b"".join(pieces)])
        self.assertEqual(report(make(), pieces), whole)
        self.assertEqual(report(make(), singly(pieces)), whole)

    @given(MAKES["delimited"], cut(TEXT))
    def test_delimited(self, make: Make, pieces: list[bytes]) -> None:
        self.same(make, pieces)

    @given(MAKES["stuffed"], cut(TEXT))
    def test_stuffed(self, make: Make, pieces: list[bytes]) -> None:
        self.same(make, pieces)

    @given(MAKES["timed"], cut(TEXT))
    def test_timed(self, make: Make, pieces: list[bytes]) -> None:
        self.same(make, pieces)

    @given(MAKES["answers"], cut(TEXT))
    def test_answers(self, make: Make, pieces: list[bytes]) -> None:
        self.same(make, pieces)

    @given(packets())
    def test_packets(self, given: tuple[PacketInfo, list[bytes]]) -> None:
        info, pieces = given
        self.same(partial(Packets, info, 1000), pieces)


class AllBytesTest(SynchronousTestCase):
    """Each byte comes back once, in its order, and no more are kept than may be."""

    @given(ANY_MAKE, cut(TEXT | st.binary(max_size=40)))
    def test_conservation(self, make: Make, pieces: list[bytes]) -> None:
        framer, back, came = make(), 0, 0
        for piece in pieces:
            came += len(piece)
            for found in framer.receive(piece, 0.0):
                self.assertEqual(found.offset, back)
                self.assertGreater(found.length, 0)
                back += found.length
            self.assertEqual(framer.waiting, came - back)
        back += sum(found.length for found in framer.finish())
        self.assertEqual((back, framer.waiting), (came, 0))

    @given(MAKES["delimited"] | MAKES["answers"] | MAKES["timed"], cut(TEXT))
    def test_units_are_what_came(self, make: Make, pieces: list[bytes]) -> None:
        stream, framer = b"".join(pieces), make()
        if isinstance(framer, Timed):
            framer = Timed(7, 0.5)
        for found in report(framer, pieces):
            if isinstance(found, Unit):
                self.assertEqual(found.data, stream[found.offset : found.offset + found.length])

    @given(MAKES["delimited"] | MAKES["stuffed"] | MAKES["answers"] | MAKES["no offset"], cut(TEXT))
    def test_bounds(self, make: Make, pieces: list[bytes]) -> None:
        framer = make()
        most = make.args[-1] if isinstance(make, partial) else 0
        for piece in singly(pieces):
            for found in framer.receive(piece, 0.0):
                if isinstance(found, Unit):
                    self.assertLessEqual(found.length, most)
            self.assertLessEqual(framer.waiting, most + 5)  # half an escape with a trailer in it is not clear


def frames(header: bytes, trailer: bytes, times: int, data: bytes) -> list[bytes]:
    """What frames there are between a header and a trailer, in the plainest words."""
    found = []
    while (start := data.find(header)) >= 0:
        end = start + len(header)
        for _ in range(times):
            at = data.find(trailer, end)
            if at < 0:
                return found
            end = at + len(trailer)
        found.append(data[start:end])
        data = data[end:]
    return found


def stuffed_frames(escape: bytes, stuffing: bytes, trailer: bytes, data: bytes) -> list[bytes]:
    """Frames without a header, their escapes taken out, byte by byte."""
    found, start, at = [], 0, 0
    while at < len(data):
        rest = data[at:]
        if len(rest) < len(escape + trailer) and (escape + trailer).startswith(rest):
            break  # it is not clear yet what this becomes
        if len(rest) < len(escape + stuffing) and (escape + stuffing).startswith(rest):
            break
        if data.startswith(escape + stuffing, at):
            at += len(escape + stuffing)
        elif data.startswith(escape + trailer, at):
            at += len(escape) + 1
        elif data.startswith(trailer, at):
            at += len(trailer)
            found.append(data[start:at].replace(escape + stuffing, stuffing))
            start = at
        else:
            at += 1
    return found


class ModelTest(SynchronousTestCase):
    """The units are those of a model that sees all bytes at once."""

    @given(MAYBE, SHORT, st.integers(1, 3), cut(TEXT))
    def test_delimited(self, header: bytes, trailer: bytes, times: int, pieces: list[bytes]) -> None:
        framer = Delimited((Delimiter(header, trailer, times),), 1000)
        found = [one.data for one in report(framer, pieces) if isinstance(one, Unit)]
        self.assertEqual(found, frames(header, trailer, times, b"".join(pieces)))

    @given(SHORT, SHORT, SHORT, cut(TEXT))
    def test_stuffed(self, escape: bytes, stuffing: bytes, trailer: bytes, pieces: list[bytes]) -> None:
        said = Stuffing(escape, stuffing, command=False, response=True)
        framer = Stuffed(said, Delimiter(b"", trailer), 1000)
        found = [one.data for one in report(framer, pieces) if isinstance(one, Unit)]
        self.assertEqual(found, stuffed_frames(escape, stuffing, trailer, b"".join(pieces)))


class WorkTest(SynchronousTestCase):
    """The bytes that are searched are a few times those that came, whatever the pieces."""

    def setUp(self) -> None:
        self.work = 0
        find, search = Window.find, Window.search

        def counted_find(window: Window, needle: bytes, first: int, end: int | None = None) -> int | None:
            found = find(window, needle, first, end)
            stop = found + len(needle) if found is not None else window.end if end is None else end
            self.work += max(0, min(stop, window.end) - max(first, window.start))
            return found

        def counted_search(window: Window, pattern, first: int):  # type: ignore[no-untyped-def]
            found = search(window, pattern, first)
            self.work += max(0, (window.end if found is None else found[1]) - max(first, window.start))
            return found

        self.patch(Window, "find", counted_find)
        self.patch(Window, "search", counted_search)

    def measure(self, framer: Framer, stream: bytes, size: int) -> float:
        """Return how often a byte was searched."""
        self.work = 0
        for start in range(0, len(stream), size):
            framer.receive(stream[start : start + size], 0.0)
        return self.work / len(stream)

    def test_linear(self) -> None:
        two = (Delimiter(b"<a", b";>"), Delimiter(b"<b", b"!!", 2, 1))
        plain = Stuffing(b"ab", b"c", command=False, response=True)
        streams = {
            "one long frame": b"<a" + b"x" * 4_000 + b";>",
            "headers only": b"<a" * 2_000,
            "both headers": b"<a<b" * 1_000,
            "short frames": b"<ax;>" * 800,
            "one trailer of two": b"<b" * 800 + b"!!" + b"<b" * 1_200,
            "nothing": b"x" * 4_000,
            "escapes": b"<" + b"abc" * 1_200 + b";",
            "half escapes": b"ab" * 2_000,
        }
        makes: dict[str, Make] = {
            "linked": partial(Delimited, two, 1 << 20),
            "linked, too long": partial(Delimited, two, 600),
            "with and without header": partial(Delimited, (*two, Delimiter(b"", b"\r", 2)), 600),
            "stuffed": partial(Stuffed, plain, Delimiter(b"<", b";"), 1 << 20),
            "stuffed, too long": partial(Stuffed, plain, Delimiter(b"<", b";"), 600),
            "stuffed without header": partial(Stuffed, plain, Delimiter(b"", b";"), 600),
            "answers": partial(
                AnswerFramer, (Closed(b"<a", b";>", 1, 0), Closed(b"", b"?", 2, 1)), None, 1 << 20
            ),
        }
        for name, make in makes.items():
            for what, stream in streams.items():
                for size in (1, 7, 200, 1 << 20):
                    often = self.measure(make(), stream, size)
                    self.assertLess(often, 25, f"{name}, {what}, pieces of {size}")


class OverflowTest(SynchronousTestCase):
    @given(cut(st.text("<>x", min_size=20, max_size=60).map(str.encode)))
    def test_frames_of_one_header(self, pieces: list[bytes]) -> None:
        """What is too long is lost up to the next header, and no frame that fits is."""
        stream = b"".join(pieces)
        expected, at = [], 0
        while (start := stream.find(b"<", at)) >= 0:
            end = stream.find(b">", start)
            fits = 0 <= end < start + 6
            expected += [stream[start : end + 1]] if fits else []
            at = end + 1 if fits else start + 1
        found = report(Delimited((Delimiter(b"<", b">"),), 6), pieces)
        self.assertEqual([one.data for one in found if isinstance(one, Unit)], expected)
        reasons = {one.reason for one in found if isinstance(one, Lost)}
        self.assertLessEqual(reasons, {Loss.OVERFLOW, Loss.BEFORE_HEADER, Loss.UNFINISHED})

    def test_what_came_with_it_does_not_matter(self) -> None:
        """A frame is too long at its first byte too many; that its end came with it must not count."""
        stream = b"a;a<<<;"
        for size in range(1, len(stream) + 1):
            pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
            found = report(Delimited((Delimiter(b"a", b";", 2, 1),), 5), pieces)
            self.assertEqual(found, [Lost(0, 2, Loss.OVERFLOW), Lost(2, 5, Loss.UNFINISHED)], size)

    def test_many_headers_in_what_is_too_long(self) -> None:
        """Those that cannot begin a frame that fits are not tried one by one."""
        stream, tried = b"<" * 5000 + b">x<>", 0
        framer = Delimited((Delimiter(b"<", b">"),), 6)
        begin = Needle.end

        def counted(needle: Needle, window: Window, first: int) -> int | None:
            nonlocal tried
            tried += 1
            return begin(needle, window, first)

        with patch.object(Needle, "end", counted):
            found = report(framer, [stream])
        self.assertEqual([one.data for one in found if isinstance(one, Unit)], [b"<<<<<>", b"<>"])
        self.assertLess(tried, 50)
