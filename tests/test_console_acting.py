"""Verbs that change something: what is typed, what is shown, done and recorded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.consolestage import ConsoleStage, Transcript, expected

TRANSCRIPTS: dict[str, str] = {
    "stats reset": r"""
    + device plc hello
    > stats reset
    * all: eva by unix: counters reset
    all: counters reset
    > stats
    share  direction  read  copied  delivered  buffered  discarded
    plc    up         0     0       0          5         -
    plc    down       0     0       0          0         -
    meter  up         0     0       0          0         -
    meter  down       0     0       0          0         -
    + device plc ho
    > stats
    share  direction  read  copied  delivered  buffered  discarded
    plc    up         2     0       0          7         -
    plc    down       0     0       0          0         -
    meter  up         0     0       0          0         -
    meter  down       0     0       0          0         -
    > stats reset all
    ! expected: stats reset
    look> stats reset
    look: ! stats reset: this console may only look
    look> stats
    look: share  direction  read  copied  delivered  buffered  discarded
    look: plc    up         2     0       0          7         -
    look: plc    down       0     0       0          0         -
    look: meter  up         0     0       0          0         -
    look: meter  down       0     0       0          0         -
    """,
    "kick": r"""
    + client plc 0
    + client plc 1
    + client plc 1
    > kick plc 10.0.0.7:1002
    * plc: eva by unix: closed 10.0.0.7:1002
    plc: closed 10.0.0.7:1002
    > kick plc 10.0.0.7:1002
    ! plc has no client 10.0.0.7:1002
    > kick plc all
    * plc: eva by unix: closed 10.0.0.7:1001, 10.0.0.7:1003
    plc: closed 10.0.0.7:1001, 10.0.0.7:1003
    > kick plc all
    ! plc has no client all
    > kick plk all
    ! there is no share plk (did you mean plc?)
    > kick plc
    ! expected: kick SHARE PEER|all
    look> kick plc all
    look: ! kick: this console may only look
    > clients
    nothing
    """,
    "enable": r"""
    > enable plc
    ! plc is not disabled
    > disable plc
    * plc: eva by unix: disabled
    plc: disabled
    + wait 1
    > enable plc
    * plc: eva by unix: enabled
    plc: enabled
    > enable plc
    ! plc is not disabled
    > enable
    ! expected: enable SHARE
    look> enable plc
    look: ! enable: this console may only look
    > shares
    share  device        state  settings  clients  control  speaks  listeners
    meter  loop          up     -         0        -        -       127.0.0.1:7003
    plc    port ttyUSB0  up     9600 8N1  0        -        -       127.0.0.1:7001, 127.0.0.1:7002
    """,
    "disable": r"""
    + client plc 1
    > disable plc
    * plc: eva by unix: disabled
    + wait 1
    plc: disabled
    > disable plc
    ! plc is disabled
    > share plc
    ! plc is disabled
    > disable metre
    ! there is no share metre (did you mean meter?)
    > disable
    ! expected: disable SHARE
    look> disable meter
    look: ! disable: this console may only look
    > shares
    share  device        state     settings  clients  control  speaks  listeners
    meter  loop          up        -         0        -        -       127.0.0.1:7003
    plc    port ttyUSB0  disabled  -         0        -        -       -
    """,
    "send": r"""
    > send plc hello
    ~ b'hello'
    * plc: eva by unix: sent 5 bytes
    plc: sent 5 bytes
    > send plc "hello  there\r\n"
    ~ b'hello  there\r\n'
    * plc: eva by unix: sent 14 bytes
    plc: sent 14 bytes
    > send plc 'it is "so"\x02\e\0\\'
    ~ b'it is "so"\x02\x1b\x00\\'
    * plc: eva by unix: sent 14 bytes
    plc: sent 14 bytes
    > send plc two words
    ~ b'two words'
    * plc: eva by unix: sent 9 bytes
    plc: sent 9 bytes
    > send plc hex 02 50 0d
    ~ b'\x02P\r'
    * plc: eva by unix: sent 3 bytes
    plc: sent 3 bytes
    > send plc hex 02500d
    ~ b'\x02P\r'
    * plc: eva by unix: sent 3 bytes
    plc: sent 3 bytes
    > send plc hex 0
    ! expected pairs of hexadecimal digits, found '0'
    > send plc hex zz
    ! expected pairs of hexadecimal digits, found 'zz'
    > send plc hex
    ! expected at least one byte
    > send plc ""
    ! expected at least one byte
    > send plc \q
    ! expected \r, \n, \t, \0, \e, \\ or \xNN, found \q
    > send plc "open
    ! expected a closing quote
    > send plc Gerät
    ~ b'Ger\xc3\xa4t'
    * plc: eva by unix: sent 6 bytes
    plc: sent 6 bytes
    > send plk x
    ! there is no share plk (did you mean plc?)
    > send plc
    ! expected: send SHARE "TEXT"|hex BYTES
    look> send plc x
    look: ! send: this console may only look
    + away plc
    > send plc x
    ! the device is away
    > disable plc
    * plc: eva by unix: disabled
    plc: disabled
    + wait 1
    > send plc x
    ! plc is disabled
    """,
    "take": r"""
    > take plc
    * plc: eva by unix: taken: clients only watch
    plc: taken: clients only watch
    > take plc
    * plc: eva by unix: taken: clients only watch
    plc: taken: clients only watch
    + client plc 1
    + peer not now
    > send plc but this
    ~ b'but this'
    * plc: eva by unix: sent 8 bytes
    plc: sent 8 bytes
    > take plk
    ! there is no share plk (did you mean plc?)
    > take
    ! expected: take SHARE
    look> take plc
    look: ! take: this console may only look
    look> monitor plc
    """,
    "release": r"""
    + client plc 1
    > release plc
    ! plc is not taken
    > take plc
    * plc: eva by unix: taken: clients only watch
    plc: taken: clients only watch
    + peer not now
    > release plc
    * plc: eva by unix: released
    plc: released
    + peer but now
    ~ b'but now'
    > release plk
    ! there is no share plk (did you mean plc?)
    > release
    ! expected: release SHARE
    look> release plc
    look: ! release: this console may only look
    """,
    "reload": r"""
    > reload
    * all: eva by unix: reload
    nothing is different
    > reload --dry-run
    nothing is different
    > reload now
    ! expected --dry-run or nothing, found now
    > reload --dry-run twice
    ! expected: reload [--dry-run]
    look> reload
    look: ! reload: this console may only look
    look> reload --dry-run
    look: ! reload: this console may only look
    """,
    "log": r"""
    > log error
    * all: eva by unix: log level error
    all: log level error
    > log loud
    ! expected one of debug, info, warn, error, found loud
    > log
    ! expected: log LEVEL
    > log info warn
    ! expected: log LEVEL
    look> log debug
    look: ! log: this console may only look
    """,
}


class TranscriptsTest(SynchronousTestCase):
    maxDiff = None

    def test_each(self) -> None:
        for verb, text in TRANSCRIPTS.items():
            self.assertEqual(Transcript(ConsoleStage(self)).play(text), expected(text), verb)
