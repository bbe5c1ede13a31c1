"""What no single key of an element can tell: each rule where it fails, and where it has nothing to say."""

from __future__ import annotations

import os
import sys

from smartserial.config.elementaddresses import ADDRESS_RULES
from smartserial.config.elementrules import ELEMENT_RULES
from smartserial.config.findings import CODES
from smartserial.findings import ERROR, WARNING

from .configs import Row, differences, in_short, judged
from .elementconfigs import ElementCase, connection, element
from .test_config_rules import Examples
from .tlsexamples import SITE, TLS_EXAMPLES, TLS_WARNINGS

E = "elements.e"
C = "elements.e.connections.0"
OPEN = "open to other machines, without password or encryption"
SHARE = "shares: {plc: {device: {loop: true}, listen: [{port: 7100}]}}\n"
ARBITRATED = SHARE.replace("7100}]", "7100}], sharing: {arbitrate: message}")


def two(first: str, second: str, protocols: tuple[str, str] = ("smart", "smart")) -> str:
    """Two elements with a connection each; the values of the second begin at 7:23."""
    return (
        f"elements:\n  e:\n    protocol: ./{protocols[0]}.xml\n    connections: {{0: {{{first}}}}}\n"
        f"  f:\n    protocol: ./{protocols[1]}.xml\n    connections: {{0: {{{second}}}}}\n"
    )


def serial(values: str, protocol: str = "line") -> str:
    """A configuration with an element on a serial port that has these values; they begin at 4:41."""
    return connection(f"device: {{port: x, {values}}}", protocol)


