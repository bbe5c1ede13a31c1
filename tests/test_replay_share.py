"""`replay`: the last bytes of the device for clients that come later."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.settings import ListenerSettings
from smartserial.sharing.access import Access
from tests.fakes import FakeTransport
from tests.support import Program, Pty, receive
from tests.test_share import Stage

BOTH, WRITE = ListenerSettings(), ListenerSettings(access=Access.WRITE)


class ReplayTest(SynchronousTestCase):
    def all_of(self, client: FakeTransport) -> bytes:
        client.take(1 << 20)
        return client.taken

    def explained(self, stage: Stage) -> None:
        self.assertEqual(stage.unexplained(), (0, 0))

    def test_a_late_client_gets_the_last_bytes(self) -> None:
        stage = Stage(replay=4).start()
        first = stage.client()
        stage.device.say(b"012")
        stage.device.say(b"345")
        late = stage.client()
        self.assertEqual(self.all_of(late), b"2345")
        stage.device.say(b"6")
        self.assertEqual((self.all_of(first), self.all_of(late)), (b"0123456", b"23456"))
        self.explained(stage)
        up = stage.share.accounts()[0]
        self.assertEqual((up.read, up.copied, up.delivered), (7, 5, 12))

    def test_beside_what_was_kept(self) -> None:
        """The first client after a while gets each byte once: what others had, and what nobody got."""
        stage = Stage(replay=6, buffer=100).start()
        first = stage.client()
        stage.device.say(b"0123")
        self.assertEqual(self.all_of(first), b"0123")
        first.reset()
        stage.device.say(b"45")
        second, third = stage.client(), stage.client()
        self.assertEqual((self.all_of(second), self.all_of(third)), (b"012345", b"012345"))
        self.explained(stage)

    def test_what_overflowed_is_shown_too(self) -> None:
        stage = Stage(replay=3, buffer=4).start()
        stage.device.say(b"0123456789")
        self.assertEqual(self.all_of(stage.client()), b"0123789")
        self.explained(stage)

    def test_without_buffer(self) -> None:
        stage = Stage(replay=3, buffer=0).start()
        stage.device.say(b"0123456789")
        self.assertEqual(self.all_of(stage.client()), b"789")
        self.explained(stage)

    def test_one_that_is_gone_takes_nothing_away(self) -> None:
        stage = Stage(replay=4, buffer=100).start()
        stage.device.say(b"012345")
        scan = stage.client()
        scan.reset()
        self.assertEqual(self.all_of(stage.client()), b"012345")
        self.explained(stage)

    def test_senders_get_nothing(self) -> None:
        stage = Stage(replay=4, listeners=(BOTH, WRITE)).start()
        stage.client()
        stage.device.say(b"0123")
        sender = stage.client(1)
        self.assertEqual(self.all_of(sender), b"")
        self.explained(stage)

    def test_it_outlives_an_unplug(self) -> None:
        stage = Stage(replay=4).start()
        stage.client()
        stage.device.say(b"0123")
        stage.device.reset()
        stage.clock.advance(1)
        stage.device.say(b"4")
        self.assertEqual(self.all_of(stage.client()), b"1234")

    def test_a_reload_changes_it(self) -> None:
        stage = Stage().start()
        stage.client()
        stage.device.say(b"0123")
        stage.share.update(replace(stage.settings, replay=2), stage.listeners, None)
        stage.device.say(b"4567")
        self.assertEqual(self.all_of(stage.client()), b"67")
        stage.share.update(replace(stage.settings, replay=0), stage.listeners, None)
        stage.device.say(b"89")
        self.assertEqual(self.all_of(stage.client()), b"")
        self.assertEqual(stage.share.taps, {})
        self.explained(stage)

    @given(
        st.integers(0, 20),
        st.integers(0, 20),
        st.lists(st.tuples(st.sampled_from(["say", "come", "go", "take"]), st.integers(1, 12)), max_size=30),
    )
    def test_any_order(self, most: int, buffer: int, happens: list[tuple[str, int]]) -> None:
        """Nobody gets a byte twice or out of its order, nothing new is missed, every byte is explained."""
        stage, clients, number = Stage(replay=most, buffer=buffer).start(), list[FakeTransport](), 0
        came: dict[FakeTransport, int] = {}
        for what, count in happens:
            stage.turn()
            if what == "say":
                stage.device.say(bytes(range(number, min(255, number + count))))
                number = min(255, number + count)
            elif what == "come" and len(clients) < 10:
                clients.append(stage.client())
                came[clients[-1]] = number
            elif clients and what == "go":
                clients.pop(count % len(clients)).reset()
            elif clients:
                clients[count % len(clients)].take(count)
            self.explained(stage)
        for client in clients:
            got = list(self.all_of(client))
            self.assertEqual(got, sorted(set(got)))
            before = max(0, came[client] - most) if most else came[client]
            self.assertLessEqual(set(range(before, number)), set(got))
        stage.stop()
        self.explained(stage)


class RealTest(SynchronousTestCase):
    def test_raw_and_rfc2217(self) -> None:
        pty = Pty(self)
        program = Program(
            self,
            f"""
            shares:
              plc:
                device: {{port: {pty.path}}}
                listen: [{{port: 0}}, {{mode: rfc2217, port: 0}}]
                replay: 5
            """,
        )
        program.wait_for("plc: opened")
        with program.connect("plc") as first:
            program.wait_for("connected to")
            pty.write(b"0123\xff56789")
            self.assertEqual(receive(first, 10), b"0123\xff56789")
            with program.connect("plc") as late:
                self.assertEqual(receive(late, 5), b"56789")
                pty.write(b"\xff")
                self.assertEqual((receive(first, 1), receive(late, 1)), (b"\xff", b"\xff"))
            with program.connect("plc", 1) as far:
                heard = b""
                while not heard.endswith(b"6789\xff\xff"):
                    heard += receive(far, 1)
        self.assertEqual(program.stop(), 0)
        up, _ = program.accounts("plc")
        self.assertEqual((up["read"], up["delivered"]), (11, 22))
