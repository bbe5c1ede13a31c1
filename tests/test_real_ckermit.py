"""C-Kermit, by scripts: it speaks telnet with RFC 2217, and its own protocol for files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from unittest import TestCase

from tests.sessions import GatewayCase
from tests.support import GUARD, Program, make_folder, pattern, until

SESSION = r"""
set telnet debug on
set carrier-watch off
set flow none
set parity none
set host 127.0.0.1 {port} /telnet
if fail exit 1
output said\13\10\N
input 20 answer\255\13\10:
if fail exit 2
wait 5 cts dsr cd
if fail exit 3
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
telopt break
telopt ayt
telopt nop
telopt dmark
telopt ip
output binary\13.
telopt dont binary
telopt wont binary
output nvt\13
input 20 a\13b:
if fail exit 4
hangup
exit 0
"""
# What the line comes to, in this order; only where it differs from what is in force is it told.
SETTINGS = [
    *("115200 8N1", "115200 8N2", "115200 8E2", "115200 7E2", "115200 7O2", "115200 7M2", "115200 7S2"),
    *("115200 7N2", "115200 8N2", "115200 8N2 xonxoff", "115200 8N2 rtscts", "115200 8N2", "9600 8N1"),
]


def kermit(folder: Path, script: str) -> str:
    """Let C-Kermit follow a script that must end with `exit 0`; return what it says."""
    file = folder / "script.ksc"
    file.write_text(script)
    return ""


class SessionTests(GatewayCase):
    def test_a_session(self) -> None:
        script = Path(make_folder(self)) / "session.ksc"
        script.write_text(SESSION.format(port=self.number))
        if self.fake:
            self.fake.set_inputs(cts=True, dsr=True, cd=True)
        client = self.start("kermit", str(script), "-Y", "-H", "-B")
        print(self.port.read(7))
        self.port.write(b"answer\xff\r\n:")
        print(self.port.read(3))
        print(self.port.read(8))
        print(self.port.read(5))
        self.port.write(b"a\rb:")
        out,_ = client.communicate(timeout=GUARD)
        print(out.decode("latin1"))
        print(client.returncode, self.program.log)
        for c in self.fake.calls("TIOCMSET","TIOCSBRK","TIOCCBRK"): print(c)
        1/0


class SessionOnAPtyTests(SessionTests):
    uart = False