EXAMPLES: dict[str, Examples] = {
    "numbers": Examples(
        [
            (
                element("connections: {7: {}}"),
                [(f"4:19 CF12 {E}.connections.7", "the definition has no connection 7 (there is 0)")],
            ),
            (
                element("connections: {1: {device: {loop: true}}, 2: {}, 3: {host: h}, 4: {}}", "four"),
                [
                    (f"4:46 CF12 {E}.connections.2", "connection 2 (V) is of type virtual, which is not run"),
                    (
                        f"4:53 CF12 {E}.connections.3",
                        "is of type http, which is not run here (there is 0, 1)",
                    ),
                    (f"4:67 CF12 {E}.connections.4", "has no connection 4"),
                ],
            ),
        ],
        [element("connections: {1: {device: {loop: true}}}", "four")],
    ),
    "one_carrier": Examples(
        [
            (
                SHARE + connection("type: tcp, device: {loop: true}, share: plc"),
                [
                    (f"5:34 CF05 {C}.device", "`type` and `device` exclude each other"),
                    (f"5:56 CF05 {C}.share", "`type` and `share` exclude each other"),
                ],
            ),
            (
                SHARE + connection("share: plc, device: {loop: true}"),
                [(f"5:23 CF05 {C}.share", "`device` and `share` exclude each other")],
            ),
        ],
        [connection("type: tcp"), connection("device: {loop: true}"), SHARE + connection("share: plc")],
    ),
    "complete": Examples(
        [
            (
                element(protocol="bare"),
                [(f"3:5 CF04 {E}", "expected `port` of connection 0 (IP Connection) (the definition has no")],
            ),
            (connection("", "bare"), [(f"4:22 CF04 {C}", "expected `port` of connection 0")]),
            (connection("role: client"), [(f"4:22 CF04 {C}", "expected `host` of connection 0")]),
            (connection("type: udp", "over"), [(f"4:22 CF04 {C}", "expected `host` and `port` of conn")]),
            (element(protocol="over"), [(f"3:5 CF04 {E}", "expected `host` and `port` of connection 0")]),
            (
                element(protocol="line"),
                [
                    (
                        f"3:5 CF04 {E}",
                        "expected `device`, or `type`, `host` and `port`, of connection 0 (Serial",
                    )
                ],
            ),
            (connection("timeout: 1s", "line"), [(f"4:22 CF04 {C}", "the definition cannot tell where")]),
            (element(protocol="four"), [(f"3:5 CF04 {E}", "of connection 1 (Serial Connection - Heater)")]),
        ],
        [
            element(),
            element(protocol="udp"),
            connection("port: 1", "bare"),
            connection("host: h", "smart"),
            connection("host: h, port: 1", "line"),
            connection("host: h, port: 1", "over"),
            connection("device: {loop: true}", "line"),
        ],
    ),
    "keys_of_carriers": Examples(
        [
            (
                connection("device: {loop: true}, host: h, port: 1"),
                [
                    (f"4:45 CF08 {C}.host", "cannot act: a `device` is no network connection"),
                    (f"4:54 CF08 {C}.port", "cannot act: a `device` is no network connection"),
                ],
            ),
            (
                SHARE + connection("share: plc, role: server, tls: true, allowed_addresses: [10.0.0.1]"),
                [
                    (f"5:35 CF08 {C}.role", "cannot act: a `share` is no network connection"),
                    (f"5:49 CF08 {C}.tls", "cannot act: a `share` is no network connection"),
                    (f"5:60 CF08 {C}.allowed_addresses", "a `share` is no network connection"),
                ],
            ),
        ],
        [connection("device: {loop: true}, timeout: 1s, retries: 1")],
    ),
    "hosts_that_fit": Examples(
        [
            (
                connection("host: any, role: client"),
                [(f"4:29 CF03 {C}.host", "found any (take out `role: client`)")],
            ),
            (
                connection("host: any, port: 1", "over"),
                [
                    (
                        f"4:29 CF03 {C}.host",
                        "expected the other side's address, as connection 0 (IP Connection) is",
                    )
                ],
            ),
            (
                connection("host: h, role: server"),
                [(f"4:29 CF03 {C}.host", "expected an address of this machine, as connection 0")],
            ),
            (
                connection("host: h, port: 0"),
                [(f"4:38 CF03 {C}.port", "expected a port from 1 to 65535, as")],
            ),
        ],
        [
            connection("host: h, role: client"),
            connection("host: 127.0.0.9, role: server, port: 0"),
            connection("host: any, insecure: true"),
        ],
    ),
    "roles": Examples(
        [
            (
                connection("host: h, port: 1, role: server", "over"),
                [(f"4:47 CF08 {C}.role", "is serial, and such a one is always a client")],
            ),
            (
                connection("host: h, local_port: 4000"),
                [(f"4:44 CF08 {C}.local_port", "only serial connections have a local port, and conn")],
            ),
        ],
        [
            connection("host: h, port: 1, role: client, local_port: 4001", "over"),
            connection("host: h, local_port: 0"),
        ],
    ),
    "lists_that_act": Examples(
        [
            (
                connection("allowed_addresses: [10.0.0.1]"),
                [(f"4:23 CF08 {C}.allowed_addresses", "switched off (add `allow_list: true`, or AllowedIP")],
            ),
            (
                connection("allowed_addresses: [10.0.0.1], allow_list: false", "listed"),
                [(f"4:23 CF08 {C}.allowed_addresses", "`allow_list: false` switches it off")],
            ),
            (
                connection("host: h, allowed_addresses: [10.0.0.1]", "listed"),
                [(f"4:32 CF08 {C}.allowed_addresses", "(IP Connection) is a client, since h is a name")],
            ),
            (
                connection("host: h, port: 1, allowed_addresses: [10.0.0.1]", "over"),
                [(f"4:41 CF08 {C}.allowed_addresses", "since a serial connection is always a client")],
            ),
        ],
        [
            connection("allowed_addresses: [10.0.0.1]", "listed"),
            connection("allowed_addresses: [10.0.0.1], allow_list: true"),
            connection("allowed_addresses: [], allow_list: false"),
            connection("type: udp, allowed_addresses: ['10.0.0.0/8', '::1'], allow_list: true"),
            "elements: {e: {protocol: mast.py, connections: {0: {allowed_addresses: [10.0.0.1]}}}}",
        ],
    ),
    "limits": Examples(
        [
            (
                serial("baudrate: 300, bytesize: 7, parity: odd, flow: xonxoff"),
                [
                    (
                        f"4:51 CF13 {C}.device.baudrate",
                        "9600 or 4800, as Baudrate of the definition says, found 300",
                    ),
                    (
                        f"4:77 CF13 {C}.device.parity",
                        "expected even, as Parity of the definition says, found odd",
                    ),
                    (
                        f"4:88 CF13 {C}.device.flow",
                        "expected rtscts or none, as Flowcontrol of the definition",
                    ),
                ],
            ),
            (
                serial("line: 4800 8N1"),
                [
                    (
                        f"4:47 CF13 {C}.device.line",
                        "expected even, as Parity of the definition says, found none",
                    )
                ],
            ),
            (
                connection("device: {rfc2217: h:1, baudrate: 300}", "line"),
                [(f"4:56 CF13 {C}.device.baudrate", "expected 9600 or 4800")],
            ),
            (
                connection("device: {loop: true}, timeout: 10s, retries: 2, bus_address: 2", "line"),
                [
                    (
                        f"4:54 CF13 {C}.timeout",
                        "expected 0.05s to 5s, as TimeoutTime of the definition says, found 10s",
                    ),
                    (
                        f"4:84 CF13 {C}.bus_address",
                        "expected '1', '1?' or 'x*', as BusAddress of the definition",
                    ),
                ],
            ),
            (
                connection("host: h, port: 1, local_port: 5000", "over"),
                [(f"4:53 CF13 {C}.local_port", "expected 4000 to 4009, as LocalIPport of the definition")],
            ),
            (
                connection("port: 9, retries: 3, bus_address: 1", "locked") + "    timeout: 5s\n",
                [
                    (f"4:29 CF13 {C}.port", "expected 7001, as IPport of the definition may not be changed"),
                    (f"4:41 CF13 {C}.retries", "expected 2, as Retries of the definition may not be changed"),
                    (
                        f"4:57 CF13 {C}.bus_address",
                        "expected nothing, as BusAddress of the definition may not",
                    ),
                    (
                        f"5:14 CF13 {E}.timeout",
                        "expected 10s to 90s, as TimeoutTimeElement of the definition",
                    ),
                ],
            ),
            (
                connection("type: udp", "locked"),
                [(f"4:29 CF13 {C}.type", "found udp, but the definition does not allow it: its Type is ip")],
            ),
            (
                connection("device: {port: x, baudrate: 9600}", "locked"),
                [
                    (
                        f"4:31 CF13 {C}.device",
                        "found device, but the definition does not allow it: its Type is ip",
                    )
                ],
            ),
            (
                connection("type: udp", "no-udp"),
                [(f"4:29 CF13 {C}.type", "PortTypeUDP is disabled")],
            ),
            (
                connection("port: 7010", "ranged"),
                [(f"4:29 CF13 {C}.port", "expected 7000 to 7009, as IPport")],
            ),
            (connection("port: 0", "ranged"), [(f"4:29 CF13 {C}.port", "expected 7000 to 7009")]),
            (
                connection("host: h, tls: true", "no-tls"),
                [(f"4:37 CF13 {C}.tls", "expected encryption to be off, as SslTlsEnabled of the definition")],
            ),
        ],
        [
            serial("baudrate: 4800, parity: even, bytesize: 7, flow: none"),
            serial("line: 9600"),
            connection("device: {loop: true}, timeout: 800ms, retries: 1, bus_address: 1", "line"),
            connection("device: {loop: true}, timeout: 4100ms, retries: 1, bus_address: 19", "line"),
            connection("device: {loop: true}, bus_address: xyz", "line"),
            connection("device: {loop: true}", "smart"),
            connection("device: {loop: true}", "no-udp"),
            connection("type: udp, port: 9, timeout: 9s, retries: 9"),
            connection("port: 0"),
            connection("port: 0", "whole"),
            connection("port: 7009", "ranged"),
            connection("port: 7001, retries: 2", "locked") + "    timeout: 90s\n",
            connection("tls: false", "no-tls"),
            connection("host: h, port: 1, local_port: 4009", "over"),
        ],
    ),
    "idle_keys": Examples(
        [
            (
                connection("host: h, max_clients: 2, on_bind_error: retry, allow_list: true"),
                [
                    (
                        f"4:32 CF08 {C}.max_clients",
                        "it is for servers, and connection 0 (IP Connection) is a client",
                    ),
                    (f"4:48 CF08 {C}.on_bind_error", "it is for servers"),
                    (f"4:70 CF08 {C}.allow_list", "it is for servers"),
                ],
            ),
            (
                connection("type: udp, max_clients: 2, keepalive: true"),
                [
                    (
                        f"4:34 CF08 {C}.max_clients",
                        "it is for TCP, and connection 0 (IP Connection) runs on UDP",
                    ),
                    (f"4:50 CF08 {C}.keepalive", "it is for TCP"),
                ],
            ),
            (
                connection("device: {loop: true}, keepalive: false, max_clients: 1"),
                [
                    (f"4:45 CF08 {C}.keepalive", "runs on a device"),
                    (
                        f"4:63 CF08 {C}.max_clients",
                        "it is for servers, and connection 0 (IP Connection) runs on",
                    ),
                ],
            ),
            (
                connection("max_clients: 3", "events"),
                [(f"4:23 CF08 {C}.max_clients", "cannot act: the definition lets in 2")],
            ),
        ],
        [
            connection("max_clients: 2, on_bind_error: retry, allow_list: true, keepalive: true", "events"),
            connection("host: h, keepalive: true"),
        ],
    ),
    "idle_bus_addresses": Examples(
        [(connection("bus_address: 1"), [(f"4:23 CF08 {C}.bus_address", "has no param of type bus")])],
        [connection("device: {loop: true}, bus_address: 1", "line")],
    ),
    "idle_devices": Examples(
        [
            (
                serial(
                    "open: on-demand, on_busy: wait, lines: {remote: [], report: {}, idle: {dtr: true}}",
                    "smart",
                ),
                [
                    (f"4:41 CF08 {C}.device.open", "it is about the clients of a share"),
                    (f"4:58 CF08 {C}.device.on_busy", "it is about the clients of a share"),
                    (f"4:81 CF08 {C}.device.lines.remote", "it is about the clients of a share"),
                    (f"4:93 CF08 {C}.device.lines.report", "it is about the clients of a share"),
                ],
            ),
            (
                serial("away_buffer: 1KiB, away_age: 1s, sequences: {a: dtr=on}", "smart"),
                [
                    (f"4:41 CF08 {C}.device.away_buffer", "it is about the clients of a share"),
                    (f"4:60 CF08 {C}.device.away_age", "it is about the clients of a share"),
                    (f"4:74 CF08 {C}.device.sequences", "it is about the clients of a share"),
                ],
            ),
            (
                serial("baudrate: 9600", "odd"),
                [
                    (
                        f"4:23 CF08 {C}.device",
                        "wants Flowcontrol dsr_dtr, which nothing here has: there is none",
                    )
                ],
            ),
        ],
        [
            serial("flow: rtscts", "odd"),
            connection("device: {loop: true}", "odd"),
            serial("lines: {connected: {dtr: true}}", "smart"),
        ],
    ),
    "idle_server_options": Examples(
        [
            (
                connection("device: {loop: true}", "events"),
                [
                    (
                        f"4:23 CF08 {C}.device",
                        "maxConcurrentConnections and notifyConnectionPIDs of the definition do",
                    )
                ],
            ),
            (
                SHARE + connection("share: plc", "listed"),
                [
                    (
                        f"5:23 CF08 {C}.share",
                        "AllowedIPAddresses of the definition does not act: a share has one",
                    )
                ],
            ),
        ],
        [connection("", "events"), connection("device: {loop: true}", "smart")],
    ),
    "saved_params": Examples(
        [(element(protocol="saving"), [(f"3:15 CF15 {E}.protocol", "saved params of e are forgotten with")])],
        ["state: s.sqlite\n" + element(protocol="saving"), element()],
    ),
    "only_for_elements": Examples(
        [
            (
                "state: s\nprotocol_paths: []\n" + SHARE,
                [
                    (f"{n}:1 CF08 {key}", "cannot act: there are no elements")
                    for n, key in enumerate(("state", "protocol_paths"), 1)
                ],
            )
        ],
        ["state: s\nprotocol_paths: []\n" + element()],
    ),
    "messages_that_end": Examples(
        [
            (
                ARBITRATED + connection("share: plc", "line"),
                [
                    (
                        "1:83 CF08 shares.plc.sharing.arbitrate",
                        "no response on connection 0 of Test shows where it ends: each turn lasts all of",
                    )
                ],
            ),
        ],
        [ARBITRATED + connection("share: plc", "smart"), SHARE + connection("share: plc", "line")],
    ),
    "own_names": Examples(
        [
            (
                SHARE.replace("plc", "e") + element(),
                [(f"3:3 CF14 {E}", "shares.e has this name too")],
            )
        ],
        [SHARE + element()],
    ),
    "shares_that_exist": Examples(
        [
            (
                SHARE + connection("share: plx"),
                [(f"5:30 CF14 {C}.share", "there is no share plx (did you mean plc?)")],
            ),
            (connection("share: plc"), [(f"4:30 CF14 {C}.share", "there is no share plc")]),
        ],
        [SHARE + connection("share: plc")],
    ),
    **{name: Examples(*rows) for name, rows in TLS_EXAMPLES.items()},
    "protected_elements": Examples(
        [
            (
                connection("host: any"),
                [(f"4:29 CF07 {C}.host", f"0.0.0.0 is {OPEN} (add `insecure: true` if that is meant)")],
            ),
            (connection("host: '::'"), [(f"4:29 CF07 {C}.host", f":: is {OPEN}")]),
            (connection("host: 192.0.2.1, role: server"), [(f"4:29 CF07 {C}.host", f"192.0.2.1 is {OPEN}")]),
            (
                connection("host: any, allow_list: true, allowed_addresses: [10.0.0.1]"),
                [(f"4:29 CF07 {C}.host", "a list of addresses alone does not change that")],
            ),
            (connection("type: udp, host: any"), [(f"4:40 CF07 {C}.host", f"0.0.0.0 is {OPEN}")]),
            (connection("host: any, tls: false"), [(f"4:29 CF07 {C}.host", f"0.0.0.0 is {OPEN}")]),
        ],
        [
            connection("host: any, insecure: true"),
            SITE + connection("host: any, tls: site"),
            connection("host: 127.0.0.9, role: server"),
            connection("host: 192.0.2.1"),
        ],
    ),
    "addresses": Examples(
        [
            (
                two("port: 7", "port: 7, host: any, insecure: true"),
                [("7:29 CF06 elements.f.connections.0.port", f"that of {C} on 127.0.0.1: say the same host")],
            ),
            (
                SITE + two("tls: site", "tls: false"),
                [
                    (
                        "8:22 CF06 elements.f.connections.0.port",
                        f"port 7001 is also that of {C}, with another `tls`",
                    )
                ],
            ),
            (
                SHARE + connection("port: 7100"),
                [(f"5:29 CF06 {C}.port", "port 7100 is also that of shares.plc.listen[0]")],
            ),
            (
                SHARE + connection("port: 7100, host: any, insecure: true"),
                [(f"5:29 CF06 {C}.port", "port 7100 is also that of shares.plc.listen[0]")],
            ),
            (
                "elements: {e: {protocol: twice.xml, connections: {0: {port: 9}, 1: {port: 9}}}}",
                [(f"1:75 CF06 {E}.connections.1.port", f"that of {C}, of the same element")],
            ),
        ],
        [
            two("port: 7", "port: 7"),
            two("port: 7", "port: 7, host: 127.0.0.3, role: server"),
            two("port: 7", "port: 7, type: udp"),
            two("port: 0", "port: 0"),
            two("host: h", "host: h"),
            two("", "host: 127.0.0.1, role: client"),
            SITE + two("tls: site", "tls: site"),
            SHARE + connection("port: 7100, type: udp"),
            SHARE + connection("port: 7100, host: 127.0.0.2, role: server"),
        ],
    ),
}
OF_WARNINGS = {
    *TLS_WARNINGS,
    "idle_keys",
    "idle_bus_addresses",
    "idle_devices",
    "idle_server_options",
    "saved_params",
    "only_for_elements",
    "messages_that_end",
}


