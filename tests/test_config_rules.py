"""What no single key can tell: each rule where it fails, and where it has nothing to say."""

from __future__ import annotations

import sys
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.rules import RULES, SETTINGS_RULES
from smartserial.findings import WARNING

from .circleexamples import CIRCLE_EXAMPLES, CIRCLE_WARNINGS
from .configs import (
    Row,
    console,
    device,
    differences,
    judged,
    listen,
    port,
    remote,
    share,
    telnet,
    two_devices,
)
from .connectexamples import CONNECT_EXAMPLES, CONNECT_WARNINGS
from .deviceexamples import DEVICE_EXAMPLES, DEVICE_WARNINGS
from .fileexamples import FILE_EXAMPLES
from .listenexamples import LISTEN_EXAMPLES, LISTEN_WARNINGS
from .poolexamples import POOL_EXAMPLES, POOL_WARNINGS
from .sharingexamples import SHARING_EXAMPLES
from .sshexamples import SSH_EXAMPLES, SSH_WARNINGS
from .udpexamples import UDP_EXAMPLES
from .userexamples import USER_EXAMPLES
from .virtualexamples import VIRTUAL_EXAMPLES

D = "shares.a.device"
L = "shares.a.listen"
S = "shares.a.sharing"
OPEN = "open to other machines, without password or encryption"


class Examples(NamedTuple):
    """Configurations in which a rule finds something, and those in which it finds nothing."""

    failing: list[Row]
    passing: list[str]


