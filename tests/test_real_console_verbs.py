"""What the console's verbs do to a running gateway, its clients and its log."""

from __future__ import annotations

import re
import socket
import warnings
from contextlib import suppress
from unittest import TestCase

import serial

from tests.support import GUARD, Program, Pty, receive, receive_all, until
from tests.telnetpeer import com_port
from tests.typist import Typist, ctl, rows, telnet_port

ECHO = "shares: {echo: {device: {loop: true}, listen: [{port: 0}, {mode: rfc2217, port: 0}]}}"
_PLAIN = re.compile(rb"[\x20-\x7e\r\n]*")
_NASTY = b"\x1b[2J\x1b]0;owned\x07\r\nforged\x9b31m\x7f\x00\x0b\x85\xff"


class ShareTests(TestCase):
    """A share that is stopped, started, taken and changed."""

    def setUp(self) -> None:
        self.program = Program(self, ECHO)
        self.program.wait_for("echo: opened")

    def done(self, *words: str) -> str:
        """Do a verb, and return what it says."""
        done = ctl(self.program, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def test_disable_frees_the_port_and_enable_takes_it_again(self) -> None:
        client = self.program.connect("echo")
        self.addCleanup(client.close)
        self.program.wait_for("connected to")
        fixed = self.program.ports("echo")[0]
        text = (
            (self.program.folder / "config.yaml").read_text().replace("port: 0}, {", f"port: {fixed}}}, {{")
        )
        self.program.configure(text)
        self.done("reload")
        self.assertEqual(self.done("disable", "echo"), "echo: disabled\n")
        self.assertEqual(receive_all(client), b"")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", fixed), GUARD)
        self.assertEqual(rows(self.program, "shares")[0]["state"], "disabled")
        self.assertEqual(ctl(self.program, "send", "echo", "x").stderr, "echo is disabled\n")
        with socket.create_server(("127.0.0.1", fixed)):
            refused = ctl(self.program, "enable", "echo")
            self.assertEqual((refused.returncode, refused.stdout), (1, ""))
            self.assertIn("Address already in use", refused.stderr)
        self.assertEqual(self.done("enable", "echo"), "echo: enabled\n")
        with socket.create_connection(("127.0.0.1", fixed), GUARD) as again:
            again.sendall(b"again")
            self.assertEqual(receive(again, 5), b"again")
        self.assertEqual(ctl(self.program, "enable", "echo").returncode, 1)
        for what in ("disabled", "enabled"):
            self.program.wait_for(rf"echo: .+ \(pid \d+\) by unix: {what}$")

    def test_take_and_release_with_a_raw_and_a_pyserial_client(self) -> None:
        url = f"rfc2217://127.0.0.1:{self.program.ports('echo')[1]}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it names its threads in the old way
            port = serial.serial_for_url(url, 9600, timeout=GUARD)
        with self.program.connect("echo") as raw, port:
            self.program.wait_for("connected to", 2)
            self.done("take", "echo")
            self.assertIs(rows(self.program, "share", "echo")[0]["taken"], True)
            raw.sendall(b"lost")
            until(
                lambda: rows(self.program, "share", "echo")[0]["down"].get("discarded_policy") == 4, "4 lost"
            )
            port.baudrate = 115200
            self.assertIn("9600 8N1", rows(self.program, "share", "echo")[0]["settings in force"])
            self.done("send", "echo", "from the desk")
            self.assertEqual(receive(raw, 13), b"from the desk")
            self.assertEqual(port.read(13), b"from the desk")
            again = ctl(self.program, "take", "echo")
            self.assertEqual((again.returncode, again.stderr.endswith(" has taken it\n")), (1, True))
            self.done("release", "echo")
            raw.sendall(b"heard")
            self.assertEqual(receive(raw, 5), b"heard")
            self.assertEqual(port.read(5), b"heard")
            port.baudrate = 57600
            until(
                lambda: "57600" in rows(self.program, "share", "echo")[0]["settings in force"],
                "the new speed",
            )
        self.program.wait_for(r"by unix: taken")
        self.program.wait_for(r"by unix: released")

    def test_kick_one_and_all(self) -> None:
        clients = [self.program.connect("echo") for _ in range(3)]
        for client in clients:
            self.addCleanup(client.close)
        self.program.wait_for("connected to", 3)
        name = f"127.0.0.1:{clients[1].getsockname()[1]}"
        self.assertEqual(self.done("kick", "echo", name), f"echo: closed {name}\n")
        self.assertEqual(receive_all(clients[1]), b"")
        self.assertEqual(ctl(self.program, "kick", "echo", name).stderr, f"echo has no client {name}\n")
        self.done("kick", "echo", "all")
        self.assertEqual([receive_all(client) for client in clients[::2]], [b"", b""])
        self.program.wait_for(rf"{name} is gone: closed by .+ \(pid \d+\);")

    def test_less_in_the_log_is_in_the_log(self) -> None:
        self.done("log", "error")
        self.program.wait_for(r"by unix: log level error")
        self.assertEqual(ctl(self.program, "log", "loud").returncode, 1)


class PortTests(TestCase):
    """The settings and lines of a port."""

    def test_set_and_lines(self) -> None:
        pty = Pty(self)
        program = Program(self, f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0}}]}}}}")
        program.wait_for("x: opened")
        self.assertEqual(ctl(program, "set", "x", "baudrate=19200").stdout, "x: at 19200 8N1\n")
        self.assertEqual(rows(program, "shares")[0]["settings"], "19200 8N1")
        program.wait_for(r"x: .+ by unix: set baudrate=19200")
        self.assertEqual(ctl(program, "set", "x", "boudrate=1").returncode, 1)
        self.assertEqual(ctl(program, "lines", "x", "dtr=off", "rts=on").returncode, 0)
        self.assertEqual(rows(program, "share", "x")[0]["lines"]["dtr"], False)
        self.assertEqual(ctl(program, "pulse", "x", "dtr", "10ms").returncode, 0)
        self.assertEqual(ctl(program, "break", "x", "10ms").returncode, 0)
        self.assertEqual(ctl(program, "pulse", "x", "dtr", "1h").returncode, 1)

    def test_lines_without_any_are_shown(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        done = ctl(program, "lines", "echo")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class ReloadTests(TestCase):
    """The configuration, read again from the console."""

    BOTH = """
        shares:
          echo: {device: {loop: true}, listen: [{port: 0}]}
          other: {device: {loop: true}, listen: [{port: 0}], buffer: 8KiB}
    """

    def setUp(self) -> None:
        self.program = Program(self, self.BOTH)
        self.program.wait_for("other: opened")

    def test_differences_are_shown_and_only_they_are_touched(self) -> None:
        with self.program.connect("echo") as client, self.program.connect("other") as second:
            self.program.wait_for("connected to", 2)
            before = rows(self.program, "shares")
            self.program.configure(self.BOTH.replace("8KiB", "16KiB"))
            shown = ctl(self.program, "reload", "--dry-run").stdout
            self.assertEqual(shown, "shares.other.buffer: 8KiB -> 16KiB\n")
            self.assertEqual(ctl(self.program, "reload").stdout, shown)
            self.assertEqual(ctl(self.program, "reload").stdout, "nothing is different\n")
            self.assertEqual(rows(self.program, "shares"), before)
            for sock in (client, second):
                sock.sendall(b"there")
                self.assertEqual(receive(sock, 5), b"there")
        self.assertNotIn("echo: has new settings", self.program.log)
        self.program.wait_for(r"by unix: reload$", 2)

    def test_shares_that_come_and_go(self) -> None:
        self.program.configure(self.BOTH.replace("other", "new"))
        shown = ctl(self.program, "reload").stdout
        self.assertEqual(shown, "shares.other: removed\nshares.new: new\n")
        self.assertEqual([row["share"] for row in rows(self.program, "shares")], ["echo", "new"])

    def test_what_is_wrong_is_told_a_line_each_and_nothing_changes(self) -> None:
        self.program.configure(self.BOTH.replace("buffer: 8KiB", "bufer: 1, colour: red"))
        done = ctl(self.program, "reload")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
        self.assertNotIn("\\n", done.stderr)
        self.assertEqual(len(rows(self.program, "shares")), 2)

    def test_doors_stay_until_the_next_start(self) -> None:
        self.program.configure("console: {unix: other.sock}\n" + self.BOTH.replace("\n        ", "\n"))
        shown = ctl(self.program, "reload").stdout
        self.assertEqual(shown, "console: its doors change when the gateway is started again\n")
        self.assertEqual(ctl(self.program, "reload").stdout, shown)


class ForeignTextTests(TestCase):
    """Whatever devices and clients say, an operator's terminal gets nothing but text."""

    def setUp(self) -> None:
        self.program = Program(self, f"console: {{telnet: 0}}\n{ECHO}")
        self.program.wait_for("echo: opened")

    def followed(self, number: int, verb: str) -> bytes:
        """Return what one who follows is shown while a client sends what no terminal should get."""
        typist = Typist(self, self.program, number)
        if number:
            typist.until(b"smartserial> ")
        typist.types(f"{verb}\n")
        who = Typist(self, self.program)
        until(lambda: who.ask("who").count("yes") == 1, "all of them")
        with self.program.connect("echo") as client:
            client.sendall(_NASTY)
            self.assertEqual(receive(client, len(_NASTY)), _NASTY)
            shown = typist.until(b"\n") + typist.until(b"\n")
        typist.sock.close()
        return shown

    def test_data_on_every_door_in_every_form(self) -> None:
        for number in (0, telnet_port(self.program)):
            for verb in ("monitor echo", "monitor echo hex", "--format json monitor echo"):
                with self.subTest(verb=verb, number=number):
                    shown = self.followed(number, verb)
                    self.assertEqual(_PLAIN.fullmatch(shown) and shown.count(b"\n"), 2, shown)

    def test_the_name_that_a_client_gives_itself(self) -> None:
        number = self.program.ports("echo")[1]
        with socket.create_connection(("127.0.0.1", number), GUARD) as client:
            client.sendall(b"\xff\xfb\x2c" + com_port(0, _NASTY.replace(b"\xff", b"")))
            self.program.wait_for("says that it is")
            typist = Typist(self, self.program)
            for verb in ("clients", "--format json clients", "share echo"):
                shown = typist.ask(verb).encode()
                self.assertTrue(_PLAIN.fullmatch(shown), shown)
            self.assertEqual(len(typist.ask("clients").splitlines()), 2)
        self.assertTrue(all(line.isprintable() for line in self.program.lines))


class FloodTests(TestCase):
    """Operators who type and do not read."""

    def flood(self, begin: str, typed: bytes) -> None:
        """Let four of them type, and look at the memory and at a client of the share."""
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        with program.connect("echo") as client:
            client.sendall(b"there")
            self.assertEqual(receive(client, 5), b"there")
            before = program.memory()
            for _ in range(4):
                typist = Typist(self, program)
                typist.types(begin)
                typist.sock.setblocking(False)
                with suppress(BlockingIOError):
                    while True:
                        typist.sock.send(typed)
            for number in range(50):
                client.sendall(b"%5d" % number)
                self.assertEqual(receive(client, 5), b"%5d" % number)
            self.assertLess(program.memory() - before, 4 * 4096)
            self.assertIn("you", Typist(self, program).ask("who"))
        self.assertEqual(program.stop(), 0)

    def test_lines(self) -> None:
        self.flood("", b"help\n" * 10_000)

    def test_empty_lines_behind_a_long_verb(self) -> None:
        self.flood("pulse echo dtr 9s\n", b"\n" * 50_000)

    def test_completion(self) -> None:
        self.flood("terminal 80x24\n", b"\t" * 50_000)

    def test_history(self) -> None:
        self.flood("terminal 80x24\n", b"help\r\x1b[A" * 6_000)
