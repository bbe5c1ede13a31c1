"""What devices say, against the bundled definitions, and against what others wrote for these devices."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pynmea2
import pyvisa
from dsmr_parser import telegram_specifications
from dsmr_parser.exceptions import InvalidChecksumError
from dsmr_parser.objects import CosemObject
from dsmr_parser.parsers import TelegramParser
from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pyvisa.util import from_ascii_block
from ruamel.yaml import YAML
from twisted.trial.unittest import SynchronousTestCase
from visca_over_ip import Camera
from visca_over_ip.exceptions import ViscaException

import smartserial
from smartserial.definition.check import check
from smartserial.definition.checksum import checksum, checksum_width
from smartserial.definition.param import Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.values.bits import read_bits, write_bits
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.constant import constant_bytes
from smartserial.definition.values.display import display
from smartserial.definition.values.text import Encoding
from smartserial.definition.xml import parse_xml

PROTOCOLS = Path(smartserial.__file__).parent / "protocols"
TRANSCRIPTS = Path(__file__).parent / "transcripts"
NAMES = tuple(sorted(path.stem for path in PROTOCOLS.glob("*.xml")))
CHECKSUM = re.compile(r"(checksum|crc|sum)(_\d+)?")

Scalar = str | int | float | None


@dataclass(frozen=True, slots=True)
class Field:
    """Some bytes of a message; a constant has no name, a group of bits has `bits` in place of a value."""

    raw: bytes
    name: str = ""
    value: Scalar = None
    bits: dict[str, int] | None = None
    display: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a ``command`` or a ``response``; `wrong` is the kind of checksum that does not fit."""

    kind: str
    name: str
    note: str
    wrong: str
    raw: bytes
    fields: tuple[Field, ...]

    @property
    def values(self) -> dict[str, Scalar]:
        return {field.name: field.value for field in self.fields if field.name and field.bits is None}

    @property
    def bits(self) -> dict[str, int]:
        return {name: value for field in self.fields for name, value in (field.bits or {}).items()}


def transcript(name: str) -> list[Message]:
    """Return the messages of a definition's transcript."""
    document = YAML(typ="safe").load(TRANSCRIPTS / f"{name}.yaml")

    def raw(text: str) -> bytes:
        return text.encode("latin-1") if document["encoding"] == "text" else bytes.fromhex(text)

    def field(entry: str | list) -> Field:
        if isinstance(entry, str):
            return Field(raw(entry))
        called, text, value, *display = entry
        bits = value if isinstance(value, dict) else None
        return Field(raw(text), called, None if bits else value, bits, *display)

    messages = []
    for entry in document["messages"]:
        kind = "command" if "command" in entry else "response"
        whole = entry["message"] if isinstance(entry["message"], str) else "".join(entry["message"])
        fields = tuple(field(part) for part in entry["fields"])
        told = entry.get("note", ""), entry.get("wrong", "")
        messages.append(Message(kind, entry[kind], *told, raw(whole), fields))
    return messages


ALL = {name: transcript(name) for name in NAMES}


def right(name: str, *kinds: str) -> Iterator[Message]:
    """Messages whose checksum fits."""
    return (m for m in ALL[name] if not m.wrong and m.kind in (kinds or ("command", "response")))


def wrong(name: str) -> list[Message]:
    """Messages whose checksum does not fit."""
    return [message for message in ALL[name] if message.wrong]


def constant(text: str) -> bytes:
    """Return the bytes of a `Value`."""
    if re.fullmatch(r"(0x([0-9A-F]{2})+)+", text.strip()):
        return bytes.fromhex(text.replace("0x", ""))
    return text.encode("ascii")


