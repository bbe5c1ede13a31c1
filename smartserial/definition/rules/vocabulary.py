"""The elements of a definition: which stand where, how often, and what their texts are.

What is not named here is unknown. Attributes are many, most of them for others, and are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from smartserial.definition.node import Node


class Use(Enum):
    """What becomes of an element; the value is its mark in the table."""

    READ = ""
    PASSED = "?"  # over in silence: it changes nothing here
    NOTICED = "!"  # passed over, and the author is told


@dataclass(frozen=True, slots=True)
class Element:
    """What is known of an element.

    Args:
        use: what becomes of it; nothing is asked of what is in those that are passed over.
        many: it may come several times.
        word: its text is one word, a number or a name: blanks around it mean nothing.
        text: it holds text beside elements.
        inside: the row of the table that names its children; empty is none.
    """

    use: Use = Use.READ
    many: bool = False
    word: bool = False
    text: bool = False
    inside: str = ""


_SETTINGS = (
    "Type>setting PortTypeIP>setting PortTypeUDP>setting PortTypeSerial>setting IPport>setting"
    " LocalIPport>setting BusAddress>setting Baudrate>setting Databits>setting Parity>setting"
    " Stopbits>setting Flowcontrol>setting TimeoutTime>setting Retries>setting TimeoutTimeElement>setting"
    " SlowPoll>setting SlowPollBase>setting PingInterval>setting FlushPerDatagram= SSH>ssh"
    " SkipCertificateVerification>setting GetCommunity? SetCommunity?"
)
_KIND = "CommunicationOptions>options UserSettings>users"
_NAMED = "Name= Description"
_ROWS: Mapping[str, str] = {
    "": "Protocol>protocol",
    "protocol": (
        f"{_NAMED} Version= Type= PortSettings>settings Ports>ports Connections>connections Advanced"
        " Params>params Commands>commands Responses>responses Pairs>pairs Groups>groups Triggers>triggers"
        " Actions>actions Timers>timers QActions>qactions Threads>threads NoTimeouts>notimeouts"
        " Display! SNMP! HTTP! Relations! TreeControls! Chains! Topologies! ExportRules! VersionHistory!"
        " Compliancies! ParameterGroups! Swarming!"
        " Provider? Vendor? VendorOID? DeviceOID? ElementType? IntegrationID? Copyright? Icon?"
    ),
    "ports": "PortSettings*>settings",
    "settings": _SETTINGS,
    "users": f"{_SETTINGS} SslTlsEnabled>setting AllowedIPAddresses>setting",
    "setting": "DefaultValue Disabled= Range>range Value* Values>values",
    "range": "From= To=",
    "values": "Value*",
    "ssh": "Credentials>credentials Identity",
    "credentials": "Username Password",
    "connections": "Connection*>connection",
    "connection": (
        f"Type= {_KIND} Virtual>kind Serial>kind SmartSerial>kind Gpib>kind Http>kind Opc>kind Snmp>kind"
        " Service>kind Sla>kind"
    ),
    "kind": _KIND,
    "options": (
        "MakeCommandByProtocol= MaxConcurrentConnections= MaxReceiveBuffer= NotifyConnectionPIDs>pids"
        " PacketInfo>packets RedundantPolling= SmartIPHeader= KexAlgorithms?"
    ),
    "pids": "Connections= Disconnections=",
    "packets": "LengthIdentifierOffset= LengthIdentifierLength= IncludeLengthIdentifier= LittleEndian=",
    "threads": "Thread*",
    "notimeouts": "NoTimeout*",
    "params": "Param*>param",
    "param": (
        f"{_NAMED} Type= Interprete>interprete Measurement>measurement Display>display CRC>crc Length>length"
        " Information? Dependencies? Alarm? SNMP? ArrayOptions? Matrix? Database? Replication? HyperLinks?"
        " Message? Mediation? CrossDriverOptions? Dashboard? Icon?"
    ),
    "interprete": (
        "RawType= LengthType= Length= Type= Value DefaultValue Endian= Base= Decimals= Rounding= Factor="
        " OffSet= Scale Sequence Range>limits Exceptions>exceptions Others>others Alignment= Bits="
        " ByteOffset= StartPosition= NbrOfBits="
    ),
    "limits": "Low= High=",
    "exceptions": "Exception*>shown",
    "others": "Other*>shown",
    "shown": "Display Value",
    "crc": "Type= Content>positions",
    "length": "Content>positions",
    "positions": "Param=*",
    "measurement": (
        "Type= Discreets>discreets Number? Analog? Progress? Button? PageButton? String? Matrix? Table?"
    ),
    "discreets": "Discreet*>discreet",
    "discreet": "Display Value Tooltip?",
    "display": (
        "RTDisplay= Units Range>limits Decimals= Positions? Trending? ParametersView? DynamicUnits? Steps?"
    ),
    "commands": "Command*>command",
    "command": f"{_NAMED} Content>positions WebSocketMessageType?",
    "responses": "Response*>response",
    "response": f"{_NAMED} Content>positions",
    "pairs": "Pair*>pair",
    "pair": f"{_NAMED} Condition Content>exchange",
    "exchange": "Command=* Response=* ResponseOnBadCommand=*",
    "groups": "Group*>group",
    "group": f"{_NAMED} Type= Condition Content>items",
    "items": "Pair=* Action=* Trigger=* Param=* Session=*",
    "triggers": "Trigger*>trigger",
    "trigger": f"{_NAMED} On= Time Type= Condition Content>steps",
    "steps": "Id=*",
    "actions": "Action*>action",
    "action": f"{_NAMED} On= Type= Condition",
    "timers": "Timer*>timer",
    "timer": f"{_NAMED} Time= Interval= Condition Content>runs",
    "runs": "Group=*",
    "qactions": "QAction*~>qaction",
    "qaction": f"{_NAMED} Condition",
}
"""What may stand in an element: names, with marks and the row for what is in them in turn.

