"""The console's doors, by the clients that people use: telnet, nc, socat, and the `smartserial` command."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import termios
from unittest import TestCase

from smartserial.console.seats import MOST_OPERATORS
from tests.sessions import hear
from tests.support import GUARD, Program, receive, receive_all, until
from tests.typist import SMARTSERIAL, Screen, Typist, ctl, environment, place, rows, telnet_port

ECHO = "shares: {echo: {device: {loop: true}, listen: [{port: 0}]}}"
TELNET = f"console: {{telnet: 0}}\n{ECHO}"
INSECURE = f"console: {{telnet: 0, insecure: true}}\n{ECHO}"
PROMPT = b"smartserial> "


class TelnetTests(TestCase):
    """Debian's telnet on a pty."""

    def setUp(self) -> None:
        self.program = Program(self, TELNET)
        self.screen = Screen(self, "telnet", "127.0.0.1", str(telnet_port(self.program)))
        self.screen.sees(PROMPT)

    def test_completion_history_and_quit(self) -> None:
        self.screen.keys(b"sha\t")
        self.screen.sees(rb"share")
        self.screen.types(b"\t")
        self.screen.sees(rb"share  shares\W.*" + PROMPT + rb"share")
        self.screen.types(b" e\t\r")
        self.screen.sees(rb"echo.*state +up.*" + PROMPT)
        self.screen.types(b"\x1b[A\r")
        self.screen.sees(rb"share echo.*state +up.*" + PROMPT)
        self.screen.types(b"quit\r")
        self.screen.sees(rb"Connection closed by foreign host")

    def test_a_line_is_edited(self) -> None:
        self.screen.keys(b"xwhoy\x7f\x01\x1b[3~\r")
        self.screen.sees(rb"may +you.*look +yes.*" + PROMPT)
        self.screen.types(b"nonsense\x03who\r")
        self.screen.sees(rb"look +yes.*" + PROMPT)

    def test_a_long_answer_comes_by_the_page(self) -> None:
        for number in range(16):
            self.addCleanup(self.program.connect("echo").close)
            self.program.wait_for("connected to", number + 1)
        self.screen.keys(b"clients\r")
        self.screen.sees(rb"-- more: any key, or q --")
        self.screen.types(b" ")
        self.screen.sees(PROMPT)
        self.screen.types(b"clients\r")
        self.screen.sees(rb"-- more: any key, or q --")
        self.screen.types(b"q")
        self.assertNotIn(b"127.0.0.1", self.screen.sees(PROMPT)[0])

    def test_live_data_both_ways(self) -> None:
        self.screen.keys(b"monitor echo\r")
        self.screen.sees(rb"monitor echo\r\n")
        with self.program.connect("echo") as client:
            self.program.wait_for("connected to")
            client.sendall(b"there\r\n")
            self.assertEqual(receive(client, 7), b"there\r\n")
            self.screen.sees(rb"down 127\.0\.0\.1:\d+ there\\r\\n\W+up device there\\r\\n")
        self.screen.types(b" ")
        self.screen.sees(PROMPT)
        self.screen.types(b"who\r")
        self.screen.sees(rb"look +yes.*" + PROMPT)

    def test_ctrl_d_leaves(self) -> None:
        self.screen.keys(b"\x04")
        self.screen.sees(rb"Connection closed by foreign host")


