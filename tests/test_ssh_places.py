"""Who has a place at the SSH door: operators, and clients of shares that say themselves who comes in."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.defer import Deferred

from smartserial.console.seats import CONNECTIONS, MOST_OF_USER, OPERATORS
from smartserial.events import ClientRefused, SentAway
from smartserial.settings import GroupSettings, LoginSettings, UserSettings, UsersSettings
from tests.sshstage import KNOWN, OTHER, SUCCESS, Peer
from tests.test_ssh_channels import ChannelCase
from tests.userexamples import HASH


class OperatorsTest(ChannelCase):
    def test_so_many_operators(self) -> None:
        self.stage.door.seats._places = replace(OPERATORS, most=2, kept=0)
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
        self.stage.door.seats._places = replace(OPERATORS, most=4)
        for user in ("anna", "bob"):
            self.stage.visitor(user).shell()
        words = "the last 2 places at this door are for those who have the right `admin` on `*`\n"
        self.assertEqual(self.stage.visitor("max").command("who").end, (1, words, True))
        chief = self.stage.visitor("eva")
        self.assertFalse(chief.shell().closed or chief.shell().closed)
        words = "4 operators are at this door, and no more are let in\n"
        self.assertEqual(chief.command("who").end, (1, words, True))


class ConnectionsTest(ChannelCase):
    def turned_away(self, user: str) -> str:
        """Return why a user is not let in."""
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.password(user), 0)
        return peer.ended

    def test_so_many(self) -> None:
        self.stage.door.places._places = replace(CONNECTIONS, most=2, kept=0)
        first = self.stage.visitor()
        self.stage.visitor("bob")
        words = "2 connections are at this door, and no more are let in"
        self.assertEqual(self.turned_away("anna"), words)
        first.wire.reset()
        self.stage.visitor()

    def test_so_many_of_one_user(self) -> None:
        self.stage.door.places._places = replace(CONNECTIONS, of_user=2)
        peers = [self.stage.visitor("bob") for _ in range(2)]
        words = "2 connections of bob are at this door, and no more are let in"
        self.assertEqual(self.turned_away("bob"), words)
        self.assertEqual(self.stage.visitor("anna").command("who").status, 0)
        peers[0].wire.reset()
        self.stage.visitor("bob")

    def test_places_that_are_kept(self) -> None:
        self.stage.door.places._places = replace(CONNECTIONS, most=4, kept=2)
        for user in ("anna", "bob"):
            self.stage.visitor(user)
        words = "the last 2 places at this door are for those who have the right `admin` on `*`"
        self.assertEqual(self.turned_away("max"), words)
        self.assertEqual(self.stage.visitor("eva").command("who").status, 0)

    def test_no_user_has_most_of_them(self) -> None:
        self.assertLessEqual(CONNECTIONS.of_user * 3, CONNECTIONS.most - CONNECTIONS.kept)


class RevokedTest(ChannelCase):
    """A reload ends the connections of those who would not be let in any more."""

    def use(self, *users: UserSettings, groups: tuple[GroupSettings, ...] = KNOWN.groups) -> None:
        settings = replace(self.stage.gateway.settings, users=UsersSettings(users, groups))
        self.stage.gateway.settings = replace(settings, users=KNOWN)
        self.successResultOf(Deferred.fromCoroutine(self.stage.gateway.reload(settings)))
        self.stage.turn()

    def comes_in(self, by_key: bool) -> Peer:
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.key("anna") if by_key else peer.password("anna"), SUCCESS)
        return peer

    def test_a_key_that_is_gone(self) -> None:
        """Whoever came by it goes, with all channels; who came by the password stays."""
        thief, anna = self.comes_in(True), self.comes_in(False)
        client, console, idle = thief.command("share meter"), thief.shell(terminal=True), self.comes_in(True)
        stays = anna.command("share meter")
        own, *others = KNOWN.users
        other = OTHER.public().toString("OPENSSH").decode()
        self.use(replace(own, keys=(other,)), *others)
        for peer in (thief, anna, idle):
            peer.pump()
        words = "this key is none of anna's any more"
        self.assertEqual(client.end, (1, f"meter: {words}\n", True))
        self.assertEqual([thief.ended, idle.ended, anna.ended], [words, words, ""])
        self.assertFalse(stays.closed)
        self.stage.turn(1)
        self.assertFalse(thief.wire.connected)
        self.assertIsNone(console.status)
        self.assertEqual(self.stage.door.places.taken, 1)
        self.assertEqual(self.gone(), [("anna", words, 0, 0, 0)])
        sent = [event.why for event in self.stage.events if isinstance(event, SentAway)]
        self.assertEqual(sent, [words, words])

    def test_one_key_of_several(self) -> None:
        peer = self.comes_in(True)
        own, *others = KNOWN.users
        other = OTHER.public().toString("OPENSSH").decode()
        self.use(replace(own, keys=(*own.keys, other)), *others)
        self.use(replace(own, keys=(other, *own.keys)), *others)
        self.assertEqual(peer.command("who").status, 0)

    def test_a_user_who_is_gone_or_has_no_right(self) -> None:
        for by_key in (True, False):
            for users, groups in (
                (KNOWN.users[1:], KNOWN.groups),
                (KNOWN.users, KNOWN.groups[1:]),
            ):
                self.use(*KNOWN.users)
                peer = self.comes_in(by_key)
                talk = peer.command("share meter")
                self.use(*users, groups=groups)
                peer.pump()
                self.assertTrue(talk.closed)
                self.assertEqual(peer.ended, "anna has no rights here any more")


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
