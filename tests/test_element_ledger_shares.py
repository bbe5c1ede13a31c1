"""An element beside raw and RFC 2217 clients on one share: all hear every byte, and polls are answered."""

from __future__ import annotations

import contextlib
import re
import socket
from collections import deque
from dataclasses import replace
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.channel import ChannelOwner
from smartserial.channels.link import LinkState
from smartserial.definition.authoring import serial, smart_serial
from smartserial.definition.flow import Timer
from smartserial.definition.protocol import Protocol
from smartserial.element import operating
from smartserial.element.onshare import ShareChannel
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.engine.effects import Changed, Effect, Heard, PairStep, Peer, Step
from smartserial.errors import PortError
from smartserial.events import EventStream
from smartserial.lines import LineSettings
from smartserial.script import Rule, Script
from smartserial.settings import (
    Address,
    ConnectionSettings,
    ElementSettings,
    ListenerSettings,
    Mode,
    PortDevice,
    ShareCarrier,
    ShareSettings,
    SimDevice,
)
from smartserial.trace.events import Rx, TraceEvent
from tests.comstage import RAW, RFC, ComClient, ComStage
from tests.elementstage import ElementCase, connection, element
from tests.enginestage import world
from tests.fakes import FakeTransport

_ASKED = re.compile(rb"C1\n|t")


class Instrument:
    """A device that answers each ``C1`` line with a numbered reading, and each ``t`` that is typed."""

    def __init__(self) -> None:
        self.readings = self.typed = 0
        self._heard = b""

    def hear(self, data: bytes) -> bytes:
        self._heard += data
        answers, end = b"", 0
        for found in _ASKED.finditer(self._heard):
            end = found.end()
            if found[0] == b"t":
                self.typed += 1
                answers += b"typed %d\xff\r\n" % self.typed
            else:
                self.readings += 1
                answers += b"R1:%d\n" % self.readings
        self._heard = self._heard[end:]
        return answers


class Spied:
    """What a share's channel tells an element, kept."""

    def __init__(self, owner: ChannelOwner) -> None:
        self.owner = owner
        self.heard = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.owner, name)

    def received(self, peer: Peer, data: bytes) -> None:
        self.heard += data
        self.owner.received(peer, data)


class Client:
    """Somebody who types, and what the device had said when he came."""

    def __init__(self, transport: FakeTransport, since: int) -> None:
        self.transport = transport
        self.since = since

    @property
    def heard(self) -> bytes:
        if isinstance(self.transport, ComClient):
            return bytes(self.transport.peer.data)
        return self.transport.taken


