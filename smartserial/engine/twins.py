"""Redundant polling: two connections of one type that stand in for each other."""

from __future__ import annotations

from smartserial.definition.protocol import Protocol

_MAIN = 0


def twins_of(protocol: Protocol) -> tuple[int, ...]:
    """Return the main connection and the first other one of its type; nothing if none was asked for."""
    connections = protocol.connections
    if not any(connection.communication.redundant_polling for connection in connections):
        return ()
    main = connections[_MAIN].type
    others = [n for n, connection in enumerate(connections) if n != _MAIN and connection.type is main]
    return (_MAIN, others[0]) if others else ()


def stand_ins(protocol: Protocol, connection: int) -> tuple[int, ...]:
    """Return the connections whose responses are heard on one: its own, and those of its twin."""
    twins = twins_of(protocol)
    return twins if connection in twins else (connection,)
