"""The commands on device definitions: check, explain, rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial import verdict
from smartserial.definition.xml import MOST_BYTES

from .configs import device, listen
from .rulebook import constant, definition, param
from .support import GUARD
from .test_cli import run_it

CLEAN = definition()
WARNED = definition(head="", port="")  # no settings for the connection
WRONG = definition('<Params><Param id="1"><Name>a</Name><Type>raed</Type></Param></Params>')
LINKED = ' options="headerTrailerLink=1"'
CONFIG = device("{loop: true}")


class FilesTest(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def check(self, *arguments: str) -> tuple[int, str]:
        code, out, err = run_it("check", *arguments)
        self.assertEqual(err, "")
        return code, out


class CheckTest(FilesTest):
    def test_exit_codes(self) -> None:
        clean = self.write("clean.xml", CLEAN)
        warned = self.write("warned.xml", WARNED)
        wrong = self.write("wrong.xml", WRONG)
        for files, options, expected in (
            ([clean], [], 0),
            ([clean], ["--strict"], 0),
            ([warned], [], 0),
            ([warned], ["--strict"], 1),
            ([clean, warned], ["--strict"], 1),
            ([wrong], [], 2),
            ([clean, wrong, warned], ["--strict"], 2),
        ):
            with self.subTest(files=files, options=options):
                self.assertEqual(self.check(*options, *files)[0], expected)

    def test_text(self) -> None:
        wrong = self.write("wrong.xml", WRONG)
        code, out = self.check(wrong)
        self.assertEqual(code, 2)
        self.assertTrue(out.startswith(f"{wrong}:4:"), out)
        self.assertIn(": PA01 error: Protocol/Params/Param[1]", out)
        self.assertIn("did you mean read?", out)
        self.assertEqual(len(out.splitlines()), 1)

    def test_a_clean_file_says_nothing(self) -> None:
        self.assertEqual(self.check(self.write("a.xml", CLEAN)), (0, ""))

    def test_definitions_and_configurations_together(self) -> None:
        wrong = self.write("wrong.xml", WRONG)
        odd = self.write("odd.yaml", listen("{port: x}"))
        code, out = self.check(wrong, odd, self.write("good.yaml", CONFIG), "demo")
        self.assertEqual(code, 2)
        self.assertEqual([line.split(": ")[1].split()[0] for line in out.splitlines()], ["PA01", "CF03"])

    def test_definitions_are_known_by_their_content(self) -> None:
        for name, content in (
            ("plain", WRONG),
            ("bom", b"\xef\xbb\xbf" + WRONG.encode()),
            ("utf16", b"\xff\xfe" + WRONG.encode("utf-16-le")),
            ("blanks", "\n  \n" + WRONG),
        ):
            with self.subTest(name=name):
                self.assertIn("PA01", self.check(self.write(name, content))[1])
        self.assertIn("XM08", self.check(self.write("yaml-in.xml", CONFIG))[1])
        self.assertIn("CF", self.check(self.write("neither", "a: b\n"))[1])

    def test_json(self) -> None:
        wrong = self.write("wrong.xml", WRONG)
        odd = self.write("odd.yaml", listen("{port: x}"))
        code, out = self.check("--format", "json", wrong, odd)
        self.assertEqual(code, 2)
        loaded = json.loads(out)
        self.assertEqual(list(loaded), ["findings"])
        for finding in loaded["findings"]:
            self.assertEqual(
                list(finding), ["file", "line", "column", "path", "code", "severity", "message", "hint"]
            )
        self.assertEqual(
            [(one["file"], one["code"]) for one in loaded["findings"]], [(wrong, "PA01"), (odd, "CF03")]
        )
        self.assertEqual(
            json.loads(self.check("--format", "json", self.write("c.xml", CLEAN))[1]), {"findings": []}
        )

    def test_sarif(self) -> None:
        wrong = self.write("wrong.xml", WRONG)
        odd = self.write("odd.yaml", listen("{port: x}"))
        code, out = self.check("--format", "sarif", wrong, odd)
        self.assertEqual(code, 2)
        [run] = json.loads(out)["runs"]
        self.assertEqual([result["ruleId"] for result in run["results"]], ["PA01", "CF03"])
        self.assertEqual({rule["id"] for rule in run["tool"]["driver"]["rules"]}, {"PA01", "CF03"})

    def test_findings_name_the_file_as_it_was_given(self) -> None:
        self.write("wrong.xml", WRONG)
        self.write("odd.yaml", listen("{port: x}"))
        before = Path.cwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        for name in ("./wrong.xml", "wrong.xml", ".//odd.yaml"):
            with self.subTest(name=name):
                self.assertTrue(self.check(name)[1].startswith(f"{name}:"))

    def test_files_that_cannot_be_read(self) -> None:
        pipe, plain = self.folder / "pipe.xml", self.folder / "pipe"
        os.mkfifo(pipe)
        os.mkfifo(plain)
        for name, code in (
            (str(self.folder / "none.xml"), "XM11"),
            (str(self.folder / "none.yaml"), "CF01"),
            (str(self.folder), "CF01"),
            (str(pipe), "XM11"),
            (str(plain), "CF01"),
            (self.write("large.xml", "<Protocol>" + " " * MOST_BYTES), "XM10"),
            (self.write("doctype.xml", "<!DOCTYPE a>" + CLEAN), "XM09"),
            (self.write("broken.xml", "<Protocol><Name></Protocol>"), "XM08"),
            (self.write("empty.xml", ""), "XM08"),
            (self.write("other.xml", "<Other/>"), "XM01"),
        ):
            with self.subTest(name=name):
                exit_code, out = self.check("--format", "json", name)
                self.assertEqual(exit_code, 2)
                [finding] = json.loads(out)["findings"]
                self.assertEqual((finding["code"], finding["file"]), (code, name))

    def test_too_many_findings(self) -> None:
        """The first thousand are told, and how many more there are."""
        path = self.write("many.xml", definition(f"<Params>{'<Param/>' * 3000}</Params>"))
        code, out = self.check("--format", "json", path)
        found = json.loads(out)["findings"]
        self.assertEqual((code, len(found), found[-1]["code"]), (2, 1001, "XM12"))
        self.assertRegex(found[-1]["message"], r"there are \d+ more findings")

    def test_odd_names_and_odd_terminals(self) -> None:
        odd = os.fsdecode(os.fsencode(self.folder) + b"/\xff.xml")
        Path(odd).write_text(WRONG.replace("raed", "\u2603"))
        for form in ("text", "json", "sarif"):
            with self.subTest(form=form):
                done = subprocess.run(
                    [sys.executable, "-m", "smartserial", "check", "--format", form, odd],
                    capture_output=True,
                    env={**os.environ, "PYTHONIOENCODING": "cp1252"},
                    timeout=GUARD,
                )
                self.assertEqual((done.returncode, done.stderr), (2, b""))
                self.assertIn(b"PA01", done.stdout)

    def test_a_full_disk(self) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "smartserial", "check", self.write("w.xml", WRONG)],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=GUARD,
            )
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, b"smartserial: cannot write: No space left on device\n")

    def test_an_item_without_id_is_no_other(self) -> None:
        """A position is no id: what is wrong with the third trigger says nothing of trigger 3."""
        triggers = "".join(
            f"<Trigger{number}><Name>t{n}</Name><Type>trigger</Type><Content><Id>3</Id></Content></Trigger>"
            for n, number in enumerate(["", ' id="1"', ' id="2"', ' id="3"'])
        )
        path = self.write("t.xml", definition(f"<Triggers>{triggers}</Triggers>"))
        found = json.loads(self.check("--format", "json", path)[1])["findings"]
        self.assertEqual(sorted(one["code"] for one in found), ["ID01", "XM06"])

    def test_bundled_definitions_are_clean(self) -> None:
        self.assertGreaterEqual(len(verdict.bundled()), 6)
        for name in verdict.bundled():
            with self.subTest(name=name):
                code, out = self.check("--strict", name)
                self.assertEqual(code, 0, out)

    def test_params_and_responses_alone_are_clean(self) -> None:
        body = (
            f"<Params>{constant(1, 'T', 'header', LINKED)}{param(2)}"
            f"{constant(3, '0x0D', 'trailer', LINKED)}</Params>"
            '<Responses><Response id="1"><Name>r</Name><Content><Param>1</Param><Param>2</Param>'
            "<Param>3</Param></Content></Response></Responses>"
        )
        self.assertEqual(self.check("--strict", self.write("r.xml", definition(body))), (0, ""))


class ExplainTest(FilesTest):
    def test_each_bundled_definition_in_each_form(self) -> None:
        for name in verdict.bundled():
            for form, heading in (("text", "\n===="), ("markdown", "# ")):
                with self.subTest(name=name, form=form):
                    code, out, err = run_it("explain", "--format", form, name)
                    self.assertEqual((code, err), (0, ""))
                    self.assertIn(heading, out)
                    self.assertNotIn("(missing)", out)

    def test_a_wrong_definition(self) -> None:
        wrong = self.write("wrong.xml", WRONG)
        code, out, err = run_it("explain", wrong)
        self.assertEqual((code, out), (2, ""))
        self.assertIn(f"{wrong}:4:", err)

    def test_no_such_definition(self) -> None:
        code, out, err = run_it("explain", "nmea")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("nmea:1:1: XM11 error", err)


class RulesTest(SynchronousTestCase):
    def test_all(self) -> None:
        code, out, err = run_it("rules")
        self.assertEqual((code, err), (0, ""))
        codes = [line.split()[0] for line in out.splitlines()]
        self.assertEqual(codes, sorted(set(codes)))
        self.assertEqual({code[:2] for code in codes} >= {"AC", "CF", "CO", "ID", "PA", "RE", "XM"}, True)

    def test_some(self) -> None:
        code, out, err = run_it("rules", "co03", "CF07")
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertTrue(lines[0].startswith("CO03 error: "), out)
        self.assertTrue(lines[1].startswith("  cure: "), out)
        self.assertTrue(lines[2].startswith("CF07 error: "), out)

    def test_unknown(self) -> None:
        code, out, err = run_it("rules", "ZZ99")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("there is no rule ZZ99", err)
