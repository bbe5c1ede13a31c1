"""How a connection is used, as ``Type@communicationOptions`` says it: ``packetInfo:4,2;smartIpHeader``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smartserial.definition.languages.ids import parse_id, print_ids
from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.options import Keyword, OptionList, flag, integer, split_options
from smartserial.definition.languages.problem import Parsed, Problem, quoted

_WIDTHS = {"1": 1, "2": 2, "4": 4}
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class PacketInfo:
    """Where each packet tells its length.

    Args:
        offset: bytes before the length field.
        width: bytes of the field: 1, 2 or 4.
        whole: the length is that of the whole packet; else of what comes after the field.
        little_endian: the field's least significant byte comes first.
    """

    offset: int
    width: int
    whole: bool = True
    little_endian: bool = False


@dataclass(frozen=True, slots=True)
class CommunicationOptions:
    """How a connection is used; a default means that nothing is said.

    Args:
        max_receive_buffer: so many received bytes, 1 or more, are one unit.
        packet_info: where packets tell their length.
        smart_ip_header: each unit begins with its sender's address.
        max_concurrent_connections: how many clients, 1 or more, a server serves.
        notify_connection_pids: the params that are told of connects and of disconnects.
        make_command_by_protocol: actions make the commands.
        redundant_polling: two connections stand in for each other.
        close_connection_on_response: a connection is closed after each response.
        chunked_html: an obsolete option for HTTP.
        postpone_port_initialisation: ports are opened after all elements are loaded.
    """

    max_receive_buffer: int | None = None
    packet_info: PacketInfo | None = None
    smart_ip_header: bool = False
    max_concurrent_connections: int | None = None
    notify_connection_pids: tuple[int, int] | None = None
    make_command_by_protocol: bool = False
    redundant_polling: bool = False
    close_connection_on_response: bool = False
    chunked_html: bool = False
    postpone_port_initialisation: bool = False


def _packet_info(text: str) -> Parsed[object]:
    parts = [part.strip() for part in text.split(",")]
    if not 2 <= len(parts) <= 4:
        return Parsed(None, (Problem("CO03", f"expected 2 to 4 values with commas, found {quoted(text)}"),))
    offset, width = parse_whole(parts[0]), _WIDTHS.get(parts[1].lstrip("0"))
    whole = _TRUTH.get(parts[2].lower()) if len(parts) > 2 else True
    little_endian = len(parts) > 3
    checks = [
        (offset is None, "the bytes before the length as an integer of 0 or more"),
        (width is None, "a width of 1, 2 or 4 bytes"),
        (whole is None, "true or false"),
        (little_endian and parts[3].lower() != "littleendian", "littleEndian"),
    ]
    wrong = tuple(
        Problem("CO03", f"expected {what}, found {quoted(parts[place])}")
        for place, (bad, what) in enumerate(checks)
        if bad
    )
    if wrong or offset is None or width is None or whole is None:
        return Parsed(None, wrong)
    return Parsed(PacketInfo(offset, width, whole, little_endian))


def _two_pids(text: str) -> Parsed[object]:
    pids = tuple(parse_id(part) for part in text.split(","))
    if len(pids) != 2 or None in pids:
        return Parsed(None, (Problem("CO05", f"expected two param ids with a comma, found {quoted(text)}"),))
    return Parsed(pids)


_FLAGS = {
    "smartIpHeader": "smart_ip_header",
    "makeCommandByProtocol": "make_command_by_protocol",
    "redundantPolling": "redundant_polling",
    "closeConnectionOnResponse": "close_connection_on_response",
    "chunkedHTML": "chunked_html",
    "postPonePortInitialisation": "postpone_port_initialisation",
}
_OPTIONS = OptionList(
    (
        Keyword("maxReceiveBuffer", "max_receive_buffer", "CO01", integer("CO04", 1)),
        Keyword("packetInfo", "packet_info", "CO01", _packet_info),
        Keyword("maxConcurrentConnections", "max_concurrent_connections", "CO01", integer("CO04", 1)),
        Keyword("notifyConnectionPIDs", "notify_connection_pids", "CO01", _two_pids),
        *(Keyword(spelling, field, "CO01", flag("CO01")) for spelling, field in _FLAGS.items()),
    ),
    unknown="CO01",
    ignored=("asyncWMI", "customRedirect", "progid", "useAgentBinding"),
)


def parse_communication_options(text: str) -> Parsed[CommunicationOptions]:
    """Read the options of all connections of a definition; options for other kinds are passed over."""
    options = _OPTIONS.read(split_options(text))
    fields: dict[str, Any] = options.fields
    return Parsed(CommunicationOptions(**fields), tuple(options.problems))


def print_communication_options(options: CommunicationOptions) -> str:
    """Write options; those that say nothing are left out."""
    said = ((keyword.spelling, getattr(options, keyword.field)) for keyword in _OPTIONS.keywords.values())
    return ";".join(_option(spelling, value) for spelling, value in said if value not in (None, False))


def _option(spelling: str, value: int | PacketInfo | tuple[int, int]) -> str:
    if value is True:
        return spelling
    if isinstance(value, PacketInfo):
        return f"{spelling}:{_packet_text(value)}"
    return f"{spelling}:{print_ids(value, ',') if isinstance(value, tuple) else value}"


def _packet_text(info: PacketInfo) -> str:
    parts = [str(info.offset), str(info.width)]
    if info.little_endian or not info.whole:
        parts.append("true" if info.whole else "false")
    if info.little_endian:
        parts.append("littleEndian")
    return ",".join(parts)
