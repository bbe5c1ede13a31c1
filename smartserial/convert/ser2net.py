"""What a configuration of ser2net says, whichever of its two formats it is written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smartserial.convert.gensio import Layer
from smartserial.convert.remarks import Place, Remarks, Word

Defaults = dict[tuple[str, str], Word]
"""Default values by class (empty: of every class) and name."""

Others = Callable[[str, Place], list[tuple[str, str]]]
"""Reads the files that a file includes by a name or pattern: returns their names and what they hold."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers of gensio, and where they are named."""

    layers: tuple[Layer, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a connection.

    Args:
        name: as in version 4, such as ``max-connections``.
        value: empty: it is only named.
        place: where it stands.
    """

    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection between clients and a device.

    Args:
        name: its alias, or its device.
        was: what to call it in remarks.
        place: where it stands.
        accepter: how clients come.
        connector: the device.
        timeout: seconds without a byte after which a client is closed; 0: never.
        options: in their order; one may stand there twice.
        defaults: that were in force where it stands.
        key: by which rotators name it.
        off: where it is switched off; None: it is on.
    """

    name: str
    was: str
    place: Place
    accepter: Stack
    connector: Stack
    timeout: int = 0
    options: tuple[Option, ...] = ()
    defaults: Defaults = field(default_factory=dict)
    key: str = ""
    off: Place | None = None

    def default(self, kind: str, name: str) -> str | None:
        """Return the default value of an option of a kind of layer; None if none is set."""
        word = self.defaults.get((kind, name)) or self.defaults.get(("", name))
        return None if word is None else word.text


@dataclass(frozen=True, slots=True)
class Rotator:
    """An accepter whose clients get one of several connections.

    Args:
        name: its alias, or its port.
        was: what to call it in remarks.
        place: where it stands.
        accepter: how clients come.
        connections: their keys, in their order.
        options: in their order.
        defaults: that were in force where it stands.
    """

    name: str
    was: str
    place: Place
    accepter: Stack
    connections: tuple[Word, ...]
    options: tuple[Option, ...]
    defaults: Defaults


@dataclass(slots=True)
class Setup:
    """A whole configuration.

    Args:
        connections: in their order, also those that are switched off.
        rotators: in their order.
        admin: how operators come; None: they do not.
        remarks: what could not be read, or has nothing like it here.
    """

    connections: list[Connection] = field(default_factory=list)
    rotators: list[Rotator] = field(default_factory=list)
    admin: Stack | None = None
    remarks: Remarks = field(default_factory=Remarks)
