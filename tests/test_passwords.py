"""Hashes of passwords: their form, what they are compared with, and what a file cannot make us do."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import scrypt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial import passwords as passwords_room
from smartserial.passwords import COST, dearest, decoy, hash_password, is_hash, is_weak, verify, work

SALT, HASH = "A" * 22, "A" * 43


def made(ln: object = 1, r: object = 8, p: object = 1, salt: str = SALT, hashed: str = HASH) -> str:
    return f"$scrypt$ln={ln},r={r},p={p}${salt}${hashed}"


class FormTest(SynchronousTestCase):
    def test_a_new_hash(self) -> None:
        text = hash_password(b"secret")
        self.assertRegex(text, rf"^\$scrypt\$ln={COST},r=8,p=1\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}$")
        self.assertEqual(COST, 17)
        self.assertTrue(is_hash(text))
        self.assertTrue(verify(b"secret", text))
        self.assertFalse(verify(b"secreu", text))

    def test_each_has_a_salt_of_its_own(self) -> None:
        self.assertEqual(len({hash_password(b"x", 1) for _ in range(20)}), 20)

    def test_one_that_was_made_elsewhere(self) -> None:
        """Python's own scrypt, put into words by hand."""
        digest = hashlib.scrypt(b"pleaseletmein", salt=b"SodiumChloride", n=16384, r=8, p=1, dklen=64)
        words = [b64encode(one).decode().rstrip("=") for one in (b"SodiumChloride", digest)]
        self.assertTrue(digest.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb"))  # RFC 7914 section 12
        self.assertTrue(verify(b"pleaseletmein", made(14, 8, 1, *words)))

    def test_what_is_a_hash(self) -> None:
        good = [made(), made(17), made(18), made(1, 1), made(1, 8, 4), made(salt="A" * 11, hashed="A" * 22)]
        wrong = [
            "",
            "secret",
            made(0),
            made(19),  # 512 MiB
            made(18, 9),
            made(15, 99),
            made(63),
            made(99),
            made(-1),
            made(1, 0),
            made(1, 8, 0),
            made(1, 8, 5),
            made(salt=""),
            made(salt="A" * 9),
            made(salt="A" * 13),  # no number of bytes
            made(hashed="A" * 20),
            made(hashed="A" * 90),
            made(salt="A" * 21 + "="),
            made(salt="A" * 21 + "-"),
            made() + "\n",
            " " + made(),
            made().replace("scrypt", "argon2id"),
            "$6$rounds=5000$abc$def",
        ]
        self.assertEqual([text for text in good if not is_hash(text)], [])
        self.assertEqual([text for text in wrong if is_hash(text) or verify(b"x", text)], [])

    def test_an_empty_password_is_never_right(self) -> None:
        self.assertFalse(verify(b"", hash_password(b"", 1)))

    def test_a_decoy_is_nobodys_and_takes_as_long(self) -> None:
        like = made(3, 2, 4)
        self.assertTrue(is_hash(decoy(like)))
        self.assertTrue(decoy(like).startswith("$scrypt$ln=3,r=2,p=4$"))
        self.assertTrue(decoy().startswith(f"$scrypt$ln={COST},r=8,p=1$"))
        self.assertNotEqual(decoy(like), decoy(like))
        self.assertFalse(verify(b"x", decoy(like)))

    def test_a_wrong_one_takes_as_long_as_with_the_dearest(self) -> None:
        """A hash of n blocks costs twice what one of half as many does: parts make up for what is missing."""
        dear = hash_password(b"x", 9)
        for text in (hash_password(b"x", 1), hash_password(b"x", 8), made(3, 2, 4), made(7, 8, 3), dear, ""):
            with self.counted() as costs:
                self.assertFalse(verify(b"y", text, dear))
            self.assertLessEqual(abs(sum(costs) - work(dear)), work(dear) / 64, text)
            self.assertLessEqual(len(costs), 8)

    def test_a_right_one_takes_what_its_own_hash_takes(self) -> None:
        text = hash_password(b"x", 2)
        with self.counted() as costs:
            self.assertTrue(verify(b"x", text, made(9)))
        self.assertEqual(costs, [8 << 2])

    def test_one_that_costs_more_is_not_made_cheaper(self) -> None:
        dear = hash_password(b"x", 9)
        for like in ("", "nothing", made(2)):
            with self.counted() as costs:
                self.assertFalse(verify(b"y", dear, like))
            self.assertEqual(costs, [8 << 9])

    def test_parts_stay_within_bounds_of_memory(self) -> None:
        seen: list[int] = []
        self.patch(passwords_room, "scrypt", lambda password, n, r, p, **rest: seen.append(n * r) or b"")
        self.assertFalse(verify(b"y", made(1), made(18, 8, 4)))
        self.assertEqual(max(seen), 8 << COST)

    @contextmanager
    def counted(self) -> Iterator[list[int]]:
        """Give what each hash costs that is made meanwhile."""
        costs: list[int] = []

        def counting(password: bytes, *, n: int, r: int, p: int, **rest: Any) -> bytes:
            costs.append(n * r * p)
            return scrypt(password, n=n, r=r, p=p, **rest)

        patch = self.patch(passwords_room, "scrypt", counting)
        yield costs
        patch.restore()

    def test_what_hashes_cost(self) -> None:
        cheap, dear = made(4), made(4, 8, 2)
        self.assertEqual((work(cheap), work(dear), work("x")), (8 << 4, 2 * 8 << 4, 0))
        self.assertEqual((dearest([cheap, dear, "x"]), dearest([])), (dear, ""))
        texts = made(13), made(14), made(13, 8, 2), made(14, 4), decoy(), ""
        self.assertEqual([is_weak(text) for text in texts], [True, False, False, True, False, True])


class LawTest(SynchronousTestCase):
    @settings(max_examples=200, deadline=None)
    @given(st.binary(min_size=1, max_size=255), st.binary(min_size=1, max_size=255))
    def test_one_password_is_right(self, password: bytes, other: bytes) -> None:
        text = hash_password(password, 1)
        self.assertTrue(verify(password, text))
        self.assertEqual(verify(other, text), other == password)

    @settings(max_examples=500, deadline=None)
    @given(
        st.from_regex(re.compile(r"\$scrypt\$ln=[0-9]{1,3},r=[0-9]{1,3},p=[0-9]{1,3}\$[A-Za-z0-9+/=]*\$\S*"))
    )
    def test_no_text_takes_more_than_it_may(self, text: str) -> None:
        if is_hash(text):
            n, r, p = (int(number) for number in re.findall(r"=([0-9]+)", text)[:3])
            self.assertLessEqual(128 * r << n, 256 * 1024 * 1024)
            self.assertLessEqual(p, 4)

    @given(st.text())
    def test_any_text_is_taken(self, text: str) -> None:
        self.assertFalse(is_hash(text))
        self.assertFalse(verify(b"x", text))
