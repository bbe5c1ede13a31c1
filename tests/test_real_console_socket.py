"""The console's socket: whose it is, when it is there, and how many come in."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from unittest import TestCase

from smartserial.console.seats import MOST_OPERATORS
from tests.support import GUARD, Program, make_folder
from tests.typist import Typist, ctl, place, telnet_port

ECHO = "shares: {echo: {device: {loop: true}, listen: [{port: 0}]}}"
PROMPT = b"smartserial> "


class SocketTests(TestCase):
    """The socket: whose it is, and when it is there."""

    def test_it_is_this_users_alone_and_gone_after_the_stop(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        self.assertEqual(stat.S_IMODE(Path(place(program)).stat().st_mode), 0o600)
        if os.geteuid() == 0:
            program.folder.chmod(0o755)
            done = subprocess.run(
                ["nc", "-U", place(program)],
                user=65534,
                group=65534,
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=GUARD,
            )
            self.assertIn(b"Permission denied", done.stderr)
        self.assertEqual(program.stop(), 0)
        self.assertFalse(Path(place(program)).exists())

    def test_one_that_a_killed_gateway_has_left(self) -> None:
        first = Program(self, ECHO)
        first.wait_for("echo: opened")
        first.process.kill()
        first.process.wait()
        self.assertTrue(Path(place(first)).exists())
        second = Program(self, ECHO, folder=first.folder)
        second.wait_for("echo: opened")
        self.assertEqual(ctl(second, "shares").returncode, 0)

    def test_a_second_gateway_at_the_usual_place_is_warned(self) -> None:
        first = Program(self, ECHO)
        first.wait_for("echo: opened")
        second = Program(self, ECHO, env={"RUNTIME_DIRECTORY": str(first.folder)})
        second.wait_for(r"warn\] cannot open the console at .*: another gateway has it$")
        second.wait_for("echo: opened")
        self.assertEqual(second.stop(), 0)
        self.assertEqual(ctl(first, "shares").returncode, 0)

    def test_a_second_gateway_at_a_place_of_its_choice_is_refused(self) -> None:
        path = Path(make_folder(self)) / "console"
        config = f"console: {{unix: {path}}}\n{ECHO}"
        first = Program(self, config)
        first.wait_for("echo: opened")
        self.assertFalse(Path(place(first)).exists())
        self.assertEqual(ctl(first, "--socket", str(path), "shares").returncode, 0)
        second = Program(self, config)
        self.assertEqual(second.process.wait(GUARD), 2)
        second.wait_for("END")
        text = f"cannot open the console at {path}: another gateway has it"
        self.assertEqual([line for line in second.lines if "onsole" in line], [text])

    def test_none_if_so_wanted(self) -> None:
        program = Program(self, f"console: {{unix: false}}\n{ECHO}")
        program.wait_for("echo: opened")
        self.assertFalse(Path(place(program)).exists())

    def test_a_gateway_that_does_not_start_leaves_no_socket(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            where = f"127.0.0.1:{other.getsockname()[1]}"
            program = Program(self, f"console: {{telnet: '{where}'}}\n{ECHO}")
            self.assertEqual(program.process.wait(GUARD), 2)
        program.wait_for(f"cannot open the console on {where}: Address already in use")
        self.assertFalse(Path(place(program)).exists())

    def test_many_telnet_peers_leave_room_for_the_user_of_the_machine(self) -> None:
        program = Program(self, f"console: {{telnet: 0}}\n{ECHO}")
        number = telnet_port(program)
        peers = [Typist(self, program, number) for _ in range(3 * MOST_OPERATORS)]
        with suppress(AssertionError, ConnectionError):
            for peer in peers:
                peer.until(PROMPT)
        who = Typist(self, program).ask("who").splitlines()
        self.assertLessEqual(len(who) - 2, MOST_OPERATORS)
