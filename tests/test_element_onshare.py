"""An element beside the clients of a share, in memory with a clock of our own."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements.channel import MOST_PENDING, Channel, ChannelError, Tally
from smartserial.channels.listener import Listener
from smartserial.channels.session import Refused
from smartserial.element.onshare import LOOK, ShareChannel
from smartserial.engine.effects import Peer
from smartserial.errors import PortBusyError, PortError
from smartserial.events import DeviceClosed, DeviceOpened, LinesSet
from smartserial.lines import LineProfile, Lines
from smartserial.settings import DeviceRules, ListenerSettings, PortDevice, Sharing
from smartserial.share.service import Share
from smartserial.sharing.access import Access
from smartserial.sharing.ledger import Reason
from smartserial.sharing.slow import SlowPolicy
from tests.fakes import FakeEndpoint, FakeSerial, FakeTransport, SerialEndpoint
from tests.ledger import cells
from tests.test_channels_datagrams import Owner
from tests.test_share import Schedule, Stage, in_order, slow

SESSION = Peer("", 0, 1)
IN_USE, IDLE = Lines(dtr=True, rts=True), Lines(dtr=False)


class Scene(Stage):
    """A share with an element on it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.there: Share | None = self.share
        self.owner, self.element = self.one_more()

    def one_more(self) -> tuple[Owner, ShareChannel]:
        owner = Owner()
        return owner, ShareChannel(owner, "x", lambda name: self.there if name == "x" else None, self.clock)

    def start(self) -> Scene:
        super().start()
        self.element.open()
        return self

    def close(self) -> list[None]:
        ended: list[None] = []
        self.element.close().addCallback(ended.append)
        return ended


class HearingTests(SynchronousTestCase):
    """What the device sends, all of it and in order."""

    def test_it_hears_every_byte_that_a_client_hears(self) -> None:
        scene = Scene().start()
        client = scene.client()
        data = cells(1, 200)
        chance = random.Random(1)
        position = 0
        while position < len(data):
            size = chance.choice([1, 7, 256, 5000])
            scene.device.say(data[position : position + size])
            position += size
            client.take(10_000)
        client.take(len(data))
        self.assertEqual(b"".join(scene.owner.data), data)
        self.assertEqual(client.taken, data)
        self.assertEqual(scene.element.tally, Tally(received=len(data)))
        self.assertEqual(scene.unexplained(), (0, 0))
        self.assertEqual(scene.share.accounts()[0].copied, 0)

    def test_it_hears_nothing_that_clients_send(self) -> None:
        scene = Scene().start()
        scene.client().say(b"from a client")
        self.assertEqual(scene.owner.data, [])

    def test_what_only_it_hears_is_kept_for_clients(self) -> None:
        scene = Scene(buffer=5).start()
        scene.device.say(b"12345678")
        self.assertEqual(scene.owner.data, [b"12345678"])
        client = scene.client()
        client.take(100)
        self.assertEqual(client.taken, b"12345")
        self.assertEqual(dict(scene.share.accounts()[0].discarded), {Reason.OVERFLOW: 3})

    def test_what_was_kept_before_is_not_for_it(self) -> None:
        scene = Scene()
        scene.share.startService()
        scene.device.say(b"before")
        scene.element.open()
        scene.device.say(b"after")
        self.assertEqual(scene.owner.data, [b"after"])

    def test_it_takes_no_place(self) -> None:
        scene = Scene(sharing=Sharing(max_clients=1)).start()
        self.assertIsInstance(scene.connect(), FakeTransport)
        self.assertIsInstance(scene.connect(), Refused)

    def test_one_that_fails_disturbs_nobody(self) -> None:
        scene = Scene().start()
        scene.owner.on_data = lambda peer, data: 1 / 0
        client = scene.client()
        scene.device.say(b"x")
        client.take(1)
        self.assertEqual((client.taken, scene.device.connected), (b"x", True))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_one_that_leaves_meanwhile_hears_no_more(self) -> None:
        scene = Scene().start()
        other, element = scene.one_more()
        element.open()
        scene.owner.on_data = lambda peer, data: element.close()
        scene.device.say(b"x")
        self.assertEqual((scene.owner.data, other.data), ([b"x"], []))


