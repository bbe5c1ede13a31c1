"""Users in a configuration: what the file says, what is wrong with it, and that it shows no password."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial import config
from smartserial.config.findings import FindingsError
from smartserial.difference import differences
from smartserial.findings import WARNING, Finding
from smartserial.passwords import decoy, hash_password
from smartserial.settings import GatewaySettings, LoginSettings, UserSettings
from smartserial.sharing.rights import ALL, Grant, Right
from tests.canary import CANARY
from tests.configs import console, in_short, listen, share
from tests.userexamples import DEAR, USERS, write_users

HEAD = "users: {file: users.yaml}\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJvGCnLgveL3kmNbCEP4d4xtHGHigCAERx7VbLy0Q0U anna@desk"
RIGHTS = """\
users:
  anna: {password: "%s", groups: [all, some], keys: ["%s"]}
  bob: {}
groups:
  all: {rights: {"*": [read, write], bench: [admin], "plc?": [control]}}
  some: {rights: {meter: []}}
  none: {}
"""


class ConfigCase(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        write_users(self.folder)

    def write(self, text: str) -> Path:
        path = self.folder / "gateway.yaml"
        path.write_text(text)
        return path

    def load(self, text: str) -> GatewaySettings:
        return config.load(self.write(text))[0]

    def check(self, text: str) -> list[Finding]:
        return config.check(self.write(text))

    def login(self, text: str, listener: int = 0) -> LoginSettings | None:
        return self.load(text).shares[0].listeners[listener].login


class UsersFileTest(ConfigCase):
    def test_what_it_says(self) -> None:
        write_users(self.folder, RIGHTS % (DEAR, KEY))
        users = self.load(HEAD + listen("{port: 1, users: true}")).users
        self.assertEqual(
            users.users, (UserSettings("anna", DEAR, ("all", "some"), (KEY,)), UserSettings("bob"))
        )
        grants = {group.name: group.grants for group in users.groups}
        both = Right.READ | Right.WRITE
        everything = (Grant("*", both), Grant("bench", ALL), Grant("plc?", Right.CONTROL))
        self.assertEqual(grants, {"all": everything, "some": (Grant("meter", Right.NONE),), "none": ()})

    def test_admin_means_all_and_others_nothing_else(self) -> None:
        for word, right in (
            ("read", Right.READ),
            ("write", Right.WRITE),
            ("control", Right.CONTROL),
            ("admin", ALL),
        ):
            write_users(self.folder, f"groups: {{g: {{rights: {{x: [{word}]}}}}}}")
            (group,) = self.load(HEAD + listen("{port: 1, users: true}")).users.groups
            self.assertEqual(group.grants, (Grant("x", right),))

    def test_what_is_wrong_with_it(self) -> None:
        for text, place, words in (
            (
                "users: {anna: {groups: [oprators]}}\n"
                + USERS.partition("groups:\n")[2].join(["groups:\n", ""]),
                "1:25 CF14 users.anna.groups[0]",
                "there is no group oprators (did you mean operators?)",
            ),
            ("users: {anna: {groups: [x]}}", "1:25 CF14 users.anna.groups[0]", "known: none"),
            ("users: {anna: {pasword: x}}", "1:16 CF02 users.anna.pasword", "did you mean password?"),
            ("users: {anna: [x]}", "1:15 CF03 users.anna", "expected a mapping of password, groups, keys"),
            ("users: {'an na': {}}", "1:9 CF03 users.an na", "expected a name of letters"),
            (f"users: {{{'n' * 65}: {{}}}}", f"1:9 CF03 users.{'n' * 65}", "at most 64"),
            ("users: {anna: {keys: [x]}}", "1:23 CF03 users.anna.keys[0]", "expected a public key"),
            (
                "groups: {g: {rights: {x: [look]}}}",
                "1:27 CF03 groups.g.rights.x[0]",
                "expected 'read', 'write'",
            ),
            ("groups: {g: {rights: [read]}}", "1:22 CF03 groups.g.rights", "expected a mapping"),
            ("user: {}", "1:1 CF02 user", "did you mean users?"),
            ("[]", "1:1 CF03", "expected a mapping of users, groups"),
            ("users: {", "1:9 CF01", ""),
        ):
            path = write_users(self.folder, text)
            findings = self.check(HEAD + listen("{port: 1, users: true}"))
            self.assertEqual(in_short(findings)[-1], place, text)
            self.assertIn(words, str(findings[-1]), text)
            self.assertEqual(findings[-1].file, str(path))

    def test_rights_on_nothing(self) -> None:
        """A pattern that fits no name is a warning; the gateway itself has stars alone."""
        elements = "elements: {e: {protocol: dsmr-p1, connections: {0: {host: h, port: 1}}}}\n"
        text = HEAD + elements + listen("{port: 1, users: true}")
        for pattern, there in (
            ("*", True),
            ("**", True),
            ("a", True),
            ("[abc]", True),
            ("[!a]", True),
            ("?", True),
            ("e*", True),
            ("nosuch*", False),
            ("a?", False),
            ("[bc]", False),
            ("[a", False),
            ("A", False),
        ):
            path = write_users(self.folder, f'groups: {{g: {{rights: {{"{pattern}": [read]}}}}}}')
            findings = self.check(text)
            self.assertEqual(in_short(findings), [] if there else [f"1:23 CF14 groups.g.rights.{pattern}"])
            self.assertTrue(all((one.severity, one.file) == (WARNING, str(path)) for one in findings))
        self.assertIn("no share and no element is called A (did you mean a?)", str(findings[0]))

    def test_one_that_is_not_there(self) -> None:
        findings = self.check("users: {file: nowhere.yaml}\n" + listen("{port: 1, users: true}"))
        self.assertEqual(in_short(findings), ["1:15 CF09 users.file"])
        self.assertIn("nowhere.yaml cannot be used: No such file or directory", str(findings[0]))

    def test_hashes_that_are_guessed_fast(self) -> None:
        weak, good = hash_password(b"x", 1), decoy(f"$scrypt$ln=15,r=8,p=1${'A' * 22}${'A' * 43}")
        one, two = "2:20 CF16 users.anna.password", "3:19 CF16 users.bob.password"
        for anna, bob, expected in (
            (weak, weak, [one, two]),
            (weak, good, [one]),
            (good, DEAR, [one]),
            (DEAR, good, [two]),
            (good, good, []),
            (DEAR, DEAR, []),
        ):
            write_users(self.folder, USERS.replace(DEAR, "%s") % (anna, bob))
            findings = self.check(HEAD + listen("{port: 1, users: true}"))
            self.assertEqual(in_short(findings), expected)
            self.assertEqual({one.severity for one in findings} - {WARNING}, set())
            self.assertNotIn("$", str(findings))
            than = "ln=14" if weak in (anna, bob) else "that of others here"
            self.assertTrue(all(f"costs less than {than}: who has" in str(found) for found in findings))

    def test_one_secret_that_is_guessed_fast(self) -> None:
        weak = hash_password(b"x", 1)
        (self.folder / "secret").write_text(weak)
        (self.folder / "secret").chmod(0o600)
        for said in (f'"{weak}"', "{file: secret}"):
            text = listen("{port: 1}, {port: 2}") + f"    password: {said}\n"
            self.assertEqual(in_short(self.check(text)), ["5:15 CF16 shares.a.password"])
            self.assertEqual(
                in_short(self.check(console(f"{{telnet: 7, password: {said}}}"))),
                ["1:32 CF16 console.password"],
            )

    def test_what_the_share_says_is_for_doors_of_the_gateway(self) -> None:
        for words, login in (
            ("groups: [operators]", LoginSettings(groups=frozenset({"operators"}))),
            ("users: true", LoginSettings()),
            ("users: false", None),
            (f'password: "{DEAR}"', LoginSettings(DEAR)),
        ):
            (found,) = self.load(HEAD + listen("{port: 1, users: false}") + f"    {words}\n").shares
            self.assertEqual((found.login, found.listeners[0].login), (login, None))

    def test_one_that_others_can_read(self) -> None:
        for mode, words in ((0o644, "read"), (0o602, "change"), (0o646, "read and change")):
            (self.folder / "users.yaml").chmod(mode)
            (found,) = self.check(HEAD + listen("{port: 1, users: true}"))
            self.assertEqual((found.code, found.severity, found.path), ("CF16", "warning", "users.file"))
            self.assertIn(f"everybody on this machine can {words} ", found.message)
        for mode in (0o600, 0o640, 0o660, 0o400):
            (self.folder / "users.yaml").chmod(mode)
            self.assertEqual(self.check(HEAD + listen("{port: 1, users: true}")), [])

    def test_groups_that_there_are_not(self) -> None:
        for text, place in (
            (listen("{port: 1, groups: [operaters]}"), "5:33 CF14 shares.a.listen[0].groups[0]"),
            (share("groups: [operators, operaters]"), "6:25 CF14 shares.a.groups[1]"),
            (console("{telnet: 7, groups: [operaters]}"), "2:31 CF14 console.groups[0]"),
        ):
            (found,) = self.check(HEAD + text)
            self.assertEqual(in_short([found]), [place])
            self.assertIn("there is no group operaters (did you mean operators?)", str(found))


class LoginTest(ConfigCase):
    def test_a_listeners_own_words_win(self) -> None:
        users, operators = LoginSettings(), LoginSettings(groups=frozenset({"operators"}))
        secret, other = LoginSettings(DEAR), "$scrypt$ln=1,r=8,p=1$" + "A" * 22 + "$" + "A" * 43
        for of_share, of_listener, expected in (
            ("{}", "", None),
            ("users: true", "", users),
            ("users: false", "", None),
            ("groups: [operators]", "", operators),
            (f'password: "{DEAR}"', "", secret),
            ("users: true", "users: false", None),
            ("users: true", "groups: [operators]", operators),
            ("groups: [operators]", "users: true", users),
            (f'password: "{DEAR}"', f'password: "{other}"', LoginSettings(other)),
            (f'password: "{DEAR}"', "users: true", users),
            ("users: true", f'password: "{DEAR}"', secret),
            ("users: true", "groups: []", None),
        ):
            text = listen(f"{{port: 1, {of_listener}}}, {{port: 2}}")
            text += "" if of_share == "{}" else f"    {of_share}\n"
            self.assertEqual(self.login(HEAD + text), expected, (of_share, of_listener))

    def test_a_password_in_a_file(self) -> None:
        path = self.folder / "secret"
        path.write_text(f"\n{DEAR}\n\n")
        path.chmod(0o600)
        text = listen("{port: 1, password: {file: secret}}")
        self.assertEqual(self.login(text), LoginSettings(DEAR))
        for wrong in ("", CANARY, f"{DEAR} {DEAR}", "x" * 5000):
            path.write_text(wrong)
            (found,) = self.check(text)
            self.assertEqual(in_short([found]), ["4:34 CF09 shares.a.listen[0].password"])
        path.unlink()
        self.assertIn("No such file", str(self.check(text)[0]))

    def test_one_finding_for_a_share_with_many_listeners(self) -> None:
        text = listen("{port: 1}, {port: 2}, {port: 3}") + "    password: {file: nowhere}\n"
        self.assertEqual(in_short(self.check(text)), ["5:15 CF09 shares.a.password"])

    def test_the_console(self) -> None:
        settings = self.load(HEAD + console("{telnet: 7, groups: [operators]}")).console
        self.assertEqual(settings.login, LoginSettings(groups=frozenset({"operators"})))

    def test_a_login_protects(self) -> None:
        text = listen("{port: 1, host: any, users: true}")
        self.assertEqual([one.severity for one in self.check(HEAD + text)], ["warning"])
        text = listen("{port: 1, host: any, password: zzz}")  # wrong by itself, which is told once
        self.assertEqual([one.code for one in self.check(text)], ["CF07", "CF03"])

    def test_a_path_of_a_checker_is_that_of_the_configuration(self) -> None:
        text = "users: {file: users.yaml, checkers: ['file:x.passwd', unix]}\n" + listen(
            "{port: 1, users: true}"
        )
        self.assertEqual(self.load(text).users.checkers, (f"file:{self.folder}/x.passwd", "unix"))


class SecretsTest(ConfigCase):
    """No finding shows what may be a password."""

    def test_clear_text(self) -> None:
        for value in (
            CANARY,
            f"'{CANARY}'",
            f"[{CANARY}]",
            f"{{file: {{x: {CANARY}}}}}",
            f"{{hash: {CANARY}}}",
            f"*{CANARY}",
            f"!{CANARY} x",
            f"!!{CANARY} x",
            f'"{CANARY}',
            f"$6$abc${CANARY}",
        ):
            for text in (
                listen(f"{{port: 1, password: {value}}}"),
                share(f"password: {value}"),
                console(f"{{telnet: 7, password: {value}}}"),
            ):
                findings = self.check(text)
                self.assertTrue(findings, text)
                self.assertNotIn(CANARY, "".join(map(repr, findings)), text)
                with self.assertRaises(FindingsError) as caught:
                    self.load(text)
                self.assertNotIn(CANARY, str(caught.exception))
            for text in (f"users: {{anna: {{password: {value}}}}}", f"users: {{anna: {value}}}"):
                write_users(
                    self.folder, f"# password\n{text}".replace("\n", " " if value[0] in "*!" else "\n")
                )
                write_users(self.folder, text)
                findings = self.check(HEAD + listen("{port: 1, users: true}"))
                if "password" in text or value[0] not in "*!":
                    self.assertNotIn(CANARY, "".join(map(repr, findings)), text)

    def test_a_number_is_not_shown_either(self) -> None:
        for value in ("4711471147", "47.114711", "true", "null"):
            write_users(self.folder, f"users: {{anna: {{password: {value}}}}}")
            for text in (HEAD + listen("{port: 1, users: true}"), listen(f"{{port: 1, password: {value}}}")):
                shown = "".join(map(str, self.check(text)))
                self.assertNotIn(value if value[0] == "4" else "zzz", shown)

    @given(st.text(alphabet=st.characters(codec="utf-8"), min_size=12))
    def test_any_text(self, text: str) -> None:
        """As JSON, which YAML reads too."""
        word = f"kq{text}"
        findings = self.check(listen(f"{{port: 1, password: {json.dumps(word)}}}"))
        self.assertNotIn(word, "".join(one.message + one.hint for one in findings))

    def test_settings_show_none(self) -> None:
        settings = self.load(HEAD + listen(f'{{port: 1, password: "{DEAR}"}}'))
        self.assertNotIn("$scrypt$", repr(settings))


class DifferenceTest(ConfigCase):
    def between(self, before: tuple[str, str], after: tuple[str, str]) -> list[str]:
        found: list[Any] = []
        for users, text in (before, after):
            write_users(self.folder, users)
            found.append(self.load(text))
        return differences(*found)

    def test_users_and_groups(self) -> None:
        text = HEAD + listen("{port: 1, users: true}")
        other = DEAR[:-1] + ("A" if DEAR[-1] != "A" else "E")
        changed = USERS.replace(DEAR, other, 1).replace("[watchers]", "[]").replace("[read]", "[read, write]")
        self.assertEqual(
            self.between((USERS, text), (changed, text)),
            [
                "users.anna.password: changed",
                "users.bob.groups: [watchers] -> []",
                "groups.watchers.rights.*: [read] -> [read, write]",
            ],
        )
        fewer = USERS.replace("bob:", "eva:")
        self.assertEqual(self.between((USERS, text), (fewer, text)), ["users.bob: removed", "users.eva: new"])

    def test_logins(self) -> None:
        one, two = (listen(f'{{port: 1, password: "{text}"}}') for text in (DEAR, DEAR[:-1] + "A"))
        plain = listen("{port: 1}")
        self.assertEqual(self.between((USERS, one), (USERS, two)), ["shares.a.listen[0].password: changed"])
        (line,) = self.between((USERS, plain), (USERS, one))
        self.assertEqual(line, "shares.a.listen[0].password: changed")
        with_users = listen("{port: 1, users: true}")
        self.assertEqual(
            self.between((USERS, HEAD + plain), (USERS, HEAD + with_users)),
            ["shares.a.listen[0].users: nothing -> true"],
        )
        only = with_users.replace("users: true", "groups: [operators]")
        self.assertEqual(
            self.between((USERS, HEAD + with_users), (USERS, HEAD + only)),
            ["shares.a.listen[0].groups: nothing -> [operators]"],
        )
        head = "users: {file: users.yaml, checkers: [%s]}\n"
        lines = self.between((USERS, head % "unix" + plain), (USERS, head % CANARY + plain))
        self.assertEqual(lines, ["users.checkers: changed"])

    def test_what_a_share_says_is_told_once(self) -> None:
        text = listen("{port: 1}, {port: 2, users: false}, {port: 3}") + "    %s\n"
        one, two = (f'password: "{text}"' for text in (DEAR, DEAR[:-1] + "A"))
        for before, after, lines in (
            (one, two, ["shares.a.password: changed"]),
            ("users: true", "groups: [operators]", ["shares.a.groups: nothing -> [operators]"]),
            ("users: true", one, ["shares.a.users: true -> nothing", "shares.a.password: changed"]),
        ):
            found = self.between((USERS, HEAD + text % before), (USERS, HEAD + text % after))
            self.assertEqual(sorted(found), sorted(lines))
        inherits = listen("{port: 1}") + "    users: true\n"
        own = inherits.replace("{port: 1}", "{port: 1, users: false}")
        self.assertEqual(
            self.between((USERS, HEAD + inherits), (USERS, HEAD + own)),
            ["shares.a.listen[0].users: nothing -> false"],
        )


class DocumentTest(ConfigCase):
    def test_the_examples(self) -> None:
        """The configurations have no findings, with the users that stand there."""
        text = (Path(__file__).parent.parent / "docs/users.md").read_text()
        blocks = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
        (users,) = (block for block in blocks if "rights:" in block)
        write_users(self.folder, users)
        whole = [block for block in blocks if "shares:" in block]
        self.assertEqual(len(whole), 2)
        for block in whole:
            self.assertEqual(self.check(block), [], block)
        rest = "".join(block for block in blocks if "shares:" not in block and block is not users)
        self.assertEqual(self.check(rest + listen("{port: 1}").replace("  a:", "  meter:")), [])
