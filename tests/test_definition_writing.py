"""From values to elements and to text: what is written is read as the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.condition import Binary, Expression, Number, Operator, ParamValue, Text, params_of
from smartserial.definition.connection import Connection, ConnectionType, PortSettings, Setting
from smartserial.definition.flow import EACH, Group, Initial, Step, Timer, Trigger, TriggerOn
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation
from smartserial.definition.languages.sequence import Step as SequenceStep
from smartserial.definition.measurement import Display
from smartserial.definition.node import Node
from smartserial.definition.param import Interprete, Param, ParamType
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol, Thread
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.writing.protocol import write_protocol
from smartserial.definition.writing.texts import UnwritableError, joined
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
            Connection(ConnectionType.SERIAL, communication=obsolete, allow_list=True),
            replace(self.SERIAL, communication=CommunicationOptions(chunked_html=True)),
        )
        self.assertEqual(lines[0], '<Type advanced="serial" communicationOptions="chunkedHTML">serial</Type>')
        self.assertEqual(lines.count("<MaxReceiveBuffer>2</MaxReceiveBuffer>"), 1)
        lines = self.written(Connection(ConnectionType.SERIAL, allow_list=True), unicode=True)
        self.assertEqual(lines[0], '<Type options="unicode">serial</Type>')

    def test_obsolete_options_of_two_kinds_cannot_both_be_said(self) -> None:
        """Those of the first stand, for all."""
        one = Connection(ConnectionType.SERIAL, communication=CommunicationOptions(chunked_html=True))
        two = replace(one, communication=CommunicationOptions(postpone_port_initialisation=True))
        found = read_protocol(write_protocol(Protocol("", "", (one, two)))).connections
        self.assertEqual(found[0], one)
        self.assertEqual(found[1], one)


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
            with self.assertRaises(UnwritableError) as raised:
                to_xml(Protocol(f"a{wrong}"))
            self.assertIn(ascii(wrong), str(raised.exception))
            self.assertEqual(raised.exception.path, "Protocol/Name")

    def test_paths(self) -> None:
        params = (Param(7, "a"), Param(8, "b", interprete=Interprete()))
        threads = (Thread((1,)), Thread((2,)))
        root = write_protocol(Protocol("x", params=params, threads=threads))
        paths = [node.place.path for node in root.walk()]
        self.assertIn("Protocol/Params/Param[8]/Interprete/RawType", paths)
        self.assertIn("Protocol/Threads/Thread[2]", paths)
        self.assertEqual({node.place.line for node in root.walk()}, {0})


NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**400
SHAPE = "Protocol/Params/Param[7]/Interprete"


def param(**said: object) -> Protocol:
    shape = Interprete(**said)  # type: ignore[arg-type]
    return Protocol("", params=(Param(6, "fine", interprete=Interprete()), Param(7, "x", interprete=shape)))


def group(condition: Expression) -> Protocol:
    return Protocol("", groups=(Group(3, "x", condition=condition),))


def row(height: int) -> Expression:
    """So many operators on one another."""
    found: Expression = ParamValue(1)
    for _ in range(height):
        found = Binary(Operator.ADD, found, ParamValue(2))
    return found


def doubled(height: int) -> Expression:
    """A few objects that stand in very many places."""
    found: Expression = ParamValue(1)
    for _ in range(height):
        found = Binary(Operator.AND, found, found)
    return found


UNWRITABLE: list[tuple[Protocol, str, str]] = [  # what cannot be said, where, and why
    (Protocol("", no_timeouts=("x", "0x41")), "Protocol/NoTimeouts/NoTimeout[2]", "a text that is not hex"),
    (Protocol("", no_timeouts=(b"",)), "Protocol/NoTimeouts/NoTimeout", "at least one byte"),
    (param(value="0x0D"), f"{SHAPE}/Value", "got '0x0D'"),
    (param(value=b""), f"{SHAPE}/Value", "at least one byte"),
    (param(factor=NAN), f"{SHAPE}/Factor", "a finite number, got nan"),
    (param(low=INFINITE), f"{SHAPE}/Range/Low", "a finite number, got inf"),
    (param(high=-INFINITE), f"{SHAPE}/Range/High", "got -inf"),
    (param(offset=NAN, offset_id=3), f"{SHAPE}/OffSet[3]", "got nan"),
    (param(scale=Scale(0, NAN, 0, 1)), f"{SHAPE}/Scale", "highData: expected a finite number"),
    (param(sequence=(SequenceStep(Operation.DIV, HUGE),)), f"{SHAPE}/Sequence", "too large"),
    (param(sequence_loop=NAN), f"{SHAPE}/Sequence", "loop: expected"),
    (
        Protocol("", params=(Param(7, "x", display=Display(low=NAN)),)),
        "Protocol/Params/Param[7]/Display/Range/Low",
        "got nan",
    ),
    (group(Text('a"b')), "Protocol/Groups/Group[3]/Condition", "without quotation marks"),
    (group(Number(NAN)), "Protocol/Groups/Group[3]/Condition", "got nan"),
    (group(Number(HUGE)), "Protocol/Groups/Group[3]/Condition", "fits in a double"),
    (group(doubled(64)), "Protocol/Groups/Group[3]/Condition", "parts"),
    (group(row(50_000)), "Protocol/Groups/Group[3]/Condition", "parts"),
    (
        Protocol("", timers=(Timer(2, "x", 500, initial=Initial(True, 0, INFINITE)),)),
        "Protocol/Timers/Timer[2]/Time",
        "initial: expected a finite number",
    ),
    (
        Protocol("", triggers=(Trigger(2, "", TriggerOn.COMMUNICATION, data="0x41"),)),
        "Protocol/Triggers/Trigger[2]/Time",
        "got '0x41'",
    ),
    (
        Protocol(
            "", actions=(Action(4, "", ActionOn.PARAMETER, ActionType.SET_INFO, scale=Scale(0, 1, NAN, 0)),)
        ),
        "Protocol/Actions/Action[4]/Type",
        "scale: expected a finite number",
    ),
    (
        Protocol(
            "", connections=(Connection(ConnectionType.SERIAL, port=PortSettings(stopbits=Setting(NAN))),)
        ),
        "Protocol/PortSettings/Stopbits/DefaultValue",
        "got nan",
    ),
    (
        Protocol(
            "",
            connections=(
                Connection(
                    ConnectionType.SERIAL,
                    port=PortSettings(stopbits=Setting(values=(1.0, NAN))),
                    allow_list=True,
                ),
            ),
        ),
        "Protocol/Connections/Connection[0]/Serial/UserSettings/Stopbits/Values/Value[2]",
        "got nan",
    ),
    (Protocol("", params=(Param(10**9999, "x"),)), "Protocol/Params/Param", "id: "),
]


class UnwritableTest(SynchronousTestCase):
    def test_where_and_why(self) -> None:
        for protocol, path, why in UNWRITABLE:
            with self.assertRaises(UnwritableError) as raised:
                write_protocol(protocol)
            self.assertEqual(raised.exception.path, path)
            self.assertIn(why, raised.exception.why)
            self.assertEqual(str(raised.exception), f"{path}: {raised.exception.why}")

    def test_high_conditions_are_written(self) -> None:
        """As long as their text is not too long; reading refuses what is too high."""
        node = write_protocol(group(row(9_000))).first("Groups/Group/Condition")
        assert node is not None
        self.assertEqual(node.text, "id:1" + " + id:2" * 9_000)
        self.assertEqual(list(params_of(row(50_000))), [1, *[2] * 50_000])

    def test_lists(self) -> None:
        for values, said in (((), None), (("",), None), (("", ""), ";"), ((1, 2.5, True), "1;2.5;true")):
            made = joined(values)
            self.assertEqual(made() if callable(made) else made, said)

    @LAW
    @given(
        st.builds(
            dict,
            factor=st.none() | st.floats(),
            low=st.none() | st.floats(),
            value=st.none() | st.binary(max_size=2) | st.sampled_from(["0x41", " 0x41\n", "0x4", "x"]),
            sequence=st.lists(st.builds(SequenceStep, st.just(Operation.DIV), st.floats())).map(tuple),
            default_value=st.none() | st.text(max_size=3),
        )
    )
    def test_the_same_or_an_error(self, said: dict[str, object]) -> None:
        protocol = param(**said)
        try:
            root = write_protocol(protocol)
        except UnwritableError as error:
            self.assertTrue(error.path.startswith(SHAPE), error)
            return
        self.assertEqual(read_protocol(root), protocol)
