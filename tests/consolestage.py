"""A gateway in memory with somebody at its console; what both say is written down as a transcript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

import smartserial.change as change_room
import smartserial.console.elements as elements_room
import smartserial.console.machine as machine_room
from smartserial.channels.listener import Listener
from smartserial.channels.serial.portlist import ListedPort
from smartserial.console.desk import Desk, Operator
from smartserial.console.session import Session
from smartserial.console.words import text_bytes
from smartserial.errors import ConfigError, PortError
from smartserial.events import Event, EventStream, Operated
from smartserial.gateway import Gateway
from smartserial.journal import Journal, sentence
from smartserial.lines import LineSettings
from smartserial.sequences import parse_sequence
from smartserial.settings import (
    Address,
    Device,
    DeviceRules,
    ElementSettings,
    GatewaySettings,
    ListenerSettings,
    LoopDevice,
    Mode,
    PortDevice,
    ShareSettings,
)
from smartserial.share.service import Share
from smartserial.sharing.rights import OWNER, WATCHER
from tests.comstage import ComClient
from tests.fakes import FakeEndpoint, FakeSerial, FakeTransport, SerialEndpoint
from tests.telnetpeer import COM_PORT

PLC = ShareSettings(
    "plc",
    PortDevice("ttyUSB0", line=LineSettings(9600)),
    (ListenerSettings(Address(port=7001), Mode.RFC2217), ListenerSettings(Address(port=7002))),
    DeviceRules(
        sequences=(
            parse_sequence("reset", "rts=on dtr=off 100ms dtr=on rts=off 50ms dtr=off"),
            parse_sequence("off", "dtr=off rts=off"),
        )
    ),
)
PORTS = (
    ListedPort(Path("/dev/ttyS0")),
    ListedPort(
        Path("/dev/ttyUSB0"), "0403", "6001", "A5", "FTDI FT232R", (Path("/dev/serial/by-id/usb-FTDI_A5"),)
    ),
)
METER = ShareSettings("meter", LoopDevice(), (ListenerSettings(Address(port=7003)),))


class UnboundListener(Listener):
    """Takes no address."""

    error: str | None = None  # what is wrong with every address

    def bind(self) -> None:
        if UnboundListener.error is not None:
            raise ConfigError(UnboundListener.error)


class Transport(StringTransport):
    """May be closed twice, as real ones may; `shown` is what was written since the last time."""

    def shown(self) -> bytes:
        data: bytes = self.value()
        self.clear()
        return data

    def unregisterProducer(self) -> None:
        self.producer = None


class Screen:
    """A door that keeps what is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.prompts = 0
        self.keeps_up = True
        self.left = False

    def show(self, lines: list[str]) -> None:
        self.lines += lines

    def room(self) -> bool:
        return self.keeps_up

    def ready(self, error: str) -> None:
        self.prompts += 1
        self.lines += [f"! {line}" for line in error.splitlines()]

    def leave(self) -> None:
        self.left = True

    def take(self) -> list[str]:
        """Return what was shown since the last time."""
        lines, self.lines = self.lines, []
        return lines


class Seat:
    """Somebody at a console with such a door."""

    def __init__(self, desk: Desk, operator: Operator) -> None:
        self.operator = operator
        self.screen = Screen()
        self.session = Session(desk, operator, self.screen)

    def types(self, line: str) -> list[str]:
        """Type a line; return what is shown at once."""
        self.session.line(line)
        return self.screen.take()


