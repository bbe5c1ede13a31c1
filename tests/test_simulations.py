"""Bundled definitions at work on the simulated devices of the same names, on a clock of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from smartserial.catalog import Catalog
from smartserial.channels.simulator import Simulator
from smartserial.definition.param import ParamType
from smartserial.definition.values.value import Value
from smartserial.engine.effects import (
    Dropped,
    Effect,
    Heard,
    Level,
    Note,
    PairStep,
    Peer,
    Send,
    Step,
    Unheard,
)
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.unit import Loss
from smartserial.settings import DeviceCarrier, SimDevice

from .configs import device, judged, the_share
from .test_memory import Listening
from .transcriptloader import NAMES

READ = (ParamType.READ, ParamType.READ_BIT)
WRITE = (ParamType.WRITE, ParamType.WRITE_BIT)
FAILED = (Step.TIMED_OUT, Step.GIVEN_UP, Step.REFUSED)
LOUD = (Level.WARN, Level.ERROR)


class Bench:
    """A definition's engine and a simulated device, with nothing between them but bytes."""

    def __init__(self, name: str, bus: str = "1") -> None:
        self.clock = Clock()
        loaded = Catalog().find(name).load()
        self.protocol = loaded.protocol
        self.engine = Engine(self.protocol, Settings(given={ParamType.BUS: bus}), reactions=loaded.reactions)
        found = the_share(device(f"{{sim: {name}}}")).device
        assert isinstance(found, SimDevice)
        self.device = Simulator(name, found.script, self.clock)
        self.peer = Peer("", 0, 1)
        self.effects: list[Effect] = []
        ear = Listening()
        ear.on_data = lambda data: self.do(self.engine.received(0, self.peer, data, self.clock.seconds()))
        self.device.connect(ear)
        self.do(self.engine.connected(0, self.peer, 0.0))
        self.do(self.engine.start(0.0))

    def do(self, effects: list[Effect]) -> None:
        """Do what the engine says."""
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Send):
                self.device.write(effect.data)

    def wait(self, seconds: float) -> None:
        """Let time pass for both."""
        end = self.clock.seconds() + seconds
        while True:
            times = [call.getTime() for call in self.clock.getDelayedCalls()]
            wake = self.engine.next_wake
            due = min(times if wake is None else [*times, wake], default=end)
            if due > end:
                self.clock.advance(end - self.clock.seconds())
                return
            self.clock.advance(max(0.0, due - self.clock.seconds()))
            if wake is not None and wake <= self.clock.seconds():
                self.do(self.engine.wake(self.clock.seconds()))

    def id(self, name: str, types: tuple[ParamType, ...]) -> int:
        """Return the id of a param."""
        return next(one.id for one in self.protocol.params if one.name == name and one.type in types)

    def set(self, name: str, value: Value) -> None:
        """Set a value as an operator does."""
        self.do(self.engine.set(self.id(name, WRITE), value, self.clock.seconds()))

    def value(self, name: str) -> Value | None:
        """Return a value that was heard."""
        return self.engine.store.value(self.id(name, READ))

    def sent(self) -> list[bytes]:
        """Return what was sent since the last time."""
        sent = [effect.data for effect in self.effects if isinstance(effect, Send)]
        self.effects.clear()
        return sent

    def heard(self) -> Counter[str]:
        """Return how often each response was heard."""
        return Counter(effect.match.response.name for effect in self.effects if isinstance(effect, Heard))

    def troubles(self) -> list[Effect]:
        """Return what went wrong; a definition that only asks may be told something unasked."""
        return [
            effect
            for effect in self.effects
            if isinstance(effect, Unheard)
            or (isinstance(effect, Dropped) and effect.lost.reason is not Loss.UNASKED)
            or (isinstance(effect, PairStep) and effect.step in FAILED)
            or (isinstance(effect, Note) and effect.level in LOUD)
        ]


