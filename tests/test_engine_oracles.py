"""The bundled definitions at work, beside independent packages: both accept the same, and agree on values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pynmea2
from dsmr_parser import telegram_specifications
from dsmr_parser.exceptions import InvalidChecksumError, ParseError
from dsmr_parser.parsers import TelegramParser
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsResponse,
    ReadDiscreteInputsResponse,
    WriteSingleCoilResponse,
)
from pymodbus.pdu.other_message import ReportDeviceIdResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteSingleRegisterResponse,
)
from twisted.trial.unittest import SynchronousTestCase

import smartserial
from smartserial.definition.check import load
from smartserial.definition.param import ParamType
from smartserial.definition.values.value import Value
from smartserial.engine.effects import Dropped, Effect, Heard, PairStep, Peer, Send, Step, Unheard
from smartserial.engine.engine import Engine, Settings
from smartserial.engine.running.asking import Patience
from tests import test_bundled_oracles as known

PROTOCOLS = Path(smartserial.__file__).parent / "protocols"
PEER = Peer("10.0.0.5", 4000, 1)
UNIT = 17
ANY = bytes(range(256))
WORDS = re.compile(r"(holding|input)_\d|written_value")


class Element:
    """A bundled definition at work, with its one device."""

    def __init__(self, name: str, chance: Random) -> None:
        self.protocol = load((PROTOCOLS / f"{name}.xml").read_bytes())
        patience = {0: Patience(0.5, 1)}
        self.engine = Engine(self.protocol, Settings(patience, given={ParamType.BUS: str(UNIT)}))
        write = ParamType.WRITE
        self.writes = {param.name: param.id for param in self.protocol.params if param.type is write}
        self.ids = {param.name: param.id for param in self.protocol.params if param.type is not write}
        self.chance = chance
        self.now = 0.0
        self.sent: list[Send] = []
        self.engine.connected(0, PEER, self.now)
        self.take(self.engine.start(self.now))

    def take(self, effects: Sequence[Effect]) -> list[Effect]:
        self.sent += [effect for effect in effects if isinstance(effect, Send)]
        return list(effects)

    def say(self, data: bytes, sizes: Sequence[int] = (1, 7, 50, 2000)) -> list[Effect]:
        """Have the device say something in pieces of these sizes; return what came of it."""
        effects: list[Effect] = []
        place = 0
        while place < len(data):
            size = self.chance.choice(sizes)
            effects += self.take(self.engine.received(0, PEER, data[place : place + size], self.now))
            place += size
        return effects

    def wait(self) -> list[Effect]:
        """Go on to the next thing that waits."""
        due = self.engine.next_wake
        assert due is not None
        self.now = max(self.now, due)
        return self.take(self.engine.wake(self.now))

    def value(self, name: str) -> Value | None:
        return self.engine.store.value(self.ids[name])

    def heard(self, effects: Sequence[Effect]) -> str:
        """Return which response was heard, nothing if none was; all bytes are explained."""
        units = [effect for effect in effects if isinstance(effect, Heard | Unheard)]
        assert len(units) <= 1, units
        return units[0].match.response.name if units and isinstance(units[0], Heard) else ""

    def names(self, effects: Sequence[Effect]) -> list[str]:
        """Return the names of what was heard, without constants."""
        (heard,) = (effect for effect in effects if isinstance(effect, Heard))
        params = [self.protocol.param[field.param] for field in heard.match.fields]
        return [p.name for p in params if p.interprete is None or p.interprete.value is None]


def mutated(chance: Random, data: bytes, alphabet: bytes, first: int, last: int) -> bytes:
    """Change one byte of some, exchange two, leave one out or double one, between two positions."""
    at, other = chance.randrange(first, last), chance.randrange(first, last)
    changed = bytearray(data)
    match chance.choice(("change", "change", "exchange", "exchange", "less", "more")):
        case "change":
            changed[at] = chance.choice(alphabet)
        case "exchange":
            changed[at], changed[other] = changed[other], changed[at]
        case "less":
            del changed[at]
        case "more":
            changed.insert(at, changed[other])
    return bytes(changed)


class Sentences:
    """Sentences of NMEA 0183 by chance; pynmea2 works out their checksums."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def number(self, low: float, high: float, decimals: int = 1) -> str:
        return "" if self.chance.random() < 0.1 else f"{self.chance.uniform(low, high):.{decimals}f}"

    def whole(self, low: int, high: int, width: int = 1) -> str:
        return f"{self.chance.randint(low, high):0{width}}"

    def time(self) -> str:
        c = self.chance
        more = c.choice(("", ".00", ".5", ".123"))
        return f"{c.randrange(24):02}{c.randrange(60):02}{c.randrange(60):02}{more}"

    def date(self) -> str:
        return f"{self.whole(1, 28, 2)}{self.whole(1, 12, 2)}{self.whole(0, 99, 2)}"

    def place(self) -> list[str]:
        c = self.chance
        if c.random() < 0.1:
            return [""] * 4
        latitude = f"{c.randrange(90):02}{c.uniform(0, 59.9):07.4f}"
        longitude = f"{c.randrange(180):03}{c.uniform(0, 59.9):08.5f}"
        return [latitude, c.choice("NS"), longitude, c.choice("EW")]

    def fields(self, kind: str) -> list[str]:
        c, number, whole = self.chance, self.number, self.whole
        match kind:
            case "GGA":
                heights = [number(-50, 9000), "M", number(-90, 90), "M"]
                quality = [whole(0, 8), whole(0, 24, 2), number(0, 99, 2)]
                return [self.time(), *self.place(), *quality, *heights, number(0, 30), whole(0, 1023, 4)]
            case "RMC":
                motion = [number(0, 90, 3), number(0, 359.9), self.date(), number(0, 30), c.choice("EW")]
                more = c.choice(([], ["A"], ["D", "V"]))
                return [self.time(), c.choice("AV"), *self.place(), *motion, *more]
            case "GSA":
                seen = [c.choice(("", whole(1, 99, 2))) for _ in range(12)]
                shape = [number(0, 99, 2) for _ in range(3)]
                return [c.choice("AM"), whole(1, 3), *seen, *shape, *c.choice(([], ["1"]))]
            case "GSV":
                seen = [whole(0, 99, 2) for _ in range(4 * c.randrange(5))]
                return [whole(1, 9), whole(1, 9), whole(0, 36, 2), *seen]
            case "VTG":
                course = [number(0, 359), "T", number(0, 359), "M"]
                return [*course, number(0, 90), "N", number(0, 160), "K", *c.choice(([], ["A"]))]
            case "GLL":
                return [*self.place(), self.time(), c.choice("AV"), *c.choice(([], ["D"]))]
            case "HDT":
                return [number(0, 359.9), "T"]
            case "ZDA":
                zone = [whole(-13, 13, 2), whole(0, 59, 2)]
                return [self.time(), whole(1, 28, 2), whole(1, 12, 2), whole(1990, 2099), *zone]
            case "DBT":
                return [number(0, 900), "f", number(0, 300), "M", number(0, 150), "F"]
            case "MWV":
                return [number(0, 359), c.choice("RT"), number(0, 60), c.choice("KMNS"), c.choice("AV")]
        return [c.choice(("01", "a b", "x-y", "")) for _ in range(c.randrange(1, 6))]

    def sentence(self) -> bytes:
        c = self.chance
        kinds = ("GGA", "RMC", "GSA", "GSV", "VTG", "GLL", "HDT", "ZDA", "DBT", "MWV", "TXT")
        kind = c.choice(kinds)
        body = ",".join([c.choice(("GP", "GN", "GL", "II")) + kind, *self.fields(kind)])
        return f"${body}*{pynmea2.NMEASentence.checksum(body):02X}\r\n".encode()


