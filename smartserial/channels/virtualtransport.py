"""The transport of a virtual port."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.shadow import NAMES, ShadowLine
from smartserial.channels.tty import TtyStream
from smartserial.channels.virtualport import VirtualPort, read_away
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import ISerialTransport
from smartserial.lines import LineSettings


@implementer(ISerialTransport)
class VirtualTransport(TtyStream):
    """The transport of a virtual port; it gives the port up when it is closed.

    Of a line's settings a pseudo-terminal carries the speed. The program that opens it decides that;
    while none does, it can be set here. The rest, and the lines, are shadows.
    """

    def __init__(self, port: VirtualPort, reactor: Any) -> None:
        super().__init__(str(port.path), reactor)
        self._port = port
        self._found = port.settings
        self._shadow = ShadowLine(self._found)
        self.shadowed = tuple(name for name in NAMES if name != "baudrate")
        self.set_lines = self._shadow.set_lines
        self.lines = self._shadow.lines
        self.send_break = self._shadow.send_break
        self.modem = self._shadow.modem
        self.counts = self._shadow.counts

    @override
    def fileno(self) -> int:
        return self._port.master if self.connected else -1

    @property
    def settings(self) -> LineSettings:
        """What is in force: what a program has set wins over what was set here before."""
        found = self._port.settings if self.connected else self._found
        if found != self._found:
            self._found = self._shadow.settings = found
        return self._shadow.settings

    def apply(self, settings: LineSettings) -> Deferred[None]:
        """Put settings in force; the speed only while no program has the port open."""
        looking: Deferred[list[str]] = deferToThreadPool(
            self.reactor, self.reactor.getThreadPool(), self._port.programs
        )
        return looking.addCallback(self._apply, settings)

    def _apply(self, programs: list[str], settings: LineSettings) -> None:
        if not self.connected:
            raise PortError(f"{self.path} is closed")
        if programs and settings.baudrate != self.settings.baudrate:
            raise SettingsRefusedError(
                f"{self.path} stays at {self.settings}: {', '.join(programs)} decides about it"
            )
        if settings.baudrate != self.settings.baudrate:
            self._port.set_baudrate(settings.baudrate)
        self._found = self._port.settings
        self._shadow.settings = replace(settings, baudrate=self._found.baudrate)

    def purge_input(self) -> int:
        """Throw away what programs have written and was not read."""
        return read_away(self._port.master)

    def purge_output(self) -> int:
        """Throw away what no program has read."""
        count = self._port.take_unread()
        self.take_back(count)
        return count

    def unconfirmed(self) -> int:
        """Return how many bytes no program has read yet."""
        return self._port.unread() if self.connected else 0

    def abortConnection(self) -> None:
        """Close now, with what is pending."""
        self.connectionLost(Failure(CONNECTION_DONE))

    @override
    def connectionLost(self, reason: Failure) -> None:
        if not self.connected:
            return
        self._drop_pending()
        super().connectionLost(reason)
        self._port.release()
        self.protocol.connectionLost(reason)
