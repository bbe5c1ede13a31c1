"""A configuration file as a whole: every option set, everything wrong at once, and its schema."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel
from twisted.trial.unittest import SynchronousTestCase

from smartserial import config
from smartserial.config import connect, devices, elements, models, users, values
from smartserial.config.findings import CODES, FindingsError
from smartserial.config.source import parse_source
from smartserial.config.translate import validate
from smartserial.findings import ERROR
from smartserial.lines import Flow, LineProfile, Lines, LineSettings, ModemLines, Parity, Rs485
from smartserial.script import Rule, Script
from smartserial.sequences import parse_sequence
from smartserial.settings import (
    Address,
    ConsoleSettings,
    DeviceRules,
    EndpointDevice,
    GatewaySettings,
    GroupSettings,
    Keepalive,
    ListenerSettings,
    LoginSettings,
    LoopDevice,
    Mode,
    PoolSettings,
    PortDevice,
    RecordFile,
    RemoteSettings,
    Rfc2217Device,
    ShareSettings,
    Sharing,
    SimDevice,
    SlowClient,
    TcpDevice,
    TlsSettings,
    UdpDevice,
    UdpRules,
    UserSettings,
    UsersSettings,
    VirtualDevice,
    When,
)
from smartserial.sharing.access import Access, parse_network
from smartserial.sharing.control import Control, WhenRefused
from smartserial.sharing.packets import PacketRules
from smartserial.sharing.rights import GUEST, Grant, Right
from smartserial.sharing.selection import SelectionRules, Who
from smartserial.sharing.slow import SlowPolicy

from .configs import (
    Expected,
    device,
    in_short,
    judged,
    listen,
    mutated,
    port,
    remote,
    share,
    telnet,
    two_devices,
)
from .connectexamples import COMPLETE_CALLS, complete_calls
from .elementconfigs import PROTOCOLS
from .support import Pty
from .test_config_elements import COMPLETE as ELEMENTS
from .userexamples import DEAR, write_users

COMPLETE = """\
console:
  unix: run/console.sock
  ssh: any:7011
  host_key: keys/ssh
  telnet: any:7000
  insecure: true
  tls: doors
  users: true
  groups: [operators]
  password: null
users: {file: users.yaml, checkers: [unix]}
tls: {doors: {folder: certificates}}
shares:
  line-1:
    device:
      port: ./ports/left
      baudrate: 19200
      bytesize: 7
      parity: even
      stopbits: 2
      flow: xonxoff
      rs485:
        rts_on_send: false
        rts_after_send: true
        delay_before: 1ms
        delay_after: 2ms
        rx_during_tx: true
      exclusive: false
      hupcl: true
      lines:
        connected: {dtr: true, break: false}
        idle: {dtr: false, break: true}
        remote: [rts, break]
        report: {cts: false, dsr: false, ri: true, cd: false}
      open: on-demand
      on_busy: wait
      on_unplug: close
      away_buffer: 4KiB
      away_age: 2s
      sequences: {reset: dtr=off 100ms dtr=on}
    listen:
      - mode: raw
        transport: tcp
        port: 7001
        host: any
        insecure: true
        access: write
        allow: [10.0.0.7, 10.1.0.0/16, "2001:db8::/32"]
        max_clients: 3
        max_per_source: 2
        refusal: close
        nodelay: false
        keepalive: {every: 10s, retry: 5s, count: 4}
        idle_timeout: 1.5m
      - endpoint: "unix:/run/line-1"
        mode: rfc2217
    sharing:
      max_clients: 4
      when_full: kick-oldest
      slow_client: {policy: discard, limit: 64KiB, timeout: 10s}
      control: last
      refused: actual
      settings: {remote: false, notify: true, restore: false}
    buffer: 0
  short:
    device: {port: ttyUSB0, line: 50 5N1.5, rs485: true}
    password: {file: secret}
    users: false
    groups: []
    listen: [{port: 7002, keepalive: false, tls: doors}]
    sharing: {receive_from: last-active, send_to: asker, turn: 2s, reply_window: 500ms}
    packets: {size: 1KiB, hold: 20ms, char: "\\r\\xff", gap: 5ms, pause: 50ms}
    buffer: 2KiB
  virtual:
    device:
      virtual: run/desk
      lines: {remote: [], report: {cd: false}}
      owner: 0
      group: root
      mode: "0660"
      strict_baudrate: true
      overlay: true
    listen: [{port: 0, mode: rfc2217, when: device-open, linger: 2s}]
    connect: CALL-0
  remote:
    device: {tcp: "example.org:4001"}
    listen: [{port: 7003, users: true, groups: [operators], password: null}]
    sharing: {receive_from: last, send_to: last-active, exclusive: true, turn: 3s}
    packets: {chars: "\\n"}
    connect: CALL-1
  far:
    device:
      rfc2217: "[2001:db8::1]:4002"
      baudrate: 1200
      bytesize: 5
      parity: space
      stopbits: 1.5
      flow: rtscts
      strict: true
      lines: {connected: {dtr: true}, idle: {break: false}}
      open: on-demand
      on_unplug: close
      away_buffer: 512
      away_age: 1m
      sequences: {stop: break=on 1s break=off}
    listen: [{port: 7007}]
  far-short:
    device: {rfc2217: "example.org:4003", line: 38400 7O2}
    listen: [{port: 7008}]
  simulated:
    device: {sim: ./ping.yaml}
    listen: [{port: 7004}]
  echo:
    device: {loop: true}
    listen: [{port: 7005}]
  other:
    device: {endpoint: "tls:example.org:443"}
    listen: [{port: 7006, host: "::1"}]
  datagrams:
    device: {udp: "example.org:4004", local_port: 4005}
    listen:
      - transport: udp
        port: 7009
        host: any
        insecure: true
        targets: ["10.0.0.9:5000", "example.org:5001"]
        interface: eth0
        idle_timeout: 5m
    packets: {size: 512}
    replay: 4KiB
    capture: {file: captures/x.jsonl, size: 1MiB, keep: 9}
