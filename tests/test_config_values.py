"""Each key and kind of value in a configuration: what is taken, and what is said of what is not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.judge import judge
from smartserial.config.source import Source
from smartserial.lines import Flow, LineProfile, Lines, LineSettings, ModemLines, Parity, Rs485
from smartserial.settings import (
    Address,
    EndpointDevice,
    Keepalive,
    ListenerSettings,
    LoopDevice,
    Mode,
    PortDevice,
    RemoteSettings,
    Rfc2217Device,
    ShareSettings,
    TcpDevice,
)
from smartserial.sharing.access import Access, parse_network
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.slow import SlowPolicy

from .configs import (
    FOLDER,
    Row,
    device,
    differences,
    judged,
    listen,
    port,
    remote,
    share,
    telnet,
    the_share,
)

D = "shares.a.device"
L = "shares.a.listen[0]"
S = "shares.a.sharing"
KINDS = "expected one of port, virtual, tcp, udp, rfc2217, sim, loop, endpoint to say what the device is"
TIME = "expected a time with its unit, such as 20ms or 5s, found "
SIZE = "expected a size, such as 8KiB or 512, found "

WRONG_DEVICES: list[Row] = [
    (device("{}"), [(f"3:13 CF04 {D}", f"{KINDS}, found none of them")]),
    (device("3"), [(f"3:13 CF04 {D}", KINDS)]),
    (device("null"), [(f"3:13 CF04 {D}", KINDS)]),
    (device("[loop]"), [(f"3:13 CF04 {D}", KINDS)]),
    (device("{lop: true}"), [(f"3:13 CF04 {D}", "did you mean loop?")]),
    (device("{loop: true, sim: x}"), [(f"3:13 CF05 {D}", f"{KINDS}, found sim, loop")]),
    (device("{loop: false}"), [(f"3:20 CF03 {D}.loop", "expected true, found ")]),
    (device("{loop: 1}"), [(f"3:20 CF03 {D}.loop", "expected true, found 1")]),
    (device('{loop: "true"}'), [(f"3:20 CF03 {D}.loop", "expected true, found 'true'")]),
    (device("{tcp: x}"), [(f"3:19 CF03 {D}.tcp", "expected HOST:PORT, found 'x'")]),
    (device('{tcp: "h:0"}'), [(f"3:19 CF03 {D}.tcp", "found 'h:0'")]),
    (device('{tcp: "h:65536"}'), [(f"3:19 CF03 {D}.tcp", "found 'h:65536'")]),
    (device('{tcp: ":5"}'), [(f"3:19 CF03 {D}.tcp", "found ':5'")]),
    (device('{tcp: "::1:99"}'), [(f"3:19 CF03 {D}.tcp", "found '::1:99'")]),
    (device("{tcp: 5}"), [(f"3:19 CF03 {D}.tcp", "expected HOST:PORT, found 5")]),
    (device("{tcp: [h, 5]}"), [(f"3:19 CF03 {D}.tcp", "expected HOST:PORT")]),
    (device('{port: ""}'), [(f"3:20 CF03 {D}.port", "expected a text that is not empty, found ''")]),
    (device("{port: 3}"), [(f"3:20 CF03 {D}.port", "expected a text, found 3")]),
    (device('{virtual: ""}'), [(f"3:23 CF03 {D}.virtual", "not empty")]),
    (device('{sim: ""}'), [(f"3:19 CF03 {D}.sim", "not empty")]),
    (device('{endpoint: ""}'), [(f"3:24 CF03 {D}.endpoint", "not empty")]),
    (device("{rfc2217: h}"), [(f"3:23 CF03 {D}.rfc2217", "expected HOST:PORT, found 'h'")]),
    (device("{rfc2271: h:1}"), [(f"3:13 CF04 {D}", "did you mean rfc2217?")]),
    (
        device("{tcp: h:1, baudrate: 9600}"),
        [(f"3:24 CF08 {D}.baudrate", "`tcp` device (it is for port, rfc2217)")],
    ),
    (device("{tcp: h:1, strict: true}"), [(f"3:24 CF08 {D}.strict", "`tcp` device (it is for rfc2217)")]),
    (device("{loop: true, on_busy: wait}"), [(f"3:26 CF08 {D}.on_busy", "cannot act on a `loop` device")]),
    (device("{virtual: x, line: 9600}"), [(f"3:26 CF08 {D}.line", "the program that opens it decides")]),
    (device("{virtual: x, open: always}"), [(f"3:26 CF08 {D}.open", "cannot act on a `virtual` device")]),
    (device("{virtual: x, strict: true}"), [(f"3:26 CF08 {D}.strict", "(it is for rfc2217)")]),
    (device("{virtual: x, hupcl: true}"), [(f"3:26 CF08 {D}.hupcl", "(it is for port)")]),
    (device("{virtual: x, mode: rw}"), [(f"3:32 CF03 {D}.mode", "such as '0660' or '0600', found 'rw'")]),
    (device("{virtual: x, mode: 0o660}"), [(f"3:32 CF03 {D}.mode", "found 432")]),
    (device("{virtual: x, mode: '0755'}"), [(f"3:32 CF03 {D}.mode", "found '0755'")]),
    (device("{virtual: x, mode: '0066'}"), [(f"3:32 CF03 {D}.mode", "found '0066'")]),
    (device("{virtual: x, mode: true}"), [(f"3:32 CF03 {D}.mode", "found true")]),
    (device("{virtual: x, group: []}"), [(f"3:33 CF03 {D}.group", "expected a text, found an empty list")]),
    (device("{virtual: x, overlay: 1}"), [(f"3:35 CF03 {D}.overlay", "expected true or false, found 1")]),
    (
        device("{port: x, strict_baudrate: true}"),
        [(f"3:23 CF08 {D}.strict_baudrate", "cannot act on a `port` device (it is for virtual)")],
    ),
    (
        device("{virtual: x, foo: 1}"),
        [
            (
                f"3:26 CF02 {D}.foo",
                "unknown key (known here: lines, virtual, owner, group, mode, strict_baudrate, overlay)",
            )
        ],
    ),
]

WRONG_PORTS: list[Row] = [
    (port("baudrat: 1"), [(f"3:26 CF02 {D}.baudrat", "did you mean baudrate?")]),
    (port("Parity: odd"), [(f"3:26 CF02 {D}.Parity", "did you mean parity?")]),
    (port("zzzzz: 1"), [(f"3:26 CF02 {D}.zzzzz", "known here: ")]),
    (port("line: 9600 8N9"), [(f"3:32 CF03 {D}.line", "expected a form like '19200 8E1', found '9600 8N9'")]),
    (port("line: true"), [(f"3:32 CF03 {D}.line", "expected a form like '19200 8E1'")]),
    (port("line: [1]"), [(f"3:32 CF03 {D}.line", "expected a form like '19200 8E1'")]),
    (port("line: -1"), [(f"3:32 CF03 {D}.line", "found '-1'")]),
    (port("baudrate: 0"), [(f"3:36 CF03 {D}.baudrate", "expected at least 1, found 0")]),
    (port("baudrate: 50000001"), [(f"3:36 CF03 {D}.baudrate", "expected at most 50000000")]),
    (port("baudrate: 9600.0"), [(f"3:36 CF03 {D}.baudrate", "expected an integer, found 9600.0")]),
    (port('baudrate: "9600"'), [(f"3:36 CF03 {D}.baudrate", "expected an integer, found '9600'")]),
    (port("baudrate: true"), [(f"3:36 CF03 {D}.baudrate", "expected an integer")]),
    (port("bytesize: 9"), [(f"3:36 CF03 {D}.bytesize", "expected 5, 6, 7 or 8, found 9")]),
    (port("bytesize: true"), [(f"3:36 CF03 {D}.bytesize", "expected 5, 6, 7 or 8")]),
    (port("parity: evn"), [(f"3:34 CF03 {D}.parity", "did you mean even?")]),
    (port("parity: EVEN"), [(f"3:34 CF03 {D}.parity", "did you mean even?")]),
    (port("parity: E"), [(f"3:34 CF03 {D}.parity", "expected 'none', 'odd', 'even', 'mark' or 'space'")]),
    (port("parity: null"), [(f"3:34 CF03 {D}.parity", "found nothing")]),
    (port("stopbits: 3"), [(f"3:36 CF03 {D}.stopbits", "expected 1, 1.5 or 2, found 3")]),
    (port('stopbits: "1"'), [(f"3:36 CF03 {D}.stopbits", "found '1'")]),
    (port("stopbits: .nan"), [(f"3:36 CF03 {D}.stopbits", "expected 1, 1.5 or 2")]),
    (port("flow: rts"), [(f"3:32 CF03 {D}.flow", "did you mean rtscts?")]),
    (port("exclusive: no"), [(f"3:37 CF03 {D}.exclusive", "expected true or false, found 'no'")]),
    (port("hupcl: 0"), [(f"3:33 CF03 {D}.hupcl", "expected true or false, found 0")]),
    (port("rs485: 3"), [(f"3:33 CF03 {D}.rs485", "expected a mapping, found 3")]),
    (port("rs485: {delay_after: 5}"), [(f"3:47 CF03 {D}.rs485.delay_after", f"{TIME}5")]),
    (port("rs485: {delay_befor: 5ms}"), [(f"3:34 CF02 {D}.rs485.delay_befor", "mean delay_before?")]),
    (port("lines: 3"), [(f"3:33 CF03 {D}.lines", "expected a mapping, found 3")]),
    (port("lines: {conected: {}}"), [(f"3:34 CF02 {D}.lines.conected", "did you mean connected?")]),
    (port("lines: {idle: {brk: true}}"), [(f"3:41 CF02 {D}.lines.idle.brk", "did you mean break?")]),
    (port("lines: {idle: {dtr: 1}}"), [(f"3:46 CF03 {D}.lines.idle.dtr", "expected true or false")]),
    (port("open: ondemand"), [(f"3:32 CF03 {D}.open", "did you mean on-demand?")]),
    (port("on_busy: never"), [(f"3:35 CF03 {D}.on_busy", "expected 'close' or 'wait', found 'never'")]),
    (port("on_unplug: closed"), [(f"3:37 CF03 {D}.on_unplug", "did you mean close?")]),
]

WRONG_REMOTE_PORTS: list[Row] = [
    (remote("baudrat: 1"), [(f"3:28 CF02 {D}.baudrat", "did you mean baudrate?")]),
    (remote("line: 9600 8N9"), [(f"3:34 CF03 {D}.line", "expected a form like '19200 8E1'")]),
    (remote("baudrate: 0"), [(f"3:38 CF03 {D}.baudrate", "expected at least 1, found 0")]),
    (remote("strict: 1"), [(f"3:36 CF03 {D}.strict", "expected true or false, found 1")]),
    (remote("rs485: true"), [(f"3:28 CF08 {D}.rs485", "`rfc2217` device (it is for port)")]),
    (remote("exclusive: true"), [(f"3:28 CF08 {D}.exclusive", "`rfc2217` device (it is for port)")]),
    (remote("on_busy: wait"), [(f"3:28 CF08 {D}.on_busy", "`rfc2217` device (it is for port)")]),
    (
        device("{rfc2217: 3, flow: dsrdtr, lines: {idle: {brk: true}}}"),
        [
            (f"3:23 CF03 {D}.rfc2217", "expected HOST:PORT, found 3"),
            (f"3:32 CF08 {D}.flow", "has no DSR/DTR flow control"),
            (f"3:55 CF02 {D}.lines.idle.brk", "did you mean break?"),
        ],
    ),
]

WRONG_LINES: list[Row] = [
    (device("{loop: true, lines: 3}"), [(f"3:33 CF03 {D}.lines", "expected a mapping, found 3")]),
    (
        device("{loop: true, lines: {remote: dtr}}"),
        [(f"3:42 CF03 {D}.lines.remote", "expected a list, found 'dtr'")],
    ),
    (
        device("{loop: true, lines: {remote: [dtr, brk, 3]}}"),
        [
            (f"3:48 CF03 {D}.lines.remote[1]", "did you mean break?"),
            (f"3:53 CF03 {D}.lines.remote[2]", "expected 'dtr', 'rts' or 'break', found 3"),
        ],
    ),
    (
        device("{loop: true, lines: {remote: [dtr, rts, dtr]}}"),
        [(f"3:42 CF03 {D}.lines.remote", "expected each line once, found 'dtr' twice")],
    ),
    (
        telnet(device("{loop: true, lines: {report: {cts: 1, dcd: true}}}")),
        [
            (f"3:48 CF03 {D}.lines.report.cts", "expected true or false, found 1"),
            (f"3:51 CF02 {D}.lines.report.dcd", "did you mean cd?"),
        ],
    ),
    (device("{loop: true, lines: {remot: []}}"), [(f"3:34 CF02 {D}.lines.remot", "did you mean remote?")]),
    (
        device("{loop: true, lines: {dtr: true}}"),
        [(f"3:34 CF02 {D}.lines.dtr", "unknown key (known here: remote, report)")],
    ),
    *(
        (
            device(f"{{{kind}, lines: {{connected: {{dtr: true}}, idle: {{}}}}}}"),
            [
                (
                    f"3:{len(kind) + 24} CF08 {D}.lines.connected",
                    f"cannot act on a `{kind.partition(':')[0]}` device (it is for port, rfc2217)",
                ),
                (f"3:{len(kind) + 48} CF08 {D}.lines.idle", "(it is for port, rfc2217)"),
            ],
        )
        for kind in ("virtual: x", "tcp: h:1", "sim: scpi-meter", "loop: true", "endpoint: x")
    ),
]

WRONG_LISTENERS: list[Row] = [
    (
        "shares: {a: {device: {loop: true}}}",
        [
            (
                "1:13 CF04 shares.a.listen",
                "expected `listen`, `connect` or a pool that has this share: nobody could come",
            )
        ],
    ),
    (listen(""), [("4:13 CF03 shares.a.listen", "expected at least one, found an empty list")]),
    (listen("3"), [(f"4:14 CF03 {L}", "expected a mapping, found 3")]),
    (listen("{port: 65536}"), [(f"4:21 CF03 {L}.port", "expected at most 65535, found 65536")]),
    (listen("{port: -1}"), [(f"4:21 CF03 {L}.port", "expected at least 0, found -1")]),
    (listen('{port: "7001"}'), [(f"4:21 CF03 {L}.port", "expected an integer, found '7001'")]),
    (listen("{port: 7001.0}"), [(f"4:21 CF03 {L}.port", "expected an integer, found 7001.0")]),
    (listen("{port: 1, hots: any}"), [(f"4:24 CF02 {L}.hots", "did you mean host?")]),
    (listen("{port: 1, host: example.org}"), [(f"4:30 CF03 {L}.host", "found 'example.org'")]),
    (listen("{port: 1, host: 3}"), [(f"4:30 CF03 {L}.host", "localhost or any, found 3")]),
    (listen("{port: 1, host: [a]}"), [(f"4:30 CF03 {L}.host", "expected an address of this machine")]),
    (listen("{port: 1, host: {a: b}}"), [(f"4:30 CF03 {L}.host", "expected an address of this machine")]),
    (listen('{endpoint: ""}'), [(f"4:25 CF03 {L}.endpoint", "not empty")]),
    (listen("{port: 1, mode: telnot}"), [(f"4:30 CF03 {L}.mode", "'raw' or 'rfc2217', found 'telnot'")]),
    (listen("{port: 1, mode: rfc2271}"), [(f"4:30 CF03 {L}.mode", "did you mean rfc2217?")]),
    (listen("{port: 1, transport: sctp}"), [(f"4:35 CF03 {L}.transport", "found 'sctp'")]),
    (listen("{port: 1, access: raed}"), [(f"4:32 CF03 {L}.access", "did you mean read?")]),
    (listen("{port: 1, allow: 10.0.0.1}"), [(f"4:31 CF03 {L}.allow", "expected a list, found '10.0.0.1'")]),
    (
        listen("{port: 1, allow: [10.0.0.1/8, x, 3, 10.0.0.0/8]}"),
        [
            (f"4:32 CF03 {L}.allow[0]", "has host bits set"),
            (f"4:44 CF03 {L}.allow[1]", "such as 10.0.0.7 or 10.0.0.0/24, found 'x'"),
            (f"4:47 CF03 {L}.allow[2]", "such as 10.0.0.7 or 10.0.0.0/24, found 3"),
        ],
    ),
    (listen("{port: 1, max_clients: 0}"), [(f"4:37 CF03 {L}.max_clients", "expected at least 1, found 0")]),
    (listen("{port: 1, refusal: txt}"), [(f"4:33 CF03 {L}.refusal", "did you mean text?")]),
    (listen("{port: 1, nodelay: 1}"), [(f"4:33 CF03 {L}.nodelay", "expected true or false, found 1")]),
    (listen("{port: 1, insecure: yes}"), [(f"4:34 CF03 {L}.insecure", "expected true or false")]),
    (listen("{port: 1, keepalive: 3}"), [(f"4:35 CF03 {L}.keepalive", "expected a mapping, found 3")]),
    (listen("{port: 1, keepalive: {every: 500ms}}"), [(f"4:43 CF03 {L}.keepalive.every", "at least 1")]),
    (listen("{port: 1, keepalive: {retry: 10h}}"), [(f"4:43 CF03 {L}.keepalive.retry", "at most 32767")]),
    (listen("{port: 1, keepalive: {count: 128}}"), [(f"4:43 CF03 {L}.keepalive.count", "at most 127")]),
    (listen("{port: 1, keepalive: {evry: 5s}}"), [(f"4:36 CF02 {L}.keepalive.evry", "did you mean every?")]),
    (listen("{port: 1, idle_timeout: 0s}"), [(f"4:38 CF03 {L}.idle_timeout", "expected more than 0")]),
    (listen("{port: 1, idle_timeout: 5}"), [(f"4:38 CF03 {L}.idle_timeout", f"{TIME}5")]),
]

WRONG_SHARING: list[Row] = [
    ("{}", [("1:1 CF04 shares", "expected, or `elements`, but both are missing")]),
    ("shares: []", [("1:9 CF03 shares", "expected a mapping, found an empty list")]),
    ("shares: {}", [("1:9 CF03 shares", "expected at least one")]),
    ("shars: {}", [("1:1 CF02 shars", "did you mean shares?"), ("1:1 CF04 shares", "missing")]),
    ("shares:\n  a: b", [("2:6 CF03 shares.a", "expected a mapping, found 'b'")]),
    ("shares:\n  a: [1]", [("2:6 CF03 shares.a", "expected a mapping, found a list")]),
    (
        "shares:\n  a: {}",
        [
            ("2:6 CF04 shares.a.device", "missing"),
            ("2:6 CF04 shares.a.listen", "expected `listen`, `connect`"),
        ],
    ),
    (share("bufer: 1"), [("5:5 CF02 shares.a.bufer", "did you mean buffer?")]),
    (share("buffer: lots"), [("5:13 CF03 shares.a.buffer", f"{SIZE}'lots'")]),
    (share("buffer: -1"), [("5:13 CF03 shares.a.buffer", f"{SIZE}-1")]),
    (share("buffer: true"), [("5:13 CF03 shares.a.buffer", SIZE)]),
    (share("buffer: 1.5MiB"), [("5:13 CF03 shares.a.buffer", f"{SIZE}'1.5MiB'")]),
    (share("buffer: 1k"), [("5:13 CF03 shares.a.buffer", f"{SIZE}'1k'")]),
    (share("sharing: 3"), [(f"5:14 CF03 {S}", "expected a mapping, found 3")]),
    (share("sharing: {max_clients: 0}"), [(f"5:28 CF03 {S}.max_clients", "expected at least 1")]),
    (share("sharing: {max_clint: 1}"), [(f"5:15 CF02 {S}.max_clint", "did you mean max_clients?")]),
    (share("sharing: {when_full: kick}"), [(f"5:26 CF03 {S}.when_full", "'refuse' or 'kick-oldest'")]),
    (
        share("sharing: {slow_client: {polcy: auto}}"),
        [(f"5:29 CF02 {S}.slow_client.polcy", "did you mean policy?")],
    ),
    (
        share("sharing: {slow_client: {policy: pause-devise}}"),
        [(f"5:37 CF03 {S}.slow_client.policy", "did you mean pause-device?")],
    ),
    (share("sharing: {slow_client: {limit: 1KB}}"), [(f"5:36 CF03 {S}.slow_client.limit", "1024, found")]),
    (share("sharing: {slow_client: {timeout: 5}}"), [(f"5:38 CF03 {S}.slow_client.timeout", f"{TIME}5")]),
    (share("sharing: {slow_client: {timeout: 0s}}"), [(f"5:38 CF03 {S}.slow_client.timeout", "more than 0")]),
]


WRONG_CONTROL: list[Row] = [
    (
        telnet(share("sharing: {control: any}")),
        [(f"5:24 CF03 {S}.control", "'last', 'anyone' or 'none', found 'any' (did you mean anyone?)")],
    ),
    (telnet(share("sharing: {control: null}")), [(f"5:24 CF03 {S}.control", "found nothing")]),
    (telnet(share("sharing: {refused: actul}")), [(f"5:24 CF03 {S}.refused", "did you mean actual?")]),
    (
        telnet(share("sharing: {settings: false}")),
        [(f"5:25 CF03 {S}.settings", "expected a mapping, found false")],
    ),
    (
        telnet(share("sharing: {settings: {notfy: true}}")),
        [(f"5:26 CF02 {S}.settings.notfy", "did you mean notify?")],
    ),
    (
        telnet(share("sharing: {settings: {remote: off, notify: 1, restore: no}}")),
        [
            (f"5:34 CF03 {S}.settings.remote", "expected true or false, found 'off'"),
            (f"5:47 CF03 {S}.settings.notify", "expected true or false, found 1"),
            (f"5:59 CF03 {S}.settings.restore", "expected true or false, found 'no'"),
        ],
    ),
]


class WrongValuesTest(SynchronousTestCase):
    maxDiff = None

    def test_devices(self) -> None:
        self.assertEqual(differences(WRONG_DEVICES), "")

    def test_ports(self) -> None:
        self.assertEqual(differences(WRONG_PORTS), "")

    def test_remote_ports(self) -> None:
        self.assertEqual(differences(WRONG_REMOTE_PORTS), "")

    def test_lines(self) -> None:
        self.assertEqual(differences(WRONG_LINES), "")

    def test_listeners(self) -> None:
        self.assertEqual(differences(WRONG_LISTENERS), "")

    def test_shares(self) -> None:
        self.assertEqual(differences(WRONG_SHARING), "")
        self.assertEqual(differences(WRONG_CONTROL), "")

    def test_the_short_form_has_the_limits_of_the_long_one(self) -> None:
        rows: list[Row] = [
            (port("line: 0"), [(f"3:32 CF03 {D}.line", "found 0")]),
            (port("line: 0 8N1"), [(f"3:32 CF03 {D}.line", "found 0")]),
            (port("line: 50000001 8N1"), [(f"3:32 CF03 {D}.line", "50000000")]),
            (port("line: 99999999999"), [(f"3:32 CF03 {D}.line", "50000000")]),
        ]
        self.assertEqual(differences(rows), "")

    def test_names_of_shares(self) -> None:
        """What is wrong is the key, so that its place is the key's."""
        words = "expected a name of letters, digits, '.', '_' and '-'"
        names = ("-a", "a b", "é", '""', '"a/b"', "a:b", ".a", '"a\\n"')
        wrong = []
        for name in names:
            _, findings = judged(f"shares:\n  {name}: {{device: {{loop: true}}, listen: [{{port: 1}}]}}\n")
            found = [(f.line, f.column, f.code, words in f.message) for f in findings]
            if found != [(2, 3, "CF03", True)]:
                wrong.append(f"{name}: {[str(finding) for finding in findings]}")
        self.assertEqual(wrong, [])

    def test_a_finding_is_one_line(self) -> None:
        for text in (
            '"a\\nb": 1',
            'shares: {"a\\nb": 1}',
            'shares: {"a\\x1b[2J\\x85": {}}',
            device('{tcp: "\\n"}'),
        ):
            _, findings = judged(text)
            self.assertTrue(findings)
            for finding in findings:
                self.assertEqual(len(str(finding).splitlines()), 1, str(finding))
                self.assertTrue(str(finding).isprintable(), repr(str(finding)))

    def test_no_time_is_endless(self) -> None:
        """A reactor cannot wait for an infinite time."""
        for text in (
            share(f"sharing: {{slow_client: {{timeout: 1{'0' * 400}s}}}}"),
            listen(f"{{port: 1, idle_timeout: 1{'0' * 400}d}}"),
            port(f"rs485: {{delay_before: 1{'0' * 400}d}}"),
        ):
            _, findings = judged(text)
            self.assertEqual([finding.code for finding in findings], ["CF03"], text[:150])

    def test_no_path_has_a_null_character(self) -> None:
        """The system calls raise ValueError on one, which nobody expects of an unplugged device."""
        for kind, code in (("port", "CF03"), ("virtual", "CF03"), ("sim", "CF09")):
            settings, findings = judged(device(f'{{{kind}: "./a\\0b"}}'))
            self.assertIsNone(settings, kind)
            self.assertIn(code, [finding.code for finding in findings], kind)

    def test_digits_are_those_of_ascii(self) -> None:
        for text in (device('{tcp: "h:٣"}'), port('line: "٩٦٠٠"'), share('buffer: "٣"')):
            _, findings = judged(text)
            self.assertEqual([finding.code for finding in findings], ["CF03"], text)

    @given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)))
    def test_any_scalar_anywhere(self, value: Any) -> None:
        """Whatever stands behind any key, there is a finding or a setting, never an exception."""
        for key in ("port", "virtual", "tcp", "rfc2217", "sim", "loop", "endpoint"):
            values = {"shares": {"a": {"device": {key: value}, "listen": [{"port": 1}]}}}
            settings, findings = judge(Source("test", values), FOLDER)
            self.assertTrue(findings or settings)


