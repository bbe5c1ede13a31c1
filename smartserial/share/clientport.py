"""The serial line of a share as one RFC 2217 client may use it: its rights, and what it believes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from smartserial import __version__
from smartserial.channels.session import Session
from smartserial.events import ChangeRefused, ClientIntroduced, ControlTaken
from smartserial.lines import Lines, LineSettings
from smartserial.settings import Sharing
from smartserial.sharing.control import Control, WhenRefused
from smartserial.telnet.comport import Purge

if TYPE_CHECKING:
    from smartserial.channels.comport import ComPortSession
    from smartserial.share.comports import ComPorts

_AT_REST = Lines(dtr=True, rts=True, brk=False)  # as the kernel opens a port
_MOST_SIGNATURES = 3  # that are told of one client, which may send others for ever
_NAMES = {"dtr": "dtr", "rts": "rts", "brk": "break"}


def whose(session: object) -> str:
    """Say for whom something was done, if for a client."""
    return f" for {session.name}" if isinstance(session, Session) else ""


def user_of(session: object) -> str:
    """Return as whom a client has logged in; empty: it had not to, or it is none."""
    return session.identity.name if isinstance(session, Session) else ""


class ClientPort:
    """Provides `telnet.server.Port`.

    A change that is refused is remembered as what this client believes, if the share acknowledges such.

    Args:
        ports: the line.
        session: the client.
    """

    def __init__(self, ports: ComPorts, session: ComPortSession) -> None:
        self.breaks = False  # whether the break that the line holds is this client's
        self._ports = ports
        self._session = session
        self._believed: dict[str, Any] = {}  # settings, by their names
        self._believed_lines = Lines()
        self._told: set[str] = set()
        self._signatures = 0  # that were told

    @property
    def _sharing(self) -> Sharing:
        return self._ports.settings.sharing

    @property
    def settings(self) -> LineSettings:
        """What this client is told is in force."""
        in_force: LineSettings = self._ports.line.settings
        return replace(in_force, **self._believed) if self._believed else in_force

    @property
    def lines(self) -> Lines:
        """The states of the lines that this client is told."""
        return self._believed_lines.over(self._ports.line.lines()).over(_AT_REST)

    @property
    def announces(self) -> bool:
        """Whether this client is told the settings unasked, from the beginning."""
        return self._ports.announces

    @property
    def signature(self) -> bytes:
        """What we are."""
        return f"smartserial {__version__} {self._ports.settings.name}".encode()

    # ---- rights

    def _refusal(self) -> str:
        """Tell why this client may change nothing, or take control for it."""
        desk = self._ports.desk
        if refusal := self._forbidden():
            return refusal
        before = desk.holder
        if not desk.may_change(self._session):
            return "nobody may" if desk.rule is Control.NONE else "another client holds control"
        if desk.holder is not before:
            self._publish(ControlTaken)
        self._believe_no_more()
        return ""

    def _forbidden(self) -> str:
        """Tell why this client may never change anything; empty: it may, if others let it."""
        if not self._session.listener.settings.access.writes:
            return "its listener is for watchers"
        return "" if self._session.may_control else "its user may not"

    def _believe_no_more(self) -> None:
        """Forget what this client believes of what it may change now."""
        if self._sharing.settings.remote:
            self._believed.clear()
        free = {field for field, name in _NAMES.items() if name in self._ports.settings.rules.remote_lines}
        self._believed_lines = replace(self._believed_lines, **dict.fromkeys(free))

    def may_drive(self, line: str) -> bool:
        """Tell whether this client may change a line, named as in `LINE_NAMES`."""
        named = line in self._ports.settings.rules.remote_lines
        refusal = self._refusal() if named else "`lines.remote` does not name it"
        self._tell(line, refusal)
        return not refusal

    def _tell(self, what: str, refusal: str) -> None:
        if refusal and what not in self._told:
            self._told.add(what)
            self._publish(ChangeRefused, what, refusal)

    def _publish(self, event: Any, *fields: str) -> None:
        self._ports.publish(event, self._session.name, *fields, user_of(self._session))

    @property
    def _acknowledges(self) -> bool:
        return self._sharing.refused is WhenRefused.ACKNOWLEDGE

    # ---- what the client wants

    def change(self, settings: Mapping[str, Any], done: Callable[[], None]) -> None:
        """Change settings, if this client may."""
        refusal = self._refusal() if self._sharing.settings.remote else "`settings.remote` is off"
        self._tell("settings", refusal)
        if refusal:
            if self._acknowledges:
                self._believed |= settings
            done()
            return
        self._ports.change(self._session, settings, done)

    def drive(self, lines: Lines, done: Callable[[], None]) -> None:
        """Set those of the lines that this client may set."""
        wanted = {f.name: level for f in fields(lines) if (level := getattr(lines, f.name)) is not None}
        real = {name: level for name, level in wanted.items() if self.may_drive(_NAMES[name])}
        if self._acknowledges:
            shadows = {name: level for name, level in wanted.items() if name not in real}
            self._believed_lines = replace(self._believed_lines, **dict.fromkeys(real), **shadows)
        if "brk" in real:
            self._ports.breaking(self if real["brk"] else None)
        if real:
            self._ports.drive(self._session, Lines(**real), done)
        else:
            done()

    def purge(self, buffers: Purge) -> None:
        """Throw away what waits, the device's only if it may; that others are there is no refusal."""
        self._tell("buffers", self._forbidden())
        self._ports.purge(self._session, buffers)

    def suspend(self, suspended: bool) -> None:
        """Send this client no data, or go on."""
        self._session.stream.suspend(suspended)

    def introduced(self, signature: bytes) -> None:
        """Take note of what the client says that it is."""
        if signature == self._session.signature:
            return
        self._session.signature = signature
        if self._signatures < _MOST_SIGNATURES:
            self._signatures += 1
            self._publish(ClientIntroduced, signature.decode("latin-1"))

    def line_state(self) -> int:
        """Return whether all has been sent."""
        return self._ports.line_state()
