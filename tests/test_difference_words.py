"""What is different is told in the keys and values of the file: each line can be found in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML
from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.judge import judge
from smartserial.config.keyhints import models_in
from smartserial.config.models import ConfigModel
from smartserial.config.source import Source, parse_source
from smartserial.config.users import UsersFileModel
from smartserial.config.values import _bytes, read_seconds
from smartserial.difference import differences
from smartserial.difference.forms import Leaf, Node, Several, Tree, raw_bytes, seconds, size
from smartserial.difference.keys import tree_of
from smartserial.settings import GatewaySettings

SHARE: dict[str, Any] = {"device": {"port": "ttyS9"}, "listen": [{"port": 1}]}
UDP: dict[str, Any] = {**SHARE, "listen": [{"port": 1, "transport": "udp", "targets": ["h:1"]}]}
CALL: dict[str, Any] = {"device": {"port": "ttyS9"}, "connect": {"to": ["h:1"]}}
ELEMENT: dict[str, Any] = {"protocol": "nmea-0183", "connections": {"0": {"share": "a"}}}

KEYS: list[tuple[dict[str, Any], str, Any, str]] = [
    (SHARE, "device.port", "ttyS8", "ttyS9 -> ttyS8"),
    (SHARE, "device.baudrate", 300, "9600 -> 300"),
    (SHARE, "device.stopbits", 2, "1 -> 2"),
    (SHARE, "device.flow", "rtscts", "none -> rtscts"),
    (SHARE, "device.open", "on-demand", "always -> on-demand"),
    (SHARE, "device.on_busy", "wait", "close -> wait"),
    (SHARE, "device.on_unplug", "close", "keep -> close"),
    (SHARE, "device.away_buffer", "4KiB", "0 -> 4KiB"),
    (SHARE, "device.hupcl", False, "nothing -> false"),
    (SHARE, "device.rs485", True, "false -> {rts_on_send: true, rts_after_send: false, delay_before: 0s,"),
    (SHARE, "device.lines.idle.break", False, "nothing -> false"),
    (SHARE, "device.lines.remote", ["dtr"], "[break, dtr, rts] -> [dtr]"),
    (SHARE, "device.lines.report.cts", False, "true -> false"),
    (SHARE, "device.sequences", {"boot": "dtr=on 100ms dtr=off"}, "nothing -> dtr=on 100ms dtr=off"),
    (SHARE, "buffer", "1MiB", "8KiB -> 1MiB"),
    (SHARE, "replay", 1000, "0 -> 1000"),
    (SHARE, "capture", "/x", "nothing -> {file: /x, size: 10MiB, keep: 3}"),
    (SHARE, "packets", {"size": 3, "char": "\n"}, 'nothing -> {size: 3, char: "\\n"}'),
    (SHARE, "sharing.max_clients", 3, "16 -> 3"),
    (SHARE, "sharing.when_full", "kick-oldest", "refuse -> kick-oldest"),
    (SHARE, "sharing.receive_from", "last", "all -> last"),
    (SHARE, "sharing.exclusive", True, "false -> true"),
    (SHARE, "sharing.slow_client.limit", "2MiB", "1MiB -> 2MiB"),
    (SHARE, "sharing.slow_client.timeout", "90s", "30s -> 90s"),
    (SHARE, "sharing.control", "last", "first -> last"),
    (SHARE, "sharing.settings.notify", True, "false -> true"),
    (SHARE, "listen[0].port", 2, "1 -> 2"),
    (SHARE, "listen[0].mode", "rfc2217", "raw -> rfc2217"),
    (SHARE, "listen[0].refusal", "close", "text -> close"),
    (SHARE, "listen[0].keepalive", False, "{every: 5s, retry: 2s, count: 3} -> false"),
    (SHARE, "listen[0].idle_timeout", "10m", "nothing -> 10m"),
    (SHARE, "listen[0].allow", ["127.0.0.1", "127.1.0.0/16"], "[] -> [127.0.0.1, 127.1.0.0/16]"),
    (SHARE, "listen[0].max_per_source", 2, "nothing -> 2"),
    (UDP, "listen[0].targets", ["h:1", "h:2"], "[h:1] -> [h:1, h:2]"),
    (UDP, "listen[0].interface", "127.0.0.1", "nothing -> 127.0.0.1"),
    (CALL, "connect.to", ["h:1", "[::1]:2"], "[h:1] -> [h:1, [::1]:2]"),
    (CALL, "connect.transport", "udp", "tcp -> udp"),
    (CALL, "connect.when", "on-demand", "always -> on-demand"),
    (CALL, "connect.backoff", ["500ms", "1m"], "[1s, 2s, 5s, 10s] -> [500ms, 1m]"),
    (CALL, "connect.register", "ID\r\n", 'nothing -> "ID\\r\\n"'),
    (CALL, "connect.heartbeat", {"send": "\x01", "every": "5s"}, 'nothing -> {send: "\\x01", every: 5s}'),
]
"""A share, a key of it, another value, and what is told."""
DEVICES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"virtual": "/x"}, {"virtual": "/y"}, ["device.virtual: /x -> /y"]),
    ({"virtual": "/x"}, {"virtual": "/x", "mode": "0640"}, ["device.mode: nothing -> 0640"]),
    ({"virtual": "/x"}, {"virtual": "/x", "group": "0"}, ["device.group: nothing -> 0"]),
    ({"tcp": "h:1"}, {"tcp": "h:2"}, ["device.tcp: h:1 -> h:2"]),
    ({"udp": "h:1"}, {"udp": "h:1", "local_port": 9}, ["device.local_port: 0 -> 9"]),
    ({"rfc2217": "h:1"}, {"rfc2217": "h:1", "strict": True}, ["device.strict: false -> true"]),
    ({"sim": "scpi-meter"}, {"sim": "dsmr-p1"}, ["device.sim: scpi-meter -> dsmr-p1"]),
    ({"endpoint": "unix:/x"}, {"endpoint": "unix:/y"}, ["device.endpoint: unix:/x -> unix:/y"]),
    ({"loop": True}, {"tcp": "h:1"}, ["device: loop -> tcp h:1"]),
    ({"virtual": "/x"}, {"port": "ttyS9"}, ["device: virtual port /x -> port ttyS9"]),
]


def settings(share: dict[str, Any], **top: Any) -> GatewaySettings:
    """Return the settings of a configuration with one share, which may have warnings."""
    found, findings = judge(Source("test", {"shares": {"a": deepcopy(share)}, **top}), Path("/"))
    assert found is not None, findings
    return found


def put(share: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a share with another value at a key."""
    share = deepcopy(share)
    place: Any = share
    *above, last = key.replace("[0]", ".0").split(".")
    for part in above:
        place = place[0] if part == "0" else place.setdefault(part, {})
    place[last] = value
    return share


