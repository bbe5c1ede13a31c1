"""What all consoles of one gateway have in common, and who sits at one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartserial.console.output import VerbError
from smartserial.events import Operated
from smartserial.findings import did_you_mean
from smartserial.sharing.ledger import Account

if TYPE_CHECKING:
    from smartserial.element.service import Element
    from smartserial.gateway import Gateway
    from smartserial.journal import Journal
    from smartserial.share.service import Share

Reload = Callable[[bool], Awaitable[list[str]]]


@dataclass(frozen=True, eq=False)
class Operator:
    """Somebody at a console.

    Args:
        name: who, as far as that is known.
        door: by which way.
        may_change: whether more than looking is allowed.
        since: seconds since 1970.
    """

    name: str
    door: str
    may_change: bool
    since: float


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
        self.operators: dict[Operator, None] = {}
        self.counted_from: dict[
            Share, tuple[Account, Account]
        ] = {}  # where `stats reset` has set the counters

    def share(self, name: str, or_element: bool = False) -> Share:
        """Return a share that runs; `or_element`: an element would do as well, and there is none.

        Raises:
            VerbError: there is none of that name.
        """
        shares = self.gateway.shares
        if name not in shares:
            if name in self.gateway.disabled:
                raise VerbError(f"{name} is disabled")
            known = [*shares, *self.gateway.elements] if or_element else list(shares)
            hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
            raise VerbError(f"there is no share{' or element' if or_element else ''} {name} ({hint})")
        return shares[name]

    def element(self, name: str) -> Element:
        """Return an element.

        Raises:
            VerbError: there is none of that name.
        """
        elements = self.gateway.elements
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

    def operated(self, operator: Operator, share: str, what: str) -> None:
        """Record what somebody has changed."""
        self.gateway.events.publish(Operated(share, f"{operator.name} by {operator.door}", what))
