"""On which connection a pair is sent, as its definition says."""

from __future__ import annotations

from smartserial.definition.flow import Group, ItemKind
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol

MAIN = 0
"""The connection of all that names none."""


def route(protocol: Protocol, pair: Pair, group: Group) -> int:
    """Return where a pair is sent by a group; a group may name a queue that is no connection."""
    if pair.options.connection is not None:
        return pair.options.connection
    number = group.connection or MAIN
    return number if number < len(protocol.connections) else MAIN


def home(protocol: Protocol, pair: Pair) -> int:
    """Return where a pair is sent that is in no group now: as the first group that has it says."""
    for group in protocol.groups:
        if any(item.kind is ItemKind.PAIR and item.id == pair.id for item in group.content):
            return route(protocol, pair, group)
    return MAIN if pair.options.connection is None else pair.options.connection


def is_for(protocol: Protocol, group: Group, connections: frozenset[int]) -> bool:
    """Tell whether a group is for one of some connections: a pair is sent there, or it sends nothing."""
    pairs = [protocol.pair.get(item.id) for item in group.content if item.kind is ItemKind.PAIR]
    found = {route(protocol, pair, group) for pair in pairs if pair is not None}
    return not connections.isdisjoint(found or {group.connection or MAIN})