class NmeaTest(SynchronousTestCase):
    """Against pynmea2."""

    def accepts(self, data: bytes) -> bool:
        """Tell whether they find the checksum right."""
        try:
            pynmea2.parse(data.decode(), check=True)
        except pynmea2.ChecksumError:
            return False
        except pynmea2.ParseError:  # right, but of a kind that they do not know
            body, _, digits = data.decode().strip()[1:].rpartition("*")
            return len(digits) == 2 and f"{pynmea2.NMEASentence.checksum(body):02X}" == digits.upper()
        return True

    def test_sentences(self) -> None:
        element, sentences = Element("nmea-0183", Random(1)), Sentences(Random(2))
        seen = Counter[str]()
        for _ in range(3000):
            data = sentences.sentence()
            effects = element.say(data)
            name = element.heard(effects)
            self.assertTrue(name, data)
            seen[name] += 1
            self.agree(element, name, element.names(effects), data)
        self.assertEqual(set(seen), {response.name for response in element.protocol.responses})

    def agree(self, element: Element, name: str, params: list[str], data: bytes) -> None:
        theirs = pynmea2.parse(data.decode(), check=True) if name != "other sentence" else None
        if theirs is None:
            self.assertEqual(element.value("other_sentence"), data[1:-5].decode())
            return
        self.assertEqual((name[:3], element.value("talker")), (theirs.sentence_type, theirs.talker))
        for param in params:
            attribute = known.NmeaTest.BY_SENTENCE.get(
                (name[:3], param), known.NmeaTest.ATTRIBUTES.get(param)
            )
            if attribute is not None:
                ours, other = element.value(param), getattr(theirs, attribute)
                read = float if isinstance(ours, int | float) else str
                self.assertEqual(ours, read("" if other is None else other), f"{data!r}: {param}")
            elif param in ("utc_time", "clock_time") and element.value(param):
                told = theirs.timestamp.strftime("%H%M%S")
                self.assertEqual(str(element.value(param))[:6], told, data)
            elif param == "date":
                self.assertEqual(element.value(param), theirs.datestamp.strftime("%d%m%y"))

    def test_wrong_ones(self) -> None:
        """One is as good as its checksum says; what is exchanged keeps it."""
        chance = Random(3)
        element, sentences = Element("nmea-0183", chance), Sentences(Random(4))
        seen = Counter[bool]()
        for _ in range(3000):
            whole = sentences.sentence()
            data = mutated(chance, whole, b"0123456789ABCDEFGN,.-", 1, len(whole) - 2)
            if data.count(b"*") != 1 or data.index(b"*") != len(data) - 5:
                continue  # where there are not two digits behind one star, they are lenient
            effects = element.say(data)
            self.assertEqual(bool(element.heard(effects)), self.accepts(data), data)
            self.assertEqual(len(effects) > 0, True, data)
            seen[self.accepts(data)] += 1
        self.assertGreater(min(seen.values()), 300, seen)


