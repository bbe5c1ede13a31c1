"""Bytes on their way to a channel: in order, and one after the other where the device wants time for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from smartserial.channels.elements.channel import MOST_PENDING, Channel
from smartserial.engine.effects import Peer, Send


class Sender:
    """Sends what an engine wants sent on one connection.

    Args:
        channel: takes the bytes.
        told: is called with what goes out, for whom, and to how many sessions.
        reactor: keeps the time between bytes.
    """

    def __init__(
        self, channel: Channel, told: Callable[[bytes, Peer | None, int], None], reactor: Any
    ) -> None:
        self._channel = channel
        self._told = told
        self._reactor = reactor
        self._waiting: deque[Send] = deque()
        self._size = 0
        self._position = 0
        self._call: IDelayedCall | None = None
        self.dropped = 0
        """Bytes that waited for their turn when the connection was closed, or were too many to wait."""

    @property
    def pending(self) -> int:
        """Bytes that wait for their turn."""
        return self._size

    def send(self, send: Send) -> None:
        """Send at once, or after what waits."""
        if self._call is None and not send.gap:
            self._out(send.data, send.to)
            return
        if self._size + len(send.data) > MOST_PENDING:
            self.dropped += len(send.data)
            return
        self._waiting.append(send)
        self._size += len(send.data)
        if self._call is None:
            self._go_on()

    def _out(self, data: bytes, to: Peer | None) -> None:
        self._told(data, to, self._channel.send(data, to))

    def _go_on(self) -> None:
        """Send up to the next byte that wants time after it."""
        self._call = None
        while self._waiting:
            send = self._waiting[0]
            if not send.gap:
                self._waiting.popleft()
                self._size -= len(send.data)
                self._out(send.data, send.to)
                continue
            byte = send.data[self._position : self._position + 1]
            self._position += len(byte)
            self._size -= len(byte)
            if self._position >= len(send.data):
                self._waiting.popleft()
                self._position = 0
            self._call = self._reactor.callLater(send.gap, self._go_on)
            if byte:
                self._out(byte, send.to)
            return

    def stop(self) -> None:
        """Forget what waits."""
        self.dropped += self._size
        self._waiting.clear()
        self._size = self._position = 0
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
