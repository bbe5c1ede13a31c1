"""Settings between gateways that call each other: all pairings of real and virtual ports, and chains."""

from __future__ import annotations

import os
import socket
import termios
import threading

import serial

from tests.callprograms import SPEEDS, CallCase, Far, speed_of
from tests.canary import CANARY
from tests.support import GUARD, Program, Pty, pattern, until
from tests.telnetpeer import BINARY, COM_PORT, com_port
from tests.userexamples import DEAR, HASH, USERS, write_users

SIZE = 100_000
NOTIFY = ", sharing: {settings: {notify: true}}"


class PairCase(CallCase):
    """Two gateways, connected."""

    def connected(self, here: str, there: str, more: str = "", far_more: str = "", keys: str = "") -> None:
        port = self.far(there, far_more)
        self.near(here, f"to: ['127.0.0.1:{port}'], mode: rfc2217, backoff: [100ms]{keys}", more)
        self.there.wait_for("connected to 127")
        self.here.wait_for("connected to call to")
        for gateway in (self.there, self.here):
            gateway.wait_for("opened ")

    def exchange(self, port: serial.Serial, pty: Pty) -> None:
        """Send all bytes there are both ways at once."""
        up, down = pattern(SIZE, 3), pattern(SIZE, 4)
        got: list[bytes] = []
        reading = threading.Thread(target=lambda: got.append(pty.read(SIZE)))
        writing = threading.Thread(target=pty.write, args=(up,))
        sending = threading.Thread(target=port.write, args=(down,))
        for thread in (reading, writing, sending):
            thread.start()
        port.timeout = GUARD
        self.assertEqual(port.read(SIZE), up)
        for thread in (reading, writing, sending):
            thread.join(GUARD)
        self.assertEqual(got, [down])


