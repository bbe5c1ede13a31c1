"""A definition in words: one device whole, and each way to say a connection, a message and a moment."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import check
from smartserial.definition.explaining.connections import units
from smartserial.definition.explaining.flows import does, when
from smartserial.definition.explaining.whole import explain
from smartserial.definition.flow import TriggerTime
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml
from smartserial.layout import as_text

from .rulebook import PORT, constant, definition, param, serial

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

- bit 7 of 5 p5: 6 alarm: 0 = No, 1 = Yes

Pairs
-----

- pair 1 acknowledge: command 1 acknowledge

What polls when
---------------

- timer 1 slow: every 1 min, once it is started
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
        '<Advanced stuffing="on=command,response;escape=0x10;stuffing=0x02"/>',
        END,
        "up to the trailer; 10 escapes 02",
    ),
    ("packetInfo:1,2", "", LINKED_END, "a length of 2 bytes at 1, big-endian, counts the whole packet"),
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
            "a serial line, 4800 8E1, answers within 800 ms, 1 retries",
        ):
            self.assertIn(part, written)
