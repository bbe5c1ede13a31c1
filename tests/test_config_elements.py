"""Elements in a configuration: what their keys come to, with what their definitions say."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

from smartserial import config
from smartserial.config import elementplan
from smartserial.config.judge import judge
from smartserial.config.source import Source, parse_source
from smartserial.findings import ERROR
from smartserial.lines import Flow, LineSettings, Parity
from smartserial.settings import (
    PROBING,
    ConnectionSettings,
    DeviceCarrier,
    ElementSettings,
    GatewaySettings,
    Keepalive,
    LoopDevice,
    NetworkCarrier,
    PortDevice,
    RecordFile,
    Rfc2217Device,
    Role,
    ShareCarrier,
    SimDevice,
    Start,
    TlsSettings,
    Transport,
)
from smartserial.sharing.access import parse_network

from .configs import judged, mutated
from .elementconfigs import ElementCase, connection, element

COMPLETE = """\
protocol_paths: [site/]
state: run/state.sqlite
audit: {file: audit.jsonl, size: 2MiB, keep: 9}
tls:
  site: {certificate: cert.pem, key: key.pem, authorities: /etc/ca.pem}
  far: {hostname: mast.example, verify: false}
shares:
  plc: {device: {loop: true}, listen: [{port: 7100}], sharing: {arbitrate: message}}
elements:
  mast-roof:
    protocol: acme-site@1.0.0.1
    start: paused
    strict: true
    code_page: cp1250
    timeout: 20s
    trace: {file: mast.jsonl, size: 1MiB, keep: 5}
    connections:
      0:
        type: tcp
        host: any
        port: 7001
        role: server
        tls: site
        allow_list: true
        allowed_addresses: [10.0.0.1, 10.0.1.0/24]
        timeout: 2s
        retries: 5
        max_clients: 4
        keepalive: {every: 5s, retry: 2s, count: 3}
        on_bind_error: retry
  python:
    protocol: ./mast.py
    options: {station: 7, name_of_it: x}
    trace: python.jsonl
    connections:
      0: {host: 127.0.0.1, port: 7004, allowed_addresses: [127.0.0.2], keepalive: false, insecure: false}
  four:
    protocol: ./four.xml
    start: stopped
    connections:
      0: {type: udp, host: 10.0.0.9, port: 7001}
      1: {device: {port: /dev/ttyS1, baudrate: 4800, flow: none}, bus_address: 12}
  shared:
    protocol: ./bare.xml
    connections: {0: {share: plc}}
  client:
    protocol: ./bare.xml
    connections: {0: {host: mast.example, port: 7002, tls: far}}
  over:
    protocol: ./over.xml
    connections: {0: {host: 127.0.0.1, port: 9, local_port: 4001, tls: true}}
