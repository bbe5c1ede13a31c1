"""A whole definition, in words."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.explaining.connections import connections
from smartserial.definition.explaining.flows import polls, triggers
from smartserial.definition.explaining.messages import messages
from smartserial.definition.protocol import Protocol
from smartserial.layout import Block, Heading, Paragraph


def explain(protocol: Protocol) -> Iterator[Block]:
    """Yield what a definition says, for people."""
    yield Heading(0, f"{protocol.name} {protocol.version}")
    if protocol.description:
        yield Paragraph(protocol.description)
    yield from connections(protocol)
    yield from messages(protocol)
    yield from polls(protocol)
    yield from triggers(protocol)
