"""Sequences, ports that appear and what waits for them, on the real program."""

from __future__ import annotations

import json
import subprocess
from unittest import TestCase

from tests.fakeport import FakePort
from tests.support import GUARD, Program, Pty, receive, until
from tests.typist import SMARTSERIAL, ctl, rows

_DRIVEN = ("TIOCMSET", "TIOCMBIS", "TIOCMBIC", "TIOCSBRK", "TIOCCBRK")


class SequenceTests(TestCase):
    def setUp(self) -> None:
        self.port = FakePort(self)
        self.program = Program(
            self,
            f"""
            shares:
              board:
                device:
                  port: {self.port.path}
                  lines: {{connected: {{dtr: true, rts: false}}, idle: {{dtr: false, rts: false}}}}
                  sequences:
                    reset: rts=on dtr=off 20ms dtr=on rts=off 10ms dtr=off
                    slow: rts=on 60s
                    attention: break=on 5ms break=off dtr=on
                listen:
                  - {{port: 0}}
            """,
            env=self.port.env,
        )
        self.program.wait_for("board: opened")
        until(lambda: self.port.calls("TIOCMSET"))
        self.port.clear()

    def driven(self) -> list[str]:
        return [f"{call.name} {call.argument}".rstrip() for call in self.port.calls(*_DRIVEN)]

    def test_an_esptool_reset(self) -> None:
        """One call a step, in order, each time at least as long as it is written."""
        done = ctl(self.program, "sequence", "board", "reset")
        self.assertEqual((done.returncode, done.stdout), (0, "board: reset is done\n"), done)
        self.assertEqual(
            self.driven(), [f"TIOCMSET {lines}" for lines in ("dtr=0 rts=1", "dtr=1 rts=0", "dtr=0 rts=0")]
        )
        one, two, three = (call.at for call in self.port.calls(*_DRIVEN))
        self.assertGreaterEqual(two - one, 0.02)
        self.assertGreaterEqual(three - two, 0.01)
        self.assertEqual(self.port.outputs(), (False, False))
        self.assertRegex(self.program.log, r"board: \S+ \(pid \d+\) by unix: sequence reset\n")

    def test_a_break(self) -> None:
        self.assertEqual(ctl(self.program, "sequence", "board", "attention").returncode, 0)
        self.assertEqual(self.driven(), ["TIOCSBRK", "TIOCMSET dtr=1 rts=0", "TIOCCBRK"])

    def test_two_at_once(self) -> None:
        command = [SMARTSERIAL, "ctl", "--socket", str(self.program.folder / "console.sock"), "sequence"]
        both = [subprocess.Popen([*command, "board", "reset"]) for _ in range(2)]
        self.assertEqual([one.wait(GUARD) for one in both], [0, 0])
        steps = [f"TIOCMSET {lines}" for lines in ("dtr=0 rts=1", "dtr=1 rts=0", "dtr=0 rts=0")]
        self.assertEqual(self.driven(), steps * 2)

    def test_a_device_that_vanishes_ends_it(self) -> None:
        command = [SMARTSERIAL, "ctl", "--socket", str(self.program.folder / "console.sock"), "sequence"]
        slow = subprocess.Popen([*command, "board", "slow"], stderr=subprocess.PIPE, text=True)
        until(self.driven)
        self.port.pty.close()
        _, said = slow.communicate(timeout=GUARD)
        self.assertEqual((slow.returncode, said), (1, "slow was ended: the device is gone\n"))

    def test_a_reload_changes_them_on_the_open_port(self) -> None:
        text = (self.program.folder / "config.yaml").read_text()
        self.program.configure(text.replace("attention: break=on 5ms break=off", "attention: dtr=off 1ms"))
        said = ctl(self.program, "reload")
        self.assertEqual(
            said.stdout,
            "shares.board.device.sequences.attention: break=on 5ms break=off dtr=on -> dtr=off 1ms dtr=on\n",
        )
        self.assertEqual(ctl(self.program, "sequence", "board", "attention").returncode, 0)
        self.assertEqual(self.driven(), ["TIOCMSET dtr=0 rts=0", "TIOCMSET dtr=1 rts=0"])
        self.assertEqual(self.program.log.count("board: opened"), 1)


class HotplugTests(TestCase):
    def test_what_was_sent_waits_for_a_port_that_appears(self) -> None:
        program = Program(
            self,
            """
            shares:
              meter:
                device: {port: ports/by-id/*A5*, away_buffer: 1KiB, away_age: 1h}
                listen: [{port: 0}]
              strict:
                device: {port: ports/by-id/*A6*}
                listen: [{port: 0}]
            """,
        )
        program.wait_for("meter: there is no port .*/ports/by-id/.A5.; trying again")
        clients = [program.connect(name) for name in ("meter", "strict")]
        for client in clients:
            self.addCleanup(client.close)
            client.sendall(b"early ")
        until(lambda: [row["read"] for row in rows(program, "stats") if row["direction"] == "down"] == [6, 6])
        by_id = program.folder / "ports" / "by-id"
        by_id.mkdir(parents=True)
        ptys = [Pty(self, by_id / f"usb-{name}-port0") for name in ("A5", "A6")]
        for name, serial in (("meter", "A5"), ("strict", "A6")):
            program.wait_for(rf"{name}: opened port .*\*{serial}\* \(.*/usb-{serial}-port0\) 9600 8N1")
        for client in clients:
            client.sendall(b"late")
        self.assertEqual(ptys[0].read(10), b"early late")
        self.assertEqual(ptys[1].read(4), b"late")
        ptys[0].write(b"answer")
        self.assertEqual(receive(clients[0], 6), b"answer")
        self.assertEqual(program.stop(), 0)
        _, down = program.accounts("strict")
        self.assertEqual((down["delivered"], down["no_device"]), (4, 6))
        _, down = program.accounts("meter")
        self.assertEqual((down["delivered"], down["discarded"]), (10, 0))

    def test_several_that_fit(self) -> None:
        program = Program(self, "shares: {meter: {device: {port: './tty*'}, listen: [{port: 0}]}}")
        Pty(self, program.folder / "tty1")
        other = program.folder / "tty2"
        program.wait_for(r"meter: opened port .*/tty\* \(.*/tty1\)|meter: there is no port")
        Pty(self, other)
        self.assertEqual(program.stop(), 0)
        program = Program(
            self, "shares: {meter: {device: {port: './tty*'}, listen: [{port: 0}]}}", folder=program.folder
        )
        found = program.wait_for(r"meter: expected one port (.*); trying again")[1]
        folder = program.folder
        self.assertEqual(found, f"{folder}/tty*, found {folder}/tty1, {folder}/tty2")
        other.unlink()
        program.wait_for(r"meter: opened port .*/tty1\)")


class PortsTests(TestCase):
    def test_the_list(self) -> None:
        """Whatever this machine has, the command and the console say the same of it."""
        program = Program(self, "shares: {echo: {device: {loop: true}, listen: [{port: 0}]}}")
        program.wait_for("echo: opened")
        done = subprocess.run(
            [SMARTSERIAL, "ports", "--format", "json"], capture_output=True, text=True, timeout=GUARD
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        listed = [json.loads(line) for line in done.stdout.splitlines() if line]
        self.assertEqual(rows(program, "ports"), listed)
        for row in listed:
            self.assertEqual(list(row), ["port", "usb", "serial number", "adapter", "names", "used by"])
        text = subprocess.run([SMARTSERIAL, "ports"], capture_output=True, text=True, timeout=GUARD).stdout
        self.assertRegex(text, r"^(port +usb +serial number|nothing\n)")
