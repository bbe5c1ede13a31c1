"""A share in memory, with a clock of our own: rules one by one, and thousands of random schedules."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.link import LinkState
from smartserial.channels.listener import Listener
from smartserial.channels.session import Refused
from smartserial.errors import PortBusyError, PortError
from smartserial.events import (
    BytesDiscarded,
    ClientDisconnected,
    ClientRefused,
    DeviceFailed,
    DeviceLost,
    Event,
    EventStream,
    ShareStopped,
)
from smartserial.settings import (
    DeviceRules,
    ListenerSettings,
    LoopDevice,
    ShareSettings,
    Sharing,
    SlowClient,
)
from smartserial.share.clients import FIRST_ANSWER, QUIET
from smartserial.share.drain import GRACE
from smartserial.share.service import Share
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.sharing.slow import SlowPolicy
from tests.fakes import FakeEndpoint, FakeTransport

KIB = 1024


class Stage:
    """A share with a fake device, whose clients are fake transports."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        stream = EventStream()
        stream.subscribe(self.events.append)
        listeners = settings.pop("listeners", (ListenerSettings(),))
        self.settings = ShareSettings("x", LoopDevice(), listeners, **settings)
        self.endpoint = FakeEndpoint()
        self.listeners = [Listener(listener, self.clock) for listener in listeners]
        self.share = Share(self.settings, self.endpoint, self.listeners, stream, self.clock)
        self.port = 1000

    def start(self) -> Stage:
        self.share.startService()
        return self

    @property
    def device(self) -> FakeTransport:
        assert self.endpoint.transport is not None
        return self.endpoint.transport

    def connect(self, listener: int = 0, host: str = "127.0.0.1") -> FakeTransport | Refused:
        self.port += 1
        protocol = self.listeners[listener].buildProtocol(IPv4Address("TCP", host, self.port))
        assert protocol is not None
        if isinstance(protocol, Refused):
            return protocol
        transport = FakeTransport(protocol)
        protocol.makeConnection(transport)
        return transport

    def client(self, listener: int = 0) -> FakeTransport:
        client = self.connect(listener)
        assert isinstance(client, FakeTransport)
        self.turn()
        return client

    def turn(self) -> None:
        """Let the reactor come to its next turn."""
        self.clock.advance(0)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def unexplained(self) -> tuple[int, int]:
        up, down = self.share.accounts()
        return up.unexplained, down.unexplained

    def stop(self) -> ShareStopped:
        done: list[object] = []
        self.share.stopService().addBoth(done.append)
        for _ in range(round((GRACE + 1) / 0.02)):
            if not done:
                self.clock.advance(0.02)
        assert done == [None], done
        return self.of(ShareStopped)[0]


def slow(policy: SlowPolicy, limit: int = 64 * KIB) -> Sharing:
    return Sharing(slow_client=SlowClient(policy, limit, 30.0))


class SlowClientTests(SynchronousTestCase):
    """The three policies."""

    def test_alone_it_holds_the_device_and_lets_go(self) -> None:
        stage = Stage(sharing=slow(SlowPolicy.AUTO)).start()
        client = stage.client()
        stage.device.say(b"x" * 40 * KIB)
        self.assertFalse(stage.device.reading)
        stage.clock.pump([1] * 100)
        self.assertTrue(client.connected)
        client.take(64 * KIB)
        self.assertTrue(stage.device.reading)

    def test_a_second_client_ends_that(self) -> None:
        stage = Stage(sharing=slow(SlowPolicy.AUTO)).start()
        slow_one = stage.client()
        stage.device.say(b"x" * 40 * KIB)
        other = stage.client()
        self.assertTrue(stage.device.reading)
        stage.device.say(b"y" * 40 * KIB)
        stage.turn()
        self.assertFalse(slow_one.connected)
        self.assertTrue(other.connected)
        (gone,) = stage.of(ClientDisconnected)
        self.assertEqual((gone.why, gone.discarded), ("too slow: 81920 bytes were waiting for it", 81920))

    def test_it_is_dropped_when_nothing_moves_for_the_timeout(self) -> None:
        stage = Stage(sharing=slow(SlowPolicy.AUTO)).start()
        client, other = stage.client(), stage.client()
        stage.device.say(b"few")
        other.take(3)
        stage.clock.pump([1] * 29)
        self.assertTrue(client.connected)
        stage.clock.pump([1] * 4)
        self.assertFalse(client.connected)
        self.assertTrue(other.connected)

    def test_its_oldest_bytes_go(self) -> None:
        stage = Stage(sharing=slow(SlowPolicy.DISCARD, 4 * KIB)).start()
        client = stage.client()
        for n in range(8):
            stage.device.say(bytes([n]) * KIB)
        client.take(64 * KIB)
        self.assertEqual(client.taken, b"".join(bytes([n]) * KIB for n in range(4, 8)))
        self.assertEqual(dict(stage.share.accounts()[0].discarded), {Reason.SLOW_CLIENT: 4 * KIB})

    def test_pause_device_holds_it_for_all(self) -> None:
        stage = Stage(sharing=slow(SlowPolicy.PAUSE_DEVICE)).start()
        stage.client()
        quick = stage.client()
        stage.device.say(b"x" * 40 * KIB)
        quick.take(64 * KIB)
        self.assertFalse(stage.device.reading)
        stage.clock.pump([1] * 60)
        self.assertFalse(stage.device.reading)


