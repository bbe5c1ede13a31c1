"""Virtual ports of the whole program: what a reload may change, who decides about the line, and the end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import termios
from pathlib import Path
from unittest import TestCase

from smartserial.share.drain import GRACE
from tests.support import Program, Pty, make_folder, receive, until


class Case(TestCase):
    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.link = self.folder / "port"

    def config(self, device: str = "", listen: str = "{port: 0}", more: str = "") -> str:
        return f"shares: {{v: {{device: {{virtual: {self.link}{device}}}, listen: [{listen}]{more}}}}}"

    def ctl(self, program: Program, *words: str) -> str:
        socket = f"{program.folder}/console.sock"
        command = [sys.executable, "-m", "smartserial", "ctl", "--socket", socket, *words]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        return said.stdout + said.stderr

    def open(self, speed: int | None = None) -> int:
        fd = os.open(self.link, os.O_RDWR | os.O_NOCTTY)
        if speed is not None:
            attributes = termios.tcgetattr(fd)
            attributes[4] = attributes[5] = speed
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
        return fd

    def ask(self, client: socket.socket, baudrate: int) -> int:
        """Ask for a speed by RFC 2217; return the one in the answer."""
        client.sendall(bytes.fromhex("fffb2c fffa2c01") + baudrate.to_bytes(4, "big") + b"\xff\xf0")
        got = b""
        while not (found := re.search(b"\xff\xfa,\x65(.{4})\xff\xf0", got, re.DOTALL)):
            got += client.recv(100)
        return int.from_bytes(found[1], "big")


class ReloadTest(Case):
    def reload(self, program: Program, text: str) -> str:
        program.configure(text)
        return self.ctl(program, "reload")

    def test_an_overlay_that_would_end_where_the_device_stands(self) -> None:
        device = Pty(self, self.link)
        program = Program(self, self.config(", overlay: true"))
        program.wait_for("v: opened")
        ours = self.link.readlink()
        self.assertIn("the real device gets its name back", self.reload(program, self.config()))
        self.assertEqual(self.link.readlink(), ours)
        self.assertEqual(self.link.with_name("port.real").readlink(), device.path)
        said = self.reload(program, self.config(", overlay: true, mode: '0660'"))
        self.assertNotIn("cannot", said)
        until(lambda: self.link.exists() and self.link.stat().st_mode & 0o777 == 0o660)
        self.assertEqual(program.stop(), 0)
        self.assertEqual(self.link.readlink(), device.path)

    def test_an_overlay_of_nothing_and_a_user_who_is_not_there(self) -> None:
        program = Program(self, self.config())
        program.wait_for("v: opened")
        ours = self.link.readlink()
        self.assertIn("there is no such device", self.reload(program, self.config(", overlay: true")))
        self.assertEqual(self.link.readlink(), ours)
        self.assertEqual(program.stop(), 0)


class DecisionTest(Case):
    """The program that has the port open decides about the speed."""

    MORE = ", sharing: {settings: {notify: true}}"

    def start(self, more: str = "") -> Program:
        program = Program(self, self.config(listen="{port: 0, mode: rfc2217}", more=more))
        program.wait_for("v: opened")
        return program

    def test_what_was_refused_never_acts(self) -> None:
        program = self.start(self.MORE)
        fd = self.open(termios.B2400)
        program.wait_for("v: is at 2400 8N1")
        self.assertIn(
            "the device refused baudrate; it is at 2400 8N1", self.ctl(program, "set", "v", "baudrate=4800")
        )
        with program.connect("v") as client:
            self.assertEqual(self.ask(client, 2400), 2400)
        program.wait_for("v: 127.0.0.1:[0-9]+ is gone")
        os.close(fd)
        program.wait_for("v: a program closed the port")
        fd = self.open()
        self.assertEqual(termios.tcgetattr(fd)[5], termios.B2400)
        os.close(fd)
        self.assertEqual(program.stop(), 0)
        self.assertNotIn("set baudrate=4800", program.log)
        self.assertNotIn("is at 4800", program.log)

    def test_what_a_program_sets_is_what_is_restored(self) -> None:
        program = self.start()
        self.assertIn("v: at 4800", self.ctl(program, "set", "v", "baudrate=4800"))
        with program.connect("v") as client:
            self.assertEqual(self.ask(client, 57600), 57600)
            fd = self.open(termios.B19200)
            program.wait_for("v: is at 19200 8N1")
            os.close(fd)
            program.wait_for("v: a program closed the port")
        program.wait_for("v: 127.0.0.1:[0-9]+ is gone")
        fd = self.open()
        self.addCleanup(os.close, fd)
        self.assertEqual(termios.tcgetattr(fd)[5], termios.B19200)
        opened = program.log.index("a program opened the port")
        self.assertLess(opened, program.log.index("is at 19200"))
        self.assertEqual(program.stop(), 0)

    def test_no_speed_is_not_told_as_a_question(self) -> None:
        program = self.start(self.MORE)
        with program.connect("v") as client:
            client.sendall(bytes.fromhex("fffb2c"))  # IAC WILL COM-PORT
            receive(client, 3)
            fd = self.open(termios.B0)
            self.addCleanup(os.close, fd)
            program.wait_for("v: is at 0 8N1")
            attributes = termios.tcgetattr(fd)
            attributes[4] = attributes[5] = termios.B1200
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
            got = b""
            while bytes.fromhex("fffa2c65 000004b0 fff0") not in got:  # SB COM-PORT SET-BAUDRATE 1200
                got += client.recv(100)
            self.assertNotIn(bytes.fromhex("fffa2c65 00000000 fff0"), got)


class EndTest(Case):
    def test_what_waits_for_no_program_is_not_waited_for(self) -> None:
        program = Program(self, self.config())
        with program.connect("v") as client:
            client.sendall(b"!" * 60_000)
            until(lambda: self.waiting(program))
            program.process.send_signal(signal.SIGTERM)
            self.assertEqual(program.process.wait(GRACE / 2), 0)
        program.wait_for("END")
        _, down = program.accounts("v")
        self.assertEqual((down["delivered"], down.get("unread", 0)), (0, 0))
        self.assertEqual(down["stop_deadline"], down["read"])

    def waiting(self, program: Program) -> bool:
        return "60000" in self.ctl(program, "stats")