class SimulationsTest(SynchronousTestCase):
    maxDiff = None

    def minute(self, name: str, values: Mapping[str, Value], heard: Mapping[str, int]) -> Bench:
        """Run a definition and its device for a minute: nothing goes wrong, and this is heard."""
        bench = Bench(name)
        bench.wait(59.9)
        self.assertEqual(bench.troubles(), [])
        self.assertEqual({one: bench.value(one) for one in values}, values)
        self.assertEqual(bench.heard(), heard)
        bench.sent()
        return bench

    def written(self, bench: Bench, name: str, value: Value, sent: str) -> None:
        """Set a value: the first that is sent is this, and nothing goes wrong."""
        bench.set(name, value)
        bench.wait(0.4)
        self.assertEqual(bench.troubles(), [])
        self.assertEqual(bench.sent()[0].hex(" "), sent)

    def test_each_definition_has_its_device(self) -> None:
        for name in NAMES:
            bench = Bench(name)
            bench.wait(3.0)
            self.assertEqual(bench.troubles(), [], name)
            self.assertTrue(bench.heard(), name)

    def test_an_element_of_each(self) -> None:
        for name in NAMES:
            text = f"elements: {{a: {{protocol: {name}, connections: {{0: {{device: {{sim: {name}}}}}}}}}}}\n"
            settings, findings = judged(text)
            assert settings is not None, findings
            self.assertEqual(findings, [])
            carrier = settings.elements[0].connections[0].carrier
            assert isinstance(carrier, DeviceCarrier)
            self.assertIsInstance(carrier.device, SimDevice)

    def test_dsmr_p1(self) -> None:
        values = {
            "meter": "ISK5\\2M550T-1012",
            "version": "50",
            "energy_import_2": 5120.007,
            "tariff": 2,
            "power_import": 1.207,
            "voltage_l1": 229.8,
            "gas": 785.12,
        }
        bench = self.minute("dsmr-p1", values, {"telegram": 59})
        bench.wait(1.0)
        self.assertEqual(bench.value("power_import"), 1.188)
        self.assertEqual(bench.sent(), [])

    def test_modbus_rtu(self) -> None:
        holding = {"holding_0": 555, "holding_1": 0, "holding_2": 100, "holding_3": 65535}
        inputs = {"input_0": 217, "input_1": -6, "input_2": -32768, "input_3": 32767}
        bits = {"coil_0": 1, "coil_1": 0, "coil_7": 1, "discrete_0": 0, "discrete_2": 1}
        polls = dict.fromkeys(("holding registers", "input registers", "coils", "discrete inputs"), 60)
        values = holding | inputs | bits | {"identification": "Pump 7\xff"}
        bench = self.minute("modbus-rtu", values, {**polls, "identification": 1})
        self.written(bench, "write_value", 1234, "01 06 00 00 04 d2 0b 57")
        self.assertEqual((bench.value("written_address"), bench.value("written_value")), (0, 1234))
        bench.wait(1.0)
        self.assertEqual(bench.value("holding_0"), 1234)

    def test_modbus_rtu_refuses(self) -> None:
        bench = Bench("modbus-rtu")
        bench.set("first_holding_register", 7)
        bench.wait(0.9)
        self.assertEqual(bench.value("exception"), 2)
        self.assertEqual([one.step for one in bench.troubles() if isinstance(one, PairStep)], [Step.REFUSED])

    def test_modbus_rtu_of_another_unit(self) -> None:
        bench = Bench("modbus-rtu", bus="2")
        bench.wait(20.0)
        self.assertEqual(bench.heard(), {})
        self.assertTrue(bench.troubles())

    def test_modbus_tcp(self) -> None:
        values = {"holding_0": 1, "holding_1": 2, "holding_2": 32768, "input_0": 231, "input_1": -0.25}
        polls = dict.fromkeys(("holding registers", "input registers"), 60)
        bench = self.minute("modbus-tcp", values, polls)
        self.written(bench, "write_value", 77, "00 04 00 00 00 06 01 06 00 00 00 4d")
        self.written(bench, "coil", 65280, "00 03 00 00 00 06 01 05 00 00 ff 00")
        bench.wait(1.0)
        self.assertEqual((bench.value("coil"), bench.value("holding_0")), (65280, 77))

    def test_modbus_tcp_answers_any_unit(self) -> None:
        bench = Bench("modbus-tcp", bus="17")
        bench.wait(0.5)
        self.assertEqual((bench.troubles(), bench.value("holding_1")), ([], 2))

    def test_nmea_0183(self) -> None:
        values = {
            "latitude": "4807.038",
            "longitude": "01131.002",
            "status": "A",
            "fix_quality": 1,
            "speed_knots": 5.4,
            "course": 84.9,
            "heading": 274.9,
            "depth": 11.1,
            "wind_angle": 216,
            "wind_speed": 10.1,
        }
        each_second = dict.fromkeys(("RMC", "GGA", "VTG", "GSA", "HDT"), 59)
        bench = self.minute("nmea-0183", values, {**each_second, "DBT": 29, "MWV": 29})
        self.assertEqual(bench.sent(), [])
        bench.device.write(b"$CCGPQ,GLL*2D\r\n")
        bench.wait(0.15)
        self.assertEqual(bench.heard()["GLL of version 2.3"], 1)

    def test_pelco_d(self) -> None:
        bench = self.minute(
            "pelco-d", {"pan_position": 182.5, "tilt_position": 12.34}, {"pan": 12, "tilt": 12}
        )
        bench.wait(1.0)
        bench.sent()
        self.written(bench, "up", 1, "ff 01 00 08 20 20 49")
        self.written(bench, "right", 1, "ff 01 00 0a 20 20 4b")
        self.written(bench, "stop", 1, "ff 01 00 00 00 00 01")
        self.written(bench, "preset", 5, "ff 01 00 07 00 05 0d")
        self.written(bench, "store_preset", 9, "ff 01 00 03 00 09 0d")

    def test_scpi_meter(self) -> None:
        values = {"manufacturer": "SMARTSERIAL", "voltage": 4.9995, "current": 0.12507, "output": 0}
        polls = dict.fromkeys(("voltage", "current", "output", "error"), 12)
        bench = self.minute("scpi-meter", values, {**polls, "identity": 1})
        bench.wait(1.0)
        bench.sent()
        self.written(bench, "output", 1, b"OUTP 1;:SYST:ERR?\n".hex(" "))
        self.assertEqual(bench.value("output"), 1)
        bench.set("output", 7)
        bench.wait(0.4)
        self.assertEqual(bench.sent()[0], b"OUTP 7;:SYST:ERR?\n")
        self.assertEqual((bench.value("output"), bench.value("error_code")), (1, -222))

    def test_sony_9pin(self) -> None:
        polls = {"status": 60, "time code": 60}
        values = {"playing": 1, "stopped": 0, "seconds_units": 9, "hours_units": 1}
        bench = self.minute("sony-9pin", values, polls)
        self.written(bench, "transport", 0, "20 00 20")
        bench.wait(1.0)
        self.assertEqual((bench.value("playing"), bench.value("stopped")), (0, 1))

    def test_visca(self) -> None:
        once = {"cameras numbered": 1, "buffers cleared": 1}
        bench = self.minute(
            "visca", {"power": 2, "zoom_position": 10240, "cameras": 2}, {**once, "power": 12, "zoom": 12}
        )
        bench.wait(1.0)
        bench.sent()
        self.written(bench, "power", 3, "81 01 04 00 03 ff")
        self.written(bench, "zoom_direction", 2, "81 01 04 07 20 ff")
        self.written(bench, "zoom_position", 4671, "81 01 04 47 01 02 03 0f ff")
        self.written(bench, "pan", 1, "81 01 06 01 08 08 01 03 ff")
        self.written(bench, "home", 1, "81 01 06 04 ff")
        self.written(bench, "preset", 3, "81 01 04 3f 02 03 ff")
        self.assertEqual(bench.value("command_state"), 5)
        bench.wait(5.0)
        self.assertEqual((bench.value("power"), bench.value("zoom_position")), (3, 4671))
