"""The goals of reliability on the real program: bytes, states and exit codes."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path
from unittest import TestCase

from tests.support import (
    GUARD,
    Program,
    Pty,
    in_background,
    make_folder,
    pattern,
    receive,
    receive_all,
    until,
)
from tests.typist import buffered

MIB = 1024 * 1024


def one_share(path: object, more: str = "", device: str = "", listen: str = "{port: 0}") -> str:
    return f"shares:\n  x:\n    device: {{port: {path}{device}}}\n    listen: [{listen}]\n{more}"


class Sender(threading.Thread):
    """Sends a pattern of 64 KiB over and over, until stopped; knows how many bytes were taken."""

    def __init__(self, send: object, test: TestCase) -> None:
        super().__init__(daemon=True)
        self.taken = 0
        self._send = send
        self._stopped = threading.Event()
        test.addCleanup(self.stop)
        self.start()

    def run(self) -> None:
        twice = pattern(65536) * 2
        while not self._stopped.is_set():
            start = self.taken % 65536
            try:
                self.taken += self._send(twice[start : start + 65536])  # type: ignore[operator]
            except BlockingIOError:
                self._stopped.wait(0.005)
            except OSError:
                return

    def stop(self) -> None:
        self._stopped.set()
        self.join(GUARD)


class SlownessTests(TestCase):
    """G2 and G3: a device or a client that does not read."""

    def start(self, more: str = "", device: str = "") -> tuple[Program, Pty]:
        pty = Pty(self)
        program = Program(self, one_share(pty.path, more, device))
        program.wait_for("x: opened")
        return program, pty

    def test_a_slow_device_holds_back_its_clients_and_loses_nothing(self) -> None:
        program, pty = self.start()
        client = program.connect("x")
        self.addCleanup(client.close)
        client.setblocking(False)
        sender = Sender(client.send, self)
        until(lambda: self.stands_still(sender), "the client is held back")
        pty.write(b"the other way is alive")
        self.assertEqual(receive(client, 22), b"the other way is alive")
        sender.stop()
        whole, rest = divmod(sender.taken, 65536)
        self.assertEqual(pty.read(sender.taken), pattern(65536) * whole + pattern(rest))
        client.close()
        self.assertEqual(program.stop(), 0)
        _, down = program.accounts("x")
        self.assertEqual((down["read"], down["delivered"]), (sender.taken, sender.taken))

    def stands_still(self, sender: Sender) -> bool:
        before = sender.taken
        threading.Event().wait(0.2)
        return sender.taken == before > 0

    def test_a_client_that_does_not_read_is_dropped_and_the_others_lose_nothing(self) -> None:
        program, pty = self.start()
        slow, healthy = program.connect("x"), program.connect("x")
        self.addCleanup(slow.close)
        self.addCleanup(healthy.close)
        program.wait_for("connected to", 2)
        data = pattern(20 * MIB)
        for start in range(0, len(data), MIB // 4):  # so much it need not read at once
            piece = data[start : start + MIB // 4]
            pty.write(piece)
            self.assertEqual(receive(healthy, len(piece)), piece)
        line = program.wait_for("is gone: too slow").string
        self.assertNotIn("discarded 0 bytes", line)
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertGreater(up["client_dropped"], 0)

    def test_alone_it_holds_back_the_device_instead(self) -> None:
        program, pty = self.start()
        client = program.connect("x")
        self.addCleanup(client.close)
        program.wait_for("connected to")
        os.set_blocking(pty.master, False)
        sender = Sender(lambda block: os.write(pty.master, block), self)
        until(lambda: self.stands_still(sender), "the device is held back")
        sender.stop()
        whole, rest = divmod(sender.taken, 65536)
        self.assertEqual(receive(client, sender.taken), pattern(65536) * whole + pattern(rest))
        client.close()
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"]), (sender.taken, sender.taken))

    def test_it_may_lose_its_oldest_bytes_instead(self) -> None:
        more = "    sharing: {slow_client: {policy: discard, limit: 64KiB}}\n"
        program, pty = self.start(more)
        client = program.connect("x")
        self.addCleanup(client.close)
        program.wait_for("connected to")
        data = pattern(20 * MIB)
        pty.write(data)
        got = receive_all_until(client, data[-1000:])
        self.assertEqual(got[:1000], data[:1000])
        client.close()
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertEqual(up["slow_client"] + len(got), len(data))


def receive_all_until(sock: socket.socket, end: bytes) -> bytes:
    """Read until the stream ends with `end`."""
    data = bytearray()
    while not data.endswith(end):
        piece = sock.recv(65536)
        if not piece:
            raise AssertionError(f"closed after {len(data)} bytes")
        data += piece
    return bytes(data)


class PresenceTests(TestCase):
    """G5: devices that come and go."""

    def setUp(self) -> None:
        self.link = Path(make_folder(self)) / "device"

    def test_the_same_client_goes_on_after_a_replug(self) -> None:
        program = Program(self, one_share(self.link))
        client = program.connect("x")
        self.addCleanup(client.close)
        program.wait_for(f"there is no port {self.link}; trying again")
        fds = 0
        for cycle in range(10):
            pty = Pty(self, self.link)
            program.wait_for("x: opened", cycle + 1)
            pty.write(b"%6d up" % cycle)
            self.assertEqual(receive(client, 9), b"%6d up" % cycle)
            client.sendall(b"%6d down" % cycle)
            self.assertEqual(pty.read(11), b"%6d down" % cycle)
            fds = fds or len(program.fds())
            self.link.unlink()
            pty.close()
            program.wait_for("x: lost the device", cycle + 1)
        client.sendall(b"nobody hears this")
        self.assertEqual(program.stop(), 0)
        _, down = program.accounts("x")
        self.assertEqual(down["no_device"], 17)

    def test_unplugging_again_and_again_leaves_no_descriptor_behind(self) -> None:
        program = Program(self, one_share(self.link))
        seen = []
        for cycle in range(30):
            pty = Pty(self, self.link)
            program.wait_for("x: opened", cycle + 1)
            seen.append(len(program.fds()))
            self.link.unlink()
            pty.close()
            program.wait_for("x: lost the device", cycle + 1)
        self.assertEqual(seen[1], seen[-1])

    def test_clients_are_closed_where_that_is_wanted(self) -> None:
        pty = Pty(self, self.link)
        program = Program(self, one_share(self.link, device=", on_unplug: close"))
        client = program.connect("x")
        self.addCleanup(client.close)
        program.wait_for("x: opened")
        program.wait_for("connected to")
        pty.write(b"last words")
        self.assertEqual(receive(client, 10), b"last words")
        pty.close()
        self.assertEqual(receive_all(client), b"the device was unplugged\r\n")


class StopTests(TestCase):
    """G6: what waits is delivered within the grace, the rest is counted."""

    def start(self) -> tuple[Program, Pty, socket.socket]:
        pty = Pty(self)
        program = Program(self, one_share(pty.path))
        client = program.connect("x")
        self.addCleanup(client.close)
        program.wait_for("x: opened")
        program.wait_for("connected to")
        return program, pty, client

    def backlog(self, program: Program, pty: Pty) -> int:
        """Send until the device is held back; return how many bytes were taken.

        A program that has no time takes nothing either, so it must also say that something waits in it.
        """
        os.set_blocking(pty.master, False)
        block, taken, idle = pattern(4096), 0, 0
        while idle < 40 or not buffered(program):
            try:
                taken += os.write(pty.master, block)
                idle = 0
            except BlockingIOError:
                idle += 1
                threading.Event().wait(0.01)
        return taken

    def test_a_client_that_reads_within_the_grace_gets_everything(self) -> None:
        program, pty, client = self.start()
        taken = self.backlog(program, pty)
        program.process.send_signal(signal.SIGTERM)
        program.wait_for(r"Port \d+ Closed")
        got = receive_all(client)
        self.assertEqual(len(got), taken)
        self.assertEqual(program.process.wait(GUARD), 0)
        up, _ = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"]), (taken, taken))

    def test_what_it_does_not_read_is_counted(self) -> None:
        program, pty, client = self.start()
        self.backlog(program, pty)
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("x")
        self.assertGreater(up["stop_deadline"], 0)
        self.assertEqual(up["read"], up["delivered"] + up["stop_deadline"])
        self.assertEqual(len(receive_all(client)), up["delivered"])

    def test_bytes_for_a_slow_device_are_delivered_or_counted(self) -> None:
        program, pty, client = self.start()
        data = pattern(200_000)
        client.sendall(data)
        until(lambda: not pty.quiet())
        program.process.send_signal(signal.SIGTERM)
        self.assertEqual(pty.read(len(data)), data)
        self.assertEqual(program.process.wait(GUARD), 0)
        self.assertEqual(program.accounts("x")[1]["delivered"], len(data))

    def test_a_stream_that_never_ends_does_not_hold_it_up(self) -> None:
        program, pty, client = self.start()
        os.set_blocking(pty.master, False)
        Sender(lambda block: os.write(pty.master, block[:100]), self)
        in_background(self, lambda: receive_all(client))
        self.assertEqual(program.stop(), 0)

    def test_interrupting_and_a_second_signal(self) -> None:
        program, pty, _ = self.start()
        self.assertEqual(program.stop(signal.SIGINT), 0)
        program, pty, _ = self.start()
        self.backlog(program, pty)
        program.process.send_signal(signal.SIGTERM)
        program.wait_for(r"Port \d+ Closed")
        self.assertEqual(program.stop(), 0)

    def test_after_being_killed_it_serves_again(self) -> None:
        program, pty, _ = self.start()
        port = program.ports("x")[0]
        program.process.kill()
        program.process.wait()
        again = Program(self, one_share(pty.path, listen=f"{{port: {port}}}"))
        again.wait_for("x: opened")
        with again.connect("x") as client:
            pty.write(b"first data")
            self.assertEqual(receive(client, 10), b"first data")


class CrowdTests(TestCase):
    """G9 and G10: many clients, and more than the process may have."""

    def test_thousands_come_and_go_and_nothing_stays(self) -> None:
        pty = Pty(self)
        program = Program(self, one_share(pty.path, "    sharing: {max_clients: 600}\n"))
        program.wait_for("x: opened")
        port = program.ports("x")[0]
        before = 0
        for n in range(2000):
            with socket.create_connection(("127.0.0.1", port), timeout=GUARD) as sock:
                sock.sendall(b"%04d" % n)
                self.assertEqual(pty.read(4), b"%04d" % n)
            if n == 100:
                before = len(program.fds())
        crowd = [socket.create_connection(("127.0.0.1", port), timeout=GUARD) for _ in range(300)]
        for sock in crowd:
            self.addCleanup(sock.close)
        for sock in crowd:
            sock.sendall(b"c")
        self.assertEqual(pty.read(300), b"c" * 300)
        pty.write(b"to all")
        for sock in crowd:
            self.assertEqual(receive_all_until(sock, b"to all")[-6:], b"to all")
            sock.close()
        until(lambda: len(program.fds()) <= before)
        self.assertEqual(program.stop(), 0)
        _, down = program.accounts("x")
        self.assertEqual(down["delivered"], 2000 * 4 + 300)

    def test_it_survives_running_out_of_descriptors(self) -> None:
        pty = Pty(self)
        program = Program(self, one_share(pty.path, "    sharing: {max_clients: 100}\n"))
        program.wait_for("x: opened")
        resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (24, 24))
        port = program.ports("x")[0]
        crowd = [socket.create_connection(("127.0.0.1", port), timeout=GUARD) for _ in range(60)]
        program.wait_for("connected to", 5)
        for sock in crowd:
            sock.close()
        until(lambda: self.works(program, pty))

    def works(self, program: Program, pty: Pty) -> bool:
        """Whether a new client is served; one without a descriptor for it is closed by the kernel's side."""
        with program.connect("x") as sock:
            with suppress(OSError):
                sock.sendall(b"?")
            ready, _, _ = select.select([pty.master, sock], [], [], GUARD)
            return pty.master in ready and pty.read(1) == b"?"
