"""The clients that people use: pyserial on the network and on a virtual port, nc, socat."""

from __future__ import annotations

import subprocess
from pathlib import Path
from unittest import TestCase

import serial

from tests.support import GUARD, Program, Pty, make_folder, pattern, until

ALL = bytes(range(256))


class MeterTests(TestCase):
    """The simulated meter of the demo, asked by each of them."""

    def setUp(self) -> None:
        self.program = Program(self, "shares: {meter: {device: {sim: scpi-meter}, listen: [{port: 0}]}}")
        self.port = self.program.ports("meter")[0]

    def ask(self, *command: str) -> str:
        done = subprocess.run(command, input=b"*IDN?\nMEAS?\n", capture_output=True, timeout=GUARD)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode()

    def test_nc(self) -> None:
        answer = self.ask("nc", "-N", "127.0.0.1", str(self.port))
        self.assertEqual(answer, "SMARTSERIAL,SCPI METER,0001,1.0\r\n+4.9987E+00\r\n")

    def test_socat(self) -> None:
        answer = self.ask("socat", "-t10", "-", f"TCP:127.0.0.1:{self.port}")
        self.assertEqual(answer, "SMARTSERIAL,SCPI METER,0001,1.0\r\n+4.9987E+00\r\n")

    def test_pyserial_over_the_network(self) -> None:
        with serial.serial_for_url(f"socket://127.0.0.1:{self.port}", timeout=GUARD) as client:
            client.write(b"*IDN?\r\n")
            self.assertEqual(client.readline(), b"SMARTSERIAL,SCPI METER,0001,1.0\r\n")
            for answer in (b"+4.9987E+00\r\n", b"+5.0003E+00\r\n"):
                client.write(b"MEAS?\n")
                self.assertEqual(client.readline(), answer)


class PyserialTests(TestCase):
    """Pyserial on both ends."""

    def test_on_a_virtual_port_with_every_setting_that_it_has(self) -> None:
        link = Path(make_folder(self)) / "port"
        program = Program(self, f"shares: {{v: {{device: {{virtual: {link}}}, listen: [{{port: 0}}]}}}}")
        (number,) = program.ports("v")
        program.wait_for("v: opened")
        url = f"socket://127.0.0.1:{number}"
        with (
            serial.serial_for_url(url, timeout=GUARD) as far,
            serial.Serial(str(link), 115200, stopbits=2, xonxoff=False, timeout=GUARD) as near,
        ):
            near.write(ALL)
            self.assertEqual(far.read(256), ALL)
            far.write(ALL)
            self.assertEqual(near.read(256), ALL)
            near.baudrate = 250000
            near.write(b"faster")
            self.assertEqual(far.read(6), b"faster")
        with serial.Serial(str(link), timeout=GUARD) as again:
            self.assertEqual(again.in_waiting, 0)

    def test_a_port_and_socat_as_its_cable(self) -> None:
        folder = Path(make_folder(self))
        cable = subprocess.Popen(
            ["socat", f"PTY,raw,echo=0,link={folder}/device", f"PTY,raw,echo=0,link={folder}/far"]
        )
        self.addCleanup(cable.wait, GUARD)
        self.addCleanup(cable.terminate)
        until(lambda: (folder / "far").exists() and (folder / "device").exists())
        program = Program(
            self,
            f"shares: {{x: {{device: {{port: {folder}/device, line: 38400 8N1}}, listen: [{{port: 0}}]}}}}",
        )
        program.wait_for("x: opened")
        data = pattern(20_000)
        with (
            serial.Serial(f"{folder}/far", 38400, timeout=GUARD) as device,
            serial.serial_for_url(f"socket://127.0.0.1:{program.ports('x')[0]}", timeout=GUARD) as client,
        ):
            for start in range(0, len(data), 1000):
                device.write(data[start : start + 1000])
                self.assertEqual(client.read(1000), data[start : start + 1000])
                client.write(data[start : start + 1000])
                self.assertEqual(device.read(1000), data[start : start + 1000])


class EndpointTests(TestCase):
    """Other Twisted programs on a serial port, by the endpoint strings."""

    def test_a_web_server_on_a_serial_port_and_again_after_each_request(self) -> None:
        folder = Path(make_folder(self))
        (folder / "page").write_text("served over a serial line")
        pty = Pty(self)
        command = [
            "-n",
            "--pidfile=",
            "web",
            "--path",
            str(folder),
            "--listen",
            f"serial:{pty.path}:baudrate=115200",
        ]
        from tests.support import TWISTD

        server = subprocess.Popen(
            [TWISTD, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(server.wait, GUARD)
        self.addCleanup(server.terminate)
        for _ in range(2):
            pty.write(b"GET /page HTTP/1.0\r\n\r\n")
            answer = b""
            while not answer.endswith(b"served over a serial line"):
                answer += pty.read(1)
            self.assertTrue(answer.startswith(b"HTTP/1."), answer)
