"""C-Kermit speaks telnet with RFC 2217, and its own protocol for files: by scripts and at a terminal."""

from __future__ import annotations

import re
import subprocess
from itertools import groupby
from pathlib import Path
from unittest import TestCase

from tests.sessions import ALL, GatewayCase, Terminal
from tests.support import GUARD, Program, make_folder, pattern, until

ESCAPE = b"\x1c"
# It sets the hardware flow control when it first sends something, and eight bits whenever it does.
SCRIPT = r"""
set telnet debug on
set carrier-watch off
set flow none
set parity none
set host 127.0.0.1 {port} /telnet
if fail exit 1
output said\13\10\N
input 20 answer\255\13\10:
if fail exit 2
wait 20 cts dsr cd
if fail exit 3
show communications
set speed 115200
set stop-bits 2
set parity even
set parity odd
set parity mark
set parity space
set parity none
set flow xon/xoff
output x
set flow rts/cts
output y
set flow none
output z
output \B
telopt ayt
telopt nop
telopt dmark
telopt ip
telopt break
output binary\13.
input 20 go:
if fail exit 4
telopt dont binary
telopt wont binary
output text\13.
set telnet newline-mode nvt off
output text\13.
input 20 a\13b:
if fail exit 5
hangup
exit 0
"""
SETTINGS = [
    *("9600 8N1 rtscts", "115200 8N1 rtscts", "115200 8N2 rtscts", "115200 8E2 rtscts", "115200 7E2 rtscts"),
    *(
        "115200 7O2 rtscts",
        "115200 7M2 rtscts",
        "115200 7S2 rtscts",
        "115200 7N2 rtscts",
        "115200 8N2 rtscts",
    ),
    *("115200 8N2 xonxoff", "115200 8N2 rtscts", "115200 8N2", "9600 8N1"),
]
TRANSFER = """
set carrier-watch off
set parity none
set transfer display none
set telopt binary {binary}
set host 127.0.0.1 {port} /telnet
if fail exit 1
send /binary {folder}/sent copy
if fail exit 2
get /binary /as-name:{folder}/back copy
if fail exit 3
finish
if fail exit 4
exit 0
"""


class SessionTests(GatewayCase):
    def setUp(self) -> None:
        super().setUp()
        if self.fake:
            self.fake.set_inputs(cts=True, dsr=True, cd=True)

    def settings(self) -> list[str]:
        """Return what the line has been at, in this order."""
        if self.fake:
            told = [call.argument.removesuffix(" none") for call in self.fake.calls("TCSETS2")]
        else:
            told = re.findall(r"x: is at (.*?)(?: for|;|$)", self.program.log, re.MULTILINE)
        return [settings for settings, _ in groupby(told)]

    def test_a_script(self) -> None:
        script = Path(make_folder(self)) / "script.ksc"
        script.write_text(SCRIPT.format(port=self.number))
        client = self.start("kermit", str(script), "-Y", "-H", "-B")
        self.assertEqual(self.port.read(7), b"said\r\n\0")
        self.port.write(b"answer\xff\r\n:")
        self.assertEqual(self.port.read(11), b"xyzbinary\r.")
        self.took("TIOCSBRK", "TIOCCBRK", "TIOCSBRK", "TIOCCBRK")
        self.port.write(b"go:")
        self.assertEqual(self.port.read(13), b"text\r\n.text\r.")
        self.port.write(b"a\rb:")
        said = client.communicate(timeout=GUARD)[0]
        self.assertEqual(client.returncode, 0, said)
        for words in (b"RCVD WONT KERMIT", b"RCVD DONT KERMIT", b": smartserial ", b"CTS Signal On"):
            self.assertIn(words, said)
        self.took("TIOCMSET dtr=0 rts=1", "TIOCMSET dtr=1 rts=1")
        until(lambda: self.settings()[-1] == SETTINGS[-1], "the configured settings")
        self.assertEqual(self.settings(), SETTINGS)

    def test_at_a_terminal(self) -> None:
        terminal = Terminal(self, "kermit", "-Y", "-H", "-J", "127.0.0.1", str(self.number))
        terminal.shows(b"Escape character: Ctrl-\\ (ASCII 28, FS): enabled\r\r\n")
        terminal.shows(b"----\r\n")
        typed = ALL.replace(ESCAPE, b"") + b"\r\n\r"
        terminal.keys(typed + ESCAPE + ESCAPE)
        self.assertEqual(self.port.read(len(typed) + 1), typed + ESCAPE)
        self.port.write(b"\r\n\x80\xfe\xff:")
        terminal.shows(b"\r\n\x80\xfe\xff:")
        terminal.keys(ESCAPE + b"b")
        self.took("TIOCSBRK", "TIOCCBRK")
        terminal.keys(ESCAPE + b"a" + b"still there")
        self.assertEqual(self.port.read(11), b"still there")
        terminal.keys(ESCAPE + b"u")
        self.took("TIOCMSET dtr=0 rts=1", "TIOCMSET dtr=1 rts=1")
        terminal.shows(b"C-Kermit>")
        terminal.types(b"set exit warning off\r")
        terminal.shows(b"C-Kermit>")
        terminal.types(b"exit\r")
        self.assertEqual(terminal.process.wait(GUARD), 0)
        until(lambda: self.settings()[-1] == "9600 8N1", "the configured settings")


class SessionOnAPtyTests(SessionTests):
    uart = False


class TransferTests(TestCase):
    """Files go both ways, by its own protocol; another C-Kermit has the far end of the cable."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        ends = [f"PTY,raw,echo=0,link={self.folder}/{end}" for end in ("device", "far")]
        self.start("socat", *ends)
        until(lambda: (self.folder / "far").exists() and (self.folder / "device").exists())
        listener = "{mode: rfc2217, port: 0}"
        device = f"{{port: {self.folder}/device, baudrate: 115200}}"
        self.program = Program(self, f"shares: {{x: {{device: {device}, listen: [{listener}]}}}}")
        self.program.wait_for("x: opened")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def transfer(self, binary: str) -> None:
        data = ALL * 8 + b"\xff" * 300 + b"\r\n\r\0" * 50 + pattern(4000)
        (self.folder / "sent").write_bytes(data)
        far = self.start("kermit", "-Y", "-H", "-q", "-l", f"{self.folder}/far", "-b", "115200", "-x")
        script = self.folder / "near.ksc"
        port = self.program.ports("x")[0]
        script.write_text(TRANSFER.format(binary=binary, port=port, folder=self.folder))
        near = self.start("kermit", str(script), "-Y", "-H", "-B")
        self.assertEqual(near.wait(GUARD), 0, self.program.log)
        self.assertEqual(far.wait(GUARD), 0)
        self.assertEqual((self.folder / "copy").read_bytes(), data)
        self.assertEqual((self.folder / "back").read_bytes(), data)

    def test_binary(self) -> None:
        self.transfer("requested requested")

    def test_not_binary(self) -> None:
        self.transfer("refused refused")