class LeadingTest(PairCase):
    """A virtual port here, a real one there: what a program sets here is set there."""

    def test_pyserial(self) -> None:
        self.connected(self.virtual(), self.real())
        self.assertEqual(speed_of(self.pty), 9600)
        with serial.Serial(str(self.link), 19200, stopbits=2) as port:
            self.there.wait_for("s: is at 19200 8N2 for")
            self.assertEqual(speed_of(self.pty), 19200)
            self.exchange(port, self.pty)
            port.baudrate = 57600
            self.there.wait_for("s: is at 57600 8N2 for")
            port.rtscts = True
            self.there.wait_for("s: is at 57600 8N2 rtscts for")
        self.assertNotIn("warn]", self.here.log)

    def test_a_program_that_sets_nothing_changes_nothing(self) -> None:
        self.connected(self.virtual(), self.real())
        self.here.wait_for("s: is at 9600 8N1")
        os.write(self.open(), b"echo")
        self.assertEqual(self.pty.read(4), b"echo")
        self.assertEqual(speed_of(self.pty), 9600)
        self.assertNotIn("is at", self.there.log)

    def test_what_somebody_else_has_changed_is_set_again(self) -> None:
        """Also when a program sets what the port here shows already."""
        self.connected(self.virtual(), self.real())
        self.here.wait_for("s: is at 9600 8N1")
        self.ctl(self.there, "set", "s", "baudrate=4800")
        self.assertEqual(speed_of(self.pty), 4800)
        with serial.Serial(str(self.link), 9600):
            self.there.wait_for("s: is at 9600 8N1 for")
            self.assertEqual(speed_of(self.pty), 9600)

    def test_what_was_set_before_the_connection(self) -> None:
        far = Far(self)
        far.listener.close()
        self.near(self.virtual(), f"to: ['127.0.0.1:{far.port}'], mode: rfc2217, backoff: [100ms]")
        self.here.wait_for("cannot call")
        with serial.Serial(str(self.link), 38400) as port:
            self.here.wait_for("a program opened the port")
            there = self.folder / "there"
            there.mkdir()
            words = f"device: {{{self.real()}}}, listen: [{{port: {far.port}, mode: rfc2217}}]"
            self.there = Program(self, f"shares: {{s: {{{words}}}}}", folder=there)
            self.there.wait_for("s: is at 38400 8N1 for")
            self.exchange(port, self.pty)

    def test_a_program_decides_also_after_a_reconnect(self) -> None:
        self.connected(self.virtual(), self.real())
        with serial.Serial(str(self.link), 19200) as port:
            self.there.wait_for("s: is at 19200 8N1 for")
            self.ctl(self.there, "kick", "s", "all")
            self.there.wait_for("s: is at 9600 8N1$")
            self.here.wait_for("is at 9600 8N1; it is set to 19200 8N1, as it was set here")
            self.there.wait_for("s: is at 19200 8N1 for", 2)
            self.exchange(port, self.pty)
            self.assertEqual(speed_of(self.pty), 19200)
        self.ctl(self.there, "kick", "s", "all")
        self.here.wait_for("connected to call to", 3)
        self.assertEqual(speed_of(self.pty), 9600)

    def test_what_clients_and_operators_here_set(self) -> None:
        self.connected(self.virtual(), self.real(), ", listen: [{port: 0, mode: rfc2217}]")
        port = self.here.ports("s")[0]
        with socket.create_connection(("127.0.0.1", port), GUARD) as client:
            client.sendall(COM_PORT + com_port(1, (4800).to_bytes(4, "big")) + com_port(2, b"\7"))
            client.sendall(com_port(3, b"\3"))
            self.there.wait_for("s: is at 4800 7E1 for")
        self.ctl(self.here, "set", "s", "stopbits=2")
        self.there.wait_for("s: is at .* .*2 for")

    def test_lines(self) -> None:
        self.connected(
            self.virtual(),
            self.real(),
            keys=", lines: {open: {dtr: true, rts: true}, closed: {dtr: false, rts: false}}",
        )
        self.there.wait_for("s: set dtr=off rts=off for")
        with self.link.open("rb", buffering=0):
            self.there.wait_for("s: set dtr=on rts=on for")
        self.there.wait_for("s: set dtr=off rts=off for", 2)

    def test_a_far_side_that_knows_nothing_of_it(self) -> None:
        far = Far(self)
        here = self.near(self.virtual(), f"to: ['127.0.0.1:{far.port}'], mode: rfc2217")
        client = far.accept()
        here.wait_for("does not speak RFC 2217; settings and lines are only kept here")
        port = self.open()
        client.sendall(b"data")
        self.assertEqual(os.read(port, 4), b"data")


class FollowingTest(PairCase):
    """A real port here, a virtual one there: what a program sets there is set here."""

    def test_pyserial(self) -> None:
        self.connected(self.real(), self.virtual(), far_more=NOTIFY)
        with serial.Serial(str(self.link), 19200, stopbits=2) as port:
            self.here.wait_for("s: is at 19200 8N2 for")
            self.assertEqual(speed_of(self.pty), 19200)
            self.exchange(port, self.pty)
            port.baudrate = 57600
            self.here.wait_for("s: is at 57600 8N2 for")

    def test_the_same_speed_again(self) -> None:
        """A program that finds its speed set there may not find it here."""
        self.connected(self.real(), self.virtual(), far_more=NOTIFY)
        with serial.Serial(str(self.link), 4800):
            self.here.wait_for("s: is at 4800 8N1 for")
        self.ctl(self.here, "set", "s", "baudrate=1200")
        with serial.Serial(str(self.link), 19200):
            self.here.wait_for("s: is at 19200 8N1 for")

    def test_a_program_that_was_there_before(self) -> None:
        port = self.far(self.virtual(), NOTIFY)
        until(self.link.exists)
        with serial.Serial(str(self.link), 19200):
            self.there.wait_for("a program opened the port")
            self.near(self.real(), f"to: ['127.0.0.1:{port}'], mode: rfc2217")
            self.here.wait_for("s: is at 19200 8N1 for")

    def test_a_call_that_ends_gives_the_settings_back(self) -> None:
        self.connected(self.real(), self.virtual(), far_more=NOTIFY)
        with serial.Serial(str(self.link), 19200):
            self.here.wait_for("s: is at 19200 8N1 for")
            self.there.stop()
        self.here.wait_for("s: is at 9600 8N1$")
        self.assertEqual(speed_of(self.pty), 9600)

    def test_what_is_not_allowed_here_is_not_done(self) -> None:
        more = ", sharing: {settings: {remote: false}}"
        self.connected(self.real(), self.virtual(), more, NOTIFY)
        with serial.Serial(str(self.link), 19200) as port:
            self.here.wait_for("may not change settings: `settings.remote` is off")
            self.exchange(port, self.pty)
        self.assertEqual(speed_of(self.pty), 9600)


