"""Who has a place at the SSH door: operators, and clients of shares that say themselves who comes in."""

from __future__ import annotations

from dataclasses import replace

from smartserial.console import seats
from smartserial.console.seats import MOST_OF_USER
from smartserial.events import ClientRefused
from smartserial.settings import LoginSettings
from tests.test_ssh_channels import ChannelCase
from tests.userexamples import HASH


class OperatorsTest(ChannelCase):
    def test_so_many_operators(self) -> None:
        self.patch(seats, "MOST_OPERATORS", 2)
        self.patch(seats, "KEPT", 0)
        peer = self.stage.visitor()
        first = peer.shell()
        peer.shell(terminal=True)
        words = "2 operators are at this door, and no more are let in\n"
        self.assertEqual(peer.command("who").end, (1, words, True))
        self.assertEqual(self.stage.visitor("eva").command("who").end, (1, words, True))
        first.close()
        self.assertEqual(peer.command("who").status, 0)
        peer.wire.reset()
        self.assertEqual(self.stage.door.seats.taken, 0)

    def test_so_many_of_one_user(self) -> None:
        peers = [self.stage.visitor() for _ in range(MOST_OF_USER + 1)]
        talks = [peer.shell() for peer in peers]
        self.assertEqual([talk.closed for talk in talks], [False] * MOST_OF_USER + [True])
        words = "8 operators called anna are at this door, and no more are let in\n"
        self.assertEqual(talks[-1].end, (1, words, True))
        self.assertEqual(self.stage.visitor("bob").command("who").status, 0)
        talks[0].close()
        self.assertEqual(peers[-1].command("who").status, 0)
        for peer in peers:
            peer.wire.reset()
        self.assertEqual((self.stage.door.seats.taken, len(self.stage.door.seats._taken)), (0, 0))

    def test_places_that_are_kept(self) -> None:
        """Who may do everything finds a place when all others have theirs."""
        self.patch(seats, "MOST_OPERATORS", 4)
        for user in ("anna", "bob"):
            self.stage.visitor(user).shell()
        words = "the last 2 places at this door are for those who have the right `admin` on `*`\n"
        self.assertEqual(self.stage.visitor("max").command("who").end, (1, words, True))
        chief = self.stage.visitor("eva")
        self.assertFalse(chief.shell().closed or chief.shell().closed)
        words = "4 operators are at this door, and no more are let in\n"
        self.assertEqual(chief.command("who").end, (1, words, True))


class WordsTest(ChannelCase):
    def use(self, login: LoginSettings | None) -> None:
        """Let the share ``meter`` itself say who comes in."""
        share = self.stage.share("meter")
        share.update(replace(share.settings, login=login), list(share.listeners), None)
        self.stage.turn()

    def test_the_words_of_the_share(self) -> None:
        """Its groups count here; its password cannot be asked for; its listeners' words mean nothing here."""
        chiefs = "anna is in none of the groups that may come in to meter\n"
        secret = "meter has a password of its own, which cannot be asked for here\n"
        for login, words in (
            (LoginSettings(groups=frozenset({"chiefs"})), chiefs),
            (LoginSettings(HASH), secret),
            (LoginSettings(groups=frozenset({"chiefs", "operators"})), ""),
            (LoginSettings(), ""),
            (None, ""),
        ):
            self.use(login)
            end = (1, words, True) if words else (None, "", False)
            self.assertEqual(self.stage.visitor().command("share meter").end, end, words)
        self.use(LoginSettings(groups=frozenset({"chiefs"})))
        self.assertFalse(self.stage.visitor("eva").command("share meter").closed)
        refused = [event.why + "\n" for event in self.stage.events if isinstance(event, ClientRefused)]
        self.assertEqual(refused, [chiefs, secret])

    def test_words_of_the_share_that_change(self) -> None:
        for login in (LoginSettings(HASH), LoginSettings(groups=frozenset({"chiefs"}))):
            self.use(None)
            anna = self.stage.visitor().command("share meter")
            self.use(LoginSettings(groups=frozenset({"operators"})))
            anna.peer.pump()
            self.assertFalse(anna.closed)
            self.use(login)
            anna.peer.pump()
            self.assertEqual(anna.end, (1, "meter: its user has no right here any more\n", True))
