"""Rules about a definition as a whole: each broken and kept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.rules.vocabulary import CHILDREN, HOMES, Use, walk
from smartserial.definition.xml import parse_xml
from smartserial.findings import INFO
from tests.rulebook import NEXT, PORT, TYPE, Case, RuleCases, codes, definition, findings, param

PLAIN = definition()
CONNECTIONS = (
    '<Connections><Connection id="0" name="IP Connection"><SmartSerial>'
    "<UserSettings><IPport><DefaultValue>80</DefaultValue></IPport></UserSettings>"
    "</SmartSerial></Connection></Connections>"
)


def headed(head: str) -> str:
    """A definition whose name and version are `head`."""
    return f"<Protocol>\n{head}\n{TYPE}{PORT}</Protocol>"


def connected(text: str, type: str = "") -> str:
    return f"<Protocol>\n<Name>Test</Name><Version>1.0.0.1</Version>{type}\n{text}</Protocol>"


def inside(text: str) -> str:
    """A definition with `text` in the Interprete of a param, on line 4."""
    return definition(
        f"<Params>{param(1, interprete=NEXT.replace('</Interprete>', f'{text}</Interprete>'))}</Params>"
    )


class DocumentCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("XM02", headed("<Version>1.0.0.1</Version>"), PLAIN, line=1, says="the element Name"),
        Case("XM02", headed("<Name>Test</Name>"), PLAIN, line=1, says="the element Version"),
        Case(
            "XM02",
            headed("<Name> </Name><Version>1.0.0.1</Version>"),
            PLAIN,
            line=2,
            says="a name, found nothing",
        ),
        Case("XM02", headed("<Name>Test</Name><Version/>"), PLAIN, line=2, says="found nothing"),
        Case("XM02", headed("<Name>Test</Name><Version>1.0.1</Version>"), PLAIN, says="'1.0.1'"),
        Case("XM02", headed("<Name>Test</Name><Version>1.0.0.x</Version>"), PLAIN, says="four numbers"),
        Case("XM02", headed("<Name>Test</Name><Version>1.0.0.\u0661</Version>"), PLAIN),
        Case("XM03", connected(""), PLAIN, line=1, says="found neither"),
        Case("XM03", connected("<Connections/>"), PLAIN, says="found neither"),
        Case("XM03", definition(type='<Type relativeTimers="true"/>'), PLAIN, line=3, says="found nothing"),
        Case(
            "XM03",
            definition(type='<Type relativeTimers="true">serial-smart</Type>'),
            PLAIN,
            says="serial-smart",
        ),
        Case(
            "XM03",
            connected(CONNECTIONS.replace("SmartSerial>", "Smart>")),
            connected(CONNECTIONS),
            also=("CN06",),
            line=3,
            says="Sla, found 'Smart'",
        ),
        Case(
            "XM03",
            connected('<Connections><Connection id="0"/></Connections>'),
            connected('<Connections><Connection id="0"><Serial/></Connection></Connections>'),
            also=("CN06",),
            says="found none",
        ),
        Case(
            "XM03",
            connected('<Connections><Connection id="0"><Type>tcp</Type></Connection></Connections>'),
            connected('<Connections><Connection id="0"><Type>serial</Type></Connection></Connections>'),
            also=("CN06",),
            says="'tcp'",
        ),
        Case(
            "XM03",
            connected('<Connections><Connection id="0"><Serial/><Http/></Connection></Connections>'),
            connected('<Connections><Connection id="0"><Serial/></Connection></Connections>'),
            also=("CN06",),
            says="Serial, Http",
        ),
        Case("XM04", inside("<RawType>text</RawType>"), inside(""), line=4, says="one RawType in Interprete"),
        Case("XM04", definition(port=PORT + PORT), PLAIN, line=3, says="one PortSettings in Protocol"),
        Case("XM04", definition("<Params/><Params/>"), definition("<Params/>"), line=4, says="on line 4"),
        Case(
            "XM05",
            '<?xml version="1.0" encoding="iso-8859-1"?>' + PLAIN,
            '<?xml version="1.0" encoding="UTF-8"?>' + PLAIN,
            line=1,
            says="'iso-8859-1'",
        ),
        Case(
            "XM07",
            definition(f"<Params>{param(1, 'matrix', '')}{param(2, 'matrix', '')}</Params>"),
            definition(f"<Params>{param(1, 'array', '')}</Params>"),
            line=4,
            says="the type matrix is left alone",
        ),
        Case("XM07", definition("<Display/>"), definition(), line=4, says="Display is left alone"),
        Case("XM07", definition("<Params>loose</Params>"), definition("<Params> </Params>"), says="'loose'"),
        Case("XM07", definition("\n<Comands/>"), definition("<Commands/>"), line=5, says="'Comands'"),
        Case(
            "XM07", inside("<Lenght>1</Lenght>"), inside("<Length>1</Length>"), says="'Lenght' in Interprete"
        ),
        Case(
            "XM07", inside("<Endian><Odd/></Endian>"), inside("<Endian>big</Endian>"), says="'Odd' in Endian"
        ),
    )

    def test_hints(self) -> None:
        for text, hint in (
            (definition("<Comands/>"), "did you mean Commands?"),
            (inside("<rawtype/>"), "did you mean RawType?"),
            (inside("<Crc/>"), ""),
            (
                definition("<Params><Param id='1'><Name>a</Name><Endian>big</Endian></Param></Params>"),
                "Interprete",
            ),
            (definition(type='<Type relativeTimers="true">smartserial</Type>'), "did you mean smart-serial?"),
        ):
            with self.subTest(text=text):
                found = [one for one in findings(text) if one.code in ("XM07", "XM03")]
                self.assertEqual(len(found), 1, found)
                self.assertIn(hint, found[0].hint)

    def test_an_unknown_type_of_a_connection_is_told_once(self) -> None:
        """What stands beside it, or over another connection, is as unknown as anything."""
        smart = CONNECTIONS.replace("SmartSerial>", "SmartSeriel>")
        [_, found] = findings(connected(smart))
        self.assertEqual((found.code, found.hint), ("XM03", "did you mean SmartSerial?"))
        self.assertEqual(found.path.rpartition("/")[2], "SmartSeriel")
        beside = smart.replace("</Connection>", "<Odd/></Connection>")
        self.assertEqual(sorted(codes(connected(beside))), ["CN06", "XM03", "XM07"])
        self.assertEqual(sorted(codes(definition(smart))), ["CN05", "XM07"])

    def test_each_unknown_name_is_told_once(self) -> None:
        found = findings(definition("<Params><Odd/><Odd/><Even/></Params><Odd/>"))
        self.assertEqual([one.code for one in found], ["XM07", "XM07"])
        self.assertIn("there are 2 more of this name", found[0].message)
        self.assertEqual({one.severity for one in found}, {INFO})

    def test_each_ignored_element_is_told_once(self) -> None:
        found = findings(definition("<SNMP/><Relations><Odd/></Relations>"))
        self.assertEqual([one.message.split()[0] for one in found], ["SNMP", "Relations"])

    def test_what_changes_nothing_is_passed_over(self) -> None:
        self.assertEqual(codes(definition("<Provider>x</Provider><Vendor><Odd/></Vendor>")), [])

    def test_code_of_a_qaction_is_no_loose_text(self) -> None:
        text = '<QActions><QAction id="1" name="a">class A { }</QAction></QActions>'
        self.assertNotIn("XM07", codes(definition(text)))

    def test_an_overlay_needs_no_type(self) -> None:
        overlay = '<Connections><Connection id="0"><UserSettings/></Connection></Connections>'
        self.assertEqual(codes(definition(overlay)), ["CN05"])


class VocabularyTest(SynchronousTestCase):
    def test_each_row_is_used(self) -> None:
        named = {element.inside for row in CHILDREN.values() for element in row.values()}
        self.assertEqual(named, set(CHILDREN))

    def test_homes(self) -> None:
        self.assertEqual(HOMES["RawType"], ("Interprete",))
        self.assertEqual(HOMES["Discreet"], ("Discreets",))
        self.assertEqual(HOMES["Protocol"], ())

    def test_walk_goes_where_something_is_read(self) -> None:
        root = parse_xml(b"<Protocol><Params><Odd><Param/></Odd></Params><SNMP><Odd/></SNMP></Protocol>").root
        met = [(one.node.name, one.known.use if one.known else None) for one in walk(root)]
        self.assertEqual(
            met, [("Protocol", Use.READ), ("Params", Use.READ), ("Odd", None), ("SNMP", Use.NOTICED)]
        )

    def test_another_root_is_unknown(self) -> None:
        root = parse_xml(b"<Other><Params/></Other>").root
        self.assertEqual([one.known for one in walk(root)], [None])
