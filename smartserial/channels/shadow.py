"""The serial line of a device that has none, or that is away: it exists in memory only."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed

from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines

NAMES = ("baudrate", "bytesize", "parity", "stopbits", "flow")


class ShadowLine:
    """What `ISerialTransport` has beyond its bytes, kept here and acknowledged."""

    shadowed = NAMES

    def __init__(self, settings: LineSettings | None) -> None:
        self.settings = settings or LineSettings()
        self._lines = Lines()

    def apply(self, settings: LineSettings) -> Deferred[None]:
        """Keep settings."""
        self.settings = settings
        return succeed(None)

    def set_lines(self, lines: Lines) -> Deferred[None]:
        """Keep the states of lines."""
        self._lines = lines.over(self._lines)
        return succeed(None)

    def lines(self) -> Lines:
        """Return the states that were last set."""
        return self._lines

    def send_break(self, seconds: float) -> None:
        """Do nothing: nobody would hear it."""

    def modem(self) -> ModemLines | None:
        """Return None: there are no such lines."""

    def counts(self) -> LineCounts | None:
        """Return None: nobody counts."""

    def purge_input(self) -> int:
        """Return 0: nothing waits."""
        return 0

    def purge_output(self) -> int:
        """Return 0: nothing waits."""
        return 0
