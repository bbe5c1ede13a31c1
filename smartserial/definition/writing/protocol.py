"""A whole definition."""

from __future__ import annotations

from collections.abc import Iterable

from smartserial.definition.languages.stuffing import print_stuffing
from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol
from smartserial.definition.writing.actions import action
from smartserial.definition.writing.connections import write_connections
from smartserial.definition.writing.flows import group, qaction, timer, trigger
from smartserial.definition.writing.messages import command, pair, response
from smartserial.definition.writing.params import param
from smartserial.definition.writing.texts import constant, element, joined, leaf, parent, unless, with_paths


def _threads(protocol: Protocol) -> Iterable[Node]:
    return (
        element("Thread", connection=joined(thread.connections, ",") or "") for thread in protocol.threads
    )


def write_protocol(protocol: Protocol) -> Node:
    """Return the elements that mean a definition; reading them gives the same one.

    Raises:
        UnwritableError: there are no words for a value: a constant text that would be read as bytes, as
            ``0x41``, a number that is not finite, a quotation mark in the text of a condition.
    """
    advanced = parent(
        "Advanced",
        (),
        stuffing=print_stuffing(protocol.stuffing) if protocol.stuffing is not None else None,
        ignoreEqualResponse=unless(protocol.ignore_equal_response, False),
    )
    root = element(
        "Protocol",
        (
            element("Name", protocol.name),
            leaf("Description", protocol.description, ""),
            element("Version", protocol.version),
            *write_connections(protocol),
            advanced,
            parent("Params", map(param, protocol.params)),
            parent("Commands", map(command, protocol.commands)),
            parent("Responses", map(response, protocol.responses)),
            parent("Pairs", map(pair, protocol.pairs)),
            parent("Groups", map(group, protocol.groups)),
            parent("Triggers", map(trigger, protocol.triggers)),
            parent("Actions", map(action, protocol.actions)),
            parent("Timers", map(timer, protocol.timers)),
            parent("QActions", map(qaction, protocol.qactions)),
            parent("Threads", _threads(protocol)),
            parent("NoTimeouts", (constant("NoTimeout", value) for value in protocol.no_timeouts)),
        ),
    )
    return with_paths(root, "Protocol")
