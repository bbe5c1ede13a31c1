"""Answers "who is this?": for listeners, the console and its SSH door, whoever asks.

::

    login --> queue --> may this source try now? --> hashed in a thread, two at a time --> Identity
                |                |
             too long         has to wait: refused, and not tried

A hash takes 128 MiB and a good part of a second, and there may be any number who want to come in. Each source
has its turn, and when the queue is full the source that waits most often gives up a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Interface, implementer

from smartserial.channels.login.checkers import Run, UsersChecker, checker_of
from smartserial.passwords import dearest, decoy, verify
from smartserial.settings import LoginSettings, UserSettings, UsersSettings
from smartserial.sharing.attempts import Attempts
from smartserial.sharing.crowd import Crowd
from smartserial.sharing.rights import ANYBODY, Identity

AT_ONCE = 2
"""Hashes that are made at the same time."""
MOST_WAITING = 256
"""Logins that wait for that."""
WRONG_SECRET = "the password is wrong"
WRONG_USER = "the name or the password is wrong"
UNKNOWN_USER = "an unknown user"
BUSY = "too many log in at this moment: try again"

_log = Logger()


class LoginRefused(Exception):  # noqa: N818 # it is no error of anybody here
    """Somebody was not let in; the text is for them, and does not say whether it was the name."""


class LoginBusy(LoginRefused):
    """Nobody has judged whether somebody may be let in."""


class LoginLeft(LoginRefused):
    """Nobody has judged it, for whoever wanted to come in is gone."""


def _stays() -> bool:
    return False


class IUser(Interface):
    """What the keeper's portal gives: an `Identity`."""


@dataclass(eq=False)
class _Request:
    login: LoginSettings
    name: str
    password: bytes = field(repr=False)
    source: str
    gone: Callable[[], bool]
    answer: Deferred[Identity]


