"""Redundant polling: two connections that stand in for each other."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.authoring import crc, fixed, poll, response, serial, smart_serial, text, trailer
from smartserial.definition.connection import Connection
from smartserial.definition.languages.communication import CommunicationOptions
from smartserial.definition.languages.pairoptions import parse_pair_options
from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.engine.effects import Level, Note
from smartserial.engine.engine import Settings
from smartserial.engine.running.asking import Patience
from smartserial.engine.running.slowpoll import Slowing
from smartserial.engine.twins import stand_ins, twins_of
from tests.enginestage import Stage, world

BOTH = CommunicationOptions(redundant_polling=True)
FAST = Settings({n: Patience(1.0, 1) for n in range(3)}, element_timeout=10.0)
AWAY = [
    "note RedundantPolling, change connection, leaving 0",
    "note RedundantPolling, change connection, entering 1",
]
BACK = [
    "note RedundantPolling, change connection, leaving 1",
    "note RedundantPolling, change connection, entering 0",
]


def lines(*kinds: str, options: CommunicationOptions = BOTH) -> tuple[Connection, ...]:
    make = {"serial": serial, "smart": smart_serial}
    first, *others = (make[kind](f"{kind} {number}") for number, kind in enumerate(kinds))
    return replace(first, communication=options), *others


def twofold(*kinds: str, **more: object) -> Protocol:
    return world(3, connections=lines(*(kinds or ("serial", "serial"))), **more)  # type: ignore[arg-type]


class TwinsTest(SynchronousTestCase):
    TABLE = (
        (("serial", "serial"), (0, 1)),
        (("smart", "smart", "smart"), (0, 1)),
        (("serial", "smart", "serial"), (0, 2)),
        (("serial", "smart"), ()),
        (("serial",), ()),
    )

    def test_which_they_are(self) -> None:
        for kinds, expected in self.TABLE:
            protocol = Protocol("p", connections=lines(*kinds))
            self.assertEqual(twins_of(protocol), expected)
            self.assertEqual(stand_ins(protocol, 0), expected or (0,))
            self.assertEqual(stand_ins(protocol, 7), (7,))
            plain = Protocol("p", connections=lines(*kinds, options=CommunicationOptions()))
            self.assertEqual(twins_of(plain), ())
        self.assertEqual(twins_of(Protocol("p")), ())


class RedundancyTest(SynchronousTestCase):
    def test_there_and_back(self) -> None:
        stage = Stage(twofold(), FAST)
        for group in (1, 2, 3, 1):
            stage.run(group)
        stage.wait(2)
        self.assertEqual(stage.told("note", ">", "1>"), ["> C1", "> C1", *AWAY, "1> C2"])
        stage.wait(2)
        self.assertEqual(stage.told("note", ">", "1>"), ["1> C2", *BACK, "> C3"])
        stage.say("R3:5\n")
        self.assertEqual(stage.told("note", ">", "1>"), ["> C1"])

    def test_it_stays_where_it_is_answered(self) -> None:
        stage = Stage(twofold(), FAST)
        stage.connect("A", 0)
        stage.connect("B", 1)
        stage.run(1)
        stage.wait(2)
        for value in "ab":
            stage.run(2)
            stage.say(f"R2:{value}\n", "B")
        stage.wait(60)
        told = stage.told("1>", "302", "note", "timeout")
        self.assertEqual(told, [*AWAY, "1> C2", "302=a", "1> C2", "302=b"])

    def test_the_rest_of_a_group_asks_where_it_began(self) -> None:
        """And what else is given up there does not change back."""
        stage = Stage(twofold(groups=(poll(4, "both", 1, 2),)), FAST)
        stage.run(4)
        stage.run(3)
        stage.wait(4)
        self.assertEqual(stage.told("note", ">", "1>"), ["> C1", "> C1", *AWAY, "> C2", "> C2", "1> C3"])

    def test_what_names_its_connection_is_left_alone(self) -> None:
        there = parse_pair_options("connection:0").value
        for protocol in (
            twofold(groups=(poll(4, "here", 1, connection=0),)),
            twofold(
                groups=(poll(4, "here", 1),),
                pairs=lambda pairs: (replace(pairs[0], options=there), *pairs[1:]),
            ),
        ):
            stage = Stage(protocol, FAST)
            for group in (4, 2):
                stage.run(group)
            stage.wait(3)
            self.assertEqual(stage.told("note", ">", "1>"), ["> C1", "> C1", "> C2", "> C2"])
            stage.wait(2)
            stage.run(4)
            self.assertEqual(stage.told("note", ">", "1>"), [*AWAY, "> C1"])

    def test_silence_that_does_not_count(self) -> None:
        ignoring = parse_pair_options("ignoreTimeout").value

        def ignored(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
            return tuple(replace(pair, options=ignoring) for pair in pairs)

        stage = Stage(twofold(pairs=ignored), FAST)
        stage.run(1)
        stage.run(2)
        stage.wait(9)
        self.assertEqual(stage.told("note", ">", "1>"), ["> C1", "> C1", "> C2", "> C2"])

    def test_without_the_option_nothing_changes(self) -> None:
        for kinds in (("serial", "smart"), ("serial",)):
            stage = Stage(twofold(*kinds), FAST)
            stage.run(1)
            stage.run(2)
            stage.wait(9)
            self.assertEqual(stage.told("note", ">", "1>"), ["> C1", "> C1", "> C2", "> C2"])

    def test_the_log_is_for_information(self) -> None:
        stage = Stage(twofold(), FAST)
        stage.run(1)
        stage.wait(3)
        levels = [effect.level for effect in stage.effects if isinstance(effect, Note)]
        self.assertEqual(levels, [Level.INFO, Level.INFO])

    def test_the_element_is_in_timeout_if_both_are(self) -> None:
        for second, expected in (("R2:5\n", []), ("", ["timeout True"])):
            stage = Stage(twofold(), FAST)
            stage.run(1)
            stage.wait(2)
            stage.run(2)
            if second:
                stage.say(second, "")  # of connection 0, where nobody asks any more
            stage.connect("B", 1)
            if second:
                stage.say(second, "B")
            stage.wait(60)
            self.assertEqual(stage.told("timeout"), expected)

    def test_slow_poll_waits_for_both(self) -> None:
        """Its pings go where groups would, and an answer of either ends it."""
        stage = Stage(twofold(), replace(FAST, slow_poll=Slowing(2), ping_interval=5.0))
        stage.run(1)
        stage.wait(3)
        self.assertEqual(stage.told("slow"), [])
        stage.run(2)
        stage.wait(2)
        self.assertEqual(stage.told("slow"), ["slow True"])
        stage.connect("B", 1)
        stage.run(3)
        stage.wait(10)
        self.assertEqual(stage.told(">", "1>"), ["> C1", "> C1", "1> C1"])
        stage.say("R1:5\n", "B")
        self.assertEqual(stage.told("slow", ">", "1>"), ["slow False", "1> C3"])


class SmartTest(SynchronousTestCase):
    """What is said of one connection is for the other too: what is heard there, and how units end."""

    def test_units_that_nobody_asked_for(self) -> None:
        stage = Stage(twofold("smart", "smart"), FAST)
        stage.connect("A", 0)
        stage.connect("B", 1)
        stage.say("R1:a\n", "A")
        stage.say("R2:b\n", "B")
        self.assertEqual(stage.told("301", "302"), ["301=a", "302=b"])

    def test_what_follows_the_end_of_a_unit(self) -> None:
        content = (fixed(10, "begin", "B"), text(11, "data"), trailer(12, "end", b"\r", link=2))
        sum_ = crc(13, "sum", "sum", (0, 1))
        protocol = Protocol(
            "p",
            connections=lines("smart", "smart"),
            params=(*content, sum_),
            responses=(response(1, "r", *content, sum_),),
        )
        stage = Stage(protocol)
        stage.connect("A", 0)
        stage.connect("B", 1)
        for name in "AB":
            stage.say(b"Bx\r\xbaBy", name)
            self.assertEqual(stage.told("heard", "unheard"), ["heard 1"], name)