class PlainTests(TestCase):
    """Consoles without a terminal."""

    def pipe(self, command: list[str], typed: bytes) -> str:
        """Return what a command shows until it is told to quit."""
        typed += b"quit\n"
        done = subprocess.run(command, input=typed, capture_output=True, timeout=GUARD)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode("latin-1")

    def test_nc_by_telnet_gets_a_prompt_and_may_only_look(self) -> None:
        program = Program(self, TELNET)
        typist = Typist(self, program, telnet_port(program))
        typist.until(PROMPT)
        shown = self.pipe(["nc", "127.0.0.1", str(telnet_port(program))], b"send echo x\nshares\n")
        self.assertIn("smartserial> send: this console may only look\r\n", shown)
        self.assertIn("echo   loop    up ", shown)
        self.assertNotIn("send", typist.ask("help"))

    def test_insecure_lets_it_change(self) -> None:
        program = Program(self, INSECURE)
        with program.connect("echo") as client:
            program.wait_for("connected to")
            shown = self.pipe(["nc", "127.0.0.1", str(telnet_port(program))], b"send echo abc\n")
            self.assertIn("echo: sent 3 bytes\r\n", shown)
            self.assertEqual(receive(client, 3), b"abc")
        program.wait_for(r"echo: 127\.0\.0\.1:\d+ by telnet: sent 3 bytes")

    def test_the_socket_by_nc_and_socat(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        for command in (["nc", "-U", place(program)], ["socat", "-t10", "-", f"UNIX:{place(program)}"]):
            shown = self.pipe(command, b"shares\nwho\n")
            self.assertIn("echo   loop    up ", shown)
            self.assertRegex(shown, r"\(pid \d+\)  unix  change  yes\r\n")

    def test_a_pipe_that_ends_gets_all_its_answers(self) -> None:
        program = Program(self, TELNET)
        program.wait_for("echo: opened")
        for number in (0, telnet_port(program)) * 5:
            typist = Typist(self, program, number)
            typist.types("shares\nreload --dry-run\nhelp quit\n")
            typist.sock.shutdown(socket.SHUT_WR)
            self.assertIn(b"Leave.\r\n" if number == 0 else b"may only look", receive_all(typist.sock))

    def test_a_page_of_verbs_typed_ahead(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        typist = Typist(self, program)
        typist.types("reload --dry-run\nevents\n" + 3000 * "who\n" + "quit\n")
        self.assertEqual(receive_all(typist.sock).count(b"may "), 3000)

    def test_a_line_that_was_typed_ahead_ends_what_is_followed(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        typist, other = Typist(self, program), Typist(self, program)
        typist.types("reload --dry-run\nevents\nwho\n")
        typist.until(b" yes\r\n")
        other.ask("send echo x")
        typist.types("help quit\n")
        self.assertNotIn(b"Operated", typist.until(b"Leave.\r\n"))

    def test_a_line_end_in_two_pieces_is_one(self) -> None:
        program = Program(self, ECHO)
        program.wait_for("echo: opened")
        typist = Typist(self, program)
        typist.types("who\r")
        typist.until(PROMPT)
        typist.types("\nshares\r\n")
        self.assertTrue(typist.until(PROMPT).startswith(b"share "))


class ControlTests(TestCase):
    """`smartserial ctl`."""

    def setUp(self) -> None:
        self.program = Program(self, ECHO)
        self.program.wait_for("echo: opened")

    def test_exit_codes(self) -> None:
        done = ctl(self.program, "shares")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^share +device +state.*\necho +loop +up .*\n$")
        for words in (["share", "ecko"], ["nonsense"], ["send", "echo", r"\q"], ["lines"], ["reload", "now"]):
            done = ctl(self.program, *words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertRegex(done.stderr, r"\A.+\n\Z", words)
        done = ctl(self.program, "--socket", "/nonexistent/socket", "shares")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "no gateway at /nonexistent/socket: No such file or directory\n")

    def test_json_has_the_fields_of_the_text(self) -> None:
        (row,) = rows(self.program, "shares")
        self.assertEqual((row["share"], row["state"], row["clients"]), ("echo", "up", 0))
        (row,) = rows(self.program, "share", "echo")
        self.assertEqual(row["up"], {"read": 0, "copied": 0, "delivered": 0, "buffered": 0})
        self.assertEqual(rows(self.program, "clients"), [])
        self.assertEqual([row["direction"] for row in rows(self.program, "stats")], ["up", "down"])
        self.assertEqual(rows(self.program, "help", "quit")[-1], {"text": "Leave."})
        done = ctl(self.program, "--format", "json", "share", "ecko")
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean echo?", json.loads(done.stdout)["error"])

    def test_the_format_may_follow_the_verb(self) -> None:
        done = ctl(self.program, "shares", "--format", "json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["share"], "echo")

    def test_words_arrive_as_they_are(self) -> None:
        with self.program.connect("echo") as client:
            self.program.wait_for("connected to")
            for word in ("it's", 'it\'s "two"', "#1 \t;", "$HOME", "\u00e9", "a\nb", "a\rb"):
                self.assertEqual(ctl(self.program, "send", "echo", word).returncode, 0, word)
                data = word.encode()
                self.assertEqual(receive(client, len(data)), data)

    def test_bytes_that_are_no_text_arrive_too(self) -> None:
        command: list[str | bytes] = [SMARTSERIAL, "ctl", "send", "echo", b"a\xffb"]
        with self.program.connect("echo") as client:
            self.program.wait_for("connected to")
            done = subprocess.run(command, capture_output=True, timeout=GUARD, env=environment(self.program))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(receive(client, 3), b"a\xffb")

    def following(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a verb that shows what happens, and wait until it does."""
        process = subprocess.Popen(
            [SMARTSERIAL, "ctl", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(self.program),
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        typist = Typist(self, self.program)
        until(lambda: typist.ask("who").count("unix") == 2, "the one who follows")
        return process

    def test_events_until_ctrl_c(self) -> None:
        process = self.following("--format", "json", "events", "Operated")
        self.assertEqual(ctl(self.program, "send", "echo", "x").returncode, 0)
        line = json.loads(hear(process, b"\n"))
        self.assertEqual((line["event"], line["name"]), ("Operated", "echo"))
        self.assertRegex(line["text"], r"^[^:]+ \(pid \d+\) by unix: sent 1 bytes")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=GUARD), (b"", b""))
        self.assertEqual(process.returncode, 0)

    def test_events_until_nobody_reads_them(self) -> None:
        process = self.following("events")
        assert process.stdout is not None
        process.stdout.close()
        typist = Typist(self, self.program)
        until(lambda: "sent" in typist.ask("send echo x") and process.poll() is not None, "its end")
        self.assertEqual(process.wait(GUARD), 0)
        until(lambda: typist.ask("who").count("unix") == 2, "its leave")

    def test_the_end_of_the_gateway_is_an_error(self) -> None:
        process = self.following("events")
        self.assertEqual(self.program.stop(), 0)
        _, error = process.communicate(timeout=GUARD)
        self.assertNotIn(b"Traceback", error)
        self.assertEqual(process.returncode, 1)

    def test_a_verb_that_is_not_let_in_is_not_done(self) -> None:
        first = Typist(self, self.program)
        first.ask("who")
        for _ in range(MOST_OPERATORS - 1):
            Typist(self, self.program).ask("who")
        done = ctl(self.program, "disable", "echo")
        self.assertIn(done.returncode, (1, 2))
        self.assertRegex(done.stderr, r"\A.+\n\Z")
        self.assertNotIn("disabled", first.ask("shares"))


class ConsoleCommandTests(TestCase):
    """`smartserial console`."""

    def setUp(self) -> None:
        self.program = Program(self, ECHO)
        self.program.wait_for("echo: opened")
        self.command = [SMARTSERIAL, "console", "--socket", place(self.program)]

    def test_on_a_terminal_which_is_left_as_it_was(self) -> None:
        screen = Screen(self)
        before = termios.tcgetattr(screen.line)
        screen.run(*self.command)
        screen.sees(PROMPT)
        screen.types(b"send ec\tabc\r")
        screen.sees(rb"echo: sent 3 bytes.*" + PROMPT)
        screen.types(b"quit\r")
        self.assertEqual(screen.process.wait(GUARD), 0)
        self.assertEqual(termios.tcgetattr(screen.line), before)

    def test_the_end_of_the_gateway_leaves_the_terminal_as_it_was(self) -> None:
        screen = Screen(self)
        before = termios.tcgetattr(screen.line)
        screen.run(*self.command)
        screen.sees(PROMPT)
        self.program.process.kill()
        self.assertEqual(screen.process.wait(GUARD), 0)
        self.assertEqual(termios.tcgetattr(screen.line), before)

    def test_with_a_pipe(self) -> None:
        done = subprocess.run(
            self.command, input=b"shares\nreload --dry-run\nhelp quit\n", capture_output=True, timeout=GUARD
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout, rb"(?s)echo +loop +up .*nothing is different.*Leave\.")

    def test_ctrl_c_with_a_pipe(self) -> None:
        typist = Typist(self, self.program)
        pipe = subprocess.PIPE
        process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.addCleanup(process.kill)
        until(lambda: typist.ask("who").count("unix") == 2, "the second operator")
        process.send_signal(signal.SIGINT)
        self.assertNotIn(b"Traceback", process.communicate(timeout=GUARD)[1])
