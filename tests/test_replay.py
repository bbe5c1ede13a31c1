"""Playing a capture again: what, when, to whom, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.captures import Piece
from smartserial.replaying.outlet import PATIENCE, Outlet, ReplayError
from smartserial.replaying.pace import Pace, shown
from smartserial.replaying.playing import play
from smartserial.share.capturing import capture_line
from tests.fakes import FakeTransport
from tests.support import GUARD, Pty, pattern, read_exactly, receive, receive_all, until

TIMES = st.none() | st.floats(0, 1e6)


def pieces(*said: tuple[float | None, str]) -> list[Piece]:
    return [Piece(word.encode(), time) for time, word in said]


class PaceTest(SynchronousTestCase):
    def due(self, pace: Pace, *said: tuple[float | None, str]) -> list[tuple[float, str]]:
        return [(due, piece.data.decode()) for due, piece in pace.timed(pieces(*said))]

    def test_as_it_was(self) -> None:
        """From the first piece on, whatever the clock said then."""
        self.assertEqual(
            self.due(Pace(), (1000.0, "a"), (1000.5, "b"), (1003.0, "c")),
            [(0.0, "a"), (0.5, "b"), (3.0, "c")],
        )

    def test_faster(self) -> None:
        self.assertEqual(self.due(Pace(speed=10), (5.0, "a"), (10.0, "b")), [(0.0, "a"), (0.5, "b")])
        self.assertEqual(self.due(Pace(speed=0), (5.0, "a"), (10.0, "b")), [(0.0, "a"), (0.0, "b")])

    def test_without_time_at_once(self) -> None:
        self.assertEqual(
            self.due(Pace(), (None, "a"), (7.0, "b"), (None, "c"), (8.0, "d")),
            [(0.0, "a"), (0.0, "b"), (0.0, "c"), (1.0, "d")],
        )

    def test_a_clock_that_was_set_back(self) -> None:
        self.assertEqual(
            self.due(Pace(), (100.0, "a"), (40.0, "b"), (42.0, "c")), [(0.0, "a"), (0.0, "b"), (2.0, "c")]
        )

    def test_no_pause_is_longer(self) -> None:
        said = ((0.0, "a"), (1.0, "b"), (1.8e9, "c"), (1.8e9 + 1, "d"))
        times = [due for due, _ in self.due(Pace(longest=5), *said)]
        self.assertEqual(times, [0.0, 1.0, 6.0, 7.0])
        times = [due for due, _ in self.due(Pace(speed=2, longest=5), *said)]  # as it is played
        self.assertEqual(times, [0.0, 0.5, 5.5, 6.0])
        self.assertEqual({due for due, _ in self.due(Pace(longest=0), *said)}, {0.0})

    def test_a_clock_that_jumps_as_far_as_numbers_go(self) -> None:
        self.assertEqual(self.due(Pace(longest=3), (-1e308, "a"), (1e308, "b")), [(0.0, "a"), (3.0, "b")])

    def test_one_direction(self) -> None:
        both = [Piece(b"u", 1.0), Piece(b"d", 2.0, "", "down"), Piece(b"", 9.0), Piece(b"v", 3.0)]
        self.assertEqual([piece.data for _, piece in Pace().timed(both)], [b"u", b"v"])
        self.assertEqual([piece.data for _, piece in Pace("down").timed(both)], [b"d"])

    @given(st.lists(st.tuples(TIMES, st.sampled_from(["x", "y"]))), st.sampled_from([0.0, 0.5, 1.0, 10.0]))
    def test_never_backwards_and_complete(self, said: list[tuple[float | None, str]], speed: float) -> None:
        found = list(Pace(speed=speed).timed(pieces(*said)))
        self.assertEqual([piece for _, piece in found], pieces(*said))
        times = [due for due, _ in found]
        self.assertEqual(times, sorted(times))
        if not speed:
            self.assertEqual(set(times) - {0.0}, set())


class PlayTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.outlet = Outlet(self.clock)

    def ear(self) -> FakeTransport:
        protocol = self.outlet.buildProtocol(None)
        assert protocol is not None
        transport = FakeTransport(protocol)
        protocol.makeConnection(transport)
        return transport

    def play(self, said: Iterable[Piece], pace: Pace, steps: Any = None) -> Deferred[tuple[int, int]]:
        return Deferred.fromCoroutine(play(said, pace, self.outlet, self.clock, steps))

    def end(self, *ears: FakeTransport) -> None:
        for _ in range(10):
            for ear in ears:
                ear.take(1 << 20)
            self.clock.advance(0.05)

    def test_in_its_time(self) -> None:
        ear = self.ear()
        playing = self.play(pieces((50.0, "one"), (50.5, "two"), (52.0, "three")), Pace())
        got = []
        for step in (0, 0.4, 0.2, 1.3, 0.2):
            self.clock.advance(step)
            ear.take(99)
            got.append(ear.taken.decode())
        self.assertEqual(got, ["one", "one", "onetwo", "onetwo", "onetwothree"])
        self.end(ear)
        self.assertEqual(self.successResultOf(playing), (3, 11))
        self.assertFalse(ear.connected)

    def test_everybody_hears_the_same(self) -> None:
        first, second = self.ear(), self.ear()
        playing = self.play(pieces((0.0, "all")), Pace())
        self.end(first, second)
        self.assertEqual((first.taken, second.taken), (b"all", b"all"))
        self.successResultOf(playing)

    def test_it_waits_for_room(self) -> None:
        ear = self.ear()
        large = [Piece(bytes(100_000)) for _ in range(20)]
        playing = self.play(large, Pace(speed=0))
        self.clock.pump([0.01] * 100)
        self.assertLess(ear.pending, 1_000_000)
        self.assertNoResult(playing)
        for _ in range(100):
            ear.take(50_000)
            self.clock.advance(0.01)
        self.end(ear)
        self.assertEqual(self.successResultOf(playing), (20, 2_000_000))
        self.assertEqual(len(ear.taken), 2_000_000)

    def test_it_ends_when_nobody_is_there(self) -> None:
        ear = self.ear()
        playing = self.play(pieces((0.0, "one"), (9.0, "two")), Pace())
        ear.reset()
        self.clock.advance(9)
        self.failureResultOf(playing, ReplayError)

    def test_one_of_two_may_go(self) -> None:
        first, second = self.ear(), self.ear()
        playing = self.play(pieces((0.0, "one"), (9.0, "two")), Pace())
        first.reset()
        self.clock.advance(9)
        self.end(second)
        self.assertEqual(second.taken, b"onetwo")
        self.successResultOf(playing)

    def test_what_is_not_taken_is_told(self) -> None:
        self.ear()
        playing = self.play(pieces((0.0, "one")), Pace())
        self.clock.pump([0.1] * round(PATIENCE / 0.1 + 2))
        error = self.failureResultOf(playing, ReplayError)
        self.assertEqual(error.getErrorMessage(), "3 bytes are not taken, none of them for 30 s")

    def test_one_that_takes_nothing_is_given_up(self) -> None:
        ear = self.ear()
        playing = self.play([Piece(bytes(100_000)) for _ in range(20)], Pace(speed=0))
        self.clock.pump([0.1] * round(PATIENCE / 0.1 - 20))
        self.assertNoResult(playing)
        ear.take(1)  # which begins it anew
        self.clock.pump([0.1] * round(PATIENCE / 0.1 - 20))
        self.assertNoResult(playing)
        self.clock.pump([0.1] * 50)
        error = self.failureResultOf(playing, ReplayError)
        self.assertRegex(error.getErrorMessage(), r"^\d+ bytes are not taken, none of them for 30 s$")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_of_two_that_takes_nothing(self) -> None:
        self.ear()
        reads = self.ear()
        playing = self.play([Piece(bytes(100_000)) for _ in range(20)], Pace(speed=0))
        for _ in range(round(PATIENCE / 0.1) + 20):
            reads.take(1 << 20)
            self.clock.advance(0.1)
        self.failureResultOf(playing, ReplayError)

    def test_one_that_is_slow_is_not_given_up(self) -> None:
        ear = self.ear()
        playing = self.play([Piece(bytes(100_000)) for _ in range(4)], Pace(speed=0))
        for _ in range(400):
            ear.take(1000)
            self.clock.advance(PATIENCE - 1)
        self.end(ear)
        self.assertEqual(self.successResultOf(playing), (4, 400_000))

    def test_the_patience_is_that_of_the_user(self) -> None:
        self.outlet = Outlet(self.clock, 2.0)
        self.ear()
        playing = self.play(pieces((0.0, "one")), Pace())
        self.clock.pump([0.1] * 22)
        error = self.failureResultOf(playing, ReplayError)
        self.assertEqual(error.getErrorMessage(), "3 bytes are not taken, none of them for 2 s")

    def test_a_long_pause_is_told(self) -> None:
        ear, notes = self.ear(), list[str]()
        said = pieces((0.0, "a"), (60.0, "b"), (121.0, "c"), (1.8e9, "d"))
        playing = Deferred.fromCoroutine(play(said, Pace(), self.outlet, self.clock, None, notes.append))
        expected = []
        for pause, words in ((60.0, ""), (61.0, "61 s"), (1.8e9, "1799999879 s, which are 20833 days")):
            if words:
                expected.append(f"the next piece comes in {words}; --longest-pause SECONDS shortens pauses")
            self.assertEqual(notes, expected)
            self.clock.advance(pause)
        self.end(ear)
        self.assertEqual(self.successResultOf(playing), (4, 4))

    def test_step_by_step(self) -> None:
        class Steps:
            def __init__(self) -> None:
                self.asked: list[Deferred[bool]] = []

            async def step(self) -> bool:
                self.asked.append(Deferred())
                return await self.asked[-1]

        ear, steps = self.ear(), Steps()
        self.patch(sys, "stdout", open("/dev/null", "w"))  # noqa: SIM115, PTH123
        self.addCleanup(sys.stdout.close)
        playing = self.play(pieces((0.0, "one"), (9.0, "two"), (10.0, "three")), Pace(step=True), steps)
        self.clock.advance(99)
        ear.take(99)
        self.assertEqual(ear.taken, b"")
        for go_on, expected in ((True, b"one"), (True, b"onetwo"), (False, b"onetwo")):
            steps.asked[-1].callback(go_on)
            ear.take(99)
            self.assertEqual(ear.taken, expected)
        self.end(ear)
        self.assertEqual(self.successResultOf(playing), (2, 6))

    def test_what_is_said_of_a_piece(self) -> None:
        self.assertEqual(shown(1.5, Piece(b"\x02")), "1.500 s  1 byte: 02")
        self.assertEqual(shown(0.0, Piece(bytes(30))), f"0.000 s  30 bytes: {bytes(24).hex(' ')} ...")


class CommandTest(SynchronousTestCase):
    """The command as a program, with real sockets and ports."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.capture = Path(folder.name) / "capture.jsonl"

    def write(self, *said: tuple[str, bytes]) -> None:
        self.capture.write_bytes(
            b"".join(capture_line(100.0 + n, way, "", data) for n, (way, data) in enumerate(said))
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-m", "smartserial", "replay", *arguments], stdin=pipe, stdout=pipe, stderr=pipe
        )

        def end() -> None:
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def run_it(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(stdin, GUARD)
        return process.returncode, out.decode(), err.decode()

    def server(self) -> tuple[socket.socket, str]:
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(GUARD)
        self.addCleanup(server.close)
        return server, f"127.0.0.1:{server.getsockname()[1]}"

    def accept(self, server: socket.socket) -> socket.socket:
        client = server.accept()[0]
        client.settimeout(GUARD)
        self.addCleanup(client.close)
        return client

    def ended(self, process: subprocess.Popen[bytes], code: int = 0) -> str:
        out, err = process.communicate(timeout=GUARD)
        self.assertEqual((process.returncode, err), (code, b""))
        return out.decode()

    def test_to_a_listener(self) -> None:
        data = pattern(3_000_000)
        parts = [data[n : n + 65536] for n in range(0, len(data), 65536)]
        self.write(*(("up", part) for part in parts), ("down", b"not this"))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0")
        client = self.accept(server)
        client.sendall(b"what it says is forgotten")
        self.assertEqual(receive_all(client), data)
        self.assertRegex(self.ended(process), rf"^played {len(parts)} pieces, 3000000 bytes, in [0-9.]+ s\n$")

    def test_the_other_direction_from_stdin(self) -> None:
        self.write(("up", b"answer"), ("down", b"question"))
        server, where = self.server()
        process = self.start("-", where, "--direction", "down", "--speed", "0")
        assert process.stdin is not None
        process.stdin.write(self.capture.read_bytes())
        process.stdin.close()
        process.stdin = None
        self.assertEqual(receive_all(self.accept(server)), b"question")
        self.ended(process)

    def test_hex_without_times(self) -> None:
        self.capture.write_text("02 41 # a comment\n03\n")
        server, where = self.server()
        process = self.start(str(self.capture), where)
        self.assertEqual(receive_all(self.accept(server)), b"\x02A\x03")
        self.assertIn("played 2 pieces, 3 bytes", self.ended(process))

    def test_whoever_connects(self) -> None:
        self.write(("up", b"one"), ("up", b"two"))
        process = self.start(str(self.capture), "--listen", "0", "--speed", "0")
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        self.assertRegex(line, r"^listening on 127\.0\.0\.1:\d+\n$")
        client = socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2])), GUARD)
        self.addCleanup(client.close)
        self.assertEqual(receive_all(client), b"onetwo")
        self.ended(process)

    def test_to_a_port(self) -> None:
        self.write(("up", b"\x00\xff\r\n"), ("up", b"\x11\x13"))
        pty = Pty(self)
        process = self.start(str(self.capture), f"serial:{pty.path}:baudrate=19200", "--speed", "0")
        self.assertEqual(pty.read(6), b"\x00\xff\r\n\x11\x13")
        self.ended(process)

    def test_to_a_program_at_a_virtual_port(self) -> None:
        """It begins when a program opens the port, and ends when that has read all."""
        self.write(("up", b"one"), ("up", b"two"))
        path = self.capture.with_name("port")
        process = self.start(str(self.capture), f"pty:{path}", "--speed", "0")
        until(path.exists, "the port")
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        self.assertEqual(read_exactly(fd, 6, lambda count: os.read(fd, count)), b"onetwo")
        self.ended(process)
        self.assertFalse(path.exists())

    def test_a_program_that_leaves(self) -> None:
        self.write(*(("up", bytes(60000)) for _ in range(20)))
        path = self.capture.with_name("port")
        process = self.start(str(self.capture), f"pty:{path}", "--speed", "0")
        until(path.exists, "the port")
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
        _, err = process.communicate(timeout=GUARD)
        self.assertEqual((process.returncode, path.exists()), (2, False))
        self.assertRegex(err.decode(), "no program has the port open any more|bytes were not taken")

    def test_step_by_step(self) -> None:
        self.write(("up", b"one"), ("up", b"two"), ("up", b"three"))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--step")
        client = self.accept(server)
        assert process.stdin is not None and process.stdout is not None
        for line, data in (("0.000 s  3 bytes: 6f 6e 65", b"one"), ("1.000 s  3 bytes: 74 77 6f", b"two")):
            self.assertEqual(process.stdout.readline().decode(), f"{line}\n")
            process.stdin.write(b"\n")
            process.stdin.flush()
            self.assertEqual(receive(client, 3), data)
        self.assertIn("played 2 pieces, 6 bytes", self.ended(process))  # which closes stdin
        self.assertEqual(receive_all(client), b"")

    def test_what_goes_wrong(self) -> None:
        self.write(("up", b"one"))
        capture, nowhere = str(self.capture), "127.0.0.1:1"
        for arguments, words in (
            (("/nonexistent", nowhere), "/nonexistent: No such file or directory"),
            ((capture, nowhere), f"{nowhere}: Connection was refused"),
            ((capture, "serial:/nonexistent"), "serial:/nonexistent: there is no port /nonexistent"),
            ((capture, "seriall:x"), "expected HOST:PORT, or an endpoint"),
            ((capture, "--listen", "x"), "x: expected PORT or ADDRESS:PORT"),
            ((capture, "--listen", "198.51.100.1:0"), "cannot listen: Cannot assign requested address"),
            ((capture,), "expected TARGET, or --listen PORT"),
            ((capture, nowhere, "--listen", "0"), "expected TARGET, or --listen PORT"),
            (("-", nowhere, "--step"), "with --step stdin is the keyboard"),
            ((capture, nowhere, "--speed", "-1"), "expected a number from 0 to 1000000, found"),
            ((capture, nowhere, "--speed", "nan"), "expected a number from 0 to 1000000, found"),
            ((capture, nowhere, "--longest-pause", "x"), "expected a number from 0 to 1000000, found"),
            ((capture, nowhere, "--longest-pause", "5", "--step"), "with --step there are no pauses"),
            ((capture, nowhere, "--longest-pause", "5", "--speed", "0"), "with --speed 0 there are no"),
            ((capture, nowhere, "--patience", "0.5"), "expected 1 second or more, found '0.5'"),
        ):
            code, out, err = self.run_it(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn(words, err)
            self.assertNotIn("Traceback", err)

    def test_a_line_that_a_crash_has_torn(self) -> None:
        """The others are played."""
        self.write(("up", b"one"), ("up", b"two"))
        one, two = self.capture.read_bytes().splitlines()
        self.capture.write_bytes(b"\n".join([one, one[:40], two, two[:-1], b""]))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0")
        self.assertEqual(receive_all(self.accept(server)), b"onetwo")
        out, err = process.communicate(timeout=GUARD)
        self.assertEqual(process.returncode, 0)
        self.assertIn("played 2 pieces, 6 bytes", out.decode())
        notes = [f"{self.capture}:{number}: not a line of a capture, skipped" for number in (2, 4)]
        self.assertEqual(err.decode().splitlines(), notes)

    def test_what_the_capture_lacks(self) -> None:
        lost = capture_line(100.0, "lost", "", b"", 3)
        self.write(("up", b"one"), ("up", b"two"))
        one, two = self.capture.read_bytes().splitlines(keepends=True)
        server, where = self.server()
        for lines, words in (
            ([one, lost, two, lost], "6 pieces are missing at 2 places"),
            ([capture_line(1.0, "lost", "", b"", 1), one, two], "1 piece is missing at 1 place"),
        ):
            self.capture.write_bytes(b"".join(lines))
            process = self.start(str(self.capture), where, "--speed", "0")
            self.assertEqual(receive_all(self.accept(server)), b"onetwo")
            out, err = process.communicate(timeout=GUARD)
            self.assertEqual(process.returncode, 0)
            self.assertIn("played 2 pieces, 6 bytes", out.decode())
            self.assertEqual(err.decode(), f"{self.capture}: {words}: they were lost when it was written\n")

    def test_a_clock_that_was_set(self) -> None:
        """From 1970 to today: what is waited for is told at once, and can be cut short."""
        self.capture.write_bytes(capture_line(5.0, "up", "", b"one") + capture_line(1.8e9, "up", "", b"two"))
        server, where = self.server()
        process = self.start(str(self.capture), where)
        client = self.accept(server)
        self.assertEqual(receive(client, 3), b"one")
        assert process.stderr is not None
        self.assertIn(b", which are 20833 days; --longest-pause SECONDS", process.stderr.readline())
        process.kill()
        process = self.start(str(self.capture), where, "--longest-pause", "0.01")
        self.assertEqual(receive_all(self.accept(server)), b"onetwo")
        self.ended(process)

    def test_a_target_that_takes_nothing(self) -> None:
        self.write(*(("up", bytes(65536)) for _ in range(300)))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0", "--patience", "1")
        self.accept(server)
        _, err = process.communicate(timeout=GUARD)
        self.assertEqual(process.returncode, 2)
        self.assertRegex(
            err.decode(), rf"^smartserial: {where}: \d+ bytes are not taken, none of them for 1 s$"
        )

    def test_nothing_that_is_one(self) -> None:
        self.capture.write_text(json.dumps({"time": 1, "bytes": 2}) + "\n" + json.dumps({"time": 1}) + "\n")
        code, out, err = self.run_it(str(self.capture), "127.0.0.1:1")
        self.assertEqual((code, out), (2, ""))
        self.assertIn(f"{self.capture}: line 1: expected an object", err)

    def test_one_byte(self) -> None:
        self.write(("up", b"1"))
        server, where = self.server()
        process = self.start(str(self.capture), where)
        self.assertEqual(receive_all(self.accept(server)), b"1")
        self.assertIn("played 1 piece, 1 byte, in", self.ended(process))

    def test_the_other_side_goes(self) -> None:
        self.write(*(("up", bytes(65536)) for _ in range(300)))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0")
        self.accept(server).close()
        _, err = process.communicate(timeout=GUARD)
        self.assertEqual(process.returncode, 2)
        self.assertIn(f"{where}: nobody is there any more", err.decode())

    def test_control_c(self) -> None:
        self.write(("up", b"one"), ("up", b"much later"))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0.02")
        client = self.accept(server)
        self.assertEqual(receive(client, 3), b"one")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(process, 130), "")
        self.assertEqual(receive_all(client), b"")

    def test_control_c_while_nobody_reads(self) -> None:
        self.write(*(("up", bytes(65536)) for _ in range(300)))
        server, where = self.server()
        process = self.start(str(self.capture), where, "--speed", "0")
        client = self.accept(server)
        receive(client, 1)  # now it plays, and soon waits for us
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=GUARD)
        self.assertEqual((process.returncode, err), (130, b""))
