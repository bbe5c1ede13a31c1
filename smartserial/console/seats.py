"""The places at one door of the console, of operators and of connections: no user has all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from smartserial.sharing.rights import GATEWAY, Identity, Right

MOST_OPERATORS = 32
"""At one door, at the same time."""
MOST_OF_USER = 8
"""Of these, of one user."""
KEPT = 2
"""Of these, for who has the right `admin` on the gateway."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many there are at a door, at the same time.

    Args:
        most: in all.
        of_user: of one user.
        kept: of all, for those with the right `admin` on the gateway.
        what: takes them, in words.
        whose: the same of one user; the name follows.
    """

    most: int
    of_user: int
    kept: int
    what: str
    whose: str


OPERATORS = Places(MOST_OPERATORS, MOST_OF_USER, KEPT, "operators", "operators called")
CONNECTIONS = Places(256, 64, 8, "connections", "connections of")
"""Of those who have logged in by SSH; a client of a share has one too."""


class Seats:
    """Counts who is there, so that no user can keep all others out.

    Args:
        places: how many there are.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._taken: Counter[str] = Counter()  # how many there are of each user

    @property
    def taken(self) -> int:
        """How many are taken."""
        return self._taken.total()

    def take(self, identity: Identity) -> str:
        """Take a place; return why there is none, empty if there is.

        Those who know a door's one secret have no names, and share what is not kept for others.
        """
        name, places = identity.name, self._places
        if name and self._taken[name] >= places.of_user:
            return f"{places.of_user} {places.whose} {name} are at this door, and no more are let in"
        if self.taken >= places.most:
            return f"{places.most} {places.what} are at this door, and no more are let in"
        if self.taken >= places.most - places.kept and Right.ADMIN not in identity.on(GATEWAY):
            return (
                f"the last {places.kept} places at this door are for those who have the right `admin` on `*`"
            )
        self._taken[name] += 1
        return ""

    def leave(self, name: str) -> None:
        """Give back a place."""
        self._taken[name] -= 1
        self._taken += Counter()  # those of whom there is none are not kept
