"""Where the params of a response end that have no length of their own."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import MOST_FINDINGS
from smartserial.findings import ERROR
from tests.rulebook import Case, RuleCases, codes, constant, definition, fixed, param

RULES = {"RE04", "RE05", "RE06", "RE07"}
COLON, LF = constant(5, "0x3A"), constant(6, "0x0A")
SUM = (
    '<Param id="7"><Name>p7</Name><Type>crc</Type><Interprete><RawType>unsigned number</RawType>'
    "<LengthType>fixed</LengthType><Length>1</Length><Type>double</Type></Interprete>"
    "<CRC><Type>sum</Type><Content><Param>{position}</Param></Content></CRC></Param>"
)
LENGTH = (
    '<Param id="8"><Name>p8</Name><Type>length</Type><Interprete><RawType>unsigned number</RawType>'
    "<LengthType>fixed</LengthType><Length>1</Length><Type>double</Type></Interprete>"
    "<Length><Content><Param>{position}</Param></Content></Length></Param>"
)
CHECKED = (
    '<Triggers><Trigger id="1"><Name>t1</Name><On id="each">response</On><Time>before</Time>'
    "<Type>action</Type><Content><Id>1</Id><Id>2</Id></Content></Trigger></Triggers><Actions>"
    '<Action id="1"><Name>a1</Name><On>response</On><Type>read</Type></Action>'
    '<Action id="2"><Name>a2</Name><On>response</On><Type>crc</Type></Action></Actions>'
)


def upto(id: int, end: int | None = None, kind: str = "next param") -> str:
    """A param that ends at the next one, or at the param `end`; or one as long as param 8 says."""
    named = f' id="{end}"' if end is not None else ""
    return param(
        id,
        interprete=f"<Interprete><RawType>other</RawType><LengthType{named}>{kind}</LengthType>"
        "<Type>string</Type></Interprete>",
    )


def heard(*content: int, params: str) -> str:
    """A definition whose response is this content; the params are on line 4, the response on line 5."""
    items = "".join(f"<Param>{number}</Param>" for number in content)
    return definition(
        f"<Params>{params}</Params>\n"
        f'<Responses><Response id="3"><Name>Status</Name><Content>{items}</Content></Response></Responses>'
        + (CHECKED if "<CRC>" in params else "")
    )


class DelimitersCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "RE04",
            heard(1, 2, 6, params=upto(1) + fixed(2, 1) + LF),
            heard(1, 6, 2, params=upto(1) + fixed(2, 1) + LF),
            ERROR,
            line=5,
            says="in response 3 'Status': expected a constant after param 1 'p1', found param 2 'p2' of",
        ),
        Case(
            "RE04",
            heard(1, 2, params=upto(1, kind="last next param") + fixed(2, 1)),
            heard(2, 1, params=upto(1, kind="last next param") + fixed(2, 1)),
            ERROR,
        ),
        Case(
            "RE04",
            heard(1, 7, 6, params=upto(1) + SUM.format(position=0) + LF),
            heard(1, 7, 6, params=upto(1, 6) + SUM.format(position=0) + LF),
            ERROR,
            says="of type crc",
        ),
        Case(
            "RE04",
            heard(5, 1, 7, params=upto(1) + SUM.format(position=1) + COLON),
            heard(5, 1, 7, params=upto(1) + SUM.format(position=0) + COLON),
            ERROR,
        ),
        Case(
            "RE04",
            heard(2, 1, 8, params=upto(1) + fixed(2, 1) + LENGTH.format(position=1)),
            heard(2, 1, 8, params=upto(1) + fixed(2, 1) + LENGTH.format(position=0)),
            ERROR,
            says="of type length",
        ),
        Case(
            "RE05",
            heard(1, 5, 2, 6, params=upto(1, 6) + fixed(2, 1) + COLON + LF),
            heard(1, 2, 6, params=upto(1, 6) + fixed(2, 1) + LF),
            ERROR,
            line=5,
            says="expected param 6 as the next constant after param 1 'p1', found param 5 'p5'",
        ),
        Case(
            "RE06",
            heard(1, 2, params=upto(1, 6) + fixed(2, 1) + LF),
            heard(1, 2, 6, params=upto(1, 6) + fixed(2, 1) + LF),
            ERROR,
            line=5,
            says="expected param 6 after param 1 'p1', found no constant",
        ),
        Case(
            "RE06",
            heard(6, 1, params=upto(1, 6) + LF),
            heard(6, 1, 6, params=upto(1, 6) + LF),
            ERROR,
        ),
        Case(
            "RE06",
            heard(1, 7, params=upto(1, 7) + SUM.format(position=0)),
            heard(5, 1, 7, params=upto(1, 7) + SUM.format(position=0) + COLON),
            ERROR,
            says="found param 7 'p7' of type crc",
        ),
        Case(
            "RE07",
            heard(1, 2, 6, params=upto(1) + upto(2) + LF),
            heard(1, 6, 2, params=upto(1) + upto(2) + LF),
            ERROR,
            line=5,
            says="expected a constant between param 1 'p1' and param 2 'p2'",
        ),
        Case(
            "RE07",
            heard(1, 3, 2, 6, params=upto(1) + upto(2) + fixed(3, 1) + LF),
            heard(3, 1, 6, 2, params=upto(1) + upto(2) + fixed(3, 1) + LF),
            ERROR,
        ),
        Case(
            "RE07",
            heard(1, 2, 6, params=upto(1, 6) + upto(2) + LF),
            heard(1, 6, 2, params=upto(1, 6) + upto(2) + LF),
            ERROR,
        ),
        Case(
            "RE07",
            heard(8, 1, 2, params=upto(1) + upto(2, 8, "other param") + LENGTH.format(position=2)),
            heard(8, 2, 1, params=upto(1) + upto(2, 8, "other param") + LENGTH.format(position=1)),
            ERROR,
        ),
    )

    def test_the_bus_address_is_known(self) -> None:
        self.assertEqual(codes(heard(1, 2, params=upto(1) + fixed(2, 1, "bus"))), [])

    def test_of_three_each_has_an_end(self) -> None:
        found = codes(heard(1, 2, 3, params=upto(1) + upto(2) + upto(3)))
        self.assertEqual(found, ["RE07", "RE07"])

    def test_a_missing_end_is_told_at_the_param(self) -> None:
        self.assertEqual(codes(heard(1, 6, params=upto(1, 40) + LF)), ["PA15"])

    def test_fixed_lengths_need_no_ends(self) -> None:
        self.assertEqual(codes(heard(1, 2, 3, params=fixed(1, 1) + fixed(2, 2) + fixed(3, 1))), [])

    def test_a_long_response_costs_little(self) -> None:
        """Each position looks ahead to the next end only, and a checksum is looked at once."""
        many = tuple(number for _ in range(5_000) for number in (1, 7))
        found = codes(heard(*many, params=upto(1, 7) + SUM.format(position=0)))
        self.assertEqual(found, ["RE06"] * MOST_FINDINGS + ["XM12"])

    @given(st.lists(st.sampled_from((1, 2, 3, 5, 6)), min_size=1, max_size=6))
    def test_each_param_has_one_mistake_at_most(self, content: list[int]) -> None:
        """What is a mistake can be told from the order alone."""
        found = codes(heard(*content, params=upto(1) + upto(2) + fixed(3, 1) + COLON + LF))
        wrong = []
        for number, following in pairwise(content):
            if number in (1, 2) and following not in (5, 6):
                wrong.append(number)
        self.assertEqual(len([code for code in found if code in RULES]), len(wrong))
