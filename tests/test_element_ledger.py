"""Elements talk to one another through random networks, and no message is lost, doubled or misrouted."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.elements import hub as hub_module
from smartserial.channels.elements.channel import Channel, ChannelOwner
from smartserial.channels.elements.ports import Ports
from smartserial.element import operating
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings, Work
from smartserial.engine.effects import Dropped, Effect, Heard, Peer, Unheard
from smartserial.events import ElementStarted, ElementState, Event, EventStream
from smartserial.settings import ConnectionSettings, ElementSettings, NetworkCarrier
from smartserial.sharing.access import parse_network
from smartserial.trace.events import ParamChanged, TraceEvent
from tests.elementstage import client, server
from tests.enginestage import world
from tests.messageledger import (
    CLIENT_PROTOCOL,
    HUB,
    HUB_PROTOCOL,
    KINDS,
    OTHER_PROTOCOL,
    SIZES,
    Findings,
    Ledger,
)
from tests.messagenet import Network
from tests.test_element_service import A, Stage

PORT = 7001
CHUNKS = (1, 1, 2, 7, 100, 5000, 70_000)
SEEDS = 50  # for each of the tests; more of them by the command line


class Spied:
    """A channel, and what it was given and has told.

    Args:
        make: makes the channel.
        owner: of the channel.
    """

    def __init__(self, make: Any, owner: ChannelOwner) -> None:
        self.owner = owner
        self.given = 0
        self.sessions: Counter[Peer] = Counter()
        self.heard: dict[tuple[Peer, int], bytearray] = {}
        self.channel: Any = make(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel if hasattr(Channel, name) else self.owner, name)

    def send(self, data: bytes, to: Peer | None = None) -> int:
        self.given += len(data) * (max(1, len(self.channel.peers)) if to is None else 1)
        return int(self.channel.send(data, to))

    def session_opened(self, peer: Peer) -> None:
        self.sessions[peer] += 1  # it may be one that others kept meanwhile
        self.owner.session_opened(peer)

    def received(self, peer: Peer, data: bytes) -> None:
        self.heard.setdefault((peer, self.sessions[peer]), bytearray()).extend(data)
        self.owner.received(peer, data)


class Books:
    """What became of the bytes of one run of an element, as its record has it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.explained = 0
        self._add = work.record.add
        work.record.add = self.add  # type: ignore[method-assign]

    def add(self, thing: Effect | TraceEvent) -> None:
        match thing:
            case Heard() | Unheard():
                self.explained += thing.unit.length
            case Dropped():
                self.explained += thing.lost.length
        self._add(thing)