class DefinitionTest(SynchronousTestCase):
    """The definitions as XML, without any code of ours."""

    maxDiff = None

    def setUp(self) -> None:
        self.texts = {name: (PROTOCOLS / f"{name}.xml").read_text(encoding="utf-8") for name in NAMES}
        self.roots = {name: ET.fromstring(text.encode()) for name, text in self.texts.items()}

    def items(self, name: str, path: str) -> dict[str, ET.Element]:
        return {item.attrib["id"]: item for item in self.roots[name].iterfind(path)}

    def test_what_there_is(self) -> None:
        self.assertLessEqual({"nmea-0183", "modbus-rtu", "modbus-tcp", "scpi-meter", "dsmr-p1"}, set(NAMES))
        self.assertEqual({path.stem for path in TRANSCRIPTS.glob("*.yaml")}, set(NAMES))

    def test_each_tells_what_it_is(self) -> None:
        for name, text in self.texts.items():
            comment = text.partition("<Protocol>")[0]
            self.assertIn("Wiring:", comment, name)
            self.assertEqual(self.roots[name].findtext("Version"), "1.0.0.1", name)
            self.assertTrue(self.roots[name].findtext("Description"), name)

    def test_names_are_keys(self) -> None:
        """A name is there once, or once to read and once to write; all that people see is described."""
        for name in NAMES:
            params = self.items(name, "Params/Param").values()
            seen = Counter((p.findtext("Name"), "write" in (p.findtext("Type") or "")) for p in params)
            self.assertEqual([key for key, count in seen.items() if count > 1], [], name)
            for param in params:
                self.assertRegex(param.findtext("Name") or "", r"\A[a-z][a-z0-9_]*\Z", name)
                self.assertEqual(param.find("Description") is None, param.find("Display") is None, name)

    def test_constants_have_their_length(self) -> None:
        for name in NAMES:
            for id_, param in self.items(name, "Params/Param").items():
                value = param.findtext("Interprete/Value")
                if value is not None:
                    length = int(param.findtext("Interprete/Length") or 0)
                    self.assertEqual(len(constant(value)), length, f"{name} {id_}")

    def test_each_message_has_a_transcript(self) -> None:
        for name in NAMES:
            for kind in ("command", "response"):
                items = self.items(name, f"{kind.title()}s/{kind.title()}").values()
                told = {message.name for message in right(name, kind)}
                self.assertEqual(told, {item.findtext("Name") for item in items}, name)

    def test_fields_are_the_message(self) -> None:
        for name in NAMES:
            for message in ALL[name]:
                self.assertEqual(b"".join(field.raw for field in message.fields), message.raw, name)

    def test_fields_are_the_params(self) -> None:
        """Each field is the next param of the content; where parts are optional, some are left out."""
        for name in NAMES:
            params = self.items(name, "Params/Param")
            for message in ALL[name]:
                item = next(
                    item
                    for item in self.items(name, f"{message.kind.title()}s/{message.kind.title()}").values()
                    if item.findtext("Name") == message.name
                )
                content = iter([params[p.text or ""] for p in item.iterfind("Content/Param")])
                optional = item.find("Content").get("optional")
                for field in message.fields:
                    while self.shape(param := next(content)) != (field.name or field.raw):
                        self.assertTrue(optional, f"{name}, {message.name}: {field}")
                    self.assertTrue(field.display == self.seen(param, field.value), f"{name}: {field}")
                self.assertEqual(list(content), [])

    def shape(self, param: ET.Element) -> str | bytes:
        value = param.findtext("Interprete/Value")
        return constant(value) if value is not None else param.findtext("Name") or ""

    def seen(self, param: ET.Element, value: Scalar) -> str:
        choices = {d.findtext("Value"): d.findtext("Display") or "" for d in param.iter("Discreet")}
        return choices.get(str(value), "")


