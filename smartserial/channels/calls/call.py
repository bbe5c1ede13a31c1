"""A call of a share: it is made, kept, and made again.

::

              wanted                    session
    resting ---------> calling -------------------> connected
       ^                 ^  | failed                   | gone
       |   not wanted    |  v                          v
       +---------------- waiting (back-off) <----------+

To the share it is one more way in, with one client at most.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall
from typing_extensions import override

from smartserial.channels.calls.answering import LONGEST_SETTLING, SETTLING
from smartserial.channels.calls.board import Switchboard
from smartserial.channels.calls.caller import Attempt
from smartserial.channels.calls.rota import Rota
from smartserial.channels.calls.session import CallSession, ComPortCallSession
from smartserial.channels.listener import Listener, ListenerOwner
from smartserial.settings import Address, ConnectSettings, ListenerSettings, Mode, When

LASTED = 10.0
"""Seconds after which a connection counts as a success: a far side that hangs up at once is not pestered."""
QUIET = 1.0
"""Seconds for which a call stays that came about when its program had gone: another one may come."""

_OF_CONNECTION = ("mode", "telnet_role", "datagram", "tls", "login", "register", "nodelay", "keepalive")


class Call(Listener):
    """One call; it begins when it is attached to its share.

    Args:
        connect: how it is made; replaced by `redirect`.
        targets: whom it is to: one after the other is tried.
        board: of the share.
        reactor: keeps the time.
    """

    displaces = False  # it calls again and again, so it would send away everybody who came by themselves

    def __init__(
        self, connect: ConnectSettings, targets: tuple[Address, ...], board: Switchboard, reactor: Any
    ) -> None:
        super().__init__(_as_way_in(connect, targets), reactor)
        self.connect = connect
        self.targets = targets
        self.session: CallSession | None = None
        self.held = False  # whether a program has the virtual port open
        self.told_at = 0  # the count of changes of the line here when the far side last knew of them all
        self._board = board
        self._rota = Rota(len(targets), connect.backoff)
        self._attempt: Attempt | None = None
        self._retry: IDelayedCall | None = None
        self._ending: IDelayedCall | None = None  # of a session that came about without a program
        self._demanded = self._stopped = False
        self._served = False  # whether a program has gone in the time of the session
        self._in_vain = False  # whether a session was not given what waits: nor would the next be
        self._since = 0.0
        self._target = targets[0]
        self._news = True  # whether it is to be told that somebody is called
        self._told: set[tuple[Address, str]] = set()
        self._refusals = 0
        self.where = f"call to {', '.join(map(str, targets))}"

    # ---- as a way in

    @override
    def bind(self) -> None:
        """Do nothing: it needs no address."""

    @override
    def fits(self, settings: ListenerSettings) -> bool:
        return False

    @override
    def attach(self, owner: ListenerOwner) -> None:
        super().attach(owner)
        self._review()

    @override
    def be_there(self, held: bool) -> None:
        before, self.held = self.held, held
        if held != before:
            if held:
                self._demanded, self._in_vain = True, False
            else:
                self._served = True
            self._board.held_changed(self, held)
        self._review()

    @override
    def set_up(self, transport: Any) -> None:
        """Do nothing: the connection was made as it is to be."""

    @override
    def stop(self) -> Deferred[None]:
        """Call no more; the session goes on."""
        if not self._stopped and self.session is None:
            self._give_up()
        self._stopped = True
        self._rest()
        self._stay()
        self._board.listen_for_device(self, False)
        return succeed(None)

    # ---- settings

    def suits(self, connect: ConnectSettings) -> bool:
        """Tell whether a connection that it has is as others settings want one."""
        return all(getattr(self.connect, name) == getattr(connect, name) for name in _OF_CONNECTION)

    def redirect(self, connect: ConnectSettings, targets: tuple[Address, ...]) -> None:
        """Go by other settings, that it suits; a connection to one of the targets stays."""
        if (self.targets, self.connect) == (targets, connect):
            return
        self.connect, self.settings, self.targets = connect, _as_way_in(connect, targets), targets
        self.where = f"call to {', '.join(map(str, targets))}"
        self._rota = Rota(len(targets), connect.backoff)
        self._told.clear()
        self._rest()
        self._demanded = self._demanded or self._board.waiting(self) > 0
        self._in_vain = False
        if self.session is not None and self._target not in targets:
            self.session.cut("it is not to be called any more")
        elif self.session is not None:
            self.session.beat()
            if not self._wanted:
                self.session.cut("it is not to be called now")
        self._review()

    # ---- whether to call

    @property
    def _wanted(self) -> bool:
        if self._stopped or self.owner is None:
            return False
        match self.connect.when:
            case When.DEVICE_OPEN:
                return self.held or self._ending is not None or self._something_left
            case When.ON_DEMAND:
                return self._demanded or self.session is not None
            case When.ALWAYS:
                return True

    @property
    def _something_left(self) -> bool:
        """Whether programs that have gone have left something for the far side."""
        return not self._in_vain and (self._board.unread() or self._board.waiting(self) > 0)

    def hear(self, direction: str, who: str, data: bytes) -> None:
        """Take note of what passes the share: what the device has sent is for the far side."""
        if direction == "up" and not self._demanded:
            self._demanded = True
            self._review()

    def _review(self) -> None:
        """Call if that is wanted and not done, or stop trying."""
        busy = self.session is not None or self._attempt is not None or self._retry is not None
        if not self._wanted:
            self._rest()
        elif not busy:
            self._try()
        on_demand = self.connect.when is When.ON_DEMAND and not self._stopped
        self._board.listen_for_device(self, on_demand and not self._wanted)

    def _rest(self) -> None:
        attempt, self._attempt = self._attempt, None
        retry, self._retry = self._retry, None
        if attempt is not None:
            attempt.stop()
        if retry is not None:
            retry.cancel()
        self._news = True

    def _give_up(self) -> None:
        """Tell of bytes for whose sake nobody is called any more."""
        count = self._board.waiting(self) if self.connect.when is not When.ALWAYS else 0
        if count and self.owner is not None:
            self.note(f"the {self.where} is given up; bytes that waited for it: {count}")

    # ---- attempts

    def _try(self) -> None:
        self._retry = None
        if not self._wanted:  # somebody else has got what waited
            self._review()
            return
        self._target = self.targets[self._rota.position]
        if self._news:
            self._news = False
            self._board.calling(str(self._target))
        refusal = self._board.refusal(self, "")
        if refusal:
            self.failed(refusal, refused=False)
            return
        attempt = self._attempt = Attempt(self._target, self, self._reactor)
        attempt.start()

    def failed(self, why: str, refused: bool) -> None:
        """Try again later, and tell why, once for each address and cause."""
        self._attempt = None
        self._refusals = self._refusals + 1 if refused else self._refusals
        self._retry = self._reactor.callLater(self._rota.failed(), self._try)
        if (self._target, why) not in self._told:
            self._told.add((self._target, why))
            self._board.call_failed(str(self._target), why)

    @property
    def settling(self) -> float:
        """Seconds of silence that mean that we are logged in; longer when we were refused."""
        return float(min(LONGEST_SETTLING, SETTLING * 2.0 ** min(self._refusals, 10)))

    @property
    def leads(self) -> bool:
        """Whether the settings of the far port go by what happens here."""
        return self._board.leads(self)

    def refusal(self, host: str) -> str:
        """Tell why there may be no session with `host` now; empty: there may."""
        return self._board.refusal(self, host)

    def note(self, text: str) -> None:
        """Tell the operator something that may be worth mending."""
        assert self.owner is not None
        self.owner.note(text)

    def new_session(self, address: IAddress) -> CallSession:
        """Return a session with whoever has answered."""
        assert self.owner is not None
        server = self.connect.mode is Mode.RFC2217 and not self.connect.asks
        return (ComPortCallSession if server else CallSession)(self.owner, self, address, self._reactor)

    # ---- the session

    def begins(self, session: CallSession) -> None:
        """Take note that there is a session, before any data."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.done()
        self.session = session
        self._since = self._reactor.seconds()
        self._served = False
        if self.connect.when is When.DEVICE_OPEN and not self.held:
            self._ending = self._reactor.callLater(QUIET, self._end)
        self._board.begins(session)

    def ends(self, session: CallSession) -> None:
        """Take note that the session is over."""
        if self.session is session:
            self.session = None
            self._stay()
            self._board.ends(session)

    def _stay(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None:
            ending.cancel()

    def _end(self) -> None:
        """Hang up, unless a program is there now, or what it wrote is still being read."""
        self._ending = None
        if self.held or self._board.unread() or self.session is None or self.session.farewell:
            return
        if self._board.waiting(self):  # it may not hear it, by the rules of sharing
            self._in_vain = True
            self._give_up()
        self._served = True
        self._board.hang_up(self)

    def ended(self, session: CallSession) -> None:
        """Call again, if that is still wanted, when everybody knows that the session is over."""
        self._demanded = self._board.waiting(self) > 0
        ours = bool(session.farewell) and (self._served or not self._wanted)
        if ours or self._reactor.seconds() - self._since >= LASTED:
            delay = self._rota.lasted()
            self._told.clear()
            self._refusals = 0
        else:
            delay = self._rota.failed()
        self._news = True
        if self._wanted:
            self._retry = self._reactor.callLater(delay, self._try)
        self._review()

    # ---- looking

    @property
    def state(self) -> str:
        """What it does now, in words."""
        if self.session is not None:
            return f"connected to {self.session.name}"
        if self._attempt is not None:
            return f"calls {self._attempt.target}"
        if self._retry is not None:
            return f"calls {self.targets[self._rota.position]} again soon"
        if self._stopped:
            return "ended"
        return "waits for a program" if self.connect.when is When.DEVICE_OPEN else "waits for the device"


def _as_way_in(connect: ConnectSettings, targets: tuple[Address, ...]) -> ListenerSettings:
    return ListenerSettings(
        address=targets[0],
        mode=connect.mode,
        access=connect.access,
        tell_refused=False,
        nodelay=connect.nodelay,
        keepalive=connect.keepalive,
        idle_timeout=connect.idle_timeout,
        when=connect.when,
    )
