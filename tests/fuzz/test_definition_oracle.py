"""The oracle of the fuzzer for definitions: content with the corpus, and with definitions mixed up."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from random import Random
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition import check as judging
from smartserial.engine.running.hearing import Ear
from smartserial.engine.strands import Strands
from tests.fuzz.definition import CORPUS, seeds
from tests.fuzz.definition_oracle import END, check

SEEDS = 60
NUMBERS = ("0", "1", "2", "3", "-1", "255", "1000", "99999")
VALUES = {
    "RawType": ("text", "other", "numeric text", "unsigned number", "signed number", "double", "bcd"),
    "LengthType": ("fixed", "next param", "last next param", "other param"),
    "Endian": ("big", "little"),
}
WHOLE = [data for name, data in seeds().items() if not name.endswith("-torn")]


def mixed(seed: int) -> bytes:
    """Return a definition of the corpus in which some things are others, and what its device says."""
    chance = Random(seed)
    text, _, said = chance.choice(WHOLE).partition(END)
    root = ET.fromstring(text)
    elements = list(root.iter())
    for _ in range(chance.choice((1, 1, 2, 4))):
        one = chance.choice(elements)
        alike = [other for other in elements if other.tag == one.tag]
        if one.tag in VALUES:
            one.text = chance.choice(VALUES[one.tag])
        elif one.attrib and chance.random() < 0.3:
            name = chance.choice(sorted(one.attrib))
            one.set(name, chance.choice((chance.choice(alike).get(name, ""), chance.choice(NUMBERS))))
        elif len(one):
            chance.choice((lambda: one.append(one[0]), lambda: one.remove(one[-1])))()  # noqa: B023
        else:
            one.text = chance.choice((chance.choice(alike).text, chance.choice(NUMBERS)))
    stream = said * 2 + chance.randbytes(20) + said[: chance.randrange(9)]
    return ET.tostring(root) + END + stream


class CorpusTest(SynchronousTestCase):
    def test_it_holds(self) -> None:
        for path in CORPUS.iterdir():
            try:
                check(path.read_bytes())
            except Exception as error:
                self.fail(f"{path.name}: {error!r}")

    def test_it_is_what_the_script_writes(self) -> None:
        self.assertEqual({path.name: path.read_bytes() for path in CORPUS.iterdir()}, seeds())

    def test_all_but_the_torn_ones_can_be_used(self) -> None:
        for name, data in seeds().items():
            usable = judging.check(data.partition(END)[0])[0] is not None
            self.assertEqual(usable, not name.endswith("-torn"), name)

    def test_it_holds_for_mixed_ones(self) -> None:
        usable = Counter[bool]()
        for seed in range(SEEDS):
            data = mixed(seed)
            try:
                check(data)
            except Exception as error:
                self.fail(f"seed {seed}: {error!r}")
            usable[judging.check(data.partition(END)[0])[0] is not None] += 1
        self.assertGreater(min(usable.values()), SEEDS // 10, usable)

    @given(st.binary() | st.binary().map(lambda data: b"<Protocol>" + data + b"</Protocol>" + END + data))
    def test_any_bytes(self, data: bytes) -> None:
        check(data)


class FindsTest(SynchronousTestCase):
    """Faults that are made on purpose are found in the corpus."""

    def _found(self) -> int:
        found = 0
        for data in WHOLE:
            try:
                check(data)
            except Exception:
                found += 1
        return found

    def test_something_that_raises(self) -> None:
        with patch.object(Ear, "hear", lambda *_, **__: iter([1 / 0])):
            self.assertTrue(self._found())

    def test_time_that_goes_back(self) -> None:
        with patch.object(Strands, "next_wake", property(lambda _: -1.0)):
            self.assertTrue(self._found())

    def test_a_finding_that_is_not_declared(self) -> None:
        with patch("tests.fuzz.definition_oracle.CODES", set[str]()):
            self.assertRaises(AssertionError, check, b"<Protocol/>")


if __name__ == "__main__":
    for number in range(100_000):
        try:
            check(mixed(number))
        except Exception as error:
            print(number, repr(error))