class CandidatesTest(SynchronousTestCase):
    """Which response a message fits first: in the order of its pair, or of the file if nobody asked."""

    CHARACTERS: ClassVar = {"numeric text": "[-0-9+.,eE ]", "text": "[-0-9A-Za-z.;,?! ]"}

    def one(self, param: ET.Element, after: list[ET.Element]) -> str:
        """Return the expression of a param's bytes; a variable one ends at the first constant that comes."""
        value = param.findtext("Interprete/Value")
        if value is not None:
            return re.escape(constant(value).decode("latin-1"))
        character = self.CHARACTERS.get(param.findtext("Interprete/RawType") or "", ".")
        if param.findtext("Interprete/Base") == "16":
            character = "[0-9A-F]"
        length_type = param.find("Interprete/LengthType")
        assert length_type is not None
        if length_type.text == "fixed":
            return f"{character}{{{param.findtext('Interprete/Length')}}}"
        if length_type.text == "other param":
            return f"{character}*"
        end = self.one(after[0], after[1:])
        places = int(length_type.get("times", "1")) - 1
        return f"(?:(?:(?!{end}).)*{end}){{{places}}}(?:(?!{end}){character})*"

    def expression(self, content: ET.Element, params: dict[str, ET.Element]) -> re.Pattern[str]:
        """Return the expression of a response."""
        inside = [params[item.text or ""] for item in content]
        parts = [self.one(param, inside[number + 1 :]) for number, param in enumerate(inside)]
        for told in filter(None, content.get("optional", "").split(";")):
            first, skipped = int(told.rstrip("+")), told.count("+")
            parts[first] = f"(?:{parts[first]}"
            parts[first + skipped] += ")?"
        return re.compile("".join(parts), re.DOTALL)

    def test_the_first_that_fits(self) -> None:
        for name in NAMES:
            root = ET.parse(PROTOCOLS / f"{name}.xml").getroot()
            params = {item.attrib["id"]: item for item in root.iterfind("Params/Param")}
            responses = {item.attrib["id"]: item for item in root.iterfind("Responses/Response")}
            known = {id_: self.expression(item[1], params) for id_, item in responses.items()}
            called = {id_: item.findtext("Name") for id_, item in responses.items()}
            kinds = ("Response", "ResponseOnBadCommand")
            pairs = [
                [item.text or "" for kind in kinds for item in pair.iterfind(f"Content/{kind}")]
                for pair in root.iterfind("Pairs/Pair")
            ]
            for message in ALL[name]:
                if message.kind == "command":
                    continue
                text = message.raw.decode("latin-1")
                for candidates in pairs or [list(known)]:
                    if message.name in {called[id_] for id_ in candidates}:
                        found = [called[id_] for id_ in candidates if known[id_].fullmatch(text)]
                        self.assertEqual(found[:1], [message.name], message)

    def test_modbus_answers_are_told_apart(self) -> None:
        root = ET.parse(PROTOCOLS / "modbus-rtu.xml").getroot()
        params = {item.attrib["id"]: item for item in root.iterfind("Params/Param")}
        known = [self.expression(item[1], params) for item in root.iterfind("Responses/Response")]
        for message in right("modbus-rtu", "response"):
            fits = [one for one in known if one.fullmatch(message.raw.decode("latin-1"))]
            self.assertEqual(len(fits), 1, message.name)


class OursTest(SynchronousTestCase):
    """Against our own reading, values and checksums."""

    maxDiff = None

    def setUp(self) -> None:
        files = {name: (PROTOCOLS / f"{name}.xml").read_bytes() for name in NAMES}
        self.protocols = {name: read_protocol(parse_xml(data).root) for name, data in files.items()}

    def parts(self, protocol: Protocol, message: Message) -> list[tuple[Param, Field | None]]:
        """Return the params of a message with their fields, None where an optional part is absent."""
        items = protocol.commands if message.kind == "command" else protocol.responses
        content = next(item.content for item in items if item.name == message.name)
        fields = list(message.fields)
        found: list[tuple[Param, Field | None]] = []
        for param in (protocol.param[number] for number in content):
            is_constant = param.interprete is not None and param.interprete.value is not None
            shape = constant_bytes(param, Encoding()) if is_constant else param.name
            here = bool(fields) and shape == (fields[0].name or fields[0].raw)
            found.append((param, fields.pop(0) if here else None))
        self.assertEqual(fields, [], message)
        return found

    def all_parts(self) -> Iterator[tuple[Protocol, Message, list[tuple[Param, Field | None]]]]:
        for name, protocol in self.protocols.items():
            for message in ALL[name]:
                yield protocol, message, self.parts(protocol, message)

    def named(self) -> Iterator[tuple[Protocol, Message, Param, Field]]:
        """All fields that are no constants."""
        for protocol, message, parts in self.all_parts():
            for param, field in parts:
                if field is not None and field.name:
                    yield protocol, message, param, field

    def test_nothing_is_wrong(self) -> None:
        found = [
            str(finding)
            for name in NAMES
            for finding in check((PROTOCOLS / f"{name}.xml").read_bytes(), f"{name}.xml")[1]
        ]
        self.assertEqual(found, [])

    def test_decode(self) -> None:
        for _, message, param, field in self.named():
            decoded = ParamCodec(param, Encoding()).decode(field.raw)
            self.assertIsNone(decoded.ignored, f"{message.name}: {field}")
            if field.bits is None:
                self.assertEqual(decoded.value, field.value, f"{message.name}: {field}")

    def test_encode(self) -> None:
        """What is sent are these bytes; what comes may be written in more ways than one."""
        for _, message, param, field in self.named():
            if field.bits is None and field.value is not None:
                codec = ParamCodec(param, Encoding())
                data = codec.encode(field.value)
                if message.kind == "command":
                    self.assertEqual(data, field.raw, f"{message.name}: {field}")
                self.assertEqual(codec.decode(data).value, field.value, f"{message.name}: {field}")

    def test_bits(self) -> None:
        for protocol, message, param, field in self.named():
            if field.bits is None:
                self.assertNotEqual(param.type, ParamType.GROUP, message.name)
                continue
            group = param.interprete
            bits = {bit.name: bit.interprete for bit in protocol.params if param.id in bit.type_id}
            assert group is not None
            self.assertEqual(set(bits), set(field.bits), message.name)
            data = bytes(len(field.raw))
            for name, value in field.bits.items():
                bit = bits[name]
                assert bit is not None
                self.assertEqual(read_bits(group, bit, field.raw), value, f"{message.name}: {name}")
                data = write_bits(group, bit, data, value)
            self.assertEqual(data, field.raw, message.name)

    def test_display(self) -> None:
        for _, message, param, field in self.named():
            if field.display and field.value is not None:
                self.assertEqual(display(param, field.value), field.display, f"{message.name}: {field}")

    def test_checksums(self) -> None:
        seen = 0
        for _, message, parts in self.all_parts():
            raws = [field.raw if field else b"" for _, field in parts]
            for param, field in parts:
                if param.crc is None or param.interprete is None or field is None:
                    continue
                covered = b"".join(raws[position] for position in param.crc.content)
                width = checksum_width(param.interprete, len(field.raw))
                made = checksum(param.crc, covered, width)
                self.assertEqual(made == field.value, not message.wrong, message)
                seen += 1
        self.assertGreater(seen, 80)

    def test_lengths(self) -> None:
        for _, message, parts in self.all_parts():
            raws = [field.raw if field else b"" for _, field in parts]
            for param, field in parts:
                if param.length_content is not None and field is not None:
                    expected = sum(len(raws[position]) for position in param.length_content)
                    self.assertEqual(field.value, expected, message)


