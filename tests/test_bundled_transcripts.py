"""What devices say, against the bundled definitions as XML, as we read them, and against manuals."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

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
from tests.transcriptloader import ALL, NAMES, PROTOCOLS, TRANSCRIPTS, Field, Message, Scalar, right, wrong


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
                self.assertEqual(made == field.value, message.wrong in ("", "length"), message)
                seen += 1
        self.assertGreater(seen, 80)

    def test_lengths(self) -> None:
        wrong_ones = []
        for _, message, parts in self.all_parts():
            raws = [field.raw if field else b"" for _, field in parts]
            for param, field in parts:
                if param.length_content is not None and field is not None:
                    expected = sum(len(raws[position]) for position in param.length_content)
                    if field.value != expected:
                        wrong_ones.append(message)
        told = [message for name in NAMES for message in wrong(name) if message.wrong == "length"]
        self.assertEqual(wrong_ones, told)


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
