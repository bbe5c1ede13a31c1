"""Elements on real sockets and ptys: a gateway that runs them, programs at the far ends, a clock of its own.

No time passes for the gateway but what a test lets pass::

    class MyTest(ElementCase):
        async def test_it(self) -> None:
            mast = await self.run_one(world(1), server())
            one = await self.client(mast)
            one.sendall(b"R1:abc\\n")
            await self.until(lambda: mast.value(301) == "abc")
"""

from __future__ import annotations

import contextlib
import os
import socket
import tty
from collections.abc import Iterable
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.channels.elements.channel import Channel
from smartserial.definition.check import load
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import Value
from smartserial.element import operating
from smartserial.element.service import Element
from smartserial.element.work import Work
from smartserial.engine.effects import ConnectionState, Peer
from smartserial.events import Event, EventStream
from smartserial.gateway import Gateway
from smartserial.journal import level_of, sentence
from smartserial.settings import (
    Carrier,
    ConnectionSettings,
    ElementSettings,
    GatewaySettings,
    NetworkCarrier,
    Role,
    ShareSettings,
    Transport,
)
from smartserial.sharing.access import parse_network
from smartserial.trace.events import TraceEvent
from tests.netstage import NetTestCase

LOCAL = "127.0.0.1"
PATIENCE = 50
"""Turns that something may take without time."""


def connection(
    carrier: Carrier, number: int = 0, allowed: Iterable[str] = (), **more: Any
) -> ConnectionSettings:
    """A connection that waits a second for an answer and asks twice, unless more is said."""
    networks = tuple(map(parse_network, allowed))
    return ConnectionSettings(number, carrier, allowed=networks, **{"timeout": 1.0, "retries": 1} | more)


def _network(transport: Transport, role: Role, host: str, port: int, more: dict[str, Any]) -> Any:
    fields = {key: more.pop(key) for key in list(more) if key in NetworkCarrier.__dataclass_fields__}
    return connection(NetworkCarrier(transport, role, host, port, **fields), **more)


def server(port: int = 0, host: str = LOCAL, **more: Any) -> ConnectionSettings:
    """A TCP server; all that have port 0 of one host have the same free one."""
    return _network(Transport.TCP, Role.SERVER, host, port, more)  # type: ignore[no-any-return]


def client(port: int, host: str = LOCAL, **more: Any) -> ConnectionSettings:
    """A TCP client of a program."""
    return _network(Transport.TCP, Role.CLIENT, host, port, more)  # type: ignore[no-any-return]


def udp_server(port: int = 0, host: str = LOCAL, **more: Any) -> ConnectionSettings:
    """A UDP server."""
    return _network(Transport.UDP, Role.SERVER, host, port, more)  # type: ignore[no-any-return]


def udp_client(port: int, host: str = LOCAL, **more: Any) -> ConnectionSettings:
    """A UDP client of a program."""
    return _network(Transport.UDP, Role.CLIENT, host, port, more)  # type: ignore[no-any-return]


def element(
    definition: Protocol | str, *connections: ConnectionSettings, name: str = "mast", **more: Any
) -> ElementSettings:
    """Settings of an element; a definition may be the text of an XML file."""
    if isinstance(definition, str):
        definition = load(definition.encode())
    return ElementSettings(name, "test", definition, connections, **more)


class Acting:
    """An element of a running gateway.

    Args:
        element: the service.
        events: all events of the gateway so far.
    """

    def __init__(self, element: Element, events: list[Event]) -> None:
        self.element = element
        self.name = element.settings.name
        self.traced: list[TraceEvent] = []
        """What happened in it since `watch`."""
        self._events = events

    @property
    def work(self) -> Work:
        """Its run."""
        assert self.element.work is not None
        return self.element.work

    def channel(self, number: int = 0) -> Channel:
        """The channel of a connection."""
        return self.work.lines[number].channel

    def port(self, number: int = 0) -> int:
        """The port that it listens on."""
        return int(self.channel(number).where.removesuffix(" with TLS").rpartition(":")[2])

    def peers(self, number: int = 0) -> tuple[Peer, ...]:
        """The sessions of a connection."""
        return self.channel(number).peers

    def state(self, number: int = 0) -> ConnectionState:
        """How a connection stands."""
        return self.work.engine.state(number)

    def value(self, param: int) -> Value | None:
        """What a param holds; None if it was never set."""
        store = self.work.engine.store
        return store.value(param) if store.was_set(param) else None

    def set(self, param: int, text: str) -> None:
        """Set a param as an operator does."""
        operating.set_param(self.element, operating.param_to_set(self.element, str(param)), text, "eva")

    def run(self, group: int) -> None:
        """Run a group as an operator does."""
        operating.run(self.element, ["group", str(group)], "eva")

    def watch(self) -> list[TraceEvent]:
        """Have `traced` grow from now on; return it."""
        self.work.record.watch(self.traced.append)
        return self.traced

    def told(self, *levels: str) -> list[str]:
        """Lines of the log about it, of all levels or of some, without its name."""
        mine = [one for one in self._events if getattr(one, "name", "") == self.name]
        lines = [sentence(one) for one in mine if not levels or level_of(one) in levels]
        return [line.removeprefix(f"{self.name}: ") for line in lines]