class NmeaTest(SynchronousTestCase):
    """Against pynmea2."""

    maxDiff = None
    ATTRIBUTES: ClassVar = {
        "latitude": "lat",
        "latitude_side": "lat_dir",
        "longitude": "lon",
        "longitude_side": "lon_dir",
        "fix_quality": "gps_qual",
        "satellites_used": "num_sats",
        "altitude": "altitude",
        "geoid_separation": "geo_sep",
        "correction_age": "age_gps_data",
        "station": "ref_station_id",
        "status": "status",
        "speed_kmh": "spd_over_grnd_kmph",
        "magnetic_variation": "mag_variation",
        "variation_side": "mag_var_dir",
        "navigational_status": "nav_status",
        "fix_dimension": "mode_fix_type",
        "pdop": "pdop",
        "vdop": "vdop",
        "view_sentences": "num_messages",
        "view_sentence": "msg_num",
        "satellites_in_view": "num_sv_in_view",
        "course_magnetic": "mag_track",
        "heading": "heading",
        "day": "day",
        "month": "month",
        "year": "year",
        "zone_hours": "local_zone",
        "zone_minutes": "local_zone_minutes",
        "depth_feet": "depth_feet",
        "depth": "depth_meters",
        "depth_fathoms": "depth_fathoms",
        "wind_angle": "wind_angle",
        "wind_reference": "reference",
        "wind_speed": "wind_speed",
        "wind_unit": "wind_speed_units",
        "wind_status": "status",
    }
    BY_SENTENCE: ClassVar = {
        ("GGA", "hdop"): "horizontal_dil",
        ("GSA", "hdop"): "hdop",
        ("GSA", "selection"): "mode",
        ("RMC", "speed_knots"): "spd_over_grnd",
        ("RMC", "course"): "true_course",
        ("RMC", "mode"): "mode_indicator",
        ("VTG", "speed_knots"): "spd_over_grnd_kts",
        ("VTG", "course"): "true_track",
        ("VTG", "mode"): "faa_mode",
        ("GLL", "mode"): "faa_mode",
    }
    ELSEWHERE = frozenset({"talker", "unit", "utc_time", "clock_time", "date", "satellite_ids", "satellites"})

    def test_values(self) -> None:
        for message in right("nmea-0183"):
            sentence = pynmea2.parse(message.raw.decode(), check=True)
            if message.name == "other sentence":
                self.assertEqual(message.values["other_sentence"], str(sentence)[1:-3])
                continue
            kind = sentence.sentence_type
            self.assertEqual((message.name[:3], message.values["talker"]), (kind, sentence.talker))
            for name, value in message.values.items():
                attribute = self.BY_SENTENCE.get((kind, name), self.ATTRIBUTES.get(name))
                if attribute is not None:
                    theirs = getattr(sentence, attribute)
                    read = float if isinstance(value, int | float) else str
                    self.assertEqual(value, read("" if theirs is None else theirs), f"{message.name}: {name}")
                elif name != "system" and not CHECKSUM.fullmatch(name):
                    self.assertIn(name, self.ELSEWHERE)

    def test_fields(self) -> None:
        """Cut at the same places: lists of satellites are several fields of theirs."""
        for message in right("nmea-0183"):
            if message.name == "other sentence":
                continue
            ours = [field.raw.decode() for field in message.fields[3:-3] if field.name]
            self.assertEqual(
                ",".join(ours).split(","), pynmea2.parse(message.raw.decode(), check=True).data, message.name
            )

    def test_times(self) -> None:
        for message in right("nmea-0183"):
            told = message.values.get("utc_time") or message.values.get("clock_time")
            if told:
                sentence = pynmea2.parse(message.raw.decode(), check=True)
                self.assertEqual(str(told)[:6], sentence.timestamp.strftime("%H%M%S"))
            if message.values.get("date"):
                self.assertEqual(message.values["date"], sentence.datestamp.strftime("%d%m%y"))

    def test_checksums(self) -> None:
        for message in right("nmea-0183"):
            (value,) = (v for n, v in message.values.items() if CHECKSUM.fullmatch(n))
            self.assertEqual(value, pynmea2.NMEASentence.checksum(message.raw[1:-5].decode()))
        for message in wrong("nmea-0183"):
            self.assertRaises(pynmea2.ChecksumError, pynmea2.parse, message.raw.decode(), check=True)


