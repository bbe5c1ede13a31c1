"""Verbs on elements: what is typed, what is shown, done and recorded."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.verbs import completions
from smartserial.definition.authoring import numeric_text
from smartserial.definition.protocol import Protocol
from smartserial.settings import ConnectionSettings, ElementSettings, ShareCarrier
from tests.consolestage import ConsoleStage, Transcript, expected
from tests.enginestage import world


def definition() -> Protocol:
    """Asks ``C1`` and ``C2``, and hears ``R1:`` and ``R2:``; 600 is a level in dBm."""
    made = world(2)
    level = numeric_text(600, "level", units="dBm")
    return replace(made, name="Test device", params=(*made.params, level))


MAST = ElementSettings(
    "mast", "test-device", definition(), (ConnectionSettings(0, ShareCarrier("plc")),), (("station", 7),)
)
ROOF = replace(MAST, name="roof.top", connections=(ConnectionSettings(0, ShareCarrier("meter")),))

TRANSCRIPTS: dict[str, str] = {
    "elements": r"""
    > elements
    element   protocol     state   why  sessions  connections
    mast      test-device  active  -    1         0: share plc
    roof.top  test-device  active  -    1         0: share meter
    > stop mast
    * mast: eva by unix: stop
    mast: is stopped
    look> elements
    look: element   protocol     state    why  sessions  connections
    look: mast      test-device  stopped  -    0         -
    look: roof.top  test-device  active   -    1         0: share meter
    """,
    "element": r"""
    + device plc R1:hello\nwhat\nR2
    > element mast
    element       mast
    protocol      test-device
    definition    Test device 1.0.0.1
    options       station=7
    state         active
    why           -
    connection 0  on=share plc state=connected failure=- sessions=open
    bytes 0       received=16 unmatched=5 lost=- sent=0 waiting=0 dropped=0 unsent=0
    > element mst
    ! there is no element mst (did you mean mast?)
    > element meter
    ! there is no element meter (known: mast, roof.top)
    """,
    "params": r"""
    + device plc R1:hello\n
    > params mast "value ?"
    id   name     value  display  raw         type
    301  value 1  hello  hello    68656c6c6f  read
    302  value 2  -                           read
    > params mast 600
    id   name   value  display  raw  type
    600  level  -                    read
    > params mast nothing*
    ! mast has no param nothing*
    > pause mast
    * mast: eva by unix: pause
    mast: is paused
    > params mast 301
    id   name     value  display  raw         type
    301  value 1  hello  hello    68656c6c6f  read
    > stop mast
    * mast: eva by unix: stop
    mast: is stopped
    > params mast
    ! mast is stopped
    """,
    "get": r"""
    > set mast.level -30.5
    * mast: eva by unix: set level to -30.5
    mast: level = -30.5
    > get mast.level
    id       600
    name     level
    value    -30.5
    display  -30.5 dBm
    raw      2d33302e35
    type     read
    > set roof.top.600 7
    * roof.top: eva by unix: set level to 7
    roof.top: level = 7
    > set mast.level much
    ! level: expected a number, not 'much'
    > set mast.levl 7
    ! there is no param levl (did you mean level?)
    > set mst.level 7
    ! there is no element mst (did you mean mast?)
    > get mast
    ! expected ELEMENT.PARAM, found mast
    > set plc baudrate=19200
    ~ 19200 8N1
    * plc: eva by unix: set baudrate=19200
    plc: at 19200 8N1
    look> set mast.level 7
    look: ! set: this console may only look
    > pause mast
    * mast: eva by unix: pause
    mast: is paused
    > set mast.level 7
    ! mast is paused
    """,
    "run": r"""
    > run mast group 1
    ~ b'C1\n'
    * mast: eva by unix: run group 1 g1
    mast: runs group 1 g1
    > run mast 1
    ! 1 may be group 1, command 1: say which
    > run mast group 9
    ! there is no group 9
    > run mast
    ! expected: run ELEMENT [group|command] NAME
    look> run mast group 1
    look: ! run: this console may only look
    """,
    "start": r"""
    > pause mast
    * mast: eva by unix: pause
    mast: is paused
    > start mast
    * mast: eva by unix: start
    mast: is active
    > start mst
    ! there is no element mst (did you mean mast?)
    """,
    "stop": r"""
    > stop mast
    * mast: eva by unix: stop
    mast: is stopped
    > stop mst
    ! there is no element mst (did you mean mast?)
    """,
    "pause": r"""
    > pause mast
    * mast: eva by unix: pause
    mast: is paused
    > pause mast
    * mast: eva by unix: pause
    mast: is paused
    """,
    "restart": r"""
    > restart mast
    * mast: eva by unix: restart
    mast: is active
    > stop mast
    * mast: eva by unix: stop
    mast: is stopped
    > restart mast
    * mast: eva by unix: restart
    mast: is active
    """,
    "protocols": r"""
    > protocols
    name        version  from     where
    dsmr-p1     1.0.0.1  bundled  /.../dsmr-p1.xml
    modbus-rtu  1.0.0.1  bundled  /.../modbus-rtu.xml
    modbus-tcp  1.0.0.1  bundled  /.../modbus-tcp.xml
    nmea-0183   1.0.0.1  bundled  /.../nmea-0183.xml
    pelco-d     1.0.0.1  bundled  /.../pelco-d.xml
    scpi-meter  1.0.0.1  bundled  /.../scpi-meter.xml
    sony-9pin   1.0.0.1  bundled  /.../sony-9pin.xml
    visca       1.0.0.1  bundled  /.../visca.xml
    """,
    "trace": r"""
    > trace mast mach
    ! expected connection=N, group=N, pair=N or one of X, found 'mach' (did you mean match?)
    > trace mast pair=9
    ! expected the id or the name of a pair, found '9' (known: 1 p1, 2 p2)
    """,
}

MONITORED: dict[str, str] = {
    "monitor": r"""
    > monitor mast
    + device plc R1:hello\n
    up device R1:hello\n
    """,
    "monitor hex": r"""
    > monitor mast hex
    + device plc R1:h\n
    up device 52 31 3a 68 0a
    """,
    "monitor decoded needs a definition": r"""
    > monitor plc tecoded
    ! expected hex, text or decoded, found tecoded
    > stop mast
    * mast: eva by unix: stop
    mast: is stopped
    > monitor plc decoded
    ! mast is stopped
    """,
}


class TranscriptTest(SynchronousTestCase):
    maxDiff = None


def _test(text: str) -> Any:
    def test(self: SynchronousTestCase) -> None:
        played = Transcript(ConsoleStage(self, (MAST, ROOF))).play(text)
        played = re.sub(r"one of rx.*, found", "one of X, found", played)
        self.assertEqual(re.sub(r"/\S+/", "/.../", played), expected(text))

    return test


for _name, _text in (TRANSCRIPTS | MONITORED).items():
    setattr(TranscriptTest, f"test_{_name.replace(' ', '_')}", _test(_text))


class FollowTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = ConsoleStage(self, (MAST, ROOF))
        self.seat = self.stage.seat()

    def test_decoded(self) -> None:
        """On the share, what its element hears of it."""
        self.seat.types("monitor plc decoded")
        self.stage.device().say(b"R1:hello\nwhat\n")
        match, mismatch = self.seat.screen.take()
        self.assertRegex(match, r"match 0 - 1 r1 value 1=hello$")
        self.assertRegex(mismatch, r"mismatch 0 - ")

    def test_a_trace_is_followed_until_it_is_ended(self) -> None:
        self.seat.types("trace mast match rx")
        work = self.stage.gateway.elements["mast"].work
        assert work is not None
        self.stage.device().say(b"R1:hello\n")
        self.assertEqual(len(self.seat.screen.take()), 2)
        self.seat.types("")
        self.stage.device().say(b"R1:again\n")
        self.assertEqual([line for line in self.seat.screen.take() if "match" in line], [])

    def test_what_was(self) -> None:
        self.stage.device().say(b"R1:hello\n")
        self.assertEqual(len(self.seat.types("trace mast last match")), 1)
        dump = self.seat.types("trace mast dump")
        self.assertRegex(dump[0], r">> \d\d:\d\d:\d\d - r1$")
        self.assertEqual(dump[1], "   000000  52313A6865 6C6C6F0A                          R1:hello.")

    def test_names_are_completed(self) -> None:
        desk = self.stage.desk
        self.assertEqual(completions(desk, "trace ma"), ["mast"])
        self.assertEqual(completions(desk, "monitor "), ["mast", "meter", "plc", "roof.top"])
        self.assertEqual(completions(desk, "kick m"), ["meter"])

    def test_programs_are_told_all(self) -> None:
        """The same for what was and for what is followed: that of a trace file."""
        self.seat.types("--format json trace mast match")
        self.stage.device().say(b"R1:hello\n")
        (followed,) = map(json.loads, self.seat.screen.take())
        self.seat.types("")
        (last,) = map(json.loads, self.seat.types("--format json trace mast last match"))
        self.assertEqual(followed, last)
        self.assertEqual(last["response"], {"id": 1, "name": "r1"})
        self.assertEqual(
            last["params"], {"value 1": {"value": "hello", "raw": "68656c6c6f", "display": "hello"}}
        )
