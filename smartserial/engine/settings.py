"""What an operator says about an element, and what its definition says by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smartserial.definition.connection import PortSettings, Setting, SlowPollBase
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.engine.framing.backlog import DEFAULT_LIMITS, BacklogLimits
from smartserial.engine.framing.framer import Limits
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.routes import MAIN
from smartserial.engine.running.slowpoll import Slowing

ELEMENT_TIMEOUT = 30.0
"""Seconds."""
PING_INTERVAL = 30.0
"""Seconds."""
_LEAST_TIME = 1000  # ms; a slow poll of fewer counts timeouts, unless its base says what it counts


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator says about an element, as far as its definition does not.

    Args:
        patience: of connections, by number, in place of what the definition says.
        datagrams: the connections that run over UDP.
        given: texts about the element: its name, its id, its bus address.
        code_page: of texts.
        strict: a unit that is no answer ends the wait for one.
        limits: of what is kept of a unit.
        backlog: of what is kept of units while the protocol is busy.
        seed: of what is random.
        element_timeout: seconds without success on a connection until the element is in timeout.
        slow_poll: when only pings are sent.
        ping_interval: seconds between two pings.
        trace: each trigger and each action is told.

    Of the times and of slow poll, None is what the definition says; if it says nothing, `ELEMENT_TIMEOUT`,
    never, and `PING_INTERVAL`.
    """

    patience: Mapping[int, Patience] = field(default_factory=dict)
    datagrams: frozenset[int] = frozenset()
    given: Mapping[ParamType, str] = field(default_factory=dict)
    code_page: str = "cp1252"
    strict: bool = False
    limits: Limits = Limits()
    backlog: BacklogLimits = DEFAULT_LIMITS
    seed: int | None = None
    element_timeout: float | None = None
    slow_poll: Slowing | None = None
    ping_interval: float | None = None
    trace: bool = False


def patience_of(protocol: Protocol, settings: Settings) -> dict[int, Patience]:
    """Return how long each connection waits: as the operator says, else the definition."""
    numbers = range(len(protocol.connections))
    return {number: _patience(protocol, number) for number in numbers} | dict(settings.patience)


def element_timeout_of(protocol: Protocol, settings: Settings) -> float:
    """Return the seconds without success until an element is in timeout."""
    said = _said(_main(protocol).timeout_time_element)
    return _first(settings.element_timeout, said, ELEMENT_TIMEOUT)


def ping_interval_of(protocol: Protocol, settings: Settings) -> float:
    """Return the seconds between two pings."""
    return _first(settings.ping_interval, _said(_main(protocol).ping_interval), PING_INTERVAL)


def slowing_of(protocol: Protocol, settings: Settings) -> Slowing:
    """Return when slow poll begins."""
    if settings.slow_poll is not None:
        return settings.slow_poll
    port = _main(protocol)
    said, base = _said(port.slow_poll), port.slow_poll_base.default if port.slow_poll_base else None
    if said is None:
        return Slowing()
    if base is None:
        base = SlowPollBase.TIME if said >= _LEAST_TIME else SlowPollBase.NUMBER
    return Slowing(seconds=said / 1000) if base is SlowPollBase.TIME else Slowing(max(1, said))


def _main(protocol: Protocol) -> PortSettings:
    return protocol.connections[MAIN].port if protocol.connections else PortSettings()


def _first(operator: float | None, milliseconds: int | None, usual: float) -> float:
    if operator is not None:
        return operator
    return usual if milliseconds is None else milliseconds / 1000


def _said(setting: Setting[int] | None) -> int | None:
    return setting.default if setting is not None else None


def _patience(protocol: Protocol, connection: int) -> Patience:
    port, usual = protocol.connections[connection].port, Patience()
    timeout, retries = _said(port.timeout_time), _said(port.retries)
    return Patience(
        usual.timeout if timeout is None else timeout / 1000, usual.retries if retries is None else retries
    )