class ModbusTest(SynchronousTestCase):
    """Against pymodbus: its framers read the messages, and write the same bytes."""

    ATTRIBUTES: ClassVar = {
        "first_holding_register": "address",
        "first_input_register": "address",
        "first_coil": "address",
        "first_discrete_input": "address",
        "coil_address": "address",
        "switched_address": "address",
        "write_address": "address",
        "written_address": "address",
        "exception": "exception_code",
        "unit": "dev_id",
    }
    FUNCTIONS: ClassVar = {
        "coil": (1, 5, 0x81, 0x85),
        "discrete": (2, 0x82),
        "holding": (3, 0x83),
        "input": (4, 0x84),
        "write": (6, 0x86),
        "register": (6, 0x86),
        "identif": (0x11, 0x91),
    }

    def pdu(self, framer: type[FramerBase], message: Message) -> tuple[FramerBase, ModbusPDU | None]:
        made = framer(DecodePDU(message.kind == "command"))
        used, pdu = made.handleFrame(message.raw, 0, 0)
        self.assertEqual(used, len(message.raw))
        return made, pdu

    def test_both_ways(self) -> None:
        for name, framer in (("modbus-rtu", FramerRTU), ("modbus-tcp", FramerSocket)):
            for message in right(name):
                made, pdu = self.pdu(framer, message)
                assert pdu is not None, message
                self.assertEqual(made.buildFrame(pdu), message.raw, message.name)
                kinds = next(f for word, f in self.FUNCTIONS.items() if word in message.name)
                self.assertIn(pdu.function_code, kinds, message.name)
                self.values(message, pdu)

    def values(self, message: Message, pdu: ModbusPDU) -> None:
        for name, value in message.values.items():
            attribute = self.ATTRIBUTES.get(name)
            if attribute is not None:
                self.assertEqual(value, getattr(pdu, attribute), f"{message.name}: {name}")
        registers = [v for n, v in message.values.items() if re.fullmatch(r"(holding|input)_\d", n)]
        registers += [v for n, v in message.values.items() if n in ("write_value", "written_value")]
        if registers:
            form = "f" if isinstance(registers[0], float) else "H"
            words = [v & 0xFFFF if isinstance(v, int) else v for v in registers]
            self.assertEqual(
                struct.pack(f">{len(words)}{form}", *words),
                b"".join(word.to_bytes(2, "big") for word in pdu.registers),
            )
        if message.bits:
            ours = [message.bits[name] for name in sorted(message.bits)]
            self.assertEqual([bool(bit) for bit in ours], pdu.bits)
        if "coil" in message.values:
            self.assertEqual([message.values["coil"] == 0xFF00], pdu.bits[:1])
        if "identification" in message.values:
            told = str(message.values["identification"]).encode("latin-1")
            self.assertEqual((told[:-1], told[-1:] == b"\xff"), (pdu.identifier, pdu.status))

    def test_checksums(self) -> None:
        for message in right("modbus-rtu"):
            (value,) = (v for n, v in message.values.items() if CHECKSUM.fullmatch(n))
            crc = FramerRTU.compute_CRC(message.raw[:-2])
            self.assertIn(value, (crc, crc >> 8 | (crc & 0xFF) << 8))
            self.assertEqual(int.from_bytes(message.raw[-2:], "little"), value)
        (bad,) = wrong("modbus-rtu")
        self.assertIsNone(FramerRTU(DecodePDU(False)).handleFrame(bad.raw, 0, 0)[1])


