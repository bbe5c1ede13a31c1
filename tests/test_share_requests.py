"""One request at a time: what passes when, and the laws of it."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.requests import MOST_WAITING, Requests

# A story is what happens, one word each: `a:xy` is a sending xy, `!` is a message from the device, `!2` two
# of them, `~` a part of one, and a number seconds that pass. The other text is what passes.
TABLE: dict[str, tuple[str, str]] = {
    "nobody waits": ("a:1 ! b:2 ! a:3", "a:1 b:2 a:3"),
    "the other waits for the answer": ("a:1 b:2 ~ c:3 !", "a:1 b:2"),
    "and the third for the second's": ("a:1 b:2 c:3 ! ~ !", "a:1 b:2 c:3"),
    "silence ends a turn": ("a:1 b:2 0.9", "a:1"),
    "silence ends a turn, at last": ("a:1 b:2 0.9 0.1", "a:1 b:2"),
    "a device that speaks is not silent": ("a:1 b:2 0.9 ~ 0.9", "a:1"),
    "a request in pieces passes": ("a:1 a:2 b:3 a:4", "a:1 a:2 a:4"),
    "each piece may be a request": ("a:1 a:2 b:3 !", "a:1 a:2"),
    "each piece has had its answer": ("a:1 a:2 b:3 ! !", "a:1 a:2 b:3"),
    "what comes after an answer is a new request": ("a:1 a:2 b:3 ! a:4 !", "a:1 a:2 b:3"),
    "it waits behind the other": ("a:1 a:2 b:3 ! a:4 !2 !", "a:1 a:2 b:3 a:4"),
    "pieces that wait go together": ("a:1 b:2 b:3 c:4 !", "a:1 b:23"),
    "and are as many requests": ("a:1 b:2 b:3 c:4 ! !", "a:1 b:23"),
    "which all have their answers": ("a:1 b:2 b:3 c:4 ! ! !", "a:1 b:23 c:4"),
    "others between keep them apart": ("a:1 b:2 c:3 b:4 ! !", "a:1 b:2 c:3"),
    "what nobody asked for begins nothing": ("! ~ a:1 b:2", "a:1"),
    "while nobody waits a turn has no end": ("a:1" + " 0.5 ~" * 30 + " b:2", "a:1"),
    "a device that never ends a message": ("a:1 b:2" + " 0.5 ~" * 19, "a:1"),
    "keeps nobody waiting for ever": ("a:1 b:2" + " 0.5 ~" * 19 + " 0.5", "a:1 b:2"),
    "nor does who never ends a request": ("a:1 b:2" + " 0.5 a:x" * 20, "a:1" + " a:x" * 19 + " b:2"),
    "nor the one after it": ("a:1 b:2 c:3" + " 0.5 ~" * 39 + " 0.5", "a:1 b:2 c:3"),
}


class Stage:
    """Plays stories."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self.requests: Requests[str] = Requests(1.0, most)
        self.now = 0.0
        self.passed: list[tuple[str, bytes]] = []

    def play(self, story: str) -> str:
        for word in story.split():
            if word[0] in "!~":
                self.passed += self.requests.said(int(word[1:] or 1) if word[0] == "!" else 0, self.now)
            elif word[0].isdigit():
                self.now += float(word)
                self.passed += self.requests.wake(self.now)
            else:
                source, _, data = word.partition(":")
                self.passed += self.requests.offer(source, data.encode(), self.now)
        return " ".join(f"{source}:{data.decode()}" for source, data in self.passed)


happenings = st.lists(
    st.tuples(st.sampled_from(("a", "a", "b", "c", "said", "said", "wait")), st.integers(0, 3)), max_size=60
)


