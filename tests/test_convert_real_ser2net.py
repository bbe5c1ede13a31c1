"""A configuration of ser2net, served by ser2net and by us: clients and devices see the same."""

from __future__ import annotations

import json
import select
import socket
import ssl
from contextlib import ExitStack
from typing import Any
from unittest import TestCase

from tests.convertstage import Settings, Site, client, closed, settings_of
from tests.netstage import Authority
from tests.support import GUARD, receive, until

SER2NET = "/usr/sbin/ser2net"
COMPORT = bytes([255, 250, 44])
END = bytes([255, 240])


def let_in(site: Site, port: int, name: str, host: str = "127.0.0.1", skip: int = 0) -> socket.socket:
    """Connect a client whose bytes reach the device; the place of the one before may not be free yet.

    Args:
        site: where the devices are.
        port: to connect to.
        name: of the device.
        host: to connect to.
        skip: bytes that the program says of its own.
    """
    pty = site.ptys[name]
    while True:
        sock = client(port, host)
        sock.sendall(b"?")
        said = b""
        while True:
            ready = select.select([sock, pty.master], [], [], GUARD)[0]
            assert ready, said
            if pty.master in ready:
                assert pty.read(1) == b"?"
                receive(sock, skip - len(said))
                return sock
            try:
                piece = sock.recv(4096)
            except ConnectionResetError:
                piece = b""
            if not piece:
                break
            said += piece
        sock.close()


def both_ways(site: Site, port: int, name: str, host: str = "127.0.0.1", skip: int = 0) -> Settings:
    """Carry bytes both ways, and return what the device was set to meanwhile."""
    pty = site.ptys[name]
    with let_in(site, port, name, host, skip) as sock:
        sock.sendall(b"to the device\xff\x00\r")
        assert pty.read(16) == b"to the device\xff\x00\r"
        found = site.settings(name)
        pty.write(b"to the client\xfe\x00\n")
        assert receive(sock, 16) == b"to the client\xfe\x00\n"
    return found


def one_each(site: Site, port: int, names: list[str]) -> dict[str, Any]:
    """Come to a rotator once more than it has devices; return which came to which, and how the last fared.

    Nobody is told anything: what a client reads is what its device has said.
    """
    seen: dict[str, Any] = {}
    with ExitStack() as stack:
        for name in names:
            sock = stack.enter_context(let_in(site, port, name))
            sock.sendall(name.encode())
            site.ptys[name].write(b"from " + name.encode())
            seen[name] = site.ptys[name].read(len(name)), receive(sock, 5 + len(name)), site.settings(name)
        with client(port) as last:
            seen["one more is refused in words"] = closed(last).count(b"\n")
    return seen


def set_speed(sock: Any, speed: int) -> None:
    """Ask for a speed by RFC 2217, 0 for the one in force, and wait until it is told that it is `speed`.

    ser2net tells every client each answer, so one to somebody else may come first.
    """
    sock.sendall(COMPORT + bytes([1]) + speed.to_bytes(4, "big") + END)
    data, answer = b"", COMPORT + bytes([101]) + speed.to_bytes(4, "big") + END
    while answer not in data:
        piece = sock.recv(4096)
        assert piece, data
        data += piece


