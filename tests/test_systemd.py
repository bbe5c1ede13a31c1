"""Under a service manager: its unit files, and listening sockets that it hands over."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import TestCase

from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase
from twisted.trial.unittest import TestCase as ReactorTestCase

from smartserial.channels.inherited import InheritedEndpoint, server_endpoint
from smartserial.channels.tcp import ServerStream, StreamPort
from smartserial.errors import ConfigError
from smartserial.settings import Address, Keepalive, ListenerSettings
from tests.support import GUARD, TWISTD, Program, make_folder, receive

ETC = Path(__file__).parent.parent / "etc"
MOST_EXPOSED = 2.0

# Opens listening sockets, as NAME:FAMILY words say, puts them where a service manager puts them, and becomes
# the program behind "--".
LAUNCHER = """\
import fcntl, os, socket, sys
end = sys.argv.index("--")
high = []
for word in sys.argv[1:end]:
    name, family = word.split(":")
    kind = socket.SOCK_DGRAM if family == "DATAGRAM" else socket.SOCK_STREAM
    one = socket.socket(getattr(socket, "AF_" + family, socket.AF_INET), kind)
    one.bind({"INET6": ("::1", 0), "UNIX": "handed-over.sock"}.get(family, ("127.0.0.1", 0)))
    if kind is socket.SOCK_STREAM:
        one.listen(8)
    print("handed over", name, one.getsockname(), flush=True)
    high.append((name, fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100)))
    one.close()
for number, (name, fd) in enumerate(high):
    os.dup2(fd, 3 + number)
    os.close(fd)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high))}
