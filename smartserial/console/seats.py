"""The places of operators who have logged in at one door of the console."""

from __future__ import annotations

from collections import Counter

from smartserial.sharing.rights import GATEWAY, Identity, Right

MOST_OPERATORS = 32
"""At one door, at the same time."""
MOST_OF_USER = 8
"""Of these, of one user."""
KEPT = 2
"""Of these, for who has the right `admin` on the gateway."""


class Seats:
    """Counts who is there, so that no user can keep all others out."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()  # how many there are of each user

    @property
    def taken(self) -> int:
        """How many operators are there."""
        return self._taken.total()

    def take(self, identity: Identity) -> str:
        """Take a place; return why there is none, empty if there is.

        Those who know a door's one secret have no names, and share what is not kept for others.
        """
        if identity.name and self._taken[identity.name] >= MOST_OF_USER:
            return f"{MOST_OF_USER} operators called {identity.name} are at this door, and no more are let in"
        if self.taken >= MOST_OPERATORS:
            return f"{MOST_OPERATORS} operators are at this door, and no more are let in"
        if self.taken >= MOST_OPERATORS - KEPT and Right.ADMIN not in identity.on(GATEWAY):
            return f"the last {KEPT} places at this door are for those who have the right `admin` on `*`"
        self._taken[identity.name] += 1
        return ""

    def leave(self, name: str) -> None:
        """Give back a place."""
        self._taken[name] -= 1
        self._taken += Counter()  # those of whom there is none are not kept
