"""Connections that go elsewhere: the param of the type option ``dynamic ip`` holds ``host`` or ``host:port``.

A port that is not said is the last one; 0 is none. What a server would be bound to is no address to go to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address

from smartserial.definition.connection import SERIAL_TYPES, ConnectionType
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.effects import Redirect
from smartserial.engine.running.machine import Machine

_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?", re.ASCII)
_SERVERS = frozenset({"any", "localhost"})
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_MOST_PORT = 65535
_SHOWN = 60  # characters of a value in the log


def address(text: str) -> tuple[str, int | None]:
    """Return the host and the port that a text tells; brackets stand around an IPv6 address with a port.

    Raises:
        NotAValueError: it tells neither.
    """
    said = text.strip()
    if said.startswith("["):
        host, closed, rest = said[1:].partition("]")
        port, fits = rest.removeprefix(":"), bool(closed) and _is_ipv6(host) and rest[:1] in ("", ":")
        has_port = rest.startswith(":")
    elif said.count(":") > 1:
        host, port, fits, has_port = said, "", _is_ipv6(said), False
    else:
        host, colon, port = said.partition(":")
        fits, has_port = _NAME.fullmatch(host) is not None, bool(colon)
    if not fits:
        raise NotAValueError(f"expected host or host:port, found {said[:_SHOWN]!r}")
    if not has_port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= _MOST_PORT):
        raise NotAValueError(f"expected a port from 1 to {_MOST_PORT}, found {port[:_SHOWN]!r}")
    return host, int(port)


def _is_ipv6(text: str) -> bool:
    try:
        return isinstance(ip_address(text), IPv6Address)
    except ValueError:
        return False


def _is_server(host: str) -> bool:
    """Tell whether a smart-serial connection with this host would be a server."""
    if host.lower() in _SERVERS:
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return plain.is_unspecified or plain in _LOOPBACK


class Redirects:
    """Tells where connections go, whenever a param says so.

    Args:
        machine: the definition and its values.
        saved: the bytes of params of an earlier run.
    """

    def __init__(self, machine: Machine, saved: Mapping[int, bytes]) -> None:
        self._machine = machine
        self._last: dict[int, tuple[str, int | None]] = {}
        self._restored: list[tuple[int, int]] = []
        for param in machine.protocol.param.values():
            connection = param.options.dynamic_ip
            if connection is not None:
                machine.notice(param.id, partial(self._changed, param.id, connection))
                if param.save and param.id in saved and saved[param.id] == machine.store.raw(param.id):
                    self._restored.append((param.id, connection))

    def start(self) -> None:
        """Tell where connections go since an earlier run."""
        for param, connection in self._restored:
            self._changed(param, connection)

    def _changed(self, param: int, connection: int) -> None:
        machine = self._machine
        value = machine.store.value(param)
        if value is None or not str(value).strip():
            return
        try:
            found = self._checked(str(value), connection)
        except NotAValueError as error:
            machine.note(f"param {param} does not move connection {connection}: {error}")
            return
        if self._last.get(connection) != found:
            self._last[connection] = found
            machine.tell(Redirect(connection, *found))

    def _checked(self, text: str, connection: int) -> tuple[str, int | None]:
        connections = self._machine.protocol.connections
        if not (connection < len(connections) and connections[connection].type in SERIAL_TYPES):
            raise NotAValueError("there is no such connection")
        host, port = address(text)
        if connections[connection].type is ConnectionType.SMART_SERIAL and _is_server(host):
            raise NotAValueError(f"expected an address to connect to, found {host!r}, which is a server's")
        return host, port