os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _ in high)
os.execv(sys.argv[end + 1], sys.argv[end + 1:])
"""


def echo(*endpoints: str) -> str:
    """Return a configuration of a share that listens at these."""
    listen = ", ".join(f'{{endpoint: "{one}", insecure: true}}' for one in endpoints)
    return f"shares: {{echo: {{device: {{loop: true}}, listen: [{listen}]}}}}"


class UnitTest(SynchronousTestCase):
    def service(self) -> str:
        return (ETC / "smartserial.service").read_text()

    def test_how_exposed_it_is(self) -> None:
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", ETC / "smartserial.service"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=GUARD)
        found = re.search(r"Overall exposure level for smartserial.service: ([0-9.]+)", said.stdout)
        assert found is not None, said
        self.assertLessEqual(float(found[1]), MOST_EXPOSED)

    def test_each_line_is_understood(self) -> None:
        """In a copy whose program is there: whether one is, is looked up too."""
        folder = Path(make_folder(self))
        at = self.service().replace("/opt/smartserial/bin/twistd", TWISTD)
        self.assertIn(f"ExecStart={TWISTD} -n ", at)
        (folder / "smartserial.service").write_text(at)
        (folder / "smartserial.socket").write_text((ETC / "smartserial.socket").read_text())
        command = ["systemd-analyze", "verify", "--man=no", *sorted(folder.iterdir())]
        said = subprocess.run(command, capture_output=True, text=True, timeout=GUARD)
        ours = [line for line in (said.stdout + said.stderr).splitlines() if "smartserial" in line]
        self.assertEqual((said.returncode, ours), (0, []))

    def test_the_user_may_open_serial_ports(self) -> None:
        users = (ETC / "smartserial.sysusers").read_text()
        self.assertIn("User=smartserial\n", self.service())
        self.assertRegex(users, r"(?m)^u smartserial ")
        self.assertRegex(users, r"(?m)^m smartserial dialout$")

    def test_the_example_of_a_listener_is_one(self) -> None:
        text = (ETC / "smartserial.socket").read_text()
        found = re.search(r"systemd:domain=INET:name=([\w-]+)", text)
        assert found is not None
        self.assertIn(f"FileDescriptorName={found[1]}\n", text)


class InheritedTest(ReactorTestCase):
    """Sockets of ours, as if they had been handed over."""

    def listening(self, family: int = socket.AF_INET) -> socket.socket:
        where: Any = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0)}.get(family)
        sock = socket.socket(family)
        self.addCleanup(sock.close)
        sock.bind(where or f"{make_folder(self)}/sock")
        sock.listen(8)
        return sock

    def settings(self, **named: Any) -> ListenerSettings:
        return ListenerSettings(address=Address("", 0, "systemd:domain=INET:index=0"), **named)

    def listen(self, fileno: int, settings: ListenerSettings) -> tuple[Any, list[Any]]:
        """Return the port, and the list to which the transports of those who connect are added."""
        made: list[Any] = []

        class Kept(Protocol):
            def connectionMade(self) -> None:
                made.append(self.transport)

        listening = InheritedEndpoint(fileno, reactor, settings).listen(Factory.forProtocol(Kept))
        port = self.successResultOf(listening)
        self.addCleanup(port.stopListening)
        return port, made

    async def come(self, sock: socket.socket, made: list[Any]) -> Any:
        """Connect, and return the transport at the other side."""
        client = socket.socket(sock.family)
        self.addCleanup(client.close)
        client.connect(sock.getsockname())
        while not made:
            await self.turn()
        transport = made.pop()
        return client, transport

    async def turn(self) -> None:
        await deferLater(reactor, 0)

    async def test_connections_count_and_have_the_listeners_options(self) -> None:
        for family in (socket.AF_INET, socket.AF_INET6):
            sock = self.listening(family)
            settings = self.settings(nodelay=False, keepalive=Keepalive(7, 3, 4))
            port, made = self.listen(sock.fileno(), settings)
            self.assertIsInstance(port, StreamPort)
            self.assertEqual(port.getHost().port, sock.getsockname()[1])
            client, transport = await self.come(sock, made)
            self.assertIsInstance(transport, ServerStream)
            handle = transport.getHandle()
            self.assertEqual(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)
            self.assertEqual(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
            self.assertEqual(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), 7)
            self.assertFalse(handle.getblocking())
            port.set_options(True, None)
            _, other = await self.come(sock, made)
            self.assertNotEqual(other.getHandle().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)
            for one in (transport, other):
                one.loseConnection()
            client.settimeout(GUARD)
            await self.turn()
            self.assertEqual(client.recv(1), b"")

    async def test_it_listens_again_and_again(self) -> None:
        """What was handed over stays open, so that a listener can come back; who comes meanwhile waits."""
        sock = self.listening()
        for _ in range(3):
            waiting = socket.create_connection(sock.getsockname())
            self.addCleanup(waiting.close)
            port, made = self.listen(sock.fileno(), self.settings())
            while not made:
                await self.turn()
            made[0].loseConnection()
            await port.stopListening()
            self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), 1)

    async def test_a_unix_socket(self) -> None:
        sock = self.listening(socket.AF_UNIX)
        port, made = self.listen(sock.fileno(), self.settings())
        _, transport = await self.come(sock, made)
        transport.loseConnection()
        await port.stopListening()
        self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), 1)

    def test_what_is_none(self) -> None:
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        idle = socket.socket(socket.AF_INET)
        null = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(datagrams.close)
        self.addCleanup(idle.close)
        self.addCleanup(os.close, null)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for fileno, words in (
            (datagrams.fileno(), "no listening stream socket"),
            (idle.fileno(), "no listening stream socket"),
            (null, "no socket: Socket operation on non-socket"),
            (99_999, "no socket: Bad file descriptor"),
        ):
            listening = InheritedEndpoint(fileno, reactor, self.settings()).listen(Factory())
            failure = self.failureResultOf(listening, ConfigError)
            self.assertIn(f"descriptor {fileno} was handed over, but is {words}", failure.getErrorMessage())
        self.assertEqual(len(list(Path("/proc/self/fd").iterdir())), before)

    def test_what_was_not_handed_over(self) -> None:
        for text in ("domain=INET:name=x", "domain=INET:index=0", "domain=NONE:index=0"):
            with self.assertRaises(ConfigError) as raised:
                server_endpoint(reactor, f"systemd:{text}", self.settings())
            self.assertIn("has handed over no such socket", str(raised.exception))
        endpoint = server_endpoint(reactor, "tcp:0:interface=127.0.0.1", self.settings())
        self.assertNotIsInstance(endpoint, InheritedEndpoint)


class ActivationTest(TestCase):
    """A real `twistd` that is started as a service manager starts it."""

    def program(self, config: str, *sockets: str) -> Program:
        return Program(self, config, wrapper=[sys.executable, "-c", LAUNCHER, *sockets, "--"])

    def connect(self, program: Program, name: str) -> socket.socket:
        found = program.wait_for(rf"handed over {name} \('(\S+)', (\d+)")
        client = socket.create_connection((found[1], int(found[2])), timeout=GUARD)
        self.addCleanup(client.close)
        return client

    def test_by_name_from_before_the_start_on(self) -> None:
        config = echo("systemd:domain=INET:name=two", "systemd:domain=INET6:name=three")
        program = self.program(config, "one:INET", "two:INET", "three:INET6")
        early = self.connect(program, "two")
        early.sendall(b"early")
        self.assertEqual(receive(early, 5), b"early")
        early.close()
        program.wait_for("echo: .* is gone")
        late = self.connect(program, "three")
        late.sendall(bytes(range(256)) * 400)
        self.assertEqual(receive(late, 102_400), bytes(range(256)) * 400)
        late.close()
        program.wait_for("echo: .* is gone", 2)
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("echo")
        self.assertEqual((up["delivered"], down["delivered"]), (102_405, 102_405))

    def test_by_index_and_a_unix_socket(self) -> None:
        program = self.program(
            echo("systemd:domain=INET:index=0", "systemd:domain=UNIX:index=1"), "x:INET", "x:UNIX"
        )
        program.wait_for("echo: opened")
        local = socket.socket(socket.AF_UNIX)
        self.addCleanup(local.close)
        local.settimeout(GUARD)
        local.connect(str(program.folder / "handed-over.sock"))
        for client in (self.connect(program, "x"), local):
            client.sendall(b"hello")
            self.assertEqual(receive(client, 5), b"hello")
        self.assertEqual(program.stop(), 0)

    def test_a_listener_goes_and_comes_again(self) -> None:
        config = echo("systemd:domain=INET:name=one", "tcp:0:interface=127.0.0.1")
        program = self.program(config, "one:INET")
        program.wait_for("echo: opened")
        staying = self.connect(program, "one")
        program.wait_for("echo: .* connected")
        program.configure(config.replace("loop: true", "loop: true, on_unplug: close"))
        program.process.send_signal(1)
        program.wait_for("echo: has new settings")
        staying.sendall(b"stays")
        self.assertEqual(receive(staying, 5), b"stays")
        program.configure(echo("tcp:0:interface=127.0.0.1"))
        program.process.send_signal(1)
        program.wait_for("echo: has new settings", 2)
        self.assertEqual(staying.recv(1), b"")
        waiting = self.connect(program, "one")
        waiting.sendall(b"waits")
        program.configure(config)
        program.process.send_signal(1)
        self.assertEqual(receive(waiting, 5), b"waits")
        self.assertEqual(program.stop(), 0)

    def test_what_was_not_handed_over(self) -> None:
        for endpoint, handed, words in (
            ("systemd:domain=INET:name=two", "one:INET", "has handed over no such socket; expected"),
            ("systemd:domain=INET:name=one", "one:DATAGRAM", "is no listening stream socket; expected"),
        ):
            program = self.program(echo(endpoint), handed)
            self.assertEqual(program.process.wait(GUARD), 2)
            program.wait_for("END")
            said = [line for line in program.lines if "cannot listen" in line]
            self.assertEqual(len(said), 1, program.log)
            self.assertIn(f"cannot listen on {endpoint}: ", said[0])
            self.assertIn(words, said[0])
            self.assertNotIn("Traceback", program.log)
