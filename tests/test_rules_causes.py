"""One mistake is one finding: what follows from it is not told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import load
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.rules.rule import Subject
from smartserial.definition.rules.table import RULES
from smartserial.definition.xml import parse_xml
from smartserial.findings import ERROR, INFO, WARNING
from tests.flowtexts import action, byte, told, trigger, waiting
from tests.rulebook import PORT, codes, constant, definition, findings, param

EXECUTE = action(1, "group", "execute", 1)
TIMER = '<Timer id="1"><Name>m</Name><Time>1000</Time><Content><Group>1</Group></Content></Timer>'
ALL = told(
    waiting(1, "group", 1, "before")
    + waiting(2, "timer", 1, "before", "<Id>3</Id>", type="trigger")
    + trigger(3, fires="<Id>2</Id>"),
    action(1, "parameter", "increment", 4) + action(2, "timer", "stop", 1),
    timers=TIMER,
)
CONTAINERS = {
    "Params": "param",
    "Commands": "command",
    "Responses": "response",
    "Pairs": "pair",
    "Groups": "group",
    "Triggers": "trigger",
    "Actions": "action",
    "Timers": "timer",
}
FLUSH = "<FlushPerDatagram>true</FlushPerDatagram></PortSettings>"
STUFFED = '<Advanced stuffing="on=command;escape=0x10;stuffing=0x10"/>'
SECOND = f"<Ports>{PORT.replace('IP Connection', 'IP Connection - B')}</Ports>"


def typed(type: str, said: str = "", body: str = "", port: str = PORT) -> str:
    """A definition with a main connection of this type; `said` are more attributes."""
    return definition(body, f'<Type relativeTimers="true"{said}>{type}</Type>', port)


def unreadable(text: str) -> set[str]:
    """The kinds of which something cannot be named."""
    root = parse_xml(text.encode()).root
    subject = Subject(read_protocol(root), root, "utf-8", set())
    for rule in RULES:
        list(rule.find(subject))
    return subject.unreadable


class IdsTest(SynchronousTestCase):
    """What has no id that can be read may be what others name."""

    def test_all_is_well(self) -> None:
        self.assertEqual(codes(ALL), [])
        self.assertEqual(unreadable(ALL), set())

    def test_each_kind(self) -> None:
        for container, kind in CONTAINERS.items():
            item = container.removesuffix("s")
            first = ALL.index(f'<{item} id="1"')
            for wrong, code in (("", "ID01"), (' id=""', "ID01"), (' id="1x"', "ID02")):
                with self.subTest(kind=kind, wrong=wrong):
                    text = ALL[:first] + ALL[first:].replace(' id="1"', wrong, 1)
                    self.assertEqual(unreadable(text), {kind})
                    self.assertEqual([one.code for one in findings(text) if one.severity == ERROR], [code])

    def test_leading_zeros_are_read_over(self) -> None:
        text = ALL.replace('<Command id="1"', '<Command id="01"')
        self.assertEqual((codes(text), unreadable(text)), (["ID02"], set()))

    def test_other_kinds_are_missed(self) -> None:
        text = ALL.replace('<Pair id="1"', "<Pair").replace("<Param>1</Param>", "<Param>9</Param>", 1)
        self.assertEqual(sorted(codes(text)), ["CM01", "ID01"])

    def test_what_names_nothing_at_all_is_told(self) -> None:
        text = ALL.replace('<Command id="1"', "<Command").replace("<Command>1</Command>", "<Command/>")
        self.assertEqual(sorted(codes(text)), ["ID01", "PR01"])

    def test_what_an_unread_trigger_would_do(self) -> None:
        """It may be the one that reads responses."""
        read = told(waiting(1, "response", "each", "before"), action(1, "response", "read"), added=param(6))
        read = read.replace("<Param>1</Param><Param>2</Param>", "<Param>1</Param><Param>6</Param>")
        self.assertEqual(codes(read), [])
        self.assertEqual(codes(read.replace('<Trigger id="1"', "<Trigger")), ["ID01"])
        self.assertEqual(codes(read.replace('"each"', '"2"')), ["RE09"])

    def test_connections(self) -> None:
        two = (
            '<Connections><Connection id="{}" name="IP Connection"><SmartSerial/></Connection>'
            '<Connection id="1" name="IP Connection - B"><Serial/></Connection></Connections>'
            '<Groups><Group id="1" connection="{}"><Name>g</Name><Content><Pair>1</Pair></Content></Group>'
            "</Groups>"
            '<Pairs><Pair id="1"><Name>p</Name><Content><Command>1</Command></Content></Pair></Pairs>'
            '<Commands><Command id="1"><Name>c</Name><Content><Param>1</Param></Content></Command></Commands>'
            f"<Params>{byte(1, 'A')}</Params>"
        )
        head = "<Protocol><Name>Test</Name><Version>1.0.0.1</Version>{}</Protocol>"
        self.assertEqual(codes(head.format(two.format(0, 2))), ["CN06", "GR06"])
        self.assertEqual(codes(head.format(two.format("x", 2))), ["CN06", "ID02"])

    def test_a_param_with_the_id_of_a_built_in_one(self) -> None:
        text = definition(
            f"<Params>{constant(65000, 'x')}</Params><Responses>"
            '<Response id="1"><Name>r</Name><Content><Param>65000</Param></Content></Response></Responses>'
        )
        self.assertEqual(codes(text), ["ID04"])


class ContainersTest(SynchronousTestCase):
    """Where a whole kind is not read, for the name of what it stands in is wrong, that is all."""

    def misspelt(self, container: str, other: str) -> str:
        return ALL.replace(f"<{container}>", f"<{other}>").replace(f"</{container}>", f"</{other}>")

    def test_each_kind(self) -> None:
        for container, kind in CONTAINERS.items():
            for other in (container.lower(), container[:2] + container[3:], container + "s"):
                with self.subTest(other=other):
                    text = self.misspelt(container, other)
                    [found] = findings(text)
                    self.assertEqual((found.code, found.severity), ("XM07", ERROR))
                    self.assertIn(f"expected the element {container}, found '{other}'", found.message)
                    self.assertEqual(found.hint, f"did you mean {container}?")
                    self.assertEqual(unreadable(text), {kind})

    def test_the_name_of_an_item(self) -> None:
        [found] = findings(self.misspelt("Actions", "Action"))
        self.assertEqual((found.code, found.severity), ("XM07", ERROR))

    def test_what_is_only_like_a_container(self) -> None:
        """It holds no such items, the container is there as well, or its name is that of something else."""
        for text in (
            "<Parms/>",
            "<Parms><Odd/></Parms>",
            f"<Parms>{byte(1, 'A')}</Parms><Params>{byte(1, 'A')}</Params>",
            f"<Whatever>{byte(1, 'A')}</Whatever>",
            f"<Odd><Parms>{byte(1, 'A')}</Parms></Odd>",
            f"<{'Params' * 20}>{byte(1, 'A')}</{'Params' * 20}>",
        ):
            with self.subTest(text=text):
                found = findings(definition(text))
                self.assertEqual([(one.code, one.severity) for one in found], [("XM07", INFO)])
                load(definition(text).encode())

    def test_what_is_missing_is_told_then(self) -> None:
        responses = '<Responses><Response id="1"><Content><Param>1</Param></Content></Response></Responses>'
        self.assertEqual(codes(definition(f"<Parms/>{responses}")), ["XM07", "RE01"])


class ConnectionsTest(SynchronousTestCase):
    """Where the type of a connection is not known, nothing is said of what it would be used for."""

    def test_communication_options(self) -> None:
        said = ' communicationOptions="packetInfo:4,2"'
        self.assertEqual(codes(typed("serial", said)), ["CO02"])
        self.assertEqual(codes(typed("smart-seriel", said)), ["XM03"])
        said = ' communicationOptions="packetInfo:4,2" advanced="{}"'
        self.assertEqual(codes(typed("serial", said.format("smart-seriel"), port=PORT + SECOND)), ["CN01"])

    def test_stuffing(self) -> None:
        self.assertEqual(codes(typed("serial", body=STUFFED)), ["AD04"])
        self.assertEqual(codes(typed("smartserial", body=STUFFED)), ["XM03"])

    def test_flush(self) -> None:
        port = PORT.replace(">ip<", ">udp<").replace("</PortSettings>", FLUSH)
        self.assertEqual(codes(typed("serial", port=port)), ["PS02"])
        self.assertEqual(codes(typed("smartserial", port=port)), ["XM03"])

    def test_redundant_polling(self) -> None:
        said = ' communicationOptions="redundantPolling" advanced="{}"'
        self.assertEqual(codes(typed("serial", said.format("virtual"), port=PORT + SECOND)), ["CO08"])
        self.assertEqual(codes(typed("serial", said.format("seriel"), port=PORT + SECOND)), ["CN01"])

    def test_an_overlay_without_a_type_is_none_of_this(self) -> None:
        overlay = '<Connections><Connection id="0"><UserSettings/></Connection></Connections>'
        self.assertEqual(codes(typed("serial", body=STUFFED + overlay)), ["AD04", "CN05"])

    def test_no_connection_at_all(self) -> None:
        content = "<Content><Param>1</Param></Content>"
        responses = f'<Responses><Response id="1" options="Connection:1">{content}</Response></Responses>'
        responses = f"<Params>{byte(1, 'A')}</Params>{responses}"
        text = f"<Protocol><Name>Test</Name><Version>1.0.0.1</Version>{responses}</Protocol>"
        self.assertEqual(codes(text), ["XM03"])

    def test_connections_that_stand_in_for_each_other(self) -> None:
        """What is said of one is for the other too, in headers and trailers as in responses."""
        link = ' options="headerTrailerLink=1"'
        body = (
            f"<Params>{constant(1, 'x', 'trailer', link)}</Params><Responses>"
            '<Response id="1"><Name>r</Name><Content><Param>1</Param></Content></Response></Responses>'
        )
        said = ' advanced="smart-serial"'
        self.assertEqual(sorted(codes(typed("smart-serial", said, body, PORT + SECOND))), ["PA08", "RE11"])
        said += ' communicationOptions="redundantPolling"'
        self.assertEqual(codes(typed("smart-serial", said, body, PORT + SECOND)), [])


class ParamsTest(SynchronousTestCase):
    def test_where_a_param_ends_that_does_not_exist(self) -> None:
        ending = param(2).replace("<LengthType>", '<LengthType id="9">')
        text = definition(
            f"<Params>{ending}{constant(1, '0x0A')}</Params><Responses>"
            '<Response id="1"><Name>r</Name><Content><Param>2</Param><Param>1</Param></Content></Response>'
            "</Responses>"
        )
        [found] = findings(text)
        self.assertEqual((found.code, found.severity), ("PA15", ERROR))
        self.assertIn("there is no param 9", found.message)

    def test_settings_that_come_twice(self) -> None:
        """The first count, and the number of them is right."""
        other = PORT.replace("ip<", "udp<").replace("IP Connection", "Odd")
        [found] = findings(definition(port=PORT + other))
        self.assertEqual((found.code, found.severity), ("XM04", ERROR))
        connections = read_protocol(parse_xml(definition(port=PORT + other).encode()).root).connections
        self.assertEqual([one.port.name for one in connections], ["IP Connection"])
        text = definition(
            type='<Type relativeTimers="true" advanced="smart-serial">smart-serial</Type>',
            port=PORT + other + SECOND,
        )
        connections = read_protocol(parse_xml(text.encode()).root).connections
        self.assertEqual([one.port.name for one in connections], ["IP Connection", "IP Connection - B"])
        self.assertEqual(codes(text), ["XM04"])

    def test_severities_stay(self) -> None:
        """A connection without an id is a warning, and nothing is held back for it."""
        text = definition(
            '<Connections><Connection id="0"/><Connection/></Connections><Groups>'
            '<Group id="1" connection="7"><Name>g</Name><Content><Pair>1</Pair></Content></Group></Groups>'
        )
        found = {one.code: one.severity for one in findings(text)}
        self.assertEqual(found["ID01"], WARNING)
        self.assertEqual(found["GR06"], ERROR)