class DeviceTests(SynchronousTestCase):
    """A device that is full, away, busy or opened on demand."""

    def test_clients_are_held_while_it_is_full(self) -> None:
        stage = Stage().start()
        first, second = stage.client(), stage.client()
        first.say(b"x" * 300 * KIB)
        self.assertFalse(first.reading or second.reading)
        self.assertFalse(stage.client().reading)
        stage.device.take(300 * KIB)
        self.assertTrue(first.reading and second.reading)

    def test_what_waits_is_counted_when_it_is_lost(self) -> None:
        stage = Stage().start()
        client = stage.client()
        client.say(b"x" * 300 * KIB)
        stage.device.take(100 * KIB)
        stage.endpoint.error = PortError("unplugged")
        stage.device.reset()
        self.assertTrue(client.reading)
        client.say(b"stale")
        down = stage.share.accounts()[1]
        self.assertEqual(dict(down.discarded), {Reason.DEVICE_LOST: 200 * KIB, Reason.NO_DEVICE: 5})
        self.assertEqual(len(stage.of(DeviceLost)), 1)

    def test_it_is_tried_again_at_growing_intervals_and_told_once_for_each_cause(self) -> None:
        stage = Stage()
        stage.endpoint.error = PortError("not there")
        stage.start()
        stage.clock.pump([0.1] * 100)
        self.assertEqual([event.why for event in stage.of(DeviceFailed)], ["not there"])
        stage.endpoint.error = PortError("not allowed")
        stage.clock.pump([0.1] * 11)
        self.assertEqual([event.why for event in stage.of(DeviceFailed)], ["not there", "not allowed"])
        stage.endpoint.error = None
        stage.clock.pump([0.1] * 11)
        self.assertIs(stage.share.device.link.state, LinkState.UP)

    def test_while_it_is_busy_clients_are_told_and_closed(self) -> None:
        stage = Stage()
        stage.endpoint.error = PortBusyError("minicom has it")
        stage.start()
        self.assertIsInstance(stage.connect(), Refused)
        self.assertIn("minicom has it", stage.of(ClientRefused)[0].why)

    def test_on_demand_it_is_told_to_the_client_that_asked_for_it(self) -> None:
        stage = Stage(rules=DeviceRules(on_demand=True))
        stage.endpoint.error = PortBusyError("minicom has it")
        stage.start()
        client = stage.client()
        self.assertFalse(client.connected)
        self.assertEqual(client.told, b"x is in use on the gateway itself: minicom has it\r\n")
        self.assertEqual(stage.share.device.link.state, LinkState.CLOSED)

    def test_on_demand_it_is_closed_when_the_last_is_gone(self) -> None:
        stage = Stage(rules=DeviceRules(on_demand=True)).start()
        self.assertIsNone(stage.endpoint.transport)
        first, second = stage.client(), stage.client()
        first.say(b"hello")
        first.reset()
        self.assertTrue(stage.device.connected)
        stage.device.take(5)
        second.reset()
        self.assertFalse(stage.device.connected)
        stage.client()
        self.assertTrue(stage.device.connected)

    def test_a_client_that_is_sent_away_gets_nothing_new(self) -> None:
        stage = Stage(rules=DeviceRules(close_on_unplug=True)).start()
        client = stage.client()
        stage.device.say(b"waiting")
        stage.device.reset()
        self.assertTrue(client.closing)
        stage.clock.advance(1)
        stage.device.say(b"for somebody else")
        client.take(100)
        self.assertEqual(client.taken, b"waiting")
        following = stage.client()
        following.take(100)
        self.assertEqual(following.taken, b"for somebody else")


