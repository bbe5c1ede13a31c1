"""The right to send alone on one address, among the channels that share it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, succeed

from smartserial.engine.effects import Peer


class Sender(Shape):
    """What the right needs of a channel."""

    def deliver_kept(self, data: bytes, to: Peer | None) -> None:
        """Send bytes that had to wait; they are taken out of what is kept first."""

    def drop_kept(self, data: bytes) -> None:
        """Count bytes that had to wait as dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    who: Sender
    priority: bool
    had: Deferred[None]


class SendRight:
    """Held by one sender or by nobody; what others send meanwhile is kept here, in order.

    Who asks while another has it waits in a queue; those with priority stand before those without.
    """

    def __init__(self) -> None:
        self.holder: Sender | None = None
        self._depth = 0
        self._queue: deque[_Request] = deque()
        self._kept: deque[tuple[Sender, bytes, Peer | None]] = deque()
        self._flushing = False

    def free_for(self, who: Sender) -> bool:
        """Tell whether `who` may send now."""
        return not self._flushing and self.holder in (None, who)

    def keep(self, who: Sender, data: bytes, to: Peer | None) -> None:
        """Keep what may not be sent now; its sender sees to a limit."""
        self._kept.append((who, data, to))

    def take(self, who: Sender, priority: bool) -> Deferred[None]:
        """Take the right, once more if it is had already; fires when it is had."""
        if self.holder in (None, who):
            self.holder = who
            self._depth += 1
            return succeed(None)
        request = _Request(who, priority, Deferred())
        before = sum(other.priority for other in self._queue) if priority else len(self._queue)
        self._queue.insert(before, request)
        return request.had

    def give(self, who: Sender) -> None:
        """Give the right back once; of one who still waits for it, withdraw the latest request."""
        if self.holder is who:
            self._depth -= 1
            if not self._depth:
                self._pass_on()
            return
        waiting = [request for request in self._queue if request.who is who]
        if waiting:
            self._queue.remove(waiting[-1])
            waiting[-1].had.callback(None)

    def forget(self, who: Sender) -> None:
        """Give everything back, and drop what is kept of `who`."""
        kept, self._kept = self._kept, deque(entry for entry in self._kept if entry[0] is not who)
        for sender, data, _ in kept:
            if sender is who:
                sender.drop_kept(data)
        waiting = [request for request in self._queue if request.who is who]
        self._queue = deque(request for request in self._queue if request.who is not who)
        if self.holder is who:
            self._pass_on()
        for request in waiting:
            request.had.callback(None)

    def _pass_on(self) -> None:
        self.holder, self._depth = None, 0
        granted: list[_Request] = []
        if self._queue:
            self.holder = self._queue[0].who
            granted = [request for request in self._queue if request.who is self.holder]
            self._queue = deque(request for request in self._queue if request.who is not self.holder)
            self._depth = len(granted)
        self._flush()
        for request in granted:
            request.had.callback(None)

    def _flush(self) -> None:
        """Send what may be sent now; whoever gives the right back from within is seen to as well."""
        if self._flushing:
            return
        self._flushing = True
        try:
            while True:
                holder = self.holder
                self._flush_for(holder)
                if holder is self.holder:
                    break
        finally:
            self._flushing = False

    def _flush_for(self, holder: Sender | None) -> None:
        still: deque[tuple[Sender, bytes, Peer | None]] = deque()
        while self._kept:
            sender, data, to = self._kept.popleft()
            if holder is self.holder and holder in (None, sender):
                sender.deliver_kept(data, to)
            else:
                still.append((sender, data, to))
        self._kept = still
