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
        self.seized = False  # an operator holds control, whatever the rule says

    def may_change(self, client: object) -> bool:
        """Tell whether a change by `client` acts; it takes control where the rule gives it."""
        if self.seized:
            return self.holder is client
        if self.rule is Control.ANYONE:
            return True
        if self.rule is Control.LAST or (self.rule is Control.FIRST and self.holder is None):
            self.holder = client
        return self.rule is not Control.NONE and self.holder is client

    def seize(self, operator: object) -> None:
        """Give control to an operator, who keeps it until it is released."""
        self.holder, self.seized = operator, True

    def leave(self, client: object) -> None:
        """Take control from a client that is gone, or from an operator who releases it."""
        if self.holder is client:
            self.holder, self.seized = None, False

    def update(self, rule: Control) -> None:
        """Go by another rule; who holds control keeps it while the rule knows of holders."""
        self.rule = rule
        if not self.seized and rule in (Control.ANYONE, Control.NONE):
            self.holder = None
