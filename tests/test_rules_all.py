"""All rules together: each is tested, and whatever a definition is, it is judged and nothing is raised."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.check import UNREADABLE, check
from smartserial.definition.node import Node
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.rules.rule import Found, Subject
from smartserial.definition.rules.table import RULES
from smartserial.definition.xml import parse_xml
from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import Case, RuleCases

MODULES = [path.stem for path in sorted(Path(__file__).parent.glob("test_rules_*.py"))]
SEVERITIES = {ERROR, WARNING, INFO}
MOST_TITLE = 100

RICH = Path(__file__).with_name("rich_definition.xml").read_bytes()

WORDS = """
0 -1 1 2 007 99 65001 64300 x each EACH 1;2 1;1 ; 0x 0x1 0x0D0x0A true false fixed double
trailer header group crc response smart-serial serial virtual http trigger action parameter
command protocol communication change before copy execute stuffing increment loop packetInfo:1
smartIpHeader redundantPolling headerTrailerLink=1 connection=7 connection:x 0+++;9* 1e400
"""
TEXTS = [
    *WORDS.split(),
    "id:5 == 1",
    "id:99 == (",
    "id:5 AND id:6",
    "next param",
    "other param",
    "read bit",
    "poll action",
    "after startup",
    "set next",
    "read stuffing",
    "dynamic ip",
    "ssh pwd",
    "",
    " ",
    "9" * 30,
    "\u0661",
    "\u00e9\u4e2d",
    "a" * 500,
]


def all_cases() -> list[tuple[str, Case]]:
    """The cases of all modules, with the module of each."""
    found = []
    for name in MODULES:
        for kind in vars(importlib.import_module(f"tests.{name}")).values():
            if isinstance(kind, type) and issubclass(kind, RuleCases) and kind is not RuleCases:
                found += [(name, case) for case in kind.CASES]
    return found


class TableTest(SynchronousTestCase):
    maxDiff = None

    def test_each_rule_has_a_case(self) -> None:
        self.assertEqual({rule.code for rule in RULES} - {case.code for _, case in all_cases()}, set())

    def test_each_case_is_about_a_rule(self) -> None:
        codes = {rule.code for rule in (*RULES, *UNREADABLE)}
        self.assertEqual({case.code for _, case in all_cases()} - codes, set())

    def test_codes_are_used_once(self) -> None:
        codes = Counter([rule.code for rule in RULES] + [one.code for one in UNREADABLE])
        self.assertEqual([code for code, count in codes.items() if count > 1], [])

    def test_codes_of_a_kind_ascend_in_their_module(self) -> None:
        modules: dict[tuple[str, str], list[str]] = {}
        for rule in RULES:
            modules.setdefault((rule.find.__module__, rule.code[:2]), []).append(rule.code)
        self.assertEqual(modules, {key: sorted(codes) for key, codes in modules.items()})

    def test_words(self) -> None:
        for rule in (*RULES, *UNREADABLE):
            self.assertRegex(rule.code, "^[A-Z]{2}[0-9]{2}$")
            self.assertIn(rule.severity, SEVERITIES)
            for text in (rule.title, rule.cure):
                self.assertTrue(text and text == text.strip() and "\n" not in text, rule)
                self.assertFalse(text[0].isupper() and text[1:2].islower() and text[-1] == ".", rule)
            self.assertLessEqual(len(rule.title), MOST_TITLE, rule.title)

    def test_each_rule_says_what_is_right(self) -> None:
        silent = [rule.code for rule in RULES if not (rule.find.__doc__ or "").strip().endswith(".")]
        self.assertEqual(silent, [])


def element(node: Node) -> etree._Element:
    """An element as a text has it."""
    made = etree.Element(node.name, dict(node.attributes))
    made.text = node.text
    made.extend([element(child) for child in node.children])
    return made


def mutated(random: Random, root: etree._Element) -> bytes:
    """A definition with some changes: elements are dropped, doubled, emptied and moved, and texts changed."""
    for _ in range(random.randint(1, 8)):
        every = list(root.iter())
        chosen = random.choice(every)
        parent = chosen.getparent()
        kind = random.randrange(8)
        if kind == 0 and parent is not None:
            parent.remove(chosen)
        elif kind == 1 and parent is not None:
            parent.insert(random.randint(0, len(parent)), etree.fromstring(etree.tostring(chosen)))
        elif kind == 2:
            chosen.text = random.choice(TEXTS)
        elif kind == 3 and chosen.attrib:
            chosen.attrib[random.choice(list(chosen.attrib))] = random.choice(TEXTS)
        elif kind == 4 and chosen.attrib:
            del chosen.attrib[random.choice(list(chosen.attrib))]
        elif kind == 5:
            other = random.choice(every)
            chosen.text, other.text = other.text, chosen.text
        elif kind == 6:
            chosen[:] = []
            chosen.text = None
        else:
            chosen.attrib[random.choice(("id", "options", "nr", "value", "case", "times"))] = random.choice(
                TEXTS
            )
    return etree.tostring(root)


SOURCE = etree.tostring(element(parse_xml(RICH).root))


def strange(data: bytes) -> list[str]:
    """What is wrong with the findings about a definition; it must be judged, and nothing may be raised."""
    protocol, findings = check(data, "t.xml")
    wrong = any(finding.severity == ERROR for finding in findings)
    said = [f"{protocol=} though {wrong=}"] if (protocol is None) is not wrong else []
    codes = {rule.code for rule in (*RULES, *UNREADABLE)}
    for finding in findings:
        known = finding.code in codes and finding.severity in SEVERITIES
        if not (known and finding.message and "\n" not in str(finding)):
            said.append(str(finding))
        if finding.code not in {one.code for one in UNREADABLE} and not (finding.line and finding.path):
            said.append(f"no place: {finding}")
    return said


class AnyDefinitionTest(SynchronousTestCase):
    def test_the_rich_one_is_rich(self) -> None:
        """It has one of everything that a definition can have, and breaks some rules."""
        protocol = read_protocol(parse_xml(RICH).root)
        counts = {
            name: len(getattr(protocol, name))
            for name in ("params", "actions", "triggers", "groups", "timers")
        }
        self.assertEqual(counts, {"params": 12, "actions": 11, "triggers": 5, "groups": 4, "timers": 1})
        self.assertEqual(strange(RICH), [])

    @given(st.randoms(use_true_random=False))
    def test_changed_definitions(self, random: Random) -> None:
        self.assertEqual(strange(mutated(random, etree.fromstring(SOURCE))), [])

    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        self.assertEqual(strange(data), [])

    @given(st.data())
    def test_spoilt_bytes(self, data: st.DataObject) -> None:
        """A part of the file is lost, or overwritten."""
        start = data.draw(st.integers(0, len(RICH)))
        stop = data.draw(st.integers(start, min(len(RICH), start + 40)))
        self.assertEqual(strange(RICH[:start] + data.draw(st.binary(max_size=8)) + RICH[stop:]), [])

    @given(st.randoms(use_true_random=False))
    def test_each_rule_by_itself(self, random: Random) -> None:
        """Also where no rule before it has told what is wrong."""
        root = parse_xml(mutated(random, etree.fromstring(SOURCE))).root
        protocol = read_protocol(root)
        for rule in RULES:
            for found in rule.find(Subject(protocol, root, "utf-8", set())):
                self.assertIsInstance(found, Found)
                self.assertTrue(found.place.path, (rule.code, found))
