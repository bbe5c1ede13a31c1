"""The oracle of the fuzzer: content with the corpus and with hypothesis, and not with what is wrong."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.telnet import codec, options, server
from tests.fuzz.oracle import MOST_SIZES, Case, case, check
from tests.fuzz.seeds import CORPUS, SEEDS
from tests.telnetinput import WIRE

CASES = st.builds(Case, st.integers(0, 7), st.binary(max_size=MOST_SIZES), WIRE | st.binary())


class CorpusTest(SynchronousTestCase):
    def test_it_holds(self) -> None:
        for path in CORPUS.iterdir():
            try:
                check(path.read_bytes())
            except Exception as error:
                self.fail(f"{path.name}: {error!r}")

    def test_it_is_what_the_script_writes(self) -> None:
        written = {name: seed.encode() for name, seed in SEEDS.items()}
        self.assertEqual({path.name: path.read_bytes() for path in CORPUS.iterdir()}, written)

    @settings(max_examples=300)
    @given(CASES)
    def test_it_holds_for_more(self, some: Case) -> None:
        self.assertEqual(case(some.encode()), some)
        check(some.encode())

    @given(st.binary(max_size=40))
    def test_any_bytes_are_a_case(self, data: bytes) -> None:
        self.assertEqual(b"".join(case(data).pieces()), case(data).stream)
        check(data)


class FindsTest(SynchronousTestCase):
    """Faults that are made on purpose are found in the corpus."""

    def _found(self) -> set[str]:
        found = set()
        for name, seed in SEEDS.items():
            try:
                check(seed.encode())
            except AssertionError:
                found.add(name)
        return found

    def test_a_limit_that_does_not_hold(self) -> None:
        with patch.object(codec, "MOST_SUBNEGOTIATION", 5000):
            self.assertIn("overlong", self._found())

    def test_too_many_answers(self) -> None:
        with patch.object(options.Negotiator, "_may_answer", lambda *_: True):
            self.assertLessEqual({"refused", "contrary"}, self._found())

    def test_an_answer_too_many(self) -> None:
        with patch.object(server.ComPortServer, "_introduce", lambda self, _: self._tell(0, 0)):
            self.assertIn("signature", self._found())

    def test_data_that_is_changed(self) -> None:
        with patch.object(codec, "escape", bytes):
            self.assertIn("binary", self._found())
