"""Values in the form that they have in the file, and what is made of them: leaves and trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple

from smartserial.sharing.rights import ALL, Right

NOTHING = "nothing"
CHANGED = "changed"
_TIMES = (("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
_SIZES = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value.

    Args:
        text: in the form of the file; `NOTHING` if there is none.
        value: what tells whether it is another one, where the text does not; None: the text does.
        secret: it is not to be shown anywhere.
    """

    text: str
    value: object = None
    secret: bool = False

    def differs(self, other: Leaf) -> bool:
        """Tell whether another one says something else."""
        return (self.text, self.value) != (other.text, other.value)


class Kind(NamedTuple):
    """What something is, where its keys depend on that; in a few words, with the keys that do."""

    kind: object
    words: str
    keys: frozenset[str]


class Tree(dict[str, "Node"]):
    """A mapping of the file, or what stands in its place."""

    of: Kind | None = None

    def add(self, key: str, node: Node) -> None:
        """Put a node at a key, which may be a path with dots; a tree joins what is there already.

        An empty key has a tree join this one.
        """
        first, _, rest = key.partition(".")
        if rest:
            below = self.setdefault(first, Tree())
            assert isinstance(below, Tree)
            below.add(rest, node)
        elif isinstance(node, Tree) and (not key or isinstance(self.get(key), Tree)):
            self_or_below = self if not key else self[key]
            assert isinstance(self_or_below, Tree)
            self_or_below.of = self_or_below.of or node.of
            for name, one in node.items():
                self_or_below.add(name, one)
        else:
            self[key] = node


class Several(list[tuple[str, Tree]]):
    """A list of mappings, each with words that tell it from the others."""


Node = Leaf | Tree | Several


def seconds(value: float | None) -> Leaf:
    """Write a time with its unit: the largest that gives a whole number, or seconds with a fraction."""
    if value is None:
        return Leaf(NOTHING)
    for unit, length in _TIMES:
        count = round(value / length)
        if count and abs(value - count * length) <= 1e-12 * value:
            return Leaf(f"{count}{unit}")
        if unit == "s" and value > 1:
            return Leaf(f"{value:.6f}".rstrip("0") + unit)
    return Leaf(f"{value * 1e6:f}us" if value else "0s")


def size(value: int | None) -> Leaf:
    """Write a size, with the largest unit that gives a whole number."""
    if value is None:
        return Leaf(NOTHING)
    for unit, length in _SIZES:
        if value and value % length == 0:
            return Leaf(f"{value // length}{unit}")
    return Leaf(str(value))


def raw_bytes(value: bytes) -> Leaf:
    """Write bytes as a text in double quotes."""
    if not value:
        return Leaf(NOTHING)
    shown = (
        _ESCAPES.get(one) or (one if " " <= one <= "~" else f"\\x{ord(one):02x}")
        for one in value.decode("latin-1")
    )
    return Leaf(f'"{"".join(shown)}"')


def rights(value: Right) -> Leaf:
    """Write rights as the words of a users file."""
    if value == ALL:
        return Leaf("[admin]")
    return Leaf(f"[{', '.join(str(one.name).lower() for one in value)}]")


def secret(value: object) -> Leaf:
    """Hide a value: only that it is another one is told."""
    return Leaf("", value, secret=True)


def either(yes: str, no: str) -> Any:
    """Return what writes a switch in two words."""
    return lambda value: Leaf(yes if value else no)


def network(value: IPv4Network | IPv6Network) -> str:
    """Write a network; one of a single address as the address."""
    single = value.prefixlen == value.max_prefixlen
    return str(value.network_address if single else value)


def listed(values: Iterable[object]) -> Leaf:
    """Write a list."""
    return Leaf(f"[{', '.join(text(one) for one in values)}]")


def text(value: object) -> str:
    """Write a plain value."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, IPv4Network | IPv6Network):
        return network(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value.value if isinstance(value, Enum) else value)