class SendingTests(SynchronousTestCase):
    """What it sends stands in the books of the share."""

    def test_it_is_written_to_the_device(self) -> None:
        scene = Scene().start()
        taps: list[tuple[str, str, bytes]] = []
        scene.share.taps["x"] = lambda *what: taps.append(what)
        self.assertEqual(scene.element.send(b"question"), 1)
        scene.device.take(100)
        scene.device.say(b"answer")
        down = scene.share.accounts()[1]
        self.assertEqual((scene.device.taken, down.read, down.delivered), (b"question", 8, 8))
        self.assertEqual(scene.element.tally, Tally(sent=8, received=6))
        self.assertEqual(taps, [("down", "an element", b"question"), ("up", "", b"answer")])

    def test_an_answer_from_within(self) -> None:
        scene = Scene().start()
        scene.owner.on_data = lambda peer, data: scene.element.send(data.upper(), peer)
        scene.device.say(b"ping")
        scene.device.take(9)
        self.assertEqual(scene.device.taken, b"PING")

    def test_listeners_rules_are_not_for_it(self) -> None:
        scene = Scene(listeners=(ListenerSettings(access=Access.READ),)).start()
        self.assertEqual(scene.element.send(b"x"), 1)

    def test_an_operator_may_take_that(self) -> None:
        scene = Scene().start()
        operator = object()
        desk = scene.share.ports.desk
        for _ in range(2):
            desk.seize(operator)
            self.assertEqual([scene.element.send(b"abc"), scene.element.send(b"d")], [0, 0])
            scene.element.send_break(0.1)
            desk.leave(operator)
            self.assertEqual(scene.element.send(b"e"), 1)
        self.assertEqual(scene.owner.of("noted"), [("an operator has taken x: nothing is sent",)] * 2)
        self.assertEqual(scene.element.tally, Tally(sent=2, unsent=8))
        self.assertEqual(scene.share.accounts()[1].read, 2)

    def test_a_device_that_takes_nothing(self) -> None:
        scene = Scene().start()
        scene.element.send(bytes(MOST_PENDING))
        self.assertEqual([scene.element.send(b"x"), scene.element.send(b"y")], [0, 0])
        self.assertEqual(scene.element.tally, Tally(sent=MOST_PENDING, unsent=2))
        self.assertEqual(len(scene.owner.of("noted")), 1)
        scene.device.take(MOST_PENDING)
        self.assertEqual(scene.element.send(b"z"), 1)
        self.assertEqual(scene.unexplained(), (0, 0))

    def test_to_a_former_session_nothing_goes(self) -> None:
        scene = Scene().start()
        scene.device.reset()
        scene.clock.advance(1)
        self.assertEqual(scene.element.peers, (Peer("", 0, 2),))
        self.assertEqual(scene.element.send(b"x", SESSION), 0)

    def test_a_break(self) -> None:
        scene = Scene()
        scene.endpoint = scene.share.device.link._endpoint = SerialEndpoint()
        scene.start()
        scene.element.send_break(0.25)
        assert isinstance(scene.device, FakeSerial)
        self.assertEqual(scene.device.asked_for(float), [0.25])

    def test_no_break_without_a_line(self) -> None:
        scene = Scene().start()
        scene.element.send_break(0.25)
        scene.element.send_break(0.25)
        self.assertEqual(len(scene.owner.of("noted")), 1)

    def test_a_lock_is_among_elements(self) -> None:
        scene = Scene().start()
        _, other = scene.one_more()
        other.open()
        client = scene.client()
        had: list[str] = []
        scene.element.lock(True, False).addCallback(lambda _: had.append("one"))
        other.send(b"kept")
        other.lock(True, False).addCallback(lambda _: had.append("two"))
        scene.element.send(b"first ")
        client.say(b"client ")
        self.assertEqual((had, other.tally), (["one"], Tally(pending=4)))
        scene.element.close()
        scene.device.take(100)
        self.assertEqual((scene.device.taken, had), (b"first client kept", ["one", "two"]))
        scene.element.open()
        scene.element.send(b"waits")
        scene.element.close()
        self.assertEqual(scene.element.tally, Tally(sent=6, dropped=5))

    def test_it_stays_where_it_is(self) -> None:
        scene = Scene()
        element: Channel = scene.element
        self.assertRaises(ChannelError, element.redirect, "10.0.0.1", 1)
        self.assertEqual(element.where, "share x")


