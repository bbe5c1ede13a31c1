"""Logins by SSH: who gets in by what, who does not, and how often somebody may try."""

from __future__ import annotations

import struct
from base64 import b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.internet.defer import fail
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.login.gate import MOST_LOGGING_IN, TOO_MANY
from smartserial.channels.login.keeper import BUSY, WRONG_USER, LoginBusy
from smartserial.channels.login.protocol import DEADLINE
from smartserial.console.sshlogin import MOST_REQUESTS
from smartserial.settings import GroupSettings, UserSettings, UsersSettings
from smartserial.sharing.rights import Grant
from tests.sshstage import ANSWER, BOTH, FAILURE, KEY, KNOWN, OK, OTHER, SUCCESS, USER, SshStage
from tests.userexamples import HASH, PASSWORD


class LoginCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stage = SshStage(self)


class MethodTest(LoginCase):
    def test_passwords_and_keys(self) -> None:
        self.assertEqual(self.stage.comes().ask_to_log_in().password("bob"), SUCCESS)
        self.assertEqual(self.stage.comes().ask_to_log_in().interactive("bob"), SUCCESS)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("anna"), SUCCESS)
        self.assertEqual(self.stage.failures, [])

    def test_all_methods_are_named(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        for method in ("none", "hostbased", "gssapi-with-mic"):
            self.assertEqual(peer.try_to("anna", method, b""), FAILURE)
            self.assertEqual(
                peer.ssh.heard, [(FAILURE, NS(b"publickey,password,keyboard-interactive") + b"\0")]
            )
        self.assertEqual(peer.password("anna"), SUCCESS)

    def test_a_key_is_asked_about_first(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        for user, key, answer in (
            ("anna", OTHER, FAILURE),
            ("bob", KEY, FAILURE),
            ("nobody", KEY, FAILURE),
            ("anna", KEY, OK),
        ):
            rest = b"\0" + NS(key.sshType()) + NS(key.blob())
            self.assertEqual(peer.try_to(user, "publickey", rest), answer, user)
        self.assertEqual(peer.ssh.heard, [(OK, NS(KEY.sshType()) + NS(KEY.blob()))])
        self.assertEqual(self.stage.failures, [])
        self.assertEqual(peer.key("anna"), SUCCESS)

    def test_a_signature_that_is_anothers(self) -> None:
        """What is signed says who it is, for what, and in which connection."""
        for user, service in (("anna", b"ssh-userauth"), ("nix", b"ssh-connection")):
            peer = self.stage.comes().ask_to_log_in()
            said = NS(user.encode()) + NS(service) + NS(b"publickey") + b"\1"
            assert peer.ssh.sessionID is not None
            said += NS(KEY.sshType()) + NS(KEY.blob())
            signature = NS(KEY.sign(NS(peer.ssh.sessionID) + bytes((USER,)) + said))
            rest = b"\1" + NS(KEY.sshType()) + NS(KEY.blob()) + signature
            self.assertEqual(peer.try_to("anna", "publickey", rest), 0)
            self.assertEqual(peer.ended, "the key's signature is wrong")
        earlier = self.stage.comes().ask_to_log_in()
        peer = self.stage.comes().ask_to_log_in()
        peer.ssh.sessionID = earlier.ssh.sessionID
        self.assertEqual(peer.key("anna"), 0)

    def test_sha_1_and_small_keys(self) -> None:
        key, small = Key(generate_private_key(65537, 2048)), Key(generate_private_key(65537, 1024))
        lines = tuple(one.public().toString("OPENSSH").decode() for one in (key, small))
        users = UsersSettings((UserSettings("rsa", "", ("operators",), lines),), KNOWN.groups)
        self.stage.keeper.update(users)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("rsa", key, b"rsa-sha2-256"), SUCCESS)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("rsa", key, b"rsa-sha2-512"), SUCCESS)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("rsa", key, b"ssh-rsa"), FAILURE)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("rsa", small, b"rsa-sha2-512"), 0)

    def test_an_algorithm_that_the_signature_does_not_have(self) -> None:
        key = Key(generate_private_key(65537, 2048))
        line = key.public().toString("OPENSSH").decode()
        self.stage.keeper.update(
            UsersSettings((UserSettings("rsa", "", ("operators",), (line,)),), KNOWN.groups)
        )
        peer = self.stage.comes().ask_to_log_in()
        said = NS(b"rsa") + NS(b"ssh-connection") + NS(b"publickey") + b"\1" + NS(b"rsa-sha2-256")
        assert peer.ssh.sessionID is not None
        message = NS(peer.ssh.sessionID) + bytes((USER,)) + said + NS(key.blob())
        self.assertEqual(peer.say(USER, said + NS(key.blob()) + NS(key.sign(message, b"ssh-rsa"))), [])
        self.assertEqual(peer.ended, "the key's signature is wrong")

    def test_security_keys(self) -> None:
        """Such a key signs a digest, a flag that says whether somebody touched it, and a counter."""
        secret = Ed25519PrivateKey.generate()
        kind, application = b"sk-ssh-ed25519@openssh.com", b"ssh:"
        public = secret.public_key().public_bytes_raw()
        blob = NS(kind) + NS(public) + NS(application)
        line = f"{kind.decode()} {b64encode(blob).decode()}"
        users = UsersSettings((UserSettings("sk", "", ("operators",), (line,)),), KNOWN.groups)
        self.stage.keeper.update(users)
        for flags, answers in ((b"\1", [SUCCESS]), (b"\0", []), (b"\5", [SUCCESS]), (b"", [])):
            peer = self.stage.comes().ask_to_log_in()
            said = NS(b"sk") + NS(b"ssh-connection") + NS(b"publickey") + b"\1" + NS(kind) + NS(blob)
            assert peer.ssh.sessionID is not None
            digest = sha256(NS(peer.ssh.sessionID) + bytes((USER,)) + said).digest()
            counted = flags + struct.pack(">L", 7) if flags else b""
            signed = NS(kind) + NS(secret.sign(sha256(application).digest() + counted + digest)) + counted
            heard = peer.say(USER, said + NS(signed))
            self.assertEqual([number for number, _ in heard], answers, flags)

    def test_another_password_cannot_be_set(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        rest = b"\1" + NS(PASSWORD) + NS(b"new")
        self.assertEqual(peer.try_to("anna", "password", rest), FAILURE)

    def test_a_users_name_may_be_any_bytes(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        name = "\udcff".encode("utf-8", "surrogatepass")
        packet = NS(name) + NS(b"ssh-connection") + NS(b"password") + b"\0" + NS(PASSWORD)
        self.assertEqual(peer.say(USER, packet)[0][0], FAILURE)
        self.assertEqual([why for _, why in self.stage.failures], [WRONG_USER])


class RightsTest(LoginCase):
    def test_nobody_without_rights(self) -> None:
        for log_in in ("key", "password"):
            peer = self.stage.comes().ask_to_log_in()
            self.assertEqual(getattr(peer, log_in)("nix"), 0)
            self.assertEqual(peer.ended, "nix has no rights here")
        self.assertEqual(self.stage.failures, [("nix", "nix has no rights here")] * 2)

    def test_groups(self) -> None:
        self.stage = SshStage(self, "watchers")
        self.assertEqual(self.stage.comes().ask_to_log_in().password("bob"), SUCCESS)
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.key("anna"), 0)
        self.assertEqual(peer.ended, "anna is in none of the groups that may come in here")

    def test_a_user_who_is_gone_gets_no_channel_any_more(self) -> None:
        peer = self.stage.visitor("anna")
        self.assertEqual(peer.command("who").status, 0)
        self.stage.keeper.update(UsersSettings((UserSettings("anna", HASH),)))
        for words in ("who", "share meter"):
            talk = peer.command(words)
            self.assertEqual(talk.end, (1, "anna has no rights here any more\n", True))

    def test_an_operator_whose_rights_change_is_sent_away(self) -> None:
        talk = self.stage.visitor("anna").shell()
        groups = (GroupSettings("operators", (Grant("*", BOTH),)),)
        self.stage.keeper.update(UsersSettings(KNOWN.users, groups))
        self.stage.desk.review()
        talk.peer.pump()
        self.assertTrue(talk.closed)
        self.assertIn(b"your rights have changed: log in again", talk.out)


class LimitTest(LoginCase):
    def test_three_tries(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual([peer.password("anna", b"x"), peer.interactive("bob", b"x")], [FAILURE, FAILURE])
        self.assertEqual(peer.password("anna", b"x"), 0)
        self.assertEqual(peer.ended, WRONG_USER)
        self.assertEqual(self.stage.failures, [(name, WRONG_USER) for name in ("anna", "bob", "anna")])

    def test_a_source_that_fails_often_must_wait_but_not_for_keys(self) -> None:
        for _ in range(5):
            self.stage.comes().ask_to_log_in().password("anna", b"x")
        done = self.stage.threads.done
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.password("anna"), 0)
        self.assertEqual(peer.ended, "too many wrong passwords came from your address: try again in 1 s")
        self.assertEqual(self.stage.threads.done, done)
        self.assertEqual(self.stage.comes().ask_to_log_in().key("anna"), SUCCESS)
        self.assertEqual(self.stage.comes("10.0.0.8").ask_to_log_in().password("anna"), SUCCESS)
        self.stage.clock.advance(1)
        self.assertEqual(self.stage.comes().ask_to_log_in().password("anna"), SUCCESS)

    def test_long_passwords_are_not_hashed(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.password("anna", b"x" * 10_000), FAILURE)
        self.assertEqual(self.stage.threads.done, 0)

    def test_half_a_minute(self) -> None:
        silent, begun = self.stage.comes(), self.stage.comes().ask_to_log_in()
        inside = self.stage.visitor()
        self.stage.clock.pump([1] * int(DEADLINE))
        for peer in (silent, begun, inside):
            peer.pump()
        self.assertEqual([silent.ended, begun.ended], ["nobody logged in within 30 s"] * 2)
        self.assertEqual(inside.ended, "")
        self.stage.clock.advance(1)
        self.assertEqual([silent.wire.connected, begun.wire.connected], [False, False])

    def test_who_does_not_take_these_words_is_gone_all_the_same(self) -> None:
        peer = self.stage.comes()
        peer.takes = False
        self.stage.clock.pump([1] * int(DEADLINE + 1))
        self.assertFalse(peer.wire.connected)
        self.assertEqual(self.stage.timers, [])

    def test_so_many_that_have_not_logged_in(self) -> None:
        peers = [self.stage.comes() for _ in range(MOST_LOGGING_IN)]
        other = self.stage.comes("10.0.0.8")
        for peer in peers:
            peer.pump()
        self.assertEqual([peer.ended for peer in peers[:2]], [TOO_MANY, ""])  # the oldest of the most
        peers[1].ask_to_log_in().password("anna")
        for _ in range(MOST_LOGGING_IN):
            peers.append(self.stage.comes())
        for peer in (*peers, other):
            peer.pump()
        self.assertEqual([peers[1].ended, other.ended], ["", ""])
        self.assertEqual(sum(peer.ended == TOO_MANY for peer in peers), MOST_LOGGING_IN)
        self.assertEqual(len(self.stage.door._logging_in), MOST_LOGGING_IN)

    def test_a_password_that_nobody_judged(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        self.patch(self.stage.keeper, "login", lambda *told: fail(LoginBusy(BUSY)))
        self.assertEqual(peer.password("anna"), 0)  # it is not said to be wrong
        self.assertEqual(peer.ended, BUSY)

    def test_so_many_requests(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        rest = b"\0" + NS(OTHER.sshType()) + NS(OTHER.blob())
        answers = [peer.try_to("anna", "publickey", rest) for _ in range(MOST_REQUESTS + 1)]
        self.assertEqual(answers, [FAILURE] * MOST_REQUESTS + [0])
        self.assertEqual(peer.ended, "too many logins, or one that is for nothing here")

    def test_one_at_a_time(self) -> None:
        self.stage.threads.at_once = False
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.password("anna"), 0)
        self.assertEqual(peer.password("anna"), 0)
        self.assertIn("too many logins", peer.ended)
        self.stage.threads.work()
        peer.pump()
        self.assertEqual(peer.ssh.heard, [])

    def test_who_goes_while_a_password_is_judged(self) -> None:
        self.stage.threads.at_once = False
        peer = self.stage.comes().ask_to_log_in()
        peer.password("anna")
        peer.wire.reset()
        self.stage.threads.work()
        self.stage.clock.advance(1)
        self.assertEqual(self.stage.timers, [])
        self.assertEqual(self.stage.failures, [])

    def test_the_time_in_which_we_judge_does_not_count(self) -> None:
        self.stage.threads.at_once = False
        peer = self.stage.comes().ask_to_log_in()
        self.stage.clock.advance(20)
        for password, left in ((b"wrong", 10), (b"wrong again", 1), (PASSWORD, 1)):
            peer.password("anna", password)
            self.stage.clock.advance(100)
            self.stage.threads.work()
            peer.pump()
            self.assertEqual(peer.ended, "")
            self.stage.clock.advance(10 - left)
        self.assertEqual(peer.ssh.heard[0][0], SUCCESS)
        self.stage.clock.advance(DEADLINE)
        self.assertTrue(peer.wire.connected)

    def test_the_time_before_and_after_does(self) -> None:
        self.stage.threads.at_once = False
        peer = self.stage.comes().ask_to_log_in()
        self.stage.clock.advance(20)
        peer.password("anna", b"wrong")
        self.stage.clock.advance(100)
        self.stage.threads.work()
        peer.pump()
        self.stage.clock.advance(9)
        self.assertEqual(peer.ended, "")
        self.stage.clock.advance(1)
        peer.pump()
        self.assertEqual(peer.ended, "nobody logged in within 30 s")

    def test_a_password_that_is_right_too_late(self) -> None:
        self.stage.threads.at_once = False
        peer = self.stage.comes().ask_to_log_in()
        peer.password("anna")
        peer.takes = False
        peer.server.end(TOO_MANY)
        self.stage.threads.work()
        self.assertEqual(self.stage.door.places.taken, 0)
        self.stage.clock.advance(1)
        self.assertFalse(peer.wire.connected)
        self.assertEqual((self.stage.timers, self.stage.failures), ([], []))

    def test_answers_that_nobody_has_asked_for(self) -> None:
        for count in (0, 1, 2):
            peer = self.stage.comes().ask_to_log_in()
            if count != 1:
                peer.try_to("anna", "keyboard-interactive", NS(b"") + NS(b""))
            peer.say(ANSWER, struct.pack(">L", count) + NS(PASSWORD) * count)
            self.assertEqual(peer.ended, "answers that nobody has asked for")

    def test_one_service_once(self) -> None:
        for number in range(2):
            peer = self.stage.comes().ask_to_log_in()
            if number:
                peer.password("anna")
            self.assertEqual(peer.say(5, NS(b"ssh-userauth")), [])
            self.assertEqual(peer.ended, "don't have service ssh-userauth")
        peer = self.stage.comes()
        peer.say(5, NS(b"ssh-connection"))
        self.assertEqual(peer.ended, "don't have service ssh-connection")

    def test_for_something_else(self) -> None:
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.try_to("anna", "none", b"", b"ssh-tunnel"), 0)
        self.assertIn("for nothing here", peer.ended)

    def test_a_key_that_is_no_key(self) -> None:
        self.stage.keeper.update(
            UsersSettings((UserSettings("anna", "", ("operators",), ("ssh-ed25519 AAAA",)),), KNOWN.groups)
        )
        peer = self.stage.comes().ask_to_log_in()
        self.assertEqual(peer.key("anna", Key(Ed25519PrivateKey.generate())), FAILURE)