EXAMPLES: dict[str, Examples] = {
    "something_to_serve": Examples(
        [
            ("{}", [("1:1 CF04 shares", "expected, or `elements`, but both are missing")]),
            ("console: {telnet: 1}", [("1:1 CF04 shares", "expected, or `elements`, but both are missing")]),
        ],
        [listen("{port: 1}"), "elements: {e: {protocol: dsmr-p1}}"],
    ),
    "where_to_listen": Examples(
        [
            (listen("{}"), [(f"4:14 CF04 {L}[0]", "expected `port`, or `endpoint`")]),
            (listen("{port: null}"), [(f"4:14 CF04 {L}[0]", "expected `port`, or `endpoint`")]),
            (listen("{port: 1}, {access: read}"), [(f"4:25 CF04 {L}[1]", "expected `port`")]),
            (
                listen('{port: 1, endpoint: "unix:/x"}'),
                [(f"4:24 CF05 {L}[0].endpoint", "`port` and `endpoint` exclude each other")],
            ),
        ],
        [listen("{port: 0}"), listen('{endpoint: "unix:/x"}')],
    ),
    "one_listener_an_address": Examples(
        [
            (listen("{port: 7}, {port: 7}"), [(f"4:32 CF06 {L}[1].port", f"port 7 is also that of {L}[0]")]),
            (
                listen("{port: 7}, {port: 7}, {port: 7}"),
                [(f"4:32 CF06 {L}[1].port", f"{L}[0]"), (f"4:43 CF06 {L}[2].port", f"{L}[0]")],
            ),
            (listen("{port: 7}, {port: 7, host: localhost}"), [(f"4:32 CF06 {L}[1].port", "also")]),
            (
                listen("{port: 7}, {port: 7, host: any, insecure: true}"),
                [(f"4:32 CF06 {L}[1].port", "port 7 is also that of")],
            ),
            (
                listen('{port: 7, host: "::", insecure: true}, {port: 7}'),
                [(f"4:60 CF06 {L}[1].port", "port 7 is also that of")],
            ),
            (
                listen('{port: 7, host: "::1"}, {port: 7, host: "0:0:0:0:0:0:0:1"}'),
                [(f"4:45 CF06 {L}[1].port", "port 7 is also that of")],
            ),
            (
                device("{loop: true}") + "  b: {device: {loop: true}, listen: [{port: 1}]}\n",
                [("5:45 CF06 shares.b.listen[0].port", f"port 1 is also that of {L}[0]")],
            ),
        ],
        [
            listen("{port: 7}, {port: 8}"),
            listen("{port: 0}, {port: 0}"),
            listen("{port: 7}, {port: 7, host: 127.0.0.2}"),
            listen('{port: 7}, {port: 7, host: "::1"}'),
            listen('{endpoint: "unix:/x"}, {port: 7}'),
        ],
    ),
    "one_use_of_a_device": Examples(
        [
            (
                two_devices("{port: ttyS0}", "{port: ttyS0}"),
                [("6:20 CF06 shares.b.device.port", "ttyS0 is also that of shares.a")],
            ),
            (
                two_devices("{virtual: /x}", "{virtual: /x}"),
                [("6:23 CF06 shares.b.device.virtual", "/x is also that of shares.a")],
            ),
        ],
        [
            two_devices("{port: ttyS0}", "{port: ttyS1}"),
            two_devices("{virtual: /x}", "{virtual: /y}"),
            two_devices("{port: /x}", "{virtual: /x}"),
            two_devices("{loop: true}", "{loop: true}"),
            two_devices("{sim: scpi-meter}", "{sim: scpi-meter}"),
        ],
    ),
    "protected": Examples(
        [
            (
                listen("{port: 1, host: any}"),
                [(f"4:30 CF07 {L}[0].host", f"0.0.0.0 is {OPEN} (add `insecure: true` if that is meant)")],
            ),
            (listen("{port: 1, host: 10.0.0.1}"), [(f"4:30 CF07 {L}[0].host", f"10.0.0.1 is {OPEN}")]),
            (listen('{port: 1, host: "::"}'), [(f"4:30 CF07 {L}[0].host", f":: is {OPEN}")]),
            (listen('{port: 1, host: "fe80::1%eth0"}'), [(f"4:30 CF07 {L}[0].host", OPEN)]),
            (listen('{port: 1, host: "::ffff:10.0.0.1"}'), [(f"4:30 CF07 {L}[0].host", OPEN)]),
            (listen("{port: 1, host: any, insecure: false}"), [(f"4:30 CF07 {L}[0].host", OPEN)]),
            (
                listen('{endpoint: "tcp:1"}'),
                [(f"4:25 CF07 {L}[0].endpoint", "an endpoint may be open to other machines")],
            ),
            (listen('{endpoint: "unixlike:/x"}'), [(f"4:25 CF07 {L}[0].endpoint", "an endpoint may be")]),
        ],
        [
            listen("{port: 1}"),
            listen("{port: 1, host: localhost}"),
            listen("{port: 1, host: 127.9.9.9}"),
            listen('{port: 1, host: "::1"}'),
            listen('{port: 1, host: "::ffff:127.0.0.1"}'),
            listen("{port: 1, host: any, insecure: true}"),
            listen('{endpoint: "unix:/x"}'),
            listen('{endpoint: "tcp:1", insecure: true}'),
        ],
    ),
    "protected_console": Examples(
        [
            (
                console('{telnet: "any:2323"}'),
                [("1:19 CF07 console.telnet", f"0.0.0.0 is {OPEN} (add `insecure: true` if that is meant)")],
            ),
            (console('{telnet: "10.0.0.1:2323"}'), [("1:19 CF07 console.telnet", f"10.0.0.1 is {OPEN}")]),
            (
                console('{telnet: "[::]:2323", insecure: false}'),
                [("1:19 CF07 console.telnet", f":: is {OPEN}")],
            ),
        ],
        [
            console("{}"),
            console("{telnet: 2323}"),
            console("{telnet: 0}"),
            console('{telnet: "localhost:2323"}'),
            console('{telnet: "[::1]:2323", unix: false}'),
            console("{telnet: 2323, insecure: true}"),
            console('{telnet: "any:2323", insecure: true, unix: /run/x}'),
        ],
    ),
    "short_form_alone": Examples(
        [
            (port("line: 9600, baudrate: 9600"), [(f"3:38 CF05 {D}.baudrate", "`line` already says this")]),
            (
                port("line: 9600 8N1, parity: odd, stopbits: 2, bytesize: 7"),
                [
                    (f"3:42 CF05 {D}.parity", "`line` already says this"),
                    (f"3:55 CF05 {D}.stopbits", "`line` already says this"),
                    (f"3:68 CF05 {D}.bytesize", "`line` already says this"),
                ],
            ),
            (remote("line: 9600, baudrate: 9600"), [(f"3:40 CF05 {D}.baudrate", "`line` already says this")]),
        ],
        [
            port("line: 9600, bytesize: 7"),
            port("line: 9600 8N1, flow: rtscts"),
            port("line: null, parity: odd"),
            remote("line: 9600, bytesize: 7"),
        ],
    ),
    "settings_that_exist": Examples(
        [
            (port("stopbits: 1.5"), [(f"3:36 CF08 {D}.stopbits", "with five data bits only")]),
            (port("stopbits: 1.5, bytesize: 6"), [(f"3:36 CF08 {D}.stopbits", "with five data bits only")]),
            (port("line: 50 8N1.5"), [(f"3:32 CF08 {D}.line", "with five data bits only")]),
            (
                port("flow: dsrdtr"),
                [(f"3:32 CF08 {D}.flow", "Linux has no DSR/DTR flow control (use rtscts")],
            ),
            (remote("stopbits: 1.5"), [(f"3:38 CF08 {D}.stopbits", "with five data bits only")]),
            (remote("line: 50 8N1.5"), [(f"3:34 CF08 {D}.line", "with five data bits only")]),
            (
                remote("flow: dsrdtr"),
                [(f"3:34 CF08 {D}.flow", "this client of RFC 2217 has no DSR/DTR flow control (use rtscts")],
            ),
        ],
        [
            port("stopbits: 1.5, bytesize: 5"),
            port("line: 50 5N1.5"),
            port("stopbits: 2, bytesize: 5"),
            port("flow: rtscts"),
            remote("stopbits: 1.5, bytesize: 5, flow: rtscts"),
        ],
    ),
    "options_that_act": Examples(
        [
            (
                device("{loop: true, open: on-demand}") + "    buffer: 8KiB\n",
                [("5:5 CF08 shares.a.buffer", "cannot act: with `open: on-demand` nothing is read")],
            ),
            (
                port("flow: rtscts, lines: {connected: {rts: true}, idle: {rts: false}}"),
                [
                    (f"3:60 CF08 {D}.lines.connected.rts", "with rtscts the driver moves RTS"),
                    (f"3:79 CF08 {D}.lines.idle.rts", "with rtscts the driver moves RTS"),
                ],
            ),
            (
                port("rs485: true, lines: {connected: {rts: true}}"),
                [(f"3:59 CF08 {D}.lines.connected.rts", "with rs485 RTS switches the direction")],
            ),
            (
                port("rs485: true, flow: rtscts, lines: {idle: {rts: true}}"),
                [
                    (f"3:39 CF08 {D}.flow", "with rs485 RTS switches the direction"),
                    (f"3:68 CF08 {D}.lines.idle.rts", "with rs485 RTS switches the direction"),
                ],
            ),
            (
                remote("flow: rtscts, lines: {idle: {rts: false}}"),
                [(f"3:57 CF08 {D}.lines.idle.rts", "with rtscts the driver moves RTS")],
            ),
            (
                listen("{port: 1, max_clients: 17}"),
                [(f"4:24 CF08 {L}[0].max_clients", "cannot act: the share lets in 16")],
            ),
            (
                listen("{port: 1, max_per_source: 17}"),
                [(f"4:24 CF08 {L}[0].max_per_source", "cannot act: the share lets in 16")],
            ),
            (
                listen('{endpoint: "unix:/x", max_per_source: 1}'),
                [(f"4:36 CF08 {L}[0].max_per_source", "a unix socket has no addresses and no TCP")],
            ),
            (
                listen('{endpoint: "unix:/x", allow: [10.0.0.1], nodelay: true, keepalive: false}'),
                [
                    (f"4:36 CF08 {L}[0].allow", "a unix socket has no addresses and no TCP"),
                    (f"4:55 CF08 {L}[0].nodelay", "a unix socket has no addresses and no TCP"),
                    (f"4:70 CF08 {L}[0].keepalive", "a unix socket has no addresses and no TCP"),
                ],
            ),
            (
                listen('{endpoint: "tcp:1", insecure: true, host: any}'),
                [(f"4:50 CF08 {L}[0].host", "cannot act: `endpoint` says where to listen")],
            ),
        ],
        [
            device("{loop: true, open: on-demand}"),
            device("{loop: true, open: on-demand}") + "    buffer: 0\n",
            share("buffer: 8KiB"),
            port("flow: rtscts, lines: {connected: {dtr: true}}"),
            port("flow: xonxoff, lines: {connected: {rts: true}}"),
            port("rs485: true, lines: {connected: {dtr: true}}"),
            port("rs485: false, lines: {connected: {rts: true}}"),
            listen("{port: 1, max_clients: 16}"),
            listen('{endpoint: "unix:/x", access: read, idle_timeout: 5s}'),
        ],
    ),
    "changes_that_act": Examples(
        [
            (
                device("{loop: true, lines: {report: {}, remote: [dtr, rts, break]}}"),
                [
                    (f"3:34 CF08 {D}.lines.report", "cannot act: no listener of this share has `mode: rfc2"),
                    (f"3:46 CF08 {D}.lines.remote", "cannot act: no listener of this share has `mode: rfc2"),
                ],
            ),
            (
                share("sharing: {control: first, refused: actual, settings: {notify: true}}"),
                [
                    (f"5:15 CF08 {S}.control", "cannot act: no listener of this share has `mode: rfc2217`"),
                    (f"5:31 CF08 {S}.refused", "cannot act: no listener of this share has `mode: rfc2217`"),
                    (f"5:48 CF08 {S}.settings", "cannot act: no listener of this share has `mode: rfc2217`"),
                ],
            ),
            (
                share("sharing: {settings: {remote: false, restore: true}}"),
                [(f"5:15 CF08 {S}.settings", "no listener of this share")],
            ),
            (
                telnet(share("sharing: {control: last}")) + "  b:\n    device: {loop: true}\n"
                "    listen: [{port: 2, mode: raw}]\n    sharing: {control: last}\n",
                [("9:15 CF08 shares.b.sharing.control", "no listener of this share")],
            ),
            (
                telnet(share("sharing: {control: last}")).replace(
                    "mode: rfc2217", "mode: rfc2217, access: read"
                ),
                [(f"5:15 CF08 {S}.control", "with `access: read` no client of RFC 2217 changes anything")],
            ),
            (
                telnet(device("{loop: true, lines: {remote: [dtr]}}"))
                + "    sharing: {control: none, settings: {remote: true, restore: true}}\n",
                [
                    (f"3:34 CF08 {D}.lines.remote", "with `control: none` no client changes anything"),
                    (f"5:41 CF08 {S}.settings.remote", "no client changes anything"),
                    (f"5:55 CF08 {S}.settings.restore", "no client changes anything"),
                ],
            ),
            (
                telnet(share("sharing: {settings: {remote: false, restore: true}}")),
                [(f"5:41 CF08 {S}.settings.restore", "with `remote: false` no client changes the settings")],
            ),
            (
                telnet(device("{loop: true, lines: {remote: []}}"))
                + "    sharing: {control: none, settings: {remote: false}}\n",
                [(f"5:15 CF08 {S}.control", "`lines.remote: []` leave nothing to control")],
            ),
        ],
        [
            telnet(share("sharing: {control: last, refused: actual, settings: {restore: true}}")),
            telnet(share("sharing: {control: none, settings: {remote: false, restore: false}}")),
            telnet(device("{loop: true, lines: {remote: []}}")) + "    sharing: {control: none}\n",
            telnet(share("sharing: {control: anyone, refused: actual}")),  # an operator may take the share
            telnet(share("sharing: {control: last, settings: {remote: false, notify: true}}")),
            telnet(share("sharing: {settings: {remote: false, restore: false}}")),
            telnet(device("{loop: true, lines: {remote: []}}")) + "    sharing: {control: last}\n",
            telnet(device("{loop: true, lines: {remote: []}}"))
            + "    sharing: {refused: actual, settings: {remote: false}}\n",
            telnet(port("lines: {remote: [dtr], report: {ri: true}}")),
            listen("{port: 1}, {port: 2, mode: rfc2217}") + "    sharing: {control: last}\n",
            device("{loop: true, lines: {}}") + "    sharing: {}\n",
        ],
    ),
    "own_links": Examples(
        [
            (
                device("{virtual: /dev/pts/9}"),
                [(f"3:23 CF03 {D}.virtual", "expected a path outside /dev/pts")],
            ),
        ],
        [device("{virtual: /dev/smart}"), device("{virtual: /tmp/dev/pts/9}"), device("{virtual: x}")],
    ),
}


