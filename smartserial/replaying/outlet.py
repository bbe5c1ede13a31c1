"""Those who are played to."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.foreign import ForeignTransport, counted
from smartserial.errors import SmartSerialError
from smartserial.interfaces import IProgramPort

PATIENCE = 30.0
"""Seconds without a byte being taken after which nothing is waited for, unless the user says others."""
_CALM = 0.2  # seconds without a byte that waits: a terminal shows what it is given a little later
_TICK = 0.02
_LOOKS = 50  # in the seconds of patience, at who has no room
_PARTING = 5.0  # seconds for connections to close


class ReplayError(SmartSerialError):
    """A capture cannot be played to its end."""


@implementer(IPushProducer)
class _Ear(Protocol):
    """One that is played to; what it says is heard and forgotten."""

    stream: Any  # ICountedTransport

    def __init__(self, outlet: Outlet) -> None:
        self.full = False
        self._outlet = outlet

    @override
    def connectionMade(self) -> None:
        self.stream = counted(self.transport)
        self.stream.registerProducer(self, True)
        self._outlet.joined(self)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if isinstance(self.stream, ForeignTransport):
            self.stream.lost()
        self._outlet.left(self, reason)

    @property
    def attended(self) -> bool:
        """Whether somebody hears it now, as far as that can be seen."""
        return not IProgramPort.providedBy(self.stream) or self.stream.programs > 0

    @property
    def waiting(self) -> int:
        """Bytes that it has been given, and has not taken as far as that can be seen."""
        return int(self.stream.pending + self.stream.unconfirmed())

    def pauseProducing(self) -> None:
        self.full = True

    def resumeProducing(self) -> None:
        self.full = False
        self._outlet.room()

    def stopProducing(self) -> None:
        pass


class Outlet(Factory):
    """Everybody who is played to: what was connected to, or whoever connects.

    Args:
        reactor: keeps the time.
        patience: seconds without a byte being taken after which nothing is waited for any more.
    """

    noisy = False

    def __init__(self, reactor: Any, patience: float = PATIENCE) -> None:
        self._reactor = reactor
        self._patience = patience
        self._ears: list[_Ear] = []
        self._news: list[Deferred[None]] = []
        self._why = ""
        self._ending = False
        self.was_cut = False

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        return None if self._ending else _Ear(self)

    def joined(self, ear: _Ear) -> None:
        """Take note of one more."""
        self._ears.append(ear)
        if IProgramPort.providedBy(ear.stream):
            ear.stream.on_programs = lambda _: self.room()
        self.room()

    def left(self, ear: _Ear, reason: Failure) -> None:
        """Take note of one less."""
        self._ears.remove(ear)
        self._why = reason.getErrorMessage()
        self.room()

    def room(self) -> None:
        """Have those look again who wait for something."""
        news, self._news = self._news, []
        for waiting in news:
            waiting.callback(None)

    def _change(self) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self._news.append(waiting)
        return waiting

    async def somebody(self) -> None:
        """Wait until there is somebody: at a virtual port, a program that has it open."""
        while not any(ear.attended for ear in self._ears):
            await self._change()

    async def write(self, data: bytes) -> None:
        """Send to everybody, when all have room.

        Raises:
            ReplayError: nobody is there any more, or somebody takes nothing.
        """
        await self._room_for_all()
        if not self._ears:
            raise ReplayError(f"nobody is there any more: {self._why}")
        if not any(ear.attended for ear in self._ears):
            raise ReplayError("no program has the port open any more")
        for ear in list(self._ears):
            ear.stream.write(data)

    async def _room_for_all(self) -> None:
        """Wait until all have room, as long as each that has none takes something."""
        since, before = self._reactor.seconds(), dict[_Ear, int]()
        while full := {ear: ear.waiting for ear in self._ears if ear.full}:
            now = self._reactor.seconds()
            if any(count == before.get(ear) for ear, count in full.items()):
                if now - since >= self._patience:
                    raise ReplayError(self._stuck(max(full.values())))
            else:
                since, before = now, full
            look = self._reactor.callLater(self._patience / _LOOKS, self.room)
            await self._change()
            if look.active():
                look.cancel()

    def _stuck(self, waiting: int) -> str:
        return f"{waiting} bytes are not taken, none of them for {self._patience:g} s"

    async def finish(self) -> None:
        """Close when everything has been taken.

        Raises:
            ReplayError: some of it is not taken.
        """
        since, before = self._reactor.seconds(), -1
        while True:
            now = self._reactor.seconds()
            waiting = sum(ear.waiting for ear in self._ears)
            if waiting != before:
                since, before = now, waiting
            if now - since >= (self._patience if waiting else _CALM):
                break
            await deferLater(self._reactor, _TICK)
        if waiting:
            raise ReplayError(self._stuck(waiting))
        if dropped := sum(ear.stream.dropped for ear in self._ears):
            raise ReplayError(f"{dropped} bytes were not taken")
        self._ending = True
        for ear in list(self._ears):
            ear.stream.unregisterProducer()
            ear.stream.loseConnection()
        end = self._reactor.seconds() + _PARTING
        while self._ears and self._reactor.seconds() < end:
            await deferLater(self._reactor, _TICK)

    def cut(self) -> None:
        """Close now, also if something is still to be played: `was_cut` tells so from then on."""
        self._ending = self.was_cut = True
        for ear in list(self._ears):
            ear.stream.unregisterProducer()
            ear.stream.cut()
