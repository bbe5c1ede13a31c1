"""What the elements of a configuration come to, by their definitions: for rules and for settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from pathlib import Path

from smartserial.config.devices import SerialModel
from smartserial.config.elements import ConnectionModel, ElementModel
from smartserial.config.limits import line_defaults
from smartserial.config.models import ConfigModel
from smartserial.config.protocols import Known, Protocols
from smartserial.config.source import Place, Source
from smartserial.config.tlssets import TlsModel
from smartserial.definition.connection import SERIAL_TYPES, Connection, ConnectionType, PortType
from smartserial.findings import Finding
from smartserial.hosts import is_own, role_of
from smartserial.settings import Role

NO_PROTOCOL = "?"
"""Stands for the name of a device protocol that was no text."""
UNSAID = "127.0.0.1"
"""Where a smart-serial connection listens of which no host is said."""
NETWORK_KEYS = ("type", "host", "port", "role", "tls", "local_port", "allowed_addresses")
"""Keys that say, or mean, that a connection is one over the network."""


class Kind(Enum):
    """What a connection runs on."""

    TCP = "tcp"
    UDP = "udp"
    DEVICE = "device"
    SHARE = "share"
    NONE = "nothing"


NETWORK = (Kind.TCP, Kind.UDP)
_KIND_OF = {PortType.IP: Kind.TCP, PortType.UDP: Kind.UDP, PortType.RS232: Kind.NONE}


@dataclass(frozen=True, slots=True)
class PlannedConnection:
    """A connection of an element.

    Args:
        place: its own in the configuration; that of its element if the configuration does not name it.
        number: its id in the definition.
        model: what the configuration says.
        said: what the definition says; None: it has no such connection, or is not known itself.
        kind: what it runs on; NONE: nobody says.
        named: the configuration names it.
        whole: nothing that the configuration says of it was wrong by itself.
        role: of network connections.
        host: the same; empty: nobody says.
        port: the same; None: nobody says.
        why: what decided the role.
        listing: its list of addresses is switched on.
    """

    place: Place
    number: int
    model: ConnectionModel
    said: Connection | None
    kind: Kind
    named: bool = True
    whole: bool = True
    role: Role | None = None
    host: str = ""
    port: int | None = None
    why: str = ""
    listing: bool = False

    @property
    def is_serial(self) -> bool:
        """Whether it is a client by its type."""
        return self.said is not None and self.said.type is ConnectionType.SERIAL

    @property
    def serves(self) -> bool:
        """Whether it listens on an address that can be told."""
        return self.kind in NETWORK and self.role is Role.SERVER and is_numeric(self.host)

    def key(self, *keys: str) -> Place:
        """Return the place of one of its keys, or its own if the configuration does not name it."""
        return (*self.place, *keys) if self.named else self.place

    def __str__(self) -> str:
        name = f" ({self.said.name})" if self.said is not None and self.said.name else ""
        return f"connection {self.number}{name}"


@dataclass(frozen=True, slots=True)
class PlannedElement:
    """An element; `known` is None if its device protocol cannot be used."""

    name: str
    place: Place
    model: ElementModel
    known: Known | None
    connections: tuple[PlannedConnection, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All elements of a configuration.

    Args:
        config: with the line settings that definitions add.
        elements: in the order of the file.
        findings: what went wrong on the way.
        state: the file of saved params; None: there is none.
    """

    config: ConfigModel
    elements: tuple[PlannedElement, ...]
    findings: tuple[Finding, ...]
    state: Path | None = None

    @property
    def connections(self) -> Iterator[PlannedConnection]:
        """Those of all elements."""
        for element in self.elements:
            yield from element.connections

    def encryption(self, one: PlannedConnection) -> TlsModel | bool | str:
        """Return what a connection is encrypted with.

        A set, or whether it is by the system's authorities alone, or the name of a set that is not there.
        """
        said = one.model.tls
        if said is None and one.kind is Kind.TCP and one.said is not None and one.said.tls is not None:
            said = one.said.tls.default
        return self.config.tls.get(said, said) if isinstance(said, str) else bool(said)


