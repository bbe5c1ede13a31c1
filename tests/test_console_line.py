"""Verbs for the serial line: what is typed, what is shown, done and recorded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

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
    ! expected: set SHARE NAME=VALUE ...
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