class RulesTest(ElementCase):
    def setUp(self) -> None:
        smart = 'advanced="smart-serial:IP Connection - Events"'
        text = (self.folder / "smart.xml").read_text().replace("<Type rel", f"<Type {smart} rel", 1)
        (self.folder / "twice.xml").write_text(text)
        environment = {k: v for k, v in os.environ.items() if k != "STATE_DIRECTORY"}
        self.patch(os, "environ", environment)

    def test_each_rule_has_examples(self) -> None:
        self.assertEqual([rule.__name__ for rule in (*ELEMENT_RULES, *ADDRESS_RULES)], list(EXAMPLES))

    def test_failing(self) -> None:
        rows = [row for examples in EXAMPLES.values() for row in examples.failing]
        self.assertEqual(differences(rows, self.folder), "")

    def test_passing(self) -> None:
        rows: list[Row] = [(text, []) for examples in EXAMPLES.values() for text in examples.passing]
        self.assertEqual(differences(rows, self.folder), "")

    def test_each_finding_is_that_of_its_rule(self) -> None:
        """Without the rule, the example passes: no two rules say the same."""
        room = sys.modules["smartserial.config.judge"]
        for name, examples in EXAMPLES.items():
            for table, rules in (("ELEMENT_RULES", ELEMENT_RULES), ("ADDRESS_RULES", ADDRESS_RULES)):
                self.patch(room, table, tuple(rule for rule in rules if rule.__name__ != name))
            rows: list[Row] = [(text, []) for text, _ in examples.failing]
            self.assertEqual(differences(rows, self.folder), "", name)

    def test_severities(self) -> None:
        for name, examples in EXAMPLES.items():
            for text, _ in examples.failing:
                settings, findings = judged(text, self.folder)
                severity = WARNING if name in OF_WARNINGS else ERROR
                self.assertEqual({finding.severity for finding in findings}, {severity}, text)
                self.assertEqual(settings is None, severity == ERROR)

    def test_findings_have_the_severity_of_their_code(self) -> None:
        """But for CF08, which is a warning where an option does no harm."""
        for examples in EXAMPLES.values():
            for text, _ in examples.failing:
                for finding in judged(text, self.folder)[1]:
                    if finding.code != "CF08":
                        self.assertEqual(finding.severity, CODES[finding.code].severity)


