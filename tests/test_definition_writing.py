"""From values to elements and to text: what is written is read as the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.connection import Connection, ConnectionType, PortSettings, Setting
from smartserial.definition.flow import EACH, Step, Trigger, TriggerOn
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.node import Node
from smartserial.definition.param import Interprete, Param, ParamType
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol, Thread
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.writing.protocol import write_protocol
from smartserial.definition.writing.xml import to_xml
from smartserial.definition.xml import parse_xml
from tests.definitions import bodies, headed

LAW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def bare(node: Node) -> Node:
    """An element without lines; of one that holds others, without the blanks between them."""
    text = "" if node.children else node.text
    return replace(
        node, children=tuple(map(bare, node.children)), text=text, place=Place(path=node.place.path)
    )


class LawTest(SynchronousTestCase):
    maxDiff = None

    def the_same(self, protocol: Protocol) -> None:
        self.assertEqual(read_protocol(write_protocol(protocol)), protocol)

    def the_same_in_xml(self, protocol: Protocol) -> None:
        root = parse_xml(to_xml(protocol).encode()).root
        self.assertEqual(read_protocol(root), protocol)
        self.assertEqual(bare(root), write_protocol(protocol))

    @LAW
    @given(headed())
    def test_connections(self, protocol: Protocol) -> None:
        self.the_same(protocol)

    @LAW
    @given(bodies())
    def test_kinds(self, protocol: Protocol) -> None:
        self.the_same(protocol)

    @LAW
    @given(headed())
    def test_connections_in_xml(self, protocol: Protocol) -> None:
        self.the_same_in_xml(protocol)

    @LAW
    @given(bodies())
    def test_kinds_in_xml(self, protocol: Protocol) -> None:
        self.the_same_in_xml(protocol)


def written(protocol: Protocol) -> list[str]:
    """The lines of a definition, without the first and the outermost ones."""
    return to_xml(protocol).splitlines()[2:-1]


class ConnectionsTest(SynchronousTestCase):
    maxDiff = None
    SERIAL = Connection(ConnectionType.SERIAL)

    def written(self, *connections: Connection, unicode: bool = False) -> list[str]:
        protocol = Protocol("", "", connections, unicode=unicode)
        self.assertEqual(read_protocol(write_protocol(protocol)), protocol)
        return [line.strip() for line in written(protocol)][2:]

    def test_the_older_syntax(self) -> None:
        options = CommunicationOptions(max_receive_buffer=9)
        one = Connection(
            ConnectionType.SMART_SERIAL, "A", True, options, PortSettings("A", ip_port=Setting(7001))
        )
        two = Connection(ConnectionType.SERIAL, "B", communication=options, port=PortSettings("C"))
        self.assertEqual(
            self.written(one, two),
            [
                '<Type advanced="serial:B" communicationOptions="maxReceiveBuffer:9">'
                "smart-serial single</Type>",
                '<PortSettings name="A">',
                "<IPport>",
                "<DefaultValue>7001</DefaultValue>",
                "</IPport>",
                "</PortSettings>",
                "<Ports>",
                '<PortSettings name="C"/>',
                "</Ports>",
            ],
        )

    def test_a_virtual_connection_alone_has_no_port(self) -> None:
        self.assertEqual(self.written(Connection(ConnectionType.VIRTUAL)), ["<Type>virtual</Type>"])

    def test_a_name_with_a_colon_needs_the_newer_syntax(self) -> None:
        named = Connection(ConnectionType.SERIAL, "A:B", port=PortSettings("A:B"))
        lines = self.written(self.SERIAL, named)
        self.assertNotIn("Type", "".join(lines))
        self.assertIn('<Connection id="1" name="A:B">', lines)

    def test_an_allow_list_needs_the_newer_syntax(self) -> None:
        self.assertEqual(
            self.written(Connection(ConnectionType.SMART_SERIAL, allow_list=True)),
            [
                "<Connections>",
                '<Connection id="0">',
                "<SmartSerial>",
                "<UserSettings>",
                "<AllowedIPAddresses>",
                "<Disabled>false</Disabled>",
                "</AllowedIPAddresses>",
                "</UserSettings>",
                "</SmartSerial>",
                "</Connection>",
                "</Connections>",
            ],
        )

    def test_a_kind_without_an_element_of_its_own(self) -> None:
        lines = self.written(Connection(ConnectionType.SNMPV3, allow_list=True))
        self.assertEqual(lines[1:3], ['<Connection id="0">', "<Type>snmpv3</Type>"])

    def test_both_syntaxes_where_each_says_what_the_other_cannot(self) -> None:
        obsolete = CommunicationOptions(chunked_html=True, max_receive_buffer=2)
        lines = self.written(
            Connection(ConnectionType.SERIAL, communication=obsolete, allow_list=True), self.SERIAL
        )
        self.assertEqual(
            lines[0],
            '<Type advanced="serial" communicationOptions="maxReceiveBuffer:2;chunkedHTML">serial</Type>',
        )
        self.assertEqual(lines.count("<CommunicationOptions/>"), 1)
        lines = self.written(Connection(ConnectionType.SERIAL, allow_list=True), unicode=True)
        self.assertEqual(lines[0], '<Type options="unicode">serial</Type>')

    def test_obsolete_options_of_two_kinds_cannot_both_be_said(self) -> None:
        """Those of the first stand."""
        one = Connection(ConnectionType.SERIAL, communication=CommunicationOptions(chunked_html=True))
        two = replace(one, communication=CommunicationOptions(postpone_port_initialisation=True))
        found = read_protocol(write_protocol(Protocol("", "", (one, two)))).connections
        self.assertEqual(found[0], one)
        self.assertEqual(found[1], replace(one, communication=CommunicationOptions()))


class TextTest(SynchronousTestCase):
    def test_a_definition(self) -> None:
        protocol = Protocol(
            "Tank",
            connections=(Connection(ConnectionType.SERIAL),),
            params=(Param(1, "end", ParamType.TRAILER, Interprete(value=b"\r\n")),),
            triggers=(Trigger(1, "", TriggerOn.COMMAND, EACH, content=(Step(2, otherwise=True),)),),
        )
        self.assertEqual(
            to_xml(protocol),
            """<?xml version="1.0" encoding="utf-8"?>