class RightValuesTest(SynchronousTestCase):
    def _port(self, values: str) -> PortDevice:
        found = the_share(port(values)).device
        assert isinstance(found, PortDevice)
        return found

    def test_line_settings(self) -> None:
        for values, expected in (
            ("line: 19200", LineSettings(19200)),
            ("line: 19200 8E1", LineSettings(19200, 8, Parity.EVEN, 1)),
            ('line: "2400,7O2"', LineSettings(2400, 7, Parity.ODD, 2)),
            ("line: 50 5N1.5", LineSettings(50, 5, Parity.NONE, 1.5)),
            ("line: 19200, bytesize: 7", LineSettings(19200, 7)),
            ("baudrate: 250000, parity: mark, stopbits: 2", LineSettings(250000, 8, Parity.MARK, 2)),
            ("bytesize: 5, stopbits: 1.5", LineSettings(9600, 5, Parity.NONE, 1.5)),
            ("flow: rtscts", LineSettings(flow=Flow.RTSCTS)),
            ("flow: xonxoff", LineSettings(flow=Flow.XONXOFF)),
            ("rs485: true", LineSettings(rs485=Rs485())),
            ("rs485: {}", LineSettings(rs485=Rs485())),
            ("rs485: false", LineSettings()),
            ("rs485: null", LineSettings()),
            (
                "rs485: {rts_on_send: false, rts_after_send: true, delay_before: 1ms, rx_during_tx: true}",
                LineSettings(rs485=Rs485(False, True, 0.001, 0.0, True)),
            ),
        ):
            self.assertEqual(self._port(values).line, expected, values)

    def test_lines_and_hupcl(self) -> None:
        found = self._port("hupcl: false, exclusive: false, lines: {connected: {dtr: true, break: false}}")
        self.assertEqual((found.hupcl, found.exclusive), (False, False))
        self.assertEqual(found.lines.connected, Lines(dtr=True, brk=False))
        self.assertEqual(found.lines.idle, Lines())

    def test_devices(self) -> None:
        for values, expected in (
            ("{loop: true}", LoopDevice()),
            ("{tcp: example.org:99}", TcpDevice("example.org", 99)),
            ('{tcp: "[2001:db8::1]:99"}', TcpDevice("2001:db8::1", 99)),
            ('{endpoint: "tls:h:1"}', EndpointDevice("tls:h:1")),
            ('{rfc2217: "[2001:db8::1]:99"}', Rfc2217Device("2001:db8::1", 99)),
        ):
            self.assertEqual(the_share(device(values)).device, expected)

    def test_a_remote_port_is_set_as_soon_as_one_setting_is_named(self) -> None:
        for values, expected in (
            ("strict: false", None),
            ("line: null", None),
            ("lines: {}, open: on-demand", None),
            ("line: 19200", LineSettings(19200)),
            ("line: 50 5N1.5", LineSettings(50, 5, Parity.NONE, 1.5)),
            ("line: 1200, parity: even", LineSettings(1200, 8, Parity.EVEN)),
            ("baudrate: 9600", LineSettings()),
            ("bytesize: 7", LineSettings(bytesize=7)),
            ("parity: none", LineSettings()),
            ("stopbits: 2", LineSettings(stopbits=2)),
            ("flow: xonxoff", LineSettings(flow=Flow.XONXOFF)),
        ):
            self.assertEqual(the_share(remote(values)).device, Rfc2217Device("h", 1, expected), values)

    def test_lines_and_strict_of_a_remote_port(self) -> None:
        found = the_share(remote("strict: true, lines: {connected: {dtr: true}, idle: {break: false}}"))
        lines = LineProfile(Lines(dtr=True), Lines(brk=False))
        self.assertEqual(found.device, Rfc2217Device("h", 1, strict=True, lines=lines))

    def test_lines_of_clients(self) -> None:
        """They are said of any device, and a line that is not named has its default."""
        for kind in (
            "port: x",
            "virtual: x",
            "tcp: h:1",
            "rfc2217: h:1",
            "sim: scpi-meter",
            "loop: true",
            "endpoint: x",
        ):
            for values, lines, report in (
                ("{}", {"dtr", "rts", "break"}, ModemLines(cts=True, dsr=True, cd=True)),
                ("{remote: []}", set(), ModemLines(cts=True, dsr=True, cd=True)),
                (
                    "{remote: [break, dtr], report: {cts: false, ri: true}}",
                    {"break", "dtr"},
                    ModemLines(dsr=True, ri=True, cd=True),
                ),
            ):
                rules = the_share(telnet(device(f"{{{kind}, lines: {values}}}"))).rules
                self.assertEqual((rules.remote_lines, rules.report), (lines, report), kind)

    def test_control(self) -> None:
        for values, expected in (
            ("", (Control.FIRST, WhenRefused.ACKNOWLEDGE, RemoteSettings(True, False, True))),
            ("control: first, refused: actual", (Control.FIRST, WhenRefused.ACTUAL, RemoteSettings())),
            ("control: last", (Control.LAST, WhenRefused.ACKNOWLEDGE, RemoteSettings())),
            ("control: anyone", (Control.ANYONE, WhenRefused.ACKNOWLEDGE, RemoteSettings())),
            ("control: none", (Control.NONE, WhenRefused.ACKNOWLEDGE, RemoteSettings())),
            (
                "settings: {remote: false, notify: true}",
                (Control.FIRST, WhenRefused.ACKNOWLEDGE, RemoteSettings(remote=False, notify=True)),
            ),
            (
                "settings: {restore: false}",
                (Control.FIRST, WhenRefused.ACKNOWLEDGE, RemoteSettings(restore=False)),
            ),
        ):
            found = the_share(telnet(share(f"sharing: {{{values}}}"))).sharing
            self.assertEqual((found.control, found.refused, found.settings), expected, values)

    def test_rules_of_the_device(self) -> None:
        for values, expected in (
            ("open: always, on_busy: close, on_unplug: keep", (False, False, False)),
            ("open: on-demand", (True, False, False)),
            ("on_busy: wait", (False, True, False)),
            ("on_unplug: close", (False, False, True)),
        ):
            rules = the_share(port(values)).rules
            self.assertEqual((rules.on_demand, rules.wait_while_busy, rules.close_on_unplug), expected)

    def test_listeners(self) -> None:
        def one(values: str) -> Any:
            return the_share(listen(f"{{{values}}}")).listeners[0]

        for host, expected in (
            ("localhost", "127.0.0.1:1"),
            ("any", "0.0.0.0:1"),
            ('"::1"', "[::1]:1"),
            ('"0:0:0:0:0:0:0:1"', "[::1]:1"),
            ('"::"', "[::]:1"),
        ):
            self.assertEqual(str(one(f"port: 1, host: {host}, insecure: true").address), expected)
        self.assertEqual(str(one('endpoint: "unix:/run/x"').address), "unix:/run/x")
        self.assertEqual(one("port: 1, access: read").access, Access.READ)
        self.assertEqual(one("port: 1, mode: raw").mode, Mode.RAW)
        self.assertEqual(one("port: 1, mode: rfc2217").mode, Mode.RFC2217)
        self.assertEqual(one("port: 1, keepalive: false").keepalive, None)
        self.assertEqual(one("port: 1, keepalive: true").keepalive, Keepalive())
        self.assertEqual(one("port: 1, keepalive: {every: 1m}").keepalive, Keepalive(60.0, 2.0, 3))
        self.assertEqual(one("port: 1, refusal: close").tell_refused, False)
        self.assertEqual(one("port: 1, idle_timeout: 1.5h").idle_timeout, 5400.0)
        networks = one('port: 1, allow: [10.0.0.7, "2001:db8::/32", "::ffff:10.1.0.0/112"]').allow
        self.assertEqual(networks, tuple(map(parse_network, ("10.0.0.7", "2001:db8::/32", "10.1.0.0/16"))))

    def test_defaults(self) -> None:
        found = the_share(device("{loop: true}"))
        expected = ShareSettings("a", LoopDevice(), found.listeners)
        self.assertEqual(found, expected)
        self.assertEqual(found.listeners, (ListenerSettings(Address(port=1)),))

    def test_sizes(self) -> None:
        for text, expected in (
            ("0", 0),
            ("512", 512),
            ('"512"', 512),
            ("512B", 512),
            ("1KB", 1000),
            ("1KiB", 1024),
            ("2 kib", 2048),
            ("3MB", 3_000_000),
            ("3MiB", 3 * 1024**2),
        ):
            self.assertEqual(the_share(share(f"buffer: {text}")).buffer, expected, text)

    def test_times(self) -> None:
        for text, expected in (
            ("20us", 0.00002),
            ("20ms", 0.02),
            ("5s", 5.0),
            ("5 s", 5.0),
            ("1.5m", 90.0),
            ("2h", 7200.0),
            ("1d", 86400.0),
        ):
            found = the_share(share(f"sharing: {{slow_client: {{timeout: {text}, policy: discard}}}}"))
            self.assertAlmostEqual(found.sharing.slow_client.timeout, expected, msg=text)
            self.assertEqual(found.sharing.slow_client.policy, SlowPolicy.DISCARD)
