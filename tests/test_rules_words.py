"""The rule about words and numbers: each row of its table broken and kept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.rules.words import RELATIONS, WORDS
from smartserial.findings import ERROR, WARNING
from tests.rulebook import Case, RuleCases, codes, constant, definition, findings, fixed, param

SCALE = '<Scale lowData="{}" highData="{}" low="{}" high="{}"/>'
FLOW = """<Params>{params}</Params>
<Commands><Command id="1"><Name>c</Name><Content><Param>1</Param></Content></Command></Commands>
<Responses><Response id="1"><Name>r</Name><Content><Param>2</Param></Content></Response></Responses>
<Pairs><Pair id="1"{pair}><Name>q</Name><Content><Command>1</Command>\
<Response>1</Response></Content></Pair></Pairs>
<Groups><Group id="1"{group}><Name>g</Name><Content><Pair>1</Pair></Content></Group></Groups>
<Triggers><Trigger id="1"><Name>t</Name><On id="1">command</On><Time>before</Time><Type>action</Type>\
<Content><Id{step}>1</Id></Content></Trigger>
<Trigger id="2"><Name>u</Name><On id="1">response</On><Time>before</Time><Type>action</Type>\
<Content><Id>2</Id></Content></Trigger></Triggers>
<Actions><Action id="1"><Name>m</Name><On>command</On><Type>make</Type></Action>\
<Action id="2"><Name>r</Name><On>response</On><Type>read</Type></Action></Actions>
<Timers><Timer id="1"{timer}><Name>m</Name><Time>5000</Time>\
<Content><Group>1</Group></Content></Timer></Timers>"""


def number(more: str, raw_type: str = "numeric text", attributes: str = "") -> str:
    """A param that holds a number; `more` is in its Interprete, on line 5."""
    made = (
        f"<Interprete><RawType>{raw_type}</RawType><LengthType>fixed</LengthType><Length>4</Length>"
        f"<Type>double</Type>\n{more}</Interprete>"
    )
    return definition(f"<Params>{param(5, 'read', made, attributes)}</Params>")


def said(name: str, text: str) -> str:
    return number(f"<{name}>{text}</{name}>")


def text(attributes: str = "", ends: str = "", more: str = "") -> str:
    """A param that holds a text, with attributes of Type and of LengthType in its Interprete."""
    made = (
        f"<Interprete><RawType>other</RawType><LengthType{ends}>next param</LengthType>"
        f"<Type{attributes}>string</Type></Interprete>"
    )
    return definition(f"<Params>{param(5, 'read', made, more=more)}</Params>")


def kept(attributes: str) -> str:
    return text().replace('<Param id="5"', f'<Param id="5"{attributes}')


def scale(low_data: str = "0", high_data: str = "100", low: str = "0", high: str = "1") -> str:
    return number(SCALE.format(low_data, high_data, low, high))


def steps(text: str, attributes: str = "") -> str:
    return number(f'<Sequence noset="true"{attributes}>{text}</Sequence>')


def limits(low: str, high: str) -> str:
    return number(f"<Range><Low>{low}</Low><High>{high}</High></Range>")


def shown(inner: str) -> str:
    return text(more=f"<Display>{inner}</Display>")


def crc(on_crc: str = "", on_type: str = "") -> str:
    made = fixed(5, 1, "crc", "unsigned number", "double")
    covered = f"<CRC{on_crc}><Type{on_type}>sum</Type><Content><Param>0</Param></Content></CRC>"
    return definition(f"<Params>{made.replace('</Param>', f'{covered}</Param>')}</Params>")


def flow(pair: str = "", group: str = "", step: str = "", timer: str = "") -> str:
    params = constant(1, "x") + param(2)
    return definition(FLOW.format(params=params, pair=pair, group=group, step=step, timer=timer))


def laid_over(kind: str) -> str:
    return definition(f'<Connections><Connection id="0"><{kind}/></Connection></Connections>')


class WordsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA26", said("Endian", "bigg"), said("Endian", "Big"), WARNING, says="little or big"),
        Case(
            "PA26", said("Rounding", "nearest"), said("Rounding", "halfup"), WARNING, line=5, says="'nearest'"
        ),
        Case("PA26", said("Alignment", "center"), said("Alignment", "right"), WARNING, says="left or right"),
        Case("PA26", said("Base", "40"), said("Base", "36"), ERROR, line=5, says="from 2 to 36 in Base"),
        Case("PA26", said("Base", "1"), said("Base", "2"), ERROR),
        Case("PA26", said("Base", "ten"), said("Base", ""), ERROR),
        Case("PA26", said("Decimals", "-1"), said("Decimals", "0"), ERROR, says="from 0 to 30"),
        Case("PA26", said("Decimals", "31"), said("Decimals", "30"), ERROR),
        Case("PA26", said("Factor", "1,5"), said("Factor", "-1.5e3"), WARNING, says="a number in Factor"),
        Case("PA26", said("Factor", "0.0"), said("Factor", "0.1"), ERROR, says="another number than 0"),
        Case("PA26", said("OffSet", "a"), said("OffSet", "2"), WARNING),
        Case("PA26", number('<OffSet id="x"/>'), number('<OffSet id="5"/>'), WARNING, says="id of OffSet"),
        Case("PA26", number('<Scale lowData="0"/>'), scale(), ERROR, line=5, says="found no highData"),
        Case("PA26", scale(high="b"), scale(high="-1"), ERROR, says="a number in high of Scale"),
        Case("PA26", scale("7", "7.0"), scale("7", "8"), ERROR, says="highData other than lowData"),
        Case("PA26", limits("a", "5"), limits("", "5"), WARNING, says="in Low, found 'a'"),
        Case("PA26", limits("1", "5x"), limits("5", "5"), WARNING, says="in High"),
        Case("PA26", limits("6", "5"), limits("-6", "5"), WARNING, says="found 6 and 5"),
        Case("PA26", said("Bits", "0"), said("Bits", "1"), WARNING, says="from 1 to 8"),
        Case("PA26", said("Bits", "9"), said("Bits", "8"), WARNING),
        Case("PA26", said("ByteOffset", "x"), said("ByteOffset", "-32"), WARNING),
        Case("PA26", said("ByteOffset", "256"), said("ByteOffset", "255"), WARNING),
        Case("PA26", steps("factor:2", ' loop="x"'), steps("factor:2", ' loop="1000"'), WARNING, says="loop"),
        Case("PA26", steps("log10:5"), steps("log10"), WARNING, says="log10 alone"),
        Case("PA26", steps("+:1;div:0"), steps("div:1"), ERROR, says="after div, found 0"),
        Case("PA26", steps("%:0"), steps("+:0"), ERROR, says="after rest"),
        Case("PA26", text(' trim="both"'), text(' trim="left; Right"'), WARNING, line=4, says="trim of Type"),
        Case(
            "PA26", text(' filter="yes"'), text(' filter="TRUE"'), WARNING, says="filter of Type, found 'yes'"
        ),
        Case("PA26", text(ends=' times="x"'), text(ends=' times="2"'), WARNING, says="times of LengthType"),
        Case("PA26", text(ends=' times="0"'), text(ends=' times="1"'), WARNING),
        Case("PA26", number("", attributes=' times="x"'), number("", attributes=' times="1"'), WARNING),
        Case("PA26", kept(' save="yes"'), kept(' save="false"'), WARNING, line=4, says="save of Param"),
        Case("PA26", kept(' setter="1"'), kept(' setter=""'), WARNING),
        Case("PA26", shown("<RTDisplay>yes</RTDisplay>"), shown("<RTDisplay>true</RTDisplay>"), WARNING),
        Case("PA26", shown("<Decimals>-1</Decimals>"), shown("<Decimals>2</Decimals>"), WARNING),
        Case("PA26", shown("<Range><Low>x</Low></Range>"), shown("<Range><Low>0</Low></Range>"), WARNING),
        Case(
            "PA26",
            shown("<Range><Low>9</Low><High>1</High></Range>"),
            shown("<Range><Low>1</Low><High>9</High></Range>"),
            WARNING,
        ),
        Case(
            "PA26",
            crc(' options="ones complement;OR"'),
            crc(' options="ones complement;off per byte"'),
            WARNING,
            line=4,
            says="found 'OR'",
        ),
        Case("PA26", crc(on_type=' options="x"'), crc(on_type=' options="OR TOTALOFFSET"'), WARNING),
        Case("PA26", flow(pair=' ping="1"'), flow(pair=' ping="true"'), WARNING, says="ping of Pair"),
        Case("PA26", flow(group=' ping="no"'), flow(group=' ping="false"'), WARNING, says="ping of Group"),
        Case("PA26", flow(step=' else="x"'), flow(step=' else="false"'), WARNING, says="else of Id"),
        Case("PA26", flow(timer=' fixedTimer="x"'), flow(timer=' fixedTimer="true"'), WARNING),
        Case(
            "PA26",
            laid_over('SmartSerial single="x"'),
            laid_over('SmartSerial single="false"'),
            WARNING,
            ("CN05",),
            says="single of SmartSerial",
        ),
        Case(
            "PA26",
            definition('<Advanced ignoreEqualResponse="yes"/>'),
            definition('<Advanced ignoreEqualResponse="false"/>'),
            WARNING,
        ),
    )

    def test_each_row_has_a_case(self) -> None:
        """The place of each finding is that of a row; those of `Connection` are alike."""
        paths = [one.path for case in self.CASES for one in findings(case.failing) if one.code == "PA26"]
        rows = {tuple(step.partition("[")[0] for step in path.split("/")[-2:]) for path in paths}
        self.assertEqual({*WORDS, *RELATIONS} - rows, {("Connection", "Serial")})

    def test_hints(self) -> None:
        for definition_, hint in (
            (said("Endian", "bigg"), "did you mean big?"),
            (said("Rounding", "halfUpp"), "did you mean halfUp?"),
            (said("Factor", "1,5"), "write 1.5"),
            (said("Factor", "1,5,0"), "take a word"),
            (crc(' options="one complement"'), "did you mean ONES COMPLEMENT?"),
            (kept(' save="ture"'), "did you mean true?"),
        ):
            [found] = findings(definition_)
            self.assertIn(hint, found.hint)

    def test_what_other_rules_tell_is_told_once(self) -> None:
        for definition_, code in (
            (said("Endian", "bigg").replace(">4<", ">x<"), ["PA13", "PA26"]),
            (number("").replace(">double<", ">duoble<"), ["PA12"]),
            (steps("foo:1"), ["PA25"]),
            (steps("factor:1").replace(' noset="true"', ""), ["PA25"]),
            (number("<Endian>big</Endian>\n<Endian>bigg</Endian>"), ["XM04"]),
        ):
            self.assertEqual(sorted(codes(definition_)), code)

    def test_an_unusable_value_is_the_only_cause(self) -> None:
        """A default cannot be told either, where nothing can be made of the value."""
        self.assertEqual(codes(number("<Base>40</Base><DefaultValue>5</DefaultValue>")), ["PA26"])
        self.assertEqual(codes(number("<Factor>0</Factor><DefaultValue>5</DefaultValue>")), ["PA26"])

    def test_what_is_not_read_is_not_judged(self) -> None:
        self.assertEqual(codes(text(more="<Alarm><Type>x</Type><Range><Low>x</Low></Range></Alarm>")), [])

    def test_of_many_steps_the_first_are_told(self) -> None:
        found = [one for one in findings(steps("div:0;" * 250)) if one.code == "PA26"]
        self.assertEqual((len(found), found[-1].severity), (101, ERROR))
        self.assertIn("and 150 more", found[-1].message)