PROTOCOLS: list[Row] = [
    (
        element(protocol="none"),
        [
            ("3:15 CF10 elements.e.protocol", "the device protocol ./none.xml cannot be used"),
            ("0:0 XM11", ""),
        ],
    ),
    (
        "elements: {e: {protocol: dsmr-p2}}",
        [("1:26 CF10 elements.e.protocol", "there is no device protocol dsmr-p2: did you mean dsmr-p1?")],
    ),
    (
        "elements: {e: {protocol: dsmr-p1@9.0.0.0}}",
        [("1:26 CF10 elements.e.protocol", "there is no version 9.0.0.0 of dsmr-p1: there is 1.0.0.1")],
    ),
    (
        element(protocol="broken"),
        [
            ("3:15 CF10 elements.e.protocol", "./broken.xml cannot be used: it has an error"),
            ("4:11 TR05 Protocol/Triggers/Trigger[1]", "broken.xml:4:11: TR05 error"),
        ],
    ),
    (
        two("", "", ("torn", "torn")),
        [
            ("3:15 CF10 elements.e.protocol", "cannot be used: it has an error"),
            ("6:15 CF10 elements.f.protocol", "cannot be used: it has an error"),
            ("1:10 XM08", "expected well-formed XML"),
        ],
    ),
    (
        "elements: {e: {protocol: nothing.py}}",
        [("1:26 CF10 elements.e.protocol", "nothing.py cannot be used: expected a file")],
    ),
    (
        "elements: {e: {protocol: wrong.py}}",
        [
            ("1:26 CF10 elements.e.protocol", "wrong.py cannot be used: it has an error"),
            ("0:0 PL01", "acme-mast@1.0.0.1: PL01 error: "),
        ],
    ),
    (
        "elements: {e: {protocol: mast.py, options: {staton: 1, station: x}}}",
        [
            ("1:53 CF11 elements.e.options.staton", "there is no option 'staton': did you mean station?"),
            ("1:65 CF11 elements.e.options.station", "option station: expected a whole number, found 'x'"),
        ],
    ),
    (
        element("options: {a: 1}"),
        [("4:18 CF11 elements.e.options.a", "there is no option 'a': there are none")],
    ),
    (
        element("options: {a: 1}\n    connections: {5: {}}"),
        [
            ("4:18 CF11 elements.e.options.a", "none"),
            ("5:19 CF12 elements.e.connections.5", "no connection 5"),
        ],
    ),
    (
        "protocol_paths: [nowhere]\n" + element(),
        [("1:18 CF09 protocol_paths[0]", "there is no ")],
    ),
    (
        f"elements: {{e: {{protocol: {'x' * 300}.xml}}}}",
        [("1:26 CF10 elements.e.protocol", ""), ("0:0 XM11", "")],
    ),
]
VALUES: list[Row] = [
    ("elements: 3", [("1:11 CF03 elements", "expected a mapping, found 3")]),
    ("elements: {}", [("1:11 CF03 elements", "expected at least one")]),
    ("elements: {e: 3}", [("1:15 CF03 elements.e", "expected a mapping, found 3")]),
    ("elements: {e: {}}", [("1:15 CF04 elements.e.protocol", "expected, but missing")]),
    ("elements: {e: {protocol: 3}}", [("1:26 CF03 elements.e.protocol", "expected a text, found 3")]),
    (
        "elements: {e: {protocol: '?'}}",
        [("1:26 CF10 elements.e.protocol", "expected NAME, NAME@VERSION or a path")],
    ),
    (
        "elements: {e: {protocol: 3, connections: {0: {host: any}}}}",
        [
            ("1:26 CF03 elements.e.protocol", "expected a text, found 3"),
            ("1:53 CF07 elements.e.connections.0.host", OPEN),
        ],
    ),
    (element("strat: active"), [("4:5 CF02 elements.e.strat", "did you mean start?")]),
    (element("start: now"), [("4:12 CF03 elements.e.start", "expected 'active', 'paused' or 'stopped'")]),
    (element("code_page: utf-8"), [("4:16 CF03 elements.e.code_page", "expected a code page of one byte")]),
    (element("timeout: 30"), [("4:14 CF03 elements.e.timeout", "expected a time with its unit")]),
    (element("trace: {size: 1MiB}"), [("4:12 CF04 elements.e.trace.file", "expected, but missing")]),
    (
        element("options: {a: [1]}"),
        [("4:18 CF03 elements.e.options.a", "expected a text, a number, true or")],
    ),
    (element("connections: 3"), [("4:18 CF03 elements.e.connections", "expected a mapping, found 3")]),
    (element("connections: {one: {}}"), [("4:19 CF03 elements.e.connections.one", "expected")]),
    (element("connections: {0: 3}", "line"), [("4:22 CF03 elements.e.connections.0", "expected a mapping")]),
    (connection("hots: h", "over"), [(f"4:23 CF02 {C}.hots", "did you mean host?")]),
    (connection("host: [h]", "over"), [(f"4:29 CF03 {C}.host", "expected an address, a name or any")]),
    (connection("host: 10.0.0.256", "over"), [(f"4:29 CF03 {C}.host", "expected an address, a name or any")]),
    (connection("host: any, insecure: 1"), [(f"4:44 CF03 {C}.insecure", "expected true or false, found 1")]),
    (
        connection("host: any, tls: 1"),
        [(f"4:39 CF03 {C}.tls", "expected the name of a set in `tls`, true or")],
    ),
    (connection("port: x", "bare"), [(f"4:29 CF03 {C}.port", "expected an integer, found 'x'")]),
    (
        connection("type: serial", "line"),
        [(f"4:29 CF03 {C}.type", "expected 'tcp' or 'udp', found 'serial'")],
    ),
    (connection("share: a b", "line"), [(f"4:30 CF03 {C}.share", "expected a name of letters, digits")]),
    (connection("device: 3", "line"), [(f"4:31 CF04 {C}.device", "to say what the device is")]),
    (connection("device: {lop: true}", "line"), [(f"4:31 CF04 {C}.device", "did you mean loop?")]),
    (connection("device: {port: 3}", "line"), [(f"4:38 CF03 {C}.device.port", "expected a text, found 3")]),
    (
        connection("device: {port: x, baudrat: 1}", "line"),
        [(f"4:41 CF02 {C}.device.baudrat", "did you mean baudrate?")],
    ),
    (
        connection("device: {tcp: h:1, baudrate: 1}"),
        [(f"4:42 CF08 {C}.device.baudrate", "`tcp` device (it is for port, rfc2217)")],
    ),
    (connection("device: {sim: zzz}"), [(f"4:37 CF09 {C}.device.sim", "no simulation 'zzz'")]),
    (
        connection("device: {port: x, line: 9600, baudrate: 9600}", "line"),
        [(f"4:53 CF05 {C}.device.baudrate", "`line` already says this")],
    ),
    (connection("device: {port: x, stopbits: 1.5}"), [(f"4:51 CF08 {C}.device.stopbits", "five data bits")]),
    (connection("device: {virtual: /dev/pts/3}"), [(f"4:41 CF03 {C}.device.virtual", "outside /dev/pts")]),
    (
        connection("allowed_addresses: [10.0.0.1, x]"),
        [(f"4:53 CF03 {C}.allowed_addresses[1]", "expected an address or a network")],
    ),
    (
        connection("retries: -1, timeout: 0s"),
        [(f"4:32 CF03 {C}.retries", ""), (f"4:45 CF03 {C}.timeout", "")],
    ),
    (connection("keepalive: {count: 0}"), [(f"4:42 CF03 {C}.keepalive.count", "expected at least 1")]),
    (
        "tls: {site: {certificat: x}}\n" + element(),
        [("1:14 CF02 tls.site.certificat", "did you mean certificate?")],
    ),
    (
        two("device: {port: ttyS0}", "device: {port: /dev/ttyS0}"),
        [("7:38 CF06 elements.f.connections.0.device.port", f"/dev/ttyS0 is also that of {C}")],
    ),
    (
        SHARE.replace("loop: true", "port: ttyS0") + connection("device: {port: /dev//ttyS0}"),
        [(f"5:38 CF06 {C}.device.port", "/dev/ttyS0 is also that of shares.plc")],
    ),
]