class DsmrTest(SynchronousTestCase):
    """Against dsmr_parser."""

    NAMES: ClassVar = {
        "version": "P1_MESSAGE_HEADER",
        "equipment_id": "EQUIPMENT_IDENTIFIER",
        "energy_import_1": "ELECTRICITY_USED_TARIFF_1",
        "energy_import_2": "ELECTRICITY_USED_TARIFF_2",
        "energy_export_1": "ELECTRICITY_DELIVERED_TARIFF_1",
        "energy_export_2": "ELECTRICITY_DELIVERED_TARIFF_2",
        "tariff": "ELECTRICITY_ACTIVE_TARIFF",
        "power_import": "CURRENT_ELECTRICITY_USAGE",
        "power_export": "CURRENT_ELECTRICITY_DELIVERY",
        "short_failures": "SHORT_POWER_FAILURE_COUNT",
        "long_failures": "LONG_POWER_FAILURE_COUNT",
        "message_code": "TEXT_MESSAGE_CODE",
        "message": "TEXT_MESSAGE",
        **{f"sags_l{n}": f"VOLTAGE_SAG_L{n}_COUNT" for n in (1, 2, 3)},
        **{f"swells_l{n}": f"VOLTAGE_SWELL_L{n}_COUNT" for n in (1, 2, 3)},
        **{f"voltage_l{n}": f"INSTANTANEOUS_VOLTAGE_L{n}" for n in (1, 2, 3)},
        **{f"current_l{n}": f"INSTANTANEOUS_CURRENT_L{n}" for n in (1, 2, 3)},
        **{f"power_import_l{n}": f"INSTANTANEOUS_ACTIVE_POWER_L{n}_POSITIVE" for n in (1, 2, 3)},
        **{f"power_export_l{n}": f"INSTANTANEOUS_ACTIVE_POWER_L{n}_NEGATIVE" for n in (1, 2, 3)},
        "gas_device": "DEVICE_TYPE",
        "gas_id": "EQUIPMENT_IDENTIFIER_GAS",
        "gas": "HOURLY_GAS_METER_READING",
    }
    IN_VERSION_5: ClassVar = {
        "MBUS_DEVICE_TYPE": "DEVICE_TYPE",
        "MBUS_EQUIPMENT_IDENTIFIER": "EQUIPMENT_IDENTIFIER_GAS",
        "MBUS_METER_READING": "HOURLY_GAS_METER_READING",
    }
    HERE = frozenset(
        {"meter", "timestamp", "power_limit", "switch", "failure_log", "gas_time", "gas_valve", "crc"}
    )

    def test_values(self) -> None:
        definition = ET.parse(PROTOCOLS / "dsmr-p1.xml").getroot()
        units = {p.findtext("Name"): p.findtext("Display/Units") for p in definition.iter("Param")}
        for message in right("dsmr-p1"):
            told = message.values
            theirs = self.parsed(message, told["version"])
            self.assertEqual(set(told) - set(self.NAMES), set(told) & self.HERE)
            for name in set(told) & set(self.NAMES):
                value, found = told[name], theirs[self.NAMES[name]]
                self.assertEqual(value, type(value)(found.value or type(value)()), f"{message.note}: {name}")
                unit = getattr(found, "unit", None)
                self.assertEqual(unit and units[name], unit, name)
            absent = {self.NAMES[name] for name in self.NAMES if name not in told} & set(theirs)
            self.assertEqual(absent, set(), message.note)

    def test_times(self) -> None:
        for message in right("dsmr-p1"):
            theirs = self.parsed(message, message.values["version"])
            self.assertEqual(self.utc(message.values["timestamp"]), theirs["P1_MESSAGE_TIMESTAMP"].value)
            if "gas" in message.values:
                reading = theirs["HOURLY_GAS_METER_READING"]
                self.assertEqual(self.utc(message.values["gas_time"]), reading.datetime)

    def utc(self, told: Scalar) -> datetime:
        ahead = timedelta(hours={"W": 1, "S": 2}[str(told)[-1]])
        return datetime.strptime(str(told)[:-1], "%y%m%d%H%M%S").replace(tzinfo=UTC) - ahead

    def parsed(self, message: Message, version: Scalar) -> dict[str, CosemObject]:
        spec = telegram_specifications.V5 if version == "50" else telegram_specifications.V4
        telegram = TelegramParser(spec).parse(message.raw.decode(), throw_ex=True)
        found = dict(tuple(telegram)) | dict(tuple(telegram.get_mbus_device_by_channel(1) or ()))
        return {self.IN_VERSION_5.get(name, name): value for name, value in found.items()}

    def test_checksums(self) -> None:
        parser = TelegramParser(telegram_specifications.V5)
        for message in right("dsmr-p1"):
            self.assertEqual(message.values["crc"], TelegramParser.crc16(message.raw[:-6].decode()))
        (bad,) = wrong("dsmr-p1")
        self.assertRaises(InvalidChecksumError, parser.parse, bad.raw.decode())


