"""What an engine is told of an element's settings."""

from __future__ import annotations

from smartserial.definition.param import ParamType
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
