"""A share in memory whose clients have to log in; hashes are made when the test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from smartserial.channels.listener import Listener
from smartserial.channels.login.keeper import Keeper
from smartserial.channels.login.protocol import Login
from smartserial.channels.session import Refused
from smartserial.events import ClientConnected, Event, EventStream, LoginFailed
from smartserial.settings import (
    Device,
    GroupSettings,
    ListenerSettings,
    LoginSettings,
    LoopDevice,
    Mode,
    ShareSettings,
    UserSettings,
    UsersSettings,
)
from smartserial.share.service import Share
from smartserial.sharing.rights import ALL, Grant, Right
from tests.comstage import ComClient
from tests.fakes import FakeEndpoint, FakeTransport
from tests.userexamples import HASH, PASSWORD

WORDS = {
    "read": Right.READ,
    "write": Right.WRITE,
    "both": Right.READ | Right.WRITE,
    "control": Right.READ | Right.WRITE | Right.CONTROL,
    "admin": ALL,
    "none": Right.NONE,
}
USERS = LoginSettings()
SECRET = LoginSettings(HASH)


def users(**groups: Right) -> UsersSettings:
    """Users of these names; each is in a group of the same name, which has these rights on ``x``."""
    return UsersSettings(
        tuple(UserSettings(name, HASH, (name,)) for name in groups),
        tuple(GroupSettings(name, (Grant("x", rights),)) for name, rights in groups.items()),
    )


class Threads:
    """Hashes are made at once, or when `work` is called."""

    def __init__(self) -> None:
        self.at_once = True
        self.waiting: deque[tuple[Deferred[bool], Callable[[], bool]]] = deque()
        self.done = 0

    def run(self, call: Callable[[], bool]) -> Deferred[bool]:
        if self.at_once:
            self.done += 1
            return execute(call)
        result: Deferred[bool] = Deferred()
        self.waiting.append((result, call))
        return result

    def work(self, count: int = 1) -> None:
        for _ in range(count):
            self.done += 1
            result, call = self.waiting.popleft()
            result.callback(call())


class EagerClient(ComClient):
    """A client whose kernel takes everything at once."""

    def write(self, data: bytes) -> None:
        super().write(data)
        self.drain()


class LoginStage:
    """A share, ``x``, with listeners.

    Args:
        listeners: their settings.
        known: who there is.
        device: its kind.
        endpoint: opens it.
        settings: as `ShareSettings` has them.
    """

    def __init__(
        self,
        *listeners: ListenerSettings,
        known: UsersSettings | None = None,
        device: Device | None = None,
        endpoint: FakeEndpoint | None = None,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self.threads = Threads()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        self.keeper = Keeper(known or users(**WORDS), self.clock, self.threads.run)
        listeners = listeners or (ListenerSettings(login=USERS),)
        self.settings = ShareSettings("x", device or LoopDevice(), listeners, **settings)
        self.endpoint = endpoint or FakeEndpoint()
        self.listeners = [Listener(one, self.clock) for one in listeners]
        self.share = Share(self.settings, self.endpoint, self.listeners, stream, self.clock, self.keeper)
        self.share.startService()
        self._port = 1000

    @property
    def device(self) -> FakeTransport:
        assert self.endpoint.transport is not None
        return self.endpoint.transport

    def connect(self, listener: int = 0, host: str = "10.0.0.7") -> Any:
        """Connect; return the client's end, or what refuses it."""
        self._port += 1
        way = self.listeners[listener]
        protocol: Any = way.buildProtocol(IPv4Address("TCP", host, self._port))
        if protocol is None or isinstance(protocol, Refused):
            return protocol
        client = FakeTransport(protocol) if way.settings.mode is Mode.RAW else EagerClient(protocol)
        client.__dict__["loseWriteConnection"] = lambda: None
        protocol.makeConnection(client)
        return client

    def enter(self, name: str, listener: int = 0, password: bytes = PASSWORD) -> Any:
        """Connect, and log in."""
        client = self.connect(listener)
        self.type(client, name.encode() + b"\r\n" + password + b"\r\n")
        self.turn()
        return client

    def type(self, client: Any, text: bytes) -> None:
        """Let somebody type, whether a password is being judged now or not."""
        client.protocol.dataReceived(text)

    def turn(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)

    @property
    def sessions(self) -> list[str]:
        return [session.identity.name for session in self.share.clients]

    @property
    def failures(self) -> list[tuple[str, str]]:
        return [(event.user, event.why) for event in self.events if isinstance(event, LoginFailed)]

    @property
    def connected(self) -> list[str]:
        return [event.user for event in self.events if isinstance(event, ClientConnected)]

    @property
    def timers(self) -> list[object]:
        """What logins would still do later."""
        found = (getattr(call.func, "__self__", None) for call in self.clock.getDelayedCalls())
        return [one for one in found if isinstance(one, Login | FakeTransport)]

    def unexplained(self) -> tuple[int, int]:
        up, down = self.share.accounts()
        return up.unexplained, down.unexplained