class RequestsTests(SynchronousTestCase):
    def test_table(self) -> None:
        for name, (story, expected) in TABLE.items():
            with self.subTest(name):
                self.assertEqual(Stage().play(story), expected)

    def test_who_waits_with_too_much_is_full(self) -> None:
        stage = Stage(most=4)
        stage.play("a:1 b:234")
        self.assertEqual((stage.requests.full("b"), stage.requests.held), (False, 3))
        stage.play("b:5")
        self.assertEqual((stage.requests.full("b"), stage.requests.full("a")), (True, False))
        stage.play("!")
        self.assertEqual((stage.requests.full("b"), stage.requests.held), (False, 0))

    def test_a_turn_without_an_answer_has_an_end(self) -> None:
        stage = Stage(most=4)
        self.assertEqual(stage.play("a:12 b:x a:34 a:5"), "a:12 a:34")
        self.assertEqual(stage.play("! !"), "a:12 a:34 b:x")

    def test_the_end_of_all_waiting(self) -> None:
        stage = Stage()
        stage.play("a:1 b:2 c:3 b:4")
        self.assertEqual(stage.requests.release(), [("b", b"2"), ("c", b"3"), ("b", b"4")])
        self.assertEqual(
            (stage.requests.held, stage.requests.next_wake, stage.requests.holder), (0, None, None)
        )
        stage.passed.clear()
        self.assertEqual(stage.play("c:5"), "c:5")

    def test_what_waits_whoever_has_the_turn(self) -> None:
        stage = Stage()
        stage.requests.put("a", b"1", 0.0)
        self.assertEqual((stage.requests.holder, stage.requests.held, stage.requests.expected), (None, 1, 0))
        self.assertEqual(stage.play("~"), "a:1")
        self.assertEqual(stage.requests.expected, 1)
        stage.requests.put("a", b"2", 0.0)
        self.assertEqual(stage.play("!"), "a:1 a:2")

    def test_another_window(self) -> None:
        stage = Stage()
        stage.play("a:1 b:2 0.5")
        stage.requests.use(3.0)
        self.assertEqual((stage.requests.next_wake, stage.play("2.4")), (3.0, "a:1"))
        self.assertEqual(stage.play("0.1"), "a:1 b:2")
        stage.requests.use(0.5)
        self.assertEqual(stage.requests.next_wake, 3.5)

    def test_what_waits_is_taken_out(self) -> None:
        stage = Stage()
        stage.play("a:1 b:2 c:3")
        self.assertEqual(stage.requests.withdraw(), [("b", b"2"), ("c", b"3")])
        self.assertEqual((stage.requests.held, stage.requests.holder), (0, "a"))
        self.assertEqual(stage.play("b:4 !"), "a:1 b:4")

    @given(happenings)
    def test_the_laws(self, story: list[tuple[str, int]]) -> None:
        requests: Requests[str] = Requests(1.0, 10)
        now, number = 0.0, 0
        sent: dict[str, bytes] = defaultdict(bytes)
        got: dict[str, bytes] = defaultdict(bytes)
        pieces: dict[str, list[int]] = defaultdict(list)  # the ends of pieces, in what a source has sent
        last, asked, answered, active = "", 0, 0, -9.0  # who passed last, with how many pieces
        for what, size in story:
            silent_since = active
            if what == "wait":
                now += size * 0.25
                passed = requests.wake(now)
            elif what == "said":
                passed = requests.said(size, now)
                answered, active = answered + size, now
            else:
                data = bytes((number + n) % 251 for n in range(size + 1))
                number += size + 1
                sent[what] += data
                pieces[what].append(len(sent[what]))
                passed = requests.offer(what, data, now)
            for source, data in passed:
                silent = now - silent_since >= 1
                self.assertTrue(source == last or answered >= asked or silent, "a turn was cut short")
                before = len(got[source])
                got[source] += data
                self.assertTrue(sent[source].startswith(got[source]), "out of order")
                self.assertIn(len(got[source]), pieces[source], "a piece was cut in two")
                last, asked = source, len([end for end in pieces[source] if before < end <= len(got[source])])
                answered, active = 0, now
                silent_since = now
            self.assertEqual(requests.held, sum(map(len, sent.values())) - sum(map(len, got.values())))
            self.assertTrue(requests.holder is not None or not requests.held, "everybody waits for nobody")
            if requests.next_wake is not None:
                self.assertGreater(requests.next_wake, now)
        for source, data in requests.release():
            got[source] += data
        self.assertEqual(got, sent)
