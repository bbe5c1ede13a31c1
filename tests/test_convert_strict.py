"""What was made of other files gives the checker no reason to warn; what was taken out for that is told."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.judge import judge
from smartserial.config.source import parse_source
from smartserial.convert.form import Draft, Pool, Share
from smartserial.convert.remarks import Place
from smartserial.convert.strictly import drop_unused_sets, is_idle, take_idle_out
from smartserial.findings import ERROR, WARNING, Finding

from .convertstage import Converted, convert
from .test_convert_rotators import device, rotator
from .test_convert_ser2net import HEAD, connection

ONLY_HERE = "cannot act: only this machine reaches 127.0.0.1"


def warned(found: Converted) -> list[str]:
    return [str(one) for one in judge(parse_source("new", found.text.encode()), Path("/nowhere"))[1]]


def idle(path: str) -> Finding:
    return Finding("new", 1, 1, path, "CF08", WARNING, "cannot act: for a test")


class StrictTest(SynchronousTestCase):
    def test_nothing_is_warned_of(self) -> None:
        """Each of these was warned of, as its words were carried over one by one."""
        for options, accepter in [
            ("connback: 'udp,127.0.0.1,5000'", "udp,localhost,2001"),
            ("connback: 'tcp,127.0.0.1,5000'", "tcp,localhost,2001"),
            ("sendon: x\nno-con-to-acc: true", "tcp,localhost,2001"),
            ("chardelay-min: 5000\nno-con-to-acc: true", "tcp,localhost,2001"),
            ("chardelay-min: 1\ndev-to-net-bufsize: 65536", "udp,localhost,2001"),
            ("remaddr: 10.0.0.1;127.0.0.2", "tcp,localhost,2001"),
        ]:
            found = convert(HEAD + connection(options, accepter))
            self.assertTrue(found.text, options)
            self.assertEqual(warned(found), [], options)

    def test_what_is_left_out_is_told_in_both_places(self) -> None:
        found = convert(HEAD + connection("sendon: x\nno-con-to-acc: true"))
        self.assertNotIn("packets", found.share)
        self.assertEqual(found.share["listen"], [{"port": 2001, "access": "write"}])
        note = "note: `packets` of connection con (cannot act: no listener lets clients read; it is left out"
        self.assertIn(f"3: {note}", found.remarks[0])
        self.assertIn("# - note: `packets` of connection con (cannot act", found.text)
        self.assertFalse(found.draft.remarks.lost)

    def test_addresses_that_cannot_come(self) -> None:
        found = convert(HEAD + connection("remaddr: 10.0.0.1;127.0.0.2;10.0.0.2"))
        self.assertEqual(found.share["listen"], [{"port": 2001, "allow": ["127.0.0.2"]}])
        self.assertEqual(sum(ONLY_HERE in line for line in found.remarks), 2)

    def test_a_listener_that_nobody_could_reach_lets_nobody_in(self) -> None:
        """The last address is never taken out of a list: without one everybody would come in."""
        found = convert(HEAD + connection("remaddr: 10.0.0.1"))
        self.assertEqual(found.text, "")
        self.assertIn(f"3: not carried over: connection con ({ONLY_HERE}", found.remarks[0])
        found = convert(HEAD + connection("remaddr: 10.0.0.1\nconnback: 'tcp,127.0.0.1,5000'"))
        self.assertNotIn("listen", found.share)
        self.assertEqual(found.share["connect"]["to"], ["127.0.0.1:5000"])
        self.assertIn("not carried over: a listener of connection con", "\n".join(found.remarks))

    def test_pools(self) -> None:
        rules = "remaddr: 10.0.0.1;127.0.0.2"
        found = convert(HEAD + device(1, rules) + rotator("[c1]"))
        listener = {"port": 2010, "allow": ["127.0.0.2"]}
        self.assertEqual(found.values["pools"]["rot"]["listen"], [listener])
        self.assertEqual(warned(found), [])
        own = device(2, accepter="tcp,localhost,2001")
        found = convert(HEAD + own + device(1, "remaddr: 10.0.0.1") + rotator("[c1]"))
        self.assertEqual((list(found.values), list(found.values["shares"])), (["shares"], ["c2"]))

    def test_sets_of_what_was_left_out(self) -> None:
        same = connection("", "ssl,tcp,::1,2001", "echo", name="same")
        found = convert(HEAD + connection(accepter="tcp,::1,2001") + same)
        self.assertEqual(list(found.values), ["shares"])
        self.assertEqual(warned(found), [])


class PartsTest(SynchronousTestCase):
    """What a finding is about, in a draft."""

    def setUp(self) -> None:
        self.share = Share("a.b", Place("f", 1), "connection a.b", device={"loop": True, "open": "always"})
        self.share.listen = [{"port": 1, "allow": ["::1", "::2"]}]
        self.share.packets = {"size": 3}
        pool = Pool("pool", Place("f", 2), "rotator", [self.share], [{"port": 2, "linger": "1s"}])
        self.draft = Draft("f", [self.share], [pool])

    def test_what_is_found_is_taken_out(self) -> None:
        for path in (
            "shares.a.b.device.open",
            "shares.a.b.listen[0].allow[1]",
            "shares.a.b.packets",
            "pools.pool.listen[0].linger",
        ):
            self.assertTrue(take_idle_out(self.draft, idle(path)), path)
            self.assertFalse(take_idle_out(self.draft, idle(path)), path)
        self.assertEqual(self.share.device, {"loop": True})
        self.assertEqual(self.share.listen, [{"port": 1, "allow": ["::1"]}])
        self.assertEqual((self.share.packets, self.draft.pools[0].listen), ({}, [{"port": 2}]))
        self.assertEqual(len(self.draft.remarks.made), 4)
        self.assertEqual((len(self.share.comments), len(self.draft.pools[0].comments)), (3, 1))

    def test_what_is_not_found_stays(self) -> None:
        before = repr(self.draft)
        for path in (
            "",
            "tls",
            "shares",
            "shares.a",
            "shares.a.b",
            "shares.a.bc.packets",
            "shares.a.b.name",
            "shares.a.b.device",
            "shares.a.b.listen",
            "shares.a.b.listen[7].allow[0]",
            "shares.a.b.packets.size[0]",
            "shares.a.b.packets.gap",
            "console.telnet",
        ):
            self.assertFalse(take_idle_out(self.draft, idle(path)), path)
        self.assertEqual(repr(self.draft), before)

    def test_other_findings_are_for_the_operator(self) -> None:
        for code, severity, expected in [
            ("CF08", WARNING, True),
            ("CF08", ERROR, False),
            ("CF16", WARNING, False),
        ]:
            self.assertEqual(is_idle(Finding("f", 1, 1, "", code, severity, "")), expected)

    def test_sets_that_are_used(self) -> None:
        self.draft.tls = {"one": {}, "two": {}, "three": {}}
        self.share.listen[0]["tls"] = "one"
        self.draft.pools[0].listen[0]["tls"] = "two"
        drop_unused_sets(self.draft)
        self.assertEqual(list(self.draft.tls), ["one", "two"])