class YamlTest(TestCase):
    """The format of version 4."""

    maxDiff = None

    def setUp(self) -> None:
        self.site = Site(self, "ser2net.yaml", ["one", "two", "three", "four", "five", "six"])
        self.seen: list[dict[str, Any]] = []

    def look(self, banner: bytes) -> None:
        """Be every client there is, and note what is to be seen."""
        ports, ptys = self.site.ports, self.site.ptys
        seen: dict[str, Any] = {}
        seen["meter"] = both_ways(self.site, ports[0], "one", skip=len(banner))
        seen["meter by IPv6"] = both_ways(self.site, ports[0], "one", host="::1", skip=len(banner))
        with let_in(self.site, ports[0], "one", skip=len(banner)) as first:
            with client(ports[0]) as second:
                seen["second client is refused in words"] = closed(second).count(b"\n")
            first.sendall(b"still there")
            self.assertEqual(ptys["one"].read(11), b"still there")
        seen["rfc2217"] = self.settings_from_afar()
        with let_in(self.site, ports[2], "three") as old:
            seen["newest"] = self.site.settings("three")
            with let_in(self.site, ports[2], "three") as new:
                seen["old one is kicked"] = closed(old)[-1:] in (b"", b"\n")
                new.sendall(b"new")
                self.assertEqual(ptys["three"].read(3), b"new")
        with client(ports[3]) as watcher:
            watcher.sendall(b"nothing of this")
            ptys["four"].write(b"reading 12.5\r\n")
            self.assertEqual(receive(watcher, 14), b"reading 12.5\r\n")
            seen["watched"] = self.site.settings("four"), ptys["four"].quiet()
        with client(ports[3], source="127.0.0.2") as stranger:
            seen["stranger"] = closed(stranger).count(b"\n")
        with client(ports[4]) as echo:
            echo.sendall(b"round")
            seen["echo"] = receive(echo, 5)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(GUARD)
            peer.sendto(b"one datagram", ("127.0.0.1", ports[4]))
            seen["datagram"] = peer.recv(4096)
        with socket.create_server(("127.0.0.1", ports[7])) as called:
            called.settimeout(GUARD)
            ptys["six"].write(b"alarm 7\r\n")
            with called.accept()[0] as answer:
                answer.settimeout(GUARD)
                seen["who is called back hears"] = receive(answer, 9)
                answer.sendall(b"acknowledged")
                seen["and is heard"] = ptys["six"].read(12)
        with client(ports[5]) as silent:
            seen["idle one is closed"] = closed(silent)
        self.seen.append(seen)

    def settings_from_afar(self) -> tuple[object, ...]:
        port, pty = self.site.ports[1], self.site.ptys["two"]
        with client(port) as first, client(port) as second:
            for sock in (first, second):
                sock.sendall(bytes([255, 251, 44, 255, 253, 0, 255, 251, 0, 33]))
                self.assertEqual(pty.read(1), b"!")  # it is let in, and the device is open
            before = self.site.settings("two")
            set_speed(second, 57600)
            after = settings_of(pty).speed
            set_speed(first, 38400)
            again = settings_of(pty).speed
            pty.write(b"for both")
            data = [self.until_text(sock, b"for both") for sock in (first, second)]
            with client(port) as third:
                refused = b"\n" in closed(third)
            first.sendall(b"1\xff\xff")
            second.sendall(b"22")
            self.assertEqual(sorted(pty.read(4)), sorted(b"1\xff22"))
            return before, after, again, data, refused

    def until_text(self, sock: Any, text: bytes) -> bool:
        data = b""
        while text not in data:
            piece = sock.recv(4096)
            self.assertTrue(piece, data)
            data += piece
        return True

    def test_clients_and_devices_see_the_same(self) -> None:
        with self.site.theirs([SER2NET, "-n", "-d", "-c", str(self.site.file)], self.site.ports[4]):
            self.look(b"this is meter\r\n")
            until(lambda: b"for both" in (self.site.folder / "trace-plc").read_bytes())
        (self.site.folder / "trace-plc").unlink()
        with self.site.ours():
            self.look(b"")
        self.assertEqual(*self.seen)
        self.assertEqual(self.seen[0]["meter"], Settings(19200, 1, False, False, False, True))
        self.assertEqual(
            self.seen[0]["rfc2217"],
            (Settings(9600, 2, True, False, True, True), 57600, 38400, [True, True], True),
        )
        pieces = map(json.loads, (self.site.folder / "trace-plc").read_text().splitlines())
        up = b"".join(bytes.fromhex(one["bytes"]) for one in pieces if one["direction"] == "up")
        self.assertEqual(up, b"for both")

    def test_what_differs_was_told(self) -> None:
        with self.site.ours():
            pass
        lost = [line for line in self.site.remarks.splitlines() if "not carried over" in line]
        self.assertEqual(len(lost), 1, lost)
        self.assertIn(f"{self.site.file}:16: not carried over: banner of connection meter (", lost[0])


