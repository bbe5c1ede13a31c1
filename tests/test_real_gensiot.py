"""gensiot of Debian's gensio-bin: the client of ser2net's makers."""

from __future__ import annotations

import subprocess

from tests.sessions import ALL, GatewayCase, hear, tell
from tests.support import GUARD

ESCAPE = b"\x1d"
# What is typed after the escape character, what the dump of settings says then, and what is in force.
SETTINGS = [
    (b"s115200\n", b"115200N81", "115200 8N1 none"),
    (b"e", b"115200E81", "115200 8E1 none"),
    (b"7", b"115200E71", "115200 7E1 none"),
    (b"2", b"115200E72", "115200 7E2 none"),
    (b"r", b"115200E72", "115200 7E2 rtscts"),
    (b"o", b"115200O72", "115200 7O2 rtscts"),
    (b"6", b"115200O62", "115200 6O2 rtscts"),
    (b"x", b"115200O62", "115200 6O2 xonxoff"),
    (b"1", b"115200O61", "115200 6O1 xonxoff"),
    (b"5", b"115200O51", "115200 5O1 xonxoff"),
    (b"n", b"115200N51", "115200 5N1 xonxoff"),
    (b"f", b"115200N51", "115200 5N1 none"),
    (b"8", b"115200N81", "115200 8N1 none"),
    (b"s1000000\n", b"1000000N81", "1000000 8N1 none"),
]


class GensiotTests(GatewayCase):
    def connect(self, stack: str, number: int) -> subprocess.Popen[bytes]:
        client = self.start("gensiot", "-e", "^]", f"{stack},127.0.0.1,{number}")
        tell(client, b"hello")
        self.assertEqual(self.port.read(5), b"hello")
        self.port.write(b"there")
        hear(client, b"there")  # the gateway has its word about BINARY by then
        return client

    def pass_bytes(self, client: subprocess.Popen[bytes]) -> None:
        data = ALL + b"\r\0\r\n\xff\xff"
        tell(client, data.replace(ESCAPE, ESCAPE + ESCAPE))
        self.assertEqual(self.port.read(len(data)), data)
        self.port.write(data)
        self.assertEqual(hear(client, data), data)

    def test_all_that_it_can_be_told(self) -> None:
        client = self.connect("telnet(rfc2217),tcp", self.number)
        self.pass_bytes(client)
        for typed, dumped, in_force in SETTINGS:
            with self.subTest(typed):
                tell(client, ESCAPE + typed + ESCAPE + b"d")
                self.assertIn(b"Signature: smartserial ", hear(client, b"Speed: " + dumped + b"\r\n"))
                self.in_force(in_force)
        tell(client, ESCAPE + b"b")
        self.took("TIOCSBRK", "TIOCCBRK")
        self.pass_bytes(client)
        tell(client, ESCAPE + b"q")
        self.assertEqual(client.wait(GUARD), 0)
        self.restored()

    def test_without_rfc2217(self) -> None:
        self.pass_bytes(self.connect("telnet,tcp", self.number))
        self.pass_bytes(self.connect("tcp", self.program.ports("x")[1]))


class GensiotOnAPtyTests(GensiotTests):
    uart = False
