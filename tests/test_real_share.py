"""One share of the real program: clients, access, limits, what is kept and what is counted."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import termios
import threading
from pathlib import Path
from unittest import TestCase

from tests.support import (
    GUARD,
    Program,
    Pty,
    in_background,
    ioctl_int,
    make_folder,
    pattern,
    receive,
    receive_all,
    until,
)
from tests.typist import buffered


class ShareTests(TestCase):
    """Bytes between a pty and TCP clients."""

    def share(self, listen: str = "[{port: 0}]", device: str = "", more: str = "") -> tuple[Program, Pty]:
        pty = Pty(self)
        program = Program(
            self, f"shares:\n  x:\n    device: {{port: {pty.path}{device}}}\n    listen: {listen}\n{more}"
        )
        program.wait_for("x: opened")
        return program, pty

    def client(self, program: Program, listener: int = 0, source: str = "127.0.0.1") -> socket.socket:
        sock = program.connect("x", listener, source=source)
        self.addCleanup(sock.close)
        return sock

    def known(self, program: Program, count: int) -> None:
        program.wait_for("x: .* connected to", count)

    def test_every_byte_value_reaches_all_clients_and_the_device(self) -> None:
        program, pty = self.share()
        first, second = self.client(program), self.client(program)
        self.known(program, 2)
        data = pattern(100_000) + bytes(range(256))
        in_background(self, lambda: pty.write(data))
        self.assertEqual(receive(first, len(data)), data)
        self.assertEqual(receive(second, len(data)), data)
        for sock in (first, second):
            in_background(self, lambda sock=sock: sock.sendall(data))
            self.assertEqual(pty.read(len(data)), data)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("x")
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (len(data), len(data), 2 * len(data)))
        self.assertEqual((down["read"], down["delivered"]), (2 * len(data), 2 * len(data)))

    def test_a_client_that_finished_sending_gets_its_whole_answer(self) -> None:
        program, pty = self.share()
        client = self.client(program)
        client.sendall(b"dump\n")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(pty.read(5), b"dump\n")
        answer = pattern(65536)
        in_background(self, lambda: pty.write(answer))
        self.assertEqual(receive_all(client), answer)

    def test_what_was_sent_just_before_closing_reaches_the_device(self) -> None:
        program, pty = self.share()
        data = pattern(300_000)
        client = self.client(program)
        client.sendall(data)
        client.close()
        self.assertEqual(pty.read(len(data)), data)
        self.assertEqual(program.stop(), 0)
        self.assertEqual(program.accounts("x")[1]["delivered"], len(data))

    def test_nothing_of_it_is_lost_when_the_client_did_not_read(self) -> None:
        """Closing with bytes unread resets the connection, while the program still has bytes to read."""
        program, pty = self.share()
        client = self.client(program)
        self.known(program, 1)
        pty.write(b"unread")
        self.assertEqual(client.recv(6, socket.MSG_PEEK), b"unread")
        data = pattern(330_000)  # a little more than the program takes before it stops reading
        client.sendall(data)
        until(lambda: ioctl_int(client.fileno(), termios.TIOCOUTQ) == 0, "all has arrived")
        client.close()
        self.assertEqual(pty.read(len(data)), data)

    def test_one_too_many_is_told_and_the_place_is_used_again(self) -> None:
        program, pty = self.share(
            "[{port: 0}, {port: 0, refusal: close}]", more="    sharing: {max_clients: 1}\n"
        )
        first = self.client(program)
        self.known(program, 1)
        told = receive_all(self.client(program))
        self.assertEqual(told, b"x is in use: one client is connected and no more are let in\r\n")
        self.assertEqual(receive_all(self.client(program, 1)), b"")
        first.close()
        until(lambda: self.serves(program, pty))

    def serves(self, program: Program, pty: Pty) -> bool:
        with program.connect("x") as sock:
            pty.write(b"!")
            return sock.recv(1) == b"!"

    def test_the_words_arrive_although_the_refused_client_had_sent_something(self) -> None:
        program, _ = self.share(more="    sharing: {max_clients: 1}\n")
        self.client(program)
        self.known(program, 1)
        refused = self.client(program)
        refused.sendall(b"hello")
        self.assertIn(b"in use", receive_all(refused))
        self.assertEqual(program.stop(), 0)
        self.assertEqual(program.accounts("x")[1].get("delivered"), 0)

    def test_the_oldest_makes_room_where_that_is_wanted(self) -> None:
        program, pty = self.share(more="    sharing: {max_clients: 1, when_full: kick-oldest}\n")
        first = self.client(program)
        self.known(program, 1)
        second = self.client(program)
        self.known(program, 2)
        self.assertEqual(receive_all(first), b"")  # an ordinary end: nothing waited for it
        pty.write(b"for the second")
        self.assertEqual(receive(second, 14), b"for the second")

    def test_readers_do_not_send_and_writers_do_not_hear(self) -> None:
        program, pty = self.share("[{port: 0, access: read}, {port: 0, access: write}]")
        reader, writer = self.client(program, 0), self.client(program, 1)
        self.known(program, 2)
        reader.sendall(b"not for the device")
        writer.sendall(b"for the device")
        self.assertEqual(pty.read(14), b"for the device")
        pty.write(b"news")
        self.assertEqual(receive(reader, 4), b"news")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(receive_all(writer), b"")
        _, down = program.accounts("x")
        self.assertEqual((down["delivered"], down["policy"]), (14, 18))

    def test_only_allowed_addresses_come_in(self) -> None:
        program, pty = self.share("[{port: 0, allow: [127.0.0.2, 10.0.0.0/8]}]")
        self.assertEqual(receive_all(self.client(program)), b"x is not open to your address 127.0.0.1\r\n")
        allowed = self.client(program, source="127.0.0.2")
        allowed.sendall(b"in")
        self.assertEqual(pty.read(2), b"in")

    def test_an_idle_client_is_closed(self) -> None:
        program, _ = self.share("[{port: 0, idle_timeout: 300ms}]")
        self.assertEqual(receive_all(self.client(program)), b"")
        program.wait_for("is gone: idle for 0.3 s")

    def test_a_listener_may_let_in_fewer_than_its_share(self) -> None:
        program, _ = self.share("[{port: 0, max_clients: 1}, {port: 0}]")
        self.client(program)
        self.known(program, 1)
        self.assertIn(b"one client is connected", receive_all(self.client(program)))
        self.client(program, 1)
        self.known(program, 2)

    def test_the_first_bytes_are_kept_for_the_first_client(self) -> None:
        program, pty = self.share(more="    buffer: 1KiB\n")
        data = pattern(3000)
        self.send(program, pty, data)
        client = self.client(program)
        self.assertEqual(receive(client, 1024), data[:1024])
        pty.write(b"new")
        self.assertEqual(receive(client, 3), b"new")
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["delivered"], up["overflow"]), (1027, 1976))

    def send(self, program: Program, pty: Pty, data: bytes) -> None:
        """Send from the device, and wait until the program has read it."""
        before = program.bytes_read()
        pty.write(data)
        until(lambda: program.bytes_read() >= before + len(data))

    def test_nothing_is_kept_where_that_is_not_wanted(self) -> None:
        program, pty = self.share(more="    buffer: 0\n")
        self.send(program, pty, b"lost")
        client = self.client(program)
        self.known(program, 1)
        pty.write(b"heard")
        self.assertEqual(receive(client, 5), b"heard")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(program.accounts("x")[0]["no_client"], 4)

    def test_what_a_reset_client_did_not_get_is_not_called_delivered(self) -> None:
        program, pty = self.share()
        client, other = self.client(program), self.client(program)
        self.known(program, 2)
        data = pattern(3_000_000)
        in_background(self, lambda: pty.write(data))
        self.assertEqual(receive(other, len(data)), data)
        client.close()
        program.wait_for("is gone: ")
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual(up["delivered"] + up["client_dropped"], 2 * len(data))
        self.assertGreater(up["client_dropped"], 0)

    def test_bytes_for_a_client_that_had_just_gone_are_kept_for_the_next(self) -> None:
        program, pty = self.share()
        first = self.client(program)
        first.sendall(b"hello")
        self.assertEqual(pty.read(5), b"hello")
        first.close()
        data = pattern(2000)
        self.send(program, pty, data)
        second = self.client(program)
        self.assertEqual(receive(second, len(data)), data)
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"]), (2000, 2000))

    def test_a_port_scan_does_not_take_what_was_kept(self) -> None:
        program, pty = self.share()
        self.send(program, pty, b"boot message")
        for count in (1, 2):
            program.process.send_signal(signal.SIGSTOP)  # it is to look when they are gone already
            self.client(program).close()
            program.process.send_signal(signal.SIGCONT)
            self.known(program, count)
        client = self.client(program)
        self.assertEqual(receive(client, 12), b"boot message")
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"]), (12, 12))


class UnixTests(TestCase):
    """Clients on a unix socket, whose transport is Twisted's own."""

    def start(self) -> tuple[Program, Pty, Path]:
        pty, path = Pty(self), Path(make_folder(self)) / "socket"
        listen = f"[{{endpoint: 'unix:{path}'}}, {{port: 0}}]"
        program = Program(self, f"shares: {{x: {{device: {{port: {pty.path}}}, listen: {listen}}}}}")
        program.wait_for("x: opened")
        return program, pty, path

    def connect(self, path: Path) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(GUARD)
        client.connect(str(path))
        return client

    def test_one_that_does_not_read_does_not_hold_up_the_stop(self) -> None:
        program, pty, path = self.start()
        self.connect(path)
        program.wait_for("connected to")
        os.set_blocking(pty.master, False)
        until(lambda: self.full(pty) and buffered(program))
        self.assertEqual(program.stop(), 0)
        self.assertGreater(program.accounts("x")[0]["stop_deadline"], 0)

    def full(self, pty: Pty) -> bool:
        """Send from the device; tell whether it is held back."""
        try:
            os.write(pty.master, bytes(4096))
        except BlockingIOError:
            threading.Event().wait(0.1)
            return not select.select([], [pty.master], [], 0)[1]
        return False

    def test_a_socket_that_somebody_removed_does_not_spoil_the_stop(self) -> None:
        program, pty, path = self.start()
        data = pattern(100_000)
        self.connect(path).sendall(data)
        until(lambda: not pty.quiet())
        path.unlink()
        program.process.send_signal(signal.SIGTERM)
        self.assertEqual(pty.read(len(data)), data)
        self.assertEqual(program.process.wait(GUARD), 0)
        self.assertEqual(program.accounts("x")[1]["delivered"], len(data))


