"""Shares over TLS on real sockets: who comes in and who does not, what is lost in all kinds of ends."""

from __future__ import annotations

import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import TestCase

import serial

from tests.ledger import CELL, Findings, cells, judge
from tests.netstage import Authority
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
from tests.tlspeer import TlsPeer, World

COUNT = 1500
PIECE = 32 * 1024
RESET = struct.pack("ii", 1, 0)


class TlsCase(TestCase):
    """A gateway with certificates; `site` is a set of one certificate, `mutual` wants one of its clients."""

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.world = World(self.folder)
        self.authority = self.world.authority

    def start(self, shares: str, *, more: str = "", env: dict[str, str] | None = None) -> Program:
        sets = """
        tls:
          site: {certificate: server.pem, key: server.key}
          mutual: {certificate: server.pem, key: server.key, authorities: authority.pem}
          many: {folder: many}
        """
        return Program(self, f"{sets}{more}{shares}", folder=self.folder, env=env)

    def echo(self, listen: str = "[{port: 0, tls: site}]", sharing: str = "{}") -> Program:
        """Start a share that sends back what it gets."""
        return self.start(f"shares: {{x: {{device: {{loop: true}}, listen: {listen}, sharing: {sharing}}}}}")

    def client(
        self, program: Program, context: ssl.SSLContext | None = None, name: str = "127.0.0.1", port: int = 0
    ) -> ssl.SSLSocket:
        """Return a client that has shaken hands."""
        raw = program.connect("x", port)
        try:
            sealed = (context or self.world.context()).wrap_socket(raw, server_hostname=name)
        except OSError:
            raw.close()
            raise
        self.addCleanup(sealed.close)
        return sealed

    def exchange(self, client: ssl.SSLSocket, data: bytes = b"hello") -> None:
        client.sendall(data)
        self.assertEqual(receive_sealed(client, len(data)), data)


def receive_sealed(client: ssl.SSLSocket, count: int) -> bytes:
    """Read exactly `count` bytes; some may wait in TLS where no select can see them."""
    data = bytearray()
    while len(data) < count:
        piece = client.recv(count - len(data))
        assert piece, f"the end after {len(data)} of {count} bytes"
        data += piece
    return bytes(data)


class HalfClient:
    """A client that can close one direction, in TLS or in TCP."""

    def __init__(self, program: Program, context: ssl.SSLContext) -> None:
        self.sock = program.connect("x")
        self.peer = TlsPeer(context, "127.0.0.1")
        self.sock.sendall(self.peer.hear(b""))
        while not self.peer.shaken:
            self.sock.sendall(self.peer.hear(self.sock.recv(65536)))

    def send(self, data: bytes) -> None:
        """Send data, reading meanwhile so that nobody waits for the other."""
        self.sock.setblocking(False)
        view = memoryview(self.peer.say(data))
        while view:
            with suppress(BlockingIOError):
                view = view[self.sock.send(view) :]
            with suppress(BlockingIOError):
                self.peer.hear(self.sock.recv(65536))
        self.sock.settimeout(GUARD)

    def rest(self) -> bytes:
        """Read until the program closes the connection; return all data."""
        while piece := self.sock.recv(65536):
            self.peer.hear(piece)
        self.sock.close()
        return bytes(self.peer.data)


