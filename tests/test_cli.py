"""The `smartserial` command, in this process, and once as a program."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

import smartserial
from smartserial import config
from smartserial.cli import main

from .configs import device, listen
from .support import GUARD

GOOD = device("{loop: true}")
IDLE = device("{loop: true, open: on-demand}") + "    buffer: 8KiB\n"
WRONG = listen("{port: 1, hots: any}, {port: x}")


def run_it(*arguments: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, and what it wrote to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


class CommandTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "gateway.yaml"

    def check(self, text: str, *options: str) -> tuple[int, str]:
        self.path.write_text(text)
        code, out, err = run_it("check", *options, str(self.path))
        self.assertEqual(err, "")
        return code, out

    def test_exit_codes(self) -> None:
        for text, options, expected in (
            (GOOD, [], 0),
            (GOOD, ["--strict"], 0),
            (IDLE, [], 0),
            (IDLE, ["--strict"], 1),
            (WRONG, [], 2),
            (WRONG, ["--strict"], 2),
            ("shares: [", [], 2),
        ):
            self.assertEqual(self.check(text, *options)[0], expected)
            self.assertEqual(self.check(text, *options, "--format", "json")[0], expected)

    def test_text(self) -> None:
        self.assertEqual(self.check(GOOD), (0, ""))
        _, out = self.check(WRONG)
        self.assertEqual(
            out.splitlines(),
            [
                f"{self.path}:4:24: CF02 error: shares.a.listen[0].hots: unknown key (did you mean host?)",
                f"{self.path}:4:43: CF03 error: shares.a.listen[1].port: expected an integer, found 'x'",
            ],
        )
        _, out = self.check(IDLE)
        self.assertIn(f"{self.path}:5:5: CF08 warning: shares.a.buffer: cannot act", out)

    def test_json(self) -> None:
        self.assertEqual(json.loads(self.check(GOOD, "--format", "json")[1]), {"findings": []})
        findings = json.loads(self.check(WRONG, "--format=json")[1])["findings"]
        self.assertEqual(
            findings[0],
            {
                "file": str(self.path),
                "line": 4,
                "column": 24,
                "path": "shares.a.listen[0].hots",
                "code": "CF02",
                "severity": "error",
                "message": "unknown key",
                "hint": "did you mean host?",
            },
        )
        self.assertEqual([finding["code"] for finding in findings], ["CF02", "CF03"])

    def test_a_file_that_is_not_there(self) -> None:
        code, out, _ = run_it("check", str(self.path))
        self.assertEqual((code, out), (2, f"{self.path}:1:1: CF01 error: No such file or directory\n"))

    def test_the_demo(self) -> None:
        self.assertEqual(run_it("check", "demo", "--strict"), (0, "", ""))

    def test_schema(self) -> None:
        code, out, err = run_it("schema")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(json.loads(out), config.schema())

    def test_version_and_help(self) -> None:
        self.assertEqual(run_it("--version"), (0, f"smartserial {smartserial.__version__}\n", ""))
        code, out, _ = run_it("--help")
        self.assertEqual(code, 0)
        for words in ("check", "schema", "ctl", "console", "twistd smartserial"):
            self.assertIn(words, " ".join(out.split()))
        self.assertIn("--strict", run_it("check", "--help")[1])

    def test_wrong_usage(self) -> None:
        for arguments in (
            [],
            ["chekc"],
            ["check"],
            ["check", "--format", "xml", "x"],
            ["schema", "x"],
            ["ctl", "--format", "xml", "who"],
            ["ctl", "--socket"],
            ["console", "x"],
        ):
            code, out, err = run_it(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn("usage: smartserial", err)


class GatewayTest(SynchronousTestCase):
    """`ctl` and `console`, with a gateway that the test plays."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "console.sock"
        self.heard = b""

    def ctl(self, answer: bytes, *arguments: str) -> tuple[int, str, str]:
        """Run `ctl` while a gateway hears one line and answers."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.path))
            server.listen()

            def play() -> None:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as lines:
                    self.heard = lines.readline()
                    connection.sendall(answer)

            thread = threading.Thread(target=play, daemon=True)
            thread.start()
            done = run_it("ctl", "--socket", str(self.path), *arguments)
            thread.join(GUARD)
        self.path.unlink()
        return done

    def test_done(self) -> None:
        self.assertEqual(self.ctl(b"a  b\r\n1  2\r\n=ok\r\n", "shares"), (0, "a  b\n1  2\n", ""))
        self.assertEqual(self.ctl(b"=ok\r\n", "shares"), (0, "", ""))

    def test_not_done(self) -> None:
        self.assertEqual(self.ctl(b"=error no such share\r\n", "share", "x"), (1, "", "no such share\n"))
        self.assertEqual(self.ctl(b"=error one\r\n=error two\r\n", "reload"), (1, "", "one\ntwo\n"))

    def test_a_gateway_that_stops_meanwhile(self) -> None:
        gone = "the gateway closed the connection\n"
        self.assertEqual(self.ctl(b"", "shares"), (1, "", gone))
        self.assertEqual(self.ctl(b"up device x\r\n", "monitor", "x"), (1, "up device x\n", gone))

    def test_words_as_they_are(self) -> None:
        for arguments, sent in (
            (["shares"], ["text", "shares"]),
            ([], ["text", "help"]),
            (["--format", "json", "share", "x"], ["json", "share", "x"]),
            (
                ["send", "x", 'it\'s "so"\n', "", "--format", "é"],
                ["text", "send", "x", 'it\'s "so"\n', "", "--format", "é"],
            ),
            (["reload", "--dry-run"], ["text", "reload", "--dry-run"]),
        ):
            self.assertEqual(self.ctl(b"=ok\r\n", *arguments), (0, "", ""))
            verb, line = self.heard.split(b" ", 1)
            self.assertEqual((verb, json.loads(line), line.count(b"\n")), (b"ctl", sent, 1))

    def test_no_gateway(self) -> None:
        words = f"no gateway at {self.path}: No such file or directory\n"
        for command in (["ctl", "--socket", str(self.path), "who"], ["console", "--socket", str(self.path)]):
            self.assertEqual(run_it(*command), (2, "", words))

    def test_the_usual_place(self) -> None:
        self.patch(os, "environ", {"RUNTIME_DIRECTORY": str(self.path.parent)})
        self.assertEqual(run_it("ctl", "who")[2], f"no gateway at {self.path}: No such file or directory\n")


class ProgramTest(SynchronousTestCase):
    def test_python_m_smartserial(self) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "gateway.yaml"
            path.write_text(WRONG)
            done = subprocess.run(
                [sys.executable, "-m", "smartserial", "check", path],
                capture_output=True,
                text=True,
                check=False,
                cwd=folder,
            )
        self.assertEqual((done.returncode, done.stderr), (2, ""))
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("did you mean host?", done.stdout)