class RotatorTest(TestCase):
    """Several devices behind one address."""

    def setUp(self) -> None:
        self.site = Site(self, "ser2net-rotator.yaml", ["one", "two", "three"])

    def look(self) -> dict[str, Any]:
        ports, ptys = self.site.ports, self.site.ptys
        seen = one_each(self.site, ports[1], ["one", "two"])
        with let_in(self.site, ports[0], "one"), let_in(self.site, ports[1], "two") as sock:
            sock.sendall(b"who comes by itself is passed over")
            seen["passed"] = ptys["two"].read(34)
        with client(ports[2]) as sock:
            sock.sendall(bytes([255, 251, 44, 255, 253, 0, 255, 251, 0, 33]))
            self.assertEqual(ptys["three"].read(1), b"!")
            seen["before"] = self.site.settings("three")
            set_speed(sock, 38400)
            seen["after"] = settings_of(ptys["three"]).speed
        return seen

    def test_clients_and_devices_see_the_same(self) -> None:
        with self.site.theirs([SER2NET, "-n", "-d", "-c", str(self.site.file)], self.site.ports[2]):
            theirs = self.look()
        with self.site.ours():
            ours = self.look()
        self.assertEqual(theirs, ours)
        self.assertEqual(theirs["two"], (b"two", b"from two", Settings(19200, 1, False, False, False, True)))
        self.assertEqual((theirs["one more is refused in words"], theirs["after"]), (1, 38400))
        self.assertNotIn("not carried over", self.site.remarks)


class EncryptedTest(TestCase):
    """TLS with a certificate, and a socket of this machine."""

    def setUp(self) -> None:
        self.site = Site(self, "ser2net-tls.yaml", ["one", "two"])
        authority = Authority(self.site.folder)
        authority.make("server", "localhost", "127.0.0.1")
        self.context = ssl.create_default_context(cafile=authority.path)

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        ptys, path = self.site.ptys, self.site.folder / "inner.sock"
        with self.context.wrap_socket(client(self.site.ports[0]), server_hostname="localhost") as sock:
            sock.sendall(b"sealed")
            seen["sealed down"] = ptys["one"].read(6)
            ptys["one"].write(b"opened")
            seen["sealed up"] = sock.recv(6)
            seen["certificate"] = sock.getpeercert(binary_form=True)
        with socket.socket(socket.AF_UNIX) as inner:
            inner.settimeout(GUARD)
            inner.connect(str(path))
            inner.sendall(b"inner")
            seen["inner"] = ptys["two"].read(5), path.stat().st_mode & 0o777
        return seen

    def test_clients_and_devices_see_the_same(self) -> None:
        with self.site.theirs([SER2NET, "-n", "-d", "-c", str(self.site.file)], self.site.ports[1]):
            theirs = self.look()
        (self.site.folder / "inner.sock").unlink(missing_ok=True)
        with self.site.ours():
            ours = self.look()
        self.assertEqual(theirs, ours)
        self.assertEqual(theirs["inner"], (b"inner", 0o600))
        self.assertNotIn("not carried over", self.site.remarks)


class ConfTest(TestCase):
    """The format of versions 2 and 3, which version 4 still reads."""

    def setUp(self) -> None:
        self.site = Site(self, "ser2net.conf", ["one", "two", "three", "four", "five"])

    def look(self) -> dict[str, Any]:
        ports, ptys = self.site.ports, self.site.ptys
        seen: dict[str, Any] = one_each(self.site, ports[4], ["one", "five"])
        seen["raw"] = both_ways(self.site, ports[0], "one")
        with client(ports[1]) as sock:
            sock.sendall(bytes([255, 251, 44, 255, 253, 0, 255, 251, 0, 33]))
            self.assertEqual(ptys["two"].read(1), b"!")
            seen["telnet"] = self.site.settings("two")
            set_speed(sock, 9600)
            seen["then"] = settings_of(ptys["two"]).speed
        with let_in(self.site, ports[3], "four") as old, let_in(self.site, ports[3], "four"):
            closed(old)
            seen["four"] = self.site.settings("four")
        with self.assertRaises(ConnectionRefusedError):
            client(ports[2])
        return seen

    def test_clients_and_devices_see_the_same(self) -> None:
        with self.site.theirs([SER2NET, "-n", "-d", "-c", str(self.site.file)], self.site.ports[3]):
            theirs = self.look()
        with self.site.ours():
            ours = self.look()
        self.assertEqual(theirs, ours)
        self.assertEqual(ours["telnet"], Settings(4800, 1, False, False, True, True))
        lost = [line for line in self.site.remarks.splitlines() if "not carried over" in line]
        self.assertEqual(
            [line.partition("not carried over: ")[2].split(" (")[0] for line in lost],
            [f"banner of entry {self.site.ports[1]}", f"entry {self.site.ports[2]}"],
        )
