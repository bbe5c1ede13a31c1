"""The transport of a remote serial port: telnet data, and RFC 2217 for its settings and lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.errors import PortError, SettingsRefusedError
from smartserial.interfaces import ISerialTransport
from smartserial.lines import LineCounts, Lines, LineSettings, ModemLines
from smartserial.settings import Address, Rfc2217Device
from smartserial.telnet.client import ComPortClient
from smartserial.telnet.codes import Option
from smartserial.telnet.comport import Purge
from smartserial.telnet.connection import Connection
from smartserial.telnet.rounds import Done, Round

PATIENCE = 3.0  # seconds that answers may take

Begin = Callable[[Done], Round]


@implementer(ISerialTransport)
class RemotePort(TelnetTransport):
    """One connection to a far server; see `telnet.client` for what is asked of that.

    Args:
        wire: the counted transport below.
        connection: this end's codec and options.
        device: where it leads, and how strictly its answers are taken.
        reactor: keeps the time.
    """

    def __init__(self, wire: Any, connection: Connection, device: Rfc2217Device, reactor: Any) -> None:
        super().__init__(wire, connection)
        self.where = str(Address(device.host, device.port))
        self.on_change: Callable[[], None] | None = None
        self.released: Callable[[], None] = lambda: None  # called when reading goes on
        self.client = ComPortClient(self._say, self._changed, self.suspend, device.strict)
        self._reactor = reactor
        self._together: bytearray | None = None  # messages that are to go out in one piece
        self._waiting: dict[Round, IDelayedCall] = {}
        self._break_end: IDelayedCall | None = None
        self._log = Logger()

    # ---- what the far side says

    @property
    def settings(self) -> LineSettings:
        """What is in force over there."""
        return self.client.settings

    @property
    def shadowed(self) -> tuple[str, ...]:
        """Names of settings about which the far side has said nothing."""
        return self.client.shadowed

    def lines(self) -> Lines:
        """Return the states that were last set."""
        return self.client.lines

    def modem(self) -> ModemLines | None:
        """Return the lines as the far side told of them last; None if it has not."""
        return self.client.modem

    def counts(self) -> LineCounts | None:
        """Return how often the far side has told of errors, breaks and changes of lines."""
        return self.client.counts

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    # ---- requests

    def _say(self, payload: bytes) -> None:
        encoded = self.connection.subnegotiate(Option.COM_PORT, payload)
        if self._together is None:
            self.control(encoded)
        else:
            self._together += encoded

    def perform(self, begin: Begin, overtake: bool = False) -> Deferred[tuple[bool, str]]:
        """Make requests, in one piece, and wait for the answers, but not for ever.

        Args:
            begin: makes them.
            overtake: whether they go out before data that waits here, else after it: for what follows.

        Returns:
            Whether that succeeded, with what there is to say. Fails with a PortError if the connection is
            lost before.
        """
        if self._lost:
            return fail(PortError(f"{self.where} went away"))
        result: Deferred[tuple[bool, str]] = Deferred()
        ended = False

        def done(ok: bool, text: str) -> None:
            nonlocal ended
            ended = True
            timer = self._waiting.pop(round_, None) if round_ is not None else None
            if timer is not None and timer.active():
                timer.cancel()
            if self._lost:
                result.errback(PortError(f"{self.where} went away"))
            else:
                result.callback((ok, text))

        round_ = None
        self._together = bytearray()
        try:
            round_ = begin(done)
        finally:
            together, self._together = bytes(self._together), None
        if overtake:
            self.control(together)
        else:
            self.control_in_order(together)
        if not ended:
            self._waiting[round_] = self._reactor.callLater(PATIENCE, self.client.timed_out, round_)
        return result

    def remark(self, text: str) -> None:
        """Log something that the operator should know of the far server."""
        self._log.warn("{where} {text}", where=self.where, text=text)

    def report(self, failure: Failure) -> None:
        """Log why something did not succeed that nobody waits for."""
        failure.trap(PortError)
        self._log.warn("{reason}", reason=failure.getErrorMessage())

    def apply(self, settings: LineSettings) -> Deferred[None]:
        """Ask for other settings; where one is refused, the former ones are asked for again."""
        return Deferred.fromCoroutine(self._apply(settings))

    async def _apply(self, settings: LineSettings) -> None:
        before = self.settings
        ok, text = await self.perform(lambda done: self.client.change(settings, done))
        if not ok:
            await self.perform(lambda done: self.client.change(before, done))
            raise SettingsRefusedError(f"{self.where} {text}; it stays at {self.settings}")
        if text:
            self.remark(text)

    def set_lines(self, lines: Lines) -> Deferred[None]:
        """Drive lines, DTR and RTS in one piece."""
        return Deferred.fromCoroutine(self._set_lines(lines))

    async def _set_lines(self, lines: Lines) -> None:
        drive = partial(self.client.drive, lines)
        ok, text = await self.perform(drive, overtake=True)  # a line may be what the far device waits for
        if not ok:
            raise PortError(f"{self.where} {text}")
        if text:
            self.remark(text)

    def purge_input(self) -> int:
        """Have what was received over there thrown away; how much that is nobody tells."""
        self.client.purge(Purge.RECEIVE)
        return 0

    def purge_output(self) -> int:
        """Have what is to be sent over there thrown away; how much that is nobody tells."""
        self.client.purge(Purge.TRANSMIT)
        return 0

    # ---- break

    def send_break(self, seconds: float) -> None:
        """Hold a break for so long; a second call begins anew."""
        if self._break_end is not None:
            self._break_end.cancel()
        self._break(True)
        self._break_end = self._reactor.callLater(seconds, self._end_break)

    def _end_break(self) -> None:
        self._break_end = None
        self._break(False)

    def _break(self, on: bool) -> None:
        self.set_lines(Lines(brk=on)).addErrback(self.report)

    def _let_go(self) -> None:
        """End a break before the connection ends."""
        if self._break_end is not None:
            self._break_end.cancel()
            self._break_end = None
        if self.client.lines.brk and not self._lost:
            self.client.drive(Lines(brk=False), lambda ok, text: None)

    # ---- reading and closing

    @override
    def resumeProducing(self) -> None:
        super().resumeProducing()
        self.released()

    @property
    def paused(self) -> bool:
        """Whether nothing is to be handed over now."""
        return self._paused

    @override
    def loseConnection(self) -> None:
        self._let_go()
        super().loseConnection()

    @override
    def cut(self) -> None:
        self._let_go()
        super().cut()

    @override
    def abortConnection(self) -> None:
        self._let_go()
        super().abortConnection()

    def ended(self) -> None:
        """Take note that the connection is lost; nothing is waited for any more."""
        self._let_go()
        self.client.lost()
