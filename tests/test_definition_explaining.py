"""A definition in words: one device whole, and each way to say a connection, a message and a moment."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import check
from smartserial.definition.explaining.connections import units
from smartserial.definition.explaining.flows import does, when
from smartserial.definition.explaining.parts import absences
from smartserial.definition.explaining.whole import explain
from smartserial.definition.flow import TriggerTime
from smartserial.definition.languages.optional import Optional
from smartserial.definition.message import Response
from smartserial.definition.param import Interprete, LengthType, Param, ParamType
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.values.text import Encoding
from smartserial.definition.xml import parse_xml
from smartserial.engine.framing.content import Content
from smartserial.layout import as_text

from .rulebook import PORT, constant, definition, fixed, param, serial

HEADER = ' options="headerTrailerLink=1"'
MAST = (Path(__file__).parent / "definitions" / "mast.xml").read_text(encoding="utf-8")
MAST_TEXT = """\
Test 1.0.0.1
============

Connections
-----------

id  name           type          default  units        options
0   IP Connection  smart-serial  TCP      "<T," to 0D  -

Commands
--------

Command 1 acknowledge
~~~~~~~~~~~~~~~~~~~~~

at  bytes  param  holds  meaning
0   3      1 p1   "<T,"  -
3   3      4 p4   "ACK"  -
6   1      3 p3   0D     -

Responses
---------

Response 1 wind
~~~~~~~~~~~~~~~

at  bytes       param  holds             meaning
0   3           1 p1   "<T,"             -
3   1           5 p5   unsigned number   -
4   up to 3 p3  2 p2   number in digits  in m/s
    1           3 p3   0D                -

- bit 7 of 5 p5 (mask 01): 6 alarm: 0 = No, 1 = Yes

Pairs
-----

- pair 1 acknowledge: command 1 acknowledge

What polls when
---------------

- timer 1 slow: every 1 min, 75 ms between pairs and groups, once it is started
  - group 2 check, if id:2 > 10
    - sends command 1 acknowledge

What triggers what
------------------

- trigger 1 read: before any response
  - action 1 read: read of that response
- trigger 2 wind: after response 1 wind
  - action 2 answer: execute group 1 acknowledge

Groups that no timer runs
-------------------------

