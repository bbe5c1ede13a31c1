"""The door that a login stands in: a listener's, or the console's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from smartserial.channels.login.keeper import Keeper
from smartserial.channels.tcp import was_reset
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

    def judge(self, name: str, password: bytes, stream: Any) -> Deferred[Identity]:
        """Find out who somebody is, as `Keeper.login` does; nobody is, who has reset the connection by then.

        Args:
            name: as it was given; means nothing where there is one secret for all.
            password: as it was typed.
            stream: the transport by which that came, which is not read from meanwhile.
        """
        return self.keeper.login(self.login, name, password, self.source, partial(was_reset, stream))