class RemoteTests(TestCase):
    """A device that is a raw port of another machine."""

    def test_it_is_shared_and_found_again_after_it_was_away(self) -> None:
        far = Program(self, "shares: {far: {device: {loop: true}, listen: [{port: 0}]}}")
        (port,) = far.ports("far")
        near = Program(
            self, f"shares: {{near: {{device: {{tcp: 'localhost:{port}'}}, listen: [{{port: 0}}]}}}}"
        )
        client = near.connect("near")
        self.addCleanup(client.close)
        data = pattern(500_000)
        in_background(self, lambda: client.sendall(data))
        self.assertEqual(receive(client, len(data)), data)
        self.assertEqual(far.stop(), 0)
        near.wait_for("near: lost the device: it hung up")
        near.wait_for("near: Connection was refused by other side")
        again = Program(self, f"shares: {{far: {{device: {{loop: true}}, listen: [{{port: {port}}}]}}}}")
        near.wait_for("near: opened", 2)
        client.sendall(b"back")
        self.assertEqual(receive(client, 4), b"back")
        self.assertEqual((near.stop(), again.stop()), (0, 0))
        up, down = near.accounts("near")
        self.assertEqual((up["delivered"], down["delivered"]), (500_004, 500_004))


class OnDemandTests(TestCase):
    """A port that is open only while somebody is connected, and other programs on the machine."""

    def program(self, pty: Pty, device: str = "") -> Program:
        return Program(
            self,
            f"shares: {{x: {{device: {{port: {pty.path}, open: on-demand{device}}}, "
            "listen: [{port: 0}]}}",
        )

    def holder(self, pty: Pty) -> subprocess.Popen[bytes]:
        """Start a program that has the port open, and wait until it has."""
        code = f"import os,sys; os.open({str(pty.path)!r}, 2); print(1, flush=True); sys.stdin.read()"
        process = subprocess.Popen(
            ["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True
        )
        assert process.stdout is not None and process.stdin is not None
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, GUARD)
        self.addCleanup(process.stdin.close)
        process.stdout.readline()
        return process

    def test_it_is_open_only_while_a_client_is_there(self) -> None:
        pty = Pty(self)
        program = self.program(pty)
        port = str(pty.path)
        program.ports("x")
        self.assertNotIn(port, program.fds())
        with program.connect("x") as client:
            client.sendall(b"sent before it was open")
            self.assertEqual(pty.read(23), b"sent before it was open")
            self.assertIn(port, program.fds())
            pty.write(b"answer")
            self.assertEqual(receive(client, 6), b"answer")
        until(lambda: port not in program.fds())
        self.assertEqual(program.stop(), 0)

    def test_a_client_is_told_which_program_has_the_port(self) -> None:
        pty = Pty(self)
        holder = self.holder(pty)
        program = self.program(pty)
        with program.connect("x") as client:
            told = receive_all(client).decode()
        self.assertEqual(
            told,
            f"x is in use on the gateway itself: {pty.path} is in use by python3 (pid {holder.pid})\r\n",
        )
        assert holder.stdin is not None
        holder.stdin.close()
        holder.wait(GUARD)
        with program.connect("x") as client:
            pty.write(b"free")
            self.assertEqual(receive(client, 4), b"free")

    def test_a_client_waits_where_that_is_wanted(self) -> None:
        pty = Pty(self)
        holder = self.holder(pty)
        program = self.program(pty, ", on_busy: wait")
        with program.connect("x") as client:
            program.wait_for("is in use by python3")
            assert holder.stdin is not None
            holder.stdin.close()
            holder.wait(GUARD)
            program.wait_for("x: opened")
            pty.write(b"at last")
            self.assertEqual(receive(client, 7), b"at last")

    def test_two_gateways_do_not_share_a_port(self) -> None:
        pty = Pty(self)
        os.close(os.dup(pty.slave))
        config = f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0}}]}}}}"
        first = Program(self, config)
        first.wait_for("x: opened")
        second = Program(self, config)
        second.wait_for(rf"is in use by twistd \(pid {first.process.pid}\)")
        with second.connect("x") as client:
            self.assertIn(b"in use by twistd", receive_all(client))