pools:
  pair:
    shares: [echo, other]
    announce: false
    users: true
    groups: [operators]
    password: null
    listen: [{port: 7010}]
"""
PING = "script: [{expect: ping, answer: pong}]\n"


for _n, _call in enumerate(COMPLETE_CALLS):
    COMPLETE = COMPLETE.replace(f"CALL-{_n}", _call)


def complete_settings(folder: Path) -> GatewaySettings:
    """What `COMPLETE` means, when it stands in `folder`."""
    doors = TlsSettings(folder=folder / "certificates")
    operators = LoginSettings(groups=frozenset({"operators"}))
    calls = complete_calls(doors)
    return GatewaySettings(
        (
            ShareSettings(
                name="line-1",
                device=PortDevice(
                    port=str(folder / "ports/left"),
                    line=LineSettings(
                        19200, 7, Parity.EVEN, 2, Flow.XONXOFF, Rs485(False, True, 0.001, 0.002, True)
                    ),
                    exclusive=False,
                    hupcl=True,
                    lines=LineProfile(Lines(dtr=True, brk=False), Lines(dtr=False, brk=True)),
                ),
                rules=DeviceRules(
                    True,
                    True,
                    True,
                    frozenset({"rts", "break"}),
                    ModemLines(ri=True),
                    (parse_sequence("reset", "dtr=off 100ms dtr=on"),),
                    away_buffer=4096,
                    away_age=2.0,
                ),
                listeners=(
                    ListenerSettings(
                        address=Address("0.0.0.0", 7001),
                        access=Access.WRITE,
                        allow=tuple(map(parse_network, ("10.0.0.7", "10.1.0.0/16", "2001:db8::/32"))),
                        max_clients=3,
                        max_per_source=2,
                        tell_refused=False,
                        nodelay=False,
                        keepalive=Keepalive(10.0, 5.0, 4),
                        idle_timeout=90.0,
                    ),
                    ListenerSettings(Address(endpoint="unix:/run/line-1"), Mode.RFC2217),
                ),
                sharing=Sharing(
                    4,
                    True,
                    SlowClient(SlowPolicy.DISCARD, 65536, 10.0),
                    Control.LAST,
                    WhenRefused.ACTUAL,
                    RemoteSettings(remote=False, notify=True, restore=False),
                ),
                buffer=0,
            ),
            ShareSettings(
                "short",
                PortDevice("ttyUSB0", LineSettings(50, 5, Parity.NONE, 1.5, Flow.NONE, Rs485())),
                (ListenerSettings(Address(port=7002), keepalive=None, tls=doors, login=LoginSettings(DEAR)),),
                sharing=Sharing(selection=SelectionRules(Who.LAST_ACTIVE, Who.ASKER, 2.0, 0.5)),
                packets=PacketRules(1024, 0.02, b"\r\xff", 0.005, 0.05),
                buffer=2048,
                login=LoginSettings(DEAR),
            ),
            ShareSettings(
                "virtual",
                VirtualDevice(folder / "run/desk", "0", "root", 0o660, strict_baudrate=True, overlay=True),
                (ListenerSettings(Address(port=0), Mode.RFC2217, when=When.DEVICE_OPEN, linger=2.0),),
                DeviceRules(remote_lines=frozenset(), report=ModemLines(cts=True, dsr=True)),
                connect=calls[0],
            ),
            ShareSettings(
                "remote",
                TcpDevice("example.org", 4001),
                (ListenerSettings(Address(port=7003), login=operators),),
                sharing=Sharing(selection=SelectionRules(Who.LAST, Who.LAST_ACTIVE, 3.0, exclusive=True)),
                packets=PacketRules(chars=b"\n"),
                connect=calls[1],
            ),
            ShareSettings(
                "far",
                Rfc2217Device(
                    "2001:db8::1",
                    4002,
                    LineSettings(1200, 5, Parity.SPACE, 1.5, Flow.RTSCTS),
                    strict=True,
                    lines=LineProfile(Lines(dtr=True), Lines(brk=False)),
                ),
                (ListenerSettings(Address(port=7007)),),
                DeviceRules(
                    on_demand=True,
                    close_on_unplug=True,
                    sequences=(parse_sequence("stop", "break=on 1s break=off"),),
                    away_buffer=512,
                    away_age=60.0,
                ),
            ),
            ShareSettings(
                "far-short",
                Rfc2217Device("example.org", 4003, LineSettings(38400, 7, Parity.ODD, 2)),
                (ListenerSettings(Address(port=7008)),),
            ),
            ShareSettings(
                "simulated",
                SimDevice("./ping.yaml", Script((Rule(b"ping", (b"pong",)),))),
                (ListenerSettings(Address(port=7004)),),
            ),
            ShareSettings("echo", LoopDevice(), (ListenerSettings(Address(port=7005)),)),
            ShareSettings(
                "other",
                EndpointDevice("tls:example.org:443"),
                (ListenerSettings(Address("::1", 7006)),),
            ),
            ShareSettings(
                "datagrams",
                UdpDevice("example.org", 4004, 4005),
                (
                    ListenerSettings(
                        Address("0.0.0.0", 7009),
                        idle_timeout=300.0,
                        udp=UdpRules((Address("10.0.0.9", 5000), Address("example.org", 5001)), "eth0", 512),
                    ),
                ),
                packets=PacketRules(512),
                replay=4096,
                capture=RecordFile(folder / "captures/x.jsonl", 1024 * 1024, 9),
            ),
        ),
        ConsoleSettings(
            False,
            folder / "run/console.sock",
            Address("0.0.0.0", 7000),
            insecure=True,
            tls=doors,
            login=operators,
            ssh=Address("0.0.0.0", 7011),
            host_key=folder / "keys/ssh",
        ),
        users=UsersSettings(
            (UserSettings("anna", DEAR, ("operators",)), UserSettings("bob", DEAR, ("watchers",))),
            (
                GroupSettings("operators", (Grant("*", GUEST),)),
                GroupSettings("watchers", (Grant("*", Right.READ),)),
            ),
            ("unix",),
        ),
        pools=(
            PoolSettings(
                "pair", ("echo", "other"), (ListenerSettings(Address(port=7010), login=operators),), False
            ),
        ),
    )


CODE_EXAMPLES: dict[str, str] = {
    "CF01": "shares: [",
    "CF02": share("bufer: 1"),
    "CF03": listen("{port: x}"),
    "CF04": "{}",
    "CF05": port("line: 9600, baudrate: 9600"),
    "CF06": two_devices("{port: tty1}", "{port: tty1}"),
    "CF07": listen("{port: 1, host: any}"),
    "CF08": port("flow: dsrdtr"),
    "CF09": device("{sim: zzz}"),
    "CF10": "elements: {e: {protocol: dsmr-p2}}",
    "CF11": "elements: {e: {protocol: dsmr-p1, options: {a: 1}}}",
    "CF12": "elements: {e: {protocol: dsmr-p1, connections: {1: {host: h}}}}",
    "CF13": "elements: {e: {protocol: dsmr-p1, connections: {0: {device: {port: x, baudrate: 300}}}}}",
    "CF14": "elements: {e: {protocol: dsmr-p1, connections: {0: {share: plc}}}}",
    "CF15": "elements: {e: {protocol: saving.xml}}",
    "CF16": listen("{port: 1, password: {file: everybodys}}"),
}

EVERYTHING = """\
shares:
  a:
    device: {port: tty1, line: 9600, baudrate: 1200, flow: dsrdtr}
    listen:
      - {port: 7001, host: any}
      - {port: 7001, hots: any}
      - {access: raed, endpoint: "unix:/x", nodelay: false}
      - {port: 7002, allow: nobody}
    bufer: 1
  b:
    device: {port: tty1}
    listen: [{port: 7003, keepalive: {count: 0}}]
  c:
    device: {sim: zzz}
    listen: [{port: 7003}]
    sharing: {slow_client: {timeout: 5}}
  d:
    device: {lop: true}
    listen: []
