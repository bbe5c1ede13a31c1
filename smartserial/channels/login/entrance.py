"""The door that a login stands in: a listener's, or the console's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.protocol import Protocol

from smartserial.channels.login.keeper import Keeper
from smartserial.settings import LoginSettings
from smartserial.sharing.rights import Identity


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a login needs of its door.

    Args:
        login: how those prove who they are who come in.
        keeper: judges that.
        source: the address that somebody comes from.
        tells: whether somebody is told why they are not let in.
        enter: makes the session of who is let in, or returns the words for who is not.
        failed: is told the name that was given, and why that was not enough.
        counted: is given the number of bytes that came, and that no session gets.
        left: is called once, when nobody stands here any more: they are in, or gone.
    """

    login: LoginSettings
    keeper: Keeper
    source: str
    tells: bool
    enter: Callable[[Identity], Protocol | str]
    failed: Callable[[str, str], None]
    counted: Callable[[int], None]
    left: Callable[[], None]
