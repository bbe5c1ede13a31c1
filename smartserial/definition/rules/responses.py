"""Rules about responses: what they hold, where they are heard, and when they are complete."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.connection import ConnectionType
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.optional import Optional, parse_optional
from smartserial.definition.languages.responseoptions import parse_response_options
from smartserial.definition.param import NEXT_TYPES, Param, ParamType
from smartserial.definition.rules.heard import (
    called,
    connection_of,
    heard,
    is_open,
    nested,
    paired,
    read_from,
    some,
)
from smartserial.definition.rules.problems import problems_of
from smartserial.definition.rules.rule import BUILT_IN, Found, Rule, Subject, wrong_reference
from smartserial.definition.rules.sources import several_apart
from smartserial.findings import ERROR, WARNING


def content(subject: Subject) -> Iterator[Found]:
    """The content of a response names params of the definition."""
    for node in subject.root.all("Responses/Response/Content/Param"):
        number = parse_id(node.text)
        if number in BUILT_IN and number not in subject.protocol.param:
            message = f"expected a param of the definition, found {node.text.strip()}, which has no bytes"
            yield Found(node.place, message)
        else:
            wrong = wrong_reference(node.text, node.place, "param", subject.protocol.param)
            if wrong is not None:
                yield wrong


def complete_in_time(subject: Subject) -> Iterator[Found]:
    """The answer on a serial connection shows by itself where it ends."""
    protocol, answered = subject.protocol, paired(subject.protocol)
    serial = _connections(subject, ConnectionType.SERIAL)
    for one in heard(subject):
        response, pairs = one.response, answered.get(one.response.id, [])
        waited = any(pair.options.receive_interval is None for pair in pairs)
        if not waited or connection_of(response) not in serial or _shows_its_end(one.params):
            continue
        if protocol.response.get(response.id) is response:
            message = (
                f"expected a trailer at the end of {called('response', response)}, or a length in it, or "
                "fixed lengths only; as it is, each answer takes the whole timeout"
            )
            yield Found(response.place, message)


def _connections(subject: Subject, kind: ConnectionType) -> frozenset[int]:
    connections = enumerate(subject.protocol.connections)
    return frozenset(number for number, connection in connections if connection.type is kind)


def _shows_its_end(params: tuple[Param, ...]) -> bool:
    types = [param.type for param in params]
    closed = types[-1:] == [ParamType.TRAILER] or types[-2:] == [ParamType.TRAILER, ParamType.CRC]
    return closed or ParamType.LENGTH in types or not any(map(is_open, params))


def starving(subject: Subject) -> Iterator[Found]:
    """A response that takes whatever comes is the only one of its connection."""
    inner, others = nested(subject.protocol), dict[int, list[int]]()
    for response in subject.protocol.responses:
        number = connection_of(response)
        if number in subject.smart and response.id not in inner:
            others.setdefault(number, []).append(response.id)
    for one in heard(subject):
        response = one.response
        beside = others.get(connection_of(response), [])
        if response.id in inner or len(beside) < 2 or not _takes_all(one.params):
            continue
        starved = [number for number in beside[:6] if number != response.id]
        message = (
            f"{called('response', response)} is a single param that takes all that connection "
            f"{connection_of(response)} hears; never heard: response {some(starved)}"
        )
        yield Found(response.place, message)


def _takes_all(params: tuple[Param, ...]) -> bool:
    said = params[0].interprete if len(params) == 1 else None
    return said is not None and is_open(params[0]) and said.length_type in NEXT_TYPES


def connection(subject: Subject) -> Iterator[Found]:
    """A response says on which connection it is heard, if there are several, and this one exists."""
    inner, connections = nested(subject.protocol), subject.protocol.connections
    for node, response in read_from(subject.root.all("Responses/Response"), subject.protocol.responses):
        problems = parse_response_options(node.attributes.get("options", "")).problems
        number = response.connection
        yield from problems_of(problems, "RE11", node.place)
        if any(not problem.warning for problem in problems):
            continue
        if number is not None and number >= len(connections):
            message = f"{called('response', response)}: there is no connection {number}"
            yield Found(node.place, message, missing=("connection", number))
        elif number is None and several_apart(subject) and response.id not in inner:
            message = (
                f'expected options="Connection:n" in {called("response", response)}, for there are '
                f"{len(subject.serial)} connections with bytes; it is heard on connection 0 only"
            )
            yield Found(node.place, message, severity=WARNING)


def optional(subject: Subject) -> Iterator[Found]:
    """The optional params of a response are a list of positions in its content, as in ``0+++;4``."""
    for node in subject.root.all("Responses/Response/Content"):
        parsed = parse_optional(node.attributes.get("optional", ""))
        yield from problems_of(parsed.problems, "RE12", node.place)
        count = sum(child.name == "Param" for child in node.children)
        for part in parsed.value:
            if part.index + part.skip >= count:
                yield Found(node.place, _outside(part, count))


def _outside(part: Optional, count: int) -> str:
    skipped = f" and the {part.skip} after it" if part.skip else ""
    return f"expected optional positions from 0 to {count - 1}, found {part.index}{skipped}"


RULES: tuple[Rule, ...] = (
    Rule(
        "RE01",
        ERROR,
        "a response names no param, or one that does not exist",
        "give the id of a param of the definition",
        content,
    ),
    Rule(
        "RE08",
        WARNING,
        "nothing shows where an answer ends: it is taken when the timeout is over",
        'end the response with a trailer, or give the pair options="receiveInterval:ms"',
        complete_in_time,
    ),
    Rule(
        "RE10",
        WARNING,
        "a response of a single next param takes what other responses wait for",
        "give it a header, a trailer or a connection of its own, or leave it alone on its connection",
        starving,
    ),
    Rule(
        "RE11",
        ERROR,
        "the connection of a response does not exist or is not said, or an option is unknown",
        'write options="Connection:n" with the number of a connection, from 0',
        connection,
    ),
    Rule(
        "RE12",
        WARNING,
        "the optional params of a response are not understood",
        "write positions from 0, each with a + for each further param to skip or with a *, as in 0+++;4*",
        optional,
    ),
)