- group 1 acknowledge
  - sends command 1 acknowledge"""


def read(text: str) -> Protocol:
    protocol, findings = check(text.encode())
    assert protocol is not None, "\n".join(map(str, findings))
    return protocol


class WholeTest(SynchronousTestCase):
    maxDiff = None

    def test_a_device(self) -> None:
        self.assertEqual(as_text(explain(read(MAST))), MAST_TEXT)


END = constant(1, "0x03", "trailer")
LINKED_END = constant(1, "0x0D0x0A", "trailer", HEADER)
STUFFING = "on=command,response;escape=0x10;stuffing=0x02"
START = constant(2, "$", "header", HEADER)
UNITS = (
    ("", "", "", "what comes within 15 ms"),
    ("maxReceiveBuffer:64", "", "", "what comes within 15 ms, 64 bytes at most"),
    ("packetInfo:1,2", "", "", "a length of 2 bytes at 1, big-endian, counts the whole packet"),
    (
        "packetInfo:0,4,false,littleEndian",
        "",
        "",
        "a length of 4 bytes at 0, little-endian, counts what follows it",
    ),
    ("", "", LINKED_END, "up to 0D 0A"),
    ("", "", START + LINKED_END, '"$" to 0D 0A'),
    ("", "", END, "up to 03"),
    (
        "",
        f'<Advanced stuffing="{STUFFING}"/>',
        END,
        "up to 03; 10 escapes 02",
    ),
    ("packetInfo:1,2", "", LINKED_END, "a length of 2 bytes at 1, big-endian, counts the whole packet"),
    ("packetInfo:3,1", "", "", "a length of 1 byte at 3, counts the whole packet"),
    ("", "", LINKED_END + constant(3, "!", "trailer") + constant(4, "?", "header"), '"?" to "!"'),
    (
        "",
        "",
        LINKED_END + constant(3, "!", "trailer", ' options="headerTrailerLink=2"'),
        'up to 0D 0A, up to "!"',
    ),
    ("", "", constant(1, "0x0D", "trailer", ' times="2"'), "up to 0D the 2nd time"),
    ("", "", constant(1, "AB", "trailer").replace("<Length>2", "<Length>3"), 'up to 20 41 42 " AB"'),
    ("", f'<Advanced stuffing="{STUFFING}"/>', LINKED_END, "what comes within 15 ms; 10 escapes 02"),
    ("", f'<Advanced stuffing="{STUFFING}"/>', "", "none, for want of a trailer; 10 escapes 02"),
    (
        "",
        f'<Advanced stuffing="{STUFFING};allowed=0x03,0x04;startoffset=1;endoffset=2"/>',
        END,
        "up to 03; 10 escapes 02, unless 03 or 04 follows, but not in the first byte and the last 2 bytes",
    ),
)
ON = (
    ("command", 'id="each"', "before", "before any command"),
    ("command", 'id="1"', "after", "after command 1 acknowledge"),
    ("response", 'id="1"', "before", "before response 1 wind"),
    ("pair", 'id="1"', "succeeded", "when pair 1 acknowledge succeeds"),
    ("pair", 'id="1"', "timeout", "when pair 1 acknowledge times out"),
    ("pair", 'id="1"', "timeout after retries", "when pair 1 acknowledge times out for the last time"),
    ("group", 'id="2"', "after", "after group 2 check"),
    ("parameter", 'id="2"', "change", "when param 2 p2 changes"),
    ("parameter", 'id="2"', "change after response", "when param 2 p2 has changed, after its response"),
    ("protocol", "", "after startup", "after startup"),
    ("timer", 'id="1"', "before", "before timer 1 slow"),
    ("communication", "", "0x15", "when the connection reports 15"),
    ("communication", "", "TIMEOUT", 'when the connection reports "TIMEOUT"'),
)
DO = (
    ('<On id="1">group</On><Type>execute next</Type>', "execute next group 1 acknowledge"),
    ("<On>response</On><Type>crc</Type>", "crc of that response"),
    ('<On id="2">parameter</On><Type id="5">copy</Type>', "copy parameter 2 p2, param 5 p5"),
    ('<On>protocol</On><Type nr="1">close</Type>', "close, number 1"),
    ('<On>protocol</On><Type value="500">sleep</Type>', "sleep, value 500"),
    (
        '<On id="1">timer</On><Type>start</Type><Condition>id:2 == 1</Condition>',
        "start timer 1 slow, if id:2 == 1",
    ),
)


class PartsTest(SynchronousTestCase):
    """What is said in words needs no sound definition: these are read, not checked."""

    def read(self, text: str) -> Protocol:
        return read_protocol(parse_xml(text.encode()).root)

    def test_units(self) -> None:
        for options, advanced, params, expected in UNITS:
            with self.subTest(options=options, params=params):
                type = f'<Type communicationOptions="{options}">smart-serial</Type>{advanced}'
                self.assertEqual(
                    units(self.read(definition(f"<Params>{params}</Params>", type)), 0), expected
                )

    def test_units_of_serial_connections(self) -> None:
        self.assertEqual(units(self.read(serial(f"<Params>{END}</Params>")), 0), "answers to commands")

    def test_moments(self) -> None:
        for on, attribute, time, expected in ON:
            with self.subTest(on=on, time=time):
                trigger = f'<Trigger id="9"><On {attribute}>{on}</On><Time>{time}</Time></Trigger>'
                protocol = self.read(MAST.replace("</Triggers>", f"{trigger}</Triggers>"))
                self.assertEqual(when(protocol, protocol.trigger[9]), expected)

    def test_every_moment_has_words(self) -> None:
        said = {time for _, _, time, _ in ON} | {"link file change"}
        self.assertEqual({time.value for time in TriggerTime} - said, set())

    def test_actions(self) -> None:
        for text, expected in DO:
            with self.subTest(text=text):
                action = f'<Action id="9"><Name>a</Name>{text}</Action>'
                protocol = self.read(MAST.replace("</Actions>", f"{action}</Actions>"))
                self.assertEqual(does(protocol, protocol.action[9]), f"action 9 a: {expected}")

    def test_what_is_missing_is_said(self) -> None:
        broken = MAST.replace('<Param id="2">', '<Param id="22">').replace('<Pair id="1">', '<Pair id="7">')
        written = as_text(explain(self.read(broken)))
        self.assertIn("2 (missing)", written)
        self.assertIn("pair 1 (missing)", written)

    def test_connections(self) -> None:
        options = "maxConcurrentConnections:2;notifyConnectionPIDs:2,6;smartIpHeader;makeCommandByProtocol"
        type = (
            f'<Type advanced="serial:Heater" communicationOptions="{options};redundantPolling">'
            "smart-serial single</Type>"
        )
        settings = (
            "<Type><DefaultValue>rs232</DefaultValue></Type>"
            "<Baudrate><DefaultValue>4800</DefaultValue></Baudrate>"
            "<Parity><DefaultValue>even</DefaultValue></Parity>"
            "<TimeoutTime><DefaultValue>800</DefaultValue></TimeoutTime>"
            "<Retries><DefaultValue>1</DefaultValue></Retries>"
        )
        ports = f"{PORT}<Ports><PortSettings>{settings}</PortSettings></Ports>"
        params = f"<Params>{param(2)}{param(6)}</Params>"
        written = as_text(explain(self.read(definition(params, type, ports))))
        for part in (
            "smart-serial single",
            "2 clients at most",
            "who comes is in param 2 p2, who goes in param 6 p6",
            "each unit begins with its sender's address",
            "commands are made when their group is queued",
            "the other connection is tried on a timeout",
            "a serial line, 4800 8E1, answers within 800 ms, 1 retry",
        ):
            self.assertIn(part, written)


def interprete(text: str) -> str:
    """A param 2 whose bytes are as `text` says, of fixed length 2 if nothing else is said."""
    said = "" if "<LengthType" in text else "<LengthType>fixed</LengthType>"
    said += "" if "<Length>" in text or "<LengthType" in text else "<Length>2</Length>"
    return f"<Interprete>{said}{text}</Interprete>"


def number(text: str, type: str = "read") -> str:
    return param(2, type, interprete(f"<RawType>signed number</RawType><Type>double</Type>{text}"))


def valued(value: str, length: int, raw_type: str = "other") -> str:
    return param(
        2,
        "fixed",
        interprete(
            f"<RawType>{raw_type}</RawType><Type>string</Type><Length>{length}</Length><Value>{value}</Value>"
        ),
    )


def crc(attributes: str, said: str = "<RawType>unsigned number</RawType>") -> str:
    covered = "<Content><Param>0</Param></Content>"
    return param(2, "crc", interprete(said), more=f"<CRC><Type {attributes}>sum</Type>{covered}</CRC>")


# The definition of a param 2, and its bytes, what it holds and what it means.
FIELDS = (
    (valued("OK", 4), "4", '20 20 4F 4B "  OK"', "-"),
    (valued("AB", 1), "1", '20 " "', "-"),
    (valued("AB", 2), "2", '"AB"', "-"),
    (valued("0xAB", 3), "3", "20 20 AB", "-"),
    (valued("°", 1), "1", 'B0 "°"', "-"),
    (valued("7", 2, "unsigned number"), "2", "00 37", "-"),
    (valued("A", 70), "70", f"{'20 ' * 64}and 6 bytes more", "-"),
    (crc(""), "2", "sum over 1 p1, little-endian", "-"),
    (
        crc('mod="95" off="-32" totaloffset="32"'),
        "2",
        "sum over 1 p1, less 32, modulo 95, plus 32, little-endian",
        "-",
    ),
    (
        crc('byteoffset="3" groupbytes="2" options="ONES COMPLEMENT;OR TOTALOFFSET" totaloffset="64"'),
        "2",
        "sum over 1 p1 (each byte plus 3, 2 bytes at a time as hex digits), or 64, all bits turned over, "
        "little-endian",
        "-",
    ),
    (
        crc('groupbytes="2;binary"', "<RawType>numeric text</RawType><Base>16</Base>"),
        "2",
        "sum over 1 p1 (2 bytes at a time as binary numbers, lowest byte first), in hex digits",
        "-",
    ),
    (number("<Endian>big</Endian>"), "2", "signed number, big-endian", "-"),
    (
        number('<Factor>65535.5</Factor><Sequence noset="true">div:10;offset:id:1;log10;rest:7</Sequence>'),
        "2",
        "signed number, little-endian",
        "times 65535.5; divided by 10, plus param 1 p1, 10 times its logarithm, modulo 7",
    ),
    (
        number('<OffSet>5</OffSet><Sequence noset="true" loop="1010">offset;min:2;pow:3</Sequence>', "write"),
        "2",
        "signed number, little-endian",
        "a counter that starts again at 1010; before it is sent plus 5, less 2, to the power of 3",
    ),
    (
        number('<Scale lowData="0" highData="4095" low="-40" high="85"/>'),
        "2",
        "signed number, little-endian",
        "0 to 4095 become -40 to 85",
    ),
    (
        number("<Range><Low>-5</Low><High>9.5</High></Range>"),
        "2",
        "signed number, little-endian",
        "ignored outside -5 to 9.5",
    ),
    (number("<Range><Low>1</Low></Range>"), "2", "signed number, little-endian", "ignored below 1"),
    (number("<Range><High>1</High></Range>"), "2", "signed number, little-endian", "ignored above 1"),
    (
        number(
            '<Decimals>1</Decimals><Rounding>halfUp</Rounding><Exceptions><Exception id="1" value="-999.9">'
            "<Display>No probe</Display><Value>-1000</Value></Exception></Exceptions>"
        ),
        "2",
        "signed number, little-endian",
        "rounded to 1 decimal, halves up; -999.9 = No probe (-1000 to alarms)",
    ),
    (number("<Decimals>0</Decimals>"), "2", "signed number, little-endian", "no decimals"),
    (
        number('<Others><Other id="1"><Display>Off</Display><Value>10</Value></Other></Others>'),
        "2",
        "signed number, little-endian",
        'the bytes "<" of param 1 p1 = 10 Off',
    ),
    (
        param(
            2,
            "read",
            interprete("<RawType>unsigned number</RawType><Type>high nibble</Type><Length>1</Length>"),
        ),
        "1",
        "number in the high nibble",
        "-",
    ),
    (
        param(2, "read", interprete("<RawType>bcd</RawType><Type>double</Type>")),
        "2",
        "number in BCD, first byte first",
        "-",
    ),
    (
        param(
            2,
            "read",
            interprete(
                "<RawType>bcd</RawType><Type>double</Type><Endian>little</Endian><Alignment>left</Alignment>"
            ),
        ),
        "2",
        "number in BCD, last byte first, its left half byte is padding",
        "-",
    ),
    (
        param(
            2,
            "group",
            interprete(
                "<RawType>other</RawType><Type>string</Type><Bits>4</Bits><ByteOffset>48</ByteOffset><Endian>big</Endian>"
            ),
        ),
        "2",
        "bytes, bits counted from the last byte, the lowest 4 bits of each, each plus 48",
        "-",
    ),
    (constant(2, "0x0D", "trailer", ' times="3"'), "1", "0D", "ends the message when it comes the 3rd time"),
)
# The options of a pair, and what is told of it.
PAIRS = (
    ("", ""),
    ("connection:1", " on connection 1"),
    ("connection:0", " on connection 0"),
    ("oneByte:7", "; byte by byte, 7 ms apart"),
    ("commBreak", "; after a break and 5 ms"),
    ("ignoreTimeout", "; no answer is no timeout of the element"),
    ("receiveInterval:30", "; 30 ms of silence end the answer"),
    ("retries:1;commBreak:1000;oneByte", "; after a break and 1 s; byte by byte, 5 ms apart; 1 retry"),
)
TWO = '<Type relativeTimers="true"{}>smart-serial</Type>'


class FieldsTest(SynchronousTestCase):
    maxDiff = None

    def read(self, text: str) -> Protocol:
        return read_protocol(parse_xml(text.encode()).root)

    def written(self, body: str, type: str = TWO.format(""), head: str = "") -> str:
        return as_text(explain(self.read(definition(body, type, head=head))))

    def test_fields(self) -> None:
        for said, *expected in FIELDS:
            with self.subTest(said=said):
                body = f"<Params>{constant(1, '&lt;')}{said}</Params>"
                response = "<Content><Param>1</Param><Param>2</Param></Content>"
                body += f'<Responses><Response id="1"><Name>r</Name>{response}</Response></Responses>'
                written = self.written(body).splitlines()
                row = written[written.index("Response 1 r") + 5]
                told = " ".join(("1", expected[0], "2 p2", *expected[1:]))
                self.assertEqual(row.split(), told.split())

    def test_pairs(self) -> None:
        for options, expected in PAIRS:
            with self.subTest(options=options):
                text = MAST.replace('<Pair id="1">', f'<Pair id="1" options="{options}">')
                written = as_text(explain(self.read(text))).splitlines()
                begin = "- pair 1 acknowledge: command 1 acknowledge"
                self.assertIn(begin + expected, written)

    def test_where_pairs_are_sent(self) -> None:
        """The pair decides, then the group, then it is connection 0; with one connection nothing is said."""
        two = MAST.replace('<Type relativeTimers="true">', '<Type relativeTimers="true" advanced="serial:S">')
        for pair, groups, listed, polled in (
            ("", "", " on connection 0", " on connection 0"),
            ("", ' connection="1"', " on connection 0 or 1", ""),
            ("connection:1", "", " on connection 1", " on connection 1"),
            ("connection:0", ' connection="1"', " on connection 0", " on connection 0"),
            ("connection:1", ' connection="1"', " on connection 1", ""),
        ):
            with self.subTest(pair=pair, groups=groups):
                text = two.replace('<Pair id="1">', f'<Pair id="1" options="{pair}">')
                text = text.replace('<Group id="2">', f'<Group id="2"{groups}>')
                written = as_text(explain(self.read(text)))
                self.assertIn(f"- pair 1 acknowledge: command 1 acknowledge{listed}\n", written)
                where = " on connection 1" if groups else ""
                self.assertIn(f"- group 2 check{where}, if id:2 > 10\n", written)
                self.assertIn(f"    - sends command 1 acknowledge{polled}\n", written)
                self.assertIn("Response 1 wind, on connection 0\n", written)

    def test_conditions_of_pairs(self) -> None:
        text = MAST.replace(
            "<Command>1</Command>", "<Command>1</Command></Content><Condition>id:2 == 1</Condition>"
        )
        text = text.replace("</Condition>\n      </Content>\n    </Pair>", "</Condition></Pair>")
        written = as_text(explain(self.read(text)))
        self.assertIn("- pair 1 acknowledge: command 1 acknowledge, if id:2 == 1\n", written)

    def test_timers(self) -> None:
        for interval, fixed_timer, expected in (
            ("<Interval>75</Interval>", "", ", 75 ms between pairs and groups"),
            ("", "", ""),
            ("", ' fixedTimer="true"', ", not stretched by the timer base"),
        ):
            with self.subTest(interval=interval, fixed_timer=fixed_timer):
                text = MAST.replace("<Interval>75</Interval>", interval)
                text = text.replace("<Timer ", f"<Timer{fixed_timer} ")
                written = as_text(explain(self.read(text)))
                self.assertIn(f"- timer 1 slow: every 1 min{expected}, once it is started\n", written)

    def test_comparisons(self) -> None:
        time = '<Time case="not equal" value="5">change</Time>'
        trigger = f'<Trigger id="9"><On id="2">parameter</On>{time}</Trigger>'
        written = as_text(explain(self.read(MAST.replace("</Triggers>", f"{trigger}</Triggers>"))))
        self.assertIn('- trigger 9: when param 2 p2 changes, if the value is not equal to "5"', written)

    def test_throughout(self) -> None:
        head = (
            f'<Advanced ignoreEqualResponse="true" stuffing="{STUFFING}"/>'
            '<Threads><Thread connection="1"/><Thread connection="0,1000"/></Threads>'
            "<NoTimeouts><NoTimeout>BUSY</NoTimeout><NoTimeout>0x15</NoTimeout></NoTimeouts>"
        )
        written = self.written("", TWO.format(' options="unicode"'), head)
        self.assertIn(
            "In all messages\n"
            "---------------\n\n"
            "- texts are UTF-16, little-endian; digits of numbers stay one byte each\n"
            "- in commands on smart-serial connections 10 escapes 02\n"
            "- an answer that equals the one before it in its pair is dropped, and nothing is triggered\n"
            '- a response that is just "BUSY" or 15 is no timeout\n'
            "- groups on connection 1 wait in a queue of their own\n"
            "- groups on connection 0 and 1000 wait in a queue of their own",
            written,
        )
        self.assertNotIn("In all messages", self.written(""))

    def test_unicode(self) -> None:
        """A command may send some of its texts, or all, in the code page."""
        command = "<Content><Param>2</Param><Param>3</Param></Content>"
        body = f"<Params>{valued('AB', 4)}{constant(3, '0x0D')}</Params><Commands>" + "".join(
            f'<Command id="{id}"{ascii}><Name>c</Name>{command}</Command>'
            for id, ascii in enumerate(("", ' ascii="true"', ' ascii="2;3"', ' ascii="3"'))
        )
        wide, narrow = '0   4      2 p2   41 00 42 00 "AB"  -', '0   4      2 p2   20 20 41 42 "  AB"  -'
        written = self.written(f"{body}</Commands>", TWO.format(' options="unicode"'))
        for heading, row in (
            ("Command 0 c", wide),
            ("Command 1 c, texts in the code page", narrow),
            ("Command 2 c, texts of 2 p2, 3 p3 in the code page", narrow),
            ("Command 3 c, texts of 3 p3 in the code page", wide),
        ):
            lines = written.splitlines()
            self.assertEqual(" ".join(lines[lines.index(heading) + 4].split()), " ".join(row.split()))
        self.assertNotIn("code page", self.written(f"{body}</Commands>"))

    def test_what_may_be_absent(self) -> None:
        params = "".join(constant(id, f"{id}") for id in range(1, 6)) + param(6) + constant(7, "7")
        for optional, expected in (
            ("1", {2: ""}),
            ("0++", {1: "", 2: " with 1", 3: " with 1"}),
            ("0*;2+", {1: "", 2: " with 1", 3: "", 4: " with 3"}),
            ("0+++;1", {1: "", 2: "", 3: " with 1", 4: " with 1"}),
            ("6++", {7: ""}),
            ("9", {}),
        ):
            with self.subTest(optional=optional):
                content = "".join(f"<Param>{id}</Param>" for id in range(1, 8))
                written = self.written(
                    f"<Params>{params}</Params><Responses><Response id='1'><Name>r</Name>"
                    f"<Content optional='{optional}'>{content}</Content></Response></Responses>"
                )
                found = {
                    id: row.partition("may be absent")[2]
                    for id in range(1, 8)
                    for row in written.splitlines()
                    if f" {id} p{id} " in row and "may be absent" in row
                }
                self.assertEqual(found, expected)
                self.assertIn("up to 7 p7 if it is there" if 7 in expected else "up to 7 p7  ", written)
                self.assertNotIn("-; may", written)

    def test_what_is_between_a_param_and_its_end(self) -> None:
        open_one = interprete('<RawType>other</RawType><LengthType id="4" times="2">next param</LengthType>')
        params = param(2, "read", open_one) + fixed(3, 2) + constant(4, "0x03", "trailer") + fixed(5, 1)
        content = "".join(f"<Param>{id}</Param>" for id in (2, 3, 4, 5))
        response = f"<Response id='1'><Name>r</Name><Content>{content}</Content></Response>"
        written = self.written(f"<Params>{params}</Params><Responses>{response}</Responses>")
        self.assertIn("up to 2 bytes before 4 p4 the 2nd time", written)
        self.assertIn("  up to 03 and 1 byte after it  ", written)
        other = response.replace("<Param>5</Param>", "").replace("id='1'", "id='2'")
        written = self.written(f"<Params>{params}</Params><Responses>{response}{other}</Responses>")
        self.assertIn("  up to 03  ", written)

    def test_bits(self) -> None:
        """The mask is that of the bytes on the wire; bits that there are not have none."""
        for endian, start, count, expected in (
            ("little", 0, 1, "bit 0 of 5 p5 (mask 80 in byte 0)"),
            ("little", 8, 4, "bits 8 to 11 of 5 p5 (mask F0 in byte 1)"),
            ("big", 8, 4, "bits 8 to 11 of 5 p5 (mask F0 in byte 0)"),
            ("little", 4, 8, "bits 4 to 11 of 5 p5 (mask 0F F0 in bytes 0 to 1)"),
            ("big", 99, 1, "bit 99 of 5 p5:"),
            ("big", 0, 10**15, "of 5 p5:"),
        ):
            with self.subTest(endian=endian, start=start):
                group = fixed(5, 2, "group").replace("</Length>", f"</Length><Endian>{endian}</Endian>")
                said = f"<StartPosition>{start}</StartPosition><NbrOfBits>{count}</NbrOfBits>"
                bit = param(6, "read bit", f"<Interprete>{said}</Interprete>", ' id="5"')
                response = "<Response id='1'><Name>r</Name><Content><Param>5</Param></Content></Response>"
                written = self.written(f"<Params>{group}{bit}</Params><Responses>{response}</Responses>")
                self.assertIn(expected, written)


PARTS = st.builds(Optional, st.integers(0, 8), st.integers(0, 5)) | st.builds(
    Optional, st.integers(0, 8), to_next=st.just(True)
)


class AbsencesTest(SynchronousTestCase):
    @given(st.lists(PARTS, unique_by=lambda part: part.index, max_size=4))
    def test_as_they_are_framed(self, parts: list[Optional]) -> None:
        """In framing, all that is never absent has a width."""
        said = Interprete(length_type=LengthType.FIXED, length=1)
        protocol = Protocol("p", params=(Param(1, "p", ParamType.READ, said),))
        response = Response(1, "r", (1,) * 6, optional=tuple(parts))
        widths = Content(protocol, response, Encoding()).widths
        self.assertEqual(set(absences(response)), {n for n, width in enumerate(widths) if width is None})
