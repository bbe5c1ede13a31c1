"""No finding shows a password, or a piece of its hash, wherever that was written; in no form of findings."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from smartserial import config
from smartserial.config.discreet import HIDDEN, discreet, discreet_problem
from smartserial.config.findings import CODES, FindingsError
from smartserial.findings import Finding, as_json
from smartserial.sarif import as_sarif
from tests.canary import CANARY
from tests.configs import console, in_short, listen
from tests.test_users_config import HEAD, ConfigCase
from tests.userexamples import write_users

SALT, HASH = "SaltSaltSaltSaltSaltSA", "HashHashHashHashHashHashHashHashHashHashHas"
CUT = f"$scrypt$ln=17,r=8,p=1${SALT}${HASH}"
"""A hash that YAML cuts at its commas when it stands between braces or brackets without quotes."""
PLACES = (
    "password: {}",
    "password: {{{}}}",
    "password: [{}]",
    "password: {{file: {}}}",
    "password {}",
    "{}: x",
    "{}",
    "groups: [{}]",
    "groups: {}",
    "host: {}",
    "tls: {}",
    "users: {}",
    "allow: [{}]",
    "keys: [{}]",
    "sharing: {{control: {}}}",
)


def _forms(findings: list[Finding]) -> Iterator[str]:
    yield "\n".join(map(str, findings))
    yield as_json(findings)
    yield as_sarif(findings, CODES.values())
    yield str(FindingsError(findings))


class SecretsTest(ConfigCase):
    def tell(self, text: str, users: str = "") -> list[Finding]:
        if users:
            write_users(self.folder, users)
        findings = self.check(text)
        self.assertTrue(findings, text + users)
        return findings

    def see(self, findings: list[Finding], *secrets: str) -> None:
        for form in _forms(findings):
            for secret in secrets:
                self.assertNotIn(secret, form)

    def test_a_hash_that_was_cut(self) -> None:
        for place in PLACES:
            word = place.format(CUT)
            for text in (listen(f"{{port: 1, {word}}}"), console(f"{{telnet: 7, {word}}}")):
                self.see(self.tell(text), SALT, HASH)
            for users in (f"users: {{bob: {{{word}}}}}", f"users: {{{word}}}", f"groups: {{g: {{{word}}}}}"):
                self.see(self.tell(HEAD + listen("{port: 1, users: true}"), users), SALT, HASH)
        self.see(self.tell(listen(CUT)), SALT, HASH)
        self.see(self.tell(f"users: {{file: x, {CUT}}}\n" + listen("{port: 1}")), SALT, HASH)
        self.see(self.tell(f"{CUT}: 1"), SALT, HASH)

    def test_what_the_operator_is_told(self) -> None:
        findings = self.tell(HEAD + listen("{port: 1}"), f"users:\n  bob: {{password: {CUT}, groups: []}}\n")
        self.assertEqual(
            in_short(findings)[1:],
            ["2:19 CF03 users.bob.password", *[f"2:{n} CF02 users.bob.{HIDDEN}" for n in (33, 37)]],
        )
        self.assertTrue(all("put the hash in quotes" in str(one) for one in findings[1:]))
        self.assertTrue(all("what stands here is no" in one.message for one in findings[1:]))

    def test_a_password_that_was_cut(self) -> None:
        """In clear it is an error anyway; its pieces are not shown."""
        for word in (f"password: a,{CANARY}", f"password {CANARY}", CANARY, f"password:{CANARY}"):
            for text in (listen(f"{{port: 1, {word}}}"), console(f"{{telnet: 7, {word}}}")):
                self.see(self.tell(text), CANARY)
            for users in (
                f"users: {{bob: {{{word}}}}}",
                f"users: {{bob: x, {CANARY}}}",
                f"users: {{{word}}}",
            ):
                self.see(self.tell(HEAD + listen("{port: 1, users: true}"), users), CANARY)

    def test_keys_that_are_meant_as_keys_are_shown(self) -> None:
        for key in ("pasword: x", "acess: read", "frobnicate: 1", "frobnicate: {}"):
            (found, *_) = self.tell(listen(f"{{port: 1, {key}}}"))
            self.assertEqual(found.path, f"shares.a.listen[0].{key.partition(':')[0]}")

    def test_what_is_no_yaml(self) -> None:
        for text, words in (
            (f"password: {CANARY}: RET", "expected ',' or '}', but got ':'"),
            (f"password: *{CANARY}", "found undefined alias ..."),
            (f"password:\n  *{CANARY}", "found undefined alias ..."),
            (f"'a {CANARY}': 1, 'a {CANARY}': 2", "found duplicate key ..."),
            (f"{CUT}, {CUT}", "found duplicate key ..."),
            ("port: 2", 'found duplicate key "port"'),
            ("password: %", "found character '%' that cannot start any token"),
        ):
            (found,) = self.tell(listen(f"{{port: 1, {text}}}"))
            self.assertEqual((found.code, found.message), ("CF01", words))
            self.see([found], CANARY, SALT, HASH)

    def test_a_reload_is_refused_with_the_same_words(self) -> None:
        path = self.write(listen(f"{{port: 1, password: {CUT}}}"))
        with self.assertRaises(FindingsError) as caught:
            config.load(path)
        self.assertNotIn(SALT, str(caught.exception))


class WordsTest(ConfigCase):
    def test_hashes_of_many_kinds(self) -> None:
        for text in (CUT, f"p=1${SALT}${HASH}", f"$6$abc${HASH}", f"$2b$12${HASH}", f"x${HASH}", "p=4$a$b"):
            self.assertEqual(discreet(f"found '{text}' in it"), f"found '{HIDDEN}' in it")

    def test_what_is_no_hash(self) -> None:
        for text in ("", "found 5$", "the file /base/$HOME/smartserial/captures", "a $ b", "$x", "/a/$B/$C"):
            self.assertEqual(discreet(text), text)

    @given(st.text(alphabet="'\" <>$,abc=17\\n"), st.sampled_from(["'", '"']))
    def test_problems_show_nothing_in_quotes(self, text: str, quote: str) -> None:
        said = discreet_problem(f"found undefined alias {quote}{text}{CANARY}{text}{quote}")
        self.assertNotIn(CANARY, said)
        self.assertTrue(said.startswith("found"))
