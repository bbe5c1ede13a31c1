"""Calls in a configuration: their keys one by one, their password, and flags."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.findings import FindingsError
from smartserial.config.flags import one_share
from smartserial.findings import ERROR, Finding
from smartserial.settings import Address, ConnectSettings, Mode, Secret
from tests.canary import CANARY
from tests.configs import Row, differences, judged, the_share
from tests.connectexamples import call

C = "shares.a.connect"
TO = "to: ['h:1'], "

WRONG: list[Row] = [
    ("shares: {a: {device: {loop: true}, connect: 7}}", [(f"1:45 CF03 {C}", "expected a mapping, found 7")]),
    (call("loop: true", ""), [(f"4:14 CF04 {C}.to", "expected, but missing")]),
    (call("loop: true", "to: []"), [(f"4:19 CF03 {C}.to", "expected at least one, found an empty list")]),
    (call("loop: true", "to: [h]"), [(f"4:20 CF03 {C}.to[0]", "expected HOST:PORT, found 'h'")]),
    (call("loop: true", "to: [h:0]"), [(f"4:20 CF03 {C}.to[0]", "expected HOST:PORT, found 'h:0'")]),
    (call("loop: true", "to: h:1"), [(f"4:19 CF03 {C}.to", "expected a list, found 'h:1'")]),
    (
        "shares: {a: {device: {loop: true}, connect: [h]}}",
        [(f"1:45 CF03 {C}.to[0]", "expected HOST:PORT, found 'h'")],
    ),
    (call("loop: true", f"{TO}mode: telnet"), [(f"4:34 CF03 {C}.mode", "expected 'raw' or 'rfc2217'")]),
    (call("loop: true", f"{TO}backoff: []"), [(f"4:37 CF03 {C}.backoff", "expected at least one")]),
    (call("loop: true", f"{TO}backoff: [50ms]"), [(f"4:38 CF03 {C}.backoff[0]", "expected at least 0.1")]),
    (call("loop: true", f"{TO}backoff: 5s"), [(f"4:37 CF03 {C}.backoff", "expected a list, found '5s'")]),
    (call("loop: true", f'{TO}register: ""'), [(f"4:38 CF03 {C}.register", "expected at least one")]),
    (call("loop: true", f"{TO}register: 4711"), [(f"4:38 CF03 {C}.register", "expected a text of char")]),
    (
        call("loop: true", f"{TO}heartbeat: {{}}"),
        [(f"4:39 CF04 {C}.heartbeat.{key}", "expected, but missing") for key in ("send", "every")],
    ),
    (
        call("loop: true", f"{TO}heartbeat: {{send: x, every: 1ms}}"),
        [(f"4:56 CF03 {C}.heartbeat.every", "expected at least 0.1")],
    ),
    (call("loop: true", f"{TO}login: {{user: x}}"), [(f"4:35 CF04 {C}.login.password_file", "missing")]),
    (call("loop: true", f"{TO}when: devise-open"), [(f"4:34 CF03 {C}.when", "did you mean device-open?")]),
    (call("loop: true", f"{TO}tls: true"), [(f"4:33 CF03 {C}.tls", "expected")]),
    (
        call("virtual: p", f"{TO}mode: rfc2217, lines: {{opened: {{}}}}"),
        [(f"4:51 CF02 {C}.lines.opened", "unknown key (did you mean open?)")],
    ),
]


class KeysTest(SynchronousTestCase):
    maxDiff = None

    def test_wrong_values(self) -> None:
        self.assertEqual(differences(WRONG), "")

    def test_the_short_form(self) -> None:
        share = the_share("shares: {a: {device: {loop: true}, connect: ['h:1', '[::1]:2']}}")
        self.assertEqual(share.connect, ConnectSettings((Address("h", 1), Address("::1", 2))))
        self.assertEqual(share.listeners, ())

    def test_what_is_wrong_in_a_call_leaves_the_rest_to_be_judged(self) -> None:
        _, findings = judged(call("loop: true", "to: [h], mode: rfc2217", "bufer: 9"))
        self.assertEqual([finding.code for finding in findings], ["CF03", "CF02"])

    def test_datagrams_have_the_size_of_packets(self) -> None:
        udp = "to: [h:1], transport: udp"
        for more, size in (("", 1400), ("packets: {size: 100}", 100), ("packets: {hold: 1s}", 1400)):
            connect = the_share(call("loop: true", udp, more)).connect
            assert connect is not None
            self.assertEqual(connect.datagram, size)


class PasswordTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "secret"

    def write(self, data: bytes, mode: int = 0o600) -> tuple[Secret | None, list[Finding]]:
        self.path.write_bytes(data)
        self.path.chmod(mode)
        text = call("loop: true", f"to: ['127.0.0.1:1'], login: {{password_file: {self.path}}}")
        settings, findings = judged(text)
        for finding in findings:
            self.assertNotIn(CANARY, str(finding))
        if settings is None:
            return None, findings
        login = settings.shares[0].connect.login  # type: ignore[union-attr]
        assert login is not None
        return login.password, findings

    def test_one_line(self) -> None:
        for end in (b"", b"\n", b"\r\n"):
            for mode in (0o600, 0o400, 0o640):
                self.assertEqual(self.write(CANARY.encode() + end, mode), (Secret(CANARY), []))

    def test_blanks_and_letters_of_all_kinds_belong_to_it(self) -> None:
        self.assertEqual(self.write(" pässwort \n".encode())[0], Secret(" pässwort "))

    def test_files_that_cannot_be_used(self) -> None:
        for data, why in (
            (b"", "expected one line with a password in"),
            (b"\n", "expected one line with a password in"),
            (f"{CANARY}\nmore\n".encode(), "expected one line with a password in"),
            (f"{CANARY}\0".encode(), "expected one line with a password in"),
            (b"\xff\n", "expected utf-8"),
            (CANARY.encode() * 30, "expected at most 256 bytes"),
        ):
            password, (finding,) = self.write(data)
            self.assertIsNone(password, data)
            self.assertEqual((finding.code, finding.path), ("CF09", f"{C}.login.password_file"))
            self.assertIn(why, finding.message)

    def test_files_of_everybody(self) -> None:
        for mode, able in ((0o644, "read"), (0o604, "read"), (0o602, "change"), (0o666, "read")):
            password, (finding,) = self.write(CANARY.encode(), mode)
            self.assertIsNone(password)
            self.assertEqual((finding.code, finding.severity), ("CF16", ERROR))
            self.assertIn(f"everybody on this machine can {able} {self.path}", finding.message)
            self.assertEqual(finding.hint, f"chmod 600 {self.path}")


class FlagsTest(SynchronousTestCase):
    def connect(self, *words: str, listen: tuple[str, ...] = (), mode: str = "raw") -> ConnectSettings:
        settings, findings = one_share("loop:", listen, mode, connect=words)
        self.assertEqual(findings, [])
        (share,) = settings.shares
        self.assertEqual(len(share.listeners), len(listen))
        assert share.connect is not None
        return share.connect

    def test_what_they_say(self) -> None:
        self.assertEqual(self.connect("h:1"), ConnectSettings((Address("h", 1),)))
        both = ConnectSettings((Address("h", 1), Address("::1", 2)), Mode.RFC2217)
        self.assertEqual(self.connect("h:1", "[::1]:2", mode="rfc2217"), both)
        self.assertEqual(self.connect("udp:h:1", "udp:g:1").datagram, 1400)
        self.connect("h:1", listen=("7001",))

    def test_what_is_wrong(self) -> None:
        for words, mode, expected in (
            (("h",), "raw", "--connect: expected HOST:PORT, found 'h'"),
            (("udp:h:1", "h:1"), "raw", "--connect: expected HOST:PORT, found 'udp:h:1'"),
            (("h:1", "h:1"), "raw", "--connect: h:1 stands there twice"),
            (("udp:h:1",), "rfc2217", "--mode: expected raw with `transport: udp`"),
            (("h:1",), "rfc", "--mode: expected 'raw' or 'rfc2217', found 'rfc'"),
        ):
            with self.assertRaises(FindingsError) as caught:
                one_share("loop:", (), mode, connect=words)
            self.assertIn(expected, str(caught.exception))