class ScpiTest(SynchronousTestCase):
    """Against pyvisa, which asks an instrument that pyvisa-sim plays."""

    QUESTIONS: ClassVar = {
        "identify": "identity",
        "measure voltage": "voltage",
        "measure current": "current",
        "read output": "output",
        "read error": "error",
    }

    def instrument(self, question: bytes, answer: bytes) -> Path:
        """Return the path of an instrument that knows one question."""
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "instrument.yaml"
        device = {"eom": {"ASRL INSTR": {"q": "\n", "r": "\n"}}, "error": "ERROR", "delimiter": "|"}
        device["dialogues"] = [{"q": question.decode()[:-1], "r": answer.decode()[:-1]}]
        told = {"spec": "1.1", "devices": {"it": device}, "resources": {"ASRL1::INSTR": {"device": "it"}}}
        YAML().dump(told, path)
        return path

    def test_questions(self) -> None:
        for command in right("scpi-meter", "command"):
            for response in right("scpi-meter", "response"):
                if self.QUESTIONS.get(command.name) != response.name:
                    continue
                manager = pyvisa.ResourceManager(f"{self.instrument(command.raw, response.raw)}@sim")
                self.addCleanup(manager.close)
                it = manager.open_resource("ASRL1::INSTR", read_termination="\n", write_termination="\n")
                it.write_raw(command.raw)
                self.assertEqual(it.read_raw(), response.raw)
                self.assertEqual(it.query(command.raw.decode()[:-1]) + "\n", response.raw.decode())
                it.close()

    def test_numbers(self) -> None:
        for message in right("scpi-meter", "response"):
            if message.name in ("voltage", "current", "output"):
                (value,) = message.values.values()
                self.assertEqual([value], from_ascii_block(message.raw.decode(), "f"))
            elif message.name in ("error", "refused"):
                code, text = from_ascii_block(message.raw.decode().strip(), "s")
                self.assertEqual(
                    [message.values["error_code"], message.values["error_text"]], [int(code), text.strip('"')]
                )


class Socket:
    """Hears a datagram, and answers it with what it was given."""

    def __init__(self, answer: bytes) -> None:
        self.sent = b""
        self.answer = answer

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self.sent = data

    def recv(self, size: int) -> bytes:
        return self.sent[:8] + self.answer