class World:
    """A hub, another server that only hears, and clients.

    Args:
        seed: decides what happens.
        faulty: another server on the same address, of which nothing is expected; it is called "faulty".
    """

    def __init__(self, seed: int, faulty: ElementSettings | None = None) -> None:
        self.seed = seed
        self.faulty = faulty
        self.chance = Random(seed)
        self.clock = Clock()
        self.network = Network(self.clock, self.chance)
        self.ports = Ports(self.clock, self.network)
        self.ledger = Ledger()
        self.spied: list[tuple[str, Spied]] = []
        self.books: dict[str, Books] = {}
        self.events: list[Event] = []
        self.stream = EventStream()
        self.stream.subscribe(self.take_note)
        self.stream.subscribe(self.ledger.take_note)
        around = Surroundings(
            self.channel, self.update, SavedParams(None, self.clock), self.stream, self.clock
        )
        self.around = around
        self.clients = [f"c{n}" for n in range(self.chance.randrange(1, 4))]
        servers = [HUB, *(["other"] if self.chance.random() < 0.5 else [])]
        self.elements = {name: Element(self.settings(name), around) for name in (*servers, *self.clients)}
        if faulty is not None:  # in the odd worlds it hears first
            both = (*self.elements.items(), ("faulty", Element(faulty, around)))
            self.elements = dict(both if seed % 2 else reversed(both))
        self.closing: list[Deferred[None]] = []

    def settings(self, name: str) -> ElementSettings:
        serves = name not in self.clients
        protocol = HUB_PROTOCOL if serves else CLIENT_PROTOCOL
        carried = server(PORT, timeout=30.0) if serves else client(PORT, "127.0.0.2", single=True)
        if name == "other":
            protocol = OTHER_PROTOCOL
        return ElementSettings(
            name, "test", protocol, (carried,), reactions=lambda: self.ledger.reactions(name)
        )

    def channel(self, owner: ChannelOwner, settings: ConnectionSettings, element: str) -> Any:
        assert isinstance(settings.carrier, NetworkCarrier)
        spied = Spied(lambda owner: self.ports.channel(owner, settings, element), owner)
        self.spied.append((element, spied))
        return spied

    def update(self, channel: Any, settings: ConnectionSettings) -> None:
        self.ports.update(channel.channel, settings)

    def take_note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ElementStarted):
            work = self.elements[event.name].work
            assert work is not None
            self.books[event.name] = Books(work)

    # ---- what happens

    def say(self) -> None:
        who = self.chance.choice(self.clients)
        for _ in range(self.chance.choice((1, 1, 2, 10))):
            self.ledger.say(self.elements[who], self.chance.choice(KINDS + "Y"), self.chance.choice(SIZES))

    def broadcast(self) -> None:
        self.ledger.say(self.elements[HUB], "B", self.chance.choice(SIZES))

    def carry(self) -> None:
        self.network.carry(self.chance.choice((1, 10, 100)), CHUNKS)

    def time(self) -> None:
        self.clock.advance(self.chance.choice((0, 0.001, 0.01, 0.1, 1)))

    def cut(self) -> None:
        ends = [end for end in self.network.ends if end.connected]
        if ends:
            self.chance.choice(ends).cut()

    def pause(self) -> None:
        element = self.elements[self.chance.choice(list(self.elements))]
        if self.chance.random() < 0.3:
            self.closing.append(element.restart())
        else:
            self.closing.append(element.pause())

    def resume(self) -> None:
        for element in self.elements.values():
            if element.state in (ElementState.PAUSED, ElementState.STOPPED):
                element.start()

    def drop(self) -> None:
        work = self.elements[self.chance.choice([HUB, *self.clients])].work
        if work is not None:
            channel = work.lines[0].channel
            for peer in channel.peers[:1]:
                channel.drop(peer)

    def judge(self, allowed: str | None = None) -> None:
        """Give the hub another list: sessions may end, or begin, while the other server keeps them."""
        listed = self.chance.choice(("", "127.0.0.1", "10.0.0.0/8")) if allowed is None else allowed
        hub = self.elements[HUB]
        (carried,) = hub.settings.connections
        networks = (parse_network(listed),) if listed else ()
        changed = replace(carried, allowed=networks, retries=self.chance.randrange(4))
        self.closing.append(hub.update(replace(hub.settings, connections=(changed,))))

    STEPS = (
        (say,) * 5 + (broadcast,) * 2 + (carry,) * 8 + (time,) * 4 + (cut, pause, resume, resume, drop, judge)
    )

    def run(self) -> None:
        """Let things happen by chance, then let all come to rest; see what was heard."""
        for element in self.elements.values():
            element.startService()
        for _ in range(self.chance.randrange(20, 100)):
            self.chance.choice(self.STEPS)(self)
            self.check()
        self.judge("")
        self.resume()
        self.rest()
        self.resume()
        self.rest()
        for who in self.clients:
            for kind in KINDS:
                assert self.ledger.say(self.elements[who], kind, 10)
        assert self.ledger.say(self.elements[HUB], "B", 10)
        self.rest()
        self.end()

    def rest(self) -> None:
        """Let everything arrive, and everybody come back."""
        for _ in range(40):
            self.network.accept()
            while busy := self.network.busy():
                for end in busy:
                    end.carry(100_000)
                self.clock.advance(0.001)
            self.clock.advance(0.5)
        self.check()

    def fail(self, text: str) -> None:
        raise AssertionError(f"seed {self.seed}: {text}\n" + "\n".join(self.ledger.notes))

    def check(self) -> None:
        """See whether anything is wrong so far."""
        if self.ledger.found.wrong:
            self.fail(str(self.ledger.found))
        for name, spied in self.spied:
            tally = spied.channel.tally
            if spied.given != tally.sent + tally.pending + tally.dropped + tally.unsent:
                self.fail(f"{name} was given {spied.given}: {tally}")
            if tally.received != sum(map(len, spied.heard.values())):
                self.fail(f"{name} heard {sum(map(len, spied.heard.values()))}: {tally}")

    def end(self) -> None:
        """See whether all has come that could, pause everything, and see whether each byte is explained."""
        missing = self.ledger.unanswered(self.clients)
        if missing:
            self.fail("\n".join(missing))
        self.lines()
        paused = [element.pause() for element in self.elements.values()]
        for _ in range(10):
            self.network.carry(1000, CHUNKS)
            self.clock.advance(0.3)
        for deferred in (*self.closing, *paused):
            if not deferred.called:
                self.fail("a pause that has no end")
        self.check()
        for name in self.books.keys() - {"faulty"}:
            books = self.books[name]
            (line,) = books.work.lines.values()
            tally = line.tally
            if tally.received != books.explained or tally.pending:
                self.fail(f"{name}: {tally}, of which {books.explained} are explained; lost {line.lost}")

    def lines(self) -> None:
        """Each line that a channel gave to an element was heard by it, as often as it came."""
        for name in self.elements.keys() - {"faulty"}:
            given: Counter[str] = Counter()
            for whose, spied in self.spied:
                if whose == name:
                    for data in spied.heard.values():
                        given.update(data.decode("latin-1").split("\n")[:-1])
            heard: Counter[str] = Counter()
            for (whose, _), lines in self.ledger.lines.items():
                if whose == name:
                    heard += lines
            tails = [line for line in given - heard if line[1:2] != " "]  # of sessions begun in the middle
            if len(tails) != sum((given - heard).values()) or heard - given:
                self.fail(f"{name}: {(given - heard).most_common(3)} not heard, {heard - given} not said")


class LedgerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.network: Network | None = None
        self.patch(hub_module, "StreamPort", self.listen)

    def listen(self, *details: Any, **more: Any) -> Any:
        assert self.network is not None
        return self.network.listen(*details, **more)

    def play(self, seed: int) -> World:
        world = World(seed)
        self.network = world.network
        world.run()
        return world

    def schedules(self, first: int) -> None:
        """Play schedules; the ledger is worth nothing if nothing is ever cut."""
        cut = sum(self.play(seed).ledger.found.cut for seed in range(first, first + SEEDS))
        self.assertGreater(cut, SEEDS)

    def test_no_schedule_loses_a_message(self) -> None:
        self.schedules(0)

    def test_nor_do_others(self) -> None:
        self.schedules(SEEDS)

    def test_nor_others_yet(self) -> None:
        self.schedules(2 * SEEDS)

    def test_nor_the_last_ones(self) -> None:
        self.schedules(3 * SEEDS)


class WithinTests(SynchronousTestCase):
    """What is told from within a call waits for the end of that call, in order."""

    def test_a_device_that_answers_at_once(self) -> None:
        stage = Stage(world(1))
        stage.element.startService()
        stage.channel.begins(A)
        send = stage.channel.send

        def answered(data: bytes, to: Peer | None = None) -> int:
            sessions = send(data, to)
            for number in range(5):
                stage.channel.says(A, b"R1:%d\n" % number)
            return sessions

        stage.channel.send = answered  # type: ignore[method-assign]
        heard: list[object] = []
        assert stage.element.work is not None
        stage.element.work.record.watch(
            lambda event: heard.append(event.new) if isinstance(event, ParamChanged) else None
        )
        operating.run(stage.element, ["group", "1"], "test")
        self.assertEqual(heard, ["0", "1", "2", "3", "4"])


class SightTests(SynchronousTestCase):
    """The ledger sees each kind of wrong."""

    def judged(self, *heard: tuple[str, str, str, int]) -> Findings:
        ledger = Ledger()
        for who, letter, name, number in heard:
            kind = letter.upper()
            ledger.said[name, kind] = max(ledger.said[name, kind], number)
            ledger.hear(who, letter, f"{name}.{number}.", Peer("10.0.0.1", 1, 1))
        return ledger.found

    def test_what_is_right(self) -> None:
        right = (("hub", "M", "c0", 1), ("c0", "m", "c0", 1), ("hub", "M", "c0", 2), ("hub", "M", "c1", 1))
        self.assertEqual(self.judged(*right).wrong, 0)

    def test_what_is_wrong(self) -> None:
        self.assertEqual(self.judged(("hub", "M", "c0", 1), ("hub", "M", "c0", 3)).lost, 1)
        self.assertEqual(self.judged(("hub", "M", "c0", 1), ("hub", "M", "c0", 1)).doubled, 1)
        swapped = (("hub", "M", "c0", 1), ("hub", "M", "c0", 2), ("hub", "M", "c0", 1))
        self.assertEqual(self.judged(*swapped).swapped, 1)
        self.assertEqual(self.judged(("hub", "M", "c0", 1), ("c1", "m", "c0", 1)).misrouted, 1)

    def test_what_was_never_said(self) -> None:
        ledger = Ledger()
        ledger.hear("hub", "M", "c0.1.", Peer())
        ledger.hear("hub", "M", "nonsense", Peer())
        self.assertEqual(ledger.found.damaged, 2)


def main(first: int, last: int) -> None:
    """Play many schedules; tell how it went."""
    worlds: list[World] = []
    hub_module.StreamPort = lambda *what, **more: worlds[-1].network.listen(*what, **more)  # type: ignore
    heard = cut = 0
    for seed in range(first, last):
        worlds[:] = [World(seed)]
        worlds[-1].run()
        heard += worlds[-1].ledger.found.heard
        cut += worlds[-1].ledger.found.cut
        if seed % 500 == 499:
            print(f"seed {seed}: {heard} heard", flush=True)
    print(f"seeds {first} to {last}: {heard} messages heard, {cut} lost at the end of sessions, none else")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