class VirtualPortTests(TestCase):
    """A port that the program makes, under a link."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.link = self.folder / "deep" / "port"

    def program(self) -> Program:
        return Program(self, f"shares: {{v: {{device: {{virtual: {self.link}}}, listen: [{{port: 0}}]}}}}")

    def test_a_program_and_a_client_talk_and_the_link_goes_at_the_end(self) -> None:
        program = self.program()
        with program.connect("v") as client:
            fd = os.open(self.link, os.O_RDWR | os.O_NOCTTY)
            self.addCleanup(os.close, fd)
            data = bytes(range(256)) * 8
            in_background(self, lambda: os.write(fd, data))
            self.assertEqual(receive(client, len(data)), data)
            client.sendall(data)
            got = b""
            while len(got) < len(data):
                got += os.read(fd, 4096)
            self.assertEqual(got, data)
        self.assertEqual(program.stop(), 0)
        self.assertEqual(list(self.link.parent.iterdir()), [])

    def test_it_takes_its_own_link_again_after_a_crash(self) -> None:
        first = self.program()
        first.ports("v")
        first.process.kill()
        first.process.wait()
        self.assertTrue(self.link.is_symlink())
        second = self.program()
        second.wait_for("v: opened")
        self.assertTrue(self.link.exists())

    def refused(self) -> str:
        program = self.program()
        self.assertEqual(program.process.wait(GUARD), 2)
        program.wait_for("END")
        return program.log

    def test_it_never_replaces_what_it_did_not_make(self) -> None:
        self.link.parent.mkdir()
        self.link.write_text("precious")
        self.assertIn("did not make", self.refused())
        self.assertEqual(self.link.read_text(), "precious")
        self.link.unlink()
        self.link.symlink_to("/dev/null")
        self.assertIn("did not make", self.refused())
        self.assertEqual(str(self.link.readlink()), "/dev/null")

    def test_two_programs_do_not_fight_for_it(self) -> None:
        first = self.program()
        first.wait_for("v: opened")
        self.assertIn("another smartserial, or another share, has the virtual port", self.refused())
        self.assertTrue(self.link.exists())
