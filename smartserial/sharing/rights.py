"""Who somebody is, and what they may do with which share or element."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from fnmatch import fnmatchcase


class Right(Flag):
    """What somebody may do.

    READ is to hear the device and to look; WRITE to send data and values; CONTROL to change settings and
    lines, break included; ADMIN to start, stop and close what others use.
    """

    NONE = 0
    READ = auto()
    WRITE = auto()
    CONTROL = auto()
    ADMIN = auto()


GATEWAY = ""
"""The gateway as a whole, in the place of a name: only patterns of ``*`` alone fit."""
GUEST = Right.READ | Right.WRITE | Right.CONTROL
"""What clients may do that need not say who they are, as far as their listener lets them."""
ALL = GUEST | Right.ADMIN


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights on shares and elements.

    Args:
        pattern: their names, with ``*``, ``?`` and ``[...]`` as in shells.
        rights: what is granted.
    """

    pattern: str
    rights: Right

    def fits(self, target: str) -> bool:
        """Tell whether a share or element, or `GATEWAY`, is meant."""
        return fnmatchcase(target, self.pattern)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who has been let in.

    Args:
        name: of the user; empty for who need not say it, or knows a shared secret.
        grants: those of the user's groups; what several of them grant adds up.
        groups: names of the groups.
    """

    name: str = ""
    grants: tuple[Grant, ...] = ()
    groups: frozenset[str] = frozenset()

    def on(self, target: str) -> Right:
        """Return the rights on the share or element `target`."""
        rights = Right.NONE
        for grant in self.grants:
            if grant.fits(target):
                rights |= grant.rights
        return rights

    def ever(self, right: Right) -> bool:
        """Tell whether there is anything on which somebody has this right."""
        return not right or any(right in grant.rights for grant in self.grants)


ANYBODY = Identity(grants=(Grant("*", GUEST),))
"""A client that need not say who it is."""
WATCHER = Identity(grants=(Grant("*", Right.READ),))
"""An operator who may only look, for nobody knows who it is."""
OWNER = Identity(grants=(Grant("*", ALL),))
"""An operator who sits at this machine."""
