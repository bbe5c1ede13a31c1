"""What clients, operators and elements send to the device of a share.

::

    client   -> may it send? -> its turn, with `arbitrate` -> taps -> device
    operator -----------------> its turn, with `arbitrate` -> taps -> device
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from smartserial.channels.attendants import Audience
from smartserial.channels.session import Session
from smartserial.settings import Sharing
from smartserial.share.arbiter import Arbiter, Source
from smartserial.share.books import Books
from smartserial.share.device import SharedDevice
from smartserial.share.floor import Floor
from smartserial.sharing.control import Desk
from smartserial.sharing.ledger import Reason
from smartserial.sharing.selection import Who


class Intake:
    """Takes what is for the device; what may not reach it is counted.

    Args:
        sharing: the rules; replaced by `use`.
        books: of the share.
        floor: knows who may speak.
        audience: of the share.
        device: gets it.
        desk: knows whether an operator has taken the share.
        hearing_changed: is called when others may hear the device, for somebody has spoken.
        reactor: keeps the time.
    """

    def __init__(
        self,
        sharing: Sharing,
        books: Books,
        floor: Floor,
        audience: Audience,
        device: SharedDevice,
        desk: Desk,
        hearing_changed: Callable[[], None],
        reactor: Any,
    ) -> None:
        self.from_client: Callable[[Session, bytes], None]
        """Takes what a client has sent: by the shortest path that the rules allow."""
        self.arbiter: Arbiter | None = None
        self._books = books
        self._floor = floor
        self._selection = floor.selection
        self._audience = audience
        self._taps = audience.taps
        self._device = device
        self._desk = desk
        device.give = self._give
        self._hearing_changed = hearing_changed
        self._reactor = reactor
        self.use(sharing)

    def use(self, sharing: Sharing) -> None:
        """Go by other rules; what waits goes to the device when nobody waits for answers any more."""
        arbitration, window = sharing.arbitration, sharing.selection.reply_window
        if arbitration is None:
            former, self.arbiter = self.arbiter, None
            if former is not None:
                former.close()
        elif self.arbiter is None:
            send, over = partial(self._send, in_turn=True), self._selection.answered
            self.arbiter = Arbiter((arbitration, window), send, over, self._taps, self._reactor)
        else:
            self.arbiter.use((arbitration, window))
        anybody = self.arbiter is None and not sharing.selection.minds_senders
        self.from_client = self._from_anybody if anybody else self._from_chosen

    @property
    def held(self) -> int:
        """Bytes that wait for their turn."""
        return 0 if self.arbiter is None else self.arbiter.held

    def may_speak(self, session: Session) -> bool:
        """Tell whether what a client would send now would reach the device, at once or in its turn."""
        return not self._desk.seized and self._selection.may_send(session, self._reactor.seconds())

    def expects(self, session: Session) -> bool:
        """Tell whether a client's request waits for its turn, or for its answer."""
        if self.arbiter is None:
            return False
        return self.arbiter.holder is session or self.arbiter.waits(session)

    def end(self) -> None:
        """Count what waits for its turn as not delivered: the share ends."""
        if self.arbiter is not None:
            self._books.down.discard(Reason.STOP_DEADLINE, self.arbiter.end())

    def silence(self) -> None:
        """Throw away what waits for its turn: an operator has taken the share."""
        if self.arbiter is not None:
            self._books.down.discard(Reason.POLICY, self.arbiter.withdraw())

    def release(self) -> None:
        """Let nobody wait any more: the device is away."""
        if self.arbiter is not None:
            self.arbiter.release()

    def _from_anybody(self, session: Session, data: bytes) -> None:
        """Give what a client has sent to the device, if it may send."""
        self._books.down.read += len(data)
        session.heard_at = self._books.up.read
        if self._desk.seized or not session.writes:
            self._refuse(session, len(data))
            return
        if self._taps:
            self._audience.tap("down", session.name, data)
        self._device.write(data)

    def _from_chosen(self, session: Session, data: bytes) -> None:
        """Give what a client has sent to the device, or to those who wait, if it may send now."""
        self._books.down.read += len(data)
        session.heard_at = self._books.up.read
        accepted = not self._desk.seized and self._selection.sends(session, self._reactor.seconds())
        if self._selection.rules.send_to is Who.LAST_ACTIVE and self._floor.stale:
            self._hearing_changed()
        if not accepted:
            self._refuse(session, len(data))
        else:
            self._give(session, data)

    def _refuse(self, session: Session, count: int) -> None:
        session.refused += count
        self._books.down.discard(Reason.POLICY, count)

    def from_operator(self, who: str, data: bytes) -> None:
        """Give what an operator, or an element, sends to the device."""
        self._books.down.read += len(data)
        if self.arbiter is None:
            self._audience.tap("down", who, data)
            self._device.write(data)
        else:
            self._give(who, data)

    def _give(self, source: Source, data: bytes) -> None:
        """Give the device what somebody sends, in turns if there are turns, and later if it is away."""
        if self.arbiter is None:
            self._send(source, data)
        elif not self._device.streams:
            self._device.keep(data, source)
        elif not self.arbiter.offer(source, data):
            self._books.down.discard(Reason.OVERFLOW, len(data))

    def count_refused(self, count: int) -> None:
        """Count bytes of a client that was not let in."""
        self._books.down.read += count
        self._books.down.discard(Reason.REFUSED, count)

    def _send(self, source: Source, data: bytes, in_turn: bool = False) -> None:
        """Give the device what somebody sends; `in_turn`: nobody else does before the answer to it."""
        if in_turn and not self._device.streams:
            self._device.keep(data, source)
            return
        client = source if isinstance(source, Session) else None
        if self._selection.rules.send_to is Who.ASKER:
            self._selection.asks(client, self._reactor.seconds(), in_turn)
        if self._taps:
            self._audience.tap("down", source if isinstance(source, str) else source.name, data)
        self._device.write(data)