class IdleTests(SynchronousTestCase):
    """Clients that say nothing."""

    def test_what_is_there_before_we_find_the_time_is_read_first(self) -> None:
        """Timers come before what is to be read: a gateway that had no time finds both at once."""
        stage = Stage(listeners=(ListenerSettings(idle_timeout=8.0),)).start()
        client = stage.client()
        stage.clock.callLater(8, client.say, b"still here")
        stage.clock.advance(8)
        self.assertTrue(client.connected)
        stage.device.take(99)
        self.assertEqual(stage.device.taken, b"still here")
        stage.clock.pump([1] * 10)
        self.assertFalse(client.connected)


class LeavingTests(SynchronousTestCase):
    """Clients that have finished sending."""

    def test_it_hears_its_answer_until_the_device_is_silent(self) -> None:
        stage = Stage().start()
        client = stage.client()
        client.say(b"question")
        client.finish_sending()
        stage.clock.advance(4)
        stage.device.say(b"the ")
        client.take(4)
        stage.clock.advance(0.9)
        stage.device.say(b"answer")
        client.take(6)
        self.assertTrue(client.connected)
        stage.clock.advance(1)
        self.assertFalse(client.connected)
        self.assertEqual(client.taken, b"the answer")

    def test_an_answer_that_is_there_before_we_find_the_time_is_read_first(self) -> None:
        """Timers come before what is to be read: a gateway that had no time finds both at once."""
        stage = Stage().start()
        client = stage.client()
        client.say(b"question")
        client.finish_sending()
        for seconds, piece in ((FIRST_ANSWER, b"the "), (QUIET, b"ans"), (QUIET, b"wer")):
            stage.clock.callLater(seconds, stage.device.say, piece)
            stage.clock.advance(seconds)
            client.take(4)
        self.assertEqual(client.taken, b"the answer")
        stage.clock.advance(QUIET)
        self.assertFalse(client.connected)

    def test_it_takes_no_place(self) -> None:
        stage = Stage(sharing=Sharing(max_clients=1)).start()
        first = stage.client()
        self.assertIsInstance(stage.connect(), Refused)
        first.finish_sending()
        self.assertIsInstance(stage.connect(), FakeTransport)

    def test_there_are_never_many(self) -> None:
        stage = Stage(sharing=Sharing(max_clients=1)).start()
        clients = []
        for _ in range(40):
            clients.append(stage.client())
            clients[-1].say(b"?")
            clients[-1].finish_sending()
            stage.turn()
        self.assertEqual(sum(client.connected for client in clients), 16)

    def test_a_writer_that_finished_is_closed_at_once(self) -> None:
        stage = Stage(listeners=(ListenerSettings(access=Access.WRITE),)).start()
        client = stage.client()
        client.finish_sending()
        self.assertFalse(client.connected)

    def test_what_it_did_not_get_is_kept_for_the_next(self) -> None:
        stage = Stage().start()
        client = stage.client()
        client.say(b"?")
        client.finish_sending()
        stage.device.say(b"precious")
        client.take(4)
        client.refuse_writes()
        following = stage.client()
        following.take(100)
        self.assertEqual(following.taken, b"ious")
        self.assertEqual(stage.unexplained(), (0, 0))


class StopTests(SynchronousTestCase):
    """The grace of a stop."""

    def test_what_is_there_before_we_find_the_time_is_read_first(self) -> None:
        """Timers come before what is to be read: a gateway that had no time finds both at once."""
        for late in (0.5, 2.0):
            stage = Stage().start()
            client = stage.client()
            stage.share.stopService()
            stage.clock.callLater(late, client.say, b"on its way")
            stage.clock.advance(late)
            self.assertTrue(client.connected)
            stage.device.take(99)
            self.assertEqual(stage.device.taken, b"on its way")
            stage.clock.pump([0.02] * 50)
            [stopped] = stage.of(ShareStopped)
            self.assertEqual((stopped.down.delivered, stopped.down.unexplained), (10, 0))


class ReportTests(SynchronousTestCase):
    """What was discarded is told now and then."""

    def test_it_is_told_once_in_ten_seconds(self) -> None:
        stage = Stage(buffer=0).start()
        for _ in range(5):
            stage.device.say(b"12345")
        self.assertEqual(stage.of(BytesDiscarded), [])
        stage.clock.advance(10)
        stage.clock.advance(10)
        self.assertEqual(stage.of(BytesDiscarded), [BytesDiscarded("x", "up", Reason.NO_CLIENT, 25)])


