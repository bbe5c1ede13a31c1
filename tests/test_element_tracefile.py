"""The trace in a file: whole lines, bounded, turned over, and patient with a disk that is full or gone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.element.tracefile import TraceWriter
from smartserial.engine.effects import Level
from smartserial.linefile import AGAIN, GATHERING, MOST_WAITING
from smartserial.settings import RecordFile
from smartserial.trace.events import Noted, Rx
from smartserial.trace.jsonlines import as_json


class Workers(Clock):
    """A clock, and a thread that does its jobs when `work` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Callable[[], None]] = []

    def getThreadPool(self) -> Workers:
        return self

    def callInThreadWithCallback(self, done: Callable[..., None], job: Any, *args: Any) -> None:
        def do() -> None:
            try:
                result, good = job(*args), True
            except Exception:
                result, good = Failure(), False
            done(good, result)

        self.jobs.append(do)

    def callFromThread(self, call: Any, *args: Any) -> None:
        call(*args)

    def work(self) -> None:
        """Do what is to be done, and what comes of that at once."""
        while self.jobs:
            self.jobs.pop(0)()

    def wait(self, seconds: float) -> None:
        """Let time pass, with all jobs done at once."""
        for _ in range(round(seconds / 0.05) + 1):
            self.work()
            self.advance(0.05)
        self.work()


class FileTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "mast.trace"
        self.reactor = Workers()
        self.notes: list[str] = []

    def writer(self, size: int = 1 << 20, keep: int = 2, path: Path | None = None) -> TraceWriter:
        return TraceWriter(RecordFile(path or self.path, size, keep), self.reactor, self.notes.append)

    def event(self, number: int, pad: int = 0) -> Noted:
        return Noted("mast", float(number), None, "", Level.INFO, f"{number:04d}" + "x" * pad)

    def numbers(self, path: Path | None = None) -> list[int]:
        """Return which events are in a file; -n are n lost ones."""
        lines = (path or self.path).read_text(encoding="ascii").splitlines()
        rows = [json.loads(line) for line in lines]
        return [-row["count"] if row["event"] == "lost" else int(row["text"][:4]) for row in rows]


class WritingTest(FileTest):
    def test_lines_come_together(self) -> None:
        writer = self.writer()
        for number in range(3):
            writer.write(self.event(number))
        self.assertFalse(self.path.exists())
        self.reactor.advance(GATHERING)
        self.assertEqual(len(self.reactor.jobs), 1)
        self.reactor.work()
        self.assertEqual(self.numbers(), [0, 1, 2])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_only_the_owner_reads(self) -> None:
        writer = self.writer()
        writer.write(self.event(1))
        former = os.umask(0)
        try:
            self.reactor.wait(1)
        finally:
            os.umask(former)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_one_batch_at_a_time(self) -> None:
        writer = self.writer()
        writer.write(self.event(1))
        self.reactor.advance(GATHERING)
        writer.write(self.event(2))
        self.reactor.advance(10)
        self.assertEqual(len(self.reactor.jobs), 1)
        self.reactor.work()
        self.reactor.wait(1)
        self.assertEqual(self.numbers(), [1, 2])

    def test_appended(self) -> None:
        """What is there stays; a line that a crash has torn spoils no other one."""
        self.path.write_text('{"event": "note", "text": "0007"}\n{"event": "no', encoding="ascii")
        writer = self.writer()
        writer.write(self.event(8))
        self.reactor.wait(1)
        lines = self.path.read_text(encoding="ascii").splitlines()
        self.assertEqual(lines[1], '{"event": "no')
        self.assertEqual(json.loads(lines[2])["text"], "0008")

    def test_close_flushes(self) -> None:
        writer = self.writer()
        writer.write(self.event(1))
        self.reactor.advance(GATHERING)
        writer.write(self.event(2))
        closed, again = writer.close(), writer.close()
        writer.write(self.event(3))
        self.assertNoResult(closed)
        self.reactor.work()
        self.successResultOf(closed)
        self.successResultOf(again)
        self.successResultOf(writer.close())
        self.assertEqual(self.numbers(), [1, 2])
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.notes, [])

    def test_close_of_nothing(self) -> None:
        self.successResultOf(self.writer().close())
        self.assertFalse(self.path.exists())

    def test_no_threads_any_more(self) -> None:
        writer = self.writer()
        writer.write(self.event(1))
        with patch.object(self.reactor, "callInThreadWithCallback", side_effect=RuntimeError("it is over")):
            self.successResultOf(writer.close())
        self.assertEqual(len(self.notes), 2)
        self.assertIn("it is over", self.notes[0])


