"""esptool, which resets a chip by DTR and RTS and then talks to its boot loader."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from typing import Any

from esptool.reset import ClassicReset, CustomReset, HardReset, USBJTAGSerialReset  # type: ignore[import-untyped]
from esptool.targets import ESP32ROM  # type: ignore[import-untyped]
from serial import serial_for_url

from tests.sessions import GatewayCase
from tests.support import GUARD, in_background

SYNC = b"\xc0\x00\x08\x24\x00\0\0\0\0\x07\x07\x12\x20" + b"\x55" * 32 + b"\xc0"
SYNCED = b"\xc0\x01\x08\x04\x00\x07\x12\x20\x55\0\0\0\0\xc0"
# As the chip sees it: DTR pulls the boot pin, RTS the reset pin. Each RTS is followed by the same DTR again.
CLASSIC = ((0, 1), (0, 1), (0, 1), (1, 1), (1, 0), (1, 0), (0, 0))  # from (x, 1) on


def steps(*levels: tuple[int, int]) -> list[str]:
    """Return what the driver is told; levels are those of DTR and RTS."""
    return [f"TIOCMSET dtr={dtr} rts={rts}" for dtr, rts in levels]


class EsptoolCase(GatewayCase):
    def setUp(self) -> None:
        super().setUp()
        self.url = f"rfc2217://127.0.0.1:{self.number}"
        warnings_off = warnings.catch_warnings()  # pyserial calls Thread.setDaemon
        warnings_off.__enter__()
        self.addCleanup(warnings_off.__exit__, None, None, None)
        warnings.simplefilter("ignore", DeprecationWarning)

    def lines_are(self, dtr: bool, rts: bool) -> None:
        if self.fake:
            self.assertEqual(self.fake.outputs(), (dtr, rts))


class ProgramTests(EsptoolCase):
    def test_a_chip_that_does_not_answer(self) -> None:
        command = "esptool", "--port", self.url, "--connect-attempts", "1", "--chip", "esp32", "chip-id"
        environment = {**os.environ, "ESPTOOL_CFGFILE": os.devnull, "NO_COLOR": "1"}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", *command],
            capture_output=True,
            text=True,
            timeout=GUARD,
            env=environment,
        )
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("Failed to connect to ESP32: No serial data received.", done.stdout + done.stderr)
        self.took(*steps((1, 1), (1, 1), *CLASSIC))
        self.assertEqual(self.port.read(len(SYNC)), SYNC)
        self.lines_are(False, False)
        self.restored()


class ProgramOnAPtyTests(ProgramTests):
    uart = False


class LibraryTests(EsptoolCase):
    def test_resets(self) -> None:
        port = serial_for_url(self.url, 115200)
        self.addCleanup(port.close)
        self.took(*steps((1, 1), (1, 1)))
        ClassicReset(port, 0.01)()
        self.took(*steps(*CLASSIC))
        HardReset(port)()
        self.took(*steps((0, 1), (0, 1), (0, 0), (0, 0)))
        CustomReset(port, "D0|R1|W0.01|D1|R0|W0.01|D0")()
        self.took(*steps((0, 0), *CLASSIC[1:]))
        USBJTAGSerialReset(port)()
        self.took(
            *steps((0, 0), (0, 0), (0, 0), (1, 0), (1, 0), (1, 0)),
            *steps((1, 1), (1, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 0), (0, 0)),
        )
        self.in_force("115200 8N1 none")
        self.lines_are(False, False)

    def test_a_chip_that_answers(self) -> None:
        in_background(self, self.be_a_chip)
        chip: Any = ESP32ROM(self.url, 115200)
        self.addCleanup(chip._port.close)
        self.took(*steps((1, 1), (1, 1)))
        chip.connect("default-reset", attempts=1, detecting=True)
        self.took(*steps(*CLASSIC))
        self.in_force("115200 8N1 none")
        chip._set_port_baudrate(460800)
        self.in_force("460800 8N1 none")
        chip._port.close()
        self.restored()

    def be_a_chip(self) -> None:
        """Hear the first of the messages by which it looks for the speed, and answer as it should."""
        heard = b""
        while SYNC not in heard:
            heard += self.port.read(1)
        self.port.write(SYNCED * 8)
