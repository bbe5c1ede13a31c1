"""Rules about stuffing: bytes that are escaped on the wire."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.connection import ConnectionType
from smartserial.definition.languages.stuffing import parse_stuffing
from smartserial.definition.node import Node
from smartserial.definition.param import ParamType
from smartserial.definition.rules.problems import problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import Delimiting, connections_known
from smartserial.findings import ERROR, WARNING

_STUFFED = frozenset({ConnectionType.SMART_SERIAL, ConnectionType.GPIB})


def _node(subject: Subject) -> Node | None:
    """Return the element that says stuffing, or None."""
    node = subject.root.first("Advanced")
    return node if node is not None and "stuffing" in node.attributes else None


def stuffing(subject: Subject) -> Iterator[Found]:
    """Stuffing gives a direction, what is escaped and by what, as bytes, and offsets as integers."""
    node = _node(subject)
    if node is None:
        return
    text = node.attributes["stuffing"]
    if not text.strip():
        yield Found(node.place, "expected on=, escape= and stuffing= in stuffing, found nothing")
    yield from problems_of(parse_stuffing(text).problems, "AD01", node.place)


def _receives(subject: Subject) -> bool:
    found = subject.protocol.stuffing
    return found is not None and found.response and bool(subject.smart)


def no_trailer(subject: Subject) -> Iterator[Found]:
    """Where stuffed bytes are received a trailer tells the end of a packet."""
    node = _node(subject)
    if node is None or not _receives(subject):
        return
    trailers = Delimiting(subject.protocol, ParamType.TRAILER)
    for number in sorted(subject.smart):
        if trailers.first(number) is None:
            yield Found(node.place, f"expected a trailer on connection {number} for stuffing, found none")


def other_trailers(subject: Subject) -> Iterator[Found]:
    """Where stuffed bytes are received there is one trailer, without a link."""
    if not _receives(subject):
        return
    trailers = Delimiting(subject.protocol, ParamType.TRAILER)
    everywhere = trailers.everywhere
    known = [(param, number) for number, param in enumerate(everywhere)]
    for connection, params in trailers.only.items():
        if connection in subject.smart:
            known += [(param, number) for number, param in enumerate(params, len(everywhere))]
    first: dict[int | None, int] = {}
    for param, number in known:
        connection_ = param.options.connection
        first.setdefault(connection_, everywhere[0].id if everywhere else param.id)
        if param.options.header_trailer_link is not None:
            yield Found(
                param.place, f"expected trailer {param.id} without headerTrailerLink: there is stuffing"
            )
        elif number > 0:
            message = f"expected one trailer with stuffing, found {param.id} beside {first[connection_]}"
            yield Found(param.place, message)


def nothing_stuffed(subject: Subject) -> Iterator[Found]:
    """Stuffing is said where a connection uses it."""
    node, protocol = _node(subject), subject.protocol
    if node is None or protocol.stuffing is None or not connections_known(subject):
        return
    if not any(connection.type in _STUFFED for connection in protocol.connections):
        yield Found(node.place, "expected a smart-serial connection for stuffing, found none")


RULES: tuple[Rule, ...] = (
    Rule(
        "AD01",
        ERROR,
        "stuffing is not understood",
        "write on=command,response;escape=0x10;stuffing=0x10;startoffset=1;endoffset=1",
        stuffing,
    ),
    Rule(
        "AD02",
        ERROR,
        "stuffing without a trailer",
        "add a param of type trailer: without it all data is dropped",
        no_trailer,
    ),
    Rule(
        "AD03",
        ERROR,
        "stuffing with a linked trailer, or with several",
        "keep one trailer on each connection, without headerTrailerLink",
        other_trailers,
    ),
    Rule(
        "AD04",
        WARNING,
        "stuffing, and no connection uses it",
        "take it out, or make the connection smart-serial: serial has actions for it",
        nothing_stuffed,
    ),
)
