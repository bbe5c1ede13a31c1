"""A program opens a virtual port at once after another has closed it: nothing of the one is for the other."""

from __future__ import annotations

import os
import termios

from twisted.trial.unittest import TestCase

from smartserial.channels.serial import termios2
from tests.support import pattern
from tests.virtualstage import Stage, turn, until


class ReopenedTest(TestCase):
    """All of it happens within one turn of the reactor: the kernel tells what was, in order."""

    timeout = 60

    async def opened(self, **keys: object) -> tuple[Stage, int]:
        stage = Stage(self, **keys)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        return stage, fd

    async def test_a_small_message(self) -> None:
        stage, fd = await self.opened()
        stage.port.write(b"old")
        os.close(fd)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.told == [1, 0, 1])
        self.assertRaises(BlockingIOError, os.read, fd, 100)
        self.assertEqual((stage.unread, stage.port.sent, stage.port.pending), (3, 0, 0))
        stage.port.write(b"new")
        self.assertEqual(os.read(fd, 100), b"new")
        self.assertEqual(stage.drains, 0)

    async def test_more_than_the_terminal_takes(self) -> None:
        for keys in ({}, {"strict_baudrate": True}):
            stage, fd = await self.opened(**keys)
            data = pattern(60_000)
            stage.port.write(data)
            got = b"" if keys else os.read(fd, 1000)
            os.close(fd)
            fd = stage.program()
            self.addCleanup(os.close, fd)
            await until(lambda stage=stage: stage.told == [1, 0, 1])
            await turn()
            self.assertRaises(BlockingIOError, os.read, fd, 100)
            self.assertEqual((stage.unread, stage.port.sent), (60_000 - len(got), len(got)))

    async def test_again_and_again(self) -> None:
        stage, fd = await self.opened()
        total = 0
        for number in range(1, 20):
            stage.port.write(b"x" * number)
            total += number
            for _ in range(number % 3 + 1):
                os.close(fd)
                fd = stage.program()
            await until(lambda total=total: stage.unread == total)
            self.assertRaises(BlockingIOError, os.read, fd, 100)
        os.close(fd)
        await until(lambda: stage.told[-1] == 0)
        self.assertEqual(stage.port.sent, 0)

    async def test_what_waits_for_the_next_one_is_kept_for_it(self) -> None:
        """One has come and gone before anybody looked: that is told as a close after no open."""
        stage = Stage(self)
        for _ in range(3):
            os.close(stage.program())
            await until(lambda: stage.told[-2:] == [1, 0])
            await turn()
            self.assertFalse(stage.port._openers.doubtful)
        stage.port.write(b"for the next")
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.told[-1] == 1)
        self.assertEqual((os.read(fd, 100), stage.unread), (b"for the next", 0))

    async def test_what_the_last_one_wrote_is_still_heard(self) -> None:
        stage, fd = await self.opened()
        os.write(fd, b"the last words, ")
        os.close(fd)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        os.write(fd, b"the first ones")
        await until(lambda: stage.recorder.data == b"the last words, the first ones")

    async def test_one_that_still_has_it_loses_nothing(self) -> None:
        """A second one comes and goes beside it, and comes again."""
        stage, fd = await self.opened()
        self.addCleanup(os.close, fd)
        stage.port.write(b"for the first")
        for _ in range(3):
            os.close(stage.program())
        other = stage.program()
        self.addCleanup(os.close, other)
        await until(lambda: stage.told[-1] == 2)
        self.assertNotIn(0, stage.told)
        self.assertEqual((os.read(fd, 100), stage.unread), (b"for the first", 0))

    async def test_one_that_was_not_counted_loses_nothing(self) -> None:
        """Of two opens in a row the kernel tells once: after the first close nobody would be there."""
        stage = Stage(self)
        fds = [stage.program() for _ in range(2)]
        self.addCleanup(os.close, fds[1])
        await until(lambda: stage.told == [1])
        data = pattern(60_000)
        stage.port.write(data)
        os.close(fds[0])
        got = b""
        while len(got) < len(data):
            try:
                got += os.read(fds[1], 65536)
            except BlockingIOError:
                await turn(0.001)
        self.assertEqual((got, stage.unread, stage.told), (data, 0, [1]))

    async def test_nothing_waits_for_one_that_is_gone(self) -> None:
        """While it is not known yet who has it, what waits is not written."""
        stage, fd = await self.opened()
        stage.port.write(pattern(60_000))
        waiting = stage.port.pending
        other = stage.program()
        stage.port._openers._told(0x8, "")  # the close of the first, before the open is told
        self.assertTrue(stage.port._openers.doubtful)
        os.read(other, 4096)
        stage.port.startWriting()
        self.assertNotIn(stage.port, stage.port.reactor.getWriters())
        self.assertEqual(stage.port.pending, waiting)
        os.close(fd)
        os.close(other)
        await until(lambda: stage.told[-1] == 0)
        self.assertFalse(stage.port._openers.doubtful)

    async def test_the_settings_of_the_new_one_stay(self) -> None:
        stage, fd = await self.opened()
        os.close(fd)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        attributes = termios.tcgetattr(fd)
        attributes[3] = termios.ICANON
        attributes[4] = attributes[5] = termios.B4800
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        await until(lambda: stage.changes == ["4800 8N1"])
        self.assertEqual(stage.told, [1, 0, 1])
        self.assertEqual(termios2.read(fd).lflag, termios.ICANON)


