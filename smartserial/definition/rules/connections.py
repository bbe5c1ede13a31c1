"""Rules about which connections there are, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.place import Place
from smartserial.definition.reading.connections import (
    MOST_CONNECTIONS,
    connection_nodes,
    connection_type,
    port_nodes,
)
from smartserial.definition.rules.problems import Hints, capped
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import Source, sources, types_of, user_settings
from smartserial.findings import ERROR, INFO, WARNING

TYPE_WORDS = (
    *(kind.value for kind in ConnectionType),
    *(f"{kind.value} single" for kind in ConnectionType if kind in SERIAL_TYPES),
)
"""All that a definition may give as the type of a connection."""
NOT_RUN = frozenset(ConnectionType) - SERIAL_TYPES - {ConnectionType.VIRTUAL}
"""Types that are known and carry nothing here."""
_USUAL_NAME = re.compile(r"(IP|Serial|SSH) Connection( - \S.*)?", re.DOTALL)
_RELATIVE = ("true", "true with reset")


def _advanced(root: Node) -> tuple[Place, str] | None:
    node = root.first("Type")
    text = node.attributes.get("advanced") if node is not None else None
    return (node.place, text) if node is not None and text is not None else None


def unknown_type(subject: Subject) -> Iterator[Found]:
    """Each connection that ``advanced`` adds has a type that is known."""
    said = _advanced(subject.root)
    if said is None:
        return
    place, text = said
    if text.count(";") > MOST_CONNECTIONS:
        yield Found(place, f"expected at most {MOST_CONNECTIONS} connections in advanced")
    yield from capped(_unknown_types(place, types_of(subject)[1:]))


def _unknown_types(place: Place, types: Iterable[tuple[str, str]]) -> Iterator[Found]:
    hints = Hints(TYPE_WORDS)
    for number, (word, _) in enumerate(types, 1):
        if connection_type(word)[0] is None:
            message = f"expected the type of connection {number} in advanced, found {quoted(word)}"
            yield Found(place, message, hints.hint(word))


def advanced_gaps(subject: Subject) -> Iterator[Found]:
    """What ``advanced`` lists has no gaps."""
    said = _advanced(subject.root)
    if said is None:
        return
    place, text = said
    if not text.strip():
        yield Found(place, "expected types of connections in advanced, found nothing")
        return
    empty = (part for part in text.removesuffix(";").split(";", MOST_CONNECTIONS) if not part.strip())
    message = "expected a type between the semicolons of advanced, found nothing"
    yield from capped(Found(place, message) for _ in empty)


def count_of_ports(subject: Subject) -> Iterator[Found]:
    """There are settings for each connection, and no more.

    One virtual connection needs none, nor do those that are not run here, unless others come after them.
    """
    root = subject.root
    if not root.text_at("Type"):
        return
    types, ports = types_of(subject), port_nodes(root)
    if len(types) == 1 and connection_type(types[0][0])[0] is ConnectionType.VIRTUAL:
        return
    message = f"expected one PortSettings for each of {len(types)} connections, found {len(ports)}"
    if len(ports) > len(types):
        yield Found(ports[len(types)].place, message, "take out those beyond, or name their connections")
        return
    said = {number for number, node in connection_nodes(root) if user_settings(node) is not None}
    bare = (number for number in range(len(ports), len(types)) if number not in said)
    node = root.first("Type")
    if node is not None and any(connection_type(types[number][0])[0] not in NOT_RUN for number in bare):
        yield Found(node.place, message)


def name_of_ports(subject: Subject) -> Iterator[Found]:
    """The settings of a connection have the name that ``advanced`` gives it."""
    types, ports = types_of(subject), port_nodes(subject.root)
    for number, ((_, name), port) in enumerate(zip(types, ports, strict=False)):
        found = port.attributes.get("name", "").strip()
        if name and found and name != found:
            message = f"expected the name {quoted(name)}, as advanced says for connection {number}"
            yield Found(port.place, f"{message}, found {quoted(found)}")


def both_syntaxes(subject: Subject) -> Iterator[Found]:
    """Connections are said in one way: by ``Type``, or by ``Connections``."""
    node = subject.root.first("Connections")
    if node is not None and node.has("Connection") and subject.root.text_at("Type"):
        message = "expected either the text of Type or Connections, found both"
        yield Found(node.place, f"{message}: a Connection is laid over the connection of its id")


def newer_syntax(subject: Subject) -> Iterator[Found]:
    """Connections are said by ``Type`` and ``PortSettings``, which everything understands."""
    node = subject.root.first("Connections")
    if node is not None and node.has("Connection") and not subject.root.text_at("Type"):
        yield Found(node.place, "expected Type and PortSettings, found Connections alone")


def _name_place(source: Source) -> Place:
    if source.node is not None and source.node.attributes.get("name", "").strip():
        return source.node.place
    named = (port.place for port in source.ports if port.attributes.get("name", "").strip())
    return next(named, source.place)


def usual_name(subject: Subject) -> Iterator[Found]:
    """The name of a serial connection begins with what it runs on.

    Without settings there is nothing yet that an operator would see under the name; CN03 tells that.
    """
    for source in sources(subject):
        name = source.connection.name if source.ports or source.node is not None else ""
        if source.connection.type in SERIAL_TYPES and name and not _USUAL_NAME.fullmatch(name):
            message = "expected a name such as 'IP Connection' or 'Serial Connection - Heater'"
            yield Found(_name_place(source), f"{message}, found {quoted(name)}")


def doubled_name(subject: Subject) -> Iterator[Found]:
    """Each connection has a name of its own."""
    first: dict[str, int] = {}
    for source in sources(subject):
        name, number = source.connection.name, source.number
        if name and first.setdefault(name, number) != number:
            message = f"connection {number} has the name of connection {first[name]}: {quoted(name)}"
            yield Found(_name_place(source), message)


def missing_name(subject: Subject) -> Iterator[Found]:
    """Settings of a connection have a name."""
    for node in port_nodes(subject.root):
        if not node.attributes.get("name", "").strip():
            yield Found(node.place, "expected a name on PortSettings, found none")


def serial_not_disabled(subject: Subject) -> Iterator[Found]:
    """A smart-serial connection takes the serial line from what the vendor's editor offers."""
    older = len(types_of(subject))  # the newer syntax has no such element
    for source in sources(subject)[:older]:
        port = source.connection.port.port_type_serial
        smart = source.connection.type is ConnectionType.SMART_SERIAL
        if smart and (port is None or not port.disabled):
            message = f"expected PortTypeSerial with Disabled true on smart-serial connection {source.number}"
            yield Found(source.place_of("PortTypeSerial"), message)