class NothingPassesTest(PairCase):
    def test_two_real_ports(self) -> None:
        other = Pty(self)
        self.connected(self.real(), f"port: {other.path}, baudrate: 1200", far_more=NOTIFY)
        self.ctl(self.here, "set", "s", "baudrate=4800")
        self.pty.write(b"data")
        self.assertEqual(other.read(4), b"data")
        self.assertEqual((speed_of(self.pty), speed_of(other)), (4800, 1200))

    def test_two_virtual_ports_each_with_its_program(self) -> None:
        self.connected(self.virtual("near"), self.virtual(), far_more=NOTIFY)
        with (
            serial.Serial(str(self.link), 1200) as there,
            serial.Serial(str(self.folder / "near"), 57600) as here,
        ):
            self.here.wait_for("s: is at 57600")
            here.write(b"data")
            there.timeout = GUARD
            self.assertEqual(there.read(4), b"data")
            self.assertEqual([_speed(there), _speed(here)], [1200, 57600])


def _speed(port: serial.Serial) -> int:
    return SPEEDS[termios.tcgetattr(port.fd)[5]]


class RoleTest(CallCase):
    """The far end is a client of RFC 2217 that is called."""

    def test_its_requests_act(self) -> None:
        far = Far(self)
        here = self.near(self.real(), f"to: ['127.0.0.1:{far.port}'], mode: rfc2217, telnet_role: server")
        client = far.accept()
        client.sendall(COM_PORT + BINARY + com_port(1, (19200).to_bytes(4, "big")) + b"data")
        here.wait_for("s: is at 19200 8N1 for")
        self.assertEqual(self.pty.read(4), b"data")
        self.assertEqual(speed_of(self.pty), 19200)
        said = b""
        while com_port(101, (19200).to_bytes(4, "big")) not in said:
            said += client.recv(99)
        client.close()
        here.wait_for("s: is at 9600 8N1")


