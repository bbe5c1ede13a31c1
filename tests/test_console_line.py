"""Verbs for the serial line: what is typed, what is shown, done and recorded."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.errors import PortError
from smartserial.lines import Lines, LineSettings
from tests.comstage import BAUDRATE
from tests.consolestage import ConsoleStage, Transcript, expected

TRANSCRIPTS: dict[str, str] = {
    "set": r"""
    > set plc baudrate=19200 parity=even
    ~ 19200 8E1
    * plc: eva by unix: set baudrate=19200 parity=even
    plc: at 19200 8E1
    > set plc line="300 7E1" flow=xonxoff
    ~ 300 7E1 xonxoff
    * plc: eva by unix: set line=300 7E1 flow=xonxoff
    plc: at 300 7E1 xonxoff
    > set plc baudrate
    ! expected NAME=VALUE with one of line, baudrate, bytesize, parity, stopbits, flow, found baudrate
    > set plc baudrate=
    ! expected NAME=VALUE with one of line, baudrate, bytesize, parity, stopbits, flow, found baudrate=
    > set plc baud=3
    ! expected NAME=VALUE with one of line, baudrate, bytesize, parity, stopbits, flow, found baud=3
    > set plc baudrate=x
    ! baudrate: expected an integer, found 'x'
    > set plc parity=evn
    ! parity: expected 'none', 'odd', 'even', 'mark' or 'space', found 'evn' (did you mean even?)
    > set plc line=300 baudrate=600
    ! baudrate: `line` already says this
    > set plc
    ! expected: set SHARE NAME=VALUE ... | ELEMENT.PARAM VALUE
    > set plk baudrate=1
    ! there is no share plk (did you mean plc?)
    look> set plc baudrate=300
    look: ! set: this console may only look
    > set meter baudrate=300
    * meter: eva by unix: set baudrate=300
    meter: at 300 8N1
    + away plc
    > set plc baudrate=1200
    * plc: eva by unix: set baudrate=1200
    plc: at 1200 7E1 xonxoff
    """,
    "lines": r"""
    > lines plc dtr=on rts=off
    ~ dtr=on rts=off
    * plc: eva by unix: set dtr=on rts=off
    plc: set dtr=on rts=off
    > lines plc break=on
    ~ break=on
    * plc: eva by unix: set break=on
    plc: set break=on
    > lines plc break=off dtr=0 rts=true
    ~ dtr=off rts=on break=off
    * plc: eva by unix: set dtr=off rts=on break=off
    plc: set dtr=off rts=on break=off
    > lines plc brk=on
    ! expected NAME=VALUE with one of dtr, rts, break, found brk=on
    > lines plc dtr=maybe
    ! expected on or off, found maybe
    > lines plc dtr
    ! expected NAME=VALUE with one of dtr, rts, break, found dtr
    > lines plk dtr=on
    ! there is no share plk (did you mean plc?)
    look> lines plc dtr=on
    look: ! lines: this console may only look
    + away plc
    > lines plc dtr=on
    * plc: eva by unix: set dtr=on
    plc: set dtr=on
    """,
    "pulse": r"""
    > pulse plc dtr
    ~ dtr=off
    * plc: eva by unix: pulse of dtr for 0.1 s
    > who
    + wait 0.05
    + wait 0.05
    ~ dtr=on
    plc: dtr was off for 0.1 s
    who  door    may     you
    eva  unix    change  yes
    max  telnet  look    no
    > lines plc rts=off
    ~ rts=off
    * plc: eva by unix: set rts=off
    plc: set rts=off
    > pulse plc rts 2s
    ~ rts=on
    * plc: eva by unix: pulse of rts for 2 s
    + wait 1.95
    + wait 0.05
    ~ rts=off
    plc: rts was on for 2 s
    > pulse plc break
    ! expected dtr or rts, found break
    > pulse plc dtr 11s
    ! expected at most 10s, found 11s
    > pulse plc dtr 0s
    ! expected at most 10s, found 0s
    > pulse plc dtr 5
    ! expected a time with its unit, such as 20ms or 5s, found '5'
    > pulse plk dtr
    ! there is no share plk (did you mean plc?)
    > pulse plc
    ! expected: pulse SHARE dtr|rts [TIME]
    look> pulse plc dtr
    look: ! pulse: this console may only look
    """,
    "sequence": r"""
    > sequence plc reset
    ~ dtr=off rts=on
    * plc: eva by unix: sequence reset
    + wait 0.05
    + wait 0.05
    ~ dtr=on rts=off
    + wait 0.05
    ~ dtr=off
    plc: reset is done
    > sequence plc off
    ~ dtr=off rts=off
    * plc: eva by unix: sequence off
    plc: off is done
    > sequence plc rest
    ! plc has no sequence rest (did you mean reset?)
    > sequence plc boot
    ! plc has no sequence boot (known: reset, off)
    > sequence meter reset
    ! meter has no sequence reset (known: none)
    > sequence plk reset
    ! there is no share plk (did you mean plc?)
    > sequence plc
    ! expected: sequence SHARE NAME
    look> sequence plc reset
    look: ! sequence: this console may only look
    > sequence plc reset
    ~ dtr=off rts=on
    * plc: eva by unix: sequence reset
    + away plc
    ! reset was ended: the device is gone
    > sequence plc reset
    ! the device is away
    """,
    "break": r"""
    > break plc
    ~ 0.25
    * plc: eva by unix: break of 0.25 s
    plc: break of 0.25 s
    > break plc 1.5s
    ~ 1.5
    * plc: eva by unix: break of 1.5 s
    plc: break of 1.5 s
    > break plc 11s
    ! expected at most 10s, found 11s
    > break plc soon
    ! expected a time with its unit, such as 20ms or 5s, found 'soon'
    > break plk
    ! there is no share plk (did you mean plc?)
    > break
    ! expected: break SHARE [TIME]
    look> break plc
    look: ! break: this console may only look
    """,
}


class TranscriptsTest(SynchronousTestCase):
    maxDiff = None

    def test_each(self) -> None:
        for verb, text in TRANSCRIPTS.items():
            self.assertEqual(Transcript(ConsoleStage(self)).play(text), expected(text), verb)


class DeviceTest(SynchronousTestCase):
    """What the serial port is told, and what comes of its answers."""

    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()

    def test_a_setting_that_the_device_refuses(self) -> None:
        self.stage.serial.takes = lambda wanted: None if wanted.baudrate > 9600 else wanted
        shown = self.seat.types("set plc baudrate=19200 parity=even")
        self.assertEqual(shown, ["! the device refused baudrate; it is at 9600 8E1"])
        self.assertEqual(self.stage.operated(), ["plc: eva by unix: set parity=even"])
        self.assertEqual(self.seat.types("set plc baudrate=19200"), shown)  # and nothing was set
        self.assertEqual(self.stage.operated(), ["plc: eva by unix: set parity=even"])

    def test_a_setting_that_the_device_rounds(self) -> None:
        self.stage.serial.takes = lambda wanted: replace(wanted, baudrate=115385)
        shown = self.seat.types("set plc baudrate=115200")
        self.assertEqual(shown, ["! the device refused baudrate; it is at 115385 8N1"])

    def test_an_answer_that_takes_its_time(self) -> None:
        self.stage.serial.keep_answers()
        self.assertEqual(self.seat.types("set plc baudrate=300"), [])
        self.assertEqual(self.seat.types("who"), [])
        self.stage.serial.answer_all()
        self.assertEqual(self.seat.screen.take()[:2], ["plc: at 300 8N1", "who  door  may     you"])

    def test_settings_outlive_clients_and_the_device(self) -> None:
        self.seat.types("set plc baudrate=300")
        client = self.stage.connect()
        self.assertEqual(client.request(BAUDRATE, 1200), 1200)
        client.reset()
        self.stage.turn(1)
        self.assertEqual(self.stage.serial.settings, LineSettings(300))
        self.stage.device().lose(PortError("unplugged"))
        self.stage.turn(5)
        self.assertEqual(self.stage.serial.settings, LineSettings(300))

    def test_clients_are_not_asked(self) -> None:
        """Neither who holds control, nor what clients may do to lines."""
        self.stage.connect().request(BAUDRATE, 1200)
        self.assertEqual(self.seat.types("set plc baudrate=300"), ["plc: at 300 8N1"])
        self.assertEqual(self.seat.types("lines plc rts=off"), ["plc: set rts=off"])
        self.assertEqual(self.stage.serial.lines(), Lines(rts=False))

    def test_lines_without_any_shows_them(self) -> None:
        self.seat.types("lines plc dtr=on")
        self.assertIn("lines              dtr=yes rts=- break=-", self.seat.types("lines plc"))

    def test_a_break_that_is_forgotten_ends(self) -> None:
        self.seat.types("lines plc break=on")
        self.stage.turn(11)
        self.assertEqual(self.stage.serial.lines(), Lines(brk=False))

    def test_a_line_that_is_off_is_pulsed_on(self) -> None:
        self.seat.types("lines plc dtr=off rts=on")
        self.seat.types("pulse plc dtr")
        self.assertEqual(self.stage.serial.lines(), Lines(dtr=True, rts=True))
        self.stage.turn(0.1)
        self.assertEqual(self.stage.serial.lines(), Lines(dtr=False, rts=True))

    def test_a_pulse_ends_though_the_operator_has_gone(self) -> None:
        self.seat.types("pulse plc dtr 1s")
        self.seat.session.closed()
        self.stage.turn(1)
        self.assertEqual(self.stage.serial.lines(), Lines(dtr=True))

    def test_a_pulse_of_a_device_that_goes_away(self) -> None:
        self.seat.types("pulse plc dtr 1s")
        self.stage.endpoints["plc"].error = PortError("no such device")
        self.stage.device().lose(PortError("unplugged"))
        self.stage.turn(1)
        self.assertEqual(self.seat.screen.take(), ["! a pulse of dtr was ended: the device is gone"])

    def test_while_a_sequence_moves_the_lines_nobody_else_does(self) -> None:
        self.seat.types("sequence plc reset")
        other = self.stage.seat("max")
        for words in ("lines plc rts=off", "pulse plc dtr"):
            refused = "! reset is under way on plc, and drives the lines: wait for its end"
            self.assertEqual(other.types(words), [refused], words)
        self.assertEqual(self.stage.serial.lines(), Lines(dtr=False, rts=True))
        self.stage.turn(0.15)
        self.assertEqual(other.types("lines plc rts=off"), ["plc: set rts=off"])

    def test_a_pulse_is_a_sequence_too(self) -> None:
        self.seat.types("pulse plc rts 1s")
        other = self.stage.seat("max")
        refused = "! a pulse of rts is under way on plc, and drives the lines: wait for its end"
        self.assertEqual(other.types("pulse plc rts"), [refused])
        other.types("sequence plc off")
        self.assertEqual(self.stage.serial.lines(), Lines(rts=False))
        self.stage.turn(1)
        self.assertEqual(other.screen.take(), ["plc: off is done"])
        self.assertEqual(self.stage.serial.lines(), Lines(dtr=False, rts=False))
