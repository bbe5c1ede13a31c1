"""Where the console listens: who finds its socket, who may have it, and what stands in the way."""

from __future__ import annotations

import os
import pwd
import re
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.console.doors import Doors, _Door
from smartserial.console.place import default_socket
from smartserial.console.seats import MOST_OPERATORS
from smartserial.console.session import PROMPT
from smartserial.errors import ConfigError
from smartserial.settings import Address, ConsoleSettings
from tests.consolestage import ConsoleStage

P = PROMPT.encode()
NOBODY = 65534


class PlaceTest(SynchronousTestCase):
    def place(self, uid: int, **environment: str) -> str:
        self.patch(os, "environ", environment)
        self.patch(os, "geteuid", lambda: uid)
        return str(default_socket())

    def test_table(self) -> None:
        for uid, environment, expected in (
            (0, {}, "/run/smartserial/console.sock"),
            (0, {"XDG_RUNTIME_DIR": "/run/user/0"}, "/run/smartserial/console.sock"),
            (0, {"RUNTIME_DIRECTORY": "/run/gateway"}, "/run/gateway/console.sock"),
            (7, {"RUNTIME_DIRECTORY": "/run/gateway"}, "/run/gateway/console.sock"),
            (7, {"RUNTIME_DIRECTORY": "/run/one:/run/two"}, "/run/one/console.sock"),
            (7, {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/smartserial.sock"),
            (7, {"XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/smartserial.sock"),
            (7, {"XDG_RUNTIME_DIR": ""}, "/tmp/smartserial-7/smartserial.sock"),
            (7, {}, "/tmp/smartserial-7/smartserial.sock"),
        ):
            self.assertEqual(self.place(uid, **environment), expected, (uid, environment))


class Typist(Protocol):
    """Types a line, and keeps what is shown until the connection ends."""

    def __init__(self, typed: bytes) -> None:
        self.typed = typed
        self.shown = b""
        self.ended: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(self.typed)

    def dataReceived(self, data: bytes) -> None:
        self.shown += data

    def connectionLost(self, reason: object = None) -> None:
        self.ended.callback(self.shown)


class DoorsCase(TestCase):
    """Doors in the test's own reactor."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "console.sock"
        self.stage = ConsoleStage(self)
        self.patch(os, "environ", {"RUNTIME_DIRECTORY": str(self.folder)})

    def doors(self, **settings: Any) -> Doors:
        doors = Doors(self.stage.desk, ConsoleSettings(**settings), reactor)
        self.addCleanup(doors.stopService)
        return doors

    def refused(self, words: str, **settings: Any) -> None:
        with self.assertRaises(ConfigError) as caught:
            self.doors(**settings).open()
        self.assertEqual(str(caught.exception), words)

    async def ask(self, typed: bytes, endpoint: str = "") -> bytes:
        """Type something and quit; return what is shown."""
        client = clientFromString(reactor, endpoint or f"unix:{self.path}")
        typist: Any = await client.connect(Factory.forProtocol(lambda: Typist(typed)))
        shown: bytes = await typist.ended
        return shown


class UnixTest(DoorsCase):
    def test_it_is_for_its_user_alone(self) -> None:
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        doors = self.doors(unix=self.path)
        self.assertEqual(doors.open(), [])
        self.assertEqual(doors.where, [str(self.path)])
        mode = self.path.lstat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(os.umask(0), 0)

    async def test_it_goes_with_the_gateway(self) -> None:
        doors = self.doors(unix=self.path)
        doors.open()
        await doors.stopService()
        self.assertFalse(self.path.exists())
        await doors.stopService()

    async def test_the_kernel_says_who(self) -> None:
        doors = self.doors(unix=self.path)
        doors.open()
        shown = await self.ask(b"take plc\nwho\nquit\n")
        who = rf"\S+ \(pid {os.getpid()}\)"
        self.assertRegex(shown.decode(), rf"(?m)^{who}  unix  change  yes\r$")
        self.assertRegex(self.stage.operated()[0], rf"^plc: {who} by unix: taken: clients only watch$")
        self.assertEqual(self.stage.desk.operators, {})
        await doors.stopService()

    async def test_a_user_without_a_name(self) -> None:
        def unknown(uid: int) -> None:
            raise KeyError(uid)

        self.patch(pwd, "getpwuid", unknown)
        doors = self.doors(unix=self.path)
        doors.open()
        shown = await self.ask(b'ctl ["text", "who"]\n')
        self.assertIn(f"uid {os.geteuid()} (pid {os.getpid()})", shown.decode())
        self.assertTrue(shown.endswith(b"\r\n=ok\r\n"), shown)
        await doors.stopService()

    def test_folders_are_made_for_this_user_alone(self) -> None:
        path = self.folder / "one" / "two" / "x.sock"
        self.doors(unix=path).open()
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_a_socket_that_a_dead_gateway_has_left(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path))
        self.doors(unix=self.path).open()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))

    def test_another_gateway(self) -> None:
        self.doors(unix=self.path).open()
        words = f"cannot open the console at {self.path}: another gateway has it"
        self.refused(words, unix=self.path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))  # it has it still

    def test_something_else_is_there(self) -> None:
        words = f"cannot open the console at {self.path}: it is there, and no socket"
        self.path.write_text("precious")
        self.refused(words, unix=self.path)
        self.assertEqual(self.path.read_text(), "precious")
        self.path.unlink()
        self.path.symlink_to(self.folder / "elsewhere")
        self.refused(words, unix=self.path)
        self.path.unlink()
        self.path.mkdir()
        self.refused(words, unix=self.path)

    def test_a_folder_that_cannot_be_made(self) -> None:
        file = self.folder / "file"
        file.write_text("")
        path = file / "x.sock"
        self.refused(f"cannot open the console at {path}: File exists", unix=path)
        path = file / "sub" / "x.sock"
        self.refused(f"cannot open the console at {path}: Not a directory", unix=path)

    def test_a_path_that_is_too_long(self) -> None:
        path = self.folder / ("x" * 300)
        self.refused(f"cannot open the console at {path}: File name too long", unix=path)

    def test_a_folder_of_somebody_else(self) -> None:
        folder = self.folder / "theirs"
        folder.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        else:
            self.patch(os, "geteuid", lambda: NOBODY)
        path = folder / "x.sock"
        self.refused(f"cannot open the console at {path}: the folder belongs to somebody else", unix=path)

    def test_so_many_and_no_more(self) -> None:
        door = _Door(self.stage.desk, reactor)
        protocols = [door.buildProtocol(None) for _ in range(MOST_OPERATORS)]
        self.assertNotIn(None, protocols)
        self.assertIsNone(door.buildProtocol(None))
        assert protocols[0] is not None
        protocols[0].connectionLost()
        self.assertIsNotNone(door.buildProtocol(None))
        self.assertIsNone(door.buildProtocol(None))

    async def test_who_has_gone_makes_room(self) -> None:
        doors = self.doors(unix=self.path)
        doors.open()
        for _ in range(MOST_OPERATORS + 2):
            self.assertIn(P, await self.ask(b"\nquit\n"))
        await doors.stopService()


class DefaultTest(DoorsCase):
    """The socket that is there if nothing else is said."""

    def test_it_is_there(self) -> None:
        doors = self.doors()
        self.assertEqual((doors.open(), doors.where), ([], [str(self.path)]))

    def test_it_is_not(self) -> None:
        doors = self.doors(default=False)
        self.assertEqual((doors.open(), doors.where), ([], []))
        self.assertFalse(self.path.exists())

    def test_without_it_the_gateway_serves_all_the_same(self) -> None:
        self.doors().open()
        second = self.doors()
        warning = f"cannot open the console at {self.path}: another gateway has it"
        self.assertEqual((second.open(), second.where), ([warning], []))

    def test_another_place_instead(self) -> None:
        path = self.folder / "other.sock"
        doors = self.doors(default=False, unix=path)
        doors.open()
        self.assertEqual(doors.where, [str(path)])
        self.assertFalse(self.path.exists())


class TelnetTest(DoorsCase):
    async def test_both(self) -> None:
        doors = self.doors(telnet=Address("127.0.0.1", 0))
        self.assertEqual(doors.open(), [])
        telnet, unix = doors.where
        self.assertEqual(unix, str(self.path))
        match = re.fullmatch(r"telnet 127\.0\.0\.1:(\d+)", telnet)
        assert match is not None
        shown = await self.ask(b"take plc\r\nwho\r\nquit\r\n", f"tcp:127.0.0.1:{match[1]}")
        self.assertIn(b"take: this console may only look\r\n", shown)
        self.assertRegex(shown.decode("latin-1"), r"(?m)^127\.0\.0\.1:\d+  telnet  look  yes\r$")
        await doors.stopService()

    async def test_insecure(self) -> None:
        doors = self.doors(default=False, telnet=Address("127.0.0.1", 0), insecure=True)
        doors.open()
        number = doors.where[0].rpartition(":")[2]
        await self.ask(b"take plc\nquit\n", f"tcp:127.0.0.1:{number}")
        self.assertTrue(self.stage.share().ports.desk.seized)
        await doors.stopService()

    def test_a_port_that_somebody_has(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            number = other.getsockname()[1]
            words = f"cannot open the console on 127.0.0.1:{number}: Address already in use"
            self.refused(words, default=False, telnet=Address("127.0.0.1", number))
