"""Definitions made by hand, in Python: they mean what their text means, and they break no rule."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.authoring import (
    BIG,
    bit_group,
    bits,
    command,
    crc,
    every,
    fixed,
    header,
    length,
    number,
    numeric_text,
    pair,
    poll,
    response,
    serial,
    smart_serial,
    text,
    trailer,
    when,
)
from smartserial.definition.check import check, check_protocol
from smartserial.definition.connection import ConnectionType
from smartserial.definition.flow import ItemKind, TriggerOn, TriggerTime
from smartserial.definition.languages.communication import CommunicationOptions, PacketInfo
from smartserial.definition.measurement import Display
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import Endian, LengthType, Param, ParamType, RawType, ValueType
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.writing.xml import to_xml
from smartserial.definition.xml import parse_xml

START, END = fixed(1, "start", b"\x02"), trailer(2, "end", b"\x03")
ASK_LEVEL = fixed(3, "ask level", "L?")
LEVEL = number(10, "level", 2, endian=BIG, units="mm")
WARMTH = number(11, "warmth", 2, signed=True, endian=BIG, factor=0.1, units="°C")
STATE = bit_group(12, "state", 1)
FULL, PUMP = bits(13, "full", STATE, 7), bits(14, "pump", STATE, 5, 2)
SENT_SUM, HEARD_SUM = crc(20, "sent sum", "exor", [1]), crc(21, "heard sum", "exor", [1, 2, 3])
ASK = command(1, "ask", START, ASK_LEVEL, SENT_SUM, END)
SAID = response(1, "said", START, LEVEL, WARMTH, STATE, HEARD_SUM, END)
ASKING = pair(1, "level", ASK, SAID)
ROUND = poll(1, "round", ASKING)
TANK = Protocol(
    name="Tank Gauge",
    relative_timers=True,
    connections=(serial("Serial Connection", 9600),),
    params=(START, END, ASK_LEVEL, LEVEL, WARMTH, STATE, FULL, PUMP, SENT_SUM, HEARD_SUM),
    commands=(ASK,),
    responses=(SAID,),
    pairs=(ASKING,),
    groups=(ROUND,),
    timers=(every(1, "often", 5000, ROUND),),
    triggers=(
        when(1, "before sending", TriggerOn.COMMAND, TriggerTime.BEFORE, 1),
        when(2, "before reading", TriggerOn.RESPONSE, TriggerTime.BEFORE, 2, 3),
    ),
    actions=(
        Action(1, "sum up", ActionOn.COMMAND, ActionType.CRC),
        Action(2, "read", ActionOn.RESPONSE, ActionType.READ),
        Action(3, "check the sum", ActionOn.RESPONSE, ActionType.CRC),
    ),
)
IN_XML = """<?xml version="1.0" encoding="utf-8"?>
<Protocol>
  <Name>Tank Gauge</Name><Version>1.0.0.1</Version>
  <Type relativeTimers="true">serial</Type>
  <PortSettings name="Serial Connection">
    <Type><DefaultValue>rs232</DefaultValue></Type><Baudrate><DefaultValue>9600</DefaultValue></Baudrate>
  </PortSettings>
  <Params>
    <Param id="1"><Name>start</Name><Type>fixed</Type><Interprete><RawType>other</RawType>
      <LengthType>fixed</LengthType><Length>1</Length><Type>string</Type><Value>0x02</Value></Interprete></Param>
    <Param id="2"><Name>end</Name><Type>trailer</Type><Interprete><RawType>other</RawType>
      <LengthType>fixed</LengthType><Length>1</Length><Type>string</Type><Value>0x03</Value></Interprete></Param>
    <Param id="3"><Name>ask level</Name><Type>fixed</Type><Interprete><RawType>other</RawType>
      <LengthType>fixed</LengthType><Length>2</Length><Type>string</Type><Value>L?</Value></Interprete></Param>
    <Param id="10"><Name>level</Name><Type>read</Type><Interprete><RawType>unsigned number</RawType>
      <LengthType>fixed</LengthType><Length>2</Length><Type>double</Type><Endian>big</Endian></Interprete>
      <Display><RTDisplay>true</RTDisplay><Units>mm</Units></Display></Param>
    <Param id="11"><Name>warmth</Name><Type>read</Type><Interprete><RawType>signed number</RawType>
      <LengthType>fixed</LengthType><Length>2</Length><Type>double</Type><Endian>big</Endian>
      <Factor>0.1</Factor></Interprete>
      <Display><RTDisplay>true</RTDisplay><Units>°C</Units></Display></Param>
    <Param id="12"><Name>state</Name><Type>group</Type><Interprete><RawType>other</RawType>
      <LengthType>fixed</LengthType><Length>1</Length><Type>string</Type></Interprete></Param>
    <Param id="13"><Name>full</Name><Type id="12">read bit</Type><Interprete>
      <RawType>unsigned number</RawType><LengthType>fixed</LengthType><Length>1</Length><Type>double</Type>
      <StartPosition>7</StartPosition></Interprete></Param>
    <Param id="14"><Name>pump</Name><Type id="12">read bit</Type><Interprete>
      <RawType>unsigned number</RawType><LengthType>fixed</LengthType><Length>1</Length><Type>double</Type>
      <StartPosition>5</StartPosition><NbrOfBits>2</NbrOfBits></Interprete></Param>
    <Param id="20"><Name>sent sum</Name><Type>crc</Type><Interprete><RawType>unsigned number</RawType>
      <LengthType>fixed</LengthType><Length>1</Length><Type>double</Type></Interprete>
      <CRC><Type>exor</Type><Content><Param>1</Param></Content></CRC></Param>
    <Param id="21"><Name>heard sum</Name><Type>crc</Type><Interprete><RawType>unsigned number</RawType>
      <LengthType>fixed</LengthType><Length>1</Length><Type>double</Type></Interprete>
      <CRC><Type>exor</Type><Content><Param>1</Param><Param>2</Param><Param>3</Param></Content></CRC></Param>
  </Params>
  <Commands><Command id="1"><Name>ask</Name>
    <Content><Param>1</Param><Param>3</Param><Param>20</Param><Param>2</Param></Content></Command></Commands>
  <Responses><Response id="1"><Name>said</Name>
    <Content><Param>1</Param><Param>10</Param><Param>11</Param><Param>12</Param><Param>21</Param>
      <Param>2</Param></Content></Response></Responses>
  <Pairs><Pair id="1"><Name>level</Name>
    <Content><Command>1</Command><Response>1</Response></Content></Pair></Pairs>
  <Groups><Group id="1"><Name>round</Name><Type>poll</Type><Content><Pair>1</Pair></Content></Group></Groups>
  <Triggers>
    <Trigger id="1"><Name>before sending</Name><On id="each">command</On><Time>before</Time>
      <Type>action</Type><Content><Id>1</Id></Content></Trigger>
    <Trigger id="2"><Name>before reading</Name><On id="each">response</On><Time>before</Time>
      <Type>action</Type><Content><Id>2</Id><Id>3</Id></Content></Trigger>
  </Triggers>
  <Actions>
    <Action id="1"><Name>sum up</Name><On>command</On><Type>crc</Type></Action>
    <Action id="2"><Name>read</Name><On>response</On><Type>read</Type></Action>
    <Action id="3"><Name>check the sum</Name><On>response</On><Type>crc</Type></Action>
  </Actions>
  <Timers><Timer id="1"><Name>often</Name><Time>5000</Time>
    <Content><Group>1</Group></Content></Timer></Timers>
