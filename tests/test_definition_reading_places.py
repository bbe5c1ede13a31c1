"""Where values stand, however a definition is written; and that reading never complains."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.node import Node
from smartserial.definition.param import Param
from smartserial.definition.place import NOWHERE, Place
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml

DEVICE = """<Protocol>
<Name>Tank é</Name><Version>1.0.0.1</Version>
<Type relativeTimers="true">smart-serial</Type>
<PortSettings name="IP Connection"><IPport><DefaultValue>7001</DefaultValue></IPport></PortSettings>
<Params><Param id="1"><Name>a</Name><Type>read</Type><Interprete><RawType>text</RawType>
<Exceptions><Exception value="1"/></Exceptions><Others><Other id="1"/></Others></Interprete>
<CRC><Type>sum</Type></CRC><Measurement><Discreets><Discreet/></Discreets></Measurement><Display/></Param></Params>
<Commands><Command id="1"><Content><Param>1</Param></Content></Command></Commands>
<Responses><Response id="1"/></Responses>
<Pairs><Pair id="1"><Name>p</Name><Content><Command>1</Command><Response>1</Response></Content></Pair></Pairs>
<Groups><Group id="1"><Content><Pair>1</Pair></Content></Group></Groups>
<Triggers><Trigger id="1"><Content><Id>1</Id></Content></Trigger></Triggers>
<Actions><Action id="1"><On>command</On><Type>make</Type></Action></Actions>
<Timers><Timer id="1"><Name>t</Name><Time>1000</Time></Timer></Timers>
<QActions><QAction id="1"/></QActions>
<Threads><Thread connection="0"/></Threads>
</Protocol>
"""
TAGS = {
    "Param": "Param",
    "Interprete": "Interprete",
    "ValueException": "Exception",
    "Other": "Other",
    "Crc": "CRC",
    "Measurement": "Measurement",
    "Discreet": "Discreet",
    "Display": "Display",
    "Command": "Command",
    "Response": "Response",
    "Pair": "Pair",
    "Group": "Group",
    "Trigger": "Trigger",
    "Step": "Id",
    "Action": "Action",
    "Timer": "Timer",
    "QAction": "QAction",
    "Thread": "Thread",
    "Item": "Pair",
    "Connection": "Type",
    "PortSettings": "PortSettings",
    "Setting": "IPport",
    "Protocol": "Protocol",
}
"""The elements in which values stand."""


def placed(value: object) -> Iterator[tuple[object, Place]]:
    """All values in a definition that know where they stand."""
    if isinstance(value, tuple):
        for one in value:
            yield from placed(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            found = getattr(value, field.name)
            if isinstance(found, Place):
                yield value, found
            else:
                yield from placed(found)


class PlacesTest(SynchronousTestCase):
    """Values know the line, the column and the path of their elements, however a file is written."""

    def stand(self, text: str, data: bytes) -> None:
        lines = text.split("\n")
        found = list(placed(read_protocol(parse_xml(data).root)))
        self.assertEqual({type(value).__name__ for value, _ in found}, set(TAGS))
        for value, place in found:
            tag = TAGS[type(value).__name__]
            self.assertRegex(lines[place.line - 1][place.column - 1 :], rf"^<{tag}[ >/\r]", str(place))
            self.assertRegex(place.path, rf"(^|/){tag}(\[[0-9]+\])?$")

    def test_as_it_is(self) -> None:
        self.stand(DEVICE, DEVICE.encode())

    def test_tabs_comments_and_letters_before(self) -> None:
        text = DEVICE.replace("><", ">\t<!-- é€ <Param> -->\t<")
        self.stand(text, text.encode())

    def test_ends_of_lines(self) -> None:
        text = DEVICE.replace("><", ">\r\n <").replace(" id=", "\r\n\tid=")
        self.stand(text, text.encode())

    def test_one_line(self) -> None:
        text = DEVICE.replace("\n", "")
        self.stand(text, text.encode())

    def test_encodings(self) -> None:
        self.stand(DEVICE, codecs.BOM_UTF8 + DEVICE.encode())
        self.stand(DEVICE, codecs.BOM_UTF16_LE + DEVICE.encode("utf-16-le"))
        self.stand(DEVICE, codecs.BOM_UTF16_BE + DEVICE.encode("utf-16-be"))

    def test_values_made_in_python_stand_nowhere(self) -> None:
        self.assertEqual(Param(1, "").place, NOWHERE)

    def test_places_do_not_make_values_differ(self) -> None:
        self.assertEqual(Param(1, "", place=Place(1, 2, "x")), Param(1, ""))


class SpellingsTest(SynchronousTestCase):
    """The same definition, written otherwise."""

    def setUp(self) -> None:
        self.expected = read_protocol(parse_xml(DEVICE.encode()).root)
        self.assertEqual(len(self.expected.pairs), 1)

    def same(self, data: bytes) -> None:
        self.assertEqual(read_protocol(parse_xml(data).root), self.expected)

    def test_namespaces(self) -> None:
        for start in ('<Protocol xmlns="http://www.skyline.be/protocol">', '<Protocol xmlns="urn:any">'):
            self.same(DEVICE.replace("<Protocol>", start).encode())

    def test_a_prefix(self) -> None:
        text = DEVICE.replace("</", "\0").replace("<", "<p:").replace("\0", "</p:")
        self.same(text.replace("<p:Protocol>", '<p:Protocol xmlns:p="urn:any">').encode())

    def test_comments_and_sections(self) -> None:
        text = (
            DEVICE.replace("read<", "re<!-- x -->ad<")
            .replace("1000", "<![CDATA[10]]>00")
            .replace("<Type>", "<Type> ")
        )
        self.same(text.encode())

    @given(st.randoms(use_true_random=False))
    def test_any_order_of_children(self, random: Random) -> None:
        """Only items of one kind have an order, and what is in ``Content``."""

        def shuffled(node: Node) -> Node:
            children = [shuffled(child) for child in node.children]
            if node.name != "Content":
                random.shuffle(children)
            return Node(node.name, node.attributes, node.text, tuple(children))

        self.assertEqual(read_protocol(shuffled(parse_xml(DEVICE.encode()).root)), self.expected)


NAMES = st.sampled_from(
    (
        *(
            "Protocol",
            "Params",
            "Param",
            "Interprete",
            "RawType",
            "LengthType",
            "Length",
            "Value",
            "Type",
            "CRC",
        ),
        *(
            "Content",
            "Sequence",
            "Scale",
            "Pairs",
            "Pair",
            "Command",
            "Groups",
            "Group",
            "Timers",
            "Timer",
            "Time",
        ),
        *(
            "Triggers",
            "Trigger",
            "On",
            "Actions",
            "Action",
            "Condition",
            "Connections",
            "Connection",
            "Serial",
        ),
        *(
            "PortSettings",
            "IPport",
            "DefaultValue",
            "UserSettings",
            "CommunicationOptions",
            "Advanced",
            "Threads",
        ),
    )
)
TEXTS = st.text(max_size=6) | st.sampled_from(
    (
        "1",
        "-1",
        "01",
        "0x41",
        "true",
        "each",
        "communication",
        "set info",
        "replace data",
        "parameter",
        "loop",
        "9" * 30,
    )
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ("id", "options", "nr", "value", "advanced", "communicationOptions", "stuffing", "initial")
    ),
    TEXTS,
    max_size=3,
)
NODES = st.recursive(
    st.builds(Node, NAMES, ATTRIBUTES, TEXTS),
    lambda below: st.builds(Node, NAMES, ATTRIBUTES, TEXTS, st.lists(below, max_size=5).map(tuple)),
    max_leaves=30,
)


class AnythingTest(SynchronousTestCase):
    @given(st.lists(NODES, max_size=5))
    def test_reading_never_complains(self, nodes: list[Node]) -> None:
        found = read_protocol(Node("Protocol", children=tuple(nodes)))
        self.assertTrue(all(isinstance(param.id, int) for param in found.params))
