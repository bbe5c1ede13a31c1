"""Whatever one element does wrong, the others lose nothing, and the log says whose fault it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements import hub as hub_module
from smartserial.definition.action import ActionOn, ActionType
from smartserial.definition.flow import Group, GroupType, Item, ItemKind, Timer
from smartserial.definition.protocol import Protocol
from smartserial.element.service import Element
from smartserial.element.work import SLOW_AGAIN
from smartserial.engine.engine import Engine
from smartserial.events import ElementState, Event
from smartserial.journal import level_of, sentence
from smartserial.plugin import View, set_value
from smartserial.plugin.reaction import Moment, Reaction
from smartserial.settings import ElementSettings
from tests.elementstage import server
from tests.enginestage import At, On, act, at, counts
from tests.messageledger import HUB, KINDS, OTHER_PROTOCOL
from tests.test_element_ledger import PORT, World
from tests.test_element_ledger_shares import Bench


def reacting(call: Callable[..., Any], *more: Reaction) -> ElementSettings:
    """A server that does something for each message that it hears."""
    reactions = tuple(Reaction("bad@1.0.0.0", "bad", Moment.AFTER, call, ord(kind)) for kind in KINDS)
    return faulty(OTHER_PROTOCOL, lambda: (*reactions, *more))


def faulty(protocol: Protocol, reactions: Callable[[], Any] = tuple) -> ElementSettings:
    """A server where the hub is."""
    return ElementSettings("faulty", "bad-one", protocol, (server(PORT),), reactions=reactions)


class FaultCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.world: World | None = None
        self.patch(hub_module, "StreamPort", self.listen)

    def listen(self, *details: Any, **more: Any) -> Any:
        assert self.world is not None
        return self.world.network.listen(*details, **more)

    def play(
        self,
        settings: ElementSettings,
        prepare: Callable[[World], object] = lambda world: None,
        seeds: int = 5,
    ) -> World:
        """Play some schedules in a world with such an element; return the last one."""
        heard = 0
        for seed in range(seeds):
            self.world = World(seed, settings)
            prepare(self.world)
            self.world.run()
            heard += self.world.ledger.found.heard
        self.assertGreater(heard, 50 * seeds)
        assert self.world is not None
        return self.world

    def told(self, world: World, *levels: str) -> list[str]:
        """What the log has of the element, at these levels."""
        mine = [event for event in world.events if event.name == "faulty" and level_of(event) in levels]
        return [sentence(event).removeprefix("faulty: ") for event in mine]


class PluginTests(FaultCase):
    """Python of a device protocol that does wrong; the element goes on."""

    def wrong(self, call: Callable[..., Any], words: str, seeds: int = 5) -> None:
        world = self.play(reacting(call), seeds=seeds)
        self.assertNotIn(ElementState.ERROR, self.states(world))
        lines = self.told(world, "error")
        self.assertGreaterEqual(len(lines), 1)
        for line in lines:
            self.assertRegex(line, rf"^bad@1\.0\.0\.0: bad failed at .*test_element_faults\.py:\d+: {words}")

    def states(self, world: World) -> list[ElementState]:
        return [event.state for event in world.events if event.name == "faulty" and hasattr(event, "state")]

    def test_it_raises(self) -> None:
        def call(view: View) -> None:
            raise ValueError("no such thing")

        self.wrong(call, "ValueError: no such thing")

    def test_it_wants_to_end_the_program(self) -> None:
        def call(view: View) -> None:
            raise SystemExit(3)

        self.wrong(call, "SystemExit: 3")

    def test_it_raises_later(self) -> None:
        def call(view: View) -> Any:
            yield from ()
            raise KeyError("later")

        self.wrong(call, "KeyError: 'later'")

    def test_it_yields_what_is_no_wish(self) -> None:
        def call(view: View) -> Any:
            yield 7

        self.wrong(call, "WishError: expected what set_value, ask, sleep and the like give, found int")

    def test_it_never_ends(self) -> None:
        times = [3]

        def call(view: View) -> Any:
            times[0] -= 1
            while times[0] >= 0:
                yield set_value(100 + ord("M"), "x")

        self.wrong(call, "goes on and on without waiting: this is a loop", 1)

    def test_a_slow_one_is_named(self) -> None:
        def slow(view: View) -> None:
            assert self.world is not None
            self.world.clock.rightNow += 0.1

        world = self.play(reacting(slow))
        lines = self.told(world, "warn")
        self.assertIn(len(lines), range(1, 2 + int(world.clock.seconds() / SLOW_AGAIN)))
        for line in lines:
            self.assertRegex(line, r"^bad-one took \d+ ms at a time: everything else waited$")


class DefinitionTests(FaultCase):
    """Definitions that go round in circles."""

    def looping(self, **more: Any) -> Protocol:
        return replace(OTHER_PROTOCOL, **{key: getattr(OTHER_PROTOCOL, key) + more[key] for key in more})

    def test_triggers_that_fire_one_another(self) -> None:
        one = act(701, ActionOn.PARAMETER, ActionType.INCREMENT, 401)
        other = act(702, ActionOn.PARAMETER, ActionType.INCREMENT, 402)
        triggers = (
            at(711, On.RESPONSE, At.AFTER, ord("M"), 701),
            at(712, On.PARAMETER, At.CHANGE, 401, 702),
            at(713, On.PARAMETER, At.CHANGE, 402, 701),
        )
        counted, _ = counts(1, 2)
        world = self.play(faulty(self.looping(actions=(one, other), triggers=triggers, params=counted)))
        lines = self.told(world, "warn")
        self.assertTrue([line for line in lines if line.endswith("this is a loop")], lines)

    def test_a_group_that_executes_itself(self) -> None:
        again = act(701, ActionOn.GROUP, ActionType.EXECUTE, 701)
        group = Group(701, "again", GroupType.POLL_ACTION, (Item(ItemKind.ACTION, 701),))
        start = at(711, On.RESPONSE, At.AFTER, ord("M"), 701)
        self.play(faulty(self.looping(actions=(again,), groups=(group,), triggers=(start,))), seeds=2)

    def test_a_timer_without_a_pause(self) -> None:
        timer = Timer(1, "loop", None, groups=(701,))
        nothing = act(701, ActionOn.RESPONSE, ActionType.CLEAR, ord("M"))
        group = Group(701, "again", GroupType.POLL_ACTION, (Item(ItemKind.ACTION, 701),))
        self.play(faulty(self.looping(actions=(nothing,), groups=(group,), timers=(timer,))))


class EngineTests(FaultCase):
    """An engine that fails; the element is in error until somebody starts it again."""

    def failing(self, method: str) -> Callable[[World], None]:
        def prepare(world: World) -> None:
            element = world.elements["faulty"]
            start = element._begin

            def begin(paused: bool) -> None:
                start(paused)
                work = element.work
                if work is not None:
                    work.engine.__class__ = type("Failing", (type(work.engine),), {method: fails})

            element._begin = begin  # type: ignore[method-assign]

        def fails(*details: object) -> Any:
            raise RuntimeError("broken")

        return prepare

    def test_it_fails(self) -> None:
        for method in ("received", "disconnected", "connected"):
            world = self.play(reacting(lambda view: None), self.failing(method))
            self.assertGreater(len(self.flushLoggedErrors(RuntimeError)), 0)
            lines = self.told(world, "error")
            self.assertEqual(set(lines), {"is error: the protocol failed: broken"}, method)

    def test_it_cannot_even_begin(self) -> None:
        def reactions() -> Any:
            raise RuntimeError("not today")

        world = self.play(faulty(OTHER_PROTOCOL, reactions))
        self.assertGreater(len(self.flushLoggedErrors(RuntimeError)), 0)
        self.assertIs(world.elements["faulty"].state, ElementState.ERROR)
        self.assertEqual(set(self.told(world, "error")), {"is error: the protocol failed: not today"})

    def test_it_is_started_again(self) -> None:
        settings = reacting(lambda view: None)
        self.world = world = World(3, settings)
        element = world.elements["faulty"]
        for one in world.elements.values():
            one.startService()
        world.rest()
        sessions = len(element.lines[0].channel.peers)
        self.assertEqual(sessions, len(world.clients))
        assert element.work is not None
        element.work.runner.feed(lambda now: 1 / 0)  # type: ignore[arg-type,return-value]
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIs(element.state, ElementState.ERROR)
        world.rest()
        self.assertEqual(len(world.elements[HUB].lines[0].channel.peers), sessions)
        element.start()
        world.rest()
        self.assertIs(element.state, ElementState.ACTIVE)
        self.assertEqual(len(element.lines[0].channel.peers), sessions)


def note(told: list[str], event: Event) -> None:
    told.append(f"{level_of(event)} {sentence(event)}")


class ShareTests(SynchronousTestCase):
    """An element that fails on a share: its clients, its device and other elements go on."""

    def test_an_engine_that_fails(self) -> None:
        for seed in range(6):
            bench = Bench(seed)
            protocol = bench.element.settings.definition
            bad = bench.reader("bad", protocol, 0)
            assert bad.work is not None
            self.patch(Engine, "received", failing_for(bad, Engine.received))
            bench.run()
            self.assertIs(bad.state, ElementState.ERROR)
            self.assertEqual(bad.why, "the protocol failed: broken")
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


def failing_for(element: Element, usual: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `Engine.received` that fails for one element."""
    assert element.work is not None
    own = element.work.engine

    def received(engine: Engine, *details: Any) -> Any:
        if engine is own:
            raise RuntimeError("broken")
        return usual(engine, *details)

    return received


class DeviceTests(SynchronousTestCase):
    """A device that vanishes takes only its own sessions with it."""

    def test_it_comes_back(self) -> None:
        for seed in (1, 3):
            bench = Bench(seed)
            told: list[str] = []
            bench.events.subscribe(partial(note, told))
            for _ in range(2):
                bench.come()
                bench.type()
                bench.poll()
                bench.settle()
            bench.vanish()
            self.assertIs(bench.element.state, ElementState.ACTIVE)
            self.assertEqual(bench.work.lines[0].channel.peers, ())
            bench.return_()
            for _ in range(3):
                bench.type()
                bench.poll()
                bench.settle()
            self.assertEqual(len(bench.clients), 2)
            for client in bench.clients:
                bench.check(client, whole=True)
            bench.judge()
            expected = [
                "info reader: connection 0: the device is gone: ",
                "info reader: connection 0 is disconnected",
                "warn reader: connection 0: unplugged; trying again",
                "info reader: connection 0: the device connected",
                "info reader: connection 0 is connected",
                "info reader: connection 0: the device is gone: closed",
                "info reader: ended",
                "info reader: is stopped",
            ]
            for line, wanted in zip(told, expected, strict=True):
                self.assertTrue(line.startswith(wanted), told)