class EntranceTests(TlsCase):
    """Who comes in."""

    def test_versions(self) -> None:
        program = self.echo()
        for version, name in ((0x0303, "TLSv1.2"), (0x0304, "TLSv1.3")):
            client = self.client(program, self.world.context(version))
            self.assertEqual(client.version(), name)
            self.exchange(client, pattern(300_000)[:50_000])
            client.close()
        with self.assertRaisesRegex(ssl.SSLError, "protocol version"):
            self.client(program, self.world.context(0x0302))
        program.wait_for(r"x: 127\.0\.0\.1:\d+ was refused: TLS: unsupported protocol")

    def test_openssl(self) -> None:
        program = self.echo()
        command = [
            *("openssl", "s_client", "-quiet", "-no_ign_eof", "-verify_return_error"),
            *("-CAfile", str(self.authority.path), "-connect", f"127.0.0.1:{program.ports('x')[0]}"),
        ]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None and process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, GUARD)
        process.stdin.write(b"by openssl\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"by openssl\n")
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"")
        program.wait_for("is gone: finished; received 11, delivered 11, discarded 0 bytes")

    def test_a_client_that_trusts_others_goes(self) -> None:
        program = self.echo()
        other = ssl.create_default_context(cafile=str(Authority(self.folder, "other").path))
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.client(program, other)
        program.wait_for("was refused: TLS: tlsv1 alert unknown ca")

    def test_what_is_no_tls(self) -> None:
        program = self.echo()
        with program.connect("x") as sock:
            sock.sendall(b"hello, is anybody there?\r\n")
            with suppress(ConnectionResetError):
                receive_all(sock)
        program.wait_for("was refused: TLS: ")
        self.exchange(self.client(program))

    def test_mutual(self) -> None:
        program = self.echo("[{port: 0, tls: mutual}]")
        known = self.world.context()
        known.load_cert_chain(*self.authority.make("client", "mast"))
        self.exchange(self.client(program, known))
        stranger = self.world.context()
        stranger.load_cert_chain(*Authority(self.folder, "other").make("foreign", "mast"))
        for context, words in (
            (self.world.context(), "peer did not return a certificate"),
            (stranger, "certificate verify failed"),
        ):
            with self.assertRaises(ssl.SSLError):
                self.client(program, context).recv(1)  # in TLS 1.3 the client learns of it afterwards
            program.wait_for(f"was refused: TLS: {words}")

    def test_two_hundred_that_say_nothing_take_no_place(self) -> None:
        program = self.echo(sharing="{max_clients: 1}")
        for _ in range(200):
            self.addCleanup(program.connect("x").close)
        self.exchange(self.client(program))
        self.assertNotIn("refused", program.log)

    def test_who_finds_no_place_is_told_so_in_tls(self) -> None:
        program = self.echo(sharing="{max_clients: 1}")
        first = self.client(program)
        self.exchange(first)
        self.assertIn(b"x is in use: one client is connected", _all_of(self.client(program)))
        self.exchange(first)

    def test_the_console(self) -> None:
        program = self.start(
            "shares: {x: {device: {loop: true}, listen: [{port: 0}]}}",
            more="console: {telnet: 0, tls: site, unix: false}\n        ",
        )
        where = program.wait_for(r"TlsFactory starting on (\d+)")
        address = ("127.0.0.1", int(where[1]))
        with socket.create_connection(address, GUARD) as raw:
            client = self.world.context().wrap_socket(raw, server_hostname="127.0.0.1")
            client.sendall(b"shares\r\n")
            heard = b""
            while b"127.0.0.1:" not in heard:
                heard += receive_sealed(client, 1)
            client.close()
        self.assertIn(b"loop", heard)
        with socket.create_connection(address, GUARD) as raw:
            raw.sendall(b"shares\r\n")
            with suppress(ConnectionResetError):
                self.assertNotIn(b"loop", receive_all(raw))
        program.wait_for(r"console: 127\.0\.0\.1:\d+ by telnet was sent away: TLS: ")

    def test_a_file_that_is_missing_keeps_it_from_starting(self) -> None:
        self.world.key.unlink()
        program = self.echo()
        self.assertNotEqual(program.process.wait(GUARD), 0)
        program.wait_for(re.escape(f"cannot read {self.world.key}: No such file or directory"))


class FolderTests(TlsCase):
    """Certificates by name, and new ones while it runs."""

    def put(self, name: str, host: str) -> None:
        certificate, key = self.authority.make("new", host, "127.0.0.1")
        new = self.folder / "new.tmp"
        new.write_bytes(certificate.read_bytes() + key.read_bytes())
        new.chmod(0o600)
        new.replace(self.folder / "many" / name)

    def named(self, program: Program, name: str) -> set[str]:
        client = self.client(program, name=name)
        self.exchange(client)
        found: Any = client.getpeercert()
        client.close()
        return {value for kind, value in found["subjectAltName"] if kind == "DNS"}

    def test_names_and_changes(self) -> None:
        (self.folder / "many").mkdir()
        self.put("a.pem", "a.example")
        self.put("b.pem", "b.example")
        program = self.echo("[{port: 0, tls: many}]")
        stays = self.client(program)
        for name in ("a.example", "b.example"):
            self.assertEqual(self.named(program, name), {name})
        self.assertEqual(self.named(program, "127.0.0.1"), {"a.example"})
        self.put("a.pem", "new.example")
        until(lambda: self.named(program, "127.0.0.1") == {"new.example"})
        (self.folder / "many" / "a.pem").write_text("broken")
        program_notes = r"a\.pem: there is no certificate in it.*the former one stays in use"
        until(lambda: self.named(program, "new.example") and re.search(program_notes, program.log))
        for _ in range(3):
            self.assertEqual(self.named(program, "new.example"), {"new.example"})
        self.assertEqual(len(re.findall(program_notes, program.log)), 1)
        self.exchange(stays)