class ProtocolsTest(ElementCase):
    def test_protocols_that_cannot_be_used(self) -> None:
        self.assertEqual(differences(PROTOCOLS, self.folder), "")

    def test_values(self) -> None:
        self.assertEqual(differences(VALUES, self.folder), "")

    def test_everything_wrong_at_once(self) -> None:
        text = two("host: any, prot: 7", "timeout: 1, retries: x", ("line", "none")) + (
            "  g: {protocol: dsmr-p2, connections: {0: {host: any}}}\n"
            "  h: {protocol: ./locked.xml, options: {a: 1}, connections: {0: {port: 9}, 5: {}}}\n"
            "bogus: 1\n"
        )
        self.assertEqual(
            in_short(judged(text, self.folder)[1]),
            [
                f"4:29 CF03 {C}.host",
                f"4:34 CF02 {C}.prot",
                "6:15 CF10 elements.f.protocol",
                "7:32 CF03 elements.f.connections.0.timeout",
                "7:44 CF03 elements.f.connections.0.retries",
                "8:17 CF10 elements.g.protocol",
                "8:50 CF07 elements.g.connections.0.host",
                "9:44 CF11 elements.h.options.a",
                "9:72 CF13 elements.h.connections.0.port",
                "9:76 CF12 elements.h.connections.5",
                "10:1 CF02 bogus",
                "0:0 XM11",
            ],
        )
