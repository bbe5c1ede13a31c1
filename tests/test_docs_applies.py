"""The page on which option applies where says what the checker says, of every option that there is."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.connect import ConnectModel
from smartserial.config.devices import DEVICE_KINDS
from smartserial.config.models import ListenerModel, ShareModel, SharingModel
from tests.test_drawings import anchors

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "applies.md").read_text(encoding="utf-8")
_LINK = re.compile(r"\]\(([\w.-]*)#([\w-]+)\)")


def applier() -> ModuleType:
    """Return docs/applies.py as a module."""
    spec = spec_from_file_location("applies", DOCS / "applies.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.path.insert(0, str(DOCS))  # as when it is run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


APPLIES = applier()


def rows(name: str) -> dict[str, list[str]]:
    """Return the rows of a table of the page, by their options."""
    drawn = re.findall(rf"drawn by docs/applies\.py: {name} -->\n(.*?)<!-- end", TEXT, re.DOTALL)[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in drawn.splitlines()[2:]]
    return {option.strip("`"): rest for option, *rest in cells}


class PageTest(SynchronousTestCase):
    maxDiff = None

    def test_the_page_is_drawn_from_the_checker(self) -> None:
        self.assertEqual(TEXT, APPLIES.draw(TEXT), "run: python docs/applies.py")

    def test_what_was_changed_by_hand_is_drawn_anew(self) -> None:
        for line in ("| `hupcl` | yes |", "| `nodelay` | yes | yes | (yes) |", "cannot act: it says nothing"):
            self.assertIn(line, TEXT)
            self.assertEqual(APPLIES.draw(TEXT.replace(line, "| x |")), TEXT)
        self.assertEqual(set(re.findall(r"by docs/applies\.py: (\w+) -->", TEXT)), set(APPLIES.DRAWINGS))

    def test_links_lead_somewhere(self) -> None:
        for page, anchor in _LINK.findall(TEXT):
            path = DOCS / (page or "applies.md")
            self.assertIn(anchor, anchors(path.read_text(encoding="utf-8")), page)
        self.assertIn("(applies.md)", (DOCS / "configuration.md").read_text(encoding="utf-8"))


class CompleteTest(SynchronousTestCase):
    def test_each_option_has_a_row_and_acts_somewhere(self) -> None:
        expected = {
            "devices": {name for model in DEVICE_KINDS.values() for name, _ in APPLIES.options(model)}
            - DEVICE_KINDS.keys(),
            "listeners": {name for name, _ in APPLIES.options(ListenerModel)} - APPLIES.KINDS_SAY,
            "shares": {f"sharing.{name}" for name, _ in APPLIES.options(SharingModel)}
            | {
                name
                for name, _ in APPLIES.options(ShareModel)
                if name.partition(".")[0] not in ("device", "listen", "connect", "sharing")
            },
            "calls": ConnectModel.model_json_schema(by_alias=True)["properties"].keys() - APPLIES.KINDS_SAY,
        }
        for name, options in expected.items():
            table = rows(name)
            self.assertEqual(set(table), options)
            self.assertEqual([option for option, cells in table.items() if "yes" not in cells], [], name)

    def test_a_model_that_has_an_option_is_one_where_it_stands(self) -> None:
        table = rows("devices")
        for n, (kind, model) in enumerate(DEVICE_KINDS.items()):
            stands = {option for option, cells in table.items() if cells[n]}
            self.assertEqual(stands, {name for name, _ in APPLIES.options(model)} - DEVICE_KINDS.keys(), kind)

    def test_each_kind_has_a_column(self) -> None:
        self.assertEqual(list(APPLIES.DEVICES), list(DEVICE_KINDS))

    def test_the_bases_are_right(self) -> None:
        """What is found comes of the option alone."""
        for device in APPLIES.DEVICES.values():
            for listener in APPLIES.LISTENERS.values():
                self.assertEqual(APPLIES.judged({"device": device, "listen": [listener]}), [])
        for call in APPLIES.CALLS.values():
            self.assertEqual(APPLIES.judged({"device": APPLIES.DEVICES["virtual"], "connect": call}), [])

    def test_what_is_needed_is_there(self) -> None:
        self.assertEqual(APPLIES.CALL_VALUES.keys() - rows("calls").keys(), set())
        names = {option for name in ("devices", "listeners", "shares") for option in rows(name)}
        keys = {name.rpartition(".")[2] for name in names} | names
        self.assertEqual({*APPLIES.VALUES, *APPLIES.NEEDS} - keys - {"packets.chars"}, set())


class CasesTest(SynchronousTestCase):
    """Options that cannot act, one by one."""

    def test_each_is_one_finding_at_its_place(self) -> None:
        for one in APPLIES.CASES:
            found = APPLIES.judged(one.share)
            self.assertEqual(len(found), 1, (one.option, list(map(str, found))))
            self.assertEqual(
                (found[0].code, found[0].path), ("CF08", f"shares.a.{one.option}"), str(found[0])
            )
            self.assertGreater(found[0].line, 0)

    def test_nothing_is_found_without_the_option(self) -> None:
        for one in APPLIES.CASES:
            share = {**one.share}
            *folders, key = re.sub(r"\[0\]", "", one.option).split(".")
            if folders == ["listen"]:
                listener = {name: value for name, value in share["listen"][0].items() if name != key}
                share["listen"] = [listener]
            else:
                inner = share = APPLIES.deepcopy(share)
                for folder in folders:
                    inner = inner[folder]
                del inner[key]
            self.assertEqual([str(one) for one in APPLIES.judged(share)], [], one.option)

    def test_no_case_stands_there_twice(self) -> None:
        named = [(one.option, one.where) for one in APPLIES.CASES]
        self.assertEqual(sorted(set(named)), sorted(named))
