"""Two trees against each other, and two gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smartserial.definition.protocol import Protocol
from smartserial.difference.forms import CHANGED, NOTHING, Leaf, Node, Several, Tree
from smartserial.difference.keys import node_of, tree_of
from smartserial.settings import ElementSettings, GatewaySettings


def differences(before: GatewaySettings, after: GatewaySettings) -> list[str]:
    """Return each difference as a line; none if the two are equal.

    Users and groups have the keys of their own file. The console is not looked at: it does not change while
    the gateway runs.
    """
    return [
        *_named("shares", _by_name(before.shares), _by_name(after.shares)),
        *_named("pools", _by_name(before.pools), _by_name(after.pools)),
        *_named("elements", _by_name(before.elements), _by_name(after.elements)),
        *_named("users", _by_name(before.users.users), _by_name(after.users.users)),
        *_named("groups", _by_name(before.users.groups), _by_name(after.users.groups)),
        *([f"users.checkers: {CHANGED}"] if before.users.checkers != after.users.checkers else []),
        *_between("audit", node_of(before.audit), node_of(after.audit)),
    ]


def _by_name(settings: Any) -> dict[str, Any]:
    return {one.name: one for one in settings}


def _named(place: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what came, what went, and what is different in the rest."""
    for name in before:
        if name not in after:
            yield f"{place}.{name}: removed"
    for name, one in after.items():
        if name not in before:
            yield f"{place}.{name}: new"
        elif before[name] != one:
            if isinstance(one, ElementSettings):
                yield from _definitions(f"{place}.{name}", before[name].definition, one.definition)
            yield from _between(f"{place}.{name}", tree_of(before[name]), tree_of(one))


def _definitions(place: str, before: Protocol, after: Protocol) -> Iterator[str]:
    """Say that a definition is another one; not what is in it."""
    if before != after:
        names = [f"{one.name} {one.version}" for one in (before, after)]
        said = " -> ".join(names) if names[0] != names[1] else f"{names[0]} says something else"
        yield f"{place}.protocol: {said}"


def _between(place: str, before: Node, after: Node) -> Iterator[str]:
    match before, after:
        case Tree(), Tree():
            yield from _trees(place, before, after)
        case Several(), Several():
            yield from _several(place, before, after)
        case Leaf(), Leaf():
            if before.differs(after):
                silent = before.secret or after.secret or before.text == after.text
                yield f"{place}: {CHANGED if silent else f'{before.text} -> {after.text}'}"
        case _:
            yield f"{place}: {_shown(before)} -> {_shown(after)}"


def _trees(place: str, before: Tree, after: Tree) -> Iterator[str]:
    without: frozenset[str] = frozenset()
    if before.of is not None and after.of is not None and before.of.kind != after.of.kind:
        without = before.of.keys | after.of.keys
        yield f"{place}: {before.of.words} -> {after.of.words}"
    for key in dict.fromkeys((*before, *after)):
        if key not in without:
            yield from _either_missing(f"{place}.{key}", before.get(key), after.get(key))


def _either_missing(place: str, before: Node | None, after: Node | None) -> Iterator[str]:
    """Compare what stands at a key that only one of two mappings may have."""
    if isinstance(before, Tree) and after is None:
        yield f"{place}: removed"
    elif isinstance(after, Tree) and before is None:
        yield f"{place}: new"
    else:
        nothing = Leaf(NOTHING)
        yield from _between(place, nothing if before is None else before, nothing if after is None else after)


def _several(place: str, before: Several, after: Several) -> Iterator[str]:
    """Compare two lists: as many as before are the same ones; else their words tell which are."""
    if len(before) == len(after):
        for n, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _between(f"{place}[{n}]", one[1], other[1])
        return
    left = list(before)
    for n, (words, tree) in enumerate(after):
        same = next((one for one in left if one[0] == words), None)
        if same is None:
            yield f"{place}[{n}]: new, {words}"
        else:
            left.remove(same)
            yield from _between(f"{place}[{n}]", same[1], tree)
    yield from (f"{place}: {words} removed" for words, _ in left)


def _shown(node: Node) -> str:
    """Write a node in one line, without what says nothing, and without secrets."""
    match node:
        case Leaf():
            return CHANGED if node.secret else node.text
        case Tree():
            items = [
                f"{key}: {_shown(one)}"
                for key, one in node.items()
                if not isinstance(one, Leaf) or not (one.secret or one.text == NOTHING)
            ]
            return f"{{{', '.join(items)}}}"
    return f"[{', '.join(_shown(tree) for _, tree in node)}]"
