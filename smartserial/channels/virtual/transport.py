"""The transport of a virtual port."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.shadow import NAMES, ShadowLine
from smartserial.channels.stream import FULL_BATCH
from smartserial.channels.virtual.port import VirtualPort
from smartserial.channels.virtual.stream import PtyStream
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import IProgramPort
from smartserial.lines import LineSettings

_TIOCPKT_IOCTL = 0x40  # asm-generic/ioctls.h: settings were set, perhaps to what they were


@implementer(IProgramPort)
class VirtualTransport(PtyStream):
    """The transport of a virtual port, with the line that programs find there.

    Of a line's settings a pseudo-terminal carries the speed. The program that opens it decides that;
    while none does, it can be set here. The rest, and the lines, are shadows.
    """

    def __init__(self, port: VirtualPort, reactor: Any) -> None:
        super().__init__(port, reactor)
        self._found = port.made
        self._shadow = ShadowLine(self._found)
        self.told_settings = self._found
        self._seen_unread = False  # whether they were seen before the kernel could tell of them
        self.shadowed = tuple(name for name in NAMES if name != "baudrate")
        self.set_lines = self._shadow.set_lines
        self.lines = self._shadow.lines
        self.send_break = self._shadow.send_break
        self.modem = self._shadow.modem
        self.counts = self._shadow.counts

    def names(self) -> Deferred[list[str]]:
        """Return the programs that have it open, as far as this user may see them."""
        looking: Deferred[list[str]] = deferToThreadPool(
            self.reactor, self.reactor.getThreadPool(), self._port.programs
        )
        return looking

    @property
    def settings(self) -> LineSettings:
        """What is in force: what a program has set wins over what was set here before."""
        found = self._port.settings if self.connected else self._found
        if found != self._found:
            self._found = self._shadow.settings = found
        return self._shadow.settings

    @override
    def look_at_settings(self) -> None:
        super().look_at_settings()
        if self.on_change is None:  # it is told of later
            return
        before, self.told_settings = self.told_settings, self.settings
        if self.told_settings != before:
            self._seen_unread = self._unread.unread
            self.on_change()

    @override
    def told_of(self, status: int) -> None:
        before, seen = self.told_settings, self._seen_unread
        super().told_of(status)
        anew = status & _TIOCPKT_IOCTL and self.told_settings == before and not seen
        if status & _TIOCPKT_IOCTL:
            self._seen_unread = False
        if anew and self.programs and self.on_set is not None:
            self.on_set()

    def apply(self, settings: LineSettings) -> Deferred[None]:
        """Put settings in force; the speed only while no program has the port open."""
        if self.connected and settings.baudrate != self.settings.baudrate and self._port.open:
            return self.names().addCallback(self._refuse)
        return self._apply(settings)

    def _refuse(self, programs: list[str]) -> None:
        who = ", ".join(programs) or "the program that has it open"
        raise SettingsRefusedError(f"{self.path} stays at {self.settings}: {who} decides about it")

    def _apply(self, settings: LineSettings) -> Deferred[None]:
        if not self.connected:
            raise PortError(f"{self.path} is closed")
        if settings.baudrate != self.settings.baudrate:
            self._port.set_baudrate(settings.baudrate)
        self._found = self._port.settings
        self._shadow.settings = replace(settings, baudrate=self._found.baudrate)
        self.told_settings = self._shadow.settings
        return succeed(None)

    def purge_input(self) -> int:
        """Throw away what programs have written and was not read."""
        count = 0
        while data := self._read(FULL_BATCH):
            count += len(data)
        return count

    def purge_output(self) -> int:
        """Throw away what no program has read."""
        with suppress(PortError):
            return self.take_unread()
        return 0
