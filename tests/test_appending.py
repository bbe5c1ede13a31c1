"""Lines into pipes, and through links: no line is torn or doubled, and none goes to nobody unseen."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from smartserial import appending
from smartserial.appending import BEHIND, FOREIGN, NO_READER, Appended, Appender
from smartserial.linefile import AGAIN, GATHERING, PATIENCE
from smartserial.settings import RecordFile
from tests.test_linefile import LINE, LineFileCase

PAGE = os.sysconf("SC_PAGE_SIZE")


def numbered(count: int, size: int = 100) -> list[bytes]:
    """Return lines of a size that are all different."""
    return [(b'{"n": "%d' % n).ljust(size - 3, b"x") + b'"}\n' for n in range(count)]


class PipeCase(LineFileCase):
    def setUp(self) -> None:
        super().setUp()
        os.mkfifo(self.path)
        self.patch(appending, "PIPE_SIZE", PAGE)

    def reader(self) -> int:
        """Open the pipe for reading; the test closes it."""
        return os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self, reader: int, most: int = 1 << 20) -> bytes:
        try:
            return os.read(reader, most)
        except BlockingIOError:
            return b""


class NobodyTest(PipeCase):
    """A pipe that nobody reads takes nothing."""

    def test_the_lines_wait(self) -> None:
        file = self.file()
        file.add(LINE)
        self.reactor.wait(1)
        self.assertEqual(
            self.notes, [f"the file {self.path} cannot be written: nobody reads the pipe; trying again"]
        )
        file.add(LINE)
        reader = self.reader()
        self.addCleanup(os.close, reader)
        self.reactor.wait(AGAIN)
        self.assertEqual(self.read(reader), 2 * LINE)
        self.assertEqual(self.notes[1:], [f"the file {self.path} is written again"])
        self.close(file)

    def test_what_waits_at_the_end_is_told(self) -> None:
        file = self.file()
        file.add(LINE)
        self.close(file)
        self.assertEqual(self.notes[1:], [f"the file {self.path} ends without its last 1 lines"])

    def test_a_reader_that_goes_and_another_one(self) -> None:
        file, first = self.file(), self.reader()
        file.add(LINE)
        self.reactor.wait(1)
        self.assertEqual(self.read(first), LINE)
        os.close(first)
        file.add(LINE)
        self.reactor.wait(1)
        self.assertIn(NO_READER, self.notes[0])
        second = self.reader()
        self.addCleanup(os.close, second)
        self.reactor.wait(AGAIN)
        self.assertEqual(self.read(second), LINE)
        self.close(file)

    def test_the_end_of_a_batch_is_not_that_of_the_pipe(self) -> None:
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        file.add(LINE)
        self.reactor.wait(1)
        self.assertEqual(os.read(reader, 100), LINE)
        self.assertRaises(BlockingIOError, os.read, reader, 100)  # nothing yet, and not the end
        self.close(file)
        self.assertEqual(os.read(reader, 100), b"")

    def test_another_pipe_of_the_name(self) -> None:
        file, former = self.file(), self.reader()
        self.addCleanup(os.close, former)
        file.add(LINE)
        self.reactor.wait(1)
        self.path.unlink()
        os.mkfifo(self.path)
        reader = self.reader()
        self.addCleanup(os.close, reader)
        file.add(LINE)
        self.reactor.wait(1)
        self.assertEqual((self.read(former), self.read(former), self.read(reader)), (LINE, b"", LINE))
        self.close(file)


class FullTest(PipeCase):
    """A pipe with less room than there are lines."""

    def test_a_line_goes_on_where_it_stopped(self) -> None:
        lines = numbered(PAGE // 100 + 20)
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        for line in lines:
            file.add(line)
        self.reactor.advance(GATHERING)
        self.reactor.work()
        got = self.read(reader)
        self.assertEqual(len(got), PAGE)  # which ends in a line
        self.assertNotEqual(got[-1:], b"\n")
        self.reactor.advance(GATHERING)
        self.reactor.work()
        self.assertEqual(got + self.read(reader), b"".join(lines))
        self.assertEqual(self.notes, [])
        self.close(file)

    def test_a_reader_that_takes_nothing_is_told_of_once(self) -> None:
        lines = numbered(3 * PAGE // 100)
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        for line in lines:
            file.add(line)
        self.reactor.wait(3 * AGAIN)
        self.assertEqual(self.notes, [f"the file {self.path} cannot be written: {BEHIND}; trying again"])
        got = b""
        for _ in range(4):
            got += self.read(reader)
            self.reactor.wait(AGAIN)
        self.assertEqual(got, b"".join(lines))
        self.assertEqual(self.notes[1:], [f"the file {self.path} is written again"])
        self.close(file)

    def test_at_the_end_a_reader_is_waited_for(self) -> None:
        lines = numbered(3 * PAGE // 100)
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        for line in lines:
            file.add(line)
        closed, got = file.close(), b""
        while not closed.called:
            self.reactor.work()
            got += self.read(reader)
            self.reactor.advance(GATHERING)
        self.assertEqual((got, self.notes), (b"".join(lines), []))

    def test_but_not_for_ever(self) -> None:
        lines = numbered(3 * PAGE // 100)
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        for line in lines:
            file.add(line)
        closed = file.close()
        self.reactor.wait(PATIENCE - 3 * GATHERING)
        self.assertNoResult(closed)
        self.reactor.wait(4 * GATHERING)
        self.successResultOf(closed)
        left = len(lines) - PAGE // 100
        self.assertEqual(self.notes[1:], [f"the file {self.path} ends without its last {left} lines"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def after_another(self, taken: int) -> tuple[bytes, bytes]:
        """Have a reader take so much of two lines, and go; return them, and what the next one gets."""
        lines = numbered(2, PAGE // 2 + 10)
        appender = Appender(RecordFile(self.path, 1, 1))
        self.addCleanup(appender.close)
        first = self.reader()
        self.assertEqual(appender.append(lines), Appended(1, full=True))
        self.assertEqual(len(self.read(first, taken)), taken)
        os.close(first)
        self.assertEqual(appender.append(lines[1:]), Appended(0, NO_READER))
        second = self.reader()
        self.addCleanup(os.close, second)
        got, done = b"", 0
        while not done:
            done = appender.append(lines[1:]).done
            got += self.read(second)
        return b"".join(lines), got

    def test_half_a_line_that_another_one_took(self) -> None:
        lines, got = self.after_another(PAGE // 2 + 20)
        self.assertEqual(got, lines[PAGE // 2 + 10 :])

    def test_what_a_reader_left_is_for_the_next(self) -> None:
        taken = PAGE // 2 + 10
        lines, got = self.after_another(taken)
        self.assertEqual(got, lines[taken:])

    @given(st.lists(st.integers(10, 3 * PAGE), max_size=12), st.lists(st.integers(0, 2 * PAGE), max_size=40))
    @settings(max_examples=50, deadline=None)
    def test_any_reader_gets_each_line_once(self, sizes: list[int], takes: list[int]) -> None:
        lines = [numbered(n + 1, max(size, 20))[n] for n, size in enumerate(sizes)]
        appender, waiting, got = Appender(RecordFile(self.path, 1, 1)), list(lines), b""
        reader = self.reader()
        try:
            for take in (*takes, *[1 << 20] * (2 * len(b"".join(lines)) // PAGE + 2)):
                result = appender.append(waiting)
                self.assertEqual(result.full, result.done < len(waiting))
                del waiting[: result.done]
                got += self.read(reader, take) if take else b""
        finally:
            appender.close()
            os.close(reader)
        self.assertEqual((waiting, got), ([], b"".join(lines)))

    def test_more_room_where_that_can_be(self) -> None:
        self.patch(appending, "PIPE_SIZE", 1 << 17)
        file, reader = self.file(), self.reader()
        self.addCleanup(os.close, reader)
        file.add(LINE)
        self.reactor.wait(1)
        self.assertEqual(fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ), 1 << 17)
        self.close(file)


class LinkTest(LineFileCase):
    """Who can make a link in the folder must not have us write somewhere else."""

    def said(self, path: Path | None = None) -> list[str]:
        """Return what the log says when a line is written."""
        self.notes.clear()
        file = self.file(path=path)
        file.add(LINE)
        self.close(file)
        return self.notes[:1]

    def refused(self, why: str) -> list[str]:
        return [f"the file {self.path} cannot be written: {why}; trying again"]

    def test_to_a_file_and_to_nothing(self) -> None:
        target = self.folder / "target"
        self.path.symlink_to(target)
        why = self.refused("it is a link, and not followed: name the file that it leads to")
        self.assertEqual(self.said(), why)
        self.assertFalse(target.exists())
        target.write_bytes(LINE)
        self.assertEqual(self.said(), why)
        self.assertEqual(target.read_bytes(), LINE)

    def test_a_folder_may_be_behind_one(self) -> None:
        (self.folder / "real").mkdir()
        (self.folder / "link").symlink_to("real")
        self.assertEqual(self.said(self.folder / "link" / "x"), [])
        self.assertEqual((self.folder / "real" / "x").read_bytes(), LINE)

    def test_to_a_pipe(self) -> None:
        """As /dev/stdout is one."""
        os.mkfifo(self.folder / "pipe")
        self.path.symlink_to("pipe")
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.assertEqual((self.said(), os.read(reader, 100)), ([], LINE))

    def test_a_link_of_somebody_else(self) -> None:
        self.path.symlink_to("/dev/null")
        status = os.lstat(self.path)
        other = os.stat_result((*status[:4], 4711, *status[5:10]))
        with mock.patch.object(os, "lstat", return_value=other):
            self.assertEqual(
                self.said(), self.refused("it is a link of user 4711, who is neither root nor ours")
            )
        self.assertEqual(self.said(), [])

    def test_a_disk(self) -> None:
        """Its first bytes would be lines."""
        status = Path("/dev/null").stat()
        disk = os.stat_result((0o060660, *status[1:10]))
        target = self.folder / "target"
        target.write_bytes(b"boot")
        with mock.patch.object(Path, "stat", return_value=disk), mock.patch.object(os, "fstat") as opened:
            opened.return_value = disk
            appended = Appender(RecordFile(target, 1 << 20, 1)).append([LINE])
        self.assertEqual(appended, Appended(0, "it is a disk, and no place for lines"))
        self.assertEqual(target.read_bytes(), b"boot")

    def test_full_ones_are_files_of_ours_too(self) -> None:
        self.path.write_bytes(LINE)
        (self.folder / "x.1").symlink_to("/dev/null")
        appended = Appender(RecordFile(self.path, 1, 1)).append([LINE])
        self.assertEqual(appended, Appended(0, f"{self.folder / 'x.1'} is in the way: {FOREIGN}"))