class Bench:
    """A share with an instrument, clients who come and go, and an element that polls.

    Args:
        seed: decides what happens.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.stage = ComStage(RFC, RAW, device=PortDevice("ttyX", line=LineSettings(9600)), buffer=0)
        self.stage.start()
        self.instrument = Instrument()
        self.said = bytearray()
        self.saying: deque[bytes] = deque()
        self.done = 0
        self.clients: list[Client] = []
        self.steps: list[Effect] = []
        self.unsolicited = seed % 2 == 1
        kind = smart_serial("bench") if self.unsolicited else serial("bench")
        protocol = world(1, connections=(kind,))
        self.spied: list[Spied] = []
        self.events = EventStream()
        self.around = Surroundings(
            self._channel, lambda *_: None, SavedParams(None, self.stage.clock), self.events, self.stage.clock
        )
        retries = 0 if self.unsolicited else 1000  # what others hear is a wrong answer to a serial pair
        self.element = self.reader("reader", protocol, retries)
        assert self.element.work is not None
        self.work = self.element.work
        add = self.work.record.add
        self.work.record.add = lambda thing: (self.steps.append(thing), add(thing))[0]  # type: ignore
        self.polls = 0

    def reader(self, name: str, protocol: Protocol, retries: int, **more: Any) -> Element:
        """Start an element on the share."""
        one = ConnectionSettings(0, ShareCarrier("x"), timeout=1e6, retries=retries)
        element = Element(ElementSettings(name, "test", protocol, (one,), **more), self.around)
        element.startService()
        return element

    def _channel(self, owner: ChannelOwner, settings: ConnectionSettings, name: str) -> ShareChannel:
        self.spied.append(Spied(owner))
        return ShareChannel(self.spied[-1], "x", lambda name: self.stage.share, self.stage.clock)

    # ---- what happens

    def come(self) -> None:
        if len(self.clients) == 4:
            return
        rfc = self.chance.random() < 0.5
        transport: FakeTransport = self.stage.com() if rfc else self.stage.client(1)
        self.clients.append(Client(transport, len(self.said)))

    def go(self) -> None:
        if self.clients and self.chance.random() < 0.5:
            client = self.chance.choice(self.clients)
            self.take_all(client)
            self.check(client, whole=True)
            self.clients.remove(client)
            client.transport.reset()

    def type(self) -> None:
        if self.clients:
            client = self.chance.choice(self.clients)
            if client.transport.reading and client.transport.connected:
                client.transport.say(b"t" * self.chance.choice((1, 2, 5)))

    def poll(self) -> None:
        operating.run(self.element, ["group", "1"], "test")
        self.polls += 1

    def work_device(self) -> None:
        device = self.stage.serial
        device.take(self.chance.choice((1, 2, 3, 10, 1000)))
        asked, self.done = device.taken[self.done :], len(device.taken)
        answer = self.instrument.hear(asked)
        if self.chance.random() < 0.1:
            answer += b"\xff\0news\n"
        while answer:
            size = self.chance.choice((1, 2, 5, 1000))
            self.saying.append(answer[:size])
            answer = answer[size:]

    def speak(self) -> None:
        device = self.stage.serial
        for _ in range(self.chance.choice((1, 3, 10))):
            if self.saying and device.reading:
                data = self.saying.popleft()
                self.said += data
                device.say(data)

    def take(self) -> None:
        for client in self.clients:
            client.transport.take(self.chance.choice((0, 1, 50, 10_000)))

    def take_all(self, client: Client) -> None:
        for _ in range(3):
            client.transport.take(1 << 30)
            self.stage.turn()

    def time(self) -> None:
        self.stage.clock.advance(self.chance.choice((0, 0.001, 0.05)))

    STEPS = (
        come,
        go,
        *(type,) * 3,
        *(poll,) * 2,
        *(work_device,) * 6,
        *(speak,) * 6,
        *(take,) * 4,
        time,
        time,
    )

    def vanish(self) -> None:
        """Unplug the device; a client is told no more of it than that nothing comes."""
        self.stage.endpoint.error = PortError("unplugged")
        self.stage.serial.reset()
        self.stage.clock.pump([0.1] * 20)

    def return_(self) -> None:
        """Plug the device in again; it has forgotten nothing, but hears a new line."""
        self.stage.endpoint.error = None
        self.done = 0
        self.stage.clock.pump([0.1] * 100)

    # ---- what must be

    def check(self, client: Client, whole: bool = False) -> None:
        wanted = bytes(self.said[client.since :])
        heard = client.heard
        if (heard != wanted) if whole else not wanted.startswith(heard):
            raise AssertionError(f"seed {self.seed}: {heard[-60:]!r} of {wanted[-60:]!r}, {len(wanted)}")

    def run(self) -> None:
        for _ in range(self.chance.randrange(50, 300)):
            self.chance.choice(self.STEPS)(self)
            assert self.spied[0].heard == self.said, f"seed {self.seed}"
            assert self.stage.unexplained() == (0, 0), f"seed {self.seed}"
            for client in self.clients:
                self.check(client)
        self.settle()
        self.judge()

    def settle(self) -> None:
        """Let all be said, heard and answered."""
        for _ in range(1000):
            self.work_device()
            self.speak()
            for client in self.clients:
                self.take_all(client)
            self.stage.clock.advance(0.01)
            if not self.saying and not self.stage.serial.pending and len(self.answered()) == self.polls:
                break
        for client in self.clients:
            self.check(client, whole=True)

    def answered(self) -> list[PairStep]:
        return [one for one in self.steps if isinstance(one, PairStep) and one.step is Step.SUCCEEDED]

    def judge(self) -> None:
        tally = self.work.lines[0].tally
        text = f"seed {self.seed}: {self.polls} polls, {len(self.answered())} answered"
        readings = self.instrument.readings
        heard = [one.match for one in self.steps if isinstance(one, Heard)]
        assert len(self.answered()) == self.polls == len(heard), text
        if self.unsolicited:
            assert readings == self.polls, text
            values = [
                one.new for one in self.steps if isinstance(one, Changed) and one.param == 301 and one.new
            ]
            assert values == [str(number + 1) for number in range(self.polls)], text
        assert (tally.sent, tally.pending, tally.dropped, tally.unsent) == (3 * readings, 0, 0, 0), text
        assert tally.received == len(self.said), text
        assert self.stage.share.device.link.state is LinkState.UP
        self.element.stop()
        stopped = self.stage.stop()
        assert (stopped.up.unexplained, stopped.down.unexplained) == (0, 0), text


class BenchTests(SynchronousTestCase):
    def test_no_schedule_loses_a_byte_or_an_answer(self) -> None:
        for seed in range(100):
            Bench(seed).run()


class SimTests(ElementCase):
    """The same with sockets, and a simulated device."""

    async def test_all_hear_the_same_and_polls_are_answered(self) -> None:
        rules = (
            Rule(b"C1", (b"R1:a\xff\n", b"R1:b\r\n", b"R1:c\0\n"), delay=0.02),
            Rule(b"hello", (b"hi there\n",), delay=0.01),
        )
        device = SimDevice("bench", Script(rules=rules, terminators=(b"\n",)))
        listeners = tuple(
            ListenerSettings(Address("127.0.0.1", 0), mode) for mode in (Mode.RAW, Mode.RFC2217)
        )
        definition = self.polling()
        [reader] = await self.run_all(
            element(definition, connection(ShareCarrier("bench"), timeout=1000.0)),
            shares=(ShareSettings("bench", device, listeners, buffer=0),),
        )
        share = self.gateway.shares["bench"]
        raw, telnet = (self.dial(listener.where) for listener in share.listeners)
        telnet.sendall(b"\xff\xfb\0\xff\xfd\0")
        await self.until(lambda: len(share.clients) == 2, "both clients")
        await self.turns(200)
        heard = {raw: bytearray(), telnet: bytearray()}
        events = reader.watch()
        for number in range(60):
            (raw if number % 2 else telnet).sendall(b"hello\n")
            self.stage.clock.advance(0.02)
            await self.turns(3)
            self.collect(heard)

        def rest() -> bool:
            self.stage.clock.advance(0.005)
            self.collect(heard)
            return heard[raw].count(b"hi there\n") == 60 and heard[raw].endswith(b"\n")

        await self.until(rest, "all answers")
        reader.element.pause()
        for _ in range(30):
            self.stage.clock.advance(0.01)
            await self.turns(3)
            self.collect(heard)
        own = b"".join(event.data for event in events if isinstance(event, Rx))
        wire = re.sub(rb"\xff(?:\xfa.*?\xff\xf0|[\xfb-\xfe].)", b"", bytes(heard[telnet]), flags=re.DOTALL)
        self.assertTrue(heard[raw].endswith(own[-500:]) or own in heard[raw], (own[-99:], heard[raw][-99:]))
        self.assertEqual(wire.replace(b"\xff\xff", b"\xff"), heard[raw])
        self.assertGreater(own.count(b"R1:"), 10)
        self.assertEqual(self.outcomes(events), own.count(b"R1:"))
        up, down = share.accounts()
        self.assertEqual((up.unexplained, down.unexplained), (0, 0))

    def polling(self) -> Protocol:
        return replace(
            world(1, connections=(smart_serial("bench"),)),
            timers=(Timer(1, "ask", 50, groups=(1,)),),
        )

    def outcomes(self, events: list[TraceEvent]) -> int:
        lines = [f"{type(one).__name__} {getattr(one, 'step', '')}" for one in events]
        self.assertEqual([line for line in lines if "TIMED" in line], [])
        return lines.count("PairStep Step.SUCCEEDED")

    def dial(self, where: str) -> socket.socket:
        host, _, port = where.rpartition(":")
        sock = socket.create_connection((host, int(port)))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        return sock

    def collect(self, heard: dict[socket.socket, bytearray]) -> None:
        for sock, data in heard.items():
            with contextlib.suppress(BlockingIOError):
                while piece := sock.recv(65536):
                    data += piece