EXAMPLES |= {name: Examples(*examples) for name, examples in CIRCLE_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in CONNECT_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in DEVICE_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in FILE_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in LISTEN_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in SHARING_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in SSH_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in UDP_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in USER_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in POOL_EXAMPLES.items()}
EXAMPLES |= {name: Examples(*examples) for name, examples in VIRTUAL_EXAMPLES.items()}
OF_WARNINGS = {"rules_that_act", "hearing_that_acts", "packets_that_act"}
OF_WARNINGS |= {"replays_that_act", "what_udp_has", "targets_that_hear"}
OF_WARNINGS |= {
    "lingering_that_ends",
    "overlays_of_devices",
    "names_that_are_meant",
    "folders_that_are_there",
    "files_that_others_come_by",
}
OF_WARNINGS |= LISTEN_WARNINGS
OF_WARNINGS |= {"chars_that_are_meant", "slowness_that_ends", "others_may_speak", "packets_that_fit"}
OF_WARNINGS |= CONNECT_WARNINGS | CIRCLE_WARNINGS
OF_WARNINGS |= SSH_WARNINGS | POOL_WARNINGS
OF_WARNINGS |= {"logins_that_act", "words_in_clear"}
OF_WARNINGS |= {"options_that_act", "changes_that_act"} | DEVICE_WARNINGS


