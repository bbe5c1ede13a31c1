"""Bytes from and to the programs that open a virtual port, and word of who has it open."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.serial.tty import TtyStream
from smartserial.channels.stream import FULL_BATCH
from smartserial.channels.virtual.linkkeeper import LinkKeeper
from smartserial.channels.virtual.openers import Openers
from smartserial.channels.virtual.port import VirtualPort
from smartserial.channels.virtual.settings import Settling, Unread
from smartserial.errors import PortError

_WORTH_ANOTHER_READ = 2048


class PtyStream(TtyStream):
    """A counted transport on the master of a virtual port, which is given up when it is closed.

    While no program has the port open its master is hung up: then the reactor does not watch it. What
    is read begins with one byte of the kernel's: 0 before data, else what happened to the terminal.
    """

    def __init__(self, port: VirtualPort, reactor: Any) -> None:
        super().__init__(str(port.path), reactor)
        self._told_programs = 0
        self.drained = True
        self.on_programs: Callable[[int], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_unread: Callable[[int], None] | None = None
        self.on_set: Callable[[], None] | None = None
        self._port = port
        self._openers = Openers(port, self, reactor)
        self._ending = False
        self._keeper: LinkKeeper | None = None
        self._settling = Settling(port, lambda: self.look_at_settings(), reactor)
        self._unread = Unread(lambda: self.look_at_settings(), reactor)

    @override
    def start(self, protocol: IProtocol) -> None:
        self._openers.start()
        self._keeper = LinkKeeper(self._port, self.reactor)
        super().start(protocol)
        self._openers.look_back()

    @override
    def fileno(self) -> int:
        return self._port.master if self.connected else -1

    # ---- programs

    @property
    def programs(self) -> int:
        """How many have it open; exact about none, else at least so many."""
        return self._openers.count

    def look(self) -> None:
        """Tell of programs, and of what they have set, that were there before anybody listened."""
        self._openers.look()
        self.look_at_settings()

    def opened(self) -> None:
        """Serve the first program."""
        self.drained = False
        if self._paused or self.disconnecting:
            self._unread.note(True)
        else:
            self.startReading()
        if self.pending:
            self.startWriting()
        self._tell_programs()
        self.look_at_settings()

    def closed(self) -> None:
        """Take back what the last program did not read, and read what it had written."""
        self._unread.note(False)
        self.stopWriting()
        self.look_at_settings()
        try:
            self._take_back_all()
        except PortError as error:  # nor could the next program open it: a new terminal is better
            self.reactor.callLater(0, self._give_up, error)
            return
        self._tell_programs()
        if self.disconnecting:
            self.reactor.callLater(0, self._lose_now)
        else:
            self._read_the_rest()

    def reopened(self) -> None:
        """Do the same when another program has the port open already; its settings stay as they are."""
        with suppress(PortError):  # it keeps others out
            self._take_back_all()
        self._tell_programs()

    def counted(self) -> None:
        """Take note of others, who may have set something."""
        self.look_at_settings()
        self._tell_programs()

    def doubted(self) -> None:
        """Write nothing that waits while the program that it is for may be gone."""
        if self._openers.doubtful:
            self.stopWriting()
        elif self.pending:
            self.startWriting()

    def _take_back_all(self) -> None:
        count = self.discard_oldest(self.pending)
        try:
            count += self.take_unread()
        finally:
            if count and self.on_unread is not None:
                self.on_unread(count)
            else:
                self.dropped += count

    def _tell_programs(self) -> None:
        if self.programs != self._told_programs:
            self._told_programs = self.programs
            if self.on_programs is not None:
                self.on_programs(self.programs)

    def _read_the_rest(self) -> None:
        """Read what the last program has left behind, if it is wanted now; tell when there is no more."""
        if not self._openers.none or self.drained:
            return
        if self._port.readable:
            if not self._paused:
                super().startReading()
            return
        self.drained = True
        self.stopReading()
        if self.on_drained is not None:
            self.on_drained()

    def _give_up(self, error: PortError) -> None:
        if self.connected:
            self._ending = True
            self.connectionLost(Failure(error))

    # ---- bytes

    @override
    def startReading(self) -> None:
        if not self._openers.none:
            super().startReading()
            self._unread.note(False)

    @override
    def stopReading(self) -> None:
        super().stopReading()
        self._unread.note(bool(self.connected) and not self._openers.none)

    @override
    def startWriting(self) -> None:
        if not self._openers.none and not self._openers.doubtful:
            super().startWriting()

    @override
    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self.connected and not self.disconnecting:
            self._read_the_rest()

    @override
    def doRead(self) -> BaseException | None:
        data = self._read(FULL_BATCH)
        if data and self.fanned_out and len(data) >= _WORTH_ANOTHER_READ:
            data = self._read_on(data)
        if data:
            self.protocol.dataReceived(data)
        return None

    def _read(self, size: int) -> bytes:
        """Read up to `size` bytes of data; nothing, if something else was to be told."""
        try:
            data = os.read(self._port.master, size + 1)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:
                self._openers.look()
                self._read_the_rest()
            else:
                self.reactor.callLater(0, self._give_up, self.lost_by(error))
            return b""
        if data[:1] != b"\0":
            self.told_of(data[0])
            return b""
        return data[1:]

    @override
    def _read_on(self, data: bytes) -> bytes:
        pieces, size = [data], len(data)
        while size < FULL_BATCH and (piece := self._read(FULL_BATCH)):
            pieces.append(piece)
            size += len(piece)
        return data if len(pieces) == 1 else b"".join(pieces)

    def told_of(self, status: int) -> None:
        """Take note of what has happened to the terminal: bits of TIOCPKT."""
        self.look_at_settings()

    def look_at_settings(self) -> None:
        """Take note that a program may have changed settings."""
        if self.connected:
            self._settling.check(alone=self._openers.none)

    def take_unread(self) -> int:
        """Take back what no program has read; it counts as never written.

        Raises:
            PortError: a program keeps others from the terminal.
        """
        with self._openers.ourselves():
            count = min(self._port.take_unread(alone=self._openers.none), self.sent)
        self.sent -= count
        return count

    def unconfirmed(self) -> int:
        """Return how many bytes no program has read yet; 0 where that cannot be seen."""
        if self.connected:
            with suppress(PortError), self._openers.ourselves():
                return self._port.unread()
        return 0

    @override
    def abandon(self) -> None:
        with suppress(PortError):
            self.dropped += self.take_unread()

    # ---- the end

    @override
    def loseConnection(self, _connDone: Failure | None = None) -> None:
        super().loseConnection()
        if self._openers.none:  # nobody is there to read what waits
            self.reactor.callLater(0, self._lose_now)

    def _lose_now(self) -> None:
        if self.connected:
            self.cut()

    def abortConnection(self) -> None:
        """Close now, with what is pending."""
        self.cut()

    @override
    def cut(self) -> None:
        self._ending = True
        super().cut()

    @override
    def connectionLost(self, reason: Failure) -> None:
        if not self.connected:
            return
        if not self._ending and not self.disconnecting and reason.check(ConnectionDone, ConnectionLost):
            self._watch_again()
            return
        self._drop_pending()
        self.abandon()
        self._openers.stop()
        self._settling.stop()
        self._unread.stop()
        if self._keeper is not None:
            self._keeper.stop()
        super().connectionLost(reason)
        self._port.release()
        self.protocol.connectionLost(reason)

    def _watch_again(self) -> None:
        """Go on though the reactor has taken the close of the last program for the end."""
        self._openers.look()
        self._read_the_rest()
        if not self._paused:
            self.startReading()
        if self.pending:
            self.startWriting()
