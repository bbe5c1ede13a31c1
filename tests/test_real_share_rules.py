"""Packets, and who speaks and who hears, on real sockets and a real terminal."""

from __future__ import annotations

import os
import socket
from unittest import TestCase

from tests.support import Program, Pty, pattern, receive, until


class RulesCase(TestCase):
    """One share, `x`, on a bare terminal, with a raw listener and one of RFC 2217."""

    def begin(self, values: str, more: str = "") -> None:
        self.pty = Pty(self)
        self.program = Program(
            self,
            f"""
            shares:
              x:
                device: {{port: {self.pty.path}}}
                listen: [{{port: 0}}, {{mode: rfc2217, port: 0}}]
                {values}
            {more}
            """,
        )
        self.program.wait_for("x: opened")

    def client(self, listener: int = 0) -> socket.socket:
        """Connect a client, and wait until it has its place."""
        before = len([line for line in self.program.lines if "connected to" in line])
        sock = self.program.connect("x", listener)
        self.addCleanup(sock.close)
        self.program.wait_for("x: .* connected to", before + 1)
        return sock

    def end(self) -> tuple[dict[str, int], dict[str, int]]:
        self.assertEqual(self.program.stop(), 0)
        return self.program.accounts("x")


class PacketsTest(RulesCase):
    def test_a_packet_is_one_piece_for_each_client(self) -> None:
        self.begin("packets: {size: 600, gap: 80ms}")
        clients = [self.client() for _ in range(3)]
        data = pattern(1500)
        for start, end, packet in (
            (0, 650, data[:600]),
            (650, 1250, data[600:1200]),
            (1250, 1500, data[1200:]),
        ):
            self.pty.write(data[start : start + 50])
            self.pty.write(data[start + 50 : end])
            for sock in clients:
                self.assertEqual(sock.recv(4096), packet)
        up, _ = self.end()
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (1500, 3000, 4500))

    def test_a_telnet_client_gets_packets_too(self) -> None:
        self.begin('packets: {char: "\\n"}')
        sock = self.client(1)
        self.pty.write(b"li")
        self.pty.write(b"ne\nre")
        heard = b""
        while b"line\n" not in heard:
            heard += sock.recv(4096)
        self.assertNotIn(b"re", heard.partition(b"line\n")[2])
        self.pty.write(b"st\n")
        heard = b""
        while b"rest\n" not in heard:
            heard += sock.recv(4096)

    def test_a_stop_gives_what_is_held(self) -> None:
        self.begin("packets: {size: 1000}")
        sock = self.client()
        self.pty.write(b"held")
        until(lambda: self.program.bytes_read() and self.pty.quiet())
        up, _ = self.end()
        self.assertEqual(receive(sock, 4), b"held")
        self.assertEqual((up["read"], up["delivered"]), (4, 4))


class SpeakingTest(RulesCase):
    def test_an_answer_is_for_who_asked_by_whatever_listener(self) -> None:
        self.begin("sharing: {send_to: asker, reply_window: 20s}")
        a, b, c = self.client(), self.client(), self.client(1)
        for n, sock in enumerate((a, b, c)):
            sock.sendall(b"?")
            self.assertEqual(self.pty.read(1), b"?")
            self.pty.write(b"for %d" % n)
            heard = b""
            while not heard.endswith(b"for %d" % n):
                heard += sock.recv(4096)
        a.setblocking(False)
        b.setblocking(False)
        self.assertRaises(BlockingIOError, a.recv, 1)
        self.assertRaises(BlockingIOError, b.recv, 1)
        up, _ = self.end()
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (15, 0, 15))

    def test_the_write_lock(self) -> None:
        self.begin("sharing: {exclusive: true, turn: 60s}")
        a, b = self.client(), self.client()
        a.sendall(b"mine")
        self.assertEqual(self.pty.read(4), b"mine")
        b.sendall(b"not yours")
        b.close()
        self.program.wait_for("received 9,")
        a.sendall(b"!")
        self.assertEqual(self.pty.read(1), b"!")
        _, down = self.end()
        self.assertEqual((down["read"], down["delivered"], down["policy"]), (14, 5, 9))

    def test_requests_wait_for_answers(self) -> None:
        self.begin(
            "sharing: {arbitrate: message, send_to: asker, reply_window: 30s}",
            """elements:
              meter: {protocol: scpi-meter, start: stopped, connections: {0: {share: x}}}""",
        )
        clients = [self.client() for _ in range(6)]
        for n, sock in enumerate(clients):
            sock.sendall(b"ASK%d?\n" % n)
        for _ in clients:
            question = self.pty.read(6)
            self.assertTrue(self.pty.quiet(), "the next one has not waited")
            os.write(self.pty.master, b"+" + question[3:4])
            os.write(self.pty.master, b"\n")
        for n, sock in enumerate(clients):
            self.assertEqual(receive(sock, 3), b"+%d\n" % n)
        up, down = self.end()
        self.assertEqual((up["read"], up["copied"], up["delivered"], down["delivered"]), (18, 0, 18, 36))
