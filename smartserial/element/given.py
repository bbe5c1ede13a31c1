"""What an engine is told of an element's settings, and what follows from them for its bytes."""

from __future__ import annotations

from smartserial.definition.connection import ConnectionType
from smartserial.definition.framing import Framing, framing_of
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.running.asking import Patience
from smartserial.engine.settings import Settings
from smartserial.settings import ConnectionSettings, ElementSettings, NetworkCarrier, Transport


def is_datagrams(connection: ConnectionSettings) -> bool:
    """Tell whether a connection runs over UDP."""
    carrier = connection.carrier
    return isinstance(carrier, NetworkCarrier) and carrier.transport is Transport.UDP


def engine_settings(settings: ElementSettings) -> Settings:
    """Return what an engine is told of an element's settings."""
    bus = next((one.bus_address for one in settings.connections if one.bus_address), "")
    return Settings(
        patience={one.number: Patience(one.timeout, one.retries) for one in settings.connections},
        datagrams=frozenset(one.number for one in settings.connections if is_datagrams(one)),
        given={ParamType.ELEMENT_NAME: settings.name, ParamType.BUS: bus},
        code_page=settings.code_page,
        strict=settings.strict,
        element_timeout=settings.element_timeout,
    )


def may_be_cut(protocol: Protocol, connection: ConnectionSettings) -> bool:
    """Tell whether it does not matter to a connection in what pieces its bytes are handed over."""
    made = protocol.connections[connection.number].type is ConnectionType.SMART_SERIAL
    by_time = framing_of(protocol, connection.number) is Framing.TIME
    return made and not by_time and not is_datagrams(connection)
