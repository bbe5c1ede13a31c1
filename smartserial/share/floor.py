"""Who of a share's clients hears the device, and in what packets: where `send_to` or `packets` say something.

::

    device -> Floor.take -> packets -> deliver -> the clients that hear it now, or the stock

What is held was for those who heard the device when it came: before others hear it instead, it is given.
An answer is for who asked, and for nobody else: one that nobody hears is not kept for others, but counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol as Shape

from smartserial.channels.session import Session
from smartserial.settings import ShareSettings
from smartserial.share.packeting import Packeting
from smartserial.share.stock import Stock
from smartserial.sharing.ledger import Ledger, Reason
from smartserial.sharing.selection import Selection, Who

Sink = Callable[[bytes], None]
_ONE_HEARS = (Who.FIRST, Who.LAST, Who.LAST_ACTIVE)


class Outlets(Shape):
    """What the floor needs of the clients."""

    def outlet(self, session: Session) -> Sink:
        """Return the shortest path to a client."""

    def give_kept(self, session: Session, data: bytes) -> None:
        """Give a client what was kept."""


class Floor:
    """Knows who is there, and who hears what.

    Args:
        settings: of the share; replaced by `use`.
        ledger: counts the direction from the device.
        stock: keeps what nobody hears.
        reactor: keeps the time.
    """

    def __init__(self, settings: ShareSettings, ledger: Ledger, stock: Stock, reactor: Any) -> None:
        self.selection: Selection[Session] = Selection(settings.sharing.selection)
        self.outlets: Outlets
        self._ledger = ledger
        self._stock = stock
        stock.answering = lambda: self.selection.answering(reactor.seconds())
        self._reactor = reactor
        self._packeting: Packeting | None = None
        self._open = True
        self._hearing: tuple[Session, ...] = ()
        self._answering = False  # what they hear is an answer
        self._sinks: tuple[Sink, ...] | None = None
        self._present: set[Session] = set()  # who read when that was last worked out
        self._unshown: dict[Session, None] = {}  # who has not heard the device yet
        self.use(settings)

    # ---- rules

    def use(self, settings: ShareSettings) -> None:
        """Go by other settings; what is held by former rules is given."""
        rules = settings.packets if self._open else None
        former = self._packeting
        if former is None or former.rules != rules:
            self._packeting = None
            self._end(former)
            if rules is not None:
                self._packeting = Packeting(rules, self._deliver, self._reactor)
        self.selection.update(settings.sharing.selection)
        self._replays = settings.replay > 0
        self.review()

    def _end(self, packeting: Packeting | None) -> None:
        if packeting is not None:
            packeting.flush()
            packeting.rest()

    def flush(self) -> None:
        """Give what is held: the device is away, so no more of it comes."""
        if self._packeting is not None:
            self._packeting.flush()

    def end(self) -> None:
        """Give what is held, and hold nothing any more: the share ends."""
        self._open = False
        packeting, self._packeting = self._packeting, None
        self._end(packeting)

    @property
    def plain(self) -> bool:
        """Whether the device's bytes go to everybody as they come."""
        return self.selection.rules.send_to is Who.ALL and self._packeting is None

    @property
    def held(self) -> int:
        """Bytes that wait to become a packet."""
        return 0 if self._packeting is None else self._packeting.held

    # ---- who is there

    def connects(self, session: Session) -> None:
        """Take note of a new client; what it will be shown of the past must not come again in a packet."""
        if self._replays:
            self.flush()
        self.selection.connects(session)
        self._unshown[session] = None

    def leaves(self, session: Session) -> None:
        """Forget a client."""
        self.selection.leaves(session)
        self._unshown.pop(session, None)

    @property
    def stale(self) -> bool:
        """Whether others would hear the device now than when that was last worked out."""
        return self._judge() != (self._hearing, self._answering)

    def _judge(self) -> tuple[tuple[Session, ...], bool]:
        """Return who hears the device now, and whether that is an answer."""
        now = self._reactor.seconds()
        return self.selection.receivers(now), self.selection.answering(now)

    def review(self) -> None:
        """Work out anew who hears the device: somebody has come, gone or spoken, or time has passed.

        In the plain case that waits until bytes come: a thousand clients may go before.
        """
        if self.plain:
            self._sinks = None
            return
        hearing, answering = self._judge()
        self._sinks = None
        if self.held and self._must_give_before(hearing):
            self.flush()
            hearing, answering = self._judge()  # writing may have shown who is gone
        if hearing and self.selection.rules.send_to in _ONE_HEARS:
            for session in self._hearing:
                if session not in hearing:
                    session.unsure = b""  # others get what is newer: it cannot go to them any more
        changed = (hearing, answering) != (self._hearing, self._answering)
        if changed and self.selection.rules.send_to is Who.ASKER:
            self._forget_unsure(hearing)
        self._hearing, self._answering, self._sinks = hearing, answering, None
        self._present = set(self.selection.readers)
        if not hearing:
            self.flush()

    def _forget_unsure(self, hearing: tuple[Session, ...]) -> None:
        """Keep nothing for the next of what may not have arrived: it was an answer, or others had it too."""
        before = self._hearing
        if before and hearing and 1 in (len(hearing), len(before)):
            lapsed = {*before, *hearing}  # or they get what is newer
        else:
            lapsed = {*before} if self._answering else set()
        for session in lapsed:
            session.unsure = b""

    def _must_give_before(self, hearing: tuple[Session, ...]) -> bool:
        """Tell whether what is held is not for those who hear the device from now on."""
        if self._answering and not any(session.reads for session in self._hearing):
            return True
        if self._replays and any(session in self._unshown for session in hearing):
            return True
        before = {session for session in self._hearing if session.reads}
        return bool(before) and before != {session for session in hearing if session in self._present}

    def hand_out(self) -> None:
        """Give what was kept to the first who may hear it, and show the past to who has not seen it."""
        for session in self._newly_hearing():
            self._stock.give(self.outlets, session)
        if self._stock.size:
            first = next((session for session in self._those_who_hear() if session.reads), None)
            if first is not None:
                self._stock.give(self.outlets, first, new=False)

    def _those_who_hear(self) -> tuple[Session, ...]:
        return self.selection.readers if self.plain else self._hearing

    def _newly_hearing(self) -> list[Session]:
        """Return who may hear the device for the first time, once for each."""
        in_time = self.selection.rules.send_to in (Who.ALL, Who.ASKER)  # then everybody may, sooner or later
        new = [one for one in self._unshown if (one.reads if in_time else one in self._hearing)]
        new.sort(key=lambda one: one.finished_sending)  # such a one may be gone: others come first
        for session in new:
            del self._unshown[session]
        return new

    def shares(self, session: Session) -> bool:
        """Tell whether others got what a client was given, or something newer."""
        rule = self.selection.rules.send_to
        if rule in _ONE_HEARS:
            return session not in self._hearing
        if self._answering and session in self._hearing:
            return True  # nobody else can make anything of it
        return any(other is not session for other in self.selection.readers)

    # ---- where bytes go

    def ways(self) -> tuple[Sink, ...]:
        """Return where the device's bytes go at once; nowhere means that they are kept."""
        if self.selection.rules.send_to is Who.NONE:
            return (self._refuse,)
        if self.plain:
            return self._all_sinks()
        return (self._take,) if self._hearing or self.selection.rules.send_to is Who.ASKER else ()

    def _all_sinks(self) -> tuple[Sink, ...]:
        if self._sinks is None:
            hearing = self._those_who_hear()
            self._sinks = tuple(self.outlets.outlet(one) for one in hearing if one.reads)
        return self._sinks

    def renew(self) -> None:
        """Take note that the path to a client is another one now."""
        self._sinks = None

    def _refuse(self, data: bytes) -> None:
        self._ledger.discard(Reason.POLICY, len(data))

    def _take(self, data: bytes) -> None:
        if self.selection.rules.send_to is Who.ASKER and self.stale:
            self.review()  # somebody has asked, or the time for the answer is over
        if self._packeting is None or not self._hearing:
            self._deliver(data)
        else:
            self._packeting.take(data)

    def _deliver(self, data: bytes) -> None:
        sinks = self._all_sinks()
        if not sinks:
            (self._refuse if self._answering else self._stock.keep)(data)
            return
        self._ledger.copied += len(data) * (len(sinks) - 1)
        for sink in sinks:
            sink(data)