class ViscaTest(SynchronousTestCase):
    """Against visca_over_ip, whose datagrams are the same messages behind eight bytes."""

    def camera(self, answer: bytes) -> tuple[Camera, Socket]:
        camera = Camera.__new__(Camera)
        socket = Socket(answer)
        camera._cmd_sock = camera._inq_sock = socket
        camera._location, camera.num_retries, camera.sequence_number = ("camera", 1), 1, 1
        return camera, socket

    def call(self, camera: Camera, message: Message) -> None:
        values, bits = message.values, message.bits
        signs = {1: 1, 2: -1, 3: 0}
        match message.name:
            case "clear the buffers":
                camera._send_command("00 01")
            case "drive zoom":
                camera.zoom({0: 0, 2: 1, 3: -1}[bits["zoom_direction"]] * bits["zoom_speed"])
            case "go to zoom":
                camera.zoom_to(bits["zoom_position"] / 16384)
            case "drive pan and tilt":
                # A negative speed is direction 1 of theirs, whatever they call it.
                camera.pantilt(
                    -signs[values["pan"]] * values["pan_speed"], -signs[values["tilt"]] * values["tilt_speed"]
                )
            case "go home":
                camera.pantilt_home()
            case "go to preset":
                camera.recall_preset(values["preset"])
            case "set power":
                camera._send_command(f"04 00 {values['power']:02x}")
            case "ask power":
                camera._send_command("04 00", query=True)
            case "ask zoom":
                camera.get_zoom_position()

    def test_commands(self) -> None:
        heard = 0
        for message in right("visca", "command"):
            if message.raw[:1] != b"\x81" or message.bits == {"zoom_direction": 3, "zoom_speed": 0}:
                continue  # theirs is camera 1, and stops at speed 0
            camera, socket = self.camera(bytes.fromhex("90 50 00 00 00 00 FF"))
            self.call(camera, message)
            self.assertEqual(socket.sent[8:], message.raw, message.name)
            heard += 1
        self.assertGreater(heard, 10)

    def test_answers(self) -> None:
        for message in right("visca", "response"):
            camera, _ = self.camera(message.raw)
            if message.name == "zoom":
                self.assertEqual(camera.get_zoom_position(), message.bits["zoom_position"])
            elif message.name == "state of a command":
                camera.pantilt_home()
            elif message.name == "error":
                error = self.assertRaises(ViscaException, camera.pantilt_home)
                self.assertEqual(error.status_code, message.values["error"])


class PublishedTest(SynchronousTestCase):
    """Bytes that makers print in their manuals; for these protocols there is no package to ask."""

    PELCO_D: ClassVar = {  # the two command bytes, and the two data bytes where they mean something
        "up": "00 08",
        "down": "00 10",
        "left": "00 04",
        "right": "00 02",
        "zoom_tele": "00 20",
        "zoom_wide": "00 40",
        "focus_far": "00 80",
        "focus_near": "01 00",
        "iris_open": "02 00",
        "iris_close": "04 00",
        "stop": "00 00",
        "go to preset": "00 07",
        "store preset": "00 03",
        "ask pan": "00 51",
        "ask tilt": "00 53",
        "pan": "00 59",
        "tilt": "00 5B",
    }
    SONY: ClassVar = {
        "stop": "20 00 20",
        "play": "20 01 21",
        "record": "20 02 22",
        "fast forward": "20 10 30",
        "rewind": "20 20 40",
        "acknowledged": "10 01 11",
    }

    def test_pelco_d(self) -> None:
        for message in ALL["pelco-d"]:
            words = [bytes.fromhex(self.PELCO_D[bit]) for bit, on in message.bits.items() if on]
            if not message.bits:
                words = [bytes.fromhex(self.PELCO_D[message.name])]
            expected = bytes(sum(word[n] for word in words) for n in (0, 1))
            self.assertEqual(message.raw[2:4], expected, message.name)
            self.assertEqual((message.raw[0], len(message.raw)), (0xFF, 7))
            self.assertEqual(sum(message.raw[1:6]) % 256 == message.raw[6], not message.wrong, message.note)

    def test_sony(self) -> None:
        heard = {message.raw for message in right("sony-9pin")}
        self.assertLessEqual({bytes.fromhex(text) for text in self.SONY.values()}, heard)
        for message in ALL["sony-9pin"]:
            self.assertEqual(len(message.raw), (message.raw[0] & 15) + 3, message.name)
            self.assertEqual(sum(message.raw[:-1]) % 256 == message.raw[-1], not message.wrong, message.note)