class ScheduleTests(SynchronousTestCase):
    """Random schedules: after each step every byte is explained, and nobody gets bytes out of order."""

    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(600):
            with self.subTest(seed=seed):
                Schedule(seed).run()


def in_order(got: bytes, source: bytes) -> bool:
    """Tell whether `got` is `source` with bytes left out; random bytes in another order never are."""
    rest = iter(source)
    return all(byte in rest for byte in got)


class Schedule:
    """One schedule by a seed, of up to a hundred steps."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        policy = self.chance.choice(list(SlowPolicy))
        rules = DeviceRules(on_demand=self.chance.random() < 0.2, close_on_unplug=self.chance.random() < 0.2)
        sharing = replace(slow(policy, self.chance.choice([1, 8, 64]) * KIB), max_clients=5)
        listeners = tuple(ListenerSettings(access=access) for access in Access)
        self.stage = Stage(
            listeners=listeners, rules=rules, sharing=sharing, buffer=self.chance.choice([0, 100, 8 * KIB])
        )
        self.clients: list[FakeTransport] = []
        self.from_device = b""
        self.from_clients = 0

    def begin(self) -> None:
        self.stage.start()

    def run(self) -> None:
        self.begin()
        steps = (
            (self.connect, 3), (self.device_says, 8), (self.client_says, 6), (self.client_takes, 8),
            (self.device_takes, 6), (self.time, 3), (self.client_goes, 2), (self.client_finishes, 2),
            (self.client_refuses, 1), (self.device_goes, 1), (self.device_returns, 2),
        )  # fmt: skip
        calls, weights = zip(*steps, strict=True)
        for step in range(self.chance.randrange(100)):
            call = self.chance.choices(calls, weights)[0]
            call()
            self.check(f"step {step}: {call.__name__}")
        stopped = self.stage.stop()
        self.check("stop")
        assert (stopped.up.read, stopped.down.read) == (len(self.from_device), self.from_clients)
        assert stopped.up.buffered == stopped.down.buffered == 0, stopped
        for client in self.clients:
            assert in_order(client.taken, self.from_device), f"seed {self.seed}: out of order"

    def check(self, where: str) -> None:
        up, down = self.stage.share.accounts()
        assert up.unexplained == down.unexplained == 0, f"seed {self.seed}, {where}: {up}; {down}"
        assert up.buffered >= 0 and down.buffered >= 0, f"seed {self.seed}, {where}: {up}; {down}"

    def pick(self, reading: bool = False) -> FakeTransport | None:
        fitting = [c for c in self.clients if c.connected and (c.reading or not reading)]
        return self.chance.choice(fitting) if fitting else None

    def connect(self) -> None:
        client = self.stage.connect(self.chance.randrange(3))
        if isinstance(client, FakeTransport):
            self.clients.append(client)

    def device_says(self) -> None:
        device = self.stage.endpoint.transport
        if device is not None and device.connected and device.reading and not device.closing:
            data = self.chance.randbytes(self.chance.choice([1, 10, 1000, 5000]))
            self.from_device += data
            device.say(data)

    def client_says(self) -> None:
        client = self.pick(reading=True)
        if client is not None and not client.closing:
            size = self.chance.choice([1, 10, 1000, 100_000])
            self.from_clients += size
            client.say(bytes(size))

    def client_takes(self) -> None:
        client = self.pick()
        if client is not None:
            client.take(self.chance.choice([1, 100, 10_000]))

    def device_takes(self) -> None:
        device = self.stage.endpoint.transport
        if device is not None and device.connected:
            device.take(self.chance.choice([1, 1000, 300_000]))

    def time(self) -> None:
        self.stage.clock.advance(self.chance.choice([0.01, 0.5, 2, 20]))

    def client_goes(self) -> None:
        client = self.pick()
        if client is not None:
            client.reset()

    def client_finishes(self) -> None:
        client = self.pick(reading=True)
        if client is not None and not client.closing:
            client.finish_sending()

    def client_refuses(self) -> None:
        client = self.pick()
        if client is not None and not client.closing:
            client.refuse_writes()

    def device_goes(self) -> None:
        device = self.stage.endpoint.transport
        if device is not None and device.connected:
            self.stage.endpoint.error = PortError("unplugged")
            device.reset()

    def device_returns(self) -> None:
        self.stage.endpoint.error = None
