"""Bytes from and to the programs that open a virtual port, and word of who has it open."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.overlay import OverlayKeeper
from smartserial.channels.ptywatch import CLOSE, OPEN, OPENERS, Watch, inotify
from smartserial.channels.stream import FULL_BATCH
from smartserial.channels.tty import TtyStream
from smartserial.channels.virtualport import VirtualPort
from smartserial.errors import PortError

_SETTLING = 0.02  # seconds between looks at settings that the kernel does not tell of
_CALM = 10  # looks without news after which it is made to tell of them again
_LOOKS = (0.005, 0.05, 0.5)  # seconds after a close at which it is looked whether it was the last
_WORTH_ANOTHER_READ = 2048


class PtyStream(TtyStream):
    """A counted transport on the master of a virtual port, which is given up when it is closed.

    While no program has the port open its master is hung up: then the reactor does not watch it. What
    is read begins with one byte of the kernel's: 0 before data, else what happened to the terminal.
    """

    def __init__(self, port: VirtualPort, reactor: Any) -> None:
        super().__init__(str(port.path), reactor)
        self.programs = self._told_programs = 0
        self._counted = 0  # opens less closes; too little where several were told of as one
        self.drained = True
        self.on_programs: Callable[[int], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_unread: Callable[[int], None] | None = None
        self._port = port
        self._hung_up = True
        self._ending = False
        self._watch: Watch | None = None
        self._keeper: OverlayKeeper | None = None
        self._looking: IDelayedCall | None = None
        self._settling: IDelayedCall | None = None
        self._quiet = 0  # looks since settings were last new, while the kernel does not tell of them
        self._seen: object = None

    @override
    def start(self, protocol: IProtocol) -> None:
        self._watch = inotify(self.reactor).watch(self._port.target, OPENERS, self._told)
        if self._port.overlay is not None and self._port.overlay.begun:
            self._keeper = OverlayKeeper(self._port.overlay, self._port.put_link, self.reactor)
        super().start(protocol)
        if self.connected:
            with self._alone():
                self._look()

    @override
    def fileno(self) -> int:
        return self._port.master if self.connected else -1

    # ---- programs

    def _told(self, mask: int, name: str) -> None:
        """Count who opens and who closes: what the kernel told of once may have happened twice."""
        if mask & OPEN:
            self._counted += 1
        elif mask & CLOSE:
            self._counted -= 1
        if mask & OPEN and self._hung_up and not self._port.open:  # it has come and gone
            self._counted = 0
            self.programs = 1
            self._opened()
            self.programs = 0
            self._closed()
        else:
            self._look(0 if mask & CLOSE else len(_LOOKS))

    def _look(self, tries: int = len(_LOOKS)) -> None:
        """See whether a program has the port open; the kernel tells of a close before it is done."""
        if not self.connected:
            return
        if self._looking is not None and self._looking.active():
            self._looking.cancel()
        self._looking = None
        counted = self._counted
        self.programs = max(1, counted) if self._port.open else 0
        self._counted = counted if self.programs else 0
        if self.programs and self._hung_up:
            self._opened()
        elif not self.programs and not self._hung_up:
            self._closed()
        elif self.programs:
            self.look_at_settings()
            self._tell_programs()
        if tries < len(_LOOKS) and self.programs and (counted < 1 or self._paused):
            self._looking = self.reactor.callLater(_LOOKS[tries], self._look, tries + 1)

    def _opened(self) -> None:
        self._hung_up = False
        self.drained = False
        if not self._paused and not self.disconnecting:
            self.startReading()
        if self.pending:
            self.startWriting()
        self.look_at_settings()
        self._tell_programs()

    def _closed(self) -> None:
        """Take back what the last program did not read, and read what it had written."""
        self._hung_up = True
        self.stopWriting()
        self.look_at_settings()
        try:
            count = self.take_unread() + self.discard_oldest(self.pending)
        except PortError as error:  # nor could the next program open it: a new terminal is better
            self.reactor.callLater(0, self._give_up, error)
            return
        if count and self.on_unread is not None:
            self.on_unread(count)
        else:
            self.dropped += count
        self._tell_programs()
        if self.disconnecting:
            self.reactor.callLater(0, self._lose_now)
        else:
            self._read_the_rest()

    def _tell_programs(self) -> None:
        if self.programs != self._told_programs:
            self._told_programs = self.programs
            if self.on_programs is not None:
                self.on_programs(self.programs)

    def _read_the_rest(self) -> None:
        """Read what the last program has left behind, if it is wanted now; tell when there is no more."""
        if not self._hung_up or self.drained:
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
        if not self._hung_up:
            super().startReading()

    @override
    def startWriting(self) -> None:
        if not self._hung_up:
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
                self._look()
                self._read_the_rest()
            else:
                self.reactor.callLater(0, self._give_up, self.lost_by(error))
            return b""
        if data[:1] != b"\0":
            self.look_at_settings()
            return b""
        return data[1:]

    @override
    def _read_on(self, data: bytes) -> bytes:
        pieces, size = [data], len(data)
        while size < FULL_BATCH and (piece := self._read(FULL_BATCH)):
            pieces.append(piece)
            size += len(piece)
        return data if len(pieces) == 1 else b"".join(pieces)

    def look_at_settings(self) -> None:
        """Take note that a program may have changed settings.

        When it has taken away what makes the kernel tell of that, they are looked at for a while: only
        when it has left them alone is it put back, for that sets them all.
        """
        if self._port.told_of_settings or self._settling is not None or not self.connected:
            return
        if self._hung_up:
            self._port.watch_settings()
            return
        self._quiet, self._seen = 0, None
        self._settling = self.reactor.callLater(_SETTLING, self._settle)

    def _settle(self) -> None:
        self._settling = None
        seen = self._port.attributes
        self._quiet = self._quiet + 1 if seen == self._seen else 0
        self._seen = seen
        if self._quiet >= _CALM and not self._port.told_of_settings:
            self._port.watch_settings()
        elif not self._port.told_of_settings:
            self._settling = self.reactor.callLater(_SETTLING, self._settle)
        self.look_at_settings()

    def take_unread(self) -> int:
        """Take back what no program has read; it counts as never written.

        Raises:
            PortError: a program keeps others from the terminal.
        """
        with self._alone():
            count = min(self._port.take_unread(alone=self._hung_up), self.sent)
        self.sent -= count
        return count

    def unconfirmed(self) -> int:
        """Return how many bytes no program has read yet; 0 where that cannot be seen."""
        if self.connected:
            with suppress(PortError), self._alone():
                return self._port.unread()
        return 0

    def _alone(self) -> Any:
        """Open the other side in here without being told of that."""
        assert self._watch is not None
        return self._watch.unheard()

    @override
    def abandon(self) -> None:
        with suppress(PortError):
            self.dropped += self.take_unread()

    # ---- the end

    @override
    def loseConnection(self, _connDone: Failure | None = None) -> None:
        super().loseConnection()
        if self._hung_up:  # nobody is there to read what waits
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
        for call in (self._looking, self._settling):
            if call is not None and call.active():
                call.cancel()
        if self._keeper is not None:
            self._keeper.stop()
        if self._watch is not None:
            self._watch.stop()
        super().connectionLost(reason)
        self._port.release()
        self.protocol.connectionLost(reason)

    def _watch_again(self) -> None:
        """Go on though the reactor has taken the close of the last program for the end."""
        self._look()
        self._read_the_rest()
        if not self._paused:
            self.startReading()
        if self.pending:
            self.startWriting()