def relative_timers(subject: Subject) -> Iterator[Found]:
    """The definition says that a changed interval of a timer counts from its next run."""
    node = subject.root.first("Type")
    if node is None:
        return
    text = node.attributes.get("relativeTimers")
    if text is None:
        yield Found(node.place, "expected relativeTimers on Type, found none")
    elif text.strip().lower() not in _RELATIVE:
        yield Found(node.place, f"expected relativeTimers true or 'true with reset', found {quoted(text)}")


def not_run(subject: Subject) -> Iterator[Found]:
    """Each connection is of a type that is run here."""
    for source in sources(subject):
        if source.connection.type in NOT_RUN:
            message = f"connection {source.number} is of type {source.connection.type.value}"
            yield Found(source.connection.place, f"{message}, which is not run here")


RULES: tuple[Rule, ...] = (
    Rule(
        "CN01",
        ERROR,
        "a connection in advanced has an unknown type",
        'write type:name for each further connection, as in advanced="serial:Serial Connection"',
        unknown_type,
    ),
    Rule(
        "CN02",
        INFO,
        "advanced is empty, or has empty parts",
        'write advanced="type:name;type:name", or leave it out',
        advanced_gaps,
    ),
    Rule(
        "CN03",
        WARNING,
        "the number of PortSettings is not the number of connections",
        "give PortSettings for connection 0, and in Ports one for each further connection, in their order",
        count_of_ports,
    ),
    Rule(
        "CN04",
        WARNING,
        "PortSettings has another name than its connection in advanced",
        "use one name, and mind the order: the name selects nothing",
        name_of_ports,
    ),
    Rule(
        "CN05",
        WARNING,
        "there are both Type and Connections",
        "keep Type with PortSettings, unless an allow list or TLS is to be offered",
        both_syntaxes,
    ),
    Rule(
        "CN06",
        INFO,
        "connections are said by Connections alone",
        "say them by Type and PortSettings if other programs are to read the definition",
        newer_syntax,
    ),
    Rule(
        "CN07",
        INFO,
        "a connection has an unusual name",
        "begin it with 'IP Connection', 'Serial Connection' or 'SSH Connection', then ' - ' and more words",
        usual_name,
    ),
    Rule(
        "CN08",
        INFO,
        "two connections have the same name",
        "give each a name of its own, as in 'IP Connection - Events'",
        doubled_name,
    ),
    Rule(
        "CN09",
        INFO,
        "PortSettings has no name",
        'write <PortSettings name="IP Connection">',
        missing_name,
    ),
    Rule(
        "CN10",
        INFO,
        "a smart-serial connection does not disable PortTypeSerial",
        "write <PortTypeSerial><Disabled>true</Disabled></PortTypeSerial>; here it limits nothing",
        serial_not_disabled,
    ),
    Rule(
        "CN11",
        INFO,
        "relativeTimers is not said",
        'write <Type relativeTimers="true">: a changed interval then counts after the running one',
        relative_timers,
    ),
    Rule(
        "CN12",
        WARNING,
        "a connection is of a type that is not run here",
        "it may stay: it carries nothing, and what belongs to it is never done",
        not_run,
    ),
)