class ChainTest(PairCase):
    """A calls nobody, B calls A, C calls B: what C sets goes through, once."""

    def gateways(self, middle: str) -> list[Program]:
        """Start A with the real port, B with one share or two, and C whose virtual port calls the last."""
        port = self.far(self.real(), NOTIFY)
        between = self.folder / "between"
        first = f"device: {{virtual: {between}}}, connect: {{to: ['127.0.0.1:{port}'], mode: rfc2217}}"
        devices = {"first": first, "second": f"device: {{port: {between}}}"}
        shares = "".join(
            f"  {name}: {{{words}, listen: [{{port: 0, mode: rfc2217}}]{NOTIFY}}}\n"
            for name, words in devices.items()
            if name == "first" or name == middle
        )
        folder = self.folder / "middle"
        folder.mkdir()
        between_them = Program(self, f"shares:\n{shares}", folder=folder)
        (to,) = between_them.ports(middle)
        between_them.wait_for("connected to call to")
        self.near(self.virtual(), f"to: ['127.0.0.1:{to}'], mode: rfc2217")
        self.here.wait_for("connected to call to")
        return [self.there, between_them, self.here]

    def test_settings_and_data_through_three_gateways(self) -> None:
        gateways = self.gateways("second")
        gateways[1].wait_for("second: opened port")
        with serial.Serial(str(self.link), 19200) as program:
            self.there.wait_for("s: is at 19200 8N1 for")
            self.exchange(program, self.pty)
            program.baudrate = 57600
            self.there.wait_for("s: is at 57600 8N1 for")
            self.exchange(program, self.pty)
        self.assertEqual(
            [gateway.log.count("is at 57600") for gateway in gateways], [1, 2, 1]
        )  # both shares of the second one

    def test_a_client_beside_a_call(self) -> None:
        """It is a client of the same port: its settings go through, its data goes to the programs there."""
        gateways = self.gateways("first")
        with serial.Serial(str(self.link), 19200) as program:
            self.there.wait_for("s: is at 19200 8N1 for")
            program.baudrate = 57600
            self.there.wait_for("s: is at 57600 8N1 for")
        self.assertEqual([gateway.log.count("is at 57600") for gateway in gateways], [1, 1, 1])

    def test_two_that_call_each_other(self) -> None:
        """What a program sets comes by both ways, and stops."""
        far = Far(self)
        far.listener.close()
        port = self.far(
            self.real(),
            f", connect: {{to: ['127.0.0.1:{far.port}'], mode: rfc2217, backoff: [100ms]}}, "
            "sharing: {send_to: first, control: anyone}",
        )
        self.near(
            self.virtual(),
            f"to: ['127.0.0.1:{port}'], mode: rfc2217",
            f", listen: [{{port: {far.port}, mode: rfc2217}}]{NOTIFY}",
        )
        self.there.wait_for("connected to call to")
        self.here.wait_for("connected to call to")
        with serial.Serial(str(self.link), 19200):
            self.there.wait_for("s: is at 19200 8N1")
        with serial.Serial(str(self.link), 57600):
            self.there.wait_for("s: is at 57600 8N1")
        self.assertEqual(self.there.log.count("s: is at 19200"), 1)
        self.assertEqual(self.here.log.count("s: is at 19200"), 1)


class LoginCase(CallCase):
    """A far side that asks who comes."""

    def far_with_users(self, mode: str) -> int:
        users = write_users(self.folder, USERS.replace(DEAR, HASH))
        return self.far(self.real(), ", users: true", mode=mode, head=f"users: {{file: {users}}}")

    def call(self, port: int, mode: str, password: str) -> Program:
        secret = self.folder / "far.secret"
        secret.touch(mode=0o600)
        secret.write_text(f"{password}\n")
        self.addCleanup(secret.unlink, missing_ok=True)
        return self.near(
            self.virtual(),
            f"to: ['127.0.0.1:{port}'], mode: {mode}, backoff: [200ms], "
            f"login: {{user: anna, password_file: {secret}}}",
        )


class LoginTest(LoginCase):
    def test_with_the_right_password(self) -> None:
        for mode in ("raw", "rfc2217"):
            here = self.call(self.far_with_users(mode), mode, CANARY)
            port = self.open()
            os.write(port, b"typed before")
            here.wait_for("connected to call to")
            self.there.wait_for(r"anna.* connected to|connected to 127")
            self.assertEqual(self.pty.read(12), b"typed before")
            self.pty.write(b"answer")
            self.assertEqual(receive_from(port, 6), b"answer")
            for gateway in (here, self.there):
                self.assertEqual(gateway.stop(), 0)
                self.assertNotIn(CANARY, gateway.log)
            up, _ = here.accounts("s")
            self.assertEqual(up["delivered"], 12)

    def test_with_a_wrong_password(self) -> None:
        for mode in ("raw", "rfc2217"):
            here = self.call(self.far_with_users(mode), mode, f"{CANARY}-wrong")
            port = self.open()
            os.write(port, b"not for a prompt")
            here.wait_for(r"cannot call 127\.0\.0\.1:\d+: it refused the login of anna; trying again")
            self.there.wait_for("anna")
            for gateway in (here, self.there):
                self.assertEqual(gateway.stop(), 0)
                self.assertNotIn(CANARY, gateway.log)
            up, _ = here.accounts("s")
            self.assertEqual((up["read"], up["delivered"]), (16, 0))
            self.assertTrue(self.pty.quiet())


def receive_from(descriptor: int, count: int) -> bytes:
    """Read exactly so many bytes."""
    data = b""
    while len(data) < count:
        data += os.read(descriptor, count - len(data))
    return data