``=`` is a word, ``*`` comes many times, ``~`` holds text too; see `Use` for the others.
"""


def _element(word: str) -> tuple[str, Element]:
    name, _, inside = word.partition(">")
    marks = name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    use = next(use for use in (Use.PASSED, Use.NOTICED, Use.READ) if use.value in marks)
    return name.removesuffix(marks), Element(use, "*" in marks, "=" in marks, "~" in marks, inside)


CHILDREN: Mapping[str, Mapping[str, Element]] = {
    row: dict(map(_element, text.split())) for row, text in _ROWS.items()
}
"""The rows of the table, by the names that `Element.inside` gives them; that of the root is empty."""


def _homes() -> dict[str, tuple[str, ...]]:
    owners: dict[str, set[str]] = {}
    for row in CHILDREN.values():
        for name, element in row.items():
            owners.setdefault(element.inside, set()).add(name)
    homes: dict[str, set[str]] = {}
    for key, row in CHILDREN.items():
        for name in row:
            homes.setdefault(name, set()).update(owners[key] if key else ())
    return {name: tuple(sorted(found)) for name, found in homes.items()}


HOMES: Mapping[str, tuple[str, ...]] = _homes()
"""In which elements an element may stand."""


@dataclass(frozen=True, slots=True)
class Met:
    """An element that was met on the way through a definition.

    Args:
        node: the element.
        parent: what it stands in; of the root itself the root.
        known: None if it is unknown there.
        row: of the table, where its name is looked for; empty where no element may stand.
    """

    node: Node
    parent: Node
    known: Element | None
    row: str


def walk(root: Node) -> Iterator[Met]:
    """Yield the elements of a definition in their order, without what is in those that are not read."""
    yield from _walk(root, root, "", CHILDREN[""])


def _walk(node: Node, parent: Node, row: str, names: Mapping[str, Element]) -> Iterator[Met]:
    known = names.get(node.name)
    yield Met(node, parent, known, row)
    if known is not None and known.use is Use.READ:
        inside = CHILDREN[known.inside] if known.inside else {}
        for child in node.children:
            yield from _walk(child, node, known.inside, inside)