class UnreadTest(TestCase):
    """Nothing is read, since nobody takes it: settings are seen all the same."""

    timeout = 60

    async def test_what_a_program_sets(self) -> None:
        stage, anew = Stage(self), list[str]()
        stage.port.on_set = lambda: anew.append("set")
        for before in (True, False):
            if before:
                stage.port.pauseProducing()
            fd = stage.program()
            await until(lambda: stage.port.programs)
            stage.port.pauseProducing()
            os.write(fd, b"not read")
            attributes = termios.tcgetattr(fd)
            attributes[4] = attributes[5] = termios.B1200 if before else termios.B2400
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
            expected = "1200 8N1" if before else "2400 8N1"
            await until(lambda expected=expected: stage.changes and stage.changes[-1] == expected)
            self.assertEqual(stage.recorder.data, b"")
            stage.port.resumeProducing()
            await until(lambda: stage.recorder.data == b"not read")
            stage.recorder.data = b""
            os.close(fd)
            await until(lambda: not stage.port.programs)
        self.assertEqual(anew, [])

    async def test_no_timer_is_left(self) -> None:
        stage = Stage(self)
        stage.port.pauseProducing()
        fd = stage.program()
        await until(lambda: stage.port.programs)
        os.close(fd)
        await until(lambda: not stage.port.programs)
        self.assertFalse(stage.port._unread.unread)
        self.addCleanup(os.close, stage.program())
        await until(lambda: stage.port.programs)
        self.assertTrue(stage.port._unread.unread)
        await stage.close()


class StoppedTest(TestCase):
    """A program stops the output of the terminal, and leaves it so."""

    async def test_the_next_one_can_write(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        termios.tcflow(fd, termios.TCOOFF)
        self.assertRaises(BlockingIOError, os.write, fd, b"stopped")
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        fd = stage.program()
        self.addCleanup(os.close, fd)
        self.assertEqual(os.write(fd, b"goes on"), 7)
        await until(lambda: stage.recorder.data == b"goes on")

    async def test_so_it_can_after_an_xoff(self) -> None:
        """Which the kernel heeds while a program wants line editing, echo or signals."""
        stage = Stage(self)
        fd = stage.program()
        attributes = termios.tcgetattr(fd)
        attributes[0] |= termios.IXON
        attributes[3] = termios.ISIG
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        await until(lambda: not termios2.read(fd).lflag & 0o200000)
        stage.port.write(b"\x13")
        await until(lambda: self.stopped(fd))
        os.close(fd)
        await until(lambda: stage.told and stage.told[-1] == 0)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        self.assertEqual(os.write(fd, b"goes on"), 7)

    def stopped(self, fd: int) -> bool:
        try:
            return not os.write(fd, b".")
        except BlockingIOError:
            return True

    async def test_that_is_no_setting(self) -> None:
        """Far ports are told anew of what a program sets, and of nothing else."""
        stage, news = Stage(self), list[str]()
        stage.port.on_set = lambda: news.append("set")
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.told == [1])
        for action in (termios.TCOOFF, termios.TCOON):
            termios.tcflow(fd, action)
            await turn()
        termios.tcflush(fd, termios.TCIOFLUSH)
        os.write(fd, b"end")
        await until(lambda: stage.recorder.data == b"end")
        self.assertEqual(news, [])
        termios.tcsetattr(fd, termios.TCSANOW, termios.tcgetattr(fd))
        await until(lambda: news == ["set"])
