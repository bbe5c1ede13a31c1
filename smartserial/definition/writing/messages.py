"""Commands, responses and pairs."""

from __future__ import annotations

from smartserial.definition.languages.optional import print_optional
from smartserial.definition.languages.pairoptions import print_pair_options
from smartserial.definition.languages.responseoptions import print_response_options
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.node import Node
from smartserial.definition.writing.texts import condition, element, joined, leaf, leaves, unless


def command(value: Command) -> Node:
    """Return the element of a command."""
    return element(
        "Command",
        (
            element("Name", value.name),
            leaf("Description", value.description, ""),
            element("Content", leaves("Param", value.content)),
        ),
        id=value.id,
        ascii=unless(value.ascii, False) if isinstance(value.ascii, bool) else joined(value.ascii),
    )


def response(value: Response) -> Node:
    """Return the element of a response."""
    return element(
        "Response",
        (
            element("Name", value.name),
            leaf("Description", value.description, ""),
            element(
                "Content", leaves("Param", value.content), optional=print_optional(value.optional) or None
            ),
        ),
        id=value.id,
        options=print_response_options(value.connection) or None,
    )


def pair(value: Pair) -> Node:
    """Return the element of a pair."""
    return element(
        "Pair",
        (
            element("Name", value.name),
            leaf("Description", value.description, ""),
            condition(value.condition),
            element(
                "Content",
                (
                    element("Command", value.command),
                    *leaves("Response", value.responses),
                    *leaves("ResponseOnBadCommand", value.bad_responses),
                ),
            ),
        ),
        id=value.id,
        ping=unless(value.ping, False),
        timeout=value.timeout,
        options=print_pair_options(value.options) or None,
    )