shars: 1
"""
ALL_AT_ONCE: list[Expected] = [
    ("3:38 CF05 shares.a.device.baudrate", "`line` already says this"),
    ("3:60 CF08 shares.a.device.flow", "Linux has no DSR/DTR"),
    ("5:28 CF07 shares.a.listen[0].host", "open to other machines"),
    ("6:16 CF06 shares.a.listen[1].port", "also that of shares.a.listen[0]"),
    ("6:22 CF02 shares.a.listen[1].hots", "did you mean host?"),
    ("7:18 CF03 shares.a.listen[2].access", "did you mean read?"),
    ("7:45 CF08 shares.a.listen[2].nodelay", "cannot act"),
    ("8:29 CF03 shares.a.listen[3].allow", "expected a list, found 'nobody'"),
    ("9:5 CF02 shares.a.bufer", "did you mean buffer?"),
    ("11:20 CF06 shares.b.device.port", "also that of shares.a"),
    ("12:46 CF03 shares.b.listen[0].keepalive.count", "expected at least 1"),
    ("14:19 CF09 shares.c.device.sim", "no simulation 'zzz'"),
    ("15:21 CF06 shares.c.listen[0].port", "also that of shares.b.listen[0]"),
    ("16:38 CF03 shares.c.sharing.slow_client.timeout", "a time with its unit"),
    ("18:13 CF04 shares.d.device", "did you mean loop?"),
    ("19:13 CF03 shares.d.listen", "expected at least one"),
    ("20:1 CF02 shars", "did you mean shares?"),
]


class FileTest(SynchronousTestCase):
    """Files in a folder of their own."""

    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "ping.yaml").write_text(PING)
        (self.folder / "saving.xml").write_text(PROTOCOLS["saving"])
        write_users(self.folder)
        (self.folder / "secret").write_text(f"{DEAR}\n")
        (self.folder / "secret").chmod(0o600)

    def write(self, data: str | bytes) -> Path:
        path = self.folder / "gateway.yaml"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


class CompleteTest(FileTest):
    def test_exact_settings(self) -> None:
        (self.folder / "run").mkdir()
        (self.folder / "captures").mkdir()
        Pty(self, self.folder / "run/desk")  # the device that is overlaid
        settings, findings = config.load(self.write(COMPLETE))
        self.assertEqual(findings, [])
        for found, expected in zip(settings.shares, complete_settings(self.folder).shares, strict=True):
            self.assertEqual(found, expected)
        self.assertEqual(settings, complete_settings(self.folder))

    def test_no_option_is_left_out(self) -> None:
        texts = (COMPLETE, ELEMENTS)
        parsed = [validate(models.ConfigModel, parse_source("complete", one.encode()))[0] for one in texts]
        self.assertNotIn(None, parsed)
        seen: set[tuple[str, str]] = set()

        def walk(value: Any) -> None:
            if isinstance(value, BaseModel):
                seen.update((type(value).__name__, name) for name in value.model_fields_set)
                value = {name: getattr(value, name) for name in value.model_fields_set}
            for part in (
                value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            ):
                walk(part)

        for one in parsed:
            walk(one)
        # `open`, `on_unplug` and `lines` of serial ports stand for those of all devices.
        bases = {
            values.Model,
            users.LoginModel,
            devices._DeviceModel,
            devices._OpenedModel,
            devices.SerialModel,
        }
        expected = {
            (model.__name__, name)
            for model in (
                *vars(connect).values(),
                *vars(models).values(),
                *vars(devices).values(),
                *vars(elements).values(),
            )
            if isinstance(model, type) and issubclass(model, values.Model) and model not in bases
            if not model.__name__.startswith("Script")
            for name in model.model_fields
            if issubclass(model, devices.SerialModel) or name not in devices._OpenedModel.model_fields
        }
        self.assertEqual(expected - seen, set())

    def test_paths_are_relative_to_the_file(self) -> None:
        text = two_devices("{port: sub/tty}", "{virtual: link}") + (
            "  c: {device: {port: ttyUSB0}, listen: [{port: 3}]}\n"
            "  d: {device: {port: /dev/ttyS0}, listen: [{port: 4}]}\n"
            "  e: {device: {virtual: /run/link}, listen: [{port: 5}]}\n"
        )
        settings, _ = config.load(self.write(text))
        found: list[Any] = [share.device for share in settings.shares]
        self.assertEqual(
            [getattr(one, "port", None) or str(one.path) for one in found],
            [str(self.folder / "sub/tty"), str(self.folder / "link"), "ttyUSB0", "/dev/ttyS0", "/run/link"],
        )

    def test_the_examples_of_documents(self) -> None:
        """All that are handed out have no findings, warnings included; the folders for logs are elsewhere."""
        root = Path(__file__).parent.parent
        paths = [*(root / "etc").glob("*.yaml")]
        for path in paths:
            found = [str(finding) for finding in config.check(path)]
            found = [one for one in found if "the folder /var/log/smartserial is not there" not in one]
            self.assertEqual(found, [], path.name)
        blocks = (root / "docs" / "configuration.md").read_text().split("```yaml\n")[1:]
        documented = [block.partition("```")[0] for block in blocks]
        texts = {f"example {n}": text for n, text in enumerate(documented) if "shares:\n" in text}
        self.assertGreaterEqual(len(paths) + len(texts), 8)
        for name, text in texts.items():
            self.assertEqual([str(finding) for finding in config.check(self.write(text))], [], name)

    def test_load_gives_warnings(self) -> None:
        text = device("{loop: true, open: on-demand}") + "    buffer: 8KiB\n"
        settings, findings = config.load(self.write(text))
        self.assertTrue(settings.shares[0].rules.on_demand)
        self.assertEqual(in_short(findings), ["5:5 CF08 shares.a.buffer"])
        self.assertEqual(config.check(self.folder / "gateway.yaml"), findings)

    def test_load_raises_all_findings(self) -> None:
        path = self.write(EVERYTHING)
        with self.assertRaises(FindingsError) as caught:
            config.load(path)
        self.assertEqual(list(caught.exception.findings), config.check(path))

    def test_the_demo_by_its_name(self) -> None:
        self.assertEqual(config.config_path("demo").name, "demo.yaml")
        self.assertTrue(config.config_path("demo").is_absolute())
        self.assertEqual(config.config_path("demo.yaml"), Path("demo.yaml"))


class FindingsTest(FileTest):
    def test_every_code_has_an_example(self) -> None:
        self.assertEqual(set(CODE_EXAMPLES), set(CODES))
        (self.folder / "everybodys").write_text(DEAR)
        for code, text in CODE_EXAMPLES.items():
            self.assertEqual({finding.code for finding in config.check(self.write(text))}, {code})

    def test_all_findings_at_once(self) -> None:
        findings = config.check(self.write(EVERYTHING))
        self.assertEqual(in_short(findings), [short for short, _ in ALL_AT_ONCE])
        for finding, (_, words) in zip(findings, ALL_AT_ONCE, strict=True):
            self.assertIn(words, str(finding))

    def test_each_line_begins_with_file_line_and_column(self) -> None:
        path = self.write(EVERYTHING)
        for finding in config.check(path):
            self.assertTrue(str(finding).startswith(f"{path}:{finding.line}:{finding.column}: CF"))

    def test_what_is_wrong_in_one_place_hides_nothing_in_another(self) -> None:
        """Each wrong value together with a host that is not protected, in another listener."""
        other = "{port: 9, host: any}"
        expected = "shares.a.listen[1].host"
        for wrong in (
            "{port: x}",
            "{}",
            "3",
            "{port: 1, allow: [nobody]}",
            "{port: 1, allow: 3}",
            "{port: 1, keepalive: {every: [1]}}",
            "{port: 1, foo: {a: [1]}}",
            "{endpoint: 3}",
        ):
            paths = [finding.path for finding in judged(listen(f"{wrong}, {other}"))[1]]
            self.assertIn(expected, paths, wrong)

    def test_what_is_taken_out_is_not_judged(self) -> None:
        """A wrong value makes no other finding about what would be there instead."""
        text = share("sharing: {max_clients: 0}").replace("{port: 1}", "{port: 1, max_clients: 20}")
        self.assertEqual(in_short(judged(text)[1]), ["5:28 CF03 shares.a.sharing.max_clients"])

    def test_a_file_that_was_mutilated(self) -> None:
        """Whatever becomes of a good file: findings, or settings, and never an exception."""
        loaded = 0
        for seed in range(200):
            path = self.write(mutated(COMPLETE, Random(seed)))
            findings = config.check(path)
            if any(finding.severity == ERROR for finding in findings):
                with self.assertRaises(FindingsError):
                    config.load(path)
            else:
                self.assertEqual(config.load(path)[1], findings)
                loaded += 1
        self.assertTrue(0 < loaded < 200, "mutations that always or never matter show nothing")


class SchemaTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.schema = config.schema()
        self.validator = Draft202012Validator(self.schema)

    def _errors(self, text: str) -> list[str]:
        values = parse_source("test.yaml", text.encode()).values
        return [error.message for error in self.validator.iter_errors(values)]

    def test_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertEqual(json.loads(json.dumps(self.schema)), self.schema)

    def test_good_files_fit(self) -> None:
        demo = config.config_path("demo").read_text()
        for text in (
            COMPLETE,
            demo,
            device("{loop: true}"),
            port("line: 19200"),
            port("line: 19200 8E1"),
            port("rs485: true"),
            port("rs485: false"),
            port("rs485: null"),
            port("stopbits: 1.5, bytesize: 5"),
            listen("{port: 1, keepalive: true}"),
            listen("{port: 1, keepalive: false}"),
            listen("{port: 1, idle_timeout: null}"),
            share("buffer: 1 kib"),
            share("buffer: 4096"),
            remote("line: 9600 7E1, strict: true"),
            telnet(device("{virtual: x, lines: {remote: [], report: {ri: true}}}")),
            telnet(share("sharing: {control: none, settings: {}}")),
        ):
            self.assertIsNotNone(judged(text, Path(__file__).parent)[0] or text is COMPLETE)
            self.assertEqual(self._errors(text), [], text)

    def test_wrong_files_do_not_fit(self) -> None:
        for text in (
            "{}",
            "shares: {}",
            "shares: {a: 1}",
            share("bufer: 1"),
            share("buffer: lots"),
            share("sharing: {max_clients: 0}"),
            device("{lop: true}"),
            device("{loop: false}"),
            port("baudrate: 0"),
            port("bytesize: 9"),
            port("parity: evn"),
            port("rs485: 3"),
            listen(""),
            listen("{port: 65536}"),
            listen("{port: 1, keepalive: 3}"),
            listen("{port: 1, idle_timeout: 5}"),
            listen("{port: 1, access: raed}"),
            listen("{port: 1, mode: telnet}"),
            remote("exclusive: true"),
            device("{tcp: h:1, lines: {idle: {}}}"),
            device("{loop: true, lines: {remote: [dtr, dtr]}}"),
            device("{loop: true, lines: {remote: [cts]}}"),
            share("sharing: {control: any}"),
        ):
            self.assertNotEqual(self._errors(text), [], text)

    def test_editors_get_words(self) -> None:
        """Each mapping says what it is, and each option has a kind."""
        for name, definition in self.schema["$defs"].items():
            self.assertTrue(definition.get("description"), name)
            self.assertIs(definition.get("additionalProperties"), False, name)
            for key, option in definition["properties"].items():
                kinds = {"type", "$ref", "anyOf", "enum", "const", "oneOf", "allOf"}
                self.assertTrue(kinds & option.keys(), f"{name}.{key}")
