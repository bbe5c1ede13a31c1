"""What holds of every text: it is refused with a place, or becomes a file that the checker accepts."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.cli import main
from smartserial.config.judge import judge
from smartserial.config.source import parse_source
from smartserial.convert import (
    accepters,
    connectors,
    consoledevices,
    consolekeys,
    fromconserver,
    options,
    ser2netconf,
    ser2netyaml,
    seriallines,
)
from smartserial.convert.command import FORMATS as WORDS
from smartserial.convert.conservercf import KINDS
from smartserial.convert.gensio import parse_gensio
from smartserial.convert.remarks import ConvertError
from smartserial.convert.strictly import is_idle
from smartserial.convert.texts import file_of, text_of
from smartserial.convert.whole import FORMATS, converted, format_of
from smartserial.convert.writer import scalar
from smartserial.findings import ERROR

from .convertstage import SAMPLES
from .test_convert_ser2net import connection

DOCS = Path(__file__).parents[1] / "docs"
_PLACE = re.compile(r"f:[1-9][0-9]*: ")
FILES = {"ser2net-yaml": "ser2net.yaml", "ser2net-conf": "ser2net.conf", "conserver": "conserver.cf"}
ODD = [*"(),:'\"\\{};#&*\n\0\x1b/", *"\xe9\ud800\U0001f600", "", "  ", "- ", "? ", "[*", "*(x)", "*{x}"]
ODD += ["99999999999999", "-1", "true", "tcp", "localhost"]


def sample(form: str, name: str = "") -> str:
    text = (SAMPLES / (name or FILES[form])).read_text().replace("@FOLDER@", "/dev")
    for number in range(1, 9):
        text = text.replace(f"@PORT{number}@", str(2000 + number))
    return text


def mutated(text: str, chance: random.Random) -> str:
    """Change a text in a few places: what is there goes, comes twice, or something odd comes instead."""
    for _ in range(chance.randint(1, 4)):
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.choice([0, 0, 1, 1, 3, 10, 40]))
        other = chance.randrange(len(text) + 1)
        new = chance.choice([*ODD, text[begin:end] * 2, text[other : other + 30]])
        text = text[:begin] + new + text[end:]
    return text


def law(test: SynchronousTestCase, text: str, form: str) -> str:
    """Convert a text; tell how it went."""
    try:
        whole, draft = converted("f", text, form, lambda pattern, place: [], Path("/"))
    except ConvertError as error:
        test.assertRegex(str(error), _PLACE)
        return "refused"
    for remark in draft.remarks.in_order():
        test.assertRegex(str(remark), _PLACE)
        test.assertTrue(str(remark).isprintable())
    if not whole:
        test.assertTrue(draft.remarks.lost or not draft.shares)
        return "nothing"
    source = parse_source("new", whole.encode())
    found = judge(source, Path("/"))[1]
    test.assertEqual([str(one) for one in found if one.severity == ERROR or is_idle(one)], [], text)
    test.assertEqual(list(source.values["shares"]), [share.name for share in draft.shares])
    pools = source.values.get("pools", {})
    test.assertEqual(
        {name: pool["shares"] for name, pool in pools.items()},
        {pool.name: [share.name for share in pool.shares] for pool in draft.pools},
    )
    return "made"


class LawTest(SynchronousTestCase):
    def test_samples_become_files_without_a_finding(self) -> None:
        for form in FORMATS:
            whole, _ = converted("f", sample(form), form, lambda pattern, place: [], Path("/"))
            self.assertEqual(judge(parse_source("new", whole.encode()), Path("/"))[1], [], form)

    def test_mutated_files(self) -> None:
        for form in FORMATS:
            chance = random.Random(form)
            ends = [law(self, mutated(sample(form), chance), form) for _ in range(130)]
            self.assertGreater(ends.count("made"), 20, form)

    def test_mutated_rotators(self) -> None:
        text, chance = sample("ser2net-yaml", "ser2net-rotator.yaml"), random.Random("rotators")
        self.assertEqual(law(self, text, "ser2net-yaml"), "made")
        ends = [law(self, mutated(text, chance), "ser2net-yaml") for _ in range(150)]
        self.assertGreater(ends.count("made"), 20)

    def test_each_format_is_read_as_each_other(self) -> None:
        for form in FORMATS:
            for other in FORMATS:
                self.assertEqual(law(self, sample(other), form) == "made", form == other, (form, other))

    @settings(deadline=None, max_examples=60)
    @given(st.sampled_from(sorted(FORMATS)), st.text(max_size=80))
    def test_any_text(self, form: str, text: str) -> None:
        law(self, text, form)

    @settings(deadline=None, max_examples=100)
    @given(st.text(max_size=60))
    def test_any_stack(self, text: str) -> None:
        try:
            layers = parse_gensio(text)
        except ValueError:
            return
        self.assertTrue(layers)

    @settings(deadline=None, max_examples=200)
    @given(
        st.one_of(
            st.text(), st.integers(), st.booleans(), st.sampled_from(["1e3", "0x1", "~", ".5e1", "null"])
        )
    )
    def test_what_is_written_is_read(self, value: str | int | bool) -> None:
        if isinstance(value, str) and any(0xD800 <= ord(character) < 0xE000 for character in value):
            return
        found = parse_source("f", f"a: {{b: [{scalar(value)}]}}\n".encode()).values
        self.assertEqual(found, {"a": {"b": [value]}})

    @settings(deadline=None, max_examples=100)
    @given(st.text(alphabet="\\xn07poY/-.a"))
    def test_texts_with_escapes(self, text: str) -> None:
        self.assertLessEqual(len(text_of(text) or ""), len(text))
        name, changed = file_of(text, "con", "/dev/x", "1")
        if "\\" not in text:
            self.assertEqual((text_of(text), name, changed), (text, text, False))
        if changed:
            self.assertRegex(text, r"\\Y")


class GuessTest(SynchronousTestCase):
    def test_formats(self) -> None:
        self.assertEqual(WORDS, tuple(FORMATS))
        for form, name in FILES.items():
            self.assertEqual(format_of(name, ""), form)
            self.assertEqual(format_of("x", sample(form)), form)
        self.assertEqual(format_of("x", "# plain\nconnection: &a\n  accepter: tcp,1\n"), "ser2net-yaml")
        self.assertEqual(format_of("x", "DEFAULT:speed:9600\n"), "ser2net-conf")


class PageTest(SynchronousTestCase):
    """The page for those who move names each word that is known here."""

    page = (DOCS / "moving.md").read_text(encoding="utf-8")

    def part(self, title: str) -> set[str]:
        section = self.page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
        return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}

    def test_the_example_is_what_the_command_says(self) -> None:
        shell = self.page.partition("```console\n")[2].partition("```")[0]
        commands = re.split(r"^\$ (.*)\n", shell, flags=re.MULTILINE)[1:]
        said = dict(zip(commands[::2], commands[1::2], strict=True))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "lab.yaml").write_text(said["cat lab.yaml"])
            done = subprocess.run(
                [sys.executable, "-m", "smartserial", "convert", "lab.yaml", "-o", "site.yaml"],
                cwd=folder,
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.stderr, said["smartserial convert lab.yaml -o site.yaml"])
            self.assertEqual(f"{done.returncode}\n", said["echo $?"])
            self.assertEqual((folder / "site.yaml").read_text(), said["cat site.yaml"])

    def test_ser2net(self) -> None:
        known = options.OPTIONS.keys() | seriallines.SERIAL_WORDS.keys() | seriallines.SERIAL_IGNORED
        known |= (
            accepters.ACCEPTERS | connectors.CONNECTORS | ser2netyaml.SECTIONS | ser2netyaml.CONNECTION_KEYS
        )
        known |= ser2netyaml.ROTATOR_KEYS
        known |= accepters.ACCEPTER_OPTIONS.keys() | ser2netconf.CONF_KINDS
        known -= {"parity", "databits", "stopbits"}  # the words of the old format, put into those of the new
        self.assertEqual(known - self.part("ser2net"), set())

    def test_conserver(self) -> None:
        known = consolekeys.CONSOLE_KEYS.keys() | consolekeys.CONSOLE_OPTIONS.keys() | set(KINDS)
        known |= fromconserver.CONFIG_KEYS.keys() | consoledevices.TYPES.keys()
        self.assertEqual(known - self.part("conserver"), set())


class CommandTest(SynchronousTestCase):
    """`smartserial convert`."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        before = Path.cwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)

    def run_with(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["convert", *arguments])
        return code, out.getvalue(), err.getvalue()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def test_all_is_carried_over(self) -> None:
        self.write("a.conf", "localhost,2001:raw:0:/dev/ttyS0:LOCAL\n")
        code, out, err = self.run_with("a.conf")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("port: /dev/ttyS0", out)

    def test_standard_input(self) -> None:
        text = f"include: more.yaml\n{connection(accepter='tcp,::1,2002', name='con')}"
        self.write("more.yaml", connection(connector="echo", name="more"))
        for data, expected in [
            (text.encode(), (0, "# Made of stdin by")),
            (b"localhost,2001:raw:0:/dev/ttyS0:LOCAL\xe9\n", (1, "# Made of stdin by")),
            (b"console x {", (2, "stdin:1: expected a '}'")),
            (b"#" * (512 * 1024 + 1), (2, "stdin:1: standard input cannot be read: expected at most 524288")),
        ]:
            with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
                code, out, err = self.run_with("-")
            self.assertEqual((code, (err if code == 2 else out)[: len(expected[1])]), expected, err)
        self.assertFalse((self.folder / "-").exists())

    def test_not_all(self) -> None:
        self.write("a.conf", "BANNER:b:x\nlocalhost,2001:raw:0:/dev/ttyS0:LOCAL b\n")
        code, out, err = self.run_with("a.conf", "-o", "new.yaml")
        self.assertEqual((code, out), (1, ""))
        self.assertTrue(err.startswith("a.conf:2: not carried over: banner of entry 2001 ("), err)
        self.assertIn("shares:", (self.folder / "new.yaml").read_text())

    def test_nothing(self) -> None:
        for name, text, message in [
            ("a.yaml", "a: [\n", "a.yaml:2: expected YAML"),
            (
                "a.conf",
                "2001:off:0:/dev/x:\n",
                "a.conf:1: nothing in it could be carried over, as ser2net-conf",
            ),
            ("a.cf", "console x {", "a.cf:1: expected a '}'"),
        ]:
            self.write(name, text)
            code, out, err = self.run_with(name, "-o", "new.yaml")
            self.assertEqual((code, out), (2, ""))
            self.assertIn(message, err)
            self.assertFalse((self.folder / "new.yaml").exists())
        code, _, err = self.run_with("missing.yaml")
        self.assertEqual(
            (code, err), (2, "missing.yaml:1: missing.yaml cannot be read: No such file or directory\n")
        )

    def test_nothing_is_written_over(self) -> None:
        self.write("a.conf", "localhost,2001:raw:0:/dev/ttyS0:LOCAL\n")
        self.write("new.yaml", "mine")
        (self.folder / "new.yaml").chmod(0o600)
        code, _, err = self.run_with("a.conf", "-o", "new.yaml")
        self.assertEqual((code, err), (2, "smartserial: new.yaml is there already; --force writes over it\n"))
        self.assertEqual((self.folder / "new.yaml").read_text(), "mine")
        self.assertEqual(self.run_with("a.conf", "-o", "new.yaml", "--force")[0], 0)
        self.assertIn("shares:", (self.folder / "new.yaml").read_text())
        self.assertEqual((self.folder / "new.yaml").stat().st_mode & 0o777, 0o600)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["a.conf", "new.yaml"])
        code, _, err = self.run_with("a.conf", "-o", "none/new.yaml")
        self.assertEqual(code, 2)
        self.assertIn("cannot write none/new.yaml: No such file or directory", err)

    def test_other_files(self) -> None:
        (self.folder / "etc" / "more").mkdir(parents=True)
        self.write("etc/a.yaml", "include: more/*.yaml\n")
        for n in (1, 2):
            text = f"connection: &c{n}\n  accepter: tcp,localhost,200{n}\n  connector: echo\n"
            self.write(f"etc/more/{n}.yaml", text)
        code, out, err = self.run_with("etc/a.yaml")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("# connection c2, etc/more/2.yaml:1", out)
        self.write("etc/a.yaml", "\ninclude: missing.yaml\n")
        code, out, err = self.run_with("etc/a.yaml")
        self.assertEqual((code, err), (2, "etc/a.yaml:2: there is no file missing.yaml\n"))

    def test_what_a_file_is_may_be_said(self) -> None:
        self.write("a.yaml", "localhost,2001:raw:0:/dev/ttyS0:LOCAL\n")
        self.assertEqual(self.run_with("a.yaml", "--from", "ser2net-conf")[0], 0)
        self.assertEqual(self.run_with("a.yaml")[0], 2)

    def test_bytes_that_are_no_text(self) -> None:
        (self.folder / "a.conf").write_bytes(b"# \xff\nlocalhost,2001:raw:0:/dev/tty\xe9:LOCAL\r\n")
        code, out, _ = self.run_with("a.conf")
        self.assertEqual(code, 0)
        self.assertIn('port: "/dev/tty\xe9"', out)
