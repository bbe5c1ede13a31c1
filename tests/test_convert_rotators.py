"""Rotators of ser2net: which shares their pools have, who is let in, and what is said of the rest."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.convert.remarks import ConvertError

from .convertstage import Converted, convert
from .test_convert_ser2net import HEAD, connection

ORDER = "note: the order of rotator rot"


def device(number: int, options: str = "", accepter: str = "dummy", more: str = "") -> str:
    """A connection to a port of its own, called by its number."""
    return connection(options, accepter, f"serialdev,/dev/ttyS{number},9600n81,local", more, f"c{number}")


def rotator(connections: str, accepter: str = "tcp,localhost,2010", more: str = "", name: str = "rot") -> str:
    return f"rotator: &{name}\n  accepter: '{accepter}'\n  connections: {connections}\n{more}"


def made(*sections: str) -> Converted:
    return convert(HEAD + "".join(sections))


def told(found: Converted) -> list[str]:
    """Return the remarks without their reasons."""
    return [line.partition(" (")[0].partition(": ")[2] for line in found.remarks]


def pools(found: Converted) -> dict[str, Any]:
    return found.values.get("pools", {})  # type: ignore[no-any-return]


class PoolTest(SynchronousTestCase):
    maxDiff = None

    def test_a_plain_rotator(self) -> None:
        found = made(device(1, accepter="tcp,localhost,2001"), device(2), rotator("[*c1, *c2]"))
        self.assertEqual(
            pools(found), {"rot": {"shares": ["c1", "c2"], "listen": [{"port": 2010}], "announce": False}}
        )
        shares = found.values["shares"]
        self.assertEqual(shares["c1"]["listen"], [{"port": 2001}])
        self.assertNotIn("listen", shares["c2"])
        self.assertEqual(told(found), [ORDER])
        self.assertFalse(found.draft.remarks.lost)
        self.assertIn("  # rotator rot, f:11\n  # - note: the order of rotator rot (", found.text)

    def test_connections_may_be_named_without_a_star_and_are_taken_once(self) -> None:
        found = made(device(1), device(2), rotator("[c2, *c1, c2]"))
        self.assertEqual(pools(found)["rot"]["shares"], ["c2", "c1"])

    def test_two_connections_on_one_device_are_one_share(self) -> None:
        other = connection("", "dummy", "serialdev,/dev/ttyS1,9600n81,local", name="other")
        found = made(device(1), other, device(2), rotator("[*c1, *other, *c2]"))
        self.assertEqual(pools(found)["rot"]["shares"], ["c1", "c2"])

    def test_names_are_those_of_nobody_else(self) -> None:
        found = made(
            device(1), device(2), rotator("[*c1]", name="c1"), rotator("[*c2]", "tcp,::1,2", name="c/1")
        )
        self.assertEqual(list(pools(found)), ["c1-2", "c-1"])

    def test_encryption(self) -> None:
        found = made(
            device(1, accepter="ssl,tcp,2001"),
            device(2),
            rotator("[*c1]", "ssl,tcp,2010"),
            rotator("[*c2]", "ssl(cert=/a,key=/b),tcp,2011", name="own"),
        )
        self.assertEqual(found.share["listen"], [{"port": 2001, "host": "::", "tls": "set-1"}])
        sets = [pool["listen"][0]["tls"] for pool in pools(found).values()]
        self.assertEqual(sets, ["set-1", "set-2"])
        self.assertEqual(found.values["tls"]["set-2"], {"certificate": "/a", "key": "/b"})

    def test_accepters(self) -> None:
        for accepter, listener in [
            ("tcp,2010", {"port": 2010, "host": "::", "insecure": True}),
            ("telnet(rfc2217),tcp,localhost,2010", {"mode": "rfc2217", "port": 2010}),
            ("unix,/run/x", {"endpoint": "unix:/run/x:mode=600"}),
        ]:
            found = made(device(1), rotator("[*c1]", accepter))
            self.assertEqual(pools(found)["rot"]["listen"], [listener], accepter)

    def test_defaults_hold_from_where_they_stand(self) -> None:
        default = "default:\n  name: nodelay\n  value: false\n  class: tcp\n"
        found = made(device(1, accepter="tcp,localhost,2001"), default, rotator("[*c1]"))
        self.assertEqual(found.share["listen"], [{"port": 2001}])
        self.assertEqual(pools(found)["rot"]["listen"], [{"port": 2010, "nodelay": False}])


class EntranceTest(SynchronousTestCase):
    """Nobody gets at more by a pool than by the rotator."""

    def test_rules_of_the_connections_hold(self) -> None:
        rules = "remaddr: 127.0.0.1;127.0.0.3\nno-acc-to-con: true"
        found = made(device(1, rules), device(2, rules), rotator("[*c1, *c2]"))
        listener = {"port": 2010, "access": "read", "allow": ["127.0.0.1", "127.0.0.3"]}
        self.assertEqual(pools(found)["rot"]["listen"], [listener])
        self.assertEqual(told(found), [ORDER])

    def test_defaults_of_the_connections_hold(self) -> None:
        default = "default:\n  name: no-con-to-acc\n  value: true\n  class: ser2net\n"
        found = made(default, device(1), rotator("[*c1]"))
        self.assertEqual(pools(found)["rot"]["listen"], [{"port": 2010, "access": "write"}])

    def test_one_that_lets_in_others_is_left_out(self) -> None:
        for rules in ("no-acc-to-con: true", "remaddr: 127.0.0.2"):
            found = made(
                device(1), device(2, rules, "tcp,localhost,2002"), device(3), rotator("[c1, c2, c3]")
            )
            self.assertEqual(pools(found)["rot"]["shares"], ["c1", "c3"])
            self.assertEqual(told(found), [ORDER, "not carried over: 'c2' of rotator rot"])
            self.assertIn("18: not carried over: 'c2' of rotator rot (it lets in others", found.remarks[1])
            self.assertIn("'c2' of rotator rot", found.text)

    def test_timeouts(self) -> None:
        found = made(device(1, more="  timeout: 9\n"), device(2, more="  timeout: 9\n"), rotator("[c1, c2]"))
        self.assertEqual(pools(found)["rot"]["listen"], [{"port": 2010, "idle_timeout": "9s"}])
        self.assertEqual(told(found), [ORDER])
        found = made(device(1), device(2, more="  timeout: 9\n"), rotator("[c1, c2]"))
        self.assertEqual(pools(found)["rot"]["listen"], [{"port": 2010}])
        self.assertEqual(pools(found)["rot"]["shares"], ["c1", "c2"])
        self.assertEqual(told(found), [ORDER, "not carried over: the timeout of 'c2' of rotator rot"])


PLAIN, FULL = "telnet,tcp,localhost,{}", "telnet(rfc2217),tcp,localhost,{}"
CLOSED = {"remote": False}


class TelnetTest(SynchronousTestCase):
    """A share has one rule for what its clients may change, whichever way they have come."""

    def pair(self, own: str, pool: str) -> tuple[Converted, Any]:
        """Convert a connection and a rotator with these accepters; return `settings` of the share, too."""
        found = made(device(1, "", own.format(2001)), rotator("[c1]", pool.format(2010)))
        self.assertEqual(pools(found)["rot"]["listen"][0].get("mode"), "rfc2217")
        return found, found.share["sharing"].get("settings")

    def test_a_rotator_that_changes_nothing(self) -> None:
        for own in ("dummy", "tcp,localhost,{}", PLAIN):
            found, settings = self.pair(own, PLAIN)
            self.assertEqual((settings, told(found)), (CLOSED, [ORDER]), own)
            self.assertEqual(found.share["device"]["lines"], {"remote": ["break"]})

    def test_a_rotator_that_may_change_more_than_before(self) -> None:
        found, settings = self.pair(FULL, PLAIN)
        self.assertEqual((settings, told(found)), (None, [ORDER, "note: RFC 2217 on c1 of rotator rot"]))

    def test_a_rotator_that_may_change_less_than_before(self) -> None:
        found, settings = self.pair(PLAIN, FULL)
        lost = "not carried over: RFC 2217 on c1 of rotator rot"
        self.assertEqual((settings, told(found)), (CLOSED, [ORDER, lost]))

    def test_a_rotator_that_changes_settings(self) -> None:
        for own in ("dummy", "tcp,localhost,{}", FULL):
            found, settings = self.pair(own, FULL)
            self.assertEqual((settings, told(found)), (None, [ORDER]), own)

    def test_two_rotators(self) -> None:
        found = made(
            device(1), rotator("[c1]", FULL.format(1)), rotator("[c1]", PLAIN.format(2), name="other")
        )
        self.assertNotIn("settings", found.share["sharing"])
        self.assertIn("note: RFC 2217 on c1 of rotator other", told(found))

    def test_several_clients(self) -> None:
        found = made(device(1, "max-connections: 2"), rotator("[c1]", FULL.format(1)))
        self.assertEqual(found.share["sharing"], {"max_clients": 2, "control": "anyone"})


class LostTest(SynchronousTestCase):
    """What a pool cannot have, and what becomes of shares that only it would have led to."""

    maxDiff = None

    def test_an_accepter_that_takes_no_clients_here(self) -> None:
        found = made(device(1, accepter="telnet,sctp,2001"), rotator("[c1]"))
        self.assertEqual(pools(found)["rot"]["shares"], ["c1"])
        self.assertEqual(told(found), ["not carried over: the accepter of connection c1", ORDER])
        self.assertEqual(found.share["sharing"], {"max_clients": 1})
        self.assertNotIn("lines", found.share["device"])

    def test_rotators_that_cannot_be(self) -> None:
        for accepter, why in [
            ("udp,localhost,2010", "over UDP nobody connects"),
            ("sctp,2010", "SCTP is not spoken"),
            ("tcp,2010x", "expected a port"),
        ]:
            found = made(device(1, accepter="tcp,localhost,2001"), device(2), rotator("[c1, c2]", accepter))
            self.assertEqual((list(found.values["shares"]), pools(found)), (["c1"], {}))
            lost = ["not carried over: connection c2", "not carried over: rotator rot for its accepter"]
            self.assertEqual(told(found), lost)
            self.assertIn("no rotator that is carried over has it", found.remarks[0])
            self.assertTrue(found.remarks[1].startswith("12: "), found.remarks)
            self.assertIn(why, found.remarks[1])

    def test_connections_that_are_not_there(self) -> None:
        found = made(device(1), rotator("[c1, c3]"))
        self.assertEqual(pools(found)["rot"]["shares"], ["c1"])
        self.assertEqual(told(found), [ORDER, "not carried over: 'c3' of rotator rot"])
        found = made(device(1, accepter="tcp,localhost,2001"), rotator("[]"), "rotator: &more {}\n")
        self.assertEqual(pools(found), {})
        self.assertEqual(
            told(found),
            ["not carried over: rotator rot", "not carried over: the accepter of rotator more"],
        )

    def test_options(self) -> None:
        more = "  options:\n    authdir: /x\n    accepter-retry-time: 3\n    banner: x\n  enable: on\n"
        found = made(device(1), rotator("[c1]", more=more))
        self.assertEqual(
            told(found),
            [
                ORDER,
                "not carried over: authdir of rotator rot",
                "not carried over: option 'banner' of rotator rot",
                "not carried over: 'enable' of rotator rot",
            ],
        )

    def test_a_list_is_expected(self) -> None:
        with self.assertRaises(ConvertError) as caught:
            made(device(1), rotator("c1"))
        self.assertEqual(str(caught.exception), "f:9: expected a list as the connections of rotator rot")

    def test_a_port_that_is_taken(self) -> None:
        """The checker does not accept the pool, and then not what nothing leads to."""
        found = made(
            device(1, accepter="tcp,localhost,2001"), device(2), rotator("[c1, c2]", "tcp,localhost,2001")
        )
        self.assertEqual((list(found.values["shares"]), pools(found)), (["c1"], {}))
        self.assertIn(
            "not carried over: rotator rot (port 2001 is also that of shares.c1.listen[0]",
            "\n".join(found.remarks),
        )
        self.assertIn(
            "not carried over: connection c2 (expected `listen`, `connect`", "\n".join(found.remarks)
        )

    def test_a_listener_that_cannot_be_is_no_end_of_a_share_in_a_pool(self) -> None:
        taken = device(1, accepter="tcp,localhost,2001")
        found = made(taken, device(2, accepter="tcp,localhost,2001"), rotator("[c1, c2]"))
        self.assertEqual(pools(found)["rot"]["shares"], ["c1", "c2"])
        self.assertNotIn("listen", found.values["shares"]["c2"])
        self.assertIn("not carried over: a listener of connection c2", told(found))

    def test_a_share_that_cannot_be_is_in_no_pool(self) -> None:
        same = connection("", "dummy", "serialdev,/dev/../dev/ttyS1,local", name="same")
        found = made(device(1), same, rotator("[c1, same]"), rotator("[same]", "tcp,::1,1", name="alone"))
        self.assertEqual({name: pool["shares"] for name, pool in pools(found).items()}, {"rot": ["c1"]})
        self.assertIn("not carried over: connection same (/dev/ttyS1 is also", "\n".join(found.remarks))
        self.assertIn("not carried over: rotator alone (none of its shares is left", "\n".join(found.remarks))

    def test_who_is_called_needs_no_accepter(self) -> None:
        found = made(device(1, "connback: 'tcp,far.example,5000'", more="  timeout: 9\n"))
        self.assertEqual(found.share["connect"]["to"], ["far.example:5000"])
        self.assertNotIn("listen", found.share)
        self.assertEqual([line for line in told(found) if "not carried over" in line], [])


class SwitchedOffTest(SynchronousTestCase):
    """A connection that is off has no listener and calls nobody; a rotator leads to it."""

    OFF = "  enable: off\n"
    NOTE = "note: the switch of connection c{}"

    def test_a_rotator_over_connections_that_are_off(self) -> None:
        rules = "remaddr: 127.0.0.3\nmax-connections: 2\nconnback: 'tcp,far.example,5000'"
        first = device(1, rules, "tcp,2001", self.OFF)
        found = made(first, device(2, rules, "tcp,2002", self.OFF), rotator("[c1, c2]"))
        listener = {"port": 2010, "allow": ["127.0.0.3"]}
        self.assertEqual(
            pools(found), {"rot": {"shares": ["c1", "c2"], "listen": [listener], "announce": False}}
        )
        for share in found.values["shares"].values():
            self.assertEqual(share.keys(), {"device", "sharing"})
            self.assertEqual((share["device"]["open"], share["sharing"]["max_clients"]), ("on-demand", 2))
        notes = [line for line in told(found) if "switch" in line]
        self.assertEqual(notes, [self.NOTE.format(1), self.NOTE.format(2)])
        self.assertTrue(found.remarks[0].startswith("6: note: the switch"), found.remarks)
        self.assertIn("its version 4.3.11 passes over it", found.text.replace("\n  #  ", ""))
        self.assertFalse(found.draft.remarks.lost)

    def test_one_that_no_rotator_names_is_left_out(self) -> None:
        found = made(device(1), device(2, more=self.OFF), rotator("[c1]"))
        self.assertEqual(list(found.values["shares"]), ["c1"])
        self.assertEqual(told(found), ["not carried over: connection c2", ORDER])

    def test_one_whose_rotator_cannot_be_is_left_out(self) -> None:
        accepter = "tcp,localhost,2001"
        found = made(
            device(1, accepter=accepter), device(2, "", accepter, self.OFF), rotator("[c2]", "udp,2010")
        )
        self.assertEqual(list(found.values["shares"]), ["c1"])
        self.assertIn("not carried over: connection c2", told(found))


class ConfTest(SynchronousTestCase):
    """``ROTATOR:ACCEPTER:PORT PORT``, by the ports of entries as they are written there."""

    ENTRIES = ("localhost,2001:raw:0:/dev/ttyS1:LOCAL", "2002:off:0:/dev/ttyS2:LOCAL")

    def lines(self, *lines: str) -> Converted:
        return convert("\n".join([*self.ENTRIES, *lines]), "ser2net-conf")

    def test_accepters(self) -> None:
        for accepter, name, listener in [
            ("localhost,2010", "rotator-2010", {"port": 2010}),
            ("2010", "rotator-2010", {"port": 2010, "host": "::", "insecure": True}),
            ("tcp,::1,2010", "", {}),  # a colon ends an address in this format
            ("telnet(rfc2217),tcp,localhost,2010", "rotator-2010", {"mode": "rfc2217", "port": 2010}),
        ]:
            found = self.lines(f"ROTATOR:{accepter}:localhost,2001")
            pool = {"shares": ["ttyS1"], "listen": [listener], "announce": False}
            self.assertEqual(pools(found), {name: pool} if name else {}, accepter)

    def test_what_is_not_there(self) -> None:
        found = self.lines("ROTATOR:localhost,2010:2001 2002 localhost,2001", "ROTATOR:tcp(:2001", "ROTATOR")
        self.assertEqual(pools(found)["rotator-2010"]["shares"], ["ttyS2", "ttyS1"])
        self.assertEqual(
            told(found),
            [
                "note: the switch of entry 2002",
                "not carried over: '2001' of ROTATOR 'localhost,2010'",
                "note: the order of ROTATOR 'localhost,2010'",
                "not carried over: ROTATOR 'tcp('",
                "not carried over: ROTATOR ''",
            ],
        )