</Protocol>
"""


class DeviceTest(SynchronousTestCase):
    maxDiff = None

    def test_no_rule_is_broken(self) -> None:
        self.assertEqual(check_protocol(TANK), [])

    def test_its_text_means_the_same(self) -> None:
        self.assertEqual(check(IN_XML.encode()), (TANK, []))

    def test_the_text_written_for_it_means_the_same(self) -> None:
        self.assertEqual(check(to_xml(TANK).encode()), (TANK, []))

    def test_what_is_wrong_is_found(self) -> None:
        """By the path of the value, as there is no line."""
        wrong = replace(TANK, responses=(replace(SAID, content=(*SAID.content, 99)),))
        found = next(finding for finding in check_protocol(wrong) if finding.severity == "error")
        self.assertEqual((found.file, found.line, found.code), ("Tank Gauge", 0, "RE01"))
        self.assertIn("Protocol/Responses/Response[1]", found.path)


class ParamsTest(SynchronousTestCase):
    def shape(self, param: Param) -> tuple[object, ...]:
        shape = param.interprete
        assert shape is not None
        return (
            param.type,
            shape.raw_type,
            shape.length_type,
            shape.length,
            shape.type,
            shape.endian,
            shape.base,
        )

    def test_shapes(self) -> None:
        kind, raw, held = ParamType, RawType, ValueType
        little, big = None, Endian.BIG
        fixed_, next_ = LengthType.FIXED, LengthType.NEXT_PARAM
        string, double = held.STRING, held.DOUBLE
        table: tuple[tuple[Param, tuple[object, ...]], ...] = (
            (fixed(1, "", "abc"), (kind.FIXED, raw.OTHER, fixed_, 3, string, little, 10)),
            (header(1, "", b"\x01"), (kind.HEADER, raw.OTHER, fixed_, 1, string, little, 10)),
            (trailer(1, "", "\r\n"), (kind.TRAILER, raw.OTHER, fixed_, 2, string, little, 10)),
            (text(1, ""), (kind.READ, raw.OTHER, next_, None, string, little, 10)),
            (text(1, "", 5, kind=kind.WRITE), (kind.WRITE, raw.OTHER, fixed_, 5, string, little, 10)),
            (number(1, "", 4), (kind.READ, raw.UNSIGNED_NUMBER, fixed_, 4, double, little, 10)),
            (
                number(1, "", 2, signed=True, endian=BIG),
                (kind.READ, raw.SIGNED_NUMBER, fixed_, 2, double, big, 10),
            ),
            (numeric_text(1, ""), (kind.READ, raw.NUMERIC_TEXT, next_, None, double, little, 10)),
            (numeric_text(1, "", 4, base=16), (kind.READ, raw.NUMERIC_TEXT, fixed_, 4, double, little, 16)),
            (length(1, "", 2), (kind.LENGTH, raw.UNSIGNED_NUMBER, fixed_, 2, double, little, 10)),
            (length(1, "", 2, base=10), (kind.LENGTH, raw.NUMERIC_TEXT, fixed_, 2, double, little, 10)),
            (crc(1, "", "sum", [], 2, 16), (kind.CRC, raw.NUMERIC_TEXT, fixed_, 2, double, little, 16)),
            (bit_group(1, "", 2, endian=BIG), (kind.GROUP, raw.OTHER, fixed_, 2, string, big, 10)),
            (bits(1, "", 9, 3), (kind.READ_BIT, raw.UNSIGNED_NUMBER, fixed_, 1, double, little, 10)),
        )
        for number_, (param, expected) in enumerate(table):
            self.assertEqual(self.shape(param), expected, number_)

    def test_what_is_covered(self) -> None:
        self.assertEqual(length(1, "", 1).length_content, None)
        self.assertEqual(length(1, "", 1, [0, 2]).length_content, (0, 2))
        found = crc(1, "", "modbus", range(3)).crc
        assert found is not None
        self.assertEqual((found.type, found.content), ("modbus", (0, 1, 2)))

    def test_constants(self) -> None:
        found = header(1, "start", b"\x02", link=4, connection=1)
        assert found.interprete is not None
        self.assertEqual(found.interprete.value, b"\x02")
        self.assertEqual((found.options.connection, found.options.header_trailer_link), (1, 4))
        self.assertEqual(trailer(1, "end", "\r", link=4).options.header_trailer_link, 4)

    def test_constants_that_look_like_hex(self) -> None:
        """They are what is written in them, one byte for each character."""
        for make in (fixed, header, trailer):
            for said in ("0x0D", "0x0D0x0a", " 0x0D\n", "0x0D0A"):
                found = make(1, "f", said).interprete
                assert found is not None
                self.assertEqual((found.value, found.length), (said.encode(), len(said)))
        for said in ("0x0", "0X0D", "x0x0D", "", "\u20ac", "\xa00x0D"):
            found = fixed(1, "f", said).interprete
            assert found is not None
            self.assertEqual((found.value, found.length), (said, len(said)))

    def test_what_looks_like_hex_is_written_and_read(self) -> None:
        param = fixed(1, "f", "0x0D")
        found = read_protocol(parse_xml(to_xml(Protocol("x", params=(param,))).encode()).root)
        self.assertEqual(found.params, (param,))

    def test_bits_name_their_group(self) -> None:
        self.assertEqual(bits(2, "", bit_group(1, "", 1), 3).type_id, (1,))
        self.assertEqual(bits(2, "", 1, 3).type_id, (1,))

    def test_units(self) -> None:
        self.assertEqual(number(1, "", 1, units="V").display, Display(True, "V"))
        self.assertEqual(numeric_text(1, "", units="A").display, Display(True, "A"))


class MessagesTest(SynchronousTestCase):
    def test_params_or_ids(self) -> None:
        self.assertEqual(command(1, "a", text(5, ""), 6), Command(1, "a", (5, 6)))
        self.assertEqual(response(1, "a", 5, text(6, ""), connection=2), Response(1, "a", (5, 6), 2))

    def test_pairs(self) -> None:
        self.assertEqual(pair(1, "a", 2), Pair(1, "a", 2))
        found = pair(1, "a", command(2, ""), 3, response(4, ""), connection=1)
        self.assertEqual((found.command, found.responses, found.options.connection), (2, (3, 4), 1))

    def test_groups_and_timers(self) -> None:
        group = poll(1, "a", 5, pair(6, "", 1), connection=1)
        self.assertEqual(
            [(item.kind, item.id) for item in group.content], [(ItemKind.PAIR, 5), (ItemKind.PAIR, 6)]
        )
        self.assertEqual(group.connection, 1)
        timer = every(1, "a", 500, group, 7)
        self.assertEqual((timer.time, timer.groups), (500, (1, 7)))

    def test_triggers(self) -> None:
        found = when(1, "a", TriggerOn.PARAMETER, TriggerTime.CHANGE, 5, 6, which=9)
        self.assertEqual((found.on_id, [step.id for step in found.content]), (9, [5, 6]))

    def test_connections(self) -> None:
        found = smart_serial("IP Connection", 7001, CommunicationOptions(packet_info=PacketInfo(0, 2)))
        self.assertIs(found.type, ConnectionType.SMART_SERIAL)
        assert found.port.ip_port is not None and found.port.port_type_serial is not None
        self.assertEqual(
            (found.name, found.port.name, found.port.ip_port.default), (*["IP Connection"] * 2, 7001)
        )
        self.assertTrue(found.port.port_type_serial.disabled)
        self.assertEqual(found.communication.packet_info, PacketInfo(0, 2))
        self.assertIsNone(smart_serial("a").port.ip_port)
        self.assertIsNone(serial("a").port.baudrate)
