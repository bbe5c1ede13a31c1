"""A file that grows line by line: when it is written, what is lost of it, and what is not its own."""

from __future__ import annotations

import os
import pty
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.linefile import AGAIN, AT_ONCE, GATHERING, MOST_WAITING, REPORT, LineFile
from smartserial.settings import RecordFile
from tests.test_element_tracefile import Workers

LINE = b'{"n": 1}\n'
FOREIGN = "it holds something else than lines of JSON"


def lost_line(count: int) -> bytes:
    return b'{"lost": %d}\n' % count


class LineFileCase(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "x"
        self.reactor = Workers()
        self.notes: list[str] = []

    def file(self, size: int = 1 << 20, keep: int = 2, path: Path | None = None) -> LineFile:
        settings = RecordFile(path or self.path, size, keep)
        return LineFile(settings, ("the file", "lines"), lost_line, self.reactor, self.notes.append)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def close(self, file: LineFile) -> None:
        closed = file.close()
        self.reactor.work()
        self.successResultOf(closed)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class WhenTest(LineFileCase):
    def test_little_waits_for_more(self) -> None:
        self.file().add(LINE)
        self.reactor.advance(GATHERING / 2)
        self.assertEqual(self.reactor.jobs, [])
        self.reactor.advance(GATHERING)
        self.assertEqual(len(self.reactor.jobs), 1)

    def test_much_does_not(self) -> None:
        file = self.file()
        long = b'{"n": "' + b"1" * (AT_ONCE // 2) + b'"}\n'
        file.add(long)
        self.reactor.advance(0)
        self.assertEqual(self.reactor.jobs, [])
        file.add(long)
        self.reactor.advance(0)
        self.assertEqual(len(self.reactor.jobs), 1)
        for _ in range(3):
            file.add(long)
        self.reactor.jobs.pop()()
        self.reactor.advance(0)
        self.assertEqual(len(self.reactor.jobs), 1)

    def test_a_file_in_trouble_is_not_hurried(self) -> None:
        self.path.mkdir()
        file = self.file(2 * MOST_WAITING)
        file.add(LINE)
        self.reactor.wait(1)
        for _ in range(20):
            file.add(b'{"n": "' + b"1" * AT_ONCE + b'"}\n')
        self.reactor.advance(1)
        self.assertEqual(self.reactor.jobs, [])
        self.path.rmdir()
        self.reactor.wait(AGAIN)
        self.assertEqual(len(self.path.read_bytes().splitlines()), 21)
        self.assertEqual(self.notes[1:], [f"the file {self.path} is written again"])


class LostTest(LineFileCase):
    def flood(self, file: LineFile, more: int = 3) -> None:
        """Have so many lines more than find room, before anything is written."""
        line = b'{"n": "' + b"1" * 1000 + b'"}\n'
        while file.add(line):
            pass
        for _ in range(more - 1):
            self.assertFalse(file.add(line))

    def lacks(self, count: int) -> str:
        return f"the file {self.path} lacks {count} lines: more came than could be written"

    def test_the_log_says_so(self) -> None:
        file = self.file(2 * MOST_WAITING)
        self.flood(file)
        self.reactor.wait(1)
        self.assertEqual(self.notes, [])
        self.flood(file, 4)
        self.reactor.wait(REPORT)
        self.assertEqual(self.notes, [self.lacks(7)])
        self.reactor.wait(2 * REPORT)
        self.assertEqual(len(self.notes), 1)

    def test_not_more_often(self) -> None:
        file = self.file(2 * MOST_WAITING)
        for _ in range(30):
            self.flood(file)
            self.reactor.wait(1)
        self.assertIn(len(self.notes), (2, 3))

    def test_at_the_end_too(self) -> None:
        file = self.file(2 * MOST_WAITING)
        self.flood(file)
        self.reactor.wait(1)
        file.add(LINE)
        self.close(file)
        self.assertEqual(self.notes, [self.lacks(3)])
        self.assertEqual(self.path.read_bytes().splitlines()[-2:], [b'{"lost": 3}', LINE.strip()])

    def test_what_is_lost_at_the_end_is_said_once(self) -> None:
        file = self.file(path=Path("/dev/full"))
        self.flood(file)
        self.close(file)
        count = MOST_WAITING // 1010 + 3
        self.assertIn("cannot be written", self.notes[0])
        self.assertEqual(self.notes[1:], [f"the file /dev/full ends without its last {count} lines"])

    def test_a_file_that_is_written_again_says_what_it_lacks(self) -> None:
        self.path.mkdir()
        file = self.file(2 * MOST_WAITING)
        file.add(LINE)
        self.reactor.wait(1)
        self.flood(file)
        self.reactor.wait(3 * REPORT)
        self.assertEqual(len(self.notes), 1)
        self.path.rmdir()
        self.reactor.wait(AGAIN)
        self.assertEqual(self.notes[1:], [f"the file {self.path} is written again; it lacks 3 lines"])


class ForeignTest(LineFileCase):
    """What is not a file of lines of JSON is somebody else's."""

    def refused(self, why: str = FOREIGN, path: Path | None = None, size: int = 1 << 20) -> None:
        file = self.file(size, path=path)
        file.add(LINE)
        self.reactor.wait(1)
        expected = f"the file {path or self.path} cannot be written: {why}; trying again"
        self.assertEqual(self.notes, [expected])
        self.close(file)

    def test_another_text(self) -> None:
        self.path.write_bytes(b"shares: {}")
        self.refused()
        self.assertEqual(self.path.read_bytes(), b"shares: {}")

    def test_another_text_that_is_large(self) -> None:
        self.path.write_bytes(b"shares: {}\n" * 1000)
        self.refused(size=4096)
        self.assertEqual(self.names(), ["x"])

    @given(st.binary(min_size=1, max_size=30).filter(lambda data: not data.startswith(b"{")))
    def test_any_other_content_stays(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self.notes.clear()
        self.refused()
        self.assertEqual(self.path.read_bytes(), data)

    def test_an_empty_file_and_one_of_ours(self) -> None:
        self.path.write_bytes(b"")
        file = self.file()
        file.add(LINE)
        self.reactor.wait(1)
        file.add(LINE)
        self.close(file)
        self.assertEqual((self.path.read_bytes(), self.notes), (2 * LINE, []))

    def test_a_folder(self) -> None:
        self.path.mkdir()
        self.refused("Is a directory")

    def test_a_terminal(self) -> None:
        """That of a device, or of a virtual port, would take the lines for bytes of somebody."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        os.set_blocking(master, False)
        self.refused("it is a terminal", Path(os.ttyname(slave)))
        self.assertRaises(BlockingIOError, os.read, master, 1)

    def test_a_pipe_is_written(self) -> None:
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        file = self.file(size=1)
        file.add(LINE)
        file.add(LINE)
        self.close(file)
        self.assertEqual((os.read(reader, 100), self.notes), (2 * LINE, []))

    def in_the_way(self, number: int) -> None:
        self.path.write_bytes(LINE)
        other = self.folder / f"x.{number}"
        self.refused(f"{other} is in the way: {FOREIGN}", size=1)
        self.assertEqual(self.path.read_bytes(), LINE)

    def test_the_name_of_a_full_one(self) -> None:
        for number in (1, 2):
            other = self.folder / f"x.{number}"
            other.write_bytes(b"mine")
            self.notes.clear()
            self.in_the_way(number)
            self.assertEqual(other.read_bytes(), b"mine")
            other.unlink()

    def test_a_folder_and_a_link_of_that_name(self) -> None:
        (self.folder / "x.1").mkdir()
        self.in_the_way(1)
        (self.folder / "x.1").rmdir()
        (self.folder / "target").write_bytes(LINE)
        (self.folder / "x.2").symlink_to(self.folder / "target")
        self.notes.clear()
        self.in_the_way(2)
        self.assertTrue((self.folder / "x.2").is_symlink())

    def test_a_name_past_the_last_one_is_in_nobodys_way(self) -> None:
        (self.folder / "x.3").write_bytes(b"mine")
        file = self.file(size=1)
        for _ in range(5):
            file.add(LINE)
        self.close(file)
        self.assertEqual(self.notes, [])
        self.assertEqual((self.folder / "x.3").read_bytes(), b"mine")
        self.assertEqual(self.names(), ["x", "x.1", "x.2", "x.3"])
