"""The grace of a stop: bytes that are on their way are still delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import deferLater

from smartserial.interfaces import IProgramPort
from smartserial.share.books import Books
from smartserial.share.clients import Clients
from smartserial.share.device import SharedDevice

GRACE = 5.0  # seconds that a stop waits for bytes to be taken
TICK = 0.02
# Looks, not seconds: what has come is read between two of them, also where we have little time.
_CALM = 5  # without a byte, after which nothing more is expected
_STEADY = 50  # after which a stop cuts a stream that never ends


class Drain:
    """Waits until every byte has been taken and no more come.

    Args:
        books: tell whether bytes come.
        clients: have bytes waiting for them.
        device: has, too.
        held: tells how many bytes wait for their turn to go to it.
        reactor: keeps the time.
    """

    def __init__(
        self, books: Books, clients: Clients, device: SharedDevice, held: Callable[[], int], reactor: Any
    ) -> None:
        self.hurried = False  # set to end the grace at once
        self._books = books
        self._clients = clients
        self._device = device
        self._held = held
        self._reactor = reactor

    async def wait(self) -> None:
        """Wait, within the grace."""
        started = self._reactor.seconds()
        before, looks, calm = -1, 0, 0
        while self._reactor.seconds() < started + GRACE and not self.hurried:
            waiting = self._waiting()
            read = self._books.up.read + self._books.down.read
            calm = 0 if read != before or waiting else calm + 1
            before, looks = read, looks + 1
            if not waiting and (calm >= _CALM or looks > _STEADY or not self._clients):
                break
            await deferLater(self._reactor, TICK)

    def _waiting(self) -> int:
        streams = [session.stream for session in self._clients]
        streams += [stream for stream in self._device.streams if not _nobody_there(stream)]
        return self._held() + sum(int(stream.pending + stream.unconfirmed()) for stream in streams)


def _nobody_there(device: Any) -> bool:
    """Tell whether no program has a virtual port open: what waits for one cannot be delivered."""
    return IProgramPort.providedBy(device) and not device.programs
