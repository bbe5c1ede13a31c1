"""One run of an element, from its start to its stop: the engine, its connections, and what it wants done.

::

    channel -> Line -> Runner -> Engine -> effects -> Line -> channel
                                                   -> saved params, the log, the record
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from typing import Protocol as Shape

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from smartserial.channels.elements.channel import Channel
from smartserial.element.doing import Doing
from smartserial.element.given import engine_settings, may_be_cut
from smartserial.element.line import ChannelMaker, Line
from smartserial.element.record import Record
from smartserial.element.runner import Runner
from smartserial.element.saved import SavedParams, fitting
from smartserial.engine.effects import Effect, Level, Note, Peer
from smartserial.engine.engine import Engine
from smartserial.engine.framing.backlog import Backlog, BacklogLevel
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.waiting import TOLD
from smartserial.engine.unit import Loss
from smartserial.events import (
    ConnectionFailed,
    EventStream,
    PeerConnected,
    PeerDisconnected,
    PeerRefused,
)
from smartserial.settings import ConnectionSettings, ElementSettings, NetworkCarrier, Role
from smartserial.trace.convert import peer_text

PATIENCE = 1.0
"""Seconds that a protocol waits at its start until it is known which connections can be used."""
SLOW_AGAIN = 60.0
"""Seconds until it is told again that a protocol is slow."""
PIECE = 256
"""Bytes that are handed over at a time where messages have ends: many small ones take their time."""
DEVICE = "the device"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the elements of a gateway have in common.

    Args:
        channel: makes the channel of a connection.
        update: has a channel go by other settings of the same carrier.
        saved: remembers params.
        events: is told what happens.
        reactor: the reactor.
    """

    channel: ChannelMaker
    update: Callable[[Channel, ConnectionSettings], None]
    saved: SavedParams
    events: EventStream
    reactor: Any


class WorkOwner(Shape):
    """What a run needs of its element."""

    def work_changed(self) -> None:
        """Take note that the run may be in another state."""

    def work_failed(self, failure: Failure) -> None:
        """Take note that the engine failed: the run can only be ended."""


