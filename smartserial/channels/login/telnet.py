"""The login on telnet: the terminal does not show the password, and what is agreed is the session's.

Nothing is asked for before the login but ECHO while a password is typed, so that a terminal edits and shows
the line of the name by itself. A peer that says nothing about ECHO is just asked for its password: nothing
waits for it. Requests that come before the session has begun are kept for it, commands of two bytes are not.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import override
from zope.interface import implementer

from smartserial.channels.login.entrance import Entrance
from smartserial.channels.login.protocol import Login
from smartserial.channels.telnet.layer import TelnetProtocol
from smartserial.interfaces import ITelnetProtocol
from smartserial.telnet.codec import Subnegotiation
from smartserial.telnet.codes import Option
from smartserial.telnet.options import Agreed, Policy, Side


@implementer(ITelnetProtocol)
class TelnetLogin(Login):
    """A login below which there is telnet.

    Args:
        entrance: the door.
        greeting: what the session asks for.
        reactor: keeps the time.
    """

    def __init__(self, entrance: Entrance, greeting: tuple[tuple[Side, Option], ...], reactor: Any) -> None:
        super().__init__(entrance, reactor)
        self._greeting = greeting
        self._agreed: dict[tuple[Side, Option], Agreed] = {}

    @override
    def hide(self, hidden: bool) -> None:
        self.stream.ask(Side.OURS, Option.ECHO, hidden)

    @override
    def hidden(self) -> bool:
        return (Side.OURS, Option.ECHO) in self._agreed

    @override
    def entering(self) -> None:
        for side, option in self._greeting:
            self.stream.ask(side, option, True)

    @override
    def begun(self) -> None:
        for agreed in self._agreed.values():
            self.inside.telnet_agreed(agreed)

    @override
    def entered(self) -> None:
        self.inside.telnet_paused()

    def telnet_agreed(self, agreed: Agreed) -> None:
        """Remember what is agreed, and tell the session of it."""
        if self.inside is not None:
            self.inside.telnet_agreed(agreed)
        elif agreed.on:
            self._agreed[agreed.side, agreed.option] = agreed
        else:
            self._agreed.pop((agreed.side, agreed.option), None)

    def telnet_subnegotiation(self, option: int, payload: bytes) -> None:
        """Keep a request for the session."""
        if self.inside is not None:
            self.inside.telnet_subnegotiation(option, payload)
        elif not self.over:
            self.keep(Subnegotiation(option, payload))

    def telnet_signal(self, code: int) -> None:
        """Pass a command on; before the session it means nothing."""
        if self.inside is not None:
            self.inside.telnet_signal(code)

    def telnet_paused(self) -> None:
        """Take note that everything has been handed over."""
        if self.inside is not None:
            self.inside.telnet_paused()


def below(login: TelnetLogin, policy: Policy, reactor: Any) -> TelnetProtocol:
    """Return the telnet below a login.

    Args:
        login: is on top of it.
        policy: what the session will want of telnet, and agrees to.
        reactor: keeps the time.
    """
    return TelnetProtocol(login, Policy((), policy.agreed), reactor)