class EndsTests(TlsCase):
    """Clients that send and close lose nothing, and what is lost is counted."""

    def test_halves(self) -> None:
        program = self.echo()
        data = pattern(400_000)
        for in_tls, in_tcp in ((True, False), (False, True), (True, True)):
            client = HalfClient(program, self.world.context())
            client.send(data)
            if in_tls:
                client.sock.sendall(client.peer.finish())
            if in_tcp:
                client.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(client.rest(), data)
            self.assertTrue(client.peer.ended, "it was told in TLS that no more comes")
        program.wait_for("is gone: finished; received 400000, delivered 400000, discarded 0 bytes", 3)

    def test_send_and_close(self) -> None:
        pty = Pty(self)
        program = self.start(
            f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0, tls: site}}]}}}}"
        )
        program.wait_for("x: opened")
        data = pattern(300_000)
        client = self.client(program)
        in_background(self, lambda: (client.sendall(data), client.close()))
        self.assertEqual(pty.read(len(data)), data)

    def test_resets_in_the_middle(self) -> None:
        program = self.echo(sharing="{max_clients: 16}")
        for amount in (0, 1, 70_000):
            client = self.client(program)
            flood(client, pattern(500_000), amount)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            socket.socket.close(client)
        program.wait_for("is gone", 3)
        client, heard = self.client(program), b""
        client.sendall(b"still there?")
        while not heard.endswith(b"still there?"):  # after what was kept for the next client
            heard += receive_sealed(client, 1)
        self.assertEqual(program.stop(), 0)
        program.accounts("x")

    def test_a_slow_reader(self) -> None:
        pty = Pty(self)
        program = self.start(
            f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0, tls: site}}, {{port: 0}}],"
            " sharing: {slow_client: {policy: discard, limit: 64KiB}}}}"
        )
        program.wait_for("x: opened")
        slow, quick = self.client(program), program.connect("x", 1)
        self.addCleanup(quick.close)
        program.wait_for("connected to", 2)
        size = 24 * 1024 * 1024
        before = program.memory()
        for _ in range(size // PIECE):  # so much the quick one need not read at once
            pty.write(bytes(PIECE))
            self.assertEqual(len(receive(quick, PIECE)), PIECE)
        self.assertLess(program.memory() - before, 16 * 1024)
        heard = bytearray()
        reader = threading.Thread(target=lambda: heard.extend(_all_of(slow)))
        reader.start()
        self.assertEqual(program.stop(), 0)
        reader.join(GUARD)
        told = program.wait_for(r"received 0, delivered (\d+), discarded (\d+) bytes")
        delivered, discarded = int(told[1]), int(told[2])
        self.assertEqual((delivered, delivered + discarded), (len(heard), size))
        self.assertGreater(discarded, 0)
        program.accounts("x")


def flood(client: ssl.SSLSocket, data: bytes, amount: int) -> None:
    """Send, and stop when so many bytes have come; in one thread, for a TLS connection is not for two."""
    client.setblocking(False)
    while True:
        select.select([client], [client] if data else [], [], GUARD)
        with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            data = data[client.send(data[:16384]) :]
        if amount <= 0:
            return
        with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            amount -= len(client.recv(amount))


def _all_of(client: ssl.SSLSocket) -> bytes:
    data = bytearray()
    with suppress(OSError):
        while piece := client.recv(65536):
            data += piece
    return bytes(data)


class LedgerTests(TlsCase):
    """Both directions at once, TLS and plain clients, with and without faults of system calls."""

    def through(self, env: dict[str, str] | None = None) -> None:
        pty = Pty(self)
        program = self.start(
            f"shares: {{x: {{device: {{port: {pty.path}}}, listen: [{{port: 0, tls: site}},"
            " {port: 0, tls: mutual, access: read}, {port: 0, access: read}]}}",
            env=env,
        )
        program.wait_for("x: opened")
        known = self.world.context(0x0303)
        known.load_cert_chain(*self.authority.make("client", "mast"))
        client, watcher = self.client(program), self.client(program, known, port=1)
        plain = program.connect("x", 2)
        self.addCleanup(plain.close)
        program.wait_for("connected to", 3)
        size = COUNT * CELL
        got: dict[str, bytes] = {}
        readers = [
            threading.Thread(target=lambda: got.update(device=pty.read(size))),
            threading.Thread(target=lambda: got.update(watcher=receive_sealed(watcher, size))),
            threading.Thread(target=lambda: got.update(plain=receive(plain, size))),
        ]
        for reader in readers:
            reader.start()
        in_background(self, lambda: pty.write(cells(1, COUNT)))
        # One thread for both directions: Python's TLS sockets are not made for two.
        got["client"] = self.both(client, cells(2, COUNT), size)
        for reader in readers:
            reader.join()
        clean = Findings(COUNT, 0, 0, 0, 0)
        for name, stream in (("client", 1), ("watcher", 1), ("plain", 1), ("device", 2)):
            self.assertEqual(judge(got[name], stream, COUNT), clean, name)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("x")
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (size, 2 * size, 3 * size))
        self.assertEqual((down["read"], down["delivered"]), (size, size))

    def both(self, client: ssl.SSLSocket, data: bytes, count: int) -> bytes:
        """Send all of `data` and read `count` bytes."""
        client.setblocking(False)
        view, heard = memoryview(data), bytearray()

        def done() -> bool:
            nonlocal view
            with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if view:
                    view = view[client.send(view[:8192]) :]
            with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                while piece := client.recv(65536):
                    heard.extend(piece)
            return not view and len(heard) >= count

        until(done)
        return bytes(heard)

    def test_without_faults(self) -> None:
        self.through()

    def test_with_faults(self) -> None:
        preload = self.folder / "faulty.so"
        source = Path(__file__).with_name("faulty.c")
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(preload), str(source), "-ldl"], check=True
        )
        for seed in ("1", "2"):
            with self.subTest(seed=seed):
                self.through({"LD_PRELOAD": str(preload), "FAULTY_SEED": seed})


