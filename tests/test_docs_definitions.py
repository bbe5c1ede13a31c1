"""The pages on definitions say what the program says, and their examples are real."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from smartserial import verdict
from smartserial.definition.action import SUPPORTED, UNSUPPORTED, ActionType
from smartserial.definition.check import check
from smartserial.definition.checksum import ALGORITHMS, UNDEFINED
from smartserial.definition.connection import ConnectionType, PortSettings
from smartserial.definition.flow import GroupType, TriggerOn, TriggerTime
from smartserial.definition.framing import Framing
from smartserial.definition.languages.sequence import Operation
from smartserial.definition.param import Endian, LengthType, ParamType, RawType, Rounding, ValueType
from smartserial.definition.rules.settings import SETTINGS
from smartserial.definition.rules.vocabulary import CHILDREN, Use
from smartserial.definition.xml import MOST_BYTES, MOST_ELEMENTS

from .test_drawings import anchors

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "definitions"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
TOLD: dict[str, type[Enum]] = {
    kind.__name__: kind
    for kind in (
        ConnectionType,
        Endian,
        Framing,
        GroupType,
        LengthType,
        ParamType,
        RawType,
        Rounding,
        ValueType,
    )
}
_TOLD = re.compile(r"<!-- told: (\w+) -->\n(?:<!--.*\n)?((?:\|.*\n)+)")
_WORKED = re.compile(r"<!-- worked out by docs/define\.py: (\w+) -->\n((?:\|.*\n)+)")
_LINK = re.compile(r"\]\(([^)#]*)(?:#([\w-]+))?\)")
_BLOCKS = re.compile(r"^```.*?^```\n", re.DOTALL | re.MULTILINE)


def definer() -> ModuleType:
    """Return docs/define.py as a module."""
    spec = spec_from_file_location("define", DOCS / "define.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.path.insert(0, str(DOCS))  # as when it is run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


DEFINE = definer()


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table, without its head."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def told(name: str) -> list[list[str]]:
    """Return the rows of the table that tells the members of an enum."""
    found = [table for text in PAGES.values() for kind, table in _TOLD.findall(text) if kind == name]
    assert len(found) == 1, name
    return rows(found[0])


def words(values: Iterable[Enum]) -> set[str]:
    """Return members as they stand in a table."""
    return {f"`{value.value}`" for value in values}


class DrawnTest(SynchronousTestCase):
    maxDiff = None

    def test_pages_are_up_to_date(self) -> None:
        """Tables are what the program says, commands print what stands below them."""
        for name, text in PAGES.items():
            self.assertEqual(text, DEFINE.draw(text), f"{name}; run: python docs/define.py")

    def test_what_was_changed_by_hand_is_made_anew(self) -> None:
        for name, before, after in (
            ("checksums.md", "| `1DD` |", "| `1DE` |"),
            ("checksums.md", "| `164` | `64 01` |", "| |"),
            ("rules.md", "| ID01 | error |", "| ID01 | info |"),
            ("values.md", "| `'OPEN'` |", "| `'open'` |"),
            ("README.md", "$ echo $?\n2\n", "$ echo $?\n0\n"),
        ):
            self.assertIn(before, PAGES[name])
            self.assertEqual(DEFINE.draw(PAGES[name].replace(before, after)), PAGES[name])

    def test_everything_made_is_used(self) -> None:
        text = "".join(PAGES.values())
        used = set(re.findall(r"by docs/define\.py: ([\w-]+) -->", text))
        self.assertEqual(used, {*DEFINE.WORKED, *DEFINE.DRAWINGS})
        self.assertEqual(set(re.findall(r"<!-- told: (\w+) -->", text)), {*TOLD, "ActionType"})


class ExampleTest(SynchronousTestCase):
    def test_files_are_clean(self) -> None:
        found = [
            file for text in PAGES.values() for file in re.findall(r"```xml (\S+)\n(.*?)```", text, re.DOTALL)
        ]
        self.assertEqual([name for name, _ in found], ["gauge.xml"])
        for name, text in found:
            self.assertEqual(check(text.encode(), name)[1], [])

    def test_pieces_of_definitions_are_well_known(self) -> None:
        """Each element of an example is one that a definition has."""
        known = {name for row in CHILDREN.values() for name in row}
        for name, text in PAGES.items():
            for block in re.findall(r"```xml\n(.*?)```", text, re.DOTALL):
                self.assertEqual({*re.findall(r"<(\w+)", block)} - known, set(), name)

    def test_the_connection_of_the_second_syntax(self) -> None:
        block = next(
            b for b in re.findall(r"```xml\n(.*?)```", PAGES["format.md"], re.DOTALL) if "<Conn" in b
        )
        text = f"<Protocol><Name>x</Name><Version>1.0.0.1</Version>{block}</Protocol>"
        protocol, findings = check(text.encode())
        self.assertEqual([finding.code for finding in findings], ["CN06"])
        assert protocol is not None
        self.assertTrue(protocol.connections[0].allow_list)

    def test_commands_are_run(self) -> None:
        run = "".join(re.findall(r"```console\n(.*?)```", "".join(PAGES.values()), re.DOTALL))
        for command in ("check --strict gauge.xml", "check wrong.xml", "explain gauge.xml", "rules PA12"):
            self.assertIn(f"$ smartserial {command}\n", run)
        self.assertNotIn("Traceback", run)

    def test_commands_of_the_first_page(self) -> None:
        page = (DOCS.parent / "README.md").read_text(encoding="utf-8").partition("## Device definitions\n")[2]
        block = re.findall(r"```console\n.*?```\n", page, re.DOTALL)[0].replace(".venv/bin/", "")
        gauge = re.findall(r"```xml gauge.xml\n.*?```\n", PAGES["README.md"], re.DOTALL)[0]
        wrong = gauge.replace("numeric text", "numeric txt").replace("<Param>3<", "<Param>4<")
        self.assertEqual(DEFINE.draw(wrong + block), wrong + block)


class CompleteTest(SynchronousTestCase):
    maxDiff = None

    def test_members(self) -> None:
        for name, kind in TOLD.items():
            self.assertEqual([row[0] for row in told(name)], [f"`{member.value}`" for member in kind], name)

    def test_actions(self) -> None:
        stated = {(row[0], row[1]): row[2] for row in told("ActionType")}
        for supported, table in ((True, SUPPORTED), (False, UNSUPPORTED)):
            expected = {(f"`{on.value}`", f"`{done.value}`") for on, kinds in table.items() for done in kinds}
            found = {pair for pair, text in stated.items() if (text != "not supported") is supported}
            self.assertEqual(found, expected)

    def test_fields(self) -> None:
        """Each field of a dataclass is in its table, and has a meaning."""
        for name, kind in DEFINE.KINDS.items():
            tables = [t for text in PAGES.values() for n, t in _WORKED.findall(text) if n == name]
            listed = [row[1].strip("`") for table in tables for row in rows(table)]
            self.assertEqual(sorted(listed), sorted(f.name for f in fields(kind) if f.name != "place"), name)
            for table in tables:
                self.assertEqual([row for row in rows(table) if not row[3]], [], name)

    def test_settings(self) -> None:
        table = next(t for n, t in _WORKED.findall(PAGES["format.md"]) if n == "settings")
        listed = {row[0].strip("`"): row[1].strip("`") for row in rows(table)}
        self.assertEqual(set(listed.values()), {f.name for f in fields(PortSettings) if f.name != "place"})
        elsewhere = {"SslTlsEnabled", "AllowedIPAddresses"}
        self.assertEqual(set(SETTINGS) - set(listed), elsewhere)

    def test_elements(self) -> None:
        """Each element that is read is on the page of the format, each other one on that of the support."""
        for page, uses in (("format.md", {Use.READ}), ("supported.md", {Use.PASSED, Use.NOTICED})):
            names = {n for row in CHILDREN.values() for n, known in row.items() if known.use in uses}
            shown_elsewhere = {"Number", "Analog", "Progress", "Button", "PageButton", "String", "Table"} | {
                *("Tooltip", "Positions", "Trending", "ParametersView", "DynamicUnits", "Steps")
            }
            text = PAGES[page]
            missing = {n for n in names if not re.search(rf"\b{n}\b", text)}
            self.assertLessEqual(missing, shown_elsewhere if page == "supported.md" else set(), page)

    def test_support_of_words(self) -> None:
        """Each word that the format has is judged on the page of the support."""
        text = PAGES["supported.md"]
        kinds = (ActionType, ConnectionType, GroupType, LengthType, ParamType, RawType, TriggerOn, ValueType)
        expected = {*words(member for kind in kinds for member in kind)}
        expected |= {f"`{name}`" for name in (*ALGORITHMS, *UNDEFINED)}
        self.assertEqual({word for word in expected if word not in text}, set())
        states = {row[1] for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE) for row in rows(table)}
        self.assertEqual(states, {"supported", "differs", "not supported"})

    def test_checksums_and_steps(self) -> None:
        for name in (*ALGORITHMS, *UNDEFINED):
            self.assertIn(f"`{name}`", PAGES["checksums.md"])
        for operation in Operation:
            self.assertIn(f"| `{operation.value}` |", PAGES["languages.md"])
        for time in TriggerTime:
            self.assertIn(f"`{time.value}`", PAGES["format.md"])

    def test_rules(self) -> None:
        for one in verdict.explanations():
            self.assertEqual(PAGES["rules.md"].count(f"\n| {one.code} | {one.severity} |"), 1, one.code)

    def test_codes_that_are_named(self) -> None:
        known = {one.code for one in verdict.explanations()} | {"RJ11", "RJ12"}
        for name, text in PAGES.items():
            self.assertLessEqual(set(re.findall(r"\b[A-Z]{2}\d\d\b", _BLOCKS.sub("", text))), known, name)

    def test_bundled(self) -> None:
        for name in verdict.bundled():
            self.assertEqual(PAGES["bundled.md"].count(f"\n### {name}\n"), 1)

    def test_numbers_in_the_text(self) -> None:
        self.assertEqual((MOST_BYTES, MOST_ELEMENTS), (4 * 1024 * 1024, 100_000))
        self.assertIn("files above 4 MiB, above 100000 elements", PAGES["supported.md"])


class LinksTest(SynchronousTestCase):
    def test_links_lead_somewhere(self) -> None:
        for name, text in PAGES.items():
            for target, anchor in _LINK.findall(_BLOCKS.sub("", text)):
                path = (FOLDER / target).resolve() if target else FOLDER / name
                self.assertTrue(path.exists(), f"{name}: {target}")
                if anchor:
                    self.assertIn(anchor, anchors(path.read_text(encoding="utf-8")), f"{name}: {target}")

    def test_the_index_has_each_page(self) -> None:
        linked = {target for target, _ in _LINK.findall(PAGES["README.md"])}
        self.assertEqual(set(PAGES) - {"README.md"} - linked, set())

    def test_others_link_here(self) -> None:
        for page in (DOCS.parent / "README.md", DOCS / "configuration.md", DOCS / "architecture.md"):
            self.assertIn("definitions/", page.read_text(encoding="utf-8"), page.name)
