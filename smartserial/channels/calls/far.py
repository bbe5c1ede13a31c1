"""A far server of RFC 2217 that a share has called: the layers between its connection and the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.calls.answering import Answers, NotLetInError
from smartserial.channels.telnet.remoteport import RemotePort
from smartserial.channels.telnet.rfc2217 import RemoteProtocol, RemoteTelnet
from smartserial.channels.telnet.wire import TelnetTransport
from smartserial.errors import PortError
from smartserial.settings import CallLogin, Rfc2217Device
from smartserial.telnet.codes import Option
from smartserial.telnet.connection import Connection

_log = Logger()


class FarPort(RemotePort):
    """The transport of a session with a far server.

    Args:
        note: is told what the operator should know of it.
        others: as `RemotePort` has them.
    """

    def __init__(self, note: Callable[[str], None], *others: Any) -> None:
        super().__init__(*others)
        self._note = note

    @override
    def remark(self, text: str) -> None:
        self._note(f"{self.where} {text}")


class FarTelnet(RemoteTelnet):
    """The telnet layer below it."""

    def __init__(
        self, opening: FarProtocol, device: Rfc2217Device, note: Callable[[str], None], reactor: Any
    ) -> None:
        super().__init__(opening, device, reactor)
        self._note = note

    @override
    def make_transport(self, wire: Any, connection: Connection) -> TelnetTransport:
        return FarPort(self._note, wire, connection, self._device, self._reactor)


class FarProtocol(RemoteProtocol):
    """Logs in, if that is asked for, agrees on the option, and lets the session begin.

    Args:
        device: where the far port is.
        asks: whether it is asked for the settings that are in force there.
        login: what is answered to its questions; None: none are expected.
        settling: as `Answers` has it.
        factory: makes the session.
        failed: is told why there is none.
        reactor: keeps the time.
    """

    def __init__(
        self,
        device: Rfc2217Device,
        asks: bool,
        login: CallLogin | None,
        settling: float,
        factory: IProtocolFactory,
        failed: Callable[[str | NotLetInError], None],
        reactor: Any,
    ) -> None:
        super().__init__(device, reactor)
        self._asks = asks
        self._login = login
        self._settling = settling
        self._factory = factory
        self._failed = failed
        self._answers: Answers | None = None

    @override
    def connectionMade(self) -> None:
        Deferred.fromCoroutine(self._begin()).addErrback(self._broken)

    def _broken(self, failure: Failure) -> None:
        """Give up, and tell what is wrong in here."""
        _log.failure("the call to {where} failed", failure, where=self._where)
        self.transport.abortConnection()
        self._failed("something is wrong in here, as the log tells")

    async def _begin(self) -> None:
        try:
            if self._login is not None:
                await self._log_in(self._login)
            await self.open(self._factory)
        except (PortError, NotLetInError) as error:
            self.transport.abortConnection()
            told = isinstance(error, NotLetInError)
            self._failed(error if told else str(error).removeprefix(f"{self._where} "))  # type: ignore[arg-type]

    async def _log_in(self, login: CallLogin) -> None:
        result: Deferred[bytes | NotLetInError] = Deferred()
        self._answers = Answers(login, self._settling, self.transport.tell, result.callback, self._reactor)
        data = await result
        self._answers = None
        if isinstance(data, NotLetInError):
            raise data
        if self._early is not None:
            self._early += data

    @override
    async def _set(self) -> None:
        if self._asks:
            await super()._set()

    @override
    def _last_words(self) -> str:
        # A far side that repeats what it was told would have us show a password.
        return super()._last_words() if self._login is None else "closed the connection"

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._answers is not None:
            self._answers.hear(data)
        else:
            super().dataReceived(data)

    @override
    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        super().telnet_subnegotiation(option, payload)
        if option == Option.COM_PORT and self._answers is not None:
            self._answers.settled()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._answers is not None:
            self._answers.lost()