class ConsoleStage:
    """Two shares, ``plc`` with a serial line and ``meter`` without, and a desk.

    Args:
        test: gets its patches undone.
        elements: what runs beside them.
    """

    def __init__(self, test: SynchronousTestCase, elements: tuple[ElementSettings, ...] = ()) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        self.stream = EventStream()
        self.stream.subscribe(self.events.append)
        self.logged: list[LogEvent] = []
        observer: Any = self.logged.append
        log = Logger(namespace="smartserial", observer=observer)
        self.journal = Journal(self.stream, self.clock.seconds, log)
        self.endpoints: dict[str, FakeEndpoint] = {}
        test.patch(change_room, "listener_for", UnboundListener)
        test.patch(change_room, "_endpoint_of", self._endpoint)
        test.patch(elements_room, "deferToThread", maybeDeferred)
        test.patch(machine_room, "deferToThread", maybeDeferred)
        test.patch(machine_room, "list_ports", lambda: list(PORTS))
        test.patch(machine_room, "find_port", lambda name: Path("/dev", name))
        test.patch(machine_room, "holders", lambda path: ["minicom (pid 7)"] if path == PORTS[0].path else [])
        self.gateway = Gateway(self.clock, self.stream)
        self.gateway.open(GatewaySettings((PLC, METER), elements=elements))
        self.gateway.startService()
        self.desk = Desk(self.gateway, self.journal, self._reload)
        self.differences: list[str] | Exception = []
        self.reloads: list[bool] = []
        self.client: FakeTransport
        self._port = 1000

    def _endpoint(self, device: Device, reactor: object) -> IStreamClientEndpoint:
        if isinstance(device, PortDevice):
            line = device.line

            def prepare(serial: FakeSerial) -> None:
                serial.settings = line

            endpoint: FakeEndpoint = SerialEndpoint(prepare)
        else:
            endpoint = FakeEndpoint()
        self.endpoints["plc" if isinstance(device, PortDevice) else "meter"] = endpoint
        return endpoint

    async def _reload(self, dry: bool) -> list[str]:
        self.reloads.append(dry)
        if isinstance(self.differences, Exception):
            raise self.differences
        return self.differences

    # ---- what is there

    def share(self, name: str = "plc") -> Share:
        return self.gateway.shares[name]

    def device(self, name: str = "plc") -> FakeTransport:
        transport = self.endpoints[name].transport
        assert transport is not None
        return transport

    @property
    def serial(self) -> FakeSerial:
        transport = self.device()
        assert isinstance(transport, FakeSerial)
        return transport

    def operated(self) -> list[str]:
        """Return what operators have changed, each in words."""
        return [sentence(event) for event in self.events if isinstance(event, Operated)]

    def log(self) -> list[str]:
        """Return the lines of the log."""
        return [str(formatEvent(event)) for event in self.logged]

    # ---- who comes

    def operator(self, name: str = "eva", door: str = "unix", *, may_change: bool = True) -> Operator:
        return Operator(name, door, OWNER if may_change else WATCHER, self.clock.seconds())

    def seat(self, name: str = "eva", door: str = "unix", *, may_change: bool = True) -> Seat:
        """Let somebody sit down."""
        return Seat(self.desk, self.operator(name, door, may_change=may_change))

    def connect(self, share: str = "plc", listener: int = 0, host: str = "10.0.0.7") -> Any:
        """Connect a client; one of RFC 2217 has agreed to everything."""
        self._port += 1
        settings = self.share(share).listeners[listener]
        protocol: Any = settings.buildProtocol(IPv4Address("TCP", host, self._port))
        if settings.settings.mode is Mode.RAW:
            self.client = FakeTransport(protocol)
            protocol.makeConnection(self.client)
        else:
            self.client = client = ComClient(protocol)
            protocol.makeConnection(client)
            client.drain()
            client.agree()
            client.say(COM_PORT)
            client.hear()
        self.clock.advance(0)
        return self.client

    def turn(self, seconds: float = 0.0) -> None:
        """Let time go by, in small steps."""
        self.clock.pump([0.05] * round(seconds / 0.05) or [0])


class Transcript:
    """What is typed and what comes of it.

    A text of lines: ``> WORDS`` is typed, ``look> WORDS`` is typed by one who may only look; ``+ wait
    SECONDS`` lets time go by; ``+ client SHARE LISTENER`` connects; ``+ peer TEXT`` is what that client
    sends, ``+ device SHARE TEXT`` what a device does, ``+ away SHARE`` loses it. Other lines are what is
    shown, errors after ``!``, changes that were recorded after ``*``, and what the serial port was asked for
    after ``~``.
    """

    def __init__(self, stage: ConsoleStage) -> None:
        self.stage = stage
        self._seats = {"> ": stage.seat(), "look> ": stage.seat("max", "telnet", may_change=False)}
        self._acts: dict[str, Callable[[str], None]] = {
            "wait": lambda words: stage.turn(float(words)),
            "client": self._client,
            "peer": lambda words: stage.client.say(text_bytes(words)),
            "device": self._device,
            "away": self._away,
        }

    def _client(self, words: str) -> None:
        share, number = words.split()
        self.stage.connect(share, int(number))

    def _device(self, words: str) -> None:
        share, text = words.split(" ", 1)
        self.stage.device(share).say(text_bytes(text))

    def _away(self, share: str) -> None:
        self.stage.endpoints[share].error = PortError("no such device")
        self.stage.device(share).lose(PortError("unplugged"))

    def play(self, text: str) -> str:
        """Do what a transcript says; return what it would have to be."""
        played = []
        for line in expected(text).splitlines():
            known = len(self.stage.operated())
            if not self._act(line):
                continue
            played.append(line)
            played += [f"~ {words}" for words in self._asked()]
            played += [f"* {words}" for words in self.stage.operated()[known:]]
            for mark, seat in self._seats.items():
                who = mark.replace("> ", ": ") if len(mark) > 2 else ""
                played += [f"{who}{shown}".rstrip() for shown in seat.screen.take()]
        return "\n".join(played)

    def _asked(self) -> list[str]:
        transport = self.stage.endpoints["plc"].transport
        if not isinstance(transport, FakeSerial):
            return []
        asked, transport.asked = transport.asked, []
        return [repr(what) if isinstance(what, bytes | float) else str(what) for what in asked]

    def _act(self, line: str) -> bool:
        for mark, seat in self._seats.items():
            if f"{line} ".startswith(mark):
                seat.session.line(line[len(mark) :])
                return True
        if line.startswith("+ "):
            _, act, words = line.split(" ", 2)
            self._acts[act](words)
        return line.startswith("+ ")


def expected(text: str) -> str:
    """Return a transcript as `play` gives it, if it is right."""
    return dedent(text).strip()
