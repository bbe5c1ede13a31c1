"""A whole definition, in words."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.explaining.connections import connections, escaped
from smartserial.definition.explaining.flows import polls, triggers
from smartserial.definition.explaining.messages import messages
from smartserial.definition.explaining.pairs import pairs
from smartserial.definition.explaining.words import constant
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Entries, Entry, Heading, Paragraph


def explain(protocol: Protocol) -> Iterator[Block]:
    """Yield what a definition says, for people."""
    yield Heading(0, f"{protocol.name} {protocol.version}")
    if protocol.description:
        yield Paragraph(protocol.description)
    yield from connections(protocol)
    throughout = tuple(map(Entry, _throughout(protocol)))
    if throughout:
        yield Heading(1, "In all messages")
        yield Entries(throughout)
    yield from messages(protocol)
    yield from pairs(protocol)
    yield from polls(protocol)
    yield from triggers(protocol)


def _throughout(protocol: Protocol) -> Iterator[str]:
    """Yield what is said once for everything that is sent and heard."""
    if protocol.unicode:
        yield "texts are UTF-16, little-endian; digits of numbers stay one byte each"
    if protocol.stuffing is not None and protocol.stuffing.command:
        yield f"in commands on smart-serial connections {escaped(protocol.stuffing)}"
    if protocol.ignore_equal_response:
        yield "an answer that equals the one before it in its pair is dropped, and nothing is triggered"
    if protocol.no_timeouts:
        yield f"a response that is just {' or '.join(map(constant, protocol.no_timeouts))} is no timeout"
    for thread in protocol.threads:
        numbers = " and ".join(map(str, thread.connections))
        yield f"groups on connection {numbers} wait in a queue of their own"
