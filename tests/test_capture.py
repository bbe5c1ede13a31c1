"""The capture of a share: what passes, in a file that `smartserial decode` reads."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import Piece, pieces_of
from smartserial.channels.attendants import Tap
from smartserial.linefile import AGAIN, MOST_WAITING
from smartserial.settings import RecordFile
from smartserial.share.capturing import Capture, capture_line
from tests.support import Program, Pty, make_folder, receive
from tests.test_element_tracefile import Workers


class LineTest(SynchronousTestCase):
    def test_line(self) -> None:
        self.assertEqual(
            capture_line(12.5, "down", "10.0.0.5:4001", b"\x02A\xff"),
            b'{"time": 12.500000, "direction": "down", "peer": "10.0.0.5:4001", "bytes": "0241ff"}\n',
        )

    @given(
        st.floats(0, 4e9),
        st.sampled_from(["up", "down"]),
        st.text(),
        st.binary(max_size=300),
    )
    def test_any_line_is_read_back(self, time: float, direction: str, peer: str, data: bytes) -> None:
        line = capture_line(time, direction, peer, data)
        self.assertEqual(line.count(b"\n"), 1)
        self.assertTrue(line.isascii())
        expected = Piece(data, float(f"{time:.6f}"), peer, direction)
        self.assertEqual(list(pieces_of([line], "json")), [expected])
        self.assertEqual(list(pieces_of([line])), [expected])

    def test_lost_pieces_are_passed_over(self) -> None:
        line = capture_line(1.0, "lost", "", b"", 7)
        self.assertEqual(json.loads(line)["lost"], 7)
        self.assertEqual(list(pieces_of([line])), [Piece(b"", 1.0, "", "lost", lost=7)])


class CaptureTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "plc.jsonl"
        self.reactor = Workers()
        self.taps: dict[object, Tap] = {}
        self.notes: list[str] = []
        self.capture = Capture(self.taps, self.notes.append, self.reactor, self.reactor.seconds)

    def tap(self, direction: str, who: str, data: bytes) -> None:
        for tap in self.taps.values():
            tap(direction, who, data)

    def pieces(self, path: Path) -> list[Piece]:
        return list(pieces_of([path.read_bytes()]))

    def test_only_while_it_is_wanted(self) -> None:
        """A share without a capture has no tap of it: no byte becomes slower."""
        self.assertEqual(self.taps, {})
        self.capture.use(RecordFile(self.path))
        self.assertEqual(len(self.taps), 1)
        self.tap("up", "", b"one")
        self.reactor.wait(1)
        self.tap("down", "127.0.0.1:9", b"two")
        self.capture.use(None)
        self.assertEqual(self.taps, {})
        self.reactor.wait(1)
        up, down = self.pieces(self.path)
        self.assertEqual((up.data, up.direction, up.peer), (b"one", "up", ""))
        self.assertEqual((down.data, down.direction, down.peer), (b"two", "down", "127.0.0.1:9"))
        self.assertGreater(down.time or 0.0, up.time or 0.0)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_another_file(self) -> None:
        other = self.folder / "other.jsonl"
        self.capture.use(RecordFile(self.path))
        self.tap("up", "", b"first")
        self.capture.use(RecordFile(other))
        self.tap("up", "", b"second")
        closed = self.capture.close()
        self.assertNoResult(closed)
        self.reactor.work()
        self.successResultOf(closed)
        self.assertEqual([one.data for one in self.pieces(self.path)], [b"first"])
        self.assertEqual([one.data for one in self.pieces(other)], [b"second"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_the_same_settings_change_nothing(self) -> None:
        self.capture.use(RecordFile(self.path))
        (tap,) = self.taps.values()
        self.capture.use(RecordFile(self.path))
        self.assertEqual(list(self.taps.values()), [tap])
        self.successResultOf(self.capture.close())
        self.successResultOf(self.capture.close())

    def test_turned_over(self) -> None:
        size = 2 * len(capture_line(0.0, "up", "", b"0000"))
        self.capture.use(RecordFile(self.path, size, 1))
        for number in range(7):
            self.tap("up", "", b"%04d" % number)
        self.reactor.wait(1)
        full = self.path.with_name("plc.jsonl.1")
        self.assertEqual([one.data for one in self.pieces(full)], [b"0004", b"0005"])
        self.assertEqual([one.data for one in self.pieces(self.path)], [b"0006"])
        self.assertEqual(len(list(self.folder.iterdir())), 2)

    def test_a_full_disk(self) -> None:
        """It stops nothing, is told once, and what does not fit is counted where it is missing."""
        away = self.folder / "away" / "plc.jsonl"
        self.capture.use(RecordFile(away, 2 * MOST_WAITING))
        piece = bytes(100_000)
        most = MOST_WAITING // (2 * len(piece))
        for _ in range(most + 4):
            self.tap("up", "", piece)
            self.reactor.wait(AGAIN / 4)
        self.assertEqual(len(self.notes), 1)
        self.assertIn(f"the capture {away} cannot be written: No such file", self.notes[0])
        away.parent.mkdir()
        self.reactor.wait(AGAIN)
        self.tap("up", "", b"again")
        self.reactor.wait(AGAIN)
        rows = [json.loads(line) for line in away.read_text().splitlines()]
        kept = [row for row in rows if row["bytes"] == piece.hex()]
        lost = [row["lost"] for row in rows if row["direction"] == "lost"]
        self.assertEqual(len(kept) + sum(lost), most + 4)
        self.assertEqual(len(lost), 1)
        self.assertEqual(rows[-1]["bytes"], b"again".hex())
        self.assertEqual(self.notes[1:], [f"the capture {away} is written again; it lacks 4 pieces"])


class RealTest(SynchronousTestCase):
    """A running gateway, and what it has captured in the end."""

    def test_both_directions(self) -> None:
        pty = Pty(self)
        program = Program(
            self,
            f"""
            shares:
              plc:
                device: {{port: {pty.path}}}
                listen: [{{port: 0}}, {{port: 0, access: read}}]
                capture: plc.jsonl
            """,
            folder=Path(make_folder(self)),
        )
        program.wait_for("plc: opened")
        client, watcher = program.connect("plc"), program.connect("plc", 1)
        program.wait_for("connected to", 2)
        client.sendall(b"question\r")
        self.assertEqual(pty.read(9), b"question\r")
        watcher.sendall(b"not for the device")
        pty.write(b"\x02answer\x03")
        self.assertEqual(receive(client, 8), b"\x02answer\x03")
        self.assertEqual(receive(watcher, 8), b"\x02answer\x03")
        host, number = client.getsockname()
        client.close()
        watcher.close()
        self.assertEqual(program.stop(), 0)
        path = program.folder / "plc.jsonl"
        pieces = list(pieces_of([path.read_bytes()]))
        said = {
            direction: b"".join(one.data for one in pieces if one.direction == direction)
            for direction in ("up", "down")
        }
        self.assertEqual(said, {"up": b"\x02answer\x03", "down": b"question\r"})
        self.assertEqual({one.peer for one in pieces if one.direction == "down"}, {f"{host}:{number}"})
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_a_disk_that_is_full_stops_no_byte(self) -> None:
        program = Program(
            self, "shares: {x: {device: {loop: true}, listen: [{port: 0}], capture: /dev/full}}"
        )
        client = program.connect("x")
        client.sendall(b"round")
        self.assertEqual(receive(client, 5), b"round")
        program.wait_for("x: the capture /dev/full cannot be written: No space left on device")
        client.sendall(b"again")
        self.assertEqual(receive(client, 5), b"again")
        client.close()
        self.assertEqual(program.stop(), 0)
        self.assertIn("x: the capture /dev/full ends without its last 4 pieces", program.log)
