"""Who may come in to a share: by address, by who they are, and whether there is a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol as Shape

from smartserial.channels.listener import Listener
from smartserial.channels.login.keeper import Keeper
from smartserial.channels.session import Session
from smartserial.channels.tls.demands import unmet
from smartserial.events import ClientRefused, LoginFailed
from smartserial.settings import ListenerSettings, LoginSettings, ShareSettings
from smartserial.share.clients import Clients
from smartserial.share.device import SharedDevice
from smartserial.share.floor import Floor
from smartserial.share.places import find_place
from smartserial.sharing.access import Refusal, allowed, forbidden, held
from smartserial.sharing.rights import ANYBODY, Identity, Right


class EntryOwner(Shape):
    """What the entry needs of its share."""

    settings: ShareSettings
    device: SharedDevice
    clients: Clients
    floor: Floor

    def publish(self, event: Any, *fields: object) -> None:
        """Tell the world of an event of this share."""


class Entry:
    """Judges who comes, and again who is there.

    Args:
        owner: the share.
        keeper: knows the users.
        lost_control: is called with a client that may change nothing any more.
    """

    def __init__(self, owner: EntryOwner, keeper: Keeper, lost_control: Callable[[Session], None]) -> None:
        self.keeper = keeper
        self._owner = owner
        self._lost_control = lost_control

    # ---- who comes

    def admits(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a connection by its address, before anything is said."""
        if allowed(listener.settings.allow, host):
            return None
        return forbidden(self._owner.settings.name, host)

    def judge(self, listener: Listener, host: str) -> Refusal | None:
        """Decide about a client whose session is to begin."""
        rules, device = self._owner.settings.rules, self._owner.device
        if device.busy and not rules.wait_while_busy and not rules.on_demand:
            return held(self._owner.settings.name, device.busy)
        return find_place(self._owner.clients, listener, host)

    def entitle(self, session: Session, identity: Identity, login: LoginSettings) -> Refusal | None:
        """Give a client the rights of who has logged in; who may neither read nor write is refused.

        Args:
            session: of the client.
            identity: who it is.
            login: how that was found out.
        """
        name = self._owner.settings.name
        if session.listener.for_users and (refusal := _barred(self._owner.settings, identity)):
            return refusal
        rights = identity.on(name)
        if not rights & (Right.READ | Right.WRITE):
            return Refusal(f"{identity.name} may neither read nor write {name}")
        session.identify(identity, rights, login)
        return None

    def refused(self, listener: Listener, peer: str, refusal: Refusal) -> None:
        """Take note of a client that was not let in."""
        self._owner.publish(ClientRefused, peer, listener.where, refusal.text, refusal.user)

    def login_failed(self, peer: str, user: str, why: str) -> None:
        """Take note of somebody who could not log in."""
        self._owner.publish(LoginFailed, peer, self.keeper.shown(user), why)

    # ---- who is there

    def review(self) -> None:
        """Judge again who is here: users may be gone, or may do less, or more, and doors may want more.

        Who may hear the device only now is given what was kept, before anything newer comes.
        """
        for session in list(self._owner.clients):
            settings = session.listener.settings  # those of calls are of another kind
            if isinstance(settings, ListenerSettings) and (farewell := self._farewell(session, settings)):
                session.cut(farewell)
        self._owner.clients.review()
        self._owner.floor.hand_out()

    def _farewell(self, session: Session, settings: ListenerSettings) -> str:
        """Return why a client may not stay; empty if it may."""
        if words := session.barred() or unmet(session.tls, settings.tls):
            return words
        return "" if settings.login == session.login is None else self._judged(session, settings.login)

    def _judged(self, session: Session, login: LoginSettings | None) -> str:
        """Return why a client may not stay; empty if it may, with the rights that it has now."""
        if login is None:
            return ""  # nobody has to say any more who they are
        before = session.login
        if before is None or before.secret != login.secret:
            return "its listener wants to know now who comes"
        identity = ANYBODY if login.secret else self.keeper.identity(session.identity.name)
        if identity is None:
            return "its user is gone"
        if login.groups and not login.groups & identity.groups:
            return "its user is in none of the groups that may come in"
        if self.entitle(session, identity, login) is not None:
            return "its user has no right here any more"
        if not session.may_control:
            self._lost_control(session)
        return ""


def _barred(settings: ShareSettings, identity: Identity) -> Refusal | None:
    """Return why a user does not come in by a door of the gateway's own, by what the share itself says."""
    login = settings.login
    if login is not None and login.secret:
        return Refusal(f"{settings.name} has a password of its own, which cannot be asked for here")
    if login is not None and login.groups and not login.groups & identity.groups:
        return Refusal(f"{identity.name} is in none of the groups that may come in to {settings.name}")
    return None