class Keeper:
    """Knows the users.

    Args:
        users: who there is; replaced by `update`.
        reactor: keeps the time, and has threads.
        run: does something in a thread, if not the reactor's.
    """

    def __init__(self, users: UsersSettings, reactor: Any, run: Run | None = None) -> None:
        self._reactor = reactor
        self._run = run or self._in_thread
        self._attempts = Attempts()
        self._waiting: Crowd[_Request] = Crowd(MOST_WAITING)
        self._hashing = 0
        self._users: dict[str, UserSettings] = {}
        self._identities: dict[str, Identity] = {}
        self._made: dict[str, ICredentialsChecker] = {}
        self._portal = Portal(_Realm(self), [UsersChecker(self)])
        self.update(users)

    def _in_thread(self, call: Callable[[], bool]) -> Deferred[bool]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call)

    # ---- who there is

    def prepare(self, users: UsersSettings) -> None:
        """Make sure that `update` can go by other users.

        Raises:
            ConfigError: one of its checkers cannot be had.
        """
        for text in users.checkers:
            if text not in self._made:
                self._made[text] = checker_of(text, self._run)

    def update(self, users: UsersSettings) -> None:
        """Go by other users from now on.

        Raises:
            ConfigError: one of its checkers cannot be had; then nothing has changed.
        """
        self.prepare(users)
        self._made = {text: self._made[text] for text in users.checkers}
        self._users = {user.name: user for user in users.users}
        grants = {group.name: group.grants for group in users.groups}
        self._identities = {
            user.name: Identity(
                user.name,
                tuple(grant for group in user.groups for grant in grants.get(group, ())),
                frozenset(user.groups),
            )
            for user in users.users
        }
        self._decoy = decoy(dearest(user.password for user in users.users if user.password))

    def identity(self, name: str) -> Identity | None:
        """Return who a user is and what they may do; None: there is no such user."""
        return self._identities.get(name)

    def user(self, name: str) -> UserSettings | None:
        """Return what is known of a user; None: there is no such user."""
        return self._users.get(name)

    def shown(self, name: str) -> str:
        """Return what may be shown of what somebody gave as a name; many type a password in its place."""
        return name if not name or name in self._users else UNKNOWN_USER

    # ---- logins

    def delay(self, source: str) -> float:
        """Return for how many seconds nobody from an address may try; 0: they may."""
        return self._attempts.delay(source, self._reactor.seconds())

    def login(
        self,
        login: LoginSettings,
        name: str,
        password: bytes,
        source: str,
        gone: Callable[[], bool] = _stays,
    ) -> Deferred[Identity]:
        """Find out who somebody is.

        Args:
            login: how those are to prove it who come in there.
            name: of the user; means nothing where there is one secret for all.
            password: as it was typed.
            source: the address that they come from.
            gone: tells whether they have gone meanwhile, which whoever asks may not see before the answer.

        Returns:
            Who it is; `ANYBODY`, where there is one secret for all. Fails with `LoginRefused`; with
            `LoginBusy` or `LoginLeft`, if it was not tried.
        """
        answer: Deferred[Identity] = Deferred(self._given_up)
        loser = self._waiting.add(_Request(login, name, password, source, gone, answer), source)
        if loser is not None:
            self._reactor.callLater(0, self._crowd_out, loser)
        self._next()
        return answer

    def _crowd_out(self, request: _Request) -> None:
        if not request.answer.called:
            request.answer.errback(LoginBusy(BUSY))

    def _given_up(self, answer: Deferred[Identity]) -> None:
        """Forget a request whose maker has gone; one that is under way goes on for nobody."""
        for request in self._waiting:
            if request.answer is answer:
                self._waiting.discard(request)

    def _next(self) -> None:
        """Try those that may be tried now, in their turn; refuse those that may not try at all now."""
        now = self._reactor.seconds()
        for request in self._waiting.in_turn():
            if self._hashing >= AT_ONCE:
                return
            if request not in self._waiting:
                continue  # given up meanwhile
            if request.gone():
                self._waiting.discard(request)
                request.answer.errback(LoginLeft("gone before it was judged"))
            elif self._attempts.begin(request.source, now):
                self._waiting.serve(request)
                self._try(request)
            elif delay := self._attempts.delay(request.source, now):
                self._waiting.discard(request)
                request.answer.errback(LoginRefused(too_often(delay)))

    def _try(self, request: _Request) -> None:
        self._hashing += 1
        trying = self._by_secret(request) if request.login.secret else self._by_user(request)
        trying.addBoth(self._tried, request)

    def _tried(self, result: Identity | Failure, request: _Request) -> None:
        self._hashing -= 1
        wrong = isinstance(result, Failure)
        self._attempts.end(request.source, self._reactor.seconds(), not wrong)
        if isinstance(result, Failure) and not result.check(LoginRefused):
            _log.failure("a login could not be judged", result)
            result = Failure(LoginRefused("nobody can log in now: the gateway's log tells why"))
        self._reactor.callLater(0, self._next)
        if request.answer.called:
            return  # whoever asked is gone
        if isinstance(result, Identity) and (words := self._unfit(result, request.login)):
            result = Failure(LoginRefused(words))
        request.answer.callback(result)

    def _unfit(self, identity: Identity, login: LoginSettings) -> str:
        """Return why somebody who knows their password is not let in; empty if they are."""
        if not login.secret and identity.name not in self._users:
            return f"{identity.name} is no user of this gateway"  # known elsewhere, or gone meanwhile
        if login.groups and not login.groups & identity.groups:
            return f"{identity.name} is in none of the groups that may come in here"
        return ""

    def _by_secret(self, request: _Request) -> Deferred[Identity]:
        verifying = self._run(partial(verify, request.password, request.login.secret))
        return verifying.addCallback(_let_in)

    def _by_user(self, request: _Request) -> Deferred[Identity]:
        credentials = UsernamePassword(request.name.encode(), request.password)
        entering = self._portal.login(credentials, None, IUser)
        return entering.addCallbacks(lambda entered: entered[1], _wrong_user)

    # ---- what the checker needs

    def verify(self, name: str, password: bytes) -> Deferred[bool]:
        """Tell whether this is a user of ours with this password.

        If not, it takes as long as for the user whose hash takes longest, whoever it is.
        """
        user = self._users.get(name)
        known = user.password if user is not None else ""
        return self._run(partial(verify, password, known or self._decoy, self._decoy))

    def elsewhere(self, name: str) -> Iterable[ICredentialsChecker]:
        """Return who else may know the password of a user; nobody where it is in our file."""
        user = self._users.get(name)
        return () if user is not None and user.password else tuple(self._made.values())


@implementer(IRealm)
class _Realm:
    """Knows who users are, as the portal asks for them."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def requestAvatar(  # Twisted's names
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: Any
    ) -> Any:
        name = bytes(avatarId).decode()
        return IUser, self._keeper.identity(name) or Identity(name), lambda: None


def _let_in(right: bool) -> Identity:
    if not right:
        raise LoginRefused(WRONG_SECRET)
    return ANYBODY


def _wrong_user(failure: Failure) -> Failure:
    failure.trap(UnauthorizedLogin)
    return Failure(LoginRefused(WRONG_USER))


def too_often(delay: float) -> str:
    """Return the words for somebody whose address has to wait."""
    return f"too many wrong passwords came from your address: try again in {max(1, round(delay))} s"
