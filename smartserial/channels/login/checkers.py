"""Those who know passwords: our own file of users, and what `twistd --auth` knows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

from twisted.cred import strcred
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure
from zope.interface import implementer

from smartserial.errors import ConfigError

Run = Callable[[Callable[[], bool]], "Deferred[bool]"]
"""Does something in a thread."""
_BLOCKING = ("file", "unix")  # Twisted's own; others are asked as Twisted asks them


class Knowing(Shape):
    """What the checker of our users needs of the keeper."""

    def verify(self, name: str, password: bytes) -> Deferred[bool]:
        """Tell whether this is a user of ours with this password."""

    def elsewhere(self, name: str) -> Iterable[ICredentialsChecker]:
        """Return who else may know the password of a user."""


@implementer(ICredentialsChecker)
class UsersChecker:
    """Looks a user up in our file, and then in those other places that the operator has named."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, keeper: Knowing) -> None:
        self._keeper = keeper

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """Return the user's name; fails with `UnauthorizedLogin`."""
        return Deferred.fromCoroutine(self._look_up(credentials))

    async def _look_up(self, credentials: UsernamePassword) -> bytes | tuple[()]:
        name: bytes = credentials.username
        others = self._keeper.elsewhere(name.decode())
        if await self._keeper.verify(name.decode(), credentials.password):
            return name
        for other in others if credentials.password else ():
            with suppress(UnauthorizedLogin):
                await maybeDeferred(other.requestAvatarId, credentials)
                return name
        raise UnauthorizedLogin


@implementer(ICredentialsChecker)
class _Threaded:
    """A checker that reads files and hashes: it is asked in a thread."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, checker: Any, run: Run) -> None:
        self._checker = checker
        self._run = run

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        def knows() -> bool:
            outcome: list[object] = []
            maybeDeferred(self._checker.requestAvatarId, credentials).addBoth(outcome.append)
            if isinstance(outcome[0], Failure):
                outcome[0].trap(UnauthorizedLogin)
            return not isinstance(outcome[0], Failure)

        def known(right: bool) -> bytes | tuple[()]:
            if not right:
                raise UnauthorizedLogin
            return bytes(credentials.username)

        return self._run(knows).addCallback(known)


def checker_of(text: str, run: Run) -> ICredentialsChecker:
    """Return what looks passwords up as a text says that `twistd --auth` understands.

    Args:
        text: a kind, and for some of them a colon and more.
        run: does something in a thread.

    Raises:
        ConfigError: there is no such thing, or it cannot be used; of the text only the kind and the path
            of a file are shown, for a password may stand in it.
    """
    kind, _, rest = text.partition(":")
    if kind == "file" and not Path(rest).is_file():
        raise ConfigError(f"users.checkers: there is no file {rest}")
    if kind == "memory":
        raise ConfigError(
            "users.checkers: memory has passwords in clear; the file of users has them as hashes"
        )
    try:
        checker: ICredentialsChecker = strcred.makeChecker(text)
    except Exception as error:  # of many kinds, some with what the text says
        known = ", ".join(
            sorted({factory.authType for factory in strcred.findCheckerFactories()} - {"memory"})
        )
        raise ConfigError(f"users.checkers: {kind} cannot be used; known: {known}") from error
    if kind == "unix" and not _knows_the_system():
        raise ConfigError("users.checkers: unix needs crypt and spwd, which this Python has not any more")
    if IUsernamePassword not in checker.credentialInterfaces:
        raise ConfigError(f"users.checkers: {kind} knows no names with passwords")
    return _Threaded(checker, run) if kind in _BLOCKING else checker


def _knows_the_system() -> bool:
    """Tell whether this Python can compare with the system's own passwords; it says no word of that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import_module("crypt")
            import_module("spwd")
        except ImportError:
            return False
    return True