class LifeTests(SynchronousTestCase):
    """The session follows the device, and the device is there for the element."""

    def test_the_session_is_there_while_the_device_is_open(self) -> None:
        scene = Scene()
        scene.endpoint.error = PortError("not there")
        scene.start()
        self.assertEqual(scene.owner.told, [("failed", "not there", True)])
        self.assertEqual(scene.element.send(b"x"), 0)
        scene.endpoint.error = None
        scene.clock.advance(1)
        self.assertEqual(scene.owner.of("opened"), [(SESSION,)])
        scene.endpoint.error = PortBusyError("minicom has it")
        scene.device.reset()
        scene.clock.pump([0.1] * 30)
        ((peer, why),) = scene.owner.of("closed")
        self.assertEqual((peer, "lost" in why), (SESSION, True))
        news = [why for why, news in scene.owner.of("failed") if news]
        self.assertEqual(news, ["not there", "minicom has it"])

    def test_closing_and_opening(self) -> None:
        scene = Scene().start()
        self.assertEqual(scene.close(), [None])
        scene.device.say(b"not heard")
        self.assertEqual(scene.element.send(b"not sent"), 0)
        self.assertEqual(scene.close(), [None])
        scene.element.open()
        scene.element.open()
        scene.device.say(b"heard")
        self.assertEqual(
            [told[0] for told in scene.owner.told], ["opened", "closed"] * 2 + ["opened", "data"]
        )
        self.assertEqual(len(scene.share.audience), 1)

    def test_on_demand_the_device_is_open_for_it(self) -> None:
        scene = Scene(rules=DeviceRules(on_demand=True))
        scene.share.startService()
        self.assertIsNone(scene.endpoint.transport)
        scene.element.open()
        self.assertEqual(scene.owner.told, [("opened", SESSION)])
        client = scene.client()
        client.reset()
        self.assertTrue(scene.device.connected)
        scene.element.send(b"goodbye")
        scene.close()
        self.assertTrue(scene.device.connected)
        scene.device.take(7)
        scene.clock.advance(0.02)
        self.assertFalse(scene.device.connected)
        self.assertEqual((len(scene.of(DeviceOpened)), len(scene.of(DeviceClosed))), (1, 1))

    def test_on_demand_a_busy_device_is_waited_for(self) -> None:
        scene = Scene(rules=DeviceRules(on_demand=True))
        scene.endpoint.error = PortBusyError("minicom has it")
        scene.start()
        self.assertEqual(scene.owner.told, [("failed", "minicom has it", True)])
        scene.endpoint.error = None
        scene.clock.advance(1)
        self.assertEqual(scene.element.peers, (SESSION,))

    def test_the_lines_are_those_of_a_device_in_use(self) -> None:
        scene = Scene()
        scene.endpoint = scene.share.device.link._endpoint = SerialEndpoint()
        lined = PortDevice("ttyX", lines=LineProfile(connected=IN_USE, idle=IDLE))
        scene.share.device._settings = replace(scene.settings, device=lined)
        scene.share.startService()
        scene.element.open()
        scene.client().reset()
        scene.close()
        assert isinstance(scene.device, FakeSerial)
        self.assertEqual(scene.device.asked_for(Lines), [IDLE, IN_USE, IDLE])
        self.assertEqual([event.lines for event in scene.of(LinesSet)], [IDLE, IN_USE, IDLE])

    def test_dropping_begins_another_session(self) -> None:
        scene = Scene().start()
        client = scene.client()
        self.assertFalse(scene.element.drop(Peer("", 0, 5)))
        self.assertTrue(scene.element.drop(SESSION))
        self.assertEqual(scene.element.peers, ())
        scene.clock.advance(LOOK)
        self.assertEqual((scene.element.peers, client.connected), ((Peer("", 0, 2),), True))

    def test_a_device_that_is_replaced_is_another_session(self) -> None:
        scene = Scene().start()
        settings = replace(scene.settings, device=PortDevice("ttyY"))
        endpoint = FakeEndpoint()
        scene.share.update(settings, scene.listeners, endpoint)
        self.assertEqual([told[0] for told in scene.owner.told], ["opened", "closed", "opened"])
        assert endpoint.transport is not None
        endpoint.transport.say(b"new")
        self.assertEqual(scene.owner.data, [b"new"])


