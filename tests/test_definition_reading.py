"""From elements to values: each kind, each spelling; and what cannot be read is left out."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import Action, ActionOn, ActionType, QAction
from smartserial.definition.condition import parse_condition
from smartserial.definition.flow import (
    EACH,
    Case,
    Comparison,
    Group,
    GroupType,
    Initial,
    Item,
    ItemKind,
    Step,
    Timer,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.languages.optional import Optional
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.languages.replacing import ReplaceData
from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import Operation
from smartserial.definition.languages.sequence import Step as SequenceStep
from smartserial.definition.languages.stuffing import Stuffing
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.message import Command, Pair, Response
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Rounding,
    Side,
    ValueException,
    ValueType,
)
from smartserial.definition.protocol import Protocol, Thread
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml

FIVE = parse_condition("id:5 == 1")
WHERE = "<Condition>id:5 == 1</Condition>"


def read(body: str, attributes: str = "") -> Protocol:
    """What a definition with this in it says."""
    return read_protocol(parse_xml(f"<Protocol{attributes}>{body}</Protocol>".encode()).root)


def values(kind: str, body: str) -> tuple[object, ...]:
    """What is read of one kind, as in ``params``."""
    found: tuple[object, ...] = getattr(read(f"<{kind.title()}>{body}</{kind.title()}>"), kind)
    return found


def shape(body: str) -> Interprete | None:
    """How the bytes of a param are read."""
    return (
        read(f"<Params><Param id='1'><Interprete>{body}</Interprete></Param></Params>").params[0].interprete
    )


class Table(SynchronousTestCase):
    """One kind after the other: elements and what they mean."""

    maxDiff = None

    def check_table(self, kind: str, table: tuple[tuple[str, object], ...]) -> None:
        for body, expected in table:
            self.assertEqual(values(kind, body), () if expected is None else (expected,), body)


class ParamsTest(Table):
    def test_params(self) -> None:
        self.check_table(
            "params",
            (
                ("<Param id='1'/>", Param(1, "")),
                (
                    "<Param id='7' save='true' setter='TRUE'><Name> a b </Name><Type>WRITE</Type>"
                    "<Description>What</Description></Param>",
                    Param(7, "a b", ParamType.WRITE, description="What", save=True, setter=True),
                ),
                (
                    "<Param id='1'><Type id='5; 6;x' times='2' options='headerTrailerLink=3;Connection=1'>"
                    "trailer</Type></Param>",
                    Param(
                        1,
                        "",
                        ParamType.TRAILER,
                        type_id=(5, 6),
                        options=TypeOptions(connection=1, header_trailer_link=3),
                        times=2,
                    ),
                ),
                ("<Param id='1'><Type times='0'>read bit</Type></Param>", Param(1, "", ParamType.READ_BIT)),
                ("<Param id='1'><Type>nonsense</Type></Param>", Param(1, "")),
                ("<Param id='1'><Length/></Param>", Param(1, "", length_content=())),
                (
                    "<Param id='1'><Length><Content><Param>0</Param><Param>x</Param><Param>-1</Param>"
                    "<Param> 3 </Param></Content></Length></Param>",
                    Param(1, "", length_content=(0, 3)),
                ),
                ("<Param/>", None),
                ("<Param id='x'/>", None),
                ("<Param id=''/>", None),
                ("<Param id='1.5'/>", None),
                ("<Param id='\u0663'/>", None),
            ),
        )

    def test_checksums(self) -> None:
        content = "<Content><Param>1</Param><Param>2</Param></Content>"
        said = "byteoffset='1' groupbytes='2;Binary' mod='95' off='-32' totaloffset='32'"
        options = "options='ones complement; Or TotalOffset;off per byte'"
        full = Crc(
            "sum",
            (1, 2),
            1,
            2,
            True,
            95,
            -32,
            True,
            32,
            frozenset({"ONES COMPLEMENT", "OR TOTALOFFSET"}),
        )
        for body, expected in (
            (f"<CRC><Type>sum</Type>{content}</CRC>", Crc("sum", (1, 2))),
            (f"<CRC {said} {options}><Type>sum</Type>{content}</CRC>", full),
            (f"<CRC><Type {said} {options}>sum</Type>{content}</CRC>", full),
            ("<CRC mod='7'><Type mod='8' off='x' groupbytes='0'> exor </Type></CRC>", Crc("exor", mod=7)),
            ("<CRC groupbytes='1;binary'/>", Crc("", binary=True)),
            ("<CRC groupbytes='2;hex'/>", Crc("")),
            ("<CRC/>", Crc("")),
        ):
            found = read(f"<Params><Param id='1'>{body}</Param></Params>").params[0]
            self.assertEqual(found.crc, expected, body)

    def test_what_people_see(self) -> None:
        body = (
            "<Param id='1'><Measurement><Type>discreet</Type><Discreets dependencyId='9'>"
            "<Discreet dependencyValues='a; b'><Display>On</Display><Value>1</Value></Discreet><Discreet/>"
            "</Discreets></Measurement><Display><RTDisplay>true</RTDisplay><Units>dBm</Units>"
            "<Range><Low>-1.5</Low><High>2e3</High></Range><Decimals>2</Decimals></Display></Param>"
        )
        found = read(f"<Params>{body}</Params>").params[0]
        discreets = (Discreet("1", "On", ("a", "b")), Discreet("", ""))
        self.assertEqual(found.measurement, Measurement("discreet", discreets, 9))
        self.assertEqual(found.display, Display(True, "dBm", 2, -1.5, 2000.0))


class InterpreteTest(SynchronousTestCase):
    maxDiff = None

    def test_nothing_said(self) -> None:
        self.assertEqual(shape(""), Interprete())

    def test_each_element(self) -> None:
        table: tuple[tuple[str, Interprete], ...] = (
            ("<RawType>Numeric  Text</RawType>", Interprete()),
            ("<RawType> NUMERIC text </RawType>", Interprete(RawType.NUMERIC_TEXT)),
            (
                "<LengthType id='4' times='2'>last next param</LengthType><Length>08</Length>",
                Interprete(length_type=LengthType.LAST_NEXT_PARAM, length=8, length_id=4, length_times=2),
            ),
            ("<LengthType times='-1'>fixed</LengthType>", Interprete(length_type=LengthType.FIXED)),
            (
                "<Type trim='left;Right' filter='true'>High Nibble</Type>",
                Interprete(type=ValueType.HIGH_NIBBLE, trim=frozenset(Side), filter=True),
            ),
            ("<Type trim='left;up'>string</Type>", Interprete(trim=frozenset({Side.LEFT}))),
            ("<Value/>", Interprete(value="")),
            ("<Value> </Value>", Interprete(value=" ")),
            ("<Value> 0x0d0x0A </Value>", Interprete(value=b"\r\n")),
            ("<Value>0x0D0A</Value>", Interprete(value=b"\r\n")),
            ("<Value> 0x0D </Value><Value>second</Value>", Interprete(value=b"\r")),
            ("<Value>0x0D 0x0A</Value>", Interprete(value="0x0D 0x0A")),
            ("<Value>a<!-- no -->b<![CDATA[<c>]]></Value>", Interprete(value="ab<c>")),
            ("<DefaultValue/>", Interprete(default_value="")),
            ("<DefaultValue> 5 </DefaultValue>", Interprete(default_value=" 5 ")),
            ("<Endian>BIG</Endian>", Interprete(endian=Endian.BIG)),
            ("<Base>16</Base><Decimals>0</Decimals>", Interprete(base=16, decimals=0)),
            ("<Base>x</Base><Decimals/>", Interprete()),
            ("<Rounding>HALFTOINFINITY</Rounding>", Interprete(rounding=Rounding.HALF_TO_INFINITY)),
            ("<Factor>-.5e1</Factor>", Interprete(factor=-5.0)),
            ("<Factor>1,5</Factor>", Interprete()),
            ("<Factor>1e999</Factor>", Interprete()),
            ("<Factor>nan</Factor>", Interprete()),
            ("<OffSet id='7'>2</OffSet>", Interprete(offset=2.0, offset_id=7)),
            (
                "<Scale lowData='0' highData='4095' low='-40' high='85'/>",
                Interprete(scale=Scale(0, 4095, -40, 85)),
            ),
            ("<Scale lowData='0' highData='4095' low='-40'/>", Interprete()),
            (
                "<Sequence noset='true' loop='1010'>div:10;offset:id:3</Sequence>",
                Interprete(
                    sequence=(SequenceStep(Operation.DIV, 10), SequenceStep(Operation.OFFSET, param=3)),
                    sequence_loop=1010,
                ),
            ),
            (
                "<Sequence>*:2;bad</Sequence>",
                Interprete(sequence=(SequenceStep(Operation.FACTOR, 2),), sequence_noset=False),
            ),
            ("<Range><Low>1</Low><High>x</High></Range>", Interprete(low=1.0)),
            ("<Range><High>-1</High></Range>", Interprete(high=-1.0)),
            ("<LengthType times='x'>next param</LengthType>", Interprete()),
            (
                "<Exceptions><Exception id='1' value=' -1'><Display> No </Display>"
                "<Value>-9</Value></Exception>"
                "<Exception/></Exceptions>",
                Interprete(exceptions=(ValueException(" -1", "No", "-9"), ValueException(""))),
            ),
            (
                "<Others><Other id='4'><Display>Off</Display><Value>10</Value></Other><Other/></Others>",
                Interprete(others=(Other(4, "10", "Off"),)),
            ),
            (
                "<Alignment>right</Alignment><Bits>7</Bits><ByteOffset>-32</ByteOffset>",
                Interprete(alignment=Side.RIGHT, bits=7, byte_offset=-32),
            ),
            (
                "<StartPosition>0</StartPosition><NbrOfBits>3</NbrOfBits>",
                Interprete(start_position=0, nbr_of_bits=3),
            ),
            (f"<Length>{'9' * 19}</Length>", Interprete()),
            ("<Length>+1</Length><Bits>1_0</Bits>", Interprete()),
        )
        for body, expected in table:
            self.assertEqual(shape(body), expected, body)

    def test_each_choice_in_any_case(self) -> None:
        for raw in RawType:
            for text in (raw.value, raw.value.upper(), f"\n {raw.value.title()}\t"):
                self.assertEqual(shape(f"<RawType>{text}</RawType>"), Interprete(raw))
        for type_ in ParamType:
            found = read(f"<Params><Param id='1'><Type>{type_.value.upper()}</Type></Param></Params>")
            self.assertIs(found.params[0].type, type_)


class MessagesTest(Table):
    def test_commands(self) -> None:
        content = (
            "<Content><Param>5</Param><Param> 6 </Param><Param>x</Param><Param/><Param>5</Param></Content>"
        )
        self.check_table(
            "commands",
            (
                ("<Command id='1'/>", Command(1, "")),
                (
                    f"<Command id='1'><Name>a</Name><Description>b</Description>{content}</Command>",
                    Command(1, "a", (5, 6, 5), description="b"),
                ),
                ("<Command id='1' ascii='True'/>", Command(1, "", ascii=True)),
                ("<Command id='1' ascii='false'/>", Command(1, "")),
                ("<Command id='1' ascii='18;40'/>", Command(1, "", ascii=(18, 40))),
                ("<Command id='1' ascii='x'/>", Command(1, "")),
            ),
        )

    def test_responses(self) -> None:
        self.check_table(
            "responses",
            (
                (
                    "<Response id='1'><Name>a</Name><Description>b</Description></Response>",
                    Response(1, "a", description="b"),
                ),
                (
                    "<Response id='1' options='connection:2'><Content optional='0+;2*'>"
                    "<Param>5</Param></Content></Response>",
                    Response(1, "", (5,), 2, (Optional(0, 1), Optional(2, to_next=True))),
                ),
                (
                    "<Response id='1' options='Connection:x'><Content optional='x'/></Response>",
                    Response(1, ""),
                ),
            ),
        )

    def test_pairs(self) -> None:
        content = (
            "<Content><Response>3</Response><Command>2</Command>"
            "<ResponseOnBadCommand>5</ResponseOnBadCommand>"
            "<Response>4</Response></Content>"
        )
        self.check_table(
            "pairs",
            (
                (
                    "<Pair id='1'><Name>a</Name><Description>b</Description>"
                    "<Content><Command>2</Command></Content></Pair>",
                    Pair(1, "a", 2, description="b"),
                ),
                (
                    (
                        "<Pair id='1' ping='true' timeout='900' "
                        f"options='retries:0;IGNORETIMEOUT'>{WHERE}{content}</Pair>"
                    ),
                    Pair(
                        1, "", 2, (3, 4), (5,), FIVE, True, 900, PairOptions(retries=0, ignore_timeout=True)
                    ),
                ),
                ("<Pair id='1'><Content><Response>2</Response></Content></Pair>", None),
                ("<Pair id='1'><Content><Command>x</Command></Content></Pair>", None),
                (
                    (
                        "<Pair id='1' timeout='x'><Condition>id:</Condition><Content>"
                        "<Command>2</Command></Content></Pair>"
                    ),
                    Pair(1, "", 2),
                ),
            ),
        )


class FlowsTest(Table):
    def test_groups(self) -> None:
        self.check_table(
            "groups",
            (
                ("<Group id='-1'/>", Group(-1, "")),
                (
                    "<Group id='1'><Name> a </Name><Description>b</Description>"
                    "<Content><Pair>-2</Pair></Content></Group>",
                    Group(1, "a", description="b"),
                ),
                (
                    f"<Group id='1' connection='2' ping='true'><Type>Poll Action</Type>{WHERE}"
                    "<Content><Action next='50'>3</Action><ACTION>4</ACTION>"
                    "<Action>x</Action><Other>5</Other>"
                    "</Content></Group>",
                    Group(
                        1,
                        "",
                        GroupType.POLL_ACTION,
                        (Item(ItemKind.ACTION, 3, 50), Item(ItemKind.ACTION, 4)),
                        FIVE,
                        2,
                        True,
                    ),
                ),
            ),
        )

    def test_timers(self) -> None:
        self.check_table(
            "timers",
            (
                ("<Timer id='1'><Name>a</Name><Time>5000</Time></Timer>", Timer(1, "a", 5000)),
                (
                    "<Timer id='1'><Time initial='random=0:.5'>1</Time></Timer>",
                    Timer(1, "", 1, initial=Initial(True, 0, 0.5)),
                ),
                (
                    f"<Timer id='1' fixedTimer='true'><Time initial='random=1:2.5'>LOOP</Time>{WHERE}"
                    "<Interval>75</Interval><Content><Group>2</Group><Group>1:2:3</Group></Content></Timer>",
                    Timer(1, "", None, (2,), 75, Initial(True, 1, 2.5), True, FIVE),
                ),
                (
                    "<Timer id='1'><Time initial='FALSE'>0</Time></Timer>",
                    Timer(1, "", 1, initial=Initial(False)),
                ),
                ("<Timer id='1'><Time initial='random=3:2'>1</Time></Timer>", Timer(1, "", 1)),
                ("<Timer id='1'><Time initial='random=-1:2'>1</Time></Timer>", Timer(1, "", 1)),
                ("<Timer id='1'><Time initial='random=2'>1</Time></Timer>", Timer(1, "", 1)),
                ("<Timer id='1'><Time initial='later'>1</Time></Timer>", Timer(1, "", 1)),
                ("<Timer id='1'><Time>9999999999999</Time></Timer>", Timer(1, "", 2_073_600_000)),
                ("<Timer id='1'><Time>1</Time><Interval>-5</Interval></Timer>", Timer(1, "", 1)),
                ("<Timer id='1'><Time>soon</Time></Timer>", None),
                ("<Timer id='1'/>", None),
            ),
        )

    def test_triggers(self) -> None:
        after, parameter = TriggerTime.AFTER, TriggerOn.PARAMETER
        self.check_table(
            "triggers",
            (
                ("<Trigger id='1'><Name>a</Name></Trigger>", Trigger(1, "a")),
                (
                    "<Trigger id='1'><On id='EACH'>Response</On><Time>AFTER</Time>"
                    f"<Type>Trigger</Type>{WHERE}"
                    "<Content><Id>2</Id><Id else='true'>3</Id><Id>x</Id></Content></Trigger>",
                    Trigger(
                        1,
                        "",
                        TriggerOn.RESPONSE,
                        EACH,
                        after,
                        TriggerType.TRIGGER,
                        (Step(2), Step(3, True)),
                        FIVE,
                    ),
                ),
                (
                    (
                        "<Trigger id='1'><On id='7'>parameter</On>"
                        "<Time case='Greater' value=' 5'>change</Time></Trigger>"
                    ),
                    Trigger(
                        1, "", parameter, 7, TriggerTime.CHANGE, comparison=Comparison(Case.GREATER, " 5")
                    ),
                ),
                (
                    (
                        "<Trigger id='1'><On id='7'>parameter</On>"
                        "<Time case='equal' nr='8'>change</Time></Trigger>"
                    ),
                    Trigger(
                        1, "", parameter, 7, TriggerTime.CHANGE, comparison=Comparison(Case.EQUAL, param=8)
                    ),
                ),
                (
                    (
                        "<Trigger id='1'><On id='7'>parameter</On>"
                        "<Time case='equal' value='3' nr='8'>change</Time></Trigger>"
                    ),
                    Trigger(
                        1, "", parameter, 7, TriggerTime.CHANGE, comparison=Comparison(Case.EQUAL, param=8)
                    ),
                ),
                (
                    (
                        "<Trigger id='1'><On id='7'>parameter</On>"
                        "<Time case='equal' value='3' nr='x'>change</Time></Trigger>"
                    ),
                    Trigger(1, "", parameter, 7, TriggerTime.CHANGE, comparison=Comparison(Case.EQUAL, "3")),
                ),
                (
                    "<Trigger id='1'><On>protocol</On><Time>link file changed</Time></Trigger>",
                    Trigger(1, "", TriggerOn.PROTOCOL, None, TriggerTime.LINK_FILE_CHANGE),
                ),
                (
                    "<Trigger id='1'><On>communication</On><Time>TIMEOUT</Time></Trigger>",
                    Trigger(1, "", TriggerOn.COMMUNICATION, data="TIMEOUT"),
                ),
                (
                    "<Trigger id='1'><On>communication</On><Time>0x06</Time></Trigger>",
                    Trigger(1, "", TriggerOn.COMMUNICATION, data=b"\x06"),
                ),
                ("<Trigger id='1'><On id='x'>tea</On><Time>noon</Time></Trigger>", Trigger(1, "")),
            ),
        )

    def test_actions(self) -> None:
        on = ActionOn
        replacing = Action(
            1,
            "",
            on.COMMAND,
            ActionType.REPLACE_DATA,
            start_offset=1,
            replace=ReplaceData(((b"\r", b"\n"),), True),
        )
        info = ActionType.SET_INFO
        self.check_table(
            "actions",
            (
                (
                    "<Action id='1'><On>command</On><Type>MAKE</Type></Action>",
                    Action(1, "", on.COMMAND, ActionType.MAKE),
                ),
                (
                    "<Action id='1'><Name>a</Name><On id='3;4' nr='0;1'>Pair</On>"
                    f"<Type id='5' nr='6' value=' 7' options=' x '>set next</Type>{WHERE}</Action>",
                    Action(
                        1,
                        "a",
                        on.PAIR,
                        ActionType.SET_NEXT,
                        (3, 4),
                        (0, 1),
                        5,
                        6,
                        " 7",
                        options="x",
                        condition=FIVE,
                    ),
                ),
                (
                    "<Action id='1'><On>response</On><Type value='0x10' startoffset='2' endoffset='-3' "
                    "allowed='0x030x02'>read stuffing</Type></Action>",
                    Action(
                        1,
                        "",
                        on.RESPONSE,
                        ActionType.READ_STUFFING,
                        type_value="0x10",
                        start_offset=2,
                        allowed=b"\x03\x02",
                    ),
                ),
                (
                    "<Action id='1'><On>command</On>"
                    "<Type startoffset='1' options='0D;0x0A;use_offset'>replace data"
                    "</Type></Action>",
                    replacing,
                ),
                (
                    "<Action id='1'><On>command</On><Type options='zz'>replace data</Type></Action>",
                    Action(1, "", on.COMMAND, ActionType.REPLACE_DATA, replace=ReplaceData(), options="zz"),
                ),
                (
                    (
                        "<Action id='1'><On>parameter</On>"
                        "<Type scale='0;1;2;3' sequence='-'>set info</Type></Action>"
                    ),
                    Action(
                        1,
                        "",
                        on.PARAMETER,
                        info,
                        scale=Scale(0, 1, 2, 3),
                        disabled=frozenset({"sequence"}),
                    ),
                ),
                (
                    (
                        "<Action id='1'><On>parameter</On>"
                        "<Type scale=' - ' sequence='div:2'>set info</Type></Action>"
                    ),
                    Action(
                        1,
                        "",
                        on.PARAMETER,
                        info,
                        sequence=(SequenceStep(Operation.DIV, 2),),
                        disabled=frozenset({"scale"}),
                    ),
                ),
                (
                    "<Action id='1'><On>parameter</On><Type scale='0;1;2;3'>clear</Type></Action>",
                    Action(1, "", on.PARAMETER, ActionType.CLEAR),
                ),
                (
                    "<Action id='1'><On>command</On>"
                    "<Type startoffset='-2' endoffset='3'>stuffing</Type></Action>",
                    Action(1, "", on.COMMAND, ActionType.STUFFING, end_offset=3),
                ),
                ("<Action id='1'><On>command</On></Action>", None),
                ("<Action id='1'><Type>make</Type></Action>", None),
                ("<Action id='1'><On>tea</On><Type>make</Type></Action>", None),
            ),
        )

    def test_called_code(self) -> None:
        text = (
            "triggers='5; 6;x' entryPoint='A;B' inputParameters='7' options='Queued; GROUP' "
            "encoding=' csharp '"
        )
        self.assertEqual(
            read(
                f"<QActions><QAction id='1' name=' n ' {text}>{WHERE}code</QAction>"
                "<QAction id='2'><Name>m</Name>"
                "</QAction><QAction/></QActions>"
            ).qactions,
            (
                QAction(1, "n", (5, 6), ("A", "B"), (7,), frozenset({"queued", "group"}), "csharp", FIVE),
                QAction(2, "m"),
            ),
        )


class ProtocolTest(SynchronousTestCase):
    maxDiff = None

    def test_nothing(self) -> None:
        self.assertEqual(read(""), Protocol("", ""))

    def test_its_own_words(self) -> None:
        stuffing = "on=command,response;escape=0x10;stuffing=0x10"
        found = read(
            "<Version> 1.0.0.2 </Version><Name> Tank </Name><Description>What</Description>"
            f"<Advanced stuffing='{stuffing}' ignoreEqualResponse='TRUE'/>"
            "<Threads><Thread connection='1, 2'/><Thread/></Threads>"
            "<NoTimeouts><NoTimeout>0x15</NoTimeout><NoTimeout> BUSY</NoTimeout></NoTimeouts>"
        )
        self.assertEqual(
            found,
            Protocol(
                "Tank",
                "1.0.0.2",
                description="What",
                stuffing=Stuffing(b"\x10", b"\x10", True, True),
                ignore_equal_response=True,
                threads=(Thread((1, 2)), Thread(())),
                no_timeouts=(b"\x15", " BUSY"),
            ),
        )

    def test_how_timers_run(self) -> None:
        for said, relative, reset in (
            ("", None, False),
            (" relativeTimers='True'", True, False),
            (" relativeTimers='true With reset'", True, True),
            (" relativeTimers='false'", False, False),
            (" relativeTimers='maybe'", None, False),
        ):
            found = read(f"<Type{said}>serial</Type>")
            self.assertEqual((found.relative_timers, found.timers_reset), (relative, reset), said)

    def test_unicode(self) -> None:
        self.assertTrue(read("<Type options='disableViewRefresh; Unicode'>serial</Type>").unicode)
        self.assertFalse(read("<Type options='unicodes'>serial</Type>").unicode)

    def test_ids_with_zeros(self) -> None:
        """Their being wrong is told by a rule; what they mean is plain."""
        body = (
            "<Params><Param id=' 007 '/></Params><Commands><Command id='01'><Content>"
            "<Param>007</Param></Content>"
        )
        found = read(f"{body}</Command></Commands>")
        self.assertEqual((found.params[0].id, found.commands[0].id, found.commands[0].content), (7, 1, (7,)))

    def test_of_two_with_one_id_the_first_is_found(self) -> None:
        found = read(
            "<Params><Param id='1'><Name>a</Name></Param><Param id='1'><Name>b</Name></Param></Params>"
        )
        self.assertEqual((len(found.params), found.param[1].name), (2, "a"))

    def test_lists_in_pieces(self) -> None:
        found = read("<Params><Param id='1'/></Params><Params><Param id='2'/></Params>")
        self.assertEqual([param.id for param in found.params], [1, 2])
