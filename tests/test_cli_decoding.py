"""`smartserial decode` as a program: pipes, closed streams, full disks, and what is said then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from .rulebook import constant, definition, fixed
from .support import GUARD
from .test_cli import run_it

LINKED = ' options="headerTrailerLink=1"'
LINES = definition(
    f"<Params>{fixed(1, 2)}{constant(2, '0x0D', 'trailer', LINKED)}</Params><Responses>"
    '<Response id="1"><Name>two</Name><Content><Param>1</Param><Param>2</Param></Content></Response>'
    "</Responses>"
)
PROGRAM = [sys.executable, "-m", "smartserial"]


class Case(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.definition = self.write("lines.xml", LINES.encode())

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def shell(self, script: str) -> tuple[int, bytes, bytes]:
        """Run a script in which `decode` is a function; return its code, stdout and stderr."""
        decode = f'decode() {{ "{sys.executable}" -m smartserial decode "$@"; }}\n'
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{decode}{script}"],
            capture_output=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            timeout=GUARD,
        )
        return done.returncode, done.stdout, done.stderr


class StreamTest(Case):
    def test_a_message_is_there_as_soon_as_it_is_complete(self) -> None:
        """In each form the answer to one line is read before the next is written."""
        for lines in (
            (b"xy\r", b"zw\r"),
            (b"78 79 0d\n", b"7a 77 0D\n"),
            (b'{"bytes": "78790d"}\n', b'{"time": 5, "bytes": "7a770d"}\n'),
        ):
            with (
                self.subTest(lines=lines),
                subprocess.Popen(
                    [*PROGRAM, "decode", "--format", "json", self.definition],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                ) as program,
            ):
                assert program.stdin is not None and program.stdout is not None
                for line, value in zip(lines, ("xy", "zw"), strict=True):
                    program.stdin.write(line)
                    program.stdin.flush()
                    told = json.loads(program.stdout.readline())
                    self.assertEqual(told["params"]["p1"]["value"], value)
                program.stdin.close()
                self.assertEqual((program.stdout.read(), program.wait(GUARD)), (b"", 0))

    def test_a_fifo(self) -> None:
        os.mkfifo(self.folder / "fifo")
        code, out, err = self.shell("printf 'xy\\rzw\\r' > fifo & decode lines.xml fifo")
        self.assertEqual((code, out.count(b"two"), err), (0, 2, b""))


class BrokenTest(Case):
    def setUp(self) -> None:
        super().setUp()
        self.write("long", b"xy\r" * 20_000)

    def test_who_reads_has_had_enough(self) -> None:
        code, out, err = self.shell("decode lines.xml long | head -1")
        self.assertEqual((code, out, err), (0, b"0+3 1 two\n", b""))

    def test_what_cannot_be_written(self) -> None:
        for redirected, why in ((">/dev/full", b"No space left on device"), (">&-", b"Bad file descriptor")):
            code, out, err = self.shell(f"decode lines.xml long {redirected}")
            self.assertEqual((code, out, err), (2, b"", b"smartserial: cannot write: " + why + b"\n"))

    def test_what_cannot_be_read(self) -> None:
        for words, said in (
            ("lines.xml <&-", b"smartserial: stdin: it is closed\n"),
            ("lines.xml none", b"smartserial: none: No such file or directory\n"),
            ("lines.xml .", b"smartserial: .: Is a directory\n"),
            ("lines.xml none 2>&-", b""),
        ):
            code, out, err = self.shell(f"decode {words}")
            self.assertEqual((code, out, err), (2, b"", said), words)

    def test_closed_streams_of_those_who_say_nothing(self) -> None:
        code, _, err = self.shell(f'"{sys.executable}" -m smartserial check --strict lines.xml >&- 2>&-')
        self.assertEqual((code, err), (0, b""))

    def test_what_came_before_is_told(self) -> None:
        code, out, err = self.shell("printf '61 62 0d\\n0g\\n' | decode lines.xml")
        self.assertEqual((code, out), (2, b"0+3 1 two\n  p1  ab  61 62\n"))
        self.assertEqual(err, b"smartserial: stdin: line 2: expected pairs of hex digits, found '0g'\n")


class OptionsTest(Case):
    def test_connections(self) -> None:
        for number in ("5", "-1"):
            code, out, err = run_it("decode", self.definition, "--connection", number, self.definition)
            there = f"there is no connection {number}: there is 0 IP Connection"
            self.assertEqual((code, out, err), (2, "", f"smartserial: {self.definition}: {there}\n"))

    def test_folders(self) -> None:
        """A name is looked for in folders that are named; a path is a path."""
        self.write("site/acme-two.xml", LINES.encode())
        self.write("site/acme-bad.xml", b"<Protocol")
        site = str(self.folder / "site")
        capture = self.write("capture", b"xy\r")
        self.assertEqual(run_it("check", "--path", site, "acme-two", self.definition), (0, "", ""))
        code, out, _ = run_it("explain", "acme-two@1.0.0.1", "--path", str(self.folder), "--path", site)
        self.assertEqual((code, out.splitlines()[0]), (0, "Test 1.0.0.1"))
        code, out, _ = run_it("decode", "--path", site, "acme-two", capture)
        self.assertEqual((code, out), (0, "0+3 1 two\n  p1  xy  78 79\n"))
        self.assertEqual(run_it("check", "--path", site, "demo")[0], 0)
        for command in (["check"], ["explain"], ["decode", capture]):
            words = [command[0], "--path", site]
            code, out, err = run_it(*words, "acme-bad", *command[1:])
            self.assertEqual(code, 2)
            self.assertIn("acme-bad:1:1: PL01 error: ", out + err)
            code, out, err = run_it(*words, "acme-tow", *command[1:])
            self.assertEqual(code, 2)
            self.assertIn("there is no device protocol acme-tow: did you mean acme-two?", out + err)
            self.assertEqual(run_it(command[0], "acme-two", *command[1:])[0], 2)
