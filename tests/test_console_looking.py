"""Verbs that only look: what is typed, and what is shown."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.stream import HIGH
from smartserial.lines import Lines, ModemLines
from tests.comstage import BAUDRATE
from tests.consolestage import ConsoleStage, Transcript, expected
from tests.telnetpeer import com_port

TRANSCRIPTS: dict[str, str] = {
    "shares": r"""
    > shares
    share  device        state  settings  clients  control  speaks  listeners
    plc    port ttyUSB0  up     9600 8N1  0        -        -       127.0.0.1:7001, 127.0.0.1:7002
    meter  loop          up     -         0        -        -       127.0.0.1:7003
    + client plc 0
    + client plc 1
    + away plc
    > disable meter
    * meter: eva by unix: disabled
    meter: disabled
    + wait 1
    > shares
    share  device        state     settings  clients  control  speaks  listeners
    plc    port ttyUSB0  away      -         2        -        all     127.0.0.1:7001, 127.0.0.1:7002
    meter  loop          disabled  -         0        -        -       -
    > shares plc
    ! expected: shares
    """,
    "share": r"""
    + client plc 1
    + device plc hello
    + peer ATZ
    ~ b'ATZ'
    > share plc
    share              plc
    device             port ttyUSB0
    state              up
    settings wanted    9600 8N1
    settings in force  9600 8N1
    not on the wire    -
    lines              dtr=- rts=- break=-
    modem lines        -
    reported           cts=yes dsr=yes ri=no cd=yes
    control            -
    taken              no
    listeners          127.0.0.1:7001 rfc2217, 127.0.0.1:7002 raw
    clients            10.0.0.7:1001
    up                 read=5 copied=0 delivered=0 buffered=5
    down               read=3 copied=0 delivered=0 buffered=3
    > share meter
    share              meter
    device             loop
    state              up
    settings wanted    -
    settings in force  9600 8N1
    not on the wire    baudrate, bytesize, parity, stopbits, flow
    lines              dtr=- rts=- break=-
    modem lines        -
    reported           cts=yes dsr=yes ri=no cd=yes
    control            -
    taken              no
    listeners          127.0.0.1:7003 raw
    clients            -
    up                 read=0 copied=0 delivered=0 buffered=0
    down               read=0 copied=0 delivered=0 buffered=0
    > share plk
    ! there is no share plk (did you mean plc?)
    > share serial
    ! there is no share serial (known: plc, meter)
    > share
    ! expected: share SHARE
    > share plc meter
    ! expected: share SHARE
    """,
    "pools": r"""
    > pools
    nothing
    > pools lab
    ! expected: pools
    """,
    "clients": r"""
    > clients
    nothing
    + client plc 0
    + client plc 1
    + client meter 0
    + peer hello
    + device plc hi there
    > clients
    share  peer           user  listener        mode     access  speaks  received  delivered  waiting  discarded  signature
    plc    10.0.0.7:1001  -     127.0.0.1:7001  rfc2217  both    yes     0         0          8        0          -
    plc    10.0.0.7:1002  -     127.0.0.1:7002  raw      both    yes     0         0          8        0          -
    meter  10.0.0.7:1003  -     127.0.0.1:7003  raw      both    yes     5         0          0        0          -
    > clients meter
    share  peer           user  listener        mode  access  speaks  received  delivered  waiting  discarded  signature
    meter  10.0.0.7:1003  -     127.0.0.1:7003  raw   both    yes     5         0          0        0          -
    > clients meter plc
    share  peer           user  listener        mode     access  speaks  received  delivered  waiting  discarded  signature
    meter  10.0.0.7:1003  -     127.0.0.1:7003  raw      both    yes     5         0          0        0          -
    plc    10.0.0.7:1001  -     127.0.0.1:7001  rfc2217  both    yes     0         0          8        0          -
    plc    10.0.0.7:1002  -     127.0.0.1:7002  raw      both    yes     0         0          8        0          -
    > clients metre
    ! there is no share metre (did you mean meter?)
    """,
    "stats": r"""
    + client plc 0
    + client plc 1
    + client meter 0
    + peer hello
    + device plc hi there
    + device meter ho
    > take meter
    * meter: eva by unix: taken: clients only watch
    meter: taken: clients only watch
    + peer not now
    > stats
    share  direction  read  copied  delivered  buffered  discarded
    plc    up         8     8       0          16        -
    plc    down       0     0       0          0         -
    meter  up         2     0       0          2         -
    meter  down       12    0       0          5         policy=7
    > stats now
    ! expected: stats
    """,
    "monitor": r"""
    > monitor plc
    + device plc hello\r\n\e[2J\xff
    up device hello\r\n\x1b[2Jÿ
    + client plc 1
    + peer ATZ\r
    ~ b'ATZ\r'
    down 10.0.0.7:1001 ATZ\r
    >
    + device plc nobody sees this
    > monitor plc hex
    + device plc \x02ok
    up device 02 6f 6b
    + peer \xff
    ~ b'\xff'
    down 10.0.0.7:1001 ff
    > send plc mine
    ~ b'mine'
    * plc: eva by unix: sent 4 bytes
    plc: sent 4 bytes
    > monitor plc bits
    ! expected hex, text or decoded, found bits
    > monitor plk
    ! there is no share or element plk (did you mean plc?)
    > monitor
    ! expected: monitor NAME [hex|text|decoded]
    look> monitor plc text
    + device plc hi
    look: up device hi
    + device meter not this
    """,
    "events": r"""
    > events
    + client plc 1
    ClientConnected plc 10.0.0.7:1001 connected to 127.0.0.1:7002
    look> events Lost away
    + client plc 1
    ClientConnected plc 10.0.0.7:1002 connected to 127.0.0.1:7002
    + away plc
    DeviceLost plc lost the device: unplugged; trying again
    look: DeviceLost plc lost the device: unplugged; trying again
    > kick plc all
    * plc: eva by unix: closed 10.0.0.7:1001, 10.0.0.7:1002
    plc: closed 10.0.0.7:1001, 10.0.0.7:1002
    + client meter 0
    """,
    "who": r"""
    > who
    who  door    may     you
    eva  unix    change  yes
    max  telnet  look    no
    look> who
    look: who  door    may     you
    look: eva  unix    change  no
    look: max  telnet  look    yes
    > who else
    ! expected: who
    """,
    "ports": r"""
    > ports
    port          usb        serial number  adapter      names                          used by
    /dev/ttyS0    -          -              -            -                              minicom (pid 7)
    /dev/ttyUSB0  0403:6001  A5             FTDI FT232R  /dev/serial/by-id/usb-FTDI_A5  plc
    > ports all
    ! expected: ports
    > disable plc
    * plc: eva by unix: disabled
    plc: disabled
    > ports
    port          usb        serial number  adapter      names                          used by
    /dev/ttyS0    -          -              -            -                              minicom (pid 7)
    /dev/ttyUSB0  0403:6001  A5             FTDI FT232R  /dev/serial/by-id/usb-FTDI_A5  plc (disabled)
    """,
    "help": r"""
    > help kick
    kick SHARE PEER|all
    Close a client, named as `clients` shows it, or all of a share.
    > help stats reset
    stats reset
    Count from now on; the accounts in the log are not changed by that.
    > help stats
    stats
    The account of each share, since it started or since `stats reset`.
    > help kik
    ! unknown verb kik (did you mean kick?)
    > help one two three
    ! expected: help [VERB]
    look> help
    look: shares                           All shares, one a line.
    look: pools                            All pools, and what each of their shares is to somebody who comes now.
    look: share SHARE                      Everything about one share.
    look: clients [SHARE ...]              Who is connected: to all shares, or to one.
    look: stats                            The account of each share, since it started or since `stats reset`.
    look: elements                         All elements, one a line.
    look: element ELEMENT                  Everything about one element.
    look: params ELEMENT [PATTERN]         What an element knows: all for people, or what a pattern means.
    look: get ELEMENT.PARAM                What one param holds.
    look: ports                            The serial ports of this machine, and who uses them.
    look: protocols                        The device protocols that there are.
    look: trace ELEMENT [last|dump] [...]  What happens in an element; `last` and `dump` tell what did.
    look: monitor NAME [hex|text|decoded]  What passes a share or an element; `up` is from the device.
    look: events [WORD ...]                What happens, as it happens; with a word, only what has it in it.
    look: who                              Who sits at a console.
    look: lines SHARE [LINE=on|off ...]    Set DTR, RTS or break; without any, show them.
    look: help [VERB]                      What can be typed; with a verb, just about that.
    look: quit                             Leave.
    """,
    "quit": r"""
    > quit now
    ! expected: quit
    > quit
    """,
}


class TranscriptsTest(SynchronousTestCase):
    maxDiff = None

    def test_each(self) -> None:
        for verb, text in TRANSCRIPTS.items():
            self.assertEqual(Transcript(ConsoleStage(self)).play(text), expected(text), verb)


class DetailsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = ConsoleStage(self)
        self.seat = self.stage.seat()

    def test_modem_lines_that_the_device_has(self) -> None:
        self.stage.serial.inputs = ModemLines(cts=True)
        shown = self.seat.types("share plc")
        self.assertIn("modem lines        cts=yes dsr=no ri=no cd=no", shown)
        self.assertIn("reported           -", shown)

    def test_lines_as_they_are(self) -> None:
        self.stage.serial.set_lines(Lines(dtr=True, rts=False))
        self.assertIn("lines              dtr=yes rts=no break=-", self.seat.types("share plc"))

    def test_what_a_client_says_of_itself_acts_on_no_terminal(self) -> None:
        client = self.stage.connect()
        client.say(com_port(0, b"\x1b[2J\r\n\x9b\xe9"))
        (_, line) = self.seat.types("clients")
        self.assertTrue(line.endswith(r"\x1b[2J\r\n\x9bé"), line)

    def test_who_holds_control(self) -> None:
        client = self.stage.connect()
        client.request(BAUDRATE, 300)
        self.assertIn("control            10.0.0.7:1001", self.seat.types("share plc"))
        self.assertIn("settings in force  300 8N1", self.seat.types("share plc"))
        self.assertIn("10.0.0.7:1001", self.seat.types("shares")[1])
        self.seat.types("take plc")
        self.assertIn("control            eva", self.seat.types("share plc"))

    def test_a_client_that_has_left_its_place(self) -> None:
        self.stage.connect(listener=1)
        self.assertRegex(self.seat.types("clients plc")[1], r" raw +both +yes +0 ")
        self.stage.client.finish_sending()
        self.assertRegex(self.seat.types("clients plc")[1], r" raw +both +left +0 ")

    def test_clients_that_are_held(self) -> None:
        self.stage.connect(listener=1)
        self.assertNotIn("held until", "\n".join(self.seat.types("share plc")))
        self.stage.client.say(bytes(HIGH + 1))
        self.assertIn("held until         the device takes more", self.seat.types("share plc"))

    def test_what_was_discarded(self) -> None:
        self.stage.connect(listener=1)
        self.stage.device().say(b"x" * 10)
        self.stage.client.reset()
        self.assertIn("discarded", self.seat.types("stats")[0])
        up = self.seat.types("stats")[1]
        self.assertRegex(up, r"^plc    up +10 +0 +0 +0 +client_dropped=10$")

    def test_a_monitor_that_has_ended_leaves_nothing(self) -> None:
        self.seat.types("monitor plc")
        self.assertEqual(len(self.stage.share().taps), 1)
        self.seat.types("")
        self.assertEqual(len(self.stage.share().taps), 0)
        self.stage.device().say(b"hello")
        self.assertEqual(self.seat.screen.take(), [])

    def test_two_monitors_of_one_share(self) -> None:
        other = self.stage.seat()
        self.seat.types("monitor plc")
        other.types("monitor plc hex")
        self.stage.device().say(b"A")
        self.assertEqual(self.seat.screen.take(), ["up device A"])
        self.assertEqual(other.screen.take(), ["up device 41"])
        other.types("")
        self.stage.device().say(b"B")
        self.assertEqual(self.seat.screen.take(), ["up device B"])
        self.assertEqual(other.screen.take(), [])

    def test_a_client_that_may_not_send_is_not_in_the_monitor(self) -> None:
        self.stage.connect(listener=1)
        self.seat.types("take plc")
        self.seat.types("monitor plc")
        self.stage.client.say(b"not now")
        self.assertEqual(self.seat.screen.take(), [])

    def test_events_by_their_kind_or_words(self) -> None:
        self.seat.types("events Operated 10.9.9.9")
        self.stage.connect()
        self.stage.connect(host="10.9.9.9")
        self.stage.seat("max").types("take meter")
        self.assertEqual(
            self.seat.screen.take(),
            [
                "ClientConnected plc 10.9.9.9:1002 connected to 127.0.0.1:7001",
                "Operated meter max by unix: taken: clients only watch",
            ],
        )
