"""Rules about pairs: what is sent, what answers it, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smartserial.definition.action import ActionType
from smartserial.definition.flow import ItemKind, TriggerTime
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.languages.problem import quoted
from smartserial.definition.message import Pair
from smartserial.definition.node import Node
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.texts import truth
from smartserial.definition.rules.deeds import Deeds, unclear
from smartserial.definition.rules.heard import called, connection_of, nested, paired, read_from, some
from smartserial.definition.rules.problems import problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_references
from smartserial.findings import ERROR, INFO, WARNING

_PAIRS = "Pairs/Pair"
_TIMEOUTS = range(10, 120_001)  # ms


def command(subject: Subject) -> Iterator[Found]:
    """A pair has one command, which exists."""
    for node in subject.root.all(_PAIRS):
        commands = list(node.all("Content/Command"))
        if not commands:
            yield Found(
                (node.first("Content") or node).place, "expected a Command in the Content, found none"
            )
            continue
        yield from wrong_references(commands[:1], "command", subject.protocol.command)
        for other in commands[1:]:
            yield Found(other.place, f"expected one Command, found another: {quoted(other.text)}")


def answers(subject: Subject) -> Iterator[Found]:
    """The answers of a pair are responses that exist."""
    for node in subject.root.all(_PAIRS):
        for name in ("Response", "ResponseOnBadCommand"):
            yield from wrong_references(node.all(f"Content/{name}"), "response", subject.protocol.response)


def cleared(subject: Subject) -> Iterator[Found]:
    """Each of several answers clears itself when it came, or each clears the others."""
    if unclear(subject):
        return
    deeds = Deeds(subject.protocol, TriggerTime.AFTER)
    for pair in subject.protocol.pairs:
        responses = frozenset((*pair.responses, *pair.bad_responses))
        if len(responses) < 2 or not all(number in subject.protocol.response for number in responses):
            continue
        kept = _not_cleared(deeds, pair, responses)
        if kept:
            message = (
                f"expected an action clear, of itself or of the others, after each response of "
                f"{called('pair', pair)}, found none after response {some(kept)}"
            )
            yield Found(pair.place, message)


def _not_cleared(deeds: Deeds, pair: Pair, responses: frozenset[int]) -> list[int]:
    """Return the responses that do not clear themselves; nothing if all do, or if each clears the others."""
    kept: list[int] = []
    all_others = True
    left: dict[tuple[int, ...], frozenset[int]] = {}  # what the same actions do not name
    for number in dict.fromkeys((*pair.responses, *pair.bad_responses)):
        if deeds.span(number, ActionType.CLEAR) is None:
            kept.append(number)
        if all_others:
            clears = deeds.clears(number)
            key = tuple(map(id, clears))
            if key not in left:
                left[key] = responses.difference(*map(deeds.ids, clears))
            all_others = left[key] <= {number}
    return [] if all_others else kept


def ping_answered(subject: Subject) -> Iterator[Found]:
    """A pair that is sent in slow poll has an answer."""
    for node in subject.root.all(_PAIRS):
        if truth(node.attributes.get("ping", "")) and not node.has("Content/Response"):
            yield Found(
                node.place, 'expected a Response in the Content of a pair with ping="true", found none'
            )


def one_ping(subject: Subject) -> Iterator[Found]:
    """One pair of a connection at most is sent in slow poll."""
    sent, first = _Sent(subject.protocol), dict[int, Pair]()
    for pair in subject.protocol.pairs:
        where = sorted(sent.on(pair)) if pair.ping else []
        double = next((number for number in where if first.setdefault(number, pair) is not pair), None)
        if double is not None:
            message = (
                f'expected one pair with ping="true" on connection {double}, '
                f"found {called('pair', pair)} beside pair {first[double].id}"
            )
            yield Found(pair.place, message)


def options(subject: Subject) -> Iterator[Found]:
    """The options of a pair are known, its connection exists, and its timeout is one."""
    connections = range(len(subject.protocol.connections))
    for node in subject.root.all(_PAIRS):
        found = _options(node, connections)
        if found is not None:
            yield found
        if "timeout" in node.attributes:
            text = node.attributes["timeout"]
            ms = parse_whole(text)
            wanted = f"expected a timeout from {_TIMEOUTS[0]} to {_TIMEOUTS[-1]} ms, found {quoted(text)}"
            if ms is None or ms not in _TIMEOUTS:
                yield Found(node.place, wanted, severity=ERROR if ms is None else WARNING)


def _options(node: Node, connections: range) -> Found | None:
    """Return all that is wrong with the options of a pair, in one."""
    parsed = parse_pair_options(node.attributes.get("options", ""))
    told = list(problems_of(parsed.problems, "PR07", node.place))
    number = parsed.value.connection
    if number is not None and number not in connections:
        told.insert(0, Found(node.place, f"there is no connection {number}", missing=("connection", number)))
    if not told:
        return None
    grave = any(one.severity != WARNING for one in told)
    message = "; ".join(one.message for one in told)
    return replace(told[0], message=message, severity=None if grave else WARNING)


class _Sent:
    """Where pairs are sent: as they say, or as their groups do, or on connection 0."""

    def __init__(self, protocol: Protocol) -> None:
        self._known = range(len(protocol.connections))
        self._groups: dict[int, set[int]] = {}
        for group in protocol.groups:
            for item in group.content:
                if item.kind is ItemKind.PAIR:
                    self._groups.setdefault(item.id, set()).add(group.connection or 0)

    def on(self, pair: Pair) -> set[int]:
        """Return the connections of a pair; nothing if one of them does not exist."""
        said = pair.options.connection
        found = {said} if said is not None else self._groups.get(pair.id, {0})
        return found if all(number in self._known for number in found) else set()


def lonely_pairs(subject: Subject) -> Iterator[Found]:
    """A smart-serial pair that awaits an answer has its connection for itself."""
    protocol, sent = subject.protocol, _Sent(subject.protocol)
    if sum(1 for _ in subject.root.all(_PAIRS)) > len(protocol.pairs):
        return  # one that could not be read may await what seems to come unasked
    inner, answered = nested(protocol), paired(protocol)
    unsolicited: dict[int, int] = {}
    for response in protocol.responses:
        if response.id not in inner and response.id not in answered:
            unsolicited.setdefault(connection_of(response), response.id)
    for pair in protocol.pairs:
        for number in sorted(sent.on(pair)) if pair.responses else ():
            if number in subject.smart and number in unsolicited:
                message = (
                    f"{called('pair', pair)} awaits an answer on connection {number}, where response "
                    f"{unsolicited[number]} may come at any time"
                )
                yield Found(pair.place, message)
                break


def same_connection(subject: Subject) -> Iterator[Found]:
    """An answer is heard where the command is sent."""
    protocol, sent = subject.protocol, _Sent(subject.protocol)
    if any(connection.communication.redundant_polling for connection in protocol.connections):
        return
    for node, pair in read_from(subject.root.all(_PAIRS), protocol.pairs):
        where = sent.on(pair)
        if not where:
            continue
        for item in (*node.all("Content/Response"), *node.all("Content/ResponseOnBadCommand")):
            response = protocol.response.get(_number(item.text))
            if response is None or not subject.sound(response):
                continue
            if response.connection is None and not where <= subject.smart:
                continue  # a pair on a serial connection hears its answers wherever it is sent
            if connection_of(response) not in where:
                message = (
                    f"{called('pair', pair)} is sent on connection {some(sorted(where))}, "
                    f"{called('response', response)} is heard on connection {connection_of(response)}"
                )
                yield Found(item.place, message)


def _number(text: str) -> int:
    """Return the id that a text names, or one that nothing has."""
    number = parse_id(text)
    return -1 if number is None else number


RULES: tuple[Rule, ...] = (
    Rule(
        "PR01",
        ERROR,
        "a pair has no command, more than one, or one that does not exist",
        "name one command of the definition in Content/Command",
        command,
    ),
    Rule(
        "PR02",
        ERROR,
        "a pair names no response, or one that does not exist",
        "give the id of a response of the definition",
        answers,
    ),
    Rule(
        "PR03",
        WARNING,
        "several responses of a pair, and they are not cleared",
        "add a trigger after each response that runs an action clear, else a value that comes again is lost",
        cleared,
    ),
    Rule(
        "PR05",
        ERROR,
        "a pair for slow poll has no response",
        "add the Response that shows that the device is there again",
        ping_answered,
    ),
    Rule(
        "PR06",
        WARNING,
        "several pairs for the slow poll of one connection",
        'leave ping="true" at one of them',
        one_ping,
    ),
    Rule(
        "PR07",
        ERROR,
        "an option or the timeout of a pair is not understood",
        "write options as in connection:1;retries:2;ignoreTimeout, and the timeout in ms",
        options,
    ),
    Rule(
        "PR08",
        INFO,
        "an answer is awaited where messages come unasked",
        "keep to pairs without Response on this connection, or let the answers be told apart",
        lonely_pairs,
    ),
    Rule(
        "PR09",
        ERROR,
        "an answer is heard on another connection than the pair's",
        "give the same number in the pair's connection:n and the response's Connection:n",
        same_connection,
    ),
)