class ReactorTest(TestCase):
    """With the threads of the real reactor."""

    async def check(self, path: Path) -> None:
        writer = TraceWriter(RecordFile(path), reactor)
        for number in range(100):
            writer.write(Noted("mast", float(number), None, "", Level.INFO, "x"))
        await writer.close()
        self.assertEqual(len(path.read_text(encoding="ascii").splitlines()), 100)

    def test_close(self) -> Deferred[None]:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Deferred.fromCoroutine(self.check(Path(folder.name) / "trace"))


class RotationTest(FileTest):
    def test_full_files_are_kept(self) -> None:
        one = len(self.line(0))
        writer = self.writer(size=3 * one, keep=2)
        for number in range(11):
            writer.write(self.event(number))
            if number % 2:
                self.reactor.wait(1)
        self.reactor.wait(1)
        self.assertEqual(self.numbers(), [9, 10])
        self.assertEqual(self.numbers(self.full(1)), [6, 7, 8])
        self.assertEqual(self.numbers(self.full(2)), [3, 4, 5])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), self.names(2))

    def test_one_batch_in_many_files(self) -> None:
        writer = self.writer(size=2 * len(self.line(0)), keep=9)
        for number in range(7):
            writer.write(self.event(number))
        self.reactor.wait(1)
        found = [self.numbers(self.full(number)) for number in (3, 2, 1)] + [self.numbers()]
        self.assertEqual(found, [[0, 1], [2, 3], [4, 5], [6]])

    def test_none_is_kept(self) -> None:
        writer = self.writer(size=len(self.line(0)), keep=0)
        for number in range(3):
            writer.write(self.event(number))
        self.reactor.wait(1)
        self.assertEqual(self.numbers(), [2])
        self.assertEqual([path.name for path in self.folder.iterdir()], self.names(0))

    def test_a_line_longer_than_a_file(self) -> None:
        writer = self.writer(size=10, keep=1)
        for number in range(2):
            writer.write(self.event(number))
        self.reactor.wait(1)
        self.assertEqual((self.numbers(self.full(1)), self.numbers()), ([0], [1]))

    def test_devices_stay_where_they_are(self) -> None:
        writer = self.writer(size=1, keep=1, path=Path("/dev/null"))
        for number in range(3):
            writer.write(self.event(number))
        self.reactor.wait(1)
        self.assertTrue(Path("/dev/null").is_char_device())
        self.assertEqual(self.notes, [])

    def line(self, number: int) -> str:
        return as_json(self.event(number)) + "\n"

    def full(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def names(self, keep: int) -> list[str]:
        return [self.path.name, *(self.full(number).name for number in range(1, keep + 1))]


class TroubleTest(FileTest):
    def test_full_disk(self) -> None:
        writer = self.writer(path=Path("/dev/full"))
        writer.write(self.event(1))
        self.reactor.wait(3 * AGAIN)
        self.assertEqual(len(self.notes), 1)
        self.assertIn("/dev/full cannot be written: No space left on device", self.notes[0])
        closed = writer.close()
        self.reactor.work()
        self.successResultOf(closed)
        self.assertEqual(self.notes[1:], ["the trace /dev/full ends without its last 1 events"])

    def test_a_disk_that_becomes_full_in_a_line(self) -> None:
        """No half of a line stays, and each line is written once."""
        writer = self.writer()
        for number in range(4):
            writer.write(self.event(number))
        room = [2 * len(as_json(self.event(0))) + 20]
        write = os.write

        def full(descriptor: int, data: memoryview) -> int:
            if not room[0]:
                raise OSError(28, "No space left on device")
            count = min(room[0], len(data))
            room[0] -= count
            return write(descriptor, data[:count])

        with patch.object(os, "write", full):
            self.reactor.wait(1)
        self.assertEqual(self.numbers(), [0, 1])
        self.reactor.wait(AGAIN)
        self.assertEqual(self.numbers(), [0, 1, 2, 3])
        self.assertEqual(len(self.notes), 2)
        self.assertIn("written again", self.notes[1])

    def test_a_folder_that_vanishes(self) -> None:
        folder = self.folder / "away"
        folder.mkdir()
        path = folder / "trace"
        writer = self.writer(path=path)
        writer.write(self.event(1))
        self.reactor.wait(1)
        path.unlink()
        folder.rmdir()
        for number in (2, 3):
            writer.write(self.event(number))
            self.reactor.wait(2 * AGAIN)
        self.assertEqual(len(self.notes), 1)
        self.assertIn("No such file or directory", self.notes[0])
        folder.mkdir()
        self.reactor.wait(AGAIN)
        self.assertEqual(self.numbers(path), [2, 3])
        self.assertEqual(len(self.notes), 2)

    def test_a_folder_in_its_place(self) -> None:
        self.path.mkdir()
        writer = self.writer()
        writer.write(self.event(1))
        self.reactor.wait(AGAIN)
        self.assertIn("Is a directory", self.notes[0])

    def test_a_path_that_is_none(self) -> None:
        writer = self.writer(path=Path("a\0b"))
        writer.write(self.event(1))
        self.reactor.wait(AGAIN)
        self.assertIn("null byte", self.notes[0])

    def test_a_note_that_is_an_event(self) -> None:
        """An element's notes are written themselves."""
        settings = RecordFile(self.folder / "away" / "trace")
        writer = TraceWriter(settings, self.reactor, lambda text: writer.write(self.event(9)))
        writer.write(self.event(1))
        self.reactor.wait(2 * AGAIN)
        settings.path.parent.mkdir()
        self.reactor.wait(2 * AGAIN)
        self.assertEqual(self.numbers(settings.path), [1, 9, 9])

    def test_too_much(self) -> None:
        """What is lost is counted, where it would have stood."""
        writer = self.writer(size=MOST_WAITING * 2)
        most = MOST_WAITING // 100_000
        for number in range(most + 5):
            writer.write(self.event(number, pad=100_000))
        self.reactor.wait(1)
        kept = len(self.numbers())
        self.assertLess(kept, most + 1)
        writer.write(self.event(8000))
        writer.write(self.event(8001))
        self.reactor.wait(1)
        self.assertEqual(self.numbers(), [*range(kept), -(most + 5 - kept), 8000, 8001])
        self.assertLessEqual(self.path.stat().st_size, MOST_WAITING + 1000)

    def test_lost_at_the_end(self) -> None:
        writer = self.writer()
        writer.write(Rx("mast", 1.0, 0, "", bytes(MOST_WAITING)))
        closed = writer.close()
        self.reactor.work()
        self.successResultOf(closed)
        row = json.loads(self.path.read_text(encoding="ascii"))
        self.assertEqual((row["event"], row["count"], row["element"]), ("lost", 1, "mast"))

    def test_a_full_disk_is_no_reason_to_grow(self) -> None:
        writer = self.writer(path=Path("/dev/full"))
        for number in range(100):
            writer.write(self.event(number, pad=100_000))
            self.reactor.wait(0.2)
        self.assertLessEqual(sum(len(line.data) for line in writer._file._lines), MOST_WAITING)
        closed = writer.close()
        self.reactor.work()
        self.successResultOf(closed)
        self.assertEqual(self.notes[1:], ["the trace /dev/full ends without its last 100 events"])
