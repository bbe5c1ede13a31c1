"""What is at SSH channels: consoles, one verb, clients of shares; windows, ends, and the account of bytes."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.conch.ssh.common import NS
from twisted.trial.unittest import SynchronousTestCase

from smartserial.console.sshchannel import LEAST_PACKET, MOST_PACKET, WINDOW
from smartserial.console.sshconnection import MOST_CHANNELS
from smartserial.events import BreakSent, ClientConnected, ClientDisconnected, ClientRefused, RequestRefused
from tests.sshstage import ADJUST, KNOWN, NOT_OPENED, SshStage
from tests.support import pattern

BREAK = b"break"


class ChannelCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = SshStage(self)
        self.addCleanup(self.accounted)

    def accounted(self) -> None:
        for share in self.stage.gateway.shares.values():
            self.assertEqual([one.unexplained for one in share.accounts()], [0, 0])

    def gone(self) -> list[tuple[str, str, int, int, int]]:
        """Return what was told of clients that are gone."""
        return [
            (event.user, event.why, event.received, event.delivered, event.discarded)
            for event in self.stage.events
            if isinstance(event, ClientDisconnected)
        ]


class VerbTest(ChannelCase):
    def test_done_and_not_done(self) -> None:
        peer = self.stage.visitor()
        talk = peer.command("who")
        self.assertEqual(talk.end, (0, "", True))
        self.assertTrue(talk.eof)
        self.assertEqual(talk.out.splitlines()[1].split()[0], b"anna")
        self.assertNotIn(b"\r", talk.out)
        talk = peer.command("clients nope")
        self.assertEqual(talk.end, (1, "there is no share nope (known: plc, meter)\n", True))
        self.assertEqual(peer.command('send plc "x').end, (2, "expected a closing quote\n", True))
        self.assertEqual(peer.command("").end, (0, "", True))
        self.assertEqual(self.stage.door.seats.taken, 0)

    def test_json(self) -> None:
        talk = self.stage.visitor().command("--format json get nope")
        self.assertEqual(talk.status, 1)
        self.assertEqual(talk.out, b'{"error": "expected ELEMENT.PARAM, found nope"}\n')

    def test_the_showing_share_is_behind_ctl(self) -> None:
        talk = self.stage.visitor().command("ctl share meter")
        self.assertEqual(talk.out.splitlines()[0].split(), [b"share", b"meter"])

    def test_rights(self) -> None:
        talk = self.stage.visitor("bob").command("send meter x")
        self.assertEqual(talk.end, (1, "send: this console may only look\n", True))

    def test_what_is_followed_goes_on_without_input(self) -> None:
        talk = self.stage.visitor().command("monitor meter")
        talk.finish()
        talk.send(b"\n")
        self.stage.device("meter").say(b"x")
        talk.peer.pump()
        self.assertEqual(talk.took(), b"up device x\n")
        talk.close()
        self.assertTrue(talk.closed)
        self.assertFalse(self.stage.share("meter").taps)
        self.assertEqual(self.stage.door.seats.taken, 0)

    def test_any_key_ends_it_on_a_terminal(self) -> None:
        talk = self.stage.visitor().command("monitor meter", terminal=True)
        self.stage.device("meter").say(b"x")
        talk.peer.pump()
        self.assertEqual(talk.took(), b"up device x\r\n")
        talk.send(b"q")
        self.assertEqual(talk.end, (0, "", True))

    def test_a_follower_that_does_not_keep_up_misses_rows(self) -> None:
        talk = self.stage.visitor().command("monitor meter hex", window=1000)
        for _ in range(100):
            self.stage.device("meter").say(bytes(1000))
        talk.peer.pump()
        self.assertEqual(len(talk.out), 1000)
        talk.widen(1 << 20)
        self.stage.device("meter").say(b"x")
        talk.peer.pump()
        self.assertRegex(talk.took().decode(), r"\n\d+ skipped\nup device 78\n$")

    def test_a_long_command(self) -> None:
        talk = self.stage.visitor().open()
        self.assertFalse(talk.ask(b"exec", NS(b"x" * 5000)))
        self.assertTrue(talk.ask(b"exec", NS(b"who")))


class ConsoleTest(ChannelCase):
    def test_a_terminal(self) -> None:
        talk = self.stage.visitor().shell(terminal=True)
        self.assertIn(b"smartserial> ", talk.took())
        talk.send(b"whoy\x7f\r")
        self.assertRegex(talk.took(), rb"anna at 10\.0\.0\.7:\d+  ssh   change  yes\r\n")
        talk.send(b"\x04")
        self.assertEqual(talk.end, (0, "", True))
        self.assertTrue(talk.out.endswith(b"\x1b[4l"))

    def test_its_size(self) -> None:
        talk = self.stage.visitor().shell(terminal=True)
        self.assertTrue(talk.ask(b"window-change", struct.pack(">4L", 80, 6, 0, 0)))
        talk.send(b"help\r")
        self.assertRegex(talk.took(), rb"-- more: any key, or q --$")
        self.assertTrue(talk.ask(b"window-change", struct.pack(">4L", 200, 1000, 0, 0)))
        talk.send(b" ")
        self.assertRegex(talk.took(), rb"quit.*\r\n.*smartserial> $")
        for size in ((0, 0), (1, 1), (0xFFFFFFFF, 0xFFFFFFFF)):
            self.assertTrue(talk.ask(b"window-change", struct.pack(">4L", *size, 0, 0)))
        talk.send(b"help\r")
        self.assertEqual(talk.peer.ended, "")

    def test_lines_where_there_is_no_terminal(self) -> None:
        talk = self.stage.visitor().shell()
        self.assertFalse(talk.ask(b"window-change", struct.pack(">4L", 80, 6, 0, 0)))
        talk.send(b"who\nshares\n")
        talk.finish()
        self.assertEqual(talk.end, (0, "", True))
        self.assertIn(b"plc", talk.out)

    def test_an_operator_that_does_not_read_is_not_read_from(self) -> None:
        talk = self.stage.visitor().open(window=100)
        talk.ask(b"shell")
        rooms = []
        for _ in range(60):
            rooms.append(talk.room)
            if talk.room >= 10_000:
                talk.send(b"help\n" * 2000)
        self.assertLess(rooms[-1], 10_000)
        self.assertEqual(len(talk.out), 100)


class RequestTest(ChannelCase):
    def test_what_there_is_not(self) -> None:
        talk = self.stage.visitor().open()
        for kind in (b"subsystem", b"x11-req", b"auth-agent-req@openssh.com", b"env", b"signal", b"\xff"):
            self.assertFalse(talk.ask(kind, NS(b"sftp")))
        self.assertFalse(talk.ask(BREAK, struct.pack(">L", 0)))
        self.assertTrue(talk.ask(b"shell"))
        for kind in (b"shell", b"pty-req"):
            self.assertFalse(talk.ask(kind, NS(b"xterm") + struct.pack(">4L", 80, 24, 0, 0) + NS(b"")))
        self.assertFalse(talk.ask(b"exec", NS(b"who")))

    def test_channels_there_are_not(self) -> None:
        peer = self.stage.visitor()
        for kind in (b"direct-tcpip", b"x11", b"forwarded-tcpip", b"tun@openssh.com"):
            talk = peer.open(kind=kind)
            self.assertEqual((talk.number, peer.ssh.heard[0][0]), (-1, NOT_OPENED))
        for kind in (b"tcpip-forward", b"streamlocal-forward@openssh.com"):
            self.assertEqual(peer.say(80, NS(kind) + b"\1"), [(82, b"")])
        self.assertEqual(peer.command("who").status, 0)

    def test_each_kind_is_told_once_and_not_for_ever(self) -> None:
        peer = self.stage.visitor()
        talk = peer.open()
        for _ in range(3):
            talk.ask(b"env", NS(b"x"))
            peer.open(kind=b"x11")
            peer.say(80, NS(b"tcpip-forward") + b"\1")
        for number in range(50):
            talk.ask(b"%d" % number + b"y" * 5000)
        told = [event for event in self.stage.events if isinstance(event, RequestRefused)]
        words = ["env", "a channel of kind x11", "tcpip-forward", *(f"{n}" + "y" * 63 for n in range(5))]
        self.assertEqual([event.what for event in told], words)
        self.assertEqual({event.user for event in told}, {"anna"})
        self.assertRegex(told[0].peer, r"^10\.0\.0\.7:\d+$")
        again = self.stage.visitor("bob").open()
        again.ask(b"env", NS(b"x"))
        self.assertEqual(
            [event.user for event in self.stage.events if isinstance(event, RequestRefused)][8:], ["bob"]
        )

    def test_so_many_channels(self) -> None:
        peer = self.stage.visitor()
        talks = [peer.open() for _ in range(MOST_CHANNELS + 1)]
        self.assertEqual([talk.number for talk in talks], [*range(MOST_CHANNELS), -1])
        talks[0].close()
        self.assertEqual(peer.open().number, MOST_CHANNELS)

    def test_cut_off(self) -> None:
        for kind, data in (
            (b"exec", b"\0\0\0\5who"),
            (b"exec", b""),
            (b"pty-req", NS(b"x")),
            (b"window-change", b"12"),
            (b"break", b""),
        ):
            talk = self.stage.visitor().open()
            talk.ask(kind, data)
            self.assertRegex(talk.peer.ended, "^a ", kind)

    def test_more_data_than_was_let_in(self) -> None:
        for size in (MOST_PACKET + 1, WINDOW + 1):
            talk = self.stage.visitor().open()
            talk.send(b"x" * size)
            self.assertEqual(talk.peer.ended, f"{size} bytes of data where less was let in")
        talk = self.stage.visitor().open()
        for _ in range(WINDOW // MOST_PACKET):
            talk.send(b"x" * MOST_PACKET)
        self.assertEqual(talk.peer.ended, "")
        talk.send(b"x")
        self.assertEqual(talk.peer.ended, "1 bytes of data where less was let in")


class ClientTest(ChannelCase):
    def test_both_ways(self) -> None:
        talk = self.stage.visitor().command("share meter")
        everything = bytes(range(256))
        talk.send(everything)
        self.stage.device("meter").take(1000)
        self.assertEqual(self.stage.device("meter").taken, everything)
        self.stage.device("meter").say(everything)
        talk.peer.pump()
        self.assertEqual(talk.took(), everything)
        rows = self.stage.seat().types("clients meter")
        self.assertRegex(rows[1], r"^meter  10\.0\.0\.7:\d+ +anna  ssh ")
        self.assertEqual(
            [(one.listener, one.user) for one in self.stage.events if isinstance(one, ClientConnected)],
            [("ssh", "anna")],
        )

    def test_the_end_of_sending_waits_for_the_answer(self) -> None:
        talk = self.stage.visitor().command("share meter")
        talk.send(b"ask")
        talk.finish()
        self.stage.turn(3)
        self.assertFalse(talk.closed)
        self.stage.device("meter").take(100)
        self.stage.device("meter").say(b"answer")
        talk.peer.pump()
        self.stage.turn(2)
        talk.peer.pump()
        self.assertEqual((talk.out, talk.end, talk.eof), (b"answer", (0, "", True), True))
        self.assertEqual(self.gone(), [("anna", "finished", 3, 6, 0)])

    def test_kick(self) -> None:
        talk = self.stage.visitor().command("share meter")
        seat = self.stage.seat()
        name = self.stage.share("meter").clients.sessions()[0].name
        seat.types(f"kick meter {name}")
        talk.peer.pump()
        self.assertEqual(talk.end, (1, "meter: closed by eva\n", True))
        self.assertEqual(talk.peer.ended, "")
        self.assertEqual(talk.peer.command("who").status, 0)

    def test_several_channels_have_names_of_their_own(self) -> None:
        peer = self.stage.visitor()
        first, second = peer.command("share meter"), peer.command("share meter")
        one, two = (session.name for session in self.stage.share("meter").clients)
        self.assertEqual(two, f"{one}/1")
        self.stage.seat().types(f"kick meter {two}")
        peer.pump()
        self.assertEqual((first.closed, second.closed), (False, True))

    def test_refused(self) -> None:
        peer = self.stage.visitor("max")
        self.assertEqual(peer.command("share plc").end, (1, "there is no share plc (known: meter)\n", True))
        self.assertEqual(peer.command("share nope").status, 1)
        self.stage.seat().types("disable meter")
        self.stage.turn(8)
        peer.pump()
        self.assertEqual(peer.command("share meter").end, (1, "meter is disabled\n", True))

    def test_full(self) -> None:
        talks = [self.stage.visitor().command("share meter") for _ in range(17)]
        self.assertEqual([talk.closed for talk in talks], [False] * 16 + [True])
        words = "meter is in use: 16 clients are connected and no more are let in"
        self.assertEqual(talks[-1].end, (1, f"{words}\n", True))
        refused = [event for event in self.stage.events if isinstance(event, ClientRefused)]
        self.assertEqual([(event.listener, event.why) for event in refused], [("ssh", words)])

    def test_what_comes_from_who_is_no_client_is_counted(self) -> None:
        kicked = self.stage.visitor().command("share meter")
        self.stage.seat().types("kick meter all")
        kicked.send(b"too late")
        for _ in range(16):
            self.stage.connect("meter")
        self.stage.visitor().command("share meter").send(b"refused")
        discarded = self.stage.share("meter").accounts()[1].discarded
        self.assertEqual({reason.value: count for reason, count in discarded}, {"refused": 15})

    def test_one_list_of_clients(self) -> None:
        """A client of a listener, and one by SSH, count together."""
        for _ in range(15):
            self.stage.connect("meter")
        talks = [self.stage.visitor().command("share meter") for _ in range(2)]
        self.assertEqual([talk.closed for talk in talks], [False, True])

    def test_rights_of_data(self) -> None:
        talk = self.stage.visitor("bob").command("share meter")
        talk.send(b"secret")
        self.stage.device("meter").say(b"heard")
        talk.peer.pump()
        self.assertEqual((talk.out, self.stage.device("meter").pending), (b"heard", 0))
        self.assertFalse(talk.ask(BREAK, struct.pack(">L", 1000)))
        self.assertEqual(self.stage.share("meter").accounts()[1].discarded[0][1], 6)

    def test_rights_that_change(self) -> None:
        talk = self.stage.visitor("anna").command("share meter")
        self.stage.keeper.update(type(KNOWN)(KNOWN.users[1:], KNOWN.groups))
        for share in self.stage.gateway.shares.values():
            share.entry.review()
        talk.peer.pump()
        self.assertEqual(talk.end, (1, "meter: its user is gone\n", True))

    def test_other_settings_of_a_share(self) -> None:
        """A reload touches nobody who came by SSH."""
        talk = self.stage.visitor("anna").command("share meter")
        share = self.stage.share("meter")
        share.update(share.settings, share.listeners, None)
        talk.peer.pump()
        self.assertFalse(talk.closed)

    def test_breaks(self) -> None:
        talk = self.stage.visitor("anna").command("share plc")
        for milliseconds in (1000, 0, 1, 60_000):
            self.assertTrue(talk.ask(BREAK, struct.pack(">L", milliseconds)))
        sent = [event.seconds for event in self.stage.events if isinstance(event, BreakSent)]
        self.assertEqual(sent, [1.0, 0.25, 0.5, 3.0])
        other = self.stage.visitor("eva").command("share plc")
        self.assertFalse(other.ask(BREAK, struct.pack(">L", 1000)))
        talk.close()
        self.assertTrue(other.ask(BREAK, struct.pack(">L", 1000)))

    def test_a_share_that_stops(self) -> None:
        talk = self.stage.visitor().command("share meter")
        self.stage.seat().types("disable meter")
        self.stage.turn(8)
        talk.peer.pump()
        self.assertEqual(talk.end, (1, "meter: stopped\n", True))


class FlowTest(ChannelCase):
    def test_a_window_that_is_full(self) -> None:
        """What does not fit the window is pending here, exactly; the rules for slow clients see it."""
        talk = self.stage.visitor().command("share meter", window=1000)
        session = self.stage.share("meter").clients.sessions()[0]
        self.stage.device("meter").say(b"a" * 700)
        self.stage.device("meter").say(b"b" * 700)
        talk.peer.pump()
        self.assertEqual((session.stream.sent, session.stream.pending, len(talk.out)), (1000, 400, 1000))
        talk.widen(100)
        self.assertEqual((session.stream.sent, session.stream.pending, len(talk.out)), (1100, 300, 1100))
        talk.close()
        self.assertEqual(self.gone(), [("anna", "closed", 0, 1100, 300)])

    def test_a_client_that_does_not_read_pauses_the_device_when_it_is_alone(self) -> None:
        talk = self.stage.visitor().command("share meter", window=10)
        device, said = self.stage.device("meter"), 0
        while device.reading:
            device.say(b"x" * 4096)
            said += 4096
            self.assertLess(said, 1 << 20)
        talk.widen(1 << 20)
        self.assertTrue(device.reading)
        self.assertEqual(len(talk.out), said)

    def test_one_of_several_is_sent_away(self) -> None:
        talk = self.stage.visitor().command("share meter", window=10)
        other = self.stage.connect("meter")
        other.take(1 << 20)
        for _ in range(300):
            self.stage.device("meter").say(b"x" * 4096)
            other.take(1 << 20)
            talk.peer.pump()
        self.stage.turn(0.1)
        talk.peer.pump()
        self.assertEqual((talk.status, talk.closed), (1, True))
        self.assertEqual(len(other.taken), 300 * 4096)
        self.assertEqual(talk.peer.ended, "")  # the connection is not at fault
        self.assertEqual(talk.peer.command("who").status, 0)

    def test_one_whose_network_is_stuck_is_cut_off(self) -> None:
        peer = self.stage.visitor()
        peer.command("share meter", window=1 << 30)
        other = self.stage.connect("meter")
        peer.takes = False
        for _ in range(300):
            self.stage.device("meter").say(b"x" * 4096)
            other.take(1 << 20)
        self.assertLess(peer.wire.pending, 100_000)
        self.stage.turn(0.1)
        self.assertFalse(peer.wire.connected)
        self.assertEqual(self.gone()[0][:4:3], ("anna", 0))

    def test_a_device_that_is_full(self) -> None:
        """What a client sends waits with it, but for a window; what came is given when it goes."""
        talk = self.stage.visitor().command("share meter")
        sent = 0
        while talk.room >= MOST_PACKET and sent < 8 << 20:
            talk.send(b"x" * MOST_PACKET)
            sent += MOST_PACKET
        self.assertLess(sent, 2 << 20)
        waiting = self.stage.device("meter").pending
        self.assertLess(waiting, sent)
        talk.close()
        self.assertEqual(self.stage.device("meter").pending, sent)

    def test_a_device_that_is_full_and_has_room_again(self) -> None:
        talk = self.stage.visitor().command("share meter")
        data, sent = pattern(4 << 20), 0
        while sent < len(data):
            if talk.room < MOST_PACKET:
                self.stage.device("meter").take(1 << 20)
                talk.peer.pump()
            talk.send(data[sent : sent + MOST_PACKET])
            sent += MOST_PACKET
        talk.finish()
        for _ in range(8):
            self.stage.device("meter").take(1 << 20)
            talk.peer.pump()
        self.assertEqual(self.stage.device("meter").taken, data)

    def test_who_is_kicked_while_data_waits(self) -> None:
        talk = self.stage.visitor().command("share meter")
        sent = 0
        while talk.room >= MOST_PACKET:
            talk.send(b"x" * MOST_PACKET)
            sent += MOST_PACKET
        waiting = self.stage.device("meter").pending
        self.stage.seat().types("kick meter all")
        refused = dict(self.stage.share("meter").accounts()[1].discarded)
        self.assertEqual(
            {reason.value: count for reason, count in refused.items()}, {"refused": sent - waiting}
        )

    @given(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5000)), max_size=30),
        st.integers(LEAST_PACKET, 3000),
    )
    def test_the_account_is_right_at_each_moment(self, steps: list[tuple[int, int]], packet: int) -> None:
        stage = self.stage
        peer = stage.visitor()
        talk = peer.open(window=500, packet=packet)
        talk.ask(b"exec", NS(b"share meter"))
        stream = stage.share("meter").clients.sessions()[0].stream
        given_so_far = 0
        for kind, count in steps:
            if kind == 0:
                stage.device("meter").say(bytes(count))
                given_so_far += count
            elif kind == 1:
                peer.ssh.sendPacket(ADJUST, struct.pack(">2L", talk.number, count))
            elif kind == 2:
                peer.takes = not peer.takes
            peer.pump()
            self.assertEqual(stream.sent + stream.pending + stream.dropped, given_so_far)
            self.assertLessEqual(len(talk.out), stream.sent + stream.pending)
            if peer.takes:
                self.assertEqual(len(talk.out), stream.sent)
        peer.wire.reset()
        self.assertEqual(stream.sent + stream.dropped, given_so_far)
        self.assertEqual([one.unexplained for one in stage.share("meter").accounts()], [0, 0])
