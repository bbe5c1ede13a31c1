"""Definitions that break a rule, and the same ones cured."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from smartserial.definition.check import check
from smartserial.definition.languages.constant import parse_constant
from smartserial.findings import Finding

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as Base
else:
    Base = object

TYPE = '<Type relativeTimers="true">smart-serial</Type>'
PORT = (
    '<PortSettings name="IP Connection"><Type><DefaultValue>ip</DefaultValue></Type>'
    "<PortTypeSerial><Disabled>true</Disabled></PortTypeSerial></PortSettings>"
)
NEXT = (
    "<Interprete><RawType>other</RawType><LengthType>next param</LengthType><Type>string</Type></Interprete>"
)


def definition(body: str = "", type: str = TYPE, port: str = PORT, head: str = "") -> str:
    """A whole definition around `body`; without one it breaks no rule. `body` begins on line 4."""
    return f"<Protocol>\n<Name>Test</Name><Version>1.0.0.1</Version>{head}\n{type}{port}\n{body}\n</Protocol>"


def serial(body: str = "", attributes: str = "", head: str = "") -> str:
    """The same with one connection that is serial, not smart-serial."""
    return definition(body, f'<Type relativeTimers="true"{attributes}>serial</Type>', head=head)


def param(id: int, type: str = "read", interprete: str = NEXT, attributes: str = "", more: str = "") -> str:
    """One param; `interprete` is the whole element, `attributes` those of its type."""
    return f'<Param id="{id}"><Name>p{id}</Name><Type{attributes}>{type}</Type>{interprete}{more}</Param>'


def constant(id: int, value: str, type: str = "fixed", attributes: str = "") -> str:
    """A param of constant bytes; `value` as in a definition."""
    length = len(parse_constant(unescape(value)))
    return param(
        id,
        type,
        f"<Interprete><RawType>other</RawType><LengthType>fixed</LengthType><Length>{length}</Length>"
        f"<Type>string</Type><Value>{value}</Value></Interprete>",
        attributes,
    )


def fixed(id: int, length: int, type: str = "read", raw_type: str = "other", held: str = "string") -> str:
    """A param of fixed length."""
    return param(
        id,
        type,
        f"<Interprete><RawType>{raw_type}</RawType><LengthType>fixed</LengthType><Length>{length}</Length>"
        f"<Type>{held}</Type></Interprete>",
    )


def findings(text: str) -> list[Finding]:
    """What is wrong with a text, by all rules."""
    return check(text.encode(), "t.xml")[1]


def codes(text: str) -> list[str]:
    """The codes of what is wrong, in the order of lines."""
    return [finding.code for finding in findings(text)]


@dataclass(frozen=True)
class Case:
    """A definition that breaks one rule, and one that does not.

    `failing` gives just `code`, with severity `severity` if that is said, and the codes in `also`; `passing`
    breaks no rule but those in `also`. `line` is where it is found, and `says` a part of the message.
    """

    code: str
    failing: str
    passing: str
    severity: str = ""
    also: tuple[str, ...] = ()
    line: int = 0
    says: str = ""


class RuleCases(Base):
    """Mixed into a test case with `CASES`; each rule has at least one."""

    CASES: tuple[Case, ...] = ()

    def test_failing(self) -> None:
        for case in self.CASES:
            with self.subTest(code=case.code, text=case.failing):
                found = findings(case.failing)
                shown = "\n".join(map(str, found))
                self.assertEqual(sorted(one.code for one in found), sorted([case.code, *case.also]), shown)
                [one] = [one for one in found if one.code == case.code]
                if case.severity:
                    self.assertEqual(one.severity, case.severity, shown)
                if case.line:
                    self.assertEqual(one.line, case.line, shown)
                self.assertIn(case.says, one.message)
                self.assertTrue(one.line and one.column and one.path.startswith("Protocol"), shown)

    def test_passing(self) -> None:
        for case in self.CASES:
            with self.subTest(code=case.code, text=case.passing):
                found = [str(one) for one in findings(case.passing) if one.code not in case.also]
                self.assertEqual(found, [])
