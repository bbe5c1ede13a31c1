"""What devices say, against what others wrote for these devices."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
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
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pyvisa.util import from_ascii_block
from ruamel.yaml import YAML
from twisted.trial.unittest import SynchronousTestCase
from visca_over_ip import Camera
from visca_over_ip.exceptions import ViscaException

from tests.transcriptloader import CHECKSUM, PROTOCOLS, Message, Scalar, right, wrong


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

    def test_counts(self) -> None:
        """Too many bytes are refused; of too few they take what is counted: less than was asked for."""
        for message in wrong("modbus-tcp"):
            framer = FramerSocket(DecodePDU(False))
            if message.raw[8] > len(message.raw) - 9:
                self.assertRaises(ModbusIOException, framer.handleFrame, message.raw, 0, 0)
            else:
                _, pdu = framer.handleFrame(message.raw, 0, 0)
                assert pdu is not None
                self.assertEqual(len(pdu.registers), message.raw[8] // 2)
                self.assertLess(message.raw[8], len(message.raw) - 9)


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
