"""Programs open and close a virtual port: what is told, and what becomes of their bytes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import termios
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from smartserial.channels.inotify import inotify
from smartserial.channels.listener import Listener
from smartserial.channels.serial import termios2
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.settings import Address, ListenerSettings, When
from tests.support import pattern
from tests.virtualstage import Stage, turn, until

EXTPROC = 0o200000


class OpenersTest(TestCase):
    async def test_a_program_that_opens_and_one_more_and_both_close(self) -> None:
        stage = Stage(self)
        first = stage.program()
        await until(lambda: stage.told == [1])
        second = stage.program()
        await until(lambda: stage.told == [1, 2])
        os.close(first)
        await until(lambda: stage.told == [1, 2, 1])
        os.close(second)
        await until(lambda: stage.told == [1, 2, 1, 0])
        self.assertEqual(stage.drains, 1)
        self.assertEqual(stage.port.programs, 0)

    async def test_a_program_that_is_killed(self) -> None:
        stage = Stage(self)
        process = stage.holder()
        await until(lambda: stage.told == [1])
        process.kill()
        await until(lambda: stage.told == [1, 0])

    async def test_a_program_that_is_killed_with_several_descriptors(self) -> None:
        """The kernel tells of equal events once, however many there were."""
        stage = Stage(self)
        process = stage.holder(opens=5)
        await until(lambda: stage.told and stage.told[0] >= 1)
        process.kill()
        await until(lambda: stage.told[-1] == 0)

    async def test_opens_that_the_kernel_tells_of_once_end_with_the_last(self) -> None:
        stage = Stage(self)
        fds = [stage.program() for _ in range(3)]  # in one turn
        await until(lambda: stage.told)
        for fd in fds[:2]:
            os.close(fd)
            await turn()
        self.assertNotIn(0, stage.told)
        os.close(fds[2])
        await until(lambda: stage.told[-1] == 0)

    async def test_a_program_that_only_reads_and_one_that_only_writes(self) -> None:
        stage = Stage(self)
        for flags in (os.O_RDONLY, os.O_WRONLY):
            fd = os.open(stage.path, flags | os.O_NOCTTY)
            await until(lambda: stage.port.programs == 1)
            os.close(fd)
            await until(lambda: stage.port.programs == 0)

    async def test_while_the_port_is_not_read_from(self) -> None:
        """Then the reactor does not see the end."""
        stage = Stage(self)
        stage.port.pauseProducing()
        fd = stage.program()
        await until(lambda: stage.told == [1])
        os.write(fd, b"the rest")
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        self.assertEqual((stage.recorder.data, stage.drains), (b"", 0))
        stage.port.resumeProducing()
        await until(lambda: stage.drains)
        self.assertEqual(stage.recorder.data, b"the rest")

    async def test_the_names_of_programs(self) -> None:
        stage = Stage(self)
        process = stage.holder()
        self.assertIn(f"(pid {process.pid})", " ".join(await stage.port.names()))

    async def test_nothing_is_told_of_our_own_looks(self) -> None:
        stage = Stage(self)
        for _ in range(3):
            stage.port.unconfirmed()
            stage.port.purge_output()
        await turn()
        self.assertEqual(stage.told, [])

    async def test_a_look_of_ours_hides_no_program(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        stage.port.unconfirmed()
        await until(lambda: stage.told == [1])
        os.close(fd)
        stage.port.unconfirmed()
        await until(lambda: stage.told == [1, 0])

    async def test_the_watch_ends_with_the_last_port(self) -> None:
        stage, other = Stage(self), Stage(self)
        await stage.close()
        self.assertGreaterEqual(inotify(stage.port.reactor).fileno(), 0)
        await other.close()
        self.assertEqual(inotify(stage.port.reactor).fileno(), -1)


class BytesTest(TestCase):
    async def test_all_bytes_in_both_directions(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        data = pattern(200_000)
        sent, got = 0, b""
        stage.port.write(data)
        while len(stage.recorder.data) < len(data) or len(got) < len(data):
            with contextlib.suppress(BlockingIOError):
                sent += os.write(fd, data[sent : sent + 5000])
            with contextlib.suppress(BlockingIOError):
                got += os.read(fd, 65536)
            await turn(0)
        self.assertEqual((stage.recorder.data, got), (data, data))
        os.close(fd)

    async def test_the_last_words_of_a_program(self) -> None:
        stage = Stage(self)
        for fanned_out in (False, True):
            stage.recorder.data = b""
            stage.port.fanned_out = fanned_out
            fd = stage.program()
            count = os.write(fd, pattern(9000))
            os.close(fd)
            await until(lambda count=count: len(stage.recorder.data) == count)
            self.assertEqual(stage.recorder.data, pattern(9000)[:count])

    async def test_a_program_that_is_gone_before_anybody_looked(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        os.write(fd, b"short")
        os.close(fd)
        await until(lambda: stage.recorder.data == b"short")
        await until(lambda: stage.drains)
        self.assertEqual(stage.told, [1, 0])

    async def test_what_comes_before_a_program_does_waits_for_it(self) -> None:
        stage = Stage(self)
        stage.port.write(b"hello")
        await turn()
        fd = stage.program()
        self.assertEqual(os.read(fd, 100), b"hello")
        os.close(fd)

    async def test_what_a_program_did_not_read_is_not_for_the_next(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        data = pattern(60_000)  # more than the terminal takes
        stage.port.write(data)
        got = len(os.read(fd, 1000))
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        self.assertEqual(stage.unread, len(data) - got)
        self.assertEqual((stage.port.sent, stage.port.pending, stage.port.dropped), (got, 0, 0))
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.port.programs)
        self.assertRaises(BlockingIOError, os.read, fd, 100)
        stage.port.write(b"new")
        self.assertEqual(os.read(fd, 100), b"new")

    async def test_an_unfinished_line_is_taken_back_too(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        value = termios2.read(fd)
        termios2.write(fd, replace(value, lflag=termios.ICANON))
        await until(lambda: stage.told == [1])
        await turn()
        stage.port.write(b"one\ntwo")
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        self.assertEqual(stage.unread, 7)
        self.assertEqual(termios2.read(stage.port._port.master).lflag, termios.ICANON)

    async def test_with_nobody_told_they_are_dropped(self) -> None:
        stage = Stage(self)
        stage.port.on_unread = None
        fd = stage.program()
        await until(lambda: stage.told == [1])
        stage.port.write(b"12345")
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        self.assertEqual((stage.port.sent, stage.port.dropped), (0, 5))

    async def test_unread_bytes_are_not_confirmed(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        stage.port.write(b"12345")
        await until(lambda: stage.port.unconfirmed() == 5)
        os.read(fd, 2)
        self.assertEqual(stage.port.unconfirmed(), 3)
        self.assertEqual(stage.port.purge_output(), 3)
        self.assertEqual((stage.port.sent, stage.port.unconfirmed()), (2, 0))

    async def test_closing_does_not_wait_for_a_program_that_is_not_there(self) -> None:
        stage = Stage(self)
        stage.port.write(pattern(60_000))
        self.assertTrue(stage.port.pending)
        stage.port.loseConnection()
        await until(lambda: stage.recorder.ended)
        self.assertEqual((stage.port.sent, stage.port.dropped), (0, 60_000))

    async def test_closing_waits_for_one_that_reads(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.told == [1])
        data = pattern(60_000)
        stage.port.write(data)
        stage.port.loseConnection()
        got = b""
        while len(got) < len(data):
            try:
                piece = os.read(fd, 65536)
            except BlockingIOError:
                await turn(0)
                continue
            if not piece:  # the end came before it had read all
                break
            got += piece
        self.assertEqual(data[: len(got)], got)
        await until(lambda: stage.recorder.ended)
        self.assertEqual((stage.port.sent, stage.port.dropped), (len(got), len(data) - len(got)))

    async def test_closing_ends_when_the_program_goes_instead(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        stage.port.write(pattern(60_000))
        stage.port.loseConnection()
        await turn()
        os.close(fd)
        await until(lambda: stage.recorder.ended)


class SettingsTest(TestCase):
    async def test_each_change_is_told(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        for baudrate, stop, expected in (
            (9600, 0, "9600 8N1"),
            (250_000, 0, "250000 8N1"),
            (250_000, termios.CSTOPB, "250000 8N2"),
        ):
            value = termios2.read(fd)
            cflag = value.cflag & ~termios2.CBAUD & ~termios.CSTOPB | termios2.BOTHER | stop
            termios2.write(fd, replace(value, cflag=cflag, ospeed=baudrate, ispeed=baudrate))
            await until(lambda expected=expected: stage.changes and stage.changes[-1] == expected)
        self.assertEqual(len(stage.changes), 3)

    async def test_of_a_program_that_clears_all_flags(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        for number, baudrate in enumerate((1200, 2400, 4800)):
            value = termios2.read(fd)
            cflag = value.cflag & ~termios2.CBAUD | termios2.BOTHER
            termios2.write(fd, replace(value, lflag=0, cflag=cflag, ospeed=baudrate, ispeed=baudrate))
            await until(lambda number=number: len(stage.changes) == number + 1)
            await until(lambda: termios2.read(fd).lflag & EXTPROC)

    async def test_what_a_program_sets_in_a_row_is_left_as_it_is(self) -> None:
        """It sets all flags anew each time, and nothing of ours may come between."""
        stage = Stage(self)
        fd = stage.program()
        self.addCleanup(os.close, fd)
        await until(lambda: stage.told == [1])
        for number in range(60):
            value = termios2.read(fd)
            cflag = value.cflag & ~termios2.CBAUD | termios2.BOTHER
            baudrate = 1000 + number
            termios2.write(fd, replace(value, lflag=0, cflag=cflag, ospeed=baudrate, ispeed=baudrate))
            self.assertFalse(termios2.read(fd).lflag & EXTPROC)
            await turn(0.003)
            self.assertEqual(termios2.read(fd).ospeed, baudrate)
        await until(lambda: stage.changes and stage.changes[-1] == "1059 8N1")
        await until(lambda: termios2.read(fd).lflag & EXTPROC)

    async def test_line_editing_and_echo_are_the_kernels_while_a_program_wants_them(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        value = termios2.read(fd)
        termios2.write(fd, replace(value, lflag=value.lflag | termios.ICANON | termios.ECHO))
        await until(lambda: not termios2.read(fd).lflag & EXTPROC)
        stage.port.write(b"hi\n")
        await until(lambda: stage.recorder.data == b"hi\n")  # the echo
        value = termios2.read(fd)
        cflag = value.cflag & ~termios2.CBAUD | termios2.BOTHER
        termios2.write(fd, replace(value, lflag=0, cflag=cflag, ospeed=1200, ispeed=1200))
        os.close(fd)
        await until(lambda: stage.changes == ["1200 8N1"])
        self.assertTrue(termios2.read(stage.port._port.master).lflag & EXTPROC)

    async def test_the_speed_is_ours_while_no_program_is_there(self) -> None:
        stage = Stage(self)
        await stage.port.apply(replace(stage.port.settings, baudrate=19200))
        fd = stage.program()
        self.addCleanup(os.close, fd)
        self.assertEqual(termios2.decode(termios2.read(fd)).baudrate, 19200)
        with self.assertRaisesRegex(SettingsRefusedError, "decides about it"):
            await stage.port.apply(replace(stage.port.settings, baudrate=300))
        await stage.port.apply(replace(stage.port.settings, bytesize=7))
        self.assertEqual(str(stage.port.settings), "19200 7N1")

    async def test_a_program_that_keeps_others_out_does_so_no_longer_than_it_is_there(self) -> None:
        stage = Stage(self)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        fcntl.ioctl(fd, termios.TIOCEXCL)
        os.close(fd)
        await until(lambda: stage.told == [1, 0])
        again = stage.program()
        self.addCleanup(os.close, again)
        self.assertEqual(fcntl.ioctl(again, 0x80045440, b"\0\0\0\0"), b"\0\0\0\0")  # TIOCGEXCL

    async def test_a_terminal_that_nobody_can_open_any_more_is_given_up(self) -> None:
        """As a user, the gateway cannot open what a program has closed to others either."""
        stage = Stage(self)
        fd = stage.program()
        await until(lambda: stage.told == [1])
        stage.port._port.slave = locked
        os.write(fd, b"the rest")
        os.close(fd)
        await until(lambda: stage.recorder.ended)
        ended = stage.recorder.ended
        assert ended is not None
        self.assertEqual(ended.type, PortError)
        self.assertFalse(stage.path.is_symlink())


def locked() -> None:
    raise PortError("a program keeps others out")


class RightsTest(TestCase):
    async def test_owner_group_and_mode(self) -> None:
        stage = Stage(self, mode=0o660, owner=str(os.getuid()), group=str(os.getgid()))
        status = stage.path.stat()
        self.assertEqual(status.st_mode & 0o777, 0o660)
        self.assertEqual((status.st_uid, status.st_gid), (os.getuid(), os.getgid()))
        self.assertTrue(stage.path.is_symlink())

    async def test_who_is_not_known(self) -> None:
        for keys, words in (({"owner": "nobodyatall"}, "no user"), ({"group": "nogroupatall"}, "no group")):
            folder = Path(self.mktemp())
            with self.assertRaisesRegex(Exception, words):
                Stage(self, folder / "port", **keys)
            self.assertEqual(list(folder.iterdir()), [])


class GapTest(TestCase):
    """A program comes, or goes, while we have the other side open ourselves: nobody tells of that."""

    def meanwhile(self, stage: Stage, act: Callable[[], None]) -> None:
        """Do something once, while the port is open in here."""
        unheard = stage.port._openers._watch.unheard

        @contextlib.contextmanager
        def with_act() -> Iterator[None]:
            stage.port._openers._watch.unheard = unheard
            with unheard():
                act()
                yield

        stage.port._openers._watch.unheard = with_act

    async def test_a_program_that_opens_it_in_the_gap_after_another(self) -> None:
        stage, fds = Stage(self), list[int]()
        fd = stage.program()
        await until(lambda: stage.told == [1])
        self.meanwhile(stage, lambda: fds.append(stage.program()))
        os.close(fd)
        await until(lambda: stage.told == [1, 0, 1])
        os.write(fds[0], b"heard")
        await until(lambda: stage.recorder.data == b"heard")
        os.close(fds[0])
        await until(lambda: stage.told == [1, 0, 1, 0])

    def test_a_listener_that_goes_and_comes_in_one_turn(self) -> None:
        settings = ListenerSettings(Address("127.0.0.1", 0), when=When.DEVICE_OPEN)
        listener = Listener(settings, reactor)
        listener.bind()
        for _ in range(3):
            listener.be_there(True)
            address = ("127.0.0.1", int(listener.where.rpartition(":")[2]))
            socket.create_connection(address).close()
            listener.be_there(False)
            self.assertRaises(ConnectionRefusedError, socket.create_connection, address)

    async def test_a_program_that_opens_it_while_we_look_at_it(self) -> None:
        stage, fds = Stage(self), list[int]()
        self.meanwhile(stage, lambda: fds.append(stage.program()))
        stage.port.unconfirmed()
        await until(lambda: stage.told == [1])
        os.close(fds[0])
        await until(lambda: stage.told == [1, 0])

    async def test_a_program_that_closes_it_while_we_look_at_it(self) -> None:
        """And nothing is read, so that the reactor does not see the end."""
        stage = Stage(self)
        stage.port.pauseProducing()
        fd = stage.program()
        await until(lambda: stage.told == [1])
        self.meanwhile(stage, lambda: os.close(fd))
        stage.port.unconfirmed()
        await until(lambda: stage.told == [1, 0])