class Work:
    """One run of an element.

    Args:
        settings: of the element.
        owner: the element.
        around: what it works with.

    Raises:
        NotAValueError: the definition makes no sense.
    """

    def __init__(self, settings: ElementSettings, owner: WorkOwner, around: Surroundings) -> None:
        self.settings = settings
        self.paused = False
        self.timed_out = False
        self._slow_from = 0.0  # it may be told again that the protocol is slow
        self._beginning: IDelayedCall | None = None
        self.owner = owner
        self.around = around
        protocol = settings.definition
        saved = fitting(protocol, around.saved.load(settings.name))
        self._doing = Doing(self)
        self.engine = Engine(protocol, engine_settings(settings), saved, settings.reactions())
        self.runner = Runner(self.engine, self._doing.do, owner.work_failed, around.reactor, self._slow)
        self.record = Record(settings.name, protocol, self.engine.store, changed=self._watched)
        self._teller = self.record.teller
        self._backlog, self._backlog_told = Backlog(), BacklogLevel.QUIET
        self._in_pieces = {one.number for one in settings.connections if may_be_cut(protocol, one)}
        self.lines = {one.number: self._line(one) for one in settings.connections}

    def _line(self, connection: ConnectionSettings) -> Line:
        return Line(connection, self, self.settings.name, self.around.channel, self.around.reactor)

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this element."""
        self.around.events.publish(event(self.settings.name, *fields))

    def note(self, text: str, level: Level = Level.WARN) -> None:
        """Put a line into the log."""
        self._doing.do(Note(level, text))

    # ---- life

    def begin(self) -> None:
        """Open all connections; the protocol begins when it is known which of them can be used."""
        self.paused = False
        self.runner.resume()
        self._beginning = self.around.reactor.callLater(PATIENCE, self._begin_protocol)
        for line in self.lines.values():
            line.open()
        self._settled()

    def _settled(self) -> None:
        if self._beginning is not None and all(line.settled for line in self.lines.values()):
            self._beginning.cancel()
            self._begin_protocol()

    def _begin_protocol(self) -> None:
        """Start the engine; one that has been started goes on."""
        self._beginning = None
        self.runner.feed(self.engine.start)

    def _begin_no_more(self) -> None:
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            beginning.cancel()

    def pause(self) -> Deferred[Any]:
        """End all sessions; the values stay, and no time passes until it begins again."""
        self.paused = True
        self._begin_no_more()
        closing = self._close_all()
        self.runner.pause()
        return closing

    def end(self) -> Deferred[Any]:
        """End for good."""
        self._begin_no_more()
        self.runner.call(self.engine.stop)
        self.runner.end()
        return self._close_all()

    def _close_all(self) -> Deferred[Any]:
        return gatherResults([line.close() for line in self.lines.values()], consumeErrors=True)

    @property
    def failure(self) -> str:
        """Why the element is in error, as far as its connections go: an address that cannot be had."""
        for line in self.lines.values():
            carrier = line.settings.carrier
            if line.failure and isinstance(carrier, NetworkCarrier) and carrier.role is Role.SERVER:
                return line.failure
        return ""

    def update(self, settings: ElementSettings) -> None:
        """Go by other settings of the same definition; connections that did not change are not touched."""
        self.settings = settings
        wanted = {one.number: one for one in settings.connections}
        for number, line in list(self.lines.items()):
            if number not in wanted or wanted[number].carrier != line.settings.carrier:
                del self.lines[number]
                line.close()
        for number, connection in wanted.items():
            known = self.lines.get(number)
            if known is None:
                self.lines[number] = self._line(connection)
                if not self.paused:
                    self.lines[number].open()
            elif known.settings != connection:
                known.settings = connection
                self.around.update(known.channel, connection)
        self.engine.use({n: Patience(one.timeout, one.retries) for n, one in wanted.items()})

    # ---- what the lines tell

    def line_opened(self, line: Line, peer: Peer) -> None:
        """Have the protocol take note of a new session."""
        self.publish(PeerConnected, line.number, peer_text(peer) or DEVICE)
        self.record.add(self._teller.connected(self.record.now, line.number, peer))
        self.runner.feed(partial(self.engine.connected, line.number, peer))
        self._settled()

    def line_received(self, line: Line, peer: Peer, data: bytes) -> None:
        """Hand over what was received, unless too much waits already."""
        self.record.add(self._teller.rx(self.record.now, line.number, peer, data))
        taken = self._backlog.accept(len(data))
        self._tell_backlog()
        if not taken:
            line.lost[Loss.BACKLOG] += len(data)
            return
        size = PIECE if line.number in self._in_pieces else max(1, len(data))
        starts = range(0, max(1, len(data)), size)
        pieces = [data[start : start + size] for start in starts]
        self.runner.feed(*(partial(self._received, line.number, peer, piece) for piece in pieces))

    def _received(self, number: int, peer: Peer, data: bytes, now: float) -> list[Effect]:
        self._backlog.taken(len(data))
        self._tell_backlog()
        return self.engine.received(number, peer, data, now)

    def _tell_backlog(self) -> None:
        level = self._backlog.level
        if level is not self._backlog_told:
            self._backlog_told = level
            importance, text = TOLD[level]
            self.note(text, importance)

    def line_closed(self, line: Line, peer: Peer, why: str, told: bool) -> None:
        """Have the protocol take note that a session is over."""
        if told:
            self.publish(PeerDisconnected, line.number, peer_text(peer) or DEVICE, why)
            self.record.add(self._teller.disconnected(self.record.now, line.number, peer, why))
        self.runner.feed(partial(self.engine.disconnected, line.number, peer))

    def line_refused(self, line: Line, peer: Peer, why: str) -> None:
        """Tell of a session that was not let in."""
        self.publish(PeerRefused, line.number, peer_text(peer), why)

    def line_failed(self, line: Line, why: str, news: bool) -> None:
        """Tell, and have the protocol take note, that there is no session and cannot be one."""
        if news:
            self.publish(ConnectionFailed, line.number, why)
        self.runner.feed(partial(self.engine.disconnected, line.number, Peer()))
        self.owner.work_changed()
        self._settled()

    def line_ready(self, line: Line) -> None:
        """Have the protocol take note that an address is bound."""
        self.runner.feed(partial(self.engine.bound, line.number))
        self.owner.work_changed()
        self._settled()

    def line_unlocked(self, line: Line) -> None:
        """Have the protocol take note that it has no lock there any more."""
        self.runner.feed(partial(self.engine.unlocked, line.number))

    def line_sent(self, line: Line, data: bytes, to: Peer | None, sessions: int) -> None:
        """Remember what went out."""
        self.record.add(self._teller.tx(self.record.now, line.number, to, data, sessions))

    def line_noted(self, line: Line, text: str) -> None:
        """Put a line into the log."""
        self.note(f"connection {line.number}: {text}")

    def _watched(self, watched: bool) -> None:
        self.engine.trace(watched)

    def _slow(self, seconds: float) -> None:
        now = self.around.reactor.seconds()
        if now < self._slow_from:
            return
        self._slow_from = now + SLOW_AGAIN
        self.note(f"{self.settings.protocol} took {seconds * 1000:.0f} ms at a time: everything else waited")