class Device:
    """A Modbus device by chance, made of what pymodbus has."""

    def __init__(self, chance: Random, framer: type[FramerBase]) -> None:
        self.chance = chance
        self.requests = framer(DecodePDU(True))
        self.answers = framer(DecodePDU(False))

    def asked(self, data: bytes) -> ModbusPDU:
        """Return what was asked."""
        used, pdu = self.requests.handleFrame(data, 0, 0)
        assert used == len(data) and pdu is not None, data
        return pdu

    def answer(self, pdu: ModbusPDU) -> bytes:
        """Return some answer to a request."""
        chance, code = self.chance, pdu.function_code
        words = [chance.choice((0, 1, 0x7FFF, 0x8000, 0xFFFF, chance.randrange(1 << 16))) for _ in range(4)]
        bits = [chance.random() < 0.5 for _ in range(8)]
        made: ModbusPDU
        if chance.random() < 0.15:
            made = ExceptionResponse(code, chance.randrange(1, 12))
        elif code in (1, 2):
            made = (ReadCoilsResponse if code == 1 else ReadDiscreteInputsResponse)(bits=bits)
        elif code in (3, 4):
            words = [1 if word & 0x7F80 == 0x7F80 else word for word in words]  # two may be a decimal
            made = (ReadHoldingRegistersResponse if code == 3 else ReadInputRegistersResponse)(
                registers=words
            )
        elif code == 5:
            made = WriteSingleCoilResponse(address=pdu.address, bits=pdu.bits)
        elif code == 6:
            made = WriteSingleRegisterResponse(address=pdu.address, registers=pdu.registers)
        else:
            made = ReportDeviceIdResponse(identifier=chance.randbytes(chance.randrange(1, 20)), status=True)
        made.dev_id, made.transaction_id = pdu.dev_id, pdu.transaction_id
        return self.answers.buildFrame(made)

    def accepted(self, data: bytes, request: ModbusPDU) -> ModbusPDU | None:
        """Return what they take for an answer to a request."""
        try:
            used, pdu = self.answers.handleFrame(data, request.dev_id, request.transaction_id)
        except ModbusException:
            return None
        if pdu is None or used != len(data) or pdu.function_code & 0x7F != request.function_code:
            return None
        return pdu