<Protocol xmlns="http://www.skyline.be/protocol">
  <Name>Tank</Name>
  <Version>1.0.0.1</Version>
  <Type>serial</Type>
  <PortSettings/>
  <Params>
    <Param id="1">
      <Name>end</Name>
      <Type>trailer</Type>
      <Interprete>
        <RawType>other</RawType>
        <LengthType>next param</LengthType>
        <Type>string</Type>
        <Value>0x0D0x0A</Value>
      </Interprete>
    </Param>
  </Params>
  <Triggers>
    <Trigger id="1">
      <Name/>
      <On id="each">command</On>
      <Type>action</Type>
      <Content>
        <Id else="true">2</Id>
      </Content>
    </Trigger>
  </Triggers>
</Protocol>
""",
        )

    def test_signs_and_blanks(self) -> None:
        protocol = Protocol("a<b> & \"c\"\t'd'\r\né", no_timeouts=(" ", "]]>"))
        text = to_xml(protocol)
        self.assertIn("<Name>a&lt;b&gt; &amp; &quot;c&quot;&#9;'d'&#13;&#10;é</Name>", text)
        self.assertIn("<NoTimeout> </NoTimeout>", text)
        self.assertEqual(read_protocol(parse_xml(text.encode()).root), protocol)

    def test_characters_that_xml_has_no_words_for(self) -> None:
        for wrong in ("\0", "\x02", "\x1f", "\ud800", "\ufffe"):
            with self.assertRaises(ValueError) as raised:
                to_xml(Protocol(f"a{wrong}"))
            self.assertIn(ascii(wrong), str(raised.exception))

    def test_a_text_that_looks_like_bytes(self) -> None:
        self.assertRaises(ValueError, write_protocol, Protocol("", no_timeouts=("0x41",)))

    def test_paths(self) -> None:
        params = (Param(7, "a"), Param(8, "b", interprete=Interprete()))
        threads = (Thread((1,)), Thread((2,)))
        root = write_protocol(Protocol("x", params=params, threads=threads))
        paths = [node.place.path for node in root.walk()]
        self.assertIn("Protocol/Params/Param[8]/Interprete/RawType", paths)
        self.assertIn("Protocol/Threads/Thread[2]", paths)
        self.assertEqual({node.place.line for node in root.walk()}, {0})