"""
NETWORK = NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 7001)


def complete_elements(folder: Path, settings: GatewaySettings) -> tuple[ElementSettings, ...]:
    """What `COMPLETE` means, when it stands in `folder`; definitions are those that were read."""
    read = {one.name: one.definition for one in settings.elements}
    site = TlsSettings(folder / "cert.pem", folder / "key.pem", Path("/etc/ca.pem"))

    def one(name: str, protocol: str, *connections: ConnectionSettings, **more: Any) -> ElementSettings:
        return ElementSettings(name, protocol, read[name], connections, **more)

    return (
        one(
            "mast-roof",
            "acme-site@1.0.0.1",
            ConnectionSettings(
                0,
                NetworkCarrier(
                    Transport.TCP,
                    Role.SERVER,
                    "0.0.0.0",
                    7001,
                    tls=site,
                    keepalive=Keepalive(5.0, 2.0, 3),
                    retry_bind=True,
                ),
                timeout=2.0,
                retries=5,
                allowed=(parse_network("10.0.0.1"), parse_network("10.0.1.0/24")),
                max_clients=4,
            ),
            start=Start.PAUSED,
            strict=True,
            code_page="cp1250",
            element_timeout=20.0,
            trace=RecordFile(folder / "mast.jsonl", 1024 * 1024, 5),
        ),
        one(
            "python",
            "./mast.py",
            ConnectionSettings(
                0,
                NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 7004, keepalive=None),
                allowed=(parse_network("127.0.0.2"),),
            ),
            options=(("name_of_it", "x"), ("station", 7)),
            trace=RecordFile(folder / "python.jsonl"),
        ),
        one(
            "four",
            "./four.xml",
            ConnectionSettings(0, NetworkCarrier(Transport.UDP, Role.CLIENT, "10.0.0.9", 7001)),
            ConnectionSettings(
                1,
                DeviceCarrier(PortDevice("/dev/ttyS1", LineSettings(4800, parity=Parity.EVEN))),
                timeout=0.8,
                retries=1,
                bus_address="12",
            ),
            start=Start.STOPPED,
        ),
        one("shared", "./bare.xml", ConnectionSettings(0, ShareCarrier("plc"))),
        one(
            "client",
            "./bare.xml",
            ConnectionSettings(
                0,
                NetworkCarrier(
                    Transport.TCP,
                    Role.CLIENT,
                    "mast.example",
                    7002,
                    tls=TlsSettings(verify=False, hostname="mast.example"),
                    single=True,
                ),
            ),
        ),
        one(
            "over",
            "./over.xml",
            ConnectionSettings(
                0,
                NetworkCarrier(
                    Transport.TCP, Role.CLIENT, "127.0.0.1", 9, tls=TlsSettings(), local_port=4001
                ),
            ),
        ),
    )


class CompleteTest(ElementCase):
    def test_exact_settings(self) -> None:
        settings, findings = judged(COMPLETE, self.folder)
        self.assertEqual([str(finding) for finding in findings], [])
        assert settings is not None
        for found, expected in zip(settings.elements, complete_elements(self.folder, settings), strict=True):
            self.assertEqual(found, expected)
        self.assertEqual(settings.state, self.folder / "run/state.sqlite")
        self.assertEqual(settings.protocol_paths, (self.folder / "site",))
        self.assertEqual(settings.audit, RecordFile(self.folder / "audit.jsonl", 2 * 1024 * 1024, 9))

    def test_reading_it_again_gives_equal_settings(self) -> None:
        self.assertEqual(self.settings(COMPLETE), self.settings(COMPLETE))

    def test_a_definition_that_changed_is_seen(self) -> None:
        path = self.folder / "changing.xml"
        path.write_text((self.folder / "smart.xml").read_text())
        before = self.settings(element(protocol="changing"))
        path.write_text(path.read_text().replace("1.0.0.1", "1.0.0.2"))
        self.assertNotEqual(self.settings(element(protocol="changing")), before)

    def test_options_reach_a_definition_and_its_reactions(self) -> None:
        found = self.settings(COMPLETE).elements[1]
        self.assertEqual(found.definition.name, "Mast 7")
        (reaction,) = found.reactions()
        self.assertIsNot(found.reactions()[0].call, reaction.call)  # each start has its own
        self.assertEqual(reaction.plugin, "acme-mast@1.0.0.1")

    def test_files_have_no_reactions(self) -> None:
        self.assertEqual(list(self.settings(COMPLETE).elements[0].reactions()), [])


class DefaultsTest(ElementCase):
    def test_an_element_without_connections_has_those_of_its_definition(self) -> None:
        found = self.element(element())
        self.assertEqual(found.connections, (ConnectionSettings(0, NETWORK),))
        self.assertEqual((found.start, found.element_timeout), (Start.ACTIVE, None))

    def test_where_a_connection_is_by_default(self) -> None:
        for values, protocol, expected in (
            ("", "smart", NETWORK),
            ("port: 9", "bare", NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 9, single=True)),
            ("", "udp", NetworkCarrier(Transport.UDP, Role.SERVER, "127.0.0.1", 7001)),
            ("host: '::1'", "smart", NetworkCarrier(Transport.TCP, Role.SERVER, "::1", 7001)),
            ("host: localhost", "smart", NETWORK),
            ("host: 127.0.0.2", "smart", NetworkCarrier(Transport.TCP, Role.CLIENT, "127.0.0.2", 7001)),
            ("host: h, role: client", "smart", NetworkCarrier(Transport.TCP, Role.CLIENT, "h", 7001)),
            (
                "host: 127.0.0.1, role: client",
                "smart",
                NetworkCarrier(Transport.TCP, Role.CLIENT, "127.0.0.1", 7001),
            ),
            (
                "host: ANY, insecure: true",
                "smart",
                NetworkCarrier(Transport.TCP, Role.SERVER, "0.0.0.0", 7001),
            ),
            ("port: 0", "smart", NetworkCarrier(Transport.TCP, Role.SERVER, "127.0.0.1", 0)),
            (
                "host: 127.0.0.1, port: 9",
                "line",
                NetworkCarrier(Transport.TCP, Role.CLIENT, "127.0.0.1", 9, local_port=4000),
            ),
        ):
            found = self.connection(connection(values, protocol)).carrier
            self.assertEqual(found, expected, values)

    def test_an_address_of_this_machine(self) -> None:
        self.patch(elementplan, "is_own", lambda host: host == "192.0.2.1")
        for host, role in (("192.0.2.1", Role.SERVER), ("192.0.2.2", Role.CLIENT)):
            carrier = self.connection(connection(f"host: {host}, insecure: true")).carrier
            assert isinstance(carrier, NetworkCarrier)
            self.assertEqual((carrier.role, carrier.host), (role, host))
            self.assertIn(host, carrier.why)

    def test_line_settings(self) -> None:
        """What is said, else what the definition says, else what is usual."""
        for values, protocol, expected in (
            ("port: x", "line", LineSettings(9600, parity=Parity.EVEN, flow=Flow.RTSCTS)),
            ("port: x, flow: none", "line", LineSettings(9600, parity=Parity.EVEN)),
            ("port: x, line: 4800", "line", LineSettings(4800, parity=Parity.EVEN, flow=Flow.RTSCTS)),
            ("port: x, line: 4800 8E1, flow: none", "line", LineSettings(4800, parity=Parity.EVEN)),
            (
                "port: x, baudrate: 300, bytesize: 5, stopbits: 1.5",
                "smart",
                LineSettings(300, 5, stopbits=1.5),
            ),
            ("port: x", "smart", LineSettings()),
        ):
            carrier = self.connection(connection(f"device: {{{values}}}", protocol)).carrier
            assert isinstance(carrier, DeviceCarrier)
            self.assertEqual(carrier.device, PortDevice("x", expected), values)

    def test_other_devices(self) -> None:
        for values, protocol, expected in (
            ("{loop: true}", "line", LoopDevice()),
            ("{rfc2217: h:1}", "smart", Rfc2217Device("h", 1)),
            (
                "{rfc2217: h:1}",
                "line",
                Rfc2217Device("h", 1, LineSettings(parity=Parity.EVEN, flow=Flow.RTSCTS)),
            ),
        ):
            carrier = self.connection(connection(f"device: {values}", protocol)).carrier
            assert isinstance(carrier, DeviceCarrier)
            self.assertEqual(carrier.device, expected)
        carrier = self.connection(connection("device: {sim: scpi-meter}")).carrier
        assert isinstance(carrier, DeviceCarrier)
        self.assertIsInstance(carrier.device, SimDevice)

    def test_timeout_retries_and_bus_address(self) -> None:
        for values, protocol, expected in (
            ("", "smart", (1.5, 3, "")),
            ("timeout: 10s, retries: 0", "smart", (10.0, 0, "")),
            ("device: {loop: true}", "line", (0.8, 1, "1")),
            ("device: {loop: true}, timeout: 50ms, bus_address: 17", "line", (0.05, 1, "17")),
        ):
            found = self.connection(connection(values, protocol))
            self.assertEqual((found.timeout, found.retries, found.bus_address), expected, values)

    def test_the_smaller_number_of_clients_counts(self) -> None:
        for values, protocol, expected in (
            ("", "smart", None),
            ("max_clients: 3", "smart", 3),
            ("", "events", 2),
            ("max_clients: 1", "events", 1),
            ("host: h", "events", None),
            ("type: udp", "events", None),
        ):
            self.assertEqual(self.connection(connection(values, protocol)).max_clients, expected, values)

    def test_encryption_by_default(self) -> None:
        for values, expected in (
            ("host: h", TlsSettings()),
            ("host: h, tls: true", TlsSettings()),
            ("host: h, tls: false", None),
            ("type: udp", None),
            ("device: {loop: true}", None),
        ):
            carrier = self.connection(connection(values, "tls")).carrier
            self.assertEqual(getattr(carrier, "tls", None), expected, values)

    def test_keepalive(self) -> None:
        for values, expected in (
            ("", PROBING),
            ("keepalive: true", PROBING),
            ("keepalive: {count: 2}", Keepalive(1.0, 1.0, 2)),
            ("keepalive: false", None),
        ):
            carrier = self.connection(connection(values)).carrier
            assert isinstance(carrier, NetworkCarrier)
            self.assertEqual(carrier.keepalive, expected)

    def test_where_saved_params_are_kept(self) -> None:
        for given, text, expected in (
            (None, element(), None),
            ("/var/lib/x", element(), Path("/var/lib/x/state.sqlite")),
            ("/var/lib/x:/var/lib/y", element(), Path("/var/lib/x/state.sqlite")),
            ("/var/lib/x", "state: s.sqlite\n" + element(), self.folder / "s.sqlite"),
            ("", element(), None),
            ("/var/lib/x", "shares: {a: {device: {loop: true}, listen: [{port: 0}]}}", None),
        ):
            environment = {k: v for k, v in os.environ.items() if k != "STATE_DIRECTORY"}
            self.patch(os, "environ", environment | ({} if given is None else {"STATE_DIRECTORY": given}))
            self.assertEqual(self.settings(text).state, expected, given)

    def test_protocols_by_path_are_relative_to_the_file(self) -> None:
        for name in ("smart.xml", "./smart.xml", "site/../smart.xml", str(self.folder / "smart.xml")):
            self.assertEqual(self.element(f"elements: {{e: {{protocol: {name}}}}}").protocol, name)

    def test_a_protocol_of_the_package(self) -> None:
        self.assertEqual(self.element("elements: {e: {protocol: dsmr-p1}}").definition.name, "DSMR P1 meter")


class MutilatedTest(ElementCase):
    def test_a_file_that_was_mutilated(self) -> None:
        """Whatever becomes of a good file: findings, or settings, and never an exception."""
        loaded = 0
        path = self.folder / "gateway.yaml"
        for seed in range(200):
            path.write_bytes(mutated(COMPLETE, Random(seed)))
            findings = config.check(path)
            if not any(finding.severity == ERROR for finding in findings):
                self.assertEqual(config.load(path)[1], findings)
                loaded += 1
        self.assertTrue(0 < loaded < 200, "mutations that always or never matter show nothing")

    def test_any_kind_in_the_place_of_each_value(self) -> None:
        """There is a finding at least where a list stands that nobody expects."""
        values = parse_source("x", COMPLETE.encode()).values

        def places(value: Any, place: tuple[Any, ...]) -> list[tuple[Any, ...]]:
            inside = value.items() if isinstance(value, dict) else ()
            return [place, *(one for key, part in inside for one in places(part, (*place, key)))]

        for place in places(values, ())[1:]:
            for wrong in (3, [[]], {"x": {"y": 1}}):
                changed = deepcopy(values)
                at = changed
                for part in place[:-1]:
                    at = at[part]
                at[place[-1]] = wrong
                settings, findings = judge(Source("x", changed), self.folder)
                if wrong == [[]]:
                    self.assertIsNone(settings, place)
                    self.assertTrue(findings)


class SchemaTest(ElementCase):
    def setUp(self) -> None:
        self.validator = Draft202012Validator(config.schema())

    def _errors(self, text: str) -> list[str]:
        values = parse_source("test.yaml", text.encode()).values
        return [error.message for error in self.validator.iter_errors(values)]

    def test_good_files_fit(self) -> None:
        for text in (COMPLETE, element(), connection("share: a"), connection("bus_address: 7, tls: true")):
            self.assertEqual(self._errors(text), [], text)

    def test_wrong_files_do_not_fit(self) -> None:
        for text in (
            "elements: {}",
            "tls: {}",
            "elements: {e: {}}",
            element("conections: {}"),
            element("connections: {one: {}}"),
            element("connections: {'01': {}}"),
            element("start: now"),
            element("timeout: 5"),
            element("trace: 3"),
            element("options: {a: [1]}"),
            connection("hots: any"),
            connection("type: serial"),
            connection("tls: 3"),
            connection("allowed_addresses: 10.0.0.1"),
            connection("device: {lop: true}"),
            "tls: {site: {cert: x}}\n" + element(),
        ):
            self.assertNotEqual(self._errors(text), [], text)
