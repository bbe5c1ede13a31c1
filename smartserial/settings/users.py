"""Who may log in, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from smartserial.sharing.rights import Grant


@dataclass(frozen=True, slots=True)
class UserSettings:
    """A user of the gateway.

    Args:
        name: what is typed.
        password: its hash, see `smartserial.passwords`; empty: no password is right.
        groups: names of the user's groups.
        keys: public keys for SSH, each a line as in ``authorized_keys``.
    """

    name: str
    password: str = field(default="", repr=False)
    groups: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """What the members of a group may do."""

    name: str
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class UsersSettings:
    """Who there is.

    Args:
        users: with names of their own.
        groups: with names of their own.
        checkers: more places to look users up, each as for ``twistd --auth``.
    """

    users: tuple[UserSettings, ...] = ()
    groups: tuple[GroupSettings, ...] = ()
    checkers: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """How those who come in prove who they are: by one shared secret, or as a user.

    Args:
        secret: hash of the secret that all share; empty: they log in as users.
        groups: whose members may come in; empty: every user with a right here.
    """

    secret: str = field(default="", repr=False)
    groups: frozenset[str] = frozenset()
