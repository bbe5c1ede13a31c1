"""Virtual ports of the whole program, opened by the programs that people use."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any
from unittest import TestCase

import serial

from tests.support import GUARD, Program, Pty, make_folder, receive, receive_all, until

DEVICE_OPEN = "{port: 0, when: device-open}"


class VirtualCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.link = self.folder / "port"

    def program(self, device: str = "", listen: str = "{port: 0}", more: str = "") -> Program:
        return Program(
            self, f"shares: {{v: {{device: {{virtual: {self.link}{device}}}, listen: [{listen}]{more}}}}}"
        )

    def open(self) -> int:
        until(self.link.exists)
        return os.open(self.link, os.O_RDWR | os.O_NOCTTY)

    def run_program(self, *command: str, **how: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how)

        def end() -> None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

        self.addCleanup(end)
        return process

    def refused(self, number: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", number), timeout=GUARD).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
        return False


class ProgramsTest(VirtualCase):
    def serving(self) -> Program:
        """Return the program when it has begun: what was set before that is no change."""
        program = self.program()
        with program.connect("v"):
            program.wait_for("connected to")
        return program

    def test_pyserial(self) -> None:
        program = self.serving()
        with serial.Serial(str(self.link), 57600) as port, program.connect("v") as client:
            program.wait_for(r"v: a program opened the port; open in 1$")
            program.wait_for(r"v: is at 57600 8N1")
            port.baudrate = 250000
            program.wait_for(r"v: is at 250000 8N1")
            port.stopbits = 2
            program.wait_for(r"v: is at 250000 8N2")
            client.sendall(b"question")
            self.assertEqual(port.read(8), b"question")
            port.write(b"answer")
            self.assertEqual(receive(client, 6), b"answer")
        program.wait_for(r"v: a program closed the port; open in 0$")

    def test_stty(self) -> None:
        program = self.serving()
        subprocess.run(["stty", "-F", self.link, "1200", "cstopb"], check=True)
        program.wait_for(r"v: is at 1200 8N2")
        program.wait_for(r"v: a program closed the port; open in 0$")
        said = subprocess.run(["stty", "-F", self.link, "speed"], check=True, capture_output=True)
        self.assertEqual(said.stdout, b"1200\n")
        program.wait_for(r"v: a program closed the port; open in 0$", 2)

    def test_socat(self) -> None:
        program = self.serving()
        with program.connect("v") as client:
            process = self.run_program("socat", "-", f"{self.link},raw,echo=0,b19200")
            program.wait_for(r"v: is at 19200 8N1")
            client.sendall(b"to socat\n")
            assert process.stdout is not None and process.stdin is not None
            self.assertEqual(process.stdout.readline(), b"to socat\n")
            process.stdin.write(b"from socat")
            process.stdin.flush()
            self.assertEqual(receive(client, 10), b"from socat")
            process.kill()
            program.wait_for(r"v: a program closed the port; open in 0$")

    def test_picocom(self) -> None:
        """It wants a terminal of its own."""
        program = self.program()
        own = Pty(self)
        with program.connect("v") as client:
            process = subprocess.Popen(
                ["picocom", "--baud", "38400", "--noreset", str(self.link)],
                stdin=own.slave,
                stdout=own.slave,
                stderr=subprocess.STDOUT,
            )
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            program.wait_for(r"v: a program opened the port; open in 1$")
            shown = own.read(1)
            while not shown.endswith(b"Terminal ready\r\n"):  # until then it throws away what is typed
                shown += own.read(1)
            own.write(b"typed")
            self.assertEqual(receive(client, 5), b"typed")
            client.sendall(b"shown")
            self.assertEqual(own.read(5), b"shown")
            own.write(b"\x01\x11")  # C-a C-q
            self.assertEqual(process.wait(GUARD), 0)
            program.wait_for(r"v: a program closed the port; open in 0$")

    def test_a_program_that_is_killed(self) -> None:
        program = self.program()
        program.wait_for("v: opened")
        first = self.run_program("sh", "-c", f"exec 3<>{self.link}; echo; exec sleep 1000")
        second = self.run_program("sh", "-c", f"exec 3<>{self.link} 4<>{self.link}; echo; exec sleep 1000")
        for process in (first, second):
            assert process.stdout is not None
            process.stdout.readline()
        program.wait_for(r"v: a program opened the port")
        second.kill()
        second.wait()
        first.kill()
        program.wait_for(r"v: a program closed the port; open in 0$")

    def test_who_has_it_open(self) -> None:
        program = self.program(more="}, x: {device: {loop: true}, listen: [{port: 0}]")
        program.wait_for("v: opened")
        holder = self.run_program("sh", "-c", f"exec 3<>{self.link}; echo; exec sleep 1000")
        assert holder.stdout is not None
        holder.stdout.readline()
        program.wait_for(r"v: a program opened the port")
        until(lambda: Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n")
        words = ["share", "v"]
        said = subprocess.run(
            [
                sys.executable,
                "-m",
                "smartserial",
                "ctl",
                "--socket",
                f"{program.folder}/console.sock",
                *words,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertRegex(said.stdout, rf"opened by programs +sleep \(pid {holder.pid}\)")


class DeviceOpenTest(VirtualCase):
    def test_the_socket_is_there_while_a_program_has_the_port_open(self) -> None:
        program = self.program(listen=DEVICE_OPEN)
        [number] = program.ports("v")
        program.wait_for("v: opened")
        for _ in range(3):
            self.assertTrue(self.refused(number))
            fd = self.open()
            until(lambda: not self.refused(number))
            with program.connect("v") as client:
                client.sendall(b"hello")
                self.assertEqual(os.read(fd, 100), b"hello")
                os.write(fd, b"the last words")
                os.close(fd)
                self.assertEqual(receive_all(client), b"the last words")
            until(lambda: self.refused(number))
        self.assertIn("is gone: the program closed the port", program.log)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("v")
        self.assertEqual((up["read"], down["read"], down["delivered"]), (42, 15, 15))

    def test_clients_may_linger(self) -> None:
        program = self.program(listen="{port: 0, when: device-open, linger: 3600s}")
        [number] = program.ports("v")
        fd = self.open()
        until(lambda: not self.refused(number))
        with program.connect("v") as client:
            program.wait_for(f":{client.getsockname()[1]} connected to")
            os.close(fd)
            until(lambda: self.refused(number))
            fd = self.open()
            os.write(fd, b"again")
            self.assertEqual(receive(client, 5), b"again")
            os.close(fd)
        short = program.folder / "config.yaml"
        short.write_text(short.read_text().replace("3600s", "10ms"))
        program.process.send_signal(signal.SIGHUP)
        program.wait_for("v: has new settings")
        fd = self.open()
        until(lambda: not self.refused(number))
        with program.connect("v") as client:
            program.wait_for(f":{client.getsockname()[1]} connected to")
            os.close(fd)
            self.assertEqual(receive_all(client), b"")

    def test_another_listener_is_there_all_the_time(self) -> None:
        program = self.program(listen=f"{{port: 0}}, {DEVICE_OPEN}")
        fd = self.open()
        until(lambda: not self.refused(program.ports("v")[1]))
        with program.connect("v") as client, program.connect("v", 1) as other:
            for one in (client, other):
                program.wait_for(f":{one.getsockname()[1]} connected to")
            os.write(fd, b"both")
            self.assertEqual((receive(client, 4), receive(other, 4)), (b"both", b"both"))
            os.close(fd)
            self.assertEqual(receive_all(other), b"")
            fd = self.open()
            os.write(fd, b"one")
            self.assertEqual(receive(client, 3), b"one")
            os.close(fd)

    def test_an_address_that_is_taken_meanwhile(self) -> None:
        program = self.program(listen=DEVICE_OPEN)
        [number] = program.ports("v")
        with socket.create_server(("127.0.0.1", number)):
            fd = self.open()
            self.addCleanup(os.close, fd)
            program.wait_for(rf"v: cannot listen on 127.0.0.1:{number}: Address already in use; trying again")
        program.wait_for(r"v: a program opened")
        until(lambda: not self.refused(number))

    def test_an_address_that_is_taken_at_the_start(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            program = self.program(listen=f"{{port: {taken.getsockname()[1]}, when: device-open}}")
            self.assertEqual(program.process.wait(GUARD), 2)

    def test_by_a_reload(self) -> None:
        program = self.program()
        [number] = program.ports("v")
        config = program.folder / "config.yaml"
        config.write_text(config.read_text().replace("port: 0", f"port: {number}, when: device-open"))
        program.process.send_signal(signal.SIGHUP)
        until(lambda: self.refused(number))
        config.write_text(config.read_text().replace("device-open", "always"))
        program.process.send_signal(signal.SIGHUP)
        until(lambda: not self.refused(number))


class ReactorsTest(VirtualCase):
    """Programs that open the port as another one closes it, and clients that come in between."""

    def on(self, reactor: str, rounds: int = 25) -> None:
        text = f"shares: {{v: {{device: {{virtual: {self.link}}}, listen: [{DEVICE_OPEN}]}}}}"
        program = Program(self, text, wrapper=["sh", "-c", f'exec "$0" --reactor={reactor} "$@"'])
        [number] = program.ports("v")
        program.wait_for("v: opened")
        for n in range(rounds):
            fd = self.open()
            word = b"%d of " % n + reactor.encode()
            until(lambda fd=fd, word=word: self.served(number, fd, word))
            os.write(fd, b"the last words")
            os.close(fd)
        until(lambda: self.refused(number))
        self.assertEqual(program.stop(), 0)
        for words in ("cannot listen", "Traceback", "UNEXPLAINED"):
            self.assertNotIn(words, program.log)

    def served(self, number: int, fd: int, word: bytes) -> bool:
        """Tell whether a client is let in and its word reaches the program; else it is closed."""
        try:
            with socket.create_connection(("127.0.0.1", number), timeout=GUARD) as client:
                client.sendall(word)
                heard = b""
                while not heard.endswith(word):
                    ready = select.select([fd, client], [], [], GUARD)[0]
                    self.assertTrue(ready, "neither heard nor closed")
                    if fd in ready:
                        heard += os.read(fd, 100)
                    elif not client.recv(100):
                        return False
        except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
            return False
        return True

    def test_asyncio(self) -> None:
        self.on("asyncio")

    def test_epoll(self) -> None:
        self.on("epoll")

    def test_poll(self) -> None:
        self.on("poll")

    def test_select(self) -> None:
        self.on("select")


class StaleTest(VirtualCase):
    def test_what_a_program_did_not_read_is_counted(self) -> None:
        program = self.program()
        fd = self.open()
        with program.connect("v") as client:
            program.wait_for("v: a program opened")
            client.sendall(b"x" * 3000)
            buffered = bytearray(4)
            until(lambda: int.from_bytes(_fionread(fd, buffered), "little") >= 3000)
            os.read(fd, 1000)
            os.close(fd)
            program.wait_for("v: a program closed")
            client.sendall(b"for the next")
            with serial.Serial(str(self.link), timeout=GUARD) as port:
                program.wait_for("v: a program opened", 2)
                client.sendall(b"!")
                self.assertTrue(b"for the next!".endswith(port.read_until(b"!")))
        self.assertEqual(program.stop(), 0)
        _, down = program.accounts("v")
        self.assertGreaterEqual(down["unread"], 2000)


def _fionread(fd: int, buffer: bytearray) -> bytes:
    fcntl.ioctl(fd, termios.FIONREAD, buffer)
    return bytes(buffer)


class NotifyTest(VirtualCase):
    def test_rfc2217_clients_learn_of_what_a_program_sets(self) -> None:
        program = self.program(
            listen="{port: 0, mode: rfc2217}", more=", sharing: {settings: {notify: true}}"
        )
        with program.connect("v") as client:
            client.sendall(bytes.fromhex("fffb2c"))  # IAC WILL COM-PORT
            receive(client, 3)
            fd = self.open()
            self.addCleanup(os.close, fd)
            attributes = termios.tcgetattr(fd)
            attributes[4] = attributes[5] = termios.B2400
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
            wanted = bytes.fromhex("fffa2c65 00000960 fff0")  # SB COM-PORT SET-BAUDRATE 2400
            got = b""
            while wanted not in got:
                got += client.recv(100)


class ManyTest(VirtualCase):
    def test_three_hundred(self) -> None:
        count = 300
        shares = "\n".join(
            f"  v{n}: {{device: {{virtual: {self.folder}/p{n}}}, listen: [{{port: 0}}]}}"
            for n in range(count)
        )
        program = Program(self, f"shares:\n{shares}\n")
        program.wait_for("v299: opened")
        fds = [fd for fd in program.fds() if "ptmx" in fd or "/pts/" in fd or "inotify" in fd]
        self.assertEqual((len(fds), sum("inotify" in fd for fd in fds)), (count + 1, 1))
        held = os.open(self.folder / "p7", os.O_RDWR | os.O_NOCTTY)
        program.wait_for("v7: a program opened the port; open in 1")
        os.close(held)
        program.wait_for("v7: a program closed the port; open in 0")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(list(self.folder.iterdir()), [])


class OverlayTest(VirtualCase):
    """The real device is a pseudo-terminal's link, which is renamed as a device node is."""

    def setUp(self) -> None:
        super().setUp()
        self.device = Pty(self, self.link)
        self.real = self.folder / "port.real"

    def overlaid(self) -> bool:
        return self.link.is_symlink() and self.real.is_symlink() and self.link.resolve() != self.device.path

    def config(self) -> str:
        return (
            f"shares: {{v: {{device: {{virtual: {self.link}, overlay: true}}, listen: [{{port: 0}}]}},"
            f" r: {{device: {{port: {self.real}}}, listen: [{{port: 0}}]}}}}"
        )

    def test_other_programs_see_the_virtual_one_and_it_is_put_back(self) -> None:
        program = Program(self, self.config())
        program.wait_for("r: opened")
        program.wait_for("v: opened")
        self.assertTrue(self.overlaid())
        with program.connect("v") as near, program.connect("r") as far:
            fd = self.open()
            self.addCleanup(os.close, fd)
            os.write(fd, b"to the virtual one")
            self.assertEqual(receive(near, 18), b"to the virtual one")
            far.sendall(b"to the real one")
            self.assertEqual(self.device.read(15), b"to the real one")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(list(self.folder.iterdir()), [self.link])
        self.assertEqual(self.link.readlink(), self.device.path)

    def test_after_a_crash_it_goes_on_and_is_put_back(self) -> None:
        first = Program(self, self.config())
        first.wait_for("v: opened")
        first.stop(signal.SIGKILL)
        self.assertTrue(self.overlaid())
        second = Program(self, self.config())
        second.wait_for("r: opened")
        self.assertTrue(self.overlaid())
        self.assertEqual(second.stop(), 0)
        self.assertEqual(list(self.folder.iterdir()), [self.link])
        self.assertEqual(self.link.readlink(), self.device.path)

    def test_after_a_crash_without_overlay_it_is_put_back_at_once(self) -> None:
        first = Program(self, self.config())
        first.wait_for("v: opened")
        first.stop(signal.SIGKILL)
        second = self.program()
        self.assertEqual(second.process.wait(GUARD), 2)
        self.assertEqual(list(self.folder.iterdir()), [self.link])
        self.assertEqual(self.link.readlink(), self.device.path)

    def test_a_replug(self) -> None:
        program = Program(self, self.config())
        program.wait_for("r: opened")
        again = Pty(self, self.link)  # renamed over our link, as udev does
        until(lambda: self.real.readlink() == again.path and self.link.readlink() != again.path)
        self.device.close()
        program.wait_for("r: opened", 2)
        with program.connect("r") as client:
            client.sendall(b"new")
            self.assertEqual(again.read(3), b"new")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(list(self.folder.iterdir()), [self.link])
        self.assertEqual(self.link.readlink(), again.path)

    def test_an_unplug_that_takes_the_name_away(self) -> None:
        program = Program(self, self.config())
        program.wait_for("v: opened")
        ours = self.link.readlink()
        self.link.unlink()
        until(lambda: self.link.is_symlink() and self.link.readlink() == ours)
        self.assertEqual(program.stop(), 0)

    def test_without_a_device_there_is_nothing_to_overlay(self) -> None:
        self.link.unlink()
        for prepare, words in (
            (lambda: None, "there is no such device"),
            (lambda: self.link.write_text("precious"), "is no serial device"),
        ):
            prepare()
            program = Program(self, self.config())
            self.assertEqual(program.process.wait(GUARD), 2)
            program.wait_for("END")
            self.assertIn(words, program.log)
        self.assertEqual(list(self.folder.iterdir()), [self.link])
        self.assertEqual(self.link.read_text(), "precious")
