"""Rules about ids and names: each broken and kept, for all that has a number."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.rules import ids
from smartserial.definition.rules.ids import KINDS
from smartserial.findings import INFO, WARNING
from tests.rulebook import Case, RuleCases, codes, constant, definition, findings, param, serial

CONNECTION = '<Connections><Connection id="{}" name="{}"><SmartSerial/></Connection></Connections>'


def items(*attributes: str, path: str = "Commands/Command", inner: str = "<Name>{}</Name>") -> str:
    """Elements of a kind, each on a line, the first on line 5; their names are a, b, c."""
    around, name = path.split("/")
    lines = (
        f"<{name} {text}>{inner.format(word)}</{name}>"
        for text, word in zip(attributes, "abcdef", strict=False)
    )
    return f"<{around}>\n" + "\n".join(lines) + f"</{around}>"


def params(*attributes: str) -> str:
    """Params with these attributes, each on a line, the first on line 5."""
    lines = (
        constant(1, "x").replace('id="1"', text).replace("p1", f"p{n}") for n, text in enumerate(attributes)
    )
    return definition("<Params>\n" + "\n".join(lines) + "</Params>")


TURNED = (
    '<Connections><Connection id="{}" name="IP Connection - C"><Serial/></Connection>'
    '<Connection id="{}" name="IP Connection - B"><Serial/></Connection></Connections>'
)
OVERLAID = definition(CONNECTION.format(0, "IP Connection"))


class IdCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("ID01", params(""), params('id="1"'), line=5, says="this param 'p0'"),
        Case("ID01", params('id=""'), params('id="1"')),
        Case("ID01", params('id="  "'), params('id="1"')),
        Case(
            "ID01",
            definition(TURNED.format(1, "").replace(' id=""', "")),
            definition(TURNED.format(2, 1)),
            WARNING,
            also=("CN05", "ID03"),
            says="by its position it is 1",
        ),
        Case("ID02", params('id="x"'), params('id="1"'), line=5, says="found 'x'"),
        Case("ID02", params('id="-1"'), params('id="1"')),
        Case("ID02", params('id="01"'), params('id="0"')),
        Case("ID02", params('id="\u0661"'), params('id="1"')),
        Case("ID02", params(f'id="{"9" * 40}"'), params('id="1"')),
        Case("ID02", definition(CONNECTION.format("x", "IP Connection")), OVERLAID, also=("CN05",)),
        Case("ID03", params('id="1"', 'id="1"'), params('id="1"', 'id="2"'), line=6, says="on line 5"),
        Case("ID04", params('id="64300"'), params('id="64299"'), says="70000 to 99999"),
        Case("ID04", params('id="69999"'), params('id="70000"')),
        Case("ID04", params('id="65001"'), params('id="99999"'), says="has this one already"),
        Case("ID04", params('id="100000"'), params('id="1000000"')),
        Case("ID04", params('id="10000000"'), params('id="9999999"')),
        Case(
            "ID04",
            definition(TURNED.format(3, 1)),
            definition(TURNED.format(2, 1)),
            also=("CN05",),
            says="connection 2 next, found 3",
        ),
        Case(
            "ID04", definition(CONNECTION.format(2, "x")), OVERLAID, also=("CN05",), says="connection 1 next"
        ),
        Case("ID05", params('id=" 1"'), params('id="1"'), line=5, says="id of Param, found ' 1'"),
        Case(
            "ID05",
            definition(f"<Params>{param(1).replace('>p1<', '> p1<')}</Params>"),
            definition(f"<Params>{param(1)}</Params>"),
            line=4,
            says="text of Name",
        ),
        Case(
            "ID05",
            definition(f"<Params>{param(1).replace('>other<', '>other <')}</Params>"),
            definition(f"<Params>{param(1)}</Params>"),
            says="text of RawType",
        ),
        Case("ID05", definition().replace("1.0.0.1", " 1.0.0.1"), definition(), line=2, says="Version"),
        Case("ID05", definition().replace(">smart-serial<", ">\nsmart-serial<"), definition(), says="Type"),
    )

    def test_all_kinds(self) -> None:
        """The same of each kind; other rules may say more of such bare elements."""
        wrong = (
            ((" ",), "ID01"),
            (('id="+1"',), "ID02"),
            (('id="1"', 'id="1"'), "ID03"),
            (('id="4294967296"',), "ID04"),
        )
        for kind in KINDS:
            for attributes, code in wrong:
                with self.subTest(kind=kind.name, code=code):
                    found = findings(definition(items(*attributes, path=kind.path)))
                    mine = [one for one in found if one.code.startswith("ID")]
                    self.assertEqual([one.code for one in mine], [code], found)
                    self.assertIn(kind.name, mine[0].message)
                    self.assertEqual(mine[0].line, 4 + len(attributes))

    def test_least_ids(self) -> None:
        for kind in KINDS:
            allowed = [0] if kind.name in ("param", "command", "response", "pair") else []
            allowed += [-1] if kind.name == "group" else []
            for number in (-1, 0):
                with self.subTest(kind=kind.name, number=number):
                    found = codes(definition(items(f'id="{number}"', path=kind.path)))
                    ids_ = [code for code in found if code.startswith("ID")]
                    self.assertEqual(ids_, [] if number in allowed else ["ID02" if number < 0 else "ID04"])

    def test_doubled_names(self) -> None:
        grave = dict.fromkeys(("command", "response", "group", "pair"), WARNING)
        grave |= dict.fromkeys(("trigger", "timer", "action", "QAction"), INFO)
        for kind in KINDS:
            with self.subTest(kind=kind.name):
                text = items('id="1"', 'id="2"', 'id="3"', path=kind.path, inner="<Name>same</Name>")
                found = [one for one in findings(definition(text)) if one.code == "ID06"]
                severities = [one.severity for one in found]
                self.assertEqual(severities, [grave[kind.name]] * 2 if kind.name in grave else [])
                self.assertEqual([one.line for one in found], [6, 7] if found else [])
                self.assertTrue(all(f"{kind.name} 1: 'same'" in one.message for one in found))

    def test_names_of_qactions_are_attributes(self) -> None:
        text = items('id="1" name="a"', 'id="2" name="a"', path="QActions/QAction", inner="")
        self.assertEqual([code for code in codes(definition(text)) if code == "ID06"], ["ID06"])

    def test_empty_names_are_not_doubled(self) -> None:
        text = items('id="1"', 'id="2"', inner="<Name> </Name>")
        self.assertNotIn("ID06", codes(definition(text)))

    def test_blanks_in_references(self) -> None:
        text = definition(
            "<Params>" + param(1) + "</Params><Responses><Response id='1'><Name>r</Name>"
            "<Content><Param> 1 </Param></Content></Response></Responses>"
        )
        self.assertEqual(codes(text), ["ID05"])

    def test_data_of_triggers_may_have_blanks(self) -> None:
        text = definition(
            "<Triggers><Trigger id='1'><Name>t</Name><On>communication</On><Time> OK </Time>"
            "<Type>action</Type></Trigger></Triggers>"
        )
        self.assertNotIn("ID05", codes(text))

    def test_connections_need_no_id(self) -> None:
        body = "<Connections><Connection><Serial/></Connection></Connections>"
        self.assertEqual([code for code in codes(serial(body)) if code.startswith("ID")], [])

    def test_doubled_connections(self) -> None:
        body = CONNECTION.format(0, "IP Connection").replace("</Connections>", "") + CONNECTION.format(
            0, "IP Connection"
        ).replace("<Connections>", "")
        self.assertEqual(sorted(codes(definition(body))), ["CN05", "ID03"])

    def test_table(self) -> None:
        self.assertEqual([rule.code for rule in ids.RULES], [f"ID0{n}" for n in range(1, 7)])
        self.assertEqual(len({kind.path for kind in KINDS}), len(KINDS))


class NameCases(RuleCases, SynchronousTestCase):
    BODY = (
        "<Params>" + constant(1, "x") + "</Params><Responses>"
        '<Response id="1"><Name>a</Name><Content><Param>1</Param></Content></Response>\n'
        '<Response id="2"><Name>{}</Name><Content><Param>1</Param></Content></Response></Responses>'
    )
    CASES = (
        Case(
            "ID06",
            definition(BODY.format("a")),
            definition(BODY.format("A")),
            severity=WARNING,
            line=5,
            says="that of response 1: 'a'",
        ),
    )
