"""Elements talk to one another through random networks, and no message is lost, doubled or misrouted."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels import hub as hub_module
from smartserial.channels.channel import Channel, ChannelOwner
from smartserial.channels.ports import Ports
from smartserial.element.saved import SavedParams
from smartserial.element.service import Element
from smartserial.element.work import Surroundings
from smartserial.engine.effects import Peer
from smartserial.events import ElementStarted, ElementState, Event, EventStream
from smartserial.settings import ConnectionSettings, ElementSettings, NetworkCarrier, Role, Transport
from smartserial.trace.events import Dropped, TraceEvent, UnitMade
from tests.elementstage import client, server
from tests.messageledger import CLIENT_PROTOCOL, HUB, HUB_PROTOCOL, KINDS, OTHER_PROTOCOL, SIZES, Ledger
from tests.messagenet import End, Network

PORT = 7001
CHUNKS = (1, 1, 2, 7, 100, 5000, 70_000)
SEEDS = 300


class Spied:
    """A channel, and what it was given and has told.

    Args:
        make: makes the channel.
        owner: of the channel.
    """

    def __init__(self, make: Any, owner: ChannelOwner) -> None:
        self.owner = owner
        self.given = 0
        self.heard: dict[Peer, bytearray] = {}
        self.channel: Any = make(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel if hasattr(Channel, name) else self.owner, name)

    def send(self, data: bytes, to: Peer | None = None) -> int:
        self.given += len(data) * (max(1, len(self.channel.peers)) if to is None else 1)
        return int(self.channel.send(data, to))

    def received(self, peer: Peer, data: bytes) -> None:
        self.heard.setdefault(peer, bytearray()).extend(data)
        self.owner.received(peer, data)


class Books:
    """What became of the bytes of one run of an element: by what its record tells."""

    def __init__(self, element: Element) -> None:
        assert element.work is not None
        self.work = element.work
        self.explained = 0
        self.work.record.watch(self.see)

    def see(self, event: TraceEvent) -> None:
        match event:
            case UnitMade():
                self.explained += len(event.data)
            case Dropped():
                self.explained += event.length


class World:
    """A hub, another server that only hears, and clients.

    Args:
        seed: decides what happens.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
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
        around = Surroundings(
            self.channel, self.ports.update, SavedParams(None, self.clock), self.stream, self.clock
        )
        self.around = around
        self.clients = [f"c{n}" for n in range(self.chance.randrange(1, 5))]
        servers = [HUB, *(["other"] if self.chance.random() < 0.5 else [])]
        self.elements = {name: Element(self.settings(name), around) for name in (*servers, *self.clients)}
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

    def take_note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ElementStarted):
            self.books[event.name] = Books(self.elements[event.name])

    # ---- what happens

    def say(self) -> None:
        who = self.chance.choice(self.clients)
        for _ in range(self.chance.choice((1, 1, 2, 10))):
            self.ledger.say(self.elements[who], self.chance.choice(KINDS), self.chance.choice(SIZES))

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

    STEPS = (say,) * 5 + (broadcast,) * 2 + (carry,) * 8 + (time,) * 4 + (cut, pause, resume, resume, drop)

    def run(self) -> None:
        """Let things happen by chance, then let all come to rest; see what was heard."""
        for element in self.elements.values():
            element.startService()
        for _ in range(self.chance.randrange(20, 150)):
            self.chance.choice(self.STEPS)(self)
            self.check()
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
        for _ in range(400):
            self.network.accept()
            while busy := self.network.busy():
                self.chance.choice(busy).carry(100_000)
                self.clock.advance(0)
            self.clock.advance(0.05)
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
        for _ in range(60):
            self.network.carry(1000, CHUNKS)
            self.clock.advance(0.05)
        for deferred in (*self.closing, *paused):
            if not deferred.called:
                self.fail("a pause that has no end")
        self.check()
        for name, books in self.books.items():
            (line,) = books.work.lines.values()
            tally = line.tally
            if tally.received != books.explained or tally.pending:
                self.fail(f"{name}: {tally}, of which {books.explained} are explained; lost {line.lost}")

    def lines(self) -> None:
        """Each line that a channel gave to an element was heard by it, as often as it came."""
        for name in self.elements:
            given: Counter[str] = Counter()
            for whose, spied in self.spied:
                if whose == name:
                    for data in spied.heard.values():
                        given.update(data.decode("latin-1").split("\n")[:-1])
            heard: Counter[str] = Counter()
            for (whose, _), lines in self.ledger.lines.items():
                if whose == name:
                    heard += lines
            if given != heard:
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

    def test_no_schedule_loses_a_message(self) -> None:
        for seed in range(SEEDS):
            self.play(seed)


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
    print(f"seeds {first} to {last}: {heard} messages heard, {cut} lost at the end of sessions, none else")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
