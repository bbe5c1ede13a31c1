"""What all consoles of one gateway have in common, and who sits at one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from smartserial.console.output import VerbError
from smartserial.events import Operated, OperatorCame, OperatorLeft
from smartserial.findings import did_you_mean
from smartserial.sharing.ledger import Account
from smartserial.sharing.rights import OWNER, Identity, Right

if TYPE_CHECKING:
    from smartserial.element.service import Element
    from smartserial.gateway import Gateway
    from smartserial.journal import Journal
    from smartserial.settings import ShareSettings
    from smartserial.share.service import Share

T = TypeVar("T")
Reload = Callable[[bool], Awaitable[list[str]]]


@dataclass(frozen=True, eq=False)
class Operator:
    """Somebody at a console.

    Args:
        name: who, as far as that is known.
        door: by which way.
        identity: as whom, with all rights that this gives.
        since: seconds since 1970.
    """

    name: str
    door: str
    identity: Identity
    since: float

    @property
    def may_change(self) -> bool:
        """Whether more than looking is allowed, of anything."""
        return any(grant.rights & ~Right.READ for grant in self.identity.grants)


class Desk:
    """What verbs work on.

    Args:
        gateway: its shares are looked at and changed.
        journal: writes the log.
        reload: reads the configuration again and returns what is different, each difference a line; its
            argument says not to put it in force.
    """

    def __init__(self, gateway: Gateway, journal: Journal, reload: Reload) -> None:
        self.gateway = gateway
        self.journal = journal
        self.reload = reload
        self.operators: dict[Operator, Callable[[], None]] = {}  # with what ends the session of each
        self.doors: list[Callable[[], None]] = []  # each judges again whom it has let in
        self.counted_from: dict[
            Share, tuple[Account, Account]
        ] = {}  # where `stats reset` has set the counters
        self._looker = OWNER
        gateway.users_changed = self.review

    # ---- what is there

    def seen_by(self, operator: Operator) -> Desk:
        """Return the desk as an operator may see it: what they have no right on is not there."""
        seen = copy(self)
        seen._looker = operator.identity
        return seen

    def sees(self, name: str) -> bool:
        """Tell whether whoever looks may look at a share or element, or at the gateway as a whole."""
        return Right.READ in self._looker.on(name)

    def knows(self, name: str) -> bool:
        """Tell whether whoever looks has any right on a share or element."""
        return bool(self._looker.on(name))

    @property
    def shares(self) -> Mapping[str, Share]:
        """The shares that run, as far as they may be looked at."""
        return {name: share for name, share in self.gateway.shares.items() if self.sees(name)}

    @property
    def disabled(self) -> Mapping[str, ShareSettings]:
        """The shares that are disabled, as far as they may be looked at."""
        return {name: one for name, one in self.gateway.disabled.items() if self.sees(name)}

    @property
    def elements(self) -> Mapping[str, Element]:
        """The elements, as far as they may be looked at."""
        return {name: one for name, one in self.gateway.elements.items() if self.sees(name)}

    def share(self, name: str, or_element: bool = False) -> Share:
        """Return a share that runs; `or_element`: an element would do as well, and there is none.

        Raises:
            VerbError: there is none of that name.
        """
        shares = self._known(self.gateway.shares)
        if name not in shares:
            if name in self._known(self.gateway.disabled):
                raise VerbError(f"{name} is disabled")
            elements = self._known(self.gateway.elements) if or_element else {}
            known = [*shares, *elements]
            hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
            raise VerbError(f"there is no share{' or element' if or_element else ''} {name} ({hint})")
        return shares[name]

    def _known(self, named: Mapping[str, T]) -> Mapping[str, T]:
        return {name: one for name, one in named.items() if self.knows(name)}

    def element(self, name: str) -> Element:
        """Return an element.

        Raises:
            VerbError: there is none of that name.
        """
        elements = self._known(self.gateway.elements)
        if name not in elements:
            hint = did_you_mean(name, elements) or f"known: {', '.join(elements) or 'none'}"
            raise VerbError(f"there is no element {name} ({hint})")
        return elements[name]

    def param(self, words: str) -> tuple[Element, str]:
        """Return the element that ``ELEMENT.PARAM`` names, and the word for the param.

        Raises:
            VerbError: it names none.
        """
        name, dot, param = words.partition(".")
        while dot and name not in self.gateway.elements and "." in param:
            more, dot, param = param.partition(".")
            name = f"{name}.{more}"
        if not dot or not param:
            raise VerbError(f"expected ELEMENT.PARAM, found {words}")
        return self.element(name), param

    # ---- who is there

    def enters(self, operator: Operator, leave: Callable[[], None]) -> None:
        """Take note of somebody at a console, which is told when they have a name, once.

        Args:
            operator: who it is.
            leave: ends the session.
        """
        here = operator in self.operators
        self.operators[operator] = leave
        if operator.name and not here:
            self.gateway.events.publish(OperatorCame("console", operator.name, operator.door))

    def leaves(self, operator: Operator) -> None:
        """Forget somebody at a console; nothing happens if they have left before."""
        if operator in self.operators:
            del self.operators[operator]
            if operator.name:
                self.gateway.events.publish(OperatorLeft("console", operator.name, operator.door))

    def review(self) -> None:
        """End the sessions of users who are gone, or may do other things now: they can log in again."""
        for operator, leave in list(self.operators.items()):
            name = operator.identity.name
            if name and self.gateway.keeper.identity(name) != operator.identity:
                leave()
        for review in self.doors:
            review()

    def operated(self, operator: Operator, share: str, what: str) -> None:
        """Record what somebody has changed."""
        self.gateway.events.publish(Operated(share, f"{operator.name} by {operator.door}", what))
