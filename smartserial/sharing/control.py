"""Who may change the settings and lines of a shared device."""

from __future__ import annotations

from enum import Enum


class Control(Enum):
    """Whose changes act on the device.

    With FIRST, the first client that changes something takes control and keeps it until it leaves, or until
    an operator takes it away; with LAST, the newest change takes it; with ANYONE, nobody needs it; with NONE,
    nobody gets it.
    """

    FIRST = "first"
    LAST = "last"
    ANYONE = "anyone"
    NONE = "none"


class WhenRefused(Enum):
    """What a client is told whose change does not act.

    ACKNOWLEDGE tells it what it wants to hear, so that it goes on as a watcher; ACTUAL tells the value in
    force.
    """

    ACKNOWLEDGE = "acknowledge"
    ACTUAL = "actual"


class Desk:
    """Knows which client holds control; clients are any objects, compared by identity."""

    def __init__(self, rule: Control) -> None:
        self.rule = rule
        self.holder: object | None = None

    def may_change(self, client: object) -> bool:
        """Tell whether a change by `client` acts; it takes control where the rule gives it."""
        if self.rule is Control.ANYONE:
            return True
        if self.rule is Control.LAST or (self.rule is Control.FIRST and self.holder is None):
            self.holder = client
        return self.rule is not Control.NONE and self.holder is client

    def leave(self, client: object) -> None:
        """Take control from a client that is gone, or that an operator takes it from."""
        if self.holder is client:
            self.holder = None

    def update(self, rule: Control) -> None:
        """Go by another rule; who holds control keeps it while the rule knows of holders."""
        self.rule = rule
        if rule in (Control.ANYONE, Control.NONE):
            self.holder = None