class ShareTests(SynchronousTestCase):
    """A share that goes and comes back."""

    def another(self, scene: Scene) -> FakeEndpoint:
        """Start a share of the same name."""
        endpoint = FakeEndpoint()
        listeners = [Listener(ListenerSettings(), scene.clock)]
        scene.there = Share(scene.settings, endpoint, listeners, scene.share._events, scene.clock)
        scene.there.startService()
        return endpoint

    def test_a_share_that_is_not_there_is_looked_for(self) -> None:
        scene = Scene()
        scene.there = None
        scene.start()
        scene.clock.pump([0.1] * 50)
        news = [why for why, news in scene.owner.of("failed") if news]
        self.assertEqual(news, ["there is no share x now"])
        self.assertEqual(scene.element.send(b"x"), 0)
        scene.there = scene.share
        self.assertEqual(scene.element.send(b"y"), 1)
        self.assertEqual(scene.element.tally, Tally(sent=1, unsent=1))

    def test_one_that_does_not_run_yet_is_waited_for(self) -> None:
        scene = Scene()
        scene.element.open()
        self.assertIsNone(scene.endpoint.transport)
        scene.share.startService()
        scene.clock.advance(LOOK)
        self.assertEqual(scene.element.peers, (SESSION,))

    def test_one_that_ends_takes_the_session_with_it(self) -> None:
        scene = Scene().start()
        scene.client()
        scene.device.say(b"until ")
        stopped: list[object] = []
        scene.share.stopService().addCallback(stopped.append)
        scene.device.say(b"the end")
        scene.there = None
        while not stopped:
            scene.clock.advance(0.02)
        self.assertEqual(b"".join(scene.owner.data), b"until the end")
        self.assertEqual(scene.owner.of("closed"), [(SESSION, "the share has ended")])
        scene.clock.advance(0)
        self.assertEqual(scene.owner.told[-1], ("failed", "there is no share x now", True))
        endpoint = self.another(scene)
        scene.clock.advance(LOOK)
        assert endpoint.transport is not None
        endpoint.transport.say(b"again")
        self.assertEqual(scene.owner.data[-1], b"again")
        scene.close()
        self.assertEqual(len(scene.there.audience), 0)  # type: ignore[attr-defined]

    def test_nobody_looks_after_closing(self) -> None:
        scene = Scene()
        scene.there = None
        scene.element.open()
        scene.close()
        self.assertEqual(scene.clock.getDelayedCalls(), [])

    def test_a_share_that_ends_with_a_locked_element(self) -> None:
        scene = Scene().start()
        _, other = scene.one_more()
        other.open()
        had: list[None] = []
        scene.element.lock(True, False)
        other.lock(True, False).addCallback(had.append)
        other.send(b"kept")
        scene.stop()
        self.assertEqual((len(had), other.tally.pending), (1, 0))
        tally = other.tally
        self.assertEqual(tally.sent + tally.dropped + tally.unsent, 4)


class ScheduleTests(SynchronousTestCase):
    """The schedules of shares, with elements on them: the law holds, and they hear everything in order."""

    def test_no_schedule_breaks_the_law(self) -> None:
        for seed in range(200):
            with self.subTest(seed=seed):
                ElementSchedule(seed).run()


class ElementSchedule(Schedule):
    """One schedule; the first element stays, the second one comes and goes."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.stage.share.clients.sharing = slow(SlowPolicy.DISCARD) if seed % 2 else Sharing()
        self.owner, self.other = Owner(), Owner()
        self.elements = [
            ShareChannel(owner, "x", lambda name: self.stage.share, self.stage.clock)
            for owner in (self.owner, self.other)
        ]
        self.given = [0, 0]

    def begin(self) -> None:
        super().begin()
        self.elements[0].open()

    def check(self, where: str) -> None:
        super().check(where)
        if where == "stop":
            self.from_clients += sum(element.tally.sent for element in self.elements)
        else:
            self.elements_act()
            super().check(f"{where}, elements")
        heard = b"".join(self.owner.data)
        assert self.from_device.endswith(heard), f"seed {self.seed}: {where}"
        if self.elements[0].peers and len(self.owner.of("opened")) == 1:
            assert self.from_device == heard, f"seed {self.seed}: {where}"
        assert in_order(b"".join(self.other.data), self.from_device)
        for element, given in zip(self.elements, self.given, strict=True):
            tally = element.tally
            assert given == tally.sent + tally.pending + tally.dropped + tally.unsent, f"seed {self.seed}"

    def elements_act(self) -> None:
        element = self.elements[1]
        act = self.chance.randrange(6)
        if act == 0:
            element.open()
        elif act == 1:
            element.close()
        elif act == 2:
            element.lock(self.chance.random() < 0.5, False)
        for number, one in enumerate(self.elements):
            data = bytes(self.chance.choice([1, 10, 1000]))
            self.given[number] += len(data)
            one.send(data)
