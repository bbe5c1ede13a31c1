"""Somebody sets the time of day while the program runs: nothing that waits ends earlier or later for that."""

from __future__ import annotations

import subprocess
from pathlib import Path
from unittest import TestCase

from tests.support import Program, make_folder, receive

CONFIG = """
shares:
  idle: {device: {loop: true}, listen: [{port: 0, idle_timeout: 1h}]}
  held: {device: {loop: true}, listen: [{port: 0}], packets: {hold: 20ms}}
"""


class ClockTest(TestCase):
    def setUp(self) -> None:
        folder = Path(make_folder(self))
        library, self.ahead = folder / "clock.so", folder / "ahead"
        source = Path(__file__).with_name("clock.c")
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-Wall", "-o", str(library), str(source), "-ldl"], check=True
        )
        environment = {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self.ahead)}
        self.program = Program(self, CONFIG, env=environment)

    def test_a_day_forth_and_back(self) -> None:
        with self.program.connect("idle") as idle, self.program.connect("held") as held:
            self.program.wait_for("connected to", 2)
            for turn in range(3):
                self.ahead.touch()
                for word in (b"forth", b"still"):
                    self.say(held, word)
                    self.say(idle, word)
                self.ahead.unlink()
                self.say(held, b"back")
                self.say(idle, b"%d" % turn)
            self.ahead.touch()
            self.program.connect("held").close()
            self.program.wait_for("connected to", 3)
        came = [line for line in self.program.lines if "connected to" in line]
        self.assertNotEqual(came[0].partition("T")[0], came[-1].partition("T")[0])  # the day was another one

    def say(self, client: object, word: bytes) -> None:
        client.sendall(word)  # type: ignore[attr-defined]
        self.assertEqual(receive(client, len(word)), word)  # type: ignore[arg-type]
