"""Settings and lines between the device of a share and a far port that it has called.

A virtual port here *leads*: what a program sets becomes requests to the far server. A real port here
*follows*: what the far server announces, unasked, is applied to it. Nothing else passes, so nothing can go
in circles: who leads does not listen, and who follows makes no requests.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast
from typing import Protocol as Shape

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from smartserial.channels.calls.session import CallSession
from smartserial.errors import PortError
from smartserial.events import ChangeFailed
from smartserial.interfaces import IProgramPort
from smartserial.lines import Flow, Lines, ModemLines
from smartserial.telnet.rounds import SETTINGS

if TYPE_CHECKING:
    from smartserial.channels.telnet.remoteport import Begin
    from smartserial.share.comports import ComPorts
    from smartserial.share.service import Share

_BY_PROGRAMS = frozenset(("baudrate", "stopbits", "flow"))
"""What a pseudo-terminal keeps of a program's settings; eight bits without parity are all it has."""
_MOST_UNDER_WAY = 64
"""Requests for settings without an answer; beyond it a change waits, and of several the last one counts."""


class Leads(Shape):
    """Who is told of what happens to a line, so that a far port may go by it."""

    def line_changed(self, anew: bool) -> None:
        """Take note of other settings; `anew`: a program has set what they were already."""

    def lines_driven(self, lines: Lines) -> None:
        """Take note that somebody here has set lines."""


class Leading:
    """Asks a far port to be as the virtual port here.

    Args:
        share: has the virtual port.
        session: with the far server, before its first data.
    """

    def __init__(self, share: Share, session: CallSession) -> None:
        self._share = share
        self._session = session
        self._port = cast(Any, session.transport)
        self._names = set(_BY_PROGRAMS)  # what is pushed; more when a client or an operator has set more
        self._asked: dict[str, Any] = {}  # what was asked for last, while an answer to anything is to come
        self._under_way = 0
        self._again = self._anew = False

    def begin(self, decided: bool, alone: bool) -> None:
        """Have the far port as it was decided here, and learn how it is there where nothing was.

        Args:
            decided: whether somebody has set something here that is to count over there.
            alone: no other far port goes by this one: what is learnt from here would be pushed there.
        """
        if decided:
            self._tell_what_differs()
            self.push()
        elif alone:
            self._mirror()
        self.drive_for(self._session.call.held)

    def push(self, anew: bool = False) -> None:
        """Ask for what is different there, at once: the data that follows is for these settings.

        Args:
            anew: ask for all, for somebody else may have changed that.
        """
        self._share.floor.flush()  # what was held to become a packet came before
        self._anew = self._anew or anew
        if self._under_way >= _MOST_UNDER_WAY:
            self._again = True
            return
        anew, self._anew = self._anew, False
        client = self._port.client
        wanted = {n: value for n, value in self._wanted().items() if anew or self._differs(n, value)}
        if not wanted:
            return
        self._under_way += 1
        self._asked |= wanted
        there = replace(client.settings, **wanted)
        self._perform(lambda done: client.change(there, done, wanted.keys())).addBoth(self._pushed)

    def _wanted(self) -> dict[str, Any]:
        """Return what is in force here, of what the far port is to have, by names."""
        settings = self._share.ports.line.settings
        self._names |= self._share.ports.set_here & SETTINGS.keys()
        wanted = {name: getattr(settings, name) for name in SETTINGS if name in self._names}
        if not settings.baudrate:  # a request for 0 would be a question
            del wanted["baudrate"]
        return wanted

    def _differs(self, name: str, value: Any) -> bool:
        if name in self._asked:
            return bool(self._asked[name] != value)
        client = self._port.client
        return name in client.shadowed or bool(getattr(client.settings, name) != value)

    def _pushed(self, _: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._asked.clear()
        if self._again:
            self._again = False
            self.push()

    def _tell_what_differs(self) -> None:
        """Tell of a far port that is known to be otherwise than somebody has set it here."""
        client = self._port.client
        there = client.settings
        known = {name: value for name, value in self._wanted().items() if name not in client.shadowed}
        wanted = replace(there, **known)
        if wanted != there:
            self._share.note(f"{self._port.where} is at {there}; it is set to {wanted}, as it was set here")

    def _mirror(self) -> None:
        """Show programs that come how the far port is; a program that is there decides by itself."""
        here, client = self._share.device.link.stream, self._port.client
        known = {n: getattr(client.settings, n) for n in SETTINGS if n not in client.shadowed}
        if IProgramPort.providedBy(here) and not here.programs and known:
            self._share.calls.learn(known)

    def drive_for(self, held: bool) -> None:
        """Drive the far lines as they are to be while a program has the port open, or while none has."""
        profile = self._session.call.connect.lines
        self.drive(profile.connected if held else profile.idle)

    def drive(self, lines: Lines) -> None:
        """Drive lines over there."""
        if lines:
            self._perform(lambda done: self._port.client.drive(lines, done))

    def _perform(self, begin: Begin) -> Deferred[Any]:
        performing = self._port.perform(begin).addCallback(self._told)
        return performing.addErrback(self._failed)  # type: ignore[no-any-return]

    def _told(self, result: tuple[bool, str]) -> None:
        if result[1]:
            self._publish(f"{self._port.where} {result[1]}; it is at {self._port.client.settings}")

    def _failed(self, failure: Failure) -> None:
        failure.trap(PortError)  # it is gone, as the world is told

    def _publish(self, text: str) -> None:
        self._share.publish(ChangeFailed, text)


class Following:
    """Applies what a far server announces to the real port here, as far as a client may change that.

    The far side of a null modem cable: its CTS is our RTS, its DSR is our DTR.

    Args:
        share: has the real port.
        session: with the far server, before its first data.
    """

    def __init__(self, share: Share, session: CallSession) -> None:
        self._session = session
        self._far = cast(Any, session.transport)
        self._heard: dict[str, Any] = {}
        self._heard_lines = Lines()
        self._heard_modem: ModemLines | None = None
        self._ports: ComPorts = share.ports
        self._port = self._ports.enter(session)
        self._far.on_change = self._changed
        self._changed()

    def end(self) -> None:
        """Apply nothing more; what the far side has set ends as when a client leaves."""
        self._far.on_change = None
        self._ports.leave(self._session)

    def _changed(self) -> None:
        """Apply what is new of what the far side has said."""
        client = self._far.client
        said = {n: getattr(client.settings, n) for n in SETTINGS if n not in client.shadowed}
        news = {n: value for n, value in said.items() if n not in self._heard or self._heard[n] != value}
        self._heard = said
        if news:
            self._port.change(news, _nothing)
        self._drive(_new_lines(client.lines, self._heard_lines))
        self._heard_lines = client.lines
        if client.modem is not None and client.modem != self._heard_modem:
            self._heard_modem = client.modem
            self._drive(Lines(dtr=client.modem.dsr, rts=client.modem.cts))

    def _drive(self, lines: Lines) -> None:
        if self._ports.line.settings.flow is Flow.RTSCTS:
            lines = replace(lines, rts=None)  # the driver moves it
        if lines:
            self._port.drive(lines, _nothing)


def _new_lines(lines: Lines, before: Lines) -> Lines:
    changed = {f.name: getattr(lines, f.name) for f in fields(lines)}
    return Lines(**{n: level for n, level in changed.items() if level != getattr(before, n)})


def _nothing() -> None:
    """Wait for nothing."""
