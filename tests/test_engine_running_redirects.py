"""Connections that go where a param says."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.action import ActionOn
from smartserial.definition.authoring import serial, smart_serial, text
from smartserial.definition.languages.typeoptions import TypeOptions
from smartserial.definition.param import Param
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.value import NotAValueError
from smartserial.engine.effects import Level, Note, Redirect
from smartserial.engine.running.redirects import address
from tests.enginestage import At, Do, On, Stage, act, at, world

GOOD = (
    ("10.0.0.5:4001", "10.0.0.5", 4001),
    ("10.0.0.5", "10.0.0.5", None),
    (" plc-7.example.org:65535 ", "plc-7.example.org", 65535),
    ("plc", "plc", None),
    ("[fe80::1]:9", "fe80::1", 9),
    ("[fe80::1]", "fe80::1", None),
    ("fe80::1", "fe80::1", None),
)
BAD = (
    "10.0.0.5:0", "10.0.0.5:65536", "10.0.0.5:", ":4001", "10.0.0.5:x", "10.0.0.5:-1", "a b", "a..b", "-x:1",
    "", "[fe80::1", "[fe80::1]9", "[10.0.0.5]:9", "fe80:::1", "plc:\u0661", "x" * 300,
)  # fmt: skip
ANYWHERE = (
    "any",
    "127.0.0.1",
    "LOCALHOST:4001",
    "::1",
    "0.0.0.0:1",
    "[::]:1",
    "::ffff:127.0.0.1",
    "0:0:0:0:0:0:0:1",
)


def holder(id: int, connection: int, save: bool = False) -> Param:
    return replace(text(id, f"address {id}"), options=TypeOptions(dynamic_ip=connection), save=save)


def protocol(*params: Param, **more: object) -> Protocol:
    connections = (smart_serial("A"), serial("B"), smart_serial("C"))
    return world(1, params=params, connections=connections, **more)  # type: ignore[arg-type]


class AddressTest(SynchronousTestCase):
    def test_tables(self) -> None:
        for said, host, port in GOOD:
            self.assertEqual(address(said), (host, port), said)
        for said in BAD:
            with self.assertRaises(NotAValueError, msg=said):
                address(said)

    @given(st.text() | st.text(alphabet="1.:[]a-x0 ", max_size=20))
    def test_any_text(self, said: str) -> None:
        try:
            host, port = address(said)
        except NotAValueError:
            return
        self.assertTrue(0 < len(host) <= 253 and host.isascii() and not set(host) & set(" []\n\0"))
        self.assertTrue(port is None or 0 < port < 65536)


class RedirectTest(SynchronousTestCase):
    def test_each_change(self) -> None:
        """Another connection is left alone, and the same address again says nothing."""
        stage = Stage(protocol(holder(31, 0), holder(32, 1)))
        for param, value in ((31, "10.0.0.5:1"), (31, "10.0.0.5:1"), (32, "plc"), (31, "10.0.0.5"), (31, "")):
            stage.set(param, value)
        told = stage.told("redirect", "note")
        self.assertEqual(told, ["redirect 0 10.0.0.5:1", "redirect 1 plc", "redirect 0 10.0.0.5"])

    def test_what_a_device_says_counts_too(self) -> None:
        copy = act(10, ActionOn.PARAMETER, Do.COPY, 31, type_id=301)
        stage = Stage(
            protocol(holder(31, 2), triggers=(at(1, On.RESPONSE, At.AFTER, 1, 10),), actions=(copy,))
        )
        stage.say("R1:10.0.0.9:77\n")
        self.assertEqual(stage.told("redirect", "31"), ["31=10.0.0.9:77", "redirect 2 10.0.0.9:77"])

    def test_a_value_that_is_entered_again_moves_nothing(self) -> None:
        again = act(10, ActionOn.PARAMETER, Do.GO, 31)
        stage = Stage(
            protocol(holder(31, 2), triggers=(at(1, On.RESPONSE, At.AFTER, 1, 10),), actions=(again,))
        )
        stage.set(31, "plc:1")
        stage.say("R1:x\n")
        self.assertEqual(stage.told("redirect", "31"), ["31=plc:1", "redirect 2 plc:1", "31=plc:1"])

    def test_bad_values_are_only_told(self) -> None:
        stage = Stage(protocol(holder(31, 0), holder(32, 1), holder(33, 7)))
        for value in (*BAD[:-5], *ANYWHERE):
            if value:
                stage.set(31, value)
                (effect,) = [one for one in stage.effects if isinstance(one, Note | Redirect)]
                assert isinstance(effect, Note), value
                self.assertEqual(effect.level, Level.WARN)
                self.assertIn("param 31 does not move connection 0: expected ", effect.text)
                stage.told()
        stage.set(33, "10.0.0.5:1")
        self.assertEqual(
            stage.told("note", "redirect"),
            ["note param 33 does not move connection 7: there is no such connection"],
        )

    def test_a_serial_connection_may_go_to_this_machine(self) -> None:
        stage = Stage(protocol(holder(32, 1)))
        stage.set(32, "127.0.0.1:4001")
        self.assertEqual(stage.told("redirect"), ["redirect 1 127.0.0.1:4001"])

    def test_at_start(self) -> None:
        """What was saved counts, before anything is sent; not what is only the default."""
        saved = {31: b"10.0.0.5:1", 32: b"10.0.0.6:1", 33: b"any", 34: b"10.0.0.7:1"}
        ask = (at(1, On.PROTOCOL, At.AFTER_STARTUP, None, 10),)
        act_ = (act(10, ActionOn.GROUP, Do.EXECUTE, 1),)
        default = holder(34, 1)
        assert default.interprete is not None
        default = replace(default, interprete=replace(default.interprete, default_value="10.0.0.7:1"))
        stage = Stage(
            protocol(
                holder(31, 0, save=True),
                holder(32, 1),
                holder(33, 2, save=True),
                default,
                triggers=ask,
                actions=act_,
            ),
            saved=saved,
        )
        told = stage.told("redirect", "note", ">")
        self.assertEqual([told[0], told[-1]], ["redirect 0 10.0.0.5:1", "> C1"])
        self.assertEqual(len(told), 3)
        self.assertIn("param 33 does not move connection 2", told[1])
        stage.set(31, "10.0.0.5:1")
        self.assertEqual(stage.told("redirect"), [])
