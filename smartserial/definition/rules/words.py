"""A rule about words and numbers that would be read as if they were not there.

What other rules judge is not in the table: which bytes a param has (PA12, PA13, PA20), the steps of a
sequence that cannot be read (PA25), and the settings of connections (PS01).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from smartserial.definition.languages.number import parse_decimal
from smartserial.definition.languages.problem import quoted
from smartserial.definition.languages.sequence import Operation, parse_sequence
from smartserial.definition.node import Node
from smartserial.definition.param import Endian, Rounding, Side
from smartserial.definition.reading.texts import choice, decimal, listed, reference, truth, whole
from smartserial.definition.rules.problems import Hints, capped
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.vocabulary import walk
from smartserial.findings import ERROR, WARNING

_SCALE = ("lowData", "highData", "low", "high")
_LOGS = frozenset({Operation.LOG10, Operation.LOG20})
_NOT_ZERO = frozenset({Operation.FACTOR, Operation.DIV, Operation.REST})
_CRC_OPTIONS = ("ONES COMPLEMENT", "OR TOTALOFFSET", "OFF PER BYTE")


@dataclass(frozen=True, slots=True)
class Word:
    """What a text must be, if there is one.

    Args:
        right: tells whether a trimmed text is right.
        what: it must be, in words.
        severity: `ERROR` where nothing can be made of the value, `WARNING` where something is left out.
        attribute: that holds the text; empty is the text of the element.
        known: the words that there are, for hints.
        several: the text is a list with semicolons, and each part of it must be right.
    """

    right: Callable[[str], bool]
    what: str
    severity: str = WARNING
    attribute: str = ""
    known: tuple[str, ...] = ()
    several: bool = False


def _kind(kinds: type[Enum], attribute: str = "", *, several: bool = False) -> Word:
    known = tuple(str(kind.value) for kind in kinds)
    what = f"{', '.join(known[:-1])} or {known[-1]}"
    return Word(lambda text: choice(kinds, text) is not None, what, WARNING, attribute, known, several)


def _truth(attribute: str = "") -> Word:
    known = ("true", "false")
    return Word(lambda text: truth(text) is not None, "true or false", attribute=attribute, known=known)


def _whole(low: int, high: int | None, severity: str = WARNING, attribute: str = "") -> Word:
    """Allow integers from `low` to `high`; None is no limit."""

    def right(text: str) -> bool:
        number = whole(text)
        return number is not None and low <= number and (high is None or number <= high)

    bounds = f"of {low} or more" if high is None else f"from {low} to {high}"
    return Word(right, f"a whole number {bounds}", severity, attribute)


def _decimal(attribute: str = "", severity: str = WARNING) -> Word:
    return Word(lambda text: decimal(text) is not None, "a number", severity, attribute)


_BYTE = 255
_OPTIONS = Word(
    lambda text: text.upper() in _CRC_OPTIONS,
    ", ".join(_CRC_OPTIONS),
    attribute="options",
    known=_CRC_OPTIONS,
    several=True,
)
_NOT_0 = Word(lambda text: decimal(text) != 0, "another number than 0", ERROR)
WORDS: Mapping[tuple[str, str], tuple[Word, ...]] = {
    ("Interprete", "Endian"): (_kind(Endian),),
    ("Interprete", "Base"): (_whole(2, 36, ERROR),),
    ("Interprete", "Decimals"): (_whole(0, 30, ERROR),),
    ("Interprete", "Rounding"): (_kind(Rounding),),
    ("Interprete", "Factor"): (_decimal(), _NOT_0),
    ("Interprete", "OffSet"): (
        _decimal(),
        Word(lambda text: reference(text) is not None, "the id of a param", attribute="id"),
    ),
    ("Interprete", "Scale"): tuple(_decimal(name, ERROR) for name in _SCALE),
    ("Interprete", "Sequence"): (_decimal("loop"),),
    ("Interprete", "Alignment"): (_kind(Side),),
    ("Interprete", "Bits"): (_whole(1, 8),),
    ("Interprete", "ByteOffset"): (_whole(-_BYTE, _BYTE),),
    ("Interprete", "LengthType"): (_whole(1, None, attribute="times"),),
    ("Interprete", "Type"): (_kind(Side, "trim", several=True), _truth("filter")),
    ("Range", "Low"): (_decimal(),),
    ("Range", "High"): (_decimal(),),
    ("Display", "RTDisplay"): (_truth(),),
    ("Display", "Decimals"): (_whole(0, 30),),
    ("Params", "Param"): (_truth("save"), _truth("setter")),
    ("Param", "Type"): (_whole(1, None, attribute="times"),),
    ("Param", "CRC"): (_OPTIONS,),
    ("CRC", "Type"): (_OPTIONS,),
    ("Pairs", "Pair"): (_truth("ping"),),
    ("Groups", "Group"): (_truth("ping"),),
    ("Timers", "Timer"): (_truth("fixedTimer"),),
    ("Content", "Id"): (_truth("else"),),
    ("Connection", "Serial"): (_truth("single"),),
    ("Connection", "SmartSerial"): (_truth("single"),),
    ("Protocol", "Advanced"): (_truth("ignoreEqualResponse"),),
}
"""What the texts of elements and of their attributes are; by the element around one, and its own name."""


def wrong_words(subject: Subject) -> Iterator[Found]:
    """A text is a word that is known, or a number that makes sense there."""
    hints = {word: Hints(word.known) for words in WORDS.values() for word in words if word.known}
    for met in walk(subject.root):
        key = met.parent.name, met.node.name
        if met.known is None or not (key in WORDS or key in RELATIONS):
            continue
        if not met.known.many and met.parent.first(met.node.name) is not met.node:
            continue  # of two the first counts
        wrong = [found for word in WORDS.get(key, ()) for found in _of_word(word, met.node, hints)]
        yield from wrong
        if key in RELATIONS and not wrong:
            yield from capped(RELATIONS[key](met.node))


def _of_word(word: Word, node: Node, hints: Mapping[Word, Hints]) -> Iterator[Found]:
    text = node.attributes.get(word.attribute, "") if word.attribute else node.text
    where = f"{word.attribute} of {node.name}" if word.attribute else node.name
    for part in listed(text) if word.several else [text.strip()]:
        if part and not word.right(part):
            hint = hints[word].hint(part) if word in hints else _with_a_point(part)
            yield Found(
                node.place, f"expected {word.what} in {where}, found {quoted(part)}", hint, word.severity
            )


def _with_a_point(text: str) -> str:
    """Return a hint for a number with a decimal comma."""
    number = text.replace(",", ".", 1)
    return f"write {number}" if number != text and parse_decimal(number) is not None else ""


def _limits(node: Node) -> Iterator[Found]:
    low, high = decimal(node.text_at("Low")), decimal(node.text_at("High"))
    if low is not None and high is not None and low > high:
        yield Found(
            node.place, f"expected Low up to High in Range, found {low:g} and {high:g}", severity=WARNING
        )


def _scale(node: Node) -> Iterator[Found]:
    missing = [name for name in _SCALE if not node.attributes.get(name, "").strip()]
    if missing:
        yield Found(
            node.place, f"expected the attributes {', '.join(_SCALE)} of Scale, found no {missing[0]}"
        )
    elif decimal(node.attributes["lowData"]) == decimal(node.attributes["highData"]):
        data = node.attributes["lowData"]
        yield Found(node.place, f"expected highData other than lowData of Scale, found {quoted(data)} twice")


def _steps(node: Node) -> Iterator[Found]:
    for step in parse_sequence(node.text).value:
        word = step.operation.value
        if step.operation in _LOGS and (step.value is not None or step.param is not None):
            yield Found(
                node.place,
                f"expected {word} alone, which needs no number, found one with it",
                severity=WARNING,
            )
        elif step.operation in _NOT_ZERO and step.value == 0:
            yield Found(node.place, f"expected another number than 0 after {word}, found 0")


RELATIONS: Mapping[tuple[str, str], Callable[[Node], Iterator[Found]]] = {
    ("Interprete", "Range"): _limits,
    ("Display", "Range"): _limits,
    ("Interprete", "Scale"): _scale,
    ("Interprete", "Sequence"): _steps,
}
"""What several texts must be together, where each of them is right by itself."""

RULES: tuple[Rule, ...] = (
    Rule(
        "PA26",
        ERROR,
        "a word or a number is none that can be there",
        "take a word that is known, or a number within the limits",
        wrong_words,
    ),
)
