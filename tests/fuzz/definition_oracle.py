"""What must hold for any bytes as a definition, and for any bytes that its device says."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.check import UNREADABLE
from smartserial.definition.check import check as judge
from smartserial.definition.connection import ConnectionType
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.table import RULES
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.effects import Dropped, Effect, Heard, Peer, Unheard
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.framing.framer import Limits
from smartserial.findings import ERROR

END = b"\0"
"""Between a definition, in which it cannot stand, and what the device says."""
CODES = {rule.code for rule in RULES} | {one.code for one in UNREADABLE}
MOST_WAKES = 30
MOST_SETS = 6
MOST_CONNECTIONS = 4
LIMITS = Limits(most=4096)
PEERS = (Peer("10.0.0.1", 4000, 1), Peer("10.0.0.2", 4000, 2))


class Element:
    """A definition at work, on a clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = 0.0
        self.told = 0

    def take(self, effects: list[Effect]) -> None:
        """Count the bytes that are explained."""
        for effect in effects:
            if isinstance(effect, Dropped):
                self.told += effect.lost.length
            elif isinstance(effect, Heard | Unheard):
                self.told += effect.unit.length

    def wake(self) -> None:
        """Let time pass, as far as something waits for it."""
        for _ in range(MOST_WAKES):
            due = self.engine.next_wake
            if due is None:
                return
            self.now = max(self.now, due)
            self.take(self.engine.wake(self.now))
            due = self.engine.next_wake
            assert due is None or due >= self.now, "it is to be woken before now"


def pieces(stream: bytes) -> Iterator[bytes]:
    """Cut what a device says: some bytes by themselves, then more at a time."""
    place, size = 0, 1
    while place < len(stream):
        yield stream[place : place + size]
        place += size
        size = size % 50 + 3


def work(protocol: Protocol, stream: bytes) -> None:
    """Let a definition work, and its device say something on each connection."""
    try:
        engine = Engine(protocol, Settings(limits=LIMITS, seed=0))
    except NotAValueError:
        return
    element = Element(engine)
    element.take(engine.start(0.0))
    element.wake()
    serial = (ConnectionType.SERIAL, ConnectionType.SMART_SERIAL)
    numbers = [n for n, one in enumerate(protocol.connections) if one.type in serial][:MOST_CONNECTIONS]
    for number in numbers:
        for peer in PEERS:
            element.take(engine.connected(number, peer, element.now))
            for piece in pieces(stream):
                element.take(engine.received(number, peer, piece, element.now))
        element.wake()
    written = [param.id for param in protocol.params if param.type is ParamType.WRITE]
    for param in written[:MOST_SETS]:
        for value in (1.0, "x"):
            try:
                element.take(engine.set(param, value, element.now))
            except NotAValueError:
                continue
    for number in numbers:
        for peer in PEERS:
            element.take(engine.received(number, peer, stream, element.now))
            element.take(engine.disconnected(number, peer, element.now))
    element.wake()
    element.take(engine.stop(element.now))
    assert engine.next_wake is None, "something goes on after the end"


def check(data: bytes) -> None:
    """Fail with an exception if anything that must hold does not.

    A definition has errors, or it can work; all that is found in it is declared. Nothing that its device
    says has anything raised.
    """
    text, _, stream = data.partition(END)
    protocol, findings = judge(text)
    unknown = {finding.code for finding in findings} - CODES
    assert not unknown, f"findings that are not declared: {unknown}"
    assert (protocol is None) == any(finding.severity == ERROR for finding in findings), findings
    if protocol is not None:
        work(protocol, stream)