class ElementCase(NetTestCase):
    """Elements at work; at the end the gateway is stopped, and that must come to an end."""

    def setUp(self) -> None:
        super().setUp()
        self._make()
        self.addCleanup(self._stop)

    def _make(self) -> None:
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        self.gateway = Gateway(self.stage, stream)
        self.configured = GatewaySettings()

    async def _stop(self) -> None:
        if self.gateway.running:
            await self.in_time(self.gateway.stopService())

    async def anew(self) -> None:
        """Stop the gateway, and have another one."""
        await self._stop()
        self._make()

    # ---- elements

    async def run_all(
        self, *elements: ElementSettings, shares: tuple[ShareSettings, ...] = ()
    ) -> list[Acting]:
        """Start a gateway of these elements; wait until it is known which connections can be used."""
        self.configured = GatewaySettings(shares=shares, elements=elements)
        self.gateway.open(self.configured)
        self.gateway.startService()
        acting = [Acting(self.gateway.elements[one.name], self.events) for one in elements]
        await self.settled(*acting)
        return acting

    async def run_one(
        self, definition: Protocol | str, *connections: ConnectionSettings, **more: Any
    ) -> Acting:
        """Start a gateway of one element, and wait as `run_all` does."""
        [acting] = await self.run_all(element(definition, *connections, **more))
        return acting

    async def settled(self, *acting: Acting) -> None:
        """Wait until it is known of each connection whether it can be used."""
        running = [one for one in acting if one.element.work is not None and not one.work.paused]
        await self.until(lambda: all(x.settled for one in running for x in one.element.lines), "settled")

    async def reload(self, *elements: ElementSettings) -> None:
        """Go over to other settings of the elements."""
        self.configured = GatewaySettings(shares=self.configured.shares, elements=elements)
        await self.in_time(Deferred.fromCoroutine(self.gateway.reload(self.configured)))

    @override
    async def in_time(self, deferred: Deferred[Any]) -> None:
        """Wait until `deferred` has its result, and let time pass only if that takes many turns."""
        results: list[Any] = []
        deferred.addBoth(results.append)
        turns = count()
        await self.until(
            lambda: results or (next(turns) > PATIENCE and self.stage.clock.advance(0.01)) or results,
            "a deferred",
        )
        if isinstance(results[0], Failure):
            results[0].raiseException()

    async def pass_time(self, seconds: float, steps: int = 10) -> None:
        """Let time pass, and in between let sockets do what they have to do."""
        for _ in range(steps):
            self.stage.clock.advance(seconds / steps)
            await self.turns(3)

    # ---- who talks to them

    async def client(self, acting: Acting, source: str = LOCAL, number: int = 0) -> socket.socket:
        """Connect a program to a server, and wait until the element has the session."""
        before = len(acting.peers(number))
        sock = self.call(acting, source, number)
        await self.until(lambda: len(acting.peers(number)) > before, "a session")
        return sock

    def call(
        self, acting: Acting, source: str = LOCAL, number: int = 0, host: str = LOCAL, port: int = 0
    ) -> socket.socket:
        """Connect a program to a server."""
        sock = socket.create_connection((host, acting.port(number)), source_address=(source, port))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        return sock

    def sender(self, host: str = LOCAL, port: int = 0) -> socket.socket:
        """A program that sends datagrams."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind((host, port))
        sock.setblocking(False)
        return sock

    async def datagram(self, sock: socket.socket) -> bytes:
        """Wait for a datagram."""
        found: list[bytes] = []

        def came() -> bool:
            with contextlib.suppress(BlockingIOError):
                found.append(sock.recv(65536))
            return bool(found)

        await self.until(came, "a datagram")
        return found[0]

    async def hears(self, sock: socket.socket, data: bytes) -> None:
        """Wait for exactly these bytes."""
        self.assertEqual(await self.read(sock, len(data)), data)

    async def silent(self, *socks: socket.socket) -> None:
        """Nothing has come, nor does it come in a while of turns."""
        await self.turns()
        for sock in socks:
            with self.assertRaises(BlockingIOError):
                found = sock.recv(4096)
                self.fail(f"{found!r} came")

    async def put(self, sock: socket.socket, data: bytes) -> None:
        """Send all of much data."""
        view = memoryview(data)

        def sent() -> bool:
            nonlocal view
            with contextlib.suppress(BlockingIOError):
                view = view[sock.send(view) :]
            return not view

        await self.until(sent, "all bytes sent")

    @staticmethod
    def end_abruptly(sock: socket.socket) -> None:
        """Cut a connection: the other side finds it reset."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

    def device(self) -> DeviceEnd:
        """A serial device: a pty, of which an element opens `path`."""
        return DeviceEnd(self)


class DeviceEnd:
    """The far end of a pty.

    Args:
        test: the test, whose turns are used to wait.
    """

    def __init__(self, test: ElementCase) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self._test = test
        self._open = True
        test.addClassCleanup(os.close, self._slave)  # until then nobody gets the path, see `Pty`
        test.addCleanup(self.unplug)

    def unplug(self) -> None:
        """Be gone."""
        if self._open:
            self._open = False
            os.close(self.master)

    def say(self, data: bytes) -> None:
        """Send a few bytes."""
        os.write(self.master, data)

    async def hears(self, data: bytes) -> None:
        """Wait for exactly these bytes."""
        found = bytearray()

        def came() -> bool:
            with contextlib.suppress(BlockingIOError):
                found.extend(os.read(self.master, len(data) - len(found)))
            return len(found) >= len(data)

        await self._test.until(came, f"{data!r} at the device")
        self._test.assertEqual(bytes(found), data)

    async def silent(self) -> None:
        """Nothing has come, nor does it come in a while of turns."""
        await self._test.turns()
        with self._test.assertRaises(BlockingIOError):
            found = os.read(self.master, 4096)
            self._test.fail(f"{found!r} came")
