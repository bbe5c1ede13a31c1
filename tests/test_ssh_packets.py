"""How data goes out at SSH channels: in packets that are not too small, and not too many of them at once."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from twisted.conch.ssh.common import NS, getNS

from smartserial.console.sshchannel import LEAST_PACKET
from smartserial.console.sshstream import AT_ONCE
from tests.sshstage import ADJUST, NOT_OPENED, Peer, Talk
from tests.support import pattern
from tests.test_ssh_channels import ChannelCase

ALL = 200 * 1024  # bytes; the device is paused at 256 KiB


class Kernel:
    """Takes all that goes to somebody at once, and remembers how many packets each turn gave it."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.turns = [0]
        self.heard = len(peer.wire.taken)
        self.later: list[Callable[[], None]] = []
        peer.wire.write = self.write

    def write(self, data: bytes) -> None:
        self.turns[-1] += 1
        self.peer.wire.sent += len(data)
        self.peer.wire.taken += data

    def later_on(self, call: Callable[[], None]) -> None:
        self.later.append(call)

    def turn(self) -> bool:
        """Let one turn of the reactor go by; tell whether something was to be done in it."""
        self.turns.append(0)
        later, self.later = self.later, []
        for call in later:
            call()
        return bool(later)

    def deliver(self) -> None:
        """Let the client have what was taken."""
        taken = self.peer.wire.taken
        data, self.heard = taken[self.heard :], len(taken)
        self.peer.ssh.dataReceived(data)
        self.peer.pump()


class SmallPacketsTest(ChannelCase):
    def begin(self) -> tuple[Talk, Kernel, Any]:
        """Return a client for whom much waits, whose window is closed yet."""
        peer = self.stage.visitor("bob")
        talk = peer.open(window=0, packet=LEAST_PACKET)
        talk.ask(b"exec", NS(b"share meter"))
        self.stage.device("meter").say(pattern(ALL))
        (session,) = self.stage.share("meter").clients.sessions()
        kernel = Kernel(peer)
        session.stream._way.later = kernel.later_on
        return talk, kernel, session

    def widen(self, talk: Talk, kernel: Kernel) -> None:
        """Let the window be opened, and only that happen."""
        peer = talk.peer
        peer.ssh.sendPacket(ADJUST, struct.pack(">2L", talk.number, 1 << 30))
        data, peer.line.written = peer.line.written, b""
        peer.wire.say(data)

    def test_packets_that_are_too_small_are_refused(self) -> None:
        peer = self.stage.visitor("bob")
        for size in (0, 1, LEAST_PACKET - 1):
            self.assertEqual(peer.open(packet=size).number, -1)
            number, payload = peer.ssh.heard[0]
            words = getNS(payload[8:])[0]
            self.assertEqual((number, words), (NOT_OPENED, b"expected packets of 1024 bytes at least"))
        self.assertEqual(peer.open(packet=LEAST_PACKET).number, 0)

    def test_others_have_their_turn(self) -> None:
        """What waits goes out in many turns, in its order, and whole."""
        talk, kernel, session = self.begin()
        self.widen(talk, kernel)
        self.assertEqual(kernel.turns, [AT_ONCE])
        self.assertEqual((session.stream.sent, session.stream.pending), (64 << 10, ALL - (64 << 10)))
        while kernel.turn():
            pass
        self.assertEqual(kernel.turns, [64, 64, 64, 8, 0])
        kernel.deliver()
        self.assertEqual(talk.out, pattern(ALL))

    def test_nothing_overtakes(self) -> None:
        talk, kernel, _ = self.begin()
        self.widen(talk, kernel)
        self.stage.device("meter").say(b"later")
        self.assertEqual(kernel.turns, [AT_ONCE])
        while kernel.turn():
            pass
        kernel.deliver()
        self.assertEqual(talk.out, pattern(ALL) + b"later")

    def test_the_end_waits(self) -> None:
        talk, kernel, session = self.begin()
        self.widen(talk, kernel)
        session.finish("finished")
        kernel.deliver()
        self.assertFalse(talk.eof)
        while kernel.turn():
            pass
        kernel.deliver()
        self.assertEqual((talk.out, talk.end, talk.eof), (pattern(ALL), (0, "", True), True))
        self.assertEqual(self.gone(), [("bob", "finished", 0, ALL, 0)])

    def test_an_end_that_does_not_wait(self) -> None:
        talk, kernel, session = self.begin()
        self.widen(talk, kernel)
        session.cut("closed by eva")
        kernel.turn()
        kernel.deliver()
        self.assertEqual((talk.closed, kernel.turns[1]), (True, 0))
        self.assertEqual(self.gone(), [("bob", "closed by eva", 0, 64 << 10, ALL - (64 << 10))])

    def test_a_connection_that_is_lost(self) -> None:
        talk, kernel, _ = self.begin()
        self.widen(talk, kernel)
        talk.peer.wire.reset()
        kernel.turn()
        self.assertEqual(self.gone()[0][3:], (64 << 10, ALL - (64 << 10)))
