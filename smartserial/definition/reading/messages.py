"""Commands, responses and pairs."""

from __future__ import annotations

from smartserial.definition.languages.optional import parse_optional
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.languages.responseoptions import parse_response_options
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import (
    condition,
    listed,
    reference,
    references,
    truth,
    whole,
)


def _texts(node: Node, path: str) -> list[str]:
    return [found.text for found in node.all(path)]


def command(node: Node, number: int) -> Command:
    """Read one command."""
    text = node.attributes.get("ascii", "")
    said = truth(text)
    return Command(
        number,
        node.text_at("Name"),
        references(_texts(node, "Content/Param")),
        said if said is not None else references(listed(text)) or False,
        node.text_at("Description"),
        place=node.place,
    )


def response(node: Node, number: int) -> Response:
    """Read one response."""
    content = node.first("Content")
    optional = content.attributes.get("optional", "") if content is not None else ""
    return Response(
        number,
        node.text_at("Name"),
        references(_texts(node, "Content/Param")),
        parse_response_options(node.attributes.get("options", "")).value,
        parse_optional(optional).value,
        node.text_at("Description"),
        place=node.place,
    )


def pair(node: Node, number: int) -> Pair | None:
    """Read one pair; None if it has no command."""
    sent = reference(node.text_at("Content/Command"))
    if sent is None:
        return None
    return Pair(
        number,
        node.text_at("Name"),
        sent,
        references(_texts(node, "Content/Response")),
        references(_texts(node, "Content/ResponseOnBadCommand")),
        condition(node),
        bool(truth(node.attributes.get("ping", ""))),
        whole(node.attributes.get("timeout", "")),
        parse_pair_options(node.attributes.get("options", "")).value,
        node.text_at("Description"),
        place=node.place,
    )
