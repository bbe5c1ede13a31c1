"""What the settings of a connection may be: which texts, and within which limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from smartserial.definition.connection import FlowControl, Parity, PortType, SlowPollBase
from smartserial.definition.languages.number import parse_decimal, parse_whole
from smartserial.definition.languages.problem import quoted
from smartserial.definition.node import Node
from smartserial.definition.reading.connections import port_nodes
from smartserial.definition.reading.texts import truth
from smartserial.definition.rules.rule import Found, Subject
from smartserial.definition.rules.sources import user_settings

_DAY = 86_400_000  # ms


@dataclass(frozen=True, slots=True)
class Allowed:
    """The texts that a setting may have.

    Args:
        what: they are, in words.
        right: tells whether a text, trimmed and lower case, is one of them.
        number: gives what stands for a text in its limits; None if it has none.
        bounds: the least and the most that ``Range`` may say; None is anything.
    """

    what: str
    right: Callable[[str], bool]
    number: Callable[[str], float | None] | None = None
    bounds: tuple[float, float] | None = None


def _words(*words: str) -> Allowed:
    what = f"{', '.join(words[:-1])} or {words[-1]}"
    return Allowed(what, frozenset(words).__contains__)


def _whole(low: int, high: int, *, step: int = 1, ends: bool = True) -> Allowed:
    """Allow integers from `low` to `high`; without `ends` both are not allowed themselves."""

    def right(text: str) -> bool:
        number = parse_whole(text)
        within = number is not None and (low <= number <= high if ends else low < number < high)
        return within and number is not None and number % step == 0

    multiple = f", a multiple of {step}," if step > 1 else ""
    what = f"an integer{multiple} {f'from {low} to {high}' if ends else f'between {low} and {high}'}"
    return Allowed(what, right, parse_whole, (low, high))


def _either(one: Allowed, other: Allowed) -> Allowed:
    return Allowed(
        f"{one.what}, or {other.what}",
        lambda text: one.right(text) or other.right(text),
        parse_whole,
    )


_TRUTH = _words("true", "false")
_TIMEOUTS, _TIME = _whole(1, 500), _whole(1000, 300_000)
_SLOW_POLL = {SlowPollBase.NUMBER: _TIMEOUTS, SlowPollBase.TIME: _TIME}
SETTINGS: Mapping[str, Allowed] = {
    "Type": _words(*(kind.value for kind in PortType)),
    "PortTypeIP": _TRUTH,
    "PortTypeUDP": _TRUTH,
    "PortTypeSerial": _TRUTH,
    "IPport": _whole(0, 65535),
    "LocalIPport": _whole(0, 65535),
    "BusAddress": Allowed("a text", lambda _text: True),
    "Baudrate": _whole(1, 100_000_000),
    "Databits": _whole(5, 8),
    "Parity": _words(*(parity.value for parity in Parity)),
    "Stopbits": Allowed(
        "1, 1.5 or 2", lambda text: parse_decimal(text) in (1, 1.5, 2), parse_decimal, (1, 2)
    ),
    "Flowcontrol": _words(*(control.value for control in FlowControl)),
    "TimeoutTime": _whole(10, 120_000, ends=False),
    "Retries": _whole(0, 10),
    "TimeoutTimeElement": _whole(1000, _DAY, step=1000),
    "SlowPoll": _either(_TIMEOUTS, _TIME),
    "SlowPollBase": _words(*(base.value for base in SlowPollBase)),
    "PingInterval": _whole(1000, 300_000, step=1000),
    "SkipCertificateVerification": _TRUTH,
    "SslTlsEnabled": _TRUTH,
    "AllowedIPAddresses": _TRUTH,
}
"""Settings that are elements with a default, limits and values, by their names."""


def setting_nodes(root: Node) -> Iterator[Node]:
    """Yield the elements that hold the settings of a connection, in both syntaxes."""
    yield from port_nodes(root)
    for node in root.all("Connections/Connection"):
        found = user_settings(node)
        if found is not None:
            yield found


def wrong_settings(subject: Subject) -> Iterator[Found]:
    """Each setting is one that there is: a known word, or a number within its limits."""
    for port in setting_nodes(subject.root):
        for node in port.children:
            allowed = SETTINGS.get(node.name)
            if allowed is not None:
                yield from _of_setting(node, _slow_poll(port) if node.name == "SlowPoll" else allowed)
            elif node.name == "FlushPerDatagram" and truth(node.text) is None:
                yield Found(node.place, f"expected true or false in {node.name}, found {quoted(node.text)}")


def _slow_poll(port: Node) -> Allowed:
    """Return what slow poll may be, by what it counts."""
    text = port.text_at("SlowPollBase/DefaultValue").lower()
    return next((_SLOW_POLL[base] for base in SlowPollBase if base.value == text), SETTINGS["SlowPoll"])


def _of_setting(node: Node, allowed: Allowed) -> Iterator[Found]:
    """Judge one setting; an element without text says nothing."""
    for path in ("DefaultValue", "Value", "Values/Value"):
        for said in node.all(path):
            text = said.text.strip()
            if text and not allowed.right(text.lower()):
                yield Found(said.place, f"expected {allowed.what} in {node.name}, found {quoted(text)}")
    for said in node.all("Disabled"):
        if truth(said.text) is None:
            message = f"expected true or false in Disabled of {node.name}, found {quoted(said.text)}"
            yield Found(said.place, message)
    if allowed.number is not None:
        yield from _of_range(node, allowed, allowed.number)


def _of_range(node: Node, allowed: Allowed, number: Callable[[str], float | None]) -> Iterator[Found]:
    """Judge the limits of a setting, and whether its default is within."""
    limits: list[float] = []
    low, high = allowed.bounds or (0, float("inf"))
    for name in ("From", "To"):
        said = node.first(f"Range/{name}")
        if said is None or not said.text.strip():
            return
        limit = number(said.text)
        if limit is None or not low <= limit <= high:
            wanted = f"a number from {low} to {high}" if allowed.bounds else "a number"
            yield Found(said.place, f"expected {wanted} in {name} of {node.name}, found {quoted(said.text)}")
            return
        limits.append(limit)
    range_, default = node.first("Range"), node.first("DefaultValue")
    if range_ is not None and limits[0] > limits[1]:
        yield Found(range_.place, f"expected From up to To in {node.name}, found {limits[0]} and {limits[1]}")
    elif default is not None:
        value = number(default.text) if allowed.right(default.text.strip().lower()) else None
        if value is not None and not limits[0] <= value <= limits[1]:
            message = f"expected the default of {node.name} within its Range, found {value}"
            yield Found(default.place, message)
