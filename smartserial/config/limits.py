"""What a definition lets operators choose: defaults of settings, and their limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smartserial.config.devices import SerialModel
from smartserial.config.elements import ConnectionModel
from smartserial.definition.connection import FlowControl, Parity, PortSettings, PortType, Setting

FLOWS: Mapping[FlowControl, str] = {
    FlowControl.NO: "none",
    FlowControl.CTS_RTS: "rtscts",
    FlowControl.XON_XOFF: "xonxoff",
}
"""The handshakes that drivers here have, as a configuration says them."""


@dataclass(frozen=True, slots=True)
class Limited:
    """A setting that a definition may limit.

    Args:
        element: its name in a definition.
        key: that in a configuration.
        setting: gives what a definition says of it.
        in_words: gives what is written for a value of the definition; None: it cannot be chosen here.
        listed: without a list and a range nothing but the default is allowed.
        unit: of what is written, for people.
    """

    element: str
    key: str
    setting: Callable[[PortSettings], Setting[Any] | None]
    in_words: Callable[[Any], Any] = lambda value: value
    listed: bool = False
    unit: str = ""


def _in_seconds(milliseconds: int) -> float:
    return milliseconds / 1000


LINE: tuple[Limited, ...] = (
    Limited("Baudrate", "baudrate", lambda port: port.baudrate, listed=True),
    Limited("Databits", "bytesize", lambda port: port.databits, listed=True),
    Limited(
        "Parity",
        "parity",
        lambda port: port.parity,
        lambda parity: "none" if parity is Parity.NO else parity.value,
        listed=True,
    ),
    Limited("Stopbits", "stopbits", lambda port: port.stopbits, listed=True),
    Limited("Flowcontrol", "flow", lambda port: port.flowcontrol, FLOWS.get, listed=True),
)
"""Settings of a serial line, by the keys of a device."""
CONNECTION: tuple[Limited, ...] = (
    Limited("IPport", "port", lambda port: port.ip_port),
    Limited("LocalIPport", "local_port", lambda port: port.local_ip_port),
    Limited("TimeoutTime", "timeout", lambda port: port.timeout_time, _in_seconds, unit="s"),
    Limited("Retries", "retries", lambda port: port.retries),
    Limited("BusAddress", "bus_address", lambda port: port.bus_address, listed=True),
)
"""Settings of a connection."""
ELEMENT_TIMEOUT = Limited(
    "TimeoutTimeElement", "timeout", lambda port: port.timeout_time_element, _in_seconds, unit="s"
)
"""That of a whole element, of which the main connection speaks."""
_ANY_FREE = (32768, 65535)  # ports that a system may take for 0


def default_of(limited: Limited, port: PortSettings) -> Any:
    """Return the default of a setting in the words of a configuration; None if there is none."""
    setting = limited.setting(port)
    return None if setting is None or setting.default is None else limited.in_words(setting.default)


def line_defaults(device: SerialModel, port: PortSettings) -> dict[str, Any]:
    """Return those line settings of a definition that a device does not say itself."""
    said = device.model_fields_set | (device.line or {}).keys()
    defaults = {one.key: default_of(one, port) for one in LINE if one.key not in said}
    return {key: value for key, value in defaults.items() if value is not None}


def no_such_flow(device: SerialModel, port: PortSettings) -> str:
    """Return the handshake of a definition that no driver has and nobody replaced; empty: none."""
    default = port.flowcontrol.default if port.flowcontrol is not None else None
    unsaid = default is not None and default not in FLOWS and "flow" not in device.model_fields_set
    return default.value if unsaid and default is not None else ""


def of_connection(model: ConnectionModel, port: PortSettings, server: bool) -> Iterator[tuple[str, str]]:
    """Yield the keys of a connection whose values a definition does not allow, and why.

    Args:
        model: the connection.
        port: what the definition says of it.
        server: port 0 is any free one.
    """
    for one in CONNECTION:
        value = getattr(model, one.key)
        if value is None or one.key not in model.model_fields_set:
            continue
        if one.key == "port" and server and not value:
            if any(refusal(one, port, free) for free in _ANY_FREE):
                yield one.key, refusal(one, port, value)
        elif (one.key != "local_port" or value) and (why := refusal(one, port, value)):
            yield one.key, why


def of_device(device: SerialModel, port: PortSettings) -> Iterator[tuple[str, str]]:
    """Yield the keys of a device whose line settings a definition does not allow, and why."""
    for one in LINE:
        short = (device.line or {}).get(one.key)
        if one.key not in device.model_fields_set and short is None:
            continue
        if why := refusal(one, port, getattr(device, one.key) if short is None else short):
            yield "line" if short is not None else one.key, why


def of_transport(kind: PortType, port: PortSettings) -> str:
    """Return why a connection may not run on TCP, UDP or a serial line; empty if it may.

    A serial line is all that carries bytes without a network protocol of ours; only a type that may not be
    changed keeps a connection from it.
    """
    setting: Setting[PortType] = port.type or Setting()
    if kind is setting.default:
        return ""
    switch = {PortType.IP: port.port_type_ip, PortType.UDP: port.port_type_udp}.get(kind)
    listed = bool(setting.values) and kind is not PortType.RS232 and kind not in setting.values
    if switch is not None and switch.disabled:
        name = {PortType.IP: "PortTypeIP", PortType.UDP: "PortTypeUDP"}[kind]
        return f"the definition does not allow it: {name} is disabled"
    if setting.disabled or listed:
        allowed = [one.value for one in (setting.default, *setting.values) if one is not None]
        words = " or ".join(dict.fromkeys(allowed[:1] if setting.disabled else allowed)) or "its own"
        return f"the definition does not allow it: its Type is {words}"
    return ""


def refusal(limited: Limited, port: PortSettings, value: Any) -> str:
    """Return why a definition does not allow a value, and which it allows; empty if it does."""
    setting = limited.setting(port)
    if setting is None:
        return ""
    value = round(value, 6) if isinstance(value, float) else value
    default, *values = (
        None if one is None else limited.in_words(one) for one in (setting.default, *setting.values)
    )
    if setting.default is not None and default is None:
        return ""  # it cannot be had here, so any other may stand for it
    low, high = (None if end is None else limited.in_words(end) for end in (setting.low, setting.high))
    if _fits(value, default) or (not setting.disabled and any(_fits(value, one) for one in values)):
        return ""
    ranged = low is not None or high is not None
    within = ranged and (low is None or low <= value) and (high is None or value <= high)
    free = not ranged and not values and (not limited.listed or default is None)
    if not setting.disabled and (within or free):
        return ""
    return (
        f"expected {_allowed(limited, setting, default, values, low, high)}, found {_shown(value, limited)}"
    )


def _allowed(
    limited: Limited, setting: Setting[Any], default: Any, values: list[Any], low: Any, high: Any
) -> str:
    """Say what a definition allows, in the words of a configuration."""
    by = f"{limited.element} of the definition"
    if setting.disabled:
        kept = "nothing" if default is None else _shown(default, limited)
        return f"{kept}, as {by} may not be changed"
    apart = [one for one in dict.fromkeys((default, *values)) if one is not None]
    if low is not None and high is not None:
        apart = [one for one in apart if not low <= one <= high]
    allowed = [_shown(one, limited) for one in apart]
    if low is not None and high is not None:
        allowed.append(f"{_shown(low, limited)} to {_shown(high, limited)}")
    elif low is not None or high is not None:
        end = f"at least {_shown(low, limited)}" if high is None else f"at most {_shown(high, limited)}"
        allowed.append(end)
    words = allowed[0] if len(allowed) == 1 else f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    return f"{words}, as {by} says"


def _fits(value: Any, allowed: Any) -> bool:
    """Tell whether a value is that one; texts may have wildcards."""
    if not isinstance(allowed, str) or not isinstance(value, str):
        return bool(allowed is not None and value == allowed)
    pattern = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in allowed)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def _shown(value: Any, limited: Limited) -> str:
    text = repr(value) if limited.element == "BusAddress" else str(value)
    return (f"{value:g}" if isinstance(value, float) else text) + limited.unit
