"""Rules about which connections there are, and what they are called: each broken and kept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.rules.options import said
from smartserial.definition.rules.rule import Subject
from smartserial.definition.rules.sources import sources, types_of
from smartserial.definition.xml import parse_xml
from tests.rulebook import PORT, TYPE, Case, RuleCases, codes, definition, findings

OVERLAY = '<Connections><Connection id="0"><SmartSerial/></Connection></Connections>'
ALONE = (
    "<Protocol>\n<Name>Test</Name><Version>1.0.0.1</Version>\n"
    '<Connections><Connection id="0" name="{}"><SmartSerial/></Connection>'
    '<Connection id="1" name="{}"><Serial/></Connection></Connections></Protocol>'
)


def port(name: str | None, inner: str = "") -> str:
    said = f' name="{name}"' if name is not None else ""
    return f"<PortSettings{said}>{inner}</PortSettings>"


def two(
    advanced: str, first: str = "IP Connection", second: str | None = "IP Connection - B", more: str = ""
) -> str:
    """Serial connections: `advanced` follows the main one, on line 3; settings are on lines 4 and 5."""
    type_ = f'<Type relativeTimers="true" advanced="{advanced}">serial</Type>\n'
    return definition(type=type_, port=f"{port(first)}\n<Ports>{port(second)}{more}</Ports>")


TWO = two("serial:IP Connection - B")
ONE = definition()
VIRTUAL = '<Type relativeTimers="true">virtual</Type>'


class ConnectionCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "CN01",
            two("seriell:IP Connection - B"),
            TWO,
            line=3,
            says="connection 1 in advanced, found 'seriell'",
        ),
        Case("CN01", two(":IP Connection - B"), TWO, says="found nothing"),
        Case(
            "CN02",
            definition(type=TYPE.replace(" rel", ' advanced="" rel')),
            ONE,
            line=3,
            says="found nothing",
        ),
        Case("CN02", two("serial:IP Connection - B;;"), TWO, says="between the semicolons"),
        Case("CN02", two(" ;serial:IP Connection - B"), two("serial:IP Connection - B;"), "info"),
        Case("ID05", two(" serial:IP Connection - B"), TWO, line=3, says="name in advanced"),
        Case("ID05", two("serial: IP Connection - B"), TWO, "info"),
        Case("CN03", definition(port=""), ONE, also=("CN10",), line=3, says="of 1 connections, found 0"),
        Case("CN03", definition(port=PORT + f"<Ports>{port('x')}</Ports>"), ONE, line=3, says="found 2"),
        Case("CN03", two("serial;serial"), two("serial"), line=3, says="of 3 connections, found 2"),
        Case(
            "CN03",
            definition(type=VIRTUAL.replace("virtual<", "serial<"), port=""),
            definition(type=VIRTUAL, port=""),
        ),
        Case(
            "CN03", two("serial").replace("<Ports>", "<!--").replace("</Ports>", "-->"), two("serial"), line=3
        ),
        Case("CN04", two("serial:IP Connection - C"), TWO, line=5, says="'IP Connection - C'"),
        Case("CN05", definition(OVERLAY), ONE, line=4),
        Case("CN06", ALONE.format("IP Connection", "Serial Connection"), ONE, line=3),
        Case("CN07", two("serial", first="ip connection"), TWO, line=4, says="'ip connection'"),
        Case("CN07", two("serial:Events", second="Events"), TWO, line=5, says="'Events'"),
        Case("CN07", two("serial", second="SSH Connection -x"), two("serial", second="SSH Connection - x")),
        Case(
            "CN08",
            two("serial", second="IP Connection"),
            TWO,
            line=5,
            says="of connection 0: 'IP Connection'",
        ),
        Case("CN09", two("serial", second=None), TWO, line=5, says="found none"),
        Case("CN09", two("serial", second=" "), TWO),
        Case("ID05", two("serial", second="IP Connection - B "), TWO, line=5, says="name of PortSettings"),
        Case("CN10", definition(port=port("IP Connection")), ONE, line=3, says="smart-serial connection 0"),
        Case("CN10", definition(port=PORT.replace("true", "false")), ONE, line=3),
        Case("CN11", definition(type="<Type>smart-serial</Type>"), ONE, line=3, says="found none"),
        Case("CN11", definition(type=TYPE.replace("true", "1")), ONE, says="found '1'"),
        Case(
            "CN11",
            definition(type=TYPE.replace("true", "false")),
            definition(type=TYPE.replace("true", "True with reset")),
        ),
        Case(
            "CN12",
            definition(type=VIRTUAL.replace("virtual<", "snmp<")),
            definition(type=VIRTUAL),
            "warning",
            line=3,
            says="connection 0 is of type snmp, which is not run here",
        ),
        Case("CN12", two("http"), TWO, "warning", line=3, says="connection 1 is of type http"),
        Case(
            "CN12",
            definition(OVERLAY.replace("SmartSerial", "Http")),
            definition(OVERLAY),
            also=("CN05",),
            line=4,
        ),
    )

    def test_settings_of_an_overlay_are_settings(self) -> None:
        body = '<Connections><Connection id="0"><SmartSerial>{}</SmartSerial></Connection></Connections>'
        self.assertEqual(sorted(codes(definition(body.format("<UserSettings/>"), port=""))), ["CN05", "CN10"])
        self.assertEqual(sorted(codes(definition(body.format(""), port=""))), ["CN03", "CN05", "CN10"])

    def test_what_is_not_run_needs_no_settings(self) -> None:
        type_ = '<Type relativeTimers="true" advanced="{}">serial</Type>'
        for advanced, expected in (
            ("http", ["CN12"]),
            ("snmp;http", ["CN12", "CN12"]),
            ("http;serial", ["CN03", "CN12"]),
            ("virtual", ["CN03"]),
        ):
            self.assertEqual(codes(definition(type=type_.format(advanced))), expected)

    def test_of_many_mistakes_in_one_text_the_first_are_told(self) -> None:
        for advanced, code, count in (("seriel;" * 250, "CN01", 250), (";" * 251 + "x", "CN02", 251)):
            found = [one for one in findings(two(advanced)) if one.code == code]
            self.assertEqual(len(found), 101)
            self.assertIn(f"and {count - 100} more", found[-1].message)

    def test_connections_are_worked_out_once(self) -> None:
        root = parse_xml(TWO.encode()).root
        subject = Subject(read_protocol(root), root, "utf-8", set())
        for work in (types_of, sources, said):
            self.assertIs(work(subject), work(subject))
        self.assertIsNot(types_of(subject), types_of(Subject(subject.protocol, root, "utf-8", set())))

    def test_names_in_the_newer_syntax(self) -> None:
        self.assertEqual(codes(ALONE.format("Wire", "IP Connection")), ["CN06", "CN07"])
        self.assertEqual(codes(ALONE.format("IP Connection", "IP Connection")), ["CN06", "CN08"])
        self.assertEqual(codes(ALONE.format("", "IP Connection")), ["CN06"])

    def test_a_virtual_connection_has_any_name(self) -> None:
        self.assertEqual(codes(definition(type=VIRTUAL, port=port("anything"))), [])

    def test_a_hint_for_a_type(self) -> None:
        [found] = findings(two("smart serial:IP Connection - B"))
        self.assertEqual(found.hint, "did you mean smart-serial?")

    def test_hints_are_few(self) -> None:
        found = findings(two(";".join(["seriel"] * 1000)))
        self.assertEqual(sum("did you mean" in one.hint for one in found), 20)
