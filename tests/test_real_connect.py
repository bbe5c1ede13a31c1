"""Calls of the whole program: over real sockets, over UDP, with TLS, and as an operator sees them."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import threading

from tests.callprograms import CallCase, Far
from tests.support import GUARD, Program, pattern, receive, receive_all, until
from tests.tlspeer import HOST, world

SIZE = 200_000


class RawTest(CallCase):
    def test_bytes_both_ways_and_the_account(self) -> None:
        far = Far(self)
        here = self.near(self.real(), f"to: ['127.0.0.1:{far.port}'], register: \"ID 4711\\r\\n\"")
        client = far.accept()
        self.assertEqual(receive(client, 9), b"ID 4711\r\n")
        up, down = pattern(SIZE, 1), pattern(SIZE, 2)
        sending = threading.Thread(target=self.pty.write, args=(up,))
        sending.start()
        sending_down = threading.Thread(target=client.sendall, args=(down,))
        sending_down.start()
        self.assertEqual(receive(client, SIZE), up)
        self.assertEqual(self.pty.read(SIZE), down)
        sending.join(GUARD)
        sending_down.join(GUARD)
        self.assertEqual(here.stop(), 0)
        self.assertEqual(receive_all(client), b"")
        up_account, down_account = here.accounts("s")
        self.assertEqual((up_account["read"], up_account["delivered"]), (SIZE, SIZE))
        self.assertEqual((down_account["read"], down_account["delivered"]), (SIZE, SIZE))

    def test_it_is_called_again_and_nothing_is_lost_between(self) -> None:
        far = Far(self)
        here = self.near(self.real(), f"to: ['127.0.0.1:{far.port}'], backoff: [100ms]")
        client = far.accept()
        client.close()
        here.wait_for(r"s: 127\.0\.0\.1:\d+ is gone: \w+; received 0, delivered 0, discarded 0")
        self.pty.write(b"between")
        client = far.accept()
        self.assertEqual(receive(client, 7), b"between")

    def test_an_address_where_nobody_is_and_one_by_name(self) -> None:
        nobody, far = Far(self), Far(self)
        nobody.listener.close()
        here = self.near("loop: true", f"to: ['127.0.0.1:{nobody.port}', 'localhost:{far.port}']")
        client = far.accept()
        here.wait_for(rf"cannot call 127\.0\.0\.1:{nobody.port}: Connection refused; trying again")
        here.wait_for(rf"connected to call to 127\.0\.0\.1:{nobody.port}, localhost:{far.port}")
        client.sendall(b"echo")
        self.assertEqual(receive(client, 4), b"echo")

    def test_beside_a_listener(self) -> None:
        far = Far(self)
        here = self.near("loop: true", f"to: ['127.0.0.1:{far.port}']", ", listen: [{port: 0}]")
        called = far.accept()
        with here.connect("s") as came:
            here.wait_for("connected to 127")
            called.sendall(b"for all")
            self.assertEqual(receive(came, 7), b"for all")
            self.assertEqual(receive(called, 7), b"for all")

    def test_flags(self) -> None:
        far = Far(self)
        Program(self, ["--device", "loop:", "--connect", f"127.0.0.1:{far.port}"])
        client = far.accept()
        client.sendall(b"echo")
        self.assertEqual(receive(client, 4), b"echo")

    def test_wrong_flags(self) -> None:
        for words, expected in (
            (("--device", "loop:", "--connect", "x"), "CF03 error: --connect: expected HOST:PORT, found 'x'"),
            (
                ("--device", "loop:", "--connect", "udp:127.0.0.1:1", "--mode", "rfc2217"),
                "CF08 error: --mode: expected raw with `transport: udp`",
            ),
            (("--connect", "127.0.0.1:1"), "expected --config FILE, --device with --listen or --connect"),
        ):
            program = Program(self, list(words))
            program.wait_for(re.escape(expected))
            self.assertEqual(program.process.wait(GUARD), 2)


class OperatorTest(CallCase):
    def test_the_console_shows_it_and_may_end_it(self) -> None:
        far = Far(self)
        here = self.near("loop: true", f"to: ['127.0.0.1:{far.port}'], backoff: [100ms]")
        client = far.accept()
        peer = f"127.0.0.1:{far.port}"
        here.wait_for("connected to call")
        self.assertIn(f"call to {peer}: connected to {peer}", self.ctl(here, "share", "s"))
        self.assertRegex(self.ctl(here, "clients"), rf"s +{peer} .*call to {peer} +raw +both")
        self.assertIn(f"call to {peer}", self.ctl(here, "shares"))
        self.assertIn(f"closed {peer}", self.ctl(here, "kick", "s", peer))
        self.assertEqual(receive_all(client), b"")
        far.accept().sendall(b"x")
        far.listener.close()

    def test_reload(self) -> None:
        far, other = Far(self), Far(self)
        here = self.near("loop: true", f"to: ['127.0.0.1:{far.port}'], register: one")
        client = far.accept()
        self.assertEqual(receive(client, 3), b"one")
        text = (here.folder / "config.yaml").read_text()
        here.configure(text.replace("loop: true}", "loop: true}, buffer: 9"))
        here.process.send_signal(signal.SIGHUP)
        here.wait_for("has new settings: buffer")
        client.sendall(b"still there")
        self.assertEqual(receive(client, 11), b"still there")
        here.configure(text.replace(str(far.port), str(other.port)))
        here.process.send_signal(signal.SIGHUP)
        self.assertEqual(receive(other.accept(), 3), b"one")
        self.assertEqual(receive_all(client), b"")
        here.wait_for("is gone: its call was changed")

    def test_on_demand(self) -> None:
        far = Far(self)
        here = self.near(
            self.virtual(),
            f"to: ['127.0.0.1:{far.port}'], when: on-demand, idle_timeout: 300ms",
        )
        here.wait_for("opened virtual port")
        self.assertIn("waits for the device", self.ctl(here, "share", "s"))
        for words in (b"first", b"second"):
            port = self.open()
            os.write(port, words)
            client = far.accept()
            self.assertEqual(receive(client, len(words)), words)
            client.sendall(b"answer")
            self.assertEqual(os.read(port, 6), b"answer")
            self.assertEqual(receive_all(client), b"")

    def test_device_open(self) -> None:
        far = Far(self)
        here = self.near(self.virtual(), f"to: ['127.0.0.1:{far.port}'], when: device-open")
        until(self.link.exists)
        with self.link.open("wb", buffering=0) as port:
            client = far.accept()
            here.wait_for("connected to call")
            port.write(b"last words")
        self.assertEqual(receive_all(client), b"last words")
        here.wait_for("is gone: the program closed the port")

    def test_a_program_that_has_gone_before_anybody_answers(self) -> None:
        far = Far(self)
        where = far.listener.getsockname()
        far.listener.close()
        here = self.near(self.virtual(), f"to: ['127.0.0.1:{where[1]}'], when: device-open, backoff: [100ms]")
        here.wait_for("opened virtual port")
        for words in (b"one,", b"two"):
            self.link.write_bytes(words)
        here.wait_for("Connection refused; trying again")
        here.wait_for("a program closed the port; open in 0")
        far.listener = socket.create_server(where)
        self.addCleanup(far.listener.close)
        far.listener.settimeout(GUARD)
        self.assertEqual(receive_all(far.accept()), b"one,two")
        here.wait_for("is gone: the program closed the port")
        self.assertEqual(here.stop(), 0)
        self.assertEqual(here.accounts("s")[0]["delivered"], 7)


class UdpTest(CallCase):
    def far_sockets(self, count: int) -> list[socket.socket]:
        sockets = []
        for _ in range(count):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(GUARD)
            self.addCleanup(sock.close)
            sockets.append(sock)
        return sockets

    def test_datagrams(self) -> None:
        one, two = self.far_sockets(2)
        ports = [sock.getsockname()[1] for sock in (one, two)]
        here = self.near(
            self.real(),
            f"to: ['127.0.0.1:{ports[0]}', 'localhost:{ports[1]}'], transport: udp, register: ID, "
            "heartbeat: {send: beat, every: 200ms}",
        )
        peers = []
        for sock in (one, two):
            data, peer = sock.recvfrom(99)
            self.assertEqual(data, b"ID")
            self.assertEqual(sock.recvfrom(99), (b"beat", peer))
            peers.append(peer)
        self.assertNotEqual(*peers)
        one.sendto(b"question", peers[0])
        two.sendto(b"another", peers[1])
        self.assertEqual(sorted(self.pty.read(15)), sorted(b"questionanother"))
        self.pty.write(b"answer")
        for sock in (one, two):
            while (data := sock.recv(99)) == b"beat":
                pass
            self.assertEqual(data, b"answer")
        self.far_sockets(1)[0].sendto(b"stranger", ("127.0.0.1", peers[0][1]))
        one.sendto(b"x", peers[0])
        self.assertEqual(self.pty.read(1), b"x")
        here.stop()
        up, down = here.accounts("s")
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (6, 6, 12))
        self.assertEqual((down["read"], down["delivered"]), (16, 16))

    def test_nobody_there_is_no_error(self) -> None:
        (sock,) = self.far_sockets(1)
        port = sock.getsockname()[1]
        sock.close()
        here = self.near(self.real(), f"to: ['127.0.0.1:{port}'], transport: udp")
        here.wait_for("connected to call")
        for _ in range(5):
            self.pty.write(b"x")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
            late.bind(("127.0.0.1", port))
            late.settimeout(GUARD)
            self.pty.write(b"now")
            data = b""
            while not data.endswith(b"now"):
                data += late.recv(99)
        self.assertNotIn("is gone", here.log)


class TlsTest(CallCase):
    def sealed(self, far: Far) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world().certificate, world().key)
        return context.wrap_socket(far.accept(), server_side=True)

    def call(self, words: str, far: Far) -> Program:
        return self.near(
            self.real(),
            f"to: ['127.0.0.1:{far.port}'], tls: far, register: ID, backoff: [100ms]",
            head=f"tls: {{far: {{{words}}}}}",
        )

    def test_data(self) -> None:
        far = Far(self)
        here = self.call(f"authorities: {world().authority.path}, hostname: {HOST}", far)
        client = self.sealed(far)
        self.assertEqual(client.recv(2), b"ID")
        up = pattern(SIZE)
        sending = threading.Thread(target=self.pty.write, args=(up,))
        sending.start()
        got = b""
        while len(got) < SIZE:
            got += client.recv(65536)
        self.assertEqual(got, up)
        sending.join(GUARD)
        client.sendall(up)
        self.assertEqual(self.pty.read(SIZE), up)
        client.close()
        here.wait_for(rf"received {SIZE}, delivered {SIZE}, discarded 0")

    def test_another_certificate_is_not_accepted(self) -> None:
        far = Far(self)
        here = self.call("verify: true", far)
        with self.assertRaises((ssl.SSLError, OSError)):
            self.sealed(far).recv(2)
        here.wait_for(r"cannot call 127\.0\.0\.1:\d+: TLS: .*certificate")
        self.assertNotIn("connected to call", here.log)

    def test_no_tls_over_there(self) -> None:
        far = Far(self)
        here = self.call("verify: false", far)
        far.accept().sendall(b"hello, this is no TLS at all\r\n" * 20)
        here.wait_for(r"cannot call 127\.0\.0\.1:\d+: TLS: ")
        self.assertNotIn("connected to call", here.log)
