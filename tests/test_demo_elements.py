"""The weather of the demonstration: its hub and its stations talk, on a clock of their own."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import smartserial
from smartserial import config
from smartserial.cli import main
from smartserial.definition.values.value import Value
from smartserial.engine.effects import Dropped, Effect, Level, Note, Peer, Send, Unheard
from smartserial.engine.engine import Engine
from smartserial.settings import ElementSettings, NetworkCarrier, Role, ShareCarrier

DEMO = Path(smartserial.__file__).parent / "demo"
HUB = "hub"


class Weather:
    """The elements of the demonstration that have to do with the hub, joined without a network."""

    def __init__(self, settings: dict[str, ElementSettings], *stations: str) -> None:
        self.now = 0.0
        self.settings = settings
        self.engines: dict[str, Engine] = {}
        self.heard: list[tuple[str, str, str]] = []
        self.troubles: list[Effect] = []
        self._waiting: deque[tuple[str, str, bytes]] = deque()
        self.peers = {name: Peer("127.0.0.1", 5000 + n, n) for n, name in enumerate(stations)}
        for name in (HUB, *stations):
            one = settings[name]
            self.engines[name] = Engine(one.definition, reactions=one.reactions())
        for name in stations:
            self.come(name)
        for name, engine in self.engines.items():
            self.do(name, engine.start(self.now))

    def come(self, name: str) -> None:
        """Have a station connect."""
        self.do(HUB, self.engines[HUB].connected(0, self.peers[name], self.now))
        self.do(name, self.engines[name].connected(0, Peer("127.0.0.1", 7021, 1), self.now))

    def leave(self, name: str) -> None:
        """Have a station leave."""
        self.do(HUB, self.engines[HUB].disconnected(0, self.peers.pop(name), self.now))
        del self.engines[name]

    def do(self, name: str, effects: list[Effect]) -> None:
        """Do what an engine says, and all that follows."""
        for effect in effects:
            if isinstance(effect, Send):
                whom = [who for who, peer in self.peers.items() if effect.to in (None, peer)]
                for other in whom if name == HUB else [HUB]:
                    self._waiting.append((name, other, effect.data))
            elif isinstance(effect, Unheard | Dropped) or (
                isinstance(effect, Note) and effect.level in (Level.WARN, Level.ERROR)
            ):
                self.troubles.append(effect)
        while self._waiting:
            sender, other, data = self._waiting.popleft()
            self.heard.append((sender, other, data.decode("ascii")))
            peer = self.peers[sender] if other == HUB else Peer("127.0.0.1", 7021, 1)
            self.do(other, self.engines[other].received(0, peer, data, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass for all."""
        end = self.now + seconds
        while True:
            times = {name: engine.next_wake for name, engine in self.engines.items()}
            due = min((time for time in times.values() if time is not None), default=end)
            if due > end:
                self.now = end
                return
            self.now = max(self.now, due)
            for name, time in times.items():
                if time is not None and time <= self.now:
                    self.do(name, self.engines[name].wake(self.now))

    def value(self, name: str, param: str) -> Value | None:
        """Return a value of an element."""
        found = next(one for one in self.settings[name].definition.params if one.name == param)
        return self.engines[name].store.value(found.id)


class WeatherTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        settings, findings = config.load(config.config_path("demo"))
        self.assertEqual(findings, [])
        self.settings = {one.name: one for one in settings.elements}

    def test_the_definitions_are_clean(self) -> None:
        for name in ("weather-hub.xml", "weather-station.py"):
            self.assertEqual(main(["check", "--strict", str(DEMO / name)]), 0, name)

    def test_what_the_elements_run_on(self) -> None:
        hub = self.settings[HUB].connections[0]
        assert isinstance(hub.carrier, NetworkCarrier)
        self.assertEqual((hub.carrier.role, hub.carrier.host), (Role.SERVER, "127.0.0.1"))
        self.assertEqual(hub.max_clients, 8)
        for name in ("north", "south"):
            carrier = self.settings[name].connections[0].carrier
            assert isinstance(carrier, NetworkCarrier)
            wanted = Role.CLIENT, hub.carrier.host, hub.carrier.port
            self.assertEqual((carrier.role, carrier.host, carrier.port), wanted)
            self.assertTrue(carrier.single, "each has a socket of its own")
        self.assertEqual(self.settings["reader"].connections[0].carrier, ShareCarrier("bench"))

    def test_a_reading_is_thanked_to_its_station_alone(self) -> None:
        weather = Weather(self.settings, "north", "south")
        told = [
            ("north", HUB, "WX north 15.3 7.8\n"),
            (HUB, "north", "OK north\n"),
            ("south", HUB, "WX south 21.8 7.5\n"),
            (HUB, "south", "OK south\n"),
        ]
        self.assertEqual(weather.heard, told)
        self.assertEqual((weather.value("north", "thanks"), weather.value("south", "thanks")), (1, 1))

    def test_all_are_asked_every_ten_seconds(self) -> None:
        weather = Weather(self.settings, "north", "south")
        weather.wait(9.9)
        weather.heard.clear()
        weather.wait(0.5)
        broadcast = [one for one in weather.heard if one[0] == HUB and "OK" not in one[2]]
        told = [(HUB, name, text) for text in ("TIME 2\n", "REPORT\n") for name in ("north", "south")]
        self.assertEqual(broadcast, told)
        weather.wait(10.0)
        self.assertEqual((weather.value("north", "count"), weather.value(HUB, "count")), (3, 3))

    def test_a_minute(self) -> None:
        """Twelve readings of each by itself, and six that were asked for."""
        weather = Weather(self.settings, "north", "south")
        weather.wait(59.5)
        self.assertEqual(weather.troubles, [])
        for name in ("north", "south"):
            said = [text for sender, _, text in weather.heard if sender == name]
            thanks = [text for _, other, text in weather.heard if other == name and text.startswith("OK")]
            self.assertEqual((len(said), thanks), (18, [f"OK {name}\n"] * 18))
            self.assertEqual(weather.value(name, "thanks"), 18)
        self.assertEqual(weather.value(HUB, "count"), 6)

    def test_who_comes_and_leaves(self) -> None:
        weather = Weather(self.settings, "north", "south")
        self.assertEqual((weather.value(HUB, "came"), weather.value(HUB, "left")), ("127.0.0.1:5001", None))
        weather.leave("north")
        self.assertEqual(weather.value(HUB, "left"), "127.0.0.1:5000")
        weather.heard.clear()
        weather.wait(11.0)
        self.assertEqual({other for sender, other, _ in weather.heard if sender == HUB}, {"south"})

    def test_stations_that_tell_while_all_are_asked(self) -> None:
        """What is thanked for is written when it was heard, though the line is busy then."""
        weather = Weather(self.settings, "north", "south")
        weather.wait(10.1)
        weather.heard.clear()
        hub = weather.engines[HUB]
        for name in ("north", "south"):
            data = f"WX {name} 1 2\n".encode()
            weather.do(HUB, hub.received(0, weather.peers[name], data, weather.now))
        weather.wait(1.0)
        thanks = {(other, text) for sender, other, text in weather.heard if text.startswith("OK")}
        self.assertEqual(thanks, {("north", "OK north\n"), ("south", "OK south\n")})