class TunnelTests(TlsCase):
    """pyserial, which knows no TLS, behind a local tunnel."""

    def test_rfc2217_through_socat(self) -> None:
        pty = Pty(self)
        program = self.start(
            f"shares: {{x: {{device: {{port: {pty.path}}},"
            " listen: [{port: 0, mode: rfc2217, tls: site}]}}"
        )
        program.wait_for("x: opened")
        there = f"OPENSSL:127.0.0.1:{program.ports('x')[0]},cafile={self.authority.path},commonname=127.0.0.1"
        assert shutil.which("socat") is not None
        tunnel = subprocess.Popen(
            ["socat", "-d", "-d", "-lf/dev/stdout", "TCP-LISTEN:0,bind=127.0.0.1,reuseaddr,fork", there],
            stdout=subprocess.PIPE,
        )
        assert tunnel.stdout is not None
        self.addCleanup(tunnel.stdout.close)
        self.addCleanup(tunnel.wait, GUARD)
        self.addCleanup(tunnel.terminate)
        said = until(lambda: re.search(rb"listening on .*:(\d+)", tunnel.stdout.readline()))
        with warnings.catch_warnings():  # it calls Thread.setDaemon
            warnings.simplefilter("ignore", DeprecationWarning)
            port = serial.serial_for_url(f"rfc2217://127.0.0.1:{int(said[1])}", 19200, timeout=GUARD)
        self.addCleanup(port.close)
        data = bytes(range(256)) * 200
        in_background(self, lambda: port.write(data))
        self.assertEqual(pty.read(len(data)), data)
        in_background(self, lambda: pty.write(data))
        self.assertEqual(port.read(len(data)), data)
        port.baudrate = 57600
        program.wait_for("57600 8N1")
