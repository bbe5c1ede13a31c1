"""One element from the words of a command line, and the options of `twistd smartserial` for it."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smartserial import tap
from smartserial.catalog import Catalog
from smartserial.catalog.listed import LISTED
from smartserial.config.elementflags import name_of, one_element
from smartserial.config.findings import FindingsError
from smartserial.errors import ConfigError
from smartserial.lines import LineSettings, Parity
from smartserial.settings import (
    Address,
    ConnectionSettings,
    ConsoleSettings,
    DeviceCarrier,
    GatewaySettings,
    LoopDevice,
    NetworkCarrier,
    PortDevice,
    Role,
    TcpDevice,
    TlsSettings,
    Transport,
    VirtualDevice,
)
from smartserial.sharing.access import parse_network

from .elementconfigs import ElementCase

TCP, UDP, SERVER, CLIENT = Transport.TCP, Transport.UDP, Role.SERVER, Role.CLIENT

CONNECTIONS: list[tuple[str, str, ConnectionSettings]] = [
    (
        "smart",
        "0=tcp:any:7001,insecure=true",
        ConnectionSettings(0, NetworkCarrier(TCP, SERVER, "0.0.0.0", 7001)),
    ),
    ("smart", "0=tcp:127.0.0.1", ConnectionSettings(0, NetworkCarrier(TCP, SERVER, "127.0.0.1", 7001))),
    ("smart", "0=tcp:[::1]:9", ConnectionSettings(0, NetworkCarrier(TCP, SERVER, "::1", 9))),
    (
        "smart",
        "0=tcp:h:9,tls=true",
        ConnectionSettings(0, NetworkCarrier(TCP, CLIENT, "h", 9, tls=TlsSettings())),
    ),
    ("smart", "0=udp:10.0.0.9:9", ConnectionSettings(0, NetworkCarrier(UDP, CLIENT, "10.0.0.9", 9))),
    (
        "smart",
        "0=tcp:127.0.0.1:9,role=client,timeout=2s,retries=0",
        ConnectionSettings(0, NetworkCarrier(TCP, CLIENT, "127.0.0.1", 9), 2.0, 0),
    ),
    (
        "listed",
        "0=tcp:127.0.0.1:9,allowed_addresses=10.0.0.1,allowed_addresses=10.1.0.0/16",
        ConnectionSettings(
            0,
            NetworkCarrier(TCP, SERVER, "127.0.0.1", 9),
            allowed=(parse_network("10.0.0.1"), parse_network("10.1.0.0/16")),
        ),
    ),
    (
        "smart",
        "0=serial:/dev/ttyS1:baudrate=4800",
        ConnectionSettings(0, DeviceCarrier(PortDevice("/dev/ttyS1", LineSettings(4800)))),
    ),
    (
        "smart",
        "0=serial:ttyS1:line=4800,8E1,timeout=1s",
        ConnectionSettings(
            0, DeviceCarrier(PortDevice("ttyS1", LineSettings(4800, parity=Parity.EVEN))), 1.0
        ),
    ),
    ("smart", "0=pty:/run/x", ConnectionSettings(0, DeviceCarrier(VirtualDevice(Path("/run/x"))))),
    ("smart", "0=loop:", ConnectionSettings(0, DeviceCarrier(LoopDevice()))),
    (
        "line",
        "0=loop:,bus_address=12",
        ConnectionSettings(0, DeviceCarrier(LoopDevice()), 0.8, 1, "12"),
    ),
]
WRONG: list[tuple[str, list[str], list[str], str]] = [
    ("none", [], [], "CF10 error: --protocol: "),
    ("smart", ["x"], [], "CF03 error: --connection: expected N=tcp:HOST:PORT, N=udp:HOST:PORT or N=DEVICE"),
    ("smart", ["tcp:any:1"], [], "CF03 error: --connection: expected N="),
    ("smart", ["0=tcp:"], [], "CF03 error: --connection 0: expected tcp:HOST:PORT, found 'tcp:'"),
    ("smart", ["0=tcp:h:x"], [], "CF03 error: --connection 0 port: expected an integer, found 'x'"),
    ("smart", ["0=tcp:h:1:2"], [], "CF03 error: --connection 0: expected tcp:HOST:PORT"),
    ("smart", ["0=tcp:h:1,prt=2"], [], "CF02 error: --connection 0 prt: unknown key (did you mean port?)"),
    ("smart", ["0=tcp:h:1,port=2"], [], "CF05 error: --connection 0 port: this is said twice"),
    ("smart", ["0=loop:", "0=loop:"], [], "CF05 error: --connection 0: this is said twice"),
    ("smart", ["0=share:plc"], [], "CF03 error: --connection 0: expected a network address or a device"),
    ("smart", ["0=serail:x"], [], "CF03 error: --connection 0: unknown kind 'serail' (did you mean serial?)"),
    ("smart", ["0=serial:x:baudrat=1"], [], "CF02 error: --connection 0 baudrat: unknown key (did you mean"),
    ("smart", ["3=loop:"], [], "CF12 error: --connection 3: the definition has no connection 3 (there is 0)"),
    (
        "smart",
        ["0=tcp:any:1"],
        [],
        "--connection 0 host: 0.0.0.0 is open to other machines, without password",
    ),
    ("smart", ["0=tcp:any:1"], [], "(add `insecure=true` if that is meant)"),
    ("smart", ["0=tcp:127.0.0.1,allowed_addresses=10.0.0.1"], [], "(add `allow_list=true`, or Allowed"),
    ("smart", ["0=tcp:h,tls=site"], [], "CF14 error: --connection 0 tls: `tls` has no site"),
    ("ranged", ["0=tcp:127.0.0.1:9"], [], "CF13 error: --connection 0 port: expected 7000 to 7009"),
    ("line", [], [], "CF04 error: --protocol: expected `device`, or `type`, `host` and `port`"),
    ("smart", [], ["x"], "CF03 error: --protocol-option: expected KEY=VALUE, found 'x'"),
    ("smart", [], ["x=1"], "CF11 error: --protocol-option x: there is no option 'x'"),
    ("smart", [], ["x=1", "x=2"], "CF05 error: --protocol-option x: this is said twice"),
]


class FlagsTest(ElementCase):
    def _path(self, name: str) -> str:
        return str(self.folder / f"{name}.xml")

    def _refused(self, *args: Any, **options: Any) -> str:
        with self.assertRaises(FindingsError) as caught:
            one_element(*args, **options)
        for finding in caught.exception.findings:
            self.assertIn(finding.file, ("twistd smartserial", self._path("none")))
        return str(caught.exception)

    def test_connections(self) -> None:
        for protocol, text, expected in CONNECTIONS:
            settings, findings = one_element(self._path(protocol), [text])
            self.assertEqual(findings, [], text)
            (element,) = settings.elements
            self.assertEqual((element.name, element.connections), (protocol, (expected,)), text)

    def test_wrong_flags(self) -> None:
        for protocol, connections, options, words in WRONG:
            self.assertIn(words, self._refused(self._path(protocol), connections, options), words)

    def test_everything_wrong_at_once(self) -> None:
        text = self._refused(self._path("ranged"), ["0=tcp:any:9,retries=x", "7=loop:"], ["x=1"])
        for words in ("--connection 0 retries", "--connection 0 host", "--connection 0 port", "-option x"):
            self.assertIn(words, text)

    def test_without_a_connection_the_definition_counts(self) -> None:
        settings, findings = one_element(self._path("smart"))
        carrier = NetworkCarrier(TCP, SERVER, "127.0.0.1", 7001)
        self.assertEqual(settings.elements[0].connections, (ConnectionSettings(0, carrier),))
        self.assertEqual((settings.shares, settings.console, findings), ((), ConsoleSettings(), []))

    def test_options_have_the_types_of_the_protocol(self) -> None:
        settings, _ = one_element(str(self.folder / "mast.py"), [], ["station=7", "name_of_it=a=b"])
        (element,) = settings.elements
        self.assertEqual(element.definition.name, "Mast 7")
        self.assertEqual(
            (element.name, dict(element.options)), ("acme-mast", {"station": "7", "name_of_it": "a=b"})
        )

    def test_names(self) -> None:
        for text, expected in (
            ("dsmr-p1", "dsmr-p1"),
            ("dsmr-p1@1.0.0.1", "dsmr-p1"),
            (self._path("smart"), "smart"),
            ("/nowhere/My Mast@2.xml", "My-Mast"),
            ("/nowhere/---.xml", "element"),
            ("no-such@1.0.0.1", "no-such"),
            ("", "element"),
        ):
            self.assertEqual(name_of(text), expected, text)

    def test_console(self) -> None:
        settings, _ = one_element(self._path("smart"), console="2323")
        self.assertEqual(settings.console, ConsoleSettings(telnet=Address("127.0.0.1", 2323)))
        self.assertIn("--console: 0.0.0.0 is open", self._refused(self._path("smart"), console="any:2323"))
        settings, _ = one_element(self._path("smart"), console="any:2323", insecure=True)
        self.assertTrue(settings.console.insecure)

    def test_devices_are_those_of_a_share(self) -> None:
        """With the same words: `tcp:` alone is the network in another place."""
        settings, _ = one_element(self._path("smart"), ["0=rfc2217:h:1"])
        self.assertNotIsInstance(settings.elements[0].connections[0].carrier, NetworkCarrier)
        settings, _ = one_element(self._path("smart"), ["0=tcp:h:1"])
        carrier = settings.elements[0].connections[0].carrier
        self.assertNotEqual(carrier, DeviceCarrier(TcpDevice("h", 1)))

    @settings(max_examples=60)
    @given(st.text(alphabet="01=tcp:serial,[]²٣.-/ \n", max_size=20), st.text(alphabet="a=1 ", max_size=5))
    def test_any_words(self, text: str, option: str) -> None:
        """Whatever is written, there are settings or findings."""
        for connection in (text, f"0={text}", f"0=tcp:{text}", f"0=tcp:h,{text}", f"0=loop:,{text}"):
            try:
                found, _ = one_element(self._path("smart"), [connection], [option] if option else [])
            except FindingsError as error:
                self.assertTrue(error.findings)
            else:
                self.assertEqual(len(found.elements), 1)


class OptionsTest(ElementCase):
    def _settings(self, *words: str) -> GatewaySettings:
        options = tap.Options()
        options.parseOptions(list(words))
        return options.settings()[0]

    def _refused(self, *words: str) -> str:
        with self.assertRaises(ConfigError) as caught:
            self._settings(*words)
        return str(caught.exception)

    def test_an_element(self) -> None:
        path = str(self.folder / "four.xml")
        words = [
            "--protocol",
            path,
            "--connection",
            "0=udp:127.0.0.1:9",
            "--connection=1=loop:",
            "--console=0",
        ]
        settings = self._settings(*words)
        self.assertEqual(settings, one_element(path, ["0=udp:127.0.0.1:9", "1=loop:"], console="0")[0])

    def test_options_of_the_protocol(self) -> None:
        words = ("--protocol-option", "station=7", "--protocol-option", "name_of_it=x")
        settings = self._settings("-p", str(self.folder / "mast.py"), *words)
        self.assertEqual(settings.elements[0].options, (("name_of_it", "x"), ("station", "7")))

    def test_a_relative_path(self) -> None:
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(self.folder)
        for path in ("smart.xml", "./smart.xml"):
            self.assertEqual(self._settings("--protocol", path).elements[0].name, "smart")

    def test_what_excludes_each_other(self) -> None:
        protocol = ("--protocol", str(self.folder / "smart.xml"))
        for words, expected in (
            ((*protocol, "--config", "demo"), "--config excludes the other options"),
            (("--connection", "0=loop:", "--config", "demo"), "--config excludes the other options"),
            (("--protocol-option", "a=b", "--config", "demo"), "--config excludes the other options"),
            (
                (*protocol, "--device", "loop:"),
                "--protocol excludes --device, --listen, --connect and their options",
            ),
            ((*protocol, "--listen", "1"), "--protocol excludes --device"),
            ((*protocol, "--mode", "rfc2217"), "--protocol excludes --device"),
            ((*protocol, "--max-clients", "1"), "--protocol excludes --device"),
            ((*protocol, "--insecure"), "expected insecure=true in --connection, not --insecure"),
            (("--connection", "0=loop:"), "expected --protocol beside --connection"),
            (("--protocol-option", "a=b"), "expected --protocol beside"),
            ((), "expected --config FILE, --device with --listen or --connect, or --protocol; see --help"),
        ):
            self.assertIn(expected, self._refused(*words), words)

    def test_a_list_of_protocols(self) -> None:
        self.patch(sys, "stdout", StringIO())
        with self.assertRaises(SystemExit) as caught:
            tap.Options().parseOptions(["--list-protocols"])
        self.assertEqual(caught.exception.code, 0)
        self.assertEqual(sys.stdout.getvalue(), LISTED["text"](Catalog().listing()) + "\n")  # type: ignore[attr-defined]

    def test_help_tells_of_them(self) -> None:
        text = str(tap.Options())
        for flag in ("--protocol=", "--connection=", "--protocol-option=", "--list-protocols"):
            self.assertIn(flag, text)
