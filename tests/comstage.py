"""A share in memory whose clients speak RFC 2217, and the clients: by the bytes on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from smartserial.channels.listener import Listener
from smartserial.channels.session import Refused
from smartserial.events import Event, EventStream
from smartserial.lines import LineSettings
from smartserial.settings import (
    Device,
    ListenerSettings,
    LoopDevice,
    Mode,
    PortDevice,
    RemoteSettings,
    ShareSettings,
    Sharing,
)
from smartserial.share.service import Share
from smartserial.sharing.access import Access
from tests.fakes import FakeEndpoint, FakeSerial, FakeTransport, SerialEndpoint
from tests.telnetpeer import COM_PORT, Wire, com_port
from tests.test_share import Stage

RFC = ListenerSettings(mode=Mode.RFC2217)
WATCHERS = ListenerSettings(mode=Mode.RFC2217, access=Access.READ)
RAW = ListenerSettings()
LINE = LineSettings(9600)

BAUDRATE, DATASIZE, PARITY, STOPSIZE, CONTROL = 1, 2, 3, 4, 5
LINESTATE, MODEMSTATE, SUSPEND, RESUME, LINE_MASK, MODEM_MASK, PURGE = 6, 7, 8, 9, 10, 11, 12
ASK_BREAK, BREAK_ON, BREAK_OFF, ASK_DTR, DTR_ON, DTR_OFF, ASK_RTS, RTS_ON, RTS_OFF = range(4, 13)
FIRST_MODEM = (107, 0xB0)  # CD, DSR and CTS, as `lines.report` has them


def ask(code: int, number: int = 0) -> bytes:
    """Return a request as it goes over the wire; 0 asks for what is in force."""
    return com_port(code, number.to_bytes(4 if code == BAUDRATE else 1, "big"))


class ComClient(Wire):
    """A client on its wire."""

    seen = 0

    def hear(self) -> list[tuple[int, int]]:
        """Take everything; return the codes and values of what was said by RFC 2217 since the last time."""
        self.drain()
        said, self.seen = self.peer.said[self.seen :], len(self.peer.said)
        return [(s[2], int.from_bytes(s[3:], "big")) for s in said if s[:2] == b"\xfa\x2c"]

    def request(self, code: int, number: int = 0) -> int:
        """Make one request; return the value of its answer, which comes at once and alone."""
        assert self.hear() == []
        self.say(ask(code, number))
        ((answer, value),) = self.hear()
        assert answer == code + 100, (answer, code)
        return value

    def together(self, *requests: tuple[int, int]) -> list[tuple[int, int]]:
        """Make requests in one piece; return what was said then."""
        assert self.hear() == []
        self.say(b"".join(ask(*request) for request in requests))
        return self.hear()

    @property
    def data(self) -> bytes:
        self.drain()
        return bytes(self.peer.data)


class ComStage(Stage):
    """A share with clients of RFC 2217.

    Args:
        device: its kind; with a line if it is None.
        serial: whether it is opened as a serial line.
        prepare: makes each open device ready.
        settings: as `ShareSettings` has them, and as `Sharing` and `RemoteSettings` have them.
    """

    def __init__(
        self,
        *listeners: ListenerSettings,
        device: Device | None = None,
        serial: bool = True,
        prepare: Callable[[FakeSerial], None] = lambda _: None,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        remote = RemoteSettings(**{n: settings.pop(n) for n in RemoteSettings.__slots__ if n in settings})
        sharing = {n: settings.pop(n) for n in Sharing.__slots__ if n in settings}
        listeners = listeners or (RFC,)
        device = device or PortDevice("ttyX", line=LINE)
        self.settings = ShareSettings(
            "x", device, listeners, sharing=Sharing(settings=remote, **sharing), **settings
        )

        def open_serial(serial: FakeSerial) -> None:
            serial.settings = getattr(device, "line", None) or LineSettings()
            prepare(serial)

        self.endpoint = SerialEndpoint(open_serial) if serial else FakeEndpoint()
        self.listeners = [Listener(listener, self.clock) for listener in listeners]
        self.share = Share(self.settings, self.endpoint, self.listeners, stream, self.clock)
        self.port = 1000

    def start(self) -> ComStage:
        super().start()
        return self

    @property
    def serial(self) -> FakeSerial:
        assert isinstance(self.endpoint.transport, FakeSerial)
        return self.endpoint.transport

    def connect(self, listener: int = 0, host: str = "127.0.0.1") -> FakeTransport | Refused:
        self.port += 1
        protocol = self.listeners[listener].buildProtocol(IPv4Address("TCP", host, self.port))
        assert protocol is not None
        if isinstance(protocol, Refused):
            return protocol
        raw = self.listeners[listener].settings.mode is Mode.RAW
        client = FakeTransport(protocol) if raw else ComClient(protocol)
        protocol.makeConnection(client)
        return client

    def com(self, listener: int = 0, *, silent: bool = False) -> ComClient:
        """Return a client that has agreed to everything, unless it is `silent`."""
        client = self.client(listener)
        assert isinstance(client, ComClient)
        if not silent:
            client.drain()
            client.agree()
            client.say(COM_PORT)
            assert [code for code, _ in client.hear()] == [107]
        return client

    def asked(self, kind: type) -> list[Any]:
        """Return what the device was asked for, of one kind, since the last time."""
        asked = self.serial.asked_for(kind)
        self.serial.asked = [a for a in self.serial.asked if not isinstance(a, kind)]
        return asked


def loop_stage(*listeners: ListenerSettings, **settings: Any) -> ComStage:
    """Return a share whose device has no line."""
    return ComStage(*listeners, device=LoopDevice(), serial=False, **settings).start()