class RulesTest(SynchronousTestCase):
    maxDiff = None

    def test_each_rule_has_examples(self) -> None:
        self.assertEqual({rule.__name__ for rule in (*RULES, *SETTINGS_RULES)}, set(EXAMPLES))

    def test_failing(self) -> None:
        self.assertEqual(differences(row for examples in EXAMPLES.values() for row in examples.failing), "")

    def test_passing(self) -> None:
        texts = [text for examples in EXAMPLES.values() for text in examples.passing]
        self.assertEqual(differences((text, []) for text in texts), "")

    def test_each_finding_is_that_of_its_rule(self) -> None:
        """Without the rule, the example passes: no two rules say the same."""
        room = sys.modules["smartserial.config.judge"]  # the package gives its function that name too
        for name, examples in EXAMPLES.items():
            self.patch(room, "RULES", tuple(rule for rule in RULES if rule.__name__ != name))
            others = tuple(rule for rule in SETTINGS_RULES if rule.__name__ != name)
            self.patch(room, "SETTINGS_RULES", others)
            self.assertEqual(differences((text, []) for text, _ in examples.failing), "", name)
            self.patch(room, "RULES", RULES)
            self.patch(room, "SETTINGS_RULES", SETTINGS_RULES)

    def test_an_option_that_cannot_act_is_a_warning(self) -> None:
        for name in OF_WARNINGS:
            for text, _ in EXAMPLES[name].failing:
                settings, findings = judged(text)
                self.assertIsNotNone(settings)
                self.assertEqual({finding.severity for finding in findings}, {WARNING})

    def test_a_mode_that_is_wrong_may_be_any(self) -> None:
        """There is one finding, and none about what could act with another mode."""
        for values in ("port: 1, mode: rfc2271", "port: 1, mode: null", "port: 1, mode: [rfc2217]"):
            _, findings = judged(listen(f"{{{values}}}") + "    sharing: {control: last}\n")
            self.assertEqual([finding.code for finding in findings], ["CF03"], values)
        _, findings = judged(listen("3") + "    sharing: {control: last}\n")
        self.assertEqual([finding.code for finding in findings], ["CF03"])

    def test_all_others_are_errors(self) -> None:
        for name, examples in EXAMPLES.items():
            for text, _ in examples.failing if name not in OF_WARNINGS else []:
                self.assertIsNone(judged(text)[0], text)


class SpellingsTest(SynchronousTestCase):
    """The same thing in another spelling is still the same thing."""

    def test_one_device_in_two_spellings(self) -> None:
        for kind, first, second in (
            ("port", "ttyS0", "/dev/ttyS0"),
            ("port", "/dev/ttyS0", "/dev//ttyS0"),
            ("port", "./x", "../base/x"),
            ("virtual", "x", "./x"),
            ("virtual", "x", "/base/x"),
        ):
            _, findings = judged(two_devices(f"{{{kind}: {first}}}", f"{{{kind}: {second}}}"))
            codes = [finding.code for finding in findings]
            self.assertEqual(codes, ["CF06"], f"{kind} {first} {second}")

    def test_the_terminals_of_the_system(self) -> None:
        for path in ("/dev//pts/9", "/dev/./pts/9", "../dev/pts/9", "/dev/pts"):
            _, findings = judged(device(f"{{virtual: {path}}}"))
            self.assertEqual([finding.code for finding in findings], ["CF03"], path)

    def test_one_socket_for_two_listeners(self) -> None:
        _, findings = judged(listen('{endpoint: "unix:/x"}, {endpoint: "unix:/x"}'))
        self.assertEqual([finding.code for finding in findings], ["CF06"])