def paths(node: Node, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the keys that lead to each leaf."""
    if isinstance(node, Leaf):
        yield above
    for key, one in node.items() if isinstance(node, Tree) else ():
        yield from paths(one, (*above, key))
    for _, one in node if isinstance(node, Several) else ():
        yield from paths(one, above)


def known(model: type[BaseModel], found: set[str]) -> set[str]:
    """Add all keys that a model knows, however deep."""
    for name, field in model.model_fields.items():
        found.add(field.alias or name)
        for below in models_in(field.annotation):
            known(below, found)
    return found


class FileTest(SynchronousTestCase):
    maxDiff = None

    def test_each_key_and_value_is_that_of_the_file(self) -> None:
        for share, key, value, told in KEYS:
            lines = differences(settings(share), settings(put(share, key, value)))
            place = f"shares.a.{key}.boot" if key == "device.sequences" else f"shares.a.{key}"
            self.assertEqual(len(lines), 1, lines)
            self.assertTrue(lines[0].startswith(f"{place}: {told}"), f"{lines[0]} is not {place}: {told}")

    def test_devices(self) -> None:
        for one, other, told in DEVICES:
            lines = differences(settings({**SHARE, "device": one}), settings({**SHARE, "device": other}))
            self.assertEqual(lines, [f"shares.a.{line}" for line in told])

    def test_a_short_line(self) -> None:
        """The settings of a line are told one by one, however they are written."""
        other = put(put(SHARE, "device.line", "19200 7E1"), "device.port", "ttyS9")
        lines = differences(settings(SHARE), settings(other))
        self.assertEqual(
            lines,
            [
                "shares.a.device.baudrate: 9600 -> 19200",
                "shares.a.device.bytesize: 8 -> 7",
                "shares.a.device.parity: none -> even",
            ],
        )

    def test_messages(self) -> None:
        """What a definition says of messages is not told, only that it says something else."""
        top = {"elements": {"e": ELEMENT}}
        with_it = put(SHARE, "sharing.arbitrate", "message")
        found = differences(settings(SHARE, **top), settings(with_it, **top))
        self.assertEqual(found, ["shares.a.sharing.arbitrate: nothing -> message"])
        other = {"elements": {"e": {**ELEMENT, "protocol": "scpi-meter"}}}
        found = differences(settings(with_it, **top), settings(with_it, **other))
        self.assertIn("shares.a.sharing.arbitrate: changed", found)
        self.assertLess(max(map(len, found)), 120)

    def test_pools(self) -> None:
        pool = {"shares": ["a"], "listen": [{"port": 9}]}
        for key, value, told in (
            ("announce", False, "true -> false"),
            ("listen", [{"port": 8}], "9 -> 8"),
        ):
            found = differences(
                settings(SHARE, pools={"p": pool}), settings(SHARE, pools={"p": {**pool, key: value}})
            )
            place = "listen[0].port" if key == "listen" else key
            self.assertEqual(found, [f"pools.p.{place}: {told}"])
        self.assertEqual(differences(settings(SHARE), settings(SHARE, pools={"p": pool})), ["pools.p: new"])

    def test_all_of_a_gateway_is_compared(self) -> None:
        """But for what changes only when it is started again."""
        compared = {"shares", "pools", "elements", "users", "audit"}
        fields = {field.name for field in dataclasses.fields(GatewaySettings)}
        self.assertEqual(fields - compared, {"console", "state", "protocol_paths"})

    def test_encryption(self) -> None:
        sets = {"tls": {"x": {"certificate": "/c.pem", "key": "/k.pem"}}}
        found = differences(settings(SHARE, **sets), settings(put(SHARE, "listen[0].tls", "x"), **sets))
        told = "nothing -> {certificate: /c.pem, key: /k.pem, verify: true}"
        self.assertEqual(found, [f"shares.a.listen[0].tls: {told}"])

    def test_passwords_that_are_sent(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        secret = Path(folder.name, "secret")
        secret.write_text("hunter2\n")
        secret.chmod(0o600)
        other = put(CALL, "connect.login", {"user": "anna", "password_file": str(secret)})
        (line,) = differences(settings(CALL), settings(other))
        self.assertEqual(line, "shares.a.connect.login: nothing -> {user: anna}")

    def test_all_keys_are_known(self) -> None:
        """No field of the settings is told by a name of our own."""
        names = known(ConfigModel, known(UsersFileModel, set())) | {"boot", "0"}
        for share, key, value, _ in KEYS:
            (one,) = settings(put(share, key, value)).shares
            self.assertEqual({name for path in paths(tree_of(one)) for name in path} - names, set())
        for device, _, _ in DEVICES:
            (one,) = settings({**SHARE, "device": device}).shares
            self.assertEqual(
                {name for path in paths(tree_of(one)) for name in path} - names - {"loop"}, set()
            )
        (element,) = settings(SHARE, elements={"e": ELEMENT}).elements
        self.assertEqual({name for path in paths(tree_of(element)) for name in path} - names, set())


class FormsTest(SynchronousTestCase):
    @given(st.integers(0, 10**9), st.sampled_from([1, 1000, 10**6, 60 * 10**6]))
    def test_times_are_read_back(self, count: int, microseconds: int) -> None:
        value = min(count * microseconds, 3650 * 86400 * 10**6) / 1e6
        self.assertAlmostEqual(read_seconds(seconds(value).text), value, delta=max(1e-6, value * 1e-9))

    def test_times_as_people_write_them(self) -> None:
        for value, text in (
            (0.0, "0s"),
            (0.0005, "500us"),
            (0.02, "20ms"),
            (1.5, "1.5s"),
            (90.0, "90s"),
            (120.0, "2m"),
            (7200.0, "2h"),
            (86400.0, "1d"),
        ):
            self.assertEqual(seconds(value).text, text)

    @given(st.integers(0, 1024**3))
    def test_sizes_are_read_back(self, count: int) -> None:
        self.assertEqual(_bytes(size(count).text), count)

    @given(st.binary(min_size=1, max_size=40))
    def test_bytes_are_read_back(self, data: bytes) -> None:
        text = raw_bytes(data).text
        self.assertTrue(text.isascii() and text.isprintable())
        source = parse_source("test", f"x: {text}\n".encode())
        self.assertEqual(source.values["x"].encode("latin-1"), data)
        self.assertIsNotNone(YAML(typ="safe").load(text))