def is_numeric(host: str) -> bool:
    """Tell an address from a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def plan_of(config: ConfigModel, source: Source, folder: Path) -> Plan:
    """Return what a configuration's elements come to; relative paths begin at `folder`."""
    protocols = Protocols(source, folder, config.protocol_paths)
    elements = tuple(_element(name, one, source, protocols) for name, one in config.elements.items())
    models = {
        one.name: one.model.model_copy(
            update={"connections": {str(n.number): n.model for n in one.connections if n.named}}
        )
        for one in elements
    }
    completed = config.model_copy(update={"elements": models})
    return Plan(completed, elements, tuple(protocols.findings), _state(config, folder))


def _state(config: ConfigModel, folder: Path) -> Path | None:
    """Return the file of saved params: the one that is said, else one where systemd wants it."""
    if config.state is not None:
        return Path(os.path.normpath(folder / config.state))
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given, "state.sqlite") if given and config.elements else None


def _element(name: str, model: ElementModel, source: Source, protocols: Protocols) -> PlannedElement:
    place: Place = ("elements", name)
    known = None
    if source.written((*place, "protocol")) == model.protocol:  # else it was wrong by itself
        known = protocols.of(place, model.protocol, model.options)
    said = known.definition.connections if known is not None else ()
    python = known is not None and known.in_python
    planned = [
        _connection((*place, "connections", number), int(number), one, source, said, python)
        for number, one in model.connections.items()
    ]
    if _is_whole(source, (*place, "connections"), set(model.connections)):
        planned += [
            _planned(place, number, ConnectionModel.model_validate({}), one, python, named=False)
            for number, one in enumerate(said)
            if str(number) not in model.connections and one.type in SERIAL_TYPES
        ]
    planned.sort(key=lambda one: one.number)
    return PlannedElement(name, place, model, known, tuple(planned))


def _is_whole(source: Source, place: Place, left: set[str]) -> bool:
    """Tell whether nothing had to be taken out of what is written at a place."""
    written = source.written(place)
    return written is None or (isinstance(written, dict) and written.keys() <= left)


def _connection(
    place: Place,
    number: int,
    model: ConnectionModel,
    source: Source,
    connections: tuple[Connection, ...],
    python: bool,
) -> PlannedConnection:
    said = connections[number] if number < len(connections) else None
    if said is not None and isinstance(model.device, SerialModel):
        device = model.device.model_copy(update=line_defaults(model.device, said.port))
        model = model.model_copy(update={"device": device})
    whole = _is_whole(source, place, model.model_fields_set)
    return _planned(place, number, model, said, python, whole=whole)


def _planned(
    place: Place,
    number: int,
    model: ConnectionModel,
    said: Connection | None,
    python: bool,
    *,
    named: bool = True,
    whole: bool = True,
) -> PlannedConnection:
    kind = _kind(model, said)
    off = said is None or not (said.allow_list or python)
    listing = not off if model.allow_list is None else model.allow_list
    if kind not in NETWORK:
        return PlannedConnection(place, number, model, said, kind, named, whole, listing=listing)
    role, host, why = _role(model, said)
    default = said.port.ip_port.default if said is not None and said.port.ip_port is not None else None
    port = default if model.port is None else model.port
    return PlannedConnection(place, number, model, said, kind, named, whole, role, host, port, why, listing)


def _kind(model: ConnectionModel, said: Connection | None) -> Kind:
    if model.device is not None:
        return Kind.DEVICE
    if model.share is not None:
        return Kind.SHARE
    if model.type is not None:
        return Kind(model.type)
    default = said.port.type.default if said is not None and said.port.type is not None else None
    kind = _KIND_OF[default or PortType.IP]
    return Kind.TCP if kind is Kind.NONE and model.model_fields_set & set(NETWORK_KEYS) else kind


def _role(model: ConnectionModel, said: Connection | None) -> tuple[Role, str, str]:
    """Return who begins, the host, and why."""
    wanted = None if model.role is None else Role(model.role)
    if said is not None and said.type is ConnectionType.SERIAL:
        _, host, _ = role_of(model.host or "", Role.CLIENT)
        return Role.CLIENT, host, "a serial connection is always a client"
    if model.host is None:
        if wanted is Role.CLIENT:
            return Role.CLIENT, "", "the configuration says so"
        return role_of(UNSAID, wanted, is_own)
    return role_of(model.host, wanted, is_own)
