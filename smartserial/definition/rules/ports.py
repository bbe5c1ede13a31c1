"""Rules about the settings of connections: ports, times, and SSH."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType, PortType, Setting
from smartserial.definition.languages.ids import parse_id
from smartserial.definition.languages.problem import quoted
from smartserial.definition.languages.typeoptions import parse_type_options
from smartserial.definition.node import Node
from smartserial.definition.param import ParamType
from smartserial.definition.place import Place
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.settings import setting_nodes, wrong_settings
from smartserial.definition.rules.sources import Delimiting, sources, string_param
from smartserial.findings import ERROR, WARNING

TIMEOUT_TIME, RETRIES, TIMEOUT_TIME_ELEMENT = 1500, 3, 30_000
"""What counts where a definition says nothing: ms, times, ms."""
_SSH_PORT = 22


def _is_wrong(subject: Subject, place: Place) -> bool:
    """Tell whether the settings at a place have errors, which are told there."""
    return any(path in subject.wrong for path in (place.path, "/".join(place.path.split("/")[:3])))


def _said(setting: Setting[int] | None) -> int | None:
    return setting.default if setting is not None else None


def element_timeout(subject: Subject) -> Iterator[Found]:
    """The element waits for longer than all sends of a command take."""
    known = sources(subject)
    for source in known:
        port = source.connection.port
        most = _said(known[0].connection.port.timeout_time_element)
        time, retries = _said(port.timeout_time), _said(port.retries)
        if source.connection.type not in SERIAL_TYPES or most is time is retries is None:
            continue
        sends = (RETRIES if retries is None else retries) + 1
        needed = (TIMEOUT_TIME if time is None else time) * sends
        if (TIMEOUT_TIME_ELEMENT if most is None else most) > needed:
            continue
        of_main, own = known[0].place_of("TimeoutTimeElement"), source.place_of("TimeoutTime")
        if any(_is_wrong(subject, place) for place in (of_main, own, source.place_of("Retries"))):
            continue
        found = f"found {most}" if most is not None else f"found none, which is {TIMEOUT_TIME_ELEMENT}"
        message = f"expected TimeoutTimeElement above {needed} ms, the time of {sends} sends on connection"
        yield Found(of_main if most is not None else own, f"{message} {source.number}, {found}")


def local_port(subject: Subject) -> Iterator[Found]:
    """A local port is set where clients are bound to one: not on smart-serial."""
    for source in sources(subject):
        said = source.connection.port.local_ip_port
        if (
            source.number in subject.smart
            and said is not None
            and (said.default is not None or not said.disabled)
        ):
            message = f"expected no LocalIPport on smart-serial connection {source.number}, found it"
            yield Found(source.place_of("LocalIPport"), message)


def ssh(subject: Subject) -> Iterator[Found]:
    """SSH is for serial connections, with credentials in params that hold text, and without headers."""
    headers = Delimiting(subject.protocol, ParamType.HEADER)
    by_options = any(param.options.ssh is not None for param in subject.protocol.params)
    for source in sources(subject):
        port, node = source.connection.port, source.setting("SSH")
        on_port = port.ip_port is not None and port.ip_port.default == _SSH_PORT
        tcp = port.type is None or port.type.default in (None, PortType.IP)
        place = node.place if node is not None else source.place_of("IPport")
        if node is None and not on_port:
            continue
        what = "SSH" if node is not None else "port 22"
        if source.connection.type is ConnectionType.SMART_SERIAL:
            yield Found(place, f"expected {what} on a serial connection, found it on a smart-serial one")
        elif source.connection.type is ConnectionType.SERIAL:
            header = headers.first(source.number)
            if header is not None:
                yield Found(place, f"expected no header with {what}, found header param {header.id}")
            elif node is None and tcp and not by_options:
                yield Found(place, "expected SSH with Credentials for port 22, that of SSH, found none")
    for port_node in setting_nodes(subject.root):
        for node in port_node.all("SSH"):
            yield from _credentials(subject, node)


def _credentials(subject: Subject, node: Node) -> Iterator[Found]:
    """Judge the params that hold the credentials."""
    said = {path: node.first(path) for path in ("Credentials/Username", "Credentials/Password", "Identity")}
    if said["Credentials/Username"] is None:
        yield Found(node.place, "expected Credentials/Username in SSH, found none")
    elif said["Credentials/Password"] is None and said["Identity"] is None:
        yield Found(node.place, "expected Credentials/Password or Identity in SSH, found neither")
    for found in said.values():
        if found is None:
            continue
        text = found.attributes.get("pid", "")
        pid = parse_id(text)
        if pid is None:
            yield Found(
                found.place, f"expected the id of a param in pid of {found.name}, found {quoted(text)}"
            )
        else:
            yield from string_param(subject, pid, found.place, f"{found.name} of SSH")


def ssh_options(subject: Subject) -> Iterator[Found]:
    """SSH is said in PortSettings, not by options of params."""
    mixed = any(port.has("SSH") for port in setting_nodes(subject.root))
    for node in subject.root.all("Params/Param/Type"):
        option = parse_type_options(node.attributes.get("options", "")).value.ssh
        if option is None:
            continue
        if mixed:
            message = f"expected either SSH in PortSettings or the option {option.value!r}, found both"
            yield Found(node.place, message, severity=ERROR)
        else:
            yield Found(node.place, f"expected SSH in PortSettings, found the older option {option.value!r}")


RULES: tuple[Rule, ...] = (
    Rule(
        "PS01",
        ERROR,
        "a setting of a connection is not allowed",
        "take a word that is known, or a number within the limits",
        wrong_settings,
    ),
    Rule(
        "PS04",
        WARNING,
        "an element is in timeout before its commands are",
        "raise TimeoutTimeElement of the main connection above TimeoutTime x (Retries + 1) of each",
        element_timeout,
    ),
    Rule(
        "PS05",
        WARNING,
        "a local port on smart-serial, which has none",
        "take it out, or make the connection serial",
        local_port,
    ),
    Rule(
        "PS06",
        ERROR,
        "SSH is not possible like this",
        "use a serial connection, params of Interprete/Type string for the credentials, and no header",
        ssh,
    ),
    Rule(
        "PS07",
        WARNING,
        "SSH is said by options of params",
        "name the params in PortSettings: <SSH><Credentials><Username pid=... /><Password pid=... />",
        ssh_options,
    ),
)