class ModbusTest(SynchronousTestCase):
    """Against pymodbus, which is the device, and the judge of what came."""

    def rounds(
        self, name: str, framer: type[FramerBase], count: int
    ) -> Iterator[tuple[Element, Device, Send]]:
        element = Element(name, Random(5))
        device = Device(Random(6), framer)
        for number in range(count):
            if number % 7 == 0:
                self.write(element, device.chance)
            while not element.sent:
                element.wait()
            self.assertEqual(len(element.sent), 1)
            yield element, device, element.sent.pop()

    def write(self, element: Element, chance: Random) -> None:
        name = chance.choice([name for name in ("write_value", "coil") if name in element.writes])
        value = chance.choice((0, 0xFF00)) if name == "coil" else chance.randrange(1 << 15)
        element.take(element.engine.set(element.writes[name], float(value), element.now))

    def test_right_answers(self) -> None:
        seen = Counter[str]()
        for name, framer in (("modbus-rtu", FramerRTU), ("modbus-tcp", FramerSocket)):
            for element, device, send in self.rounds(name, framer, 1500):
                request = device.asked(send.data)
                self.assertEqual(request.dev_id, UNIT)
                data = device.answer(request)
                theirs = device.accepted(data, request)
                assert theirs is not None
                effects = element.say(data)
                heard = element.heard(effects)
                self.assertTrue(heard, (send.data, data))
                steps = [
                    one.step for one in effects if isinstance(one, PairStep) and one.step is not Step.BEGUN
                ]
                self.assertEqual(steps, [Step.REFUSED if theirs.isError() else Step.SUCCEEDED])
                self.agree(element, element.names(effects), theirs)
                seen[f"{name}: {heard}"] += 1
        self.assertGreater(len(seen), 12, seen)

    def agree(self, element: Element, names: list[str], theirs: ModbusPDU) -> None:
        for name in names:
            attribute = known.ModbusTest.ATTRIBUTES.get(name)
            if attribute is not None:
                self.assertEqual(element.value(name), getattr(theirs, attribute), name)
        words = [name for name in names if WORDS.fullmatch(name)]
        if words:
            self.assertEqual(self.registers(element, words), list(theirs.registers))
        for group, bit in (("coil_bits", "coil"), ("discrete_bits", "discrete")):
            if group in names:
                self.assertEqual([element.value(f"{bit}_{n}") == 1 for n in range(8)], theirs.bits)
        if "coil" in names and element.value("coil") in (0, 0xFF00):  # they take others for on
            self.assertEqual([element.value("coil") == 0xFF00], theirs.bits[:1])
        if "identification" in names:
            told = str(element.value("identification")).encode("cp1252", "ignore")
            self.assertLessEqual(len(told), len(theirs.identifier) + 1)

    def registers(self, element: Element, names: list[str]) -> list[int]:
        """Return registers as they are: two may be one decimal."""
        self.assertNotIn(None, [element.value(name) for name in names])
        data = b"".join(element.engine.store.raw(element.ids[name]) for name in names)
        return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]

    def test_wrong_answers(self) -> None:
        for name, framer in (("modbus-rtu", FramerRTU), ("modbus-tcp", FramerSocket)):
            chance = Random(7)
            seen = Counter[bool]()
            for element, device, send in self.rounds(name, framer, 1500):
                request = device.asked(send.data)
                data = device.answer(request)
                if name == "modbus-rtu":
                    data = mutated(chance, data, ANY, 0, len(data))
                elif len(data) < 11 or chance.random() < 0.5:
                    at = chance.choice((0, 1, 2, 3, 6, 7, 8))
                    data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
                else:  # the length stays as it is: it decides where the next one begins
                    data = data[:8] + mutated(chance, data[8:], ANY, 0, len(data) - 8)[: len(data) - 8]
                    data = data.ljust(6 + data[5], b"\0")
                theirs = device.accepted(data, request)
                self.judged(element, data, theirs, seen)
            self.assertGreater(seen[False], 300, seen)

    def outcome(self, element: Element, data: bytes) -> list[Effect]:
        """Have the device say something; return all that comes until the pair is done with."""
        effects = element.say(data, (2000,))  # what comes after a refusal would answer the next attempt
        while not any(isinstance(one, PairStep) and one.step is not Step.BEGUN for one in effects):
            effects += element.wait()
        return effects

    def judged(self, element: Element, data: bytes, theirs: ModbusPDU | None, seen: Counter[bool]) -> None:
        effects = self.outcome(element, data)
        heard = element.heard(effects)
        seen[bool(heard)] += 1
        if theirs is None:
            self.assertFalse(heard, data)
            self.assertTrue(any(isinstance(one, Unheard | Dropped) for one in effects), data)
        elif heard:
            self.agree(element, element.names(effects), theirs)
        else:  # they take 0 for any transaction, more bytes than there are to a refusal, and fewer registers
            fewer = theirs.function_code in (3, 4) and len(theirs.registers) < 4
            self.assertTrue(data.startswith(b"\0\0") or theirs.isError() or fewer, data)

    def test_wrong_counts(self) -> None:
        """Registers are as many bytes as the byte before them says; of fewer they take what is counted."""
        chance, seen = Random(11), Counter[bool]()
        for element, device, send in self.rounds("modbus-tcp", FramerSocket, 600):
            request = device.asked(send.data)
            data = device.answer(request)
            if data[7] in (3, 4):
                count = chance.choice([*range(8), *range(9, 17), 0xFF])
                data = data[:8] + bytes([count]) + data[9:]
                theirs = device.accepted(data, request)
                taken = None if theirs is None else len(theirs.registers)
                self.assertEqual(taken, count // 2 if count < 8 else None)
                seen[count < 8] += 1
            heard = element.heard(self.outcome(element, data))
            self.assertEqual(bool(heard), data[7] not in (3, 4), data)
        self.assertGreater(min(seen.values()), 100, seen)


LINES = (
    ("1-3:0.2.8", "50"), ("0-0:1.0.0", "26{m:02}{d:02}093015W"), ("0-0:96.1.1", "{x}"),
    ("1-0:1.8.1", "{e}*kWh"), ("1-0:1.8.2", "{e}*kWh"), ("1-0:2.8.1", "{e}*kWh"), ("1-0:2.8.2", "{e}*kWh"),
    ("0-0:96.14.0", "000{t}"), ("1-0:1.7.0", "{p}*kW"), ("1-0:2.7.0", "{p}*kW"), ("0-0:96.7.21", "{n:05}"),
    ("0-0:96.7.9", "{n:05}"), ("1-0:99.97.0", ""), ("1-0:32.32.0", "{n:05}"), ("1-0:52.32.0", "{n:05}"),
    ("1-0:72.32.0", "{n:05}"),
    ("1-0:32.36.0", "{n:05}"), ("1-0:52.36.0", "{n:05}"), ("1-0:72.36.0", "{n:05}"),
    ("0-0:96.13.0", "{x}"), ("1-0:32.7.0", "{v}*V"), ("1-0:52.7.0", "{v}*V"), ("1-0:72.7.0", "{v}*V"),
    ("1-0:31.7.0", "{a:03}*A"), ("1-0:51.7.0", "{a:03}*A"), ("1-0:71.7.0", "{a:03}*A"),
    ("1-0:21.7.0", "{p}*kW"),
    ("1-0:41.7.0", "{p}*kW"), ("1-0:61.7.0", "{p}*kW"), ("1-0:22.7.0", "{p}*kW"), ("1-0:42.7.0", "{p}*kW"),
    ("1-0:62.7.0", "{p}*kW"), ("0-1:24.1.0", "003"), ("0-1:96.1.0", "{x}"),
    ("0-1:24.2.1", "26{m:02}{d:02}093000W)({g}*m3"),
)  # fmt: skip


def telegram(chance: Random) -> bytes:
    """Return a telegram of a smart meter; lines that not every meter has are sometimes absent."""
    lines = []
    for number, (code, form) in enumerate(LINES):
        if number >= 3 and not code.startswith("0-1") and chance.random() < 0.2:
            continue
        said = form.format(
            m=chance.randint(1, 3), d=chance.randint(1, 28), x=chance.randbytes(8).hex().upper(),
            e=f"{chance.uniform(0, 99999):010.3f}", p=f"{chance.uniform(0, 20):06.3f}",
            t=chance.randint(1, 2), n=chance.randrange(200), v=f"{chance.uniform(200, 250):.1f}",
            a=chance.randrange(60), g=f"{chance.uniform(0, 9999):09.3f}",
        )  # fmt: skip
        lines.append(f"{code}({said})\r\n")
    body = "/ISK5\\2M550T-1012\r\n\r\n" + "".join(lines) + "!"
    return f"{body}{TelegramParser.crc16(body):04X}\r\n".encode()


class DsmrTest(SynchronousTestCase):
    """Against dsmr_parser."""

    def test_telegrams(self) -> None:
        element, chance = Element("dsmr-p1", Random(8)), Random(9)
        parser = TelegramParser(telegram_specifications.V5)
        for _ in range(150):
            data = telegram(chance)
            effects = element.say(data)
            self.assertEqual(element.heard(effects), "telegram", data)
            parsed = parser.parse(data.decode(), throw_ex=True)
            found = dict(tuple(parsed)) | dict(tuple(parsed.get_mbus_device_by_channel(1) or ()))
            theirs = {known.DsmrTest.IN_VERSION_5.get(name, name): value for name, value in found.items()}
            names = set(element.names(effects)) & set(known.DsmrTest.NAMES)
            self.assertEqual({known.DsmrTest.NAMES[name] for name in names} - set(theirs), set())
            for name in names:
                ours, value = element.value(name), theirs[known.DsmrTest.NAMES[name]].value
                self.assertEqual(ours, type(ours)(value or type(ours)()), f"{name} in {data!r}")  # type: ignore[call-arg]
            absent = set(known.DsmrTest.NAMES) - names
            self.assertEqual({known.DsmrTest.NAMES[name] for name in absent} & set(theirs), set())

    def test_wrong_ones(self) -> None:
        chance = Random(10)
        element, parser = Element("dsmr-p1", chance), TelegramParser(telegram_specifications.V5)
        seen = Counter[bool]()
        letters = b"0123456789ABCDEF"
        for number in range(200):
            whole = telegram(chance)
            at = chance.choice([n for n, byte in enumerate(whole) if byte in letters])
            data = whole[:at] + bytes([chance.choice(letters)]) + whole[at + 1 :]
            if number % 3 == 0:
                at, other = sorted(chance.sample([n for n, byte in enumerate(whole) if byte in letters], 2))
                data = whole[:at] + whole[other : other + 1] + whole[at + 1 :]
            accepted = True
            try:
                parser.parse(data.decode(), throw_ex=True)
            except InvalidChecksumError:
                accepted = False
            except ParseError:
                continue
            self.assertEqual(bool(element.heard(element.say(data))), accepted, data)
            seen[accepted] += 1
        self.assertGreater(seen[False], 100, seen)
