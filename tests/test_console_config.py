"""The console's doors in a configuration file."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import WARNING
from smartserial.settings import Address, ConsoleSettings

from .configs import Row, console, differences, judged, listen

PORT = "expected a port from 0 to 65535, or HOST:PORT, found "
HOST_PORT = "expected HOST:PORT, found "
SOCKET = "expected the path of a socket, or false, found "
ACTS = "cannot act: it is for `telnet`, and the socket is this user's own"

GOOD: list[tuple[str, ConsoleSettings]] = [
    ("{}", ConsoleSettings()),
    ("{unix: null, telnet: null}", ConsoleSettings()),
    ("{unix: false}", ConsoleSettings(default=False)),
    ("{unix: x}", ConsoleSettings(default=False, unix=Path("/base/x"))),
    ("{unix: /run/x}", ConsoleSettings(default=False, unix=Path("/run/x"))),
    ("{telnet: 0}", ConsoleSettings(telnet=Address("127.0.0.1", 0))),
    ("{telnet: 65535}", ConsoleSettings(telnet=Address("127.0.0.1", 65535))),
    ('{telnet: "localhost:23"}', ConsoleSettings(telnet=Address("127.0.0.1", 23))),
    ('{telnet: "[::1]:23"}', ConsoleSettings(telnet=Address("::1", 23))),
    (
        '{telnet: "any:23", insecure: true, unix: false}',
        ConsoleSettings(default=False, telnet=Address("0.0.0.0", 23), insecure=True),
    ),
]

WRONG: list[Row] = [
    (console("3"), [("1:10 CF03 console", "expected a mapping, found 3")]),
    (console("{unx: 1}"), [("1:11 CF02 console.unx", "unknown key (did you mean unix?)")]),
    (console("{unix: true}"), [("1:17 CF03 console.unix", f"{SOCKET}true")]),
    (console("{unix: 3}"), [("1:17 CF03 console.unix", f"{SOCKET}3")]),
    (console("{unix: ''}"), [("1:17 CF03 console.unix", f"{SOCKET}''")]),
    (console('{unix: "a\\0"}'), [("1:17 CF03 console.unix", SOCKET)]),
    (console("{telnet: x}"), [("1:19 CF03 console.telnet", f"{HOST_PORT}'x'")]),
    (console("{telnet: '23'}"), [("1:19 CF03 console.telnet", f"{PORT}'23'")]),
    (console("{telnet: true}"), [("1:19 CF03 console.telnet", f"{PORT}true")]),
    (console("{telnet: -1}"), [("1:19 CF03 console.telnet", f"{PORT}-1")]),
    (console("{telnet: 65536}"), [("1:19 CF03 console.telnet", f"{PORT}65536")]),
    (console("{telnet: 1.5}"), [("1:19 CF03 console.telnet", f"{PORT}1.5")]),
    (console("{telnet: [23]}"), [("1:19 CF03 console.telnet", f"{PORT}a list")]),
    (
        console('{telnet: "example.org:23"}'),
        [("1:19 CF03 console.telnet", "expected an address of this machine, localhost or any")],
    ),
    (
        console("{telnet: 23, insecure: 1}"),
        [("1:33 CF03 console.insecure", "expected true or false, found 1")],
    ),
]


class ConsoleConfigTest(SynchronousTestCase):
    maxDiff = None

    def test_good(self) -> None:
        for values, expected in GOOD:
            settings, findings = judged(console(values))
            assert settings is not None, values
            self.assertEqual((settings.console, findings), (expected, []), values)

    def test_without_a_word(self) -> None:
        settings, _ = judged(listen("{port: 1}"))
        assert settings is not None
        self.assertEqual(settings.console, ConsoleSettings())

    def test_wrong(self) -> None:
        self.assertEqual(differences(WRONG), "")

    def test_insecure_without_telnet_is_a_warning(self) -> None:
        for values in (
            "{insecure: true}",
            "{insecure: true, unix: /run/x}",
            "{insecure: true, telnet: null}",
        ):
            settings, (finding,) = judged(console(values))
            self.assertIsNotNone(settings)
            self.assertEqual((finding.code, finding.severity, finding.message), ("CF08", WARNING, ACTS))
            self.assertEqual((finding.line, finding.column), (1, 11))

    def test_a_wrong_address_makes_one_finding(self) -> None:
        """Nothing is said about what could act with another."""
        _, findings = judged(console("{telnet: x, insecure: true}"))
        self.assertEqual([finding.code for finding in findings], ["CF03"])
