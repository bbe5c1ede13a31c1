"""Who speaks and who hears: each rule with each event in a table, and against a model that knows the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.selection import Selection, SelectionRules, Who


@dataclass(eq=False)
class One:
    """A client."""

    name: str
    reads: bool = True
    writes: bool = True
    finished_sending: bool = False


# A story is what happens, one word each: `+a` connects, `-a` leaves, `/a` finishes sending, `a` sends, a
# number is seconds that pass. `a!`: it sends, and that is not to reach the device.
# For each rule: a story, and who hears after it.
SPEAKING: dict[str, tuple[dict[str, Any], str]] = {
    "all": ({}, "+a +b a b a"),
    "none": ({"receive_from": Who.NONE}, "+a a! +b b! a!"),
    "first": ({"receive_from": Who.FIRST}, "+a +b a b! a -a b +c c! b"),
    "first, when it has finished": ({"receive_from": Who.FIRST}, "+a +b a /a b a"),
    "last": ({"receive_from": Who.LAST}, "+a a +b a! b +c b! c -c b a! -b a"),
    "last, when it has finished": ({"receive_from": Who.LAST}, "+a +b /b a b"),
    "last-active": ({"receive_from": Who.LAST_ACTIVE}, "+a +b +c b a! 0.9 a! 0.1 a b! a c! 1 c"),
    "last-active: who is refused does not prolong it": (
        {"receive_from": Who.LAST_ACTIVE},
        "+a +b a 0.6 b! 0.4 b",
    ),
    "last-active: its own bytes prolong it": (
        {"receive_from": Who.LAST_ACTIVE},
        "+a +b a 0.6 a 0.6 b! 0.4 b",
    ),
    "last-active: it leaves": ({"receive_from": Who.LAST_ACTIVE}, "+a +b a b! -a b"),
    "last-active: another turn": ({"receive_from": Who.LAST_ACTIVE, "turn": 5.0}, "+a +b a 4 b! 1 b a!"),
    "exclusive": ({"exclusive": True}, "+a +b a b! a 0.9 b! 0.1 b a!"),
    "exclusive: it leaves": ({"exclusive": True}, "+a +b a b! -a b"),
    "exclusive: it finishes": ({"exclusive": True}, "+a +b a b! /a b"),
    "exclusive and last": (
        {"exclusive": True, "receive_from": Who.LAST},
        "+a a +b a! b! 0.5 a! 0.5 b",
    ),
    "exclusive and none": ({"exclusive": True, "receive_from": Who.NONE}, "+a a! 9 a!"),
    "watchers do not count": ({"receive_from": Who.FIRST}, "+r +a +b r! a b!"),
    "watchers take no turn": ({"exclusive": True}, "+r +a r! a"),
}
HEARING: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "all": ({}, [("", ""), ("+a +b", "ab"), ("-a", "b"), ("-b", "")]),
    "none": ({"send_to": Who.NONE}, [("+a a +b", "")]),
    "first": ({"send_to": Who.FIRST}, [("+a", "a"), ("+b b", "a"), ("/a", "a"), ("-a", "b"), ("-b", "")]),
    "last": ({"send_to": Who.LAST}, [("+a", "a"), ("+b a", "b"), ("/b", "b"), ("-b", "a")]),
    "last-active": (
        {"send_to": Who.LAST_ACTIVE},
        [("+a +b", ""), ("b", "b"), ("a", "a"), ("9", "a"), ("+c", "a"), ("-a", "b"), ("-b", ""), ("c", "c")],
    ),
    "last-active, accepted or not": (
        {"send_to": Who.LAST_ACTIVE, "receive_from": Who.FIRST},
        [("+a +b a", "a"), ("b!", "b")],
    ),
    "asker": (
        {"send_to": Who.ASKER},
        [
            ("+a +b", "ab"),
            ("b", "b"),
            ("1", "b"),
            ("0.1", "ab"),
            ("a 0.5 b 0.6", "b"),
            ("-b", ""),
            ("1", "a"),
        ],
    ),
    "asker, not accepted": (
        {"send_to": Who.ASKER, "receive_from": Who.FIRST},
        [("+a +b b!", "ab"), ("a", "a"), ("b!", "a")],
    ),
    "asker that finishes": ({"send_to": Who.ASKER}, [("+a +b a /a", "a")]),
    "asker that is gone": ({"send_to": Who.ASKER}, [("+a +b +r a -a", "r"), ("+a", "r"), ("1.1", "bra")]),
    "asker that does not read": ({"send_to": Who.ASKER}, [("+a +w +b w", "ab")]),
    "asker, another window": ({"send_to": Who.ASKER, "reply_window": 3.0}, [("+a +b a 3", "a"), ("1", "ab")]),
    "who does not read is passed over": ({"send_to": Who.FIRST}, [("+w", ""), ("+a", "a"), ("w", "a")]),
    "nor is it last": ({"send_to": Who.LAST}, [("+a +w", "a")]),
    "nor last active": ({"send_to": Who.LAST_ACTIVE}, [("+a +w a w", "a")]),
}


class Stage:
    """Plays stories; `r` only reads, `w` only writes."""

    def __init__(self, rules: SelectionRules) -> None:
        self.now = 0.0
        self.selection: Selection[One] = Selection(rules)
        self.clients = {name: One(name, name != "w", name != "r") for name in "abcrw"}

    def play(self, story: str) -> None:
        for n, word in enumerate(story.split()):
            if word[0] in "0123456789":
                self.now += float(word)
                continue
            client = self.clients[word.strip("+-/!")]
            match word[0]:
                case "+":
                    self.selection.connects(client)
                case "-":
                    self.selection.leaves(client)
                case "/":
                    client.finished_sending = True
                    self.selection.finishes(client)
                case _:
                    would = self.selection.may_send(client, self.now)
                    does = self.selection.sends(client, self.now)
                    assert would == does == (not word.endswith("!")), f"{word} at {n} in {story}: {does}"
                    if does:
                        self.selection.asks(client, self.now)

    def hearing(self) -> str:
        return "".join(client.name for client in self.selection.receivers(self.now))


class NaiveModel:
    """Remembers everything that happened, and works each decision out from the beginning."""

    def __init__(self, rules: SelectionRules) -> None:
        self.rules = rules
        self.past: list[tuple[str, One, float, bool]] = []

    def list(self) -> list[One]:
        here: list[One] = []
        for what, client, _, _ in self.past:
            if what == "+":
                here.append(client)
            elif what == "-":
                here.remove(client)
        return here

    def since_leaving(self, client: One) -> list[tuple[str, One, float, bool]]:
        leaving = [n for n, event in enumerate(self.past) if event[:2] == ("-", client)]
        return self.past[leaving[-1] + 1 if leaving else 0 :]

    def accepts(self, client: One, now: float) -> bool:
        if not client.writes:
            return False
        senders = [one for one in self.list() if one.writes and (not one.finished_sending or one is client)]
        chosen = {Who.FIRST: senders[:1], Who.LAST: senders[-1:], Who.NONE: []}
        if client not in chosen.get(self.rules.receive_from, senders):
            return False
        if not self.rules.exclusive and self.rules.receive_from is not Who.LAST_ACTIVE:
            return True
        accepted = [(one, at) for what, one, at, yes in self.past if what == "sends" and yes]
        if not accepted:
            return True
        holder, at = accepted[-1]
        ended = [
            what for what, one, _, _ in self.past[self.index(holder) :] if one is holder and what in "-/"
        ]
        return holder is client or now - at >= self.rules.turn or bool(ended)

    def index(self, holder: One) -> int:
        return max(n for n, event in enumerate(self.past) if event[0] == "sends" and event[3])

    def hearing(self, now: float) -> list[One]:
        readers = [one for one in self.list() if one.reads]
        if self.rules.send_to is Who.LAST_ACTIVE:
            return self.latest(readers)
        if self.rules.send_to is Who.ASKER:
            accepted = [(one, at) for what, one, at, yes in self.past if what == "sends" and yes]
            asker, at = accepted[-1] if accepted else (None, now)
            if asker is None or not asker.reads or now - at > self.rules.reply_window:
                return readers
            still = any(e[0] == "sends" and e[3] for e in self.since_leaving(asker))
            return [asker] if still else [one for one in readers if not one.writes]
        chosen = {Who.NONE: [], Who.FIRST: readers[:1], Who.LAST: readers[-1:]}
        return chosen.get(self.rules.send_to, readers)

    def latest(self, readers: list[One]) -> list[One]:
        last = {
            one: n
            for one in readers
            for n, event in enumerate(self.past)
            if event[:2] == ("sends", one) and n >= len(self.past) - len(self.since_leaving(one))
        }
        return [max(last, key=lambda one: last[one])] if last else []


happenings = st.lists(
    st.tuples(
        st.sampled_from(("+", "-", "/", "sends", "sends", "sends", "wait")),
        st.integers(0, 4),
        st.sampled_from((0.25, 0.5, 1.0)),
    ),
    max_size=40,
)
rule_sets = st.builds(
    SelectionRules,
    receive_from=st.sampled_from([who for who in Who if who is not Who.ASKER]),
    send_to=st.sampled_from(Who),
    turn=st.sampled_from((0.5, 1.0, 2.0)),
    reply_window=st.sampled_from((0.5, 1.0, 2.0)),
    exclusive=st.booleans(),
)


class SelectionTests(SynchronousTestCase):
    def test_speaking(self) -> None:
        for name, (rules, story) in SPEAKING.items():
            with self.subTest(name):
                Stage(SelectionRules(**rules)).play(story)

    def test_hearing(self) -> None:
        for name, (rules, acts) in HEARING.items():
            stage = Stage(SelectionRules(**rules))
            for story, expected in acts:
                with self.subTest(name, story=story):
                    stage.play(story)
                    self.assertEqual(stage.hearing(), expected)

    def test_other_rules(self) -> None:
        stage = Stage(SelectionRules(exclusive=True))
        stage.play("+a +b a b!")
        stage.selection.update(SelectionRules(exclusive=True, turn=5.0))
        stage.play("1 b! 4 b")
        stage.selection.update(SelectionRules())
        self.assertIsNone(stage.selection.holder)
        stage.play("a b")

    def test_what_nobody_asked_for_goes_to_all(self) -> None:
        stage = Stage(SelectionRules(send_to=Who.ASKER))
        stage.play("+a +b a")
        stage.selection.asks(None, stage.now)
        self.assertEqual((stage.hearing(), stage.selection.answering(stage.now)), ("ab", False))

    def test_turns(self) -> None:
        """Who hears in a turn, however long it is, and after it; `o` is an operator, `x` is gone before."""
        for who, during, after in (("a", "a", "a"), ("w", "r", "abr"), ("o", "r", "abr"), ("x", "r", "abr")):
            for late in (False, True):
                with self.subTest(who, late=late):
                    stage = Stage(SelectionRules(send_to=Who.ASKER))
                    stage.play("+c +a +b +r +w -c")
                    stage.clients["c"].reads = False
                    asker = stage.clients.get(who.replace("x", "c"))
                    stage.selection.asks(asker, stage.now, in_turn=True)
                    stage.now += 9 if late else 0
                    self.assertEqual((stage.hearing(), stage.selection.answering(stage.now)), (during, True))
                    stage.selection.answered()
                    self.assertEqual(stage.hearing(), "abr" if late else after)

    def test_who_goes_in_its_turn(self) -> None:
        stage = Stage(SelectionRules(send_to=Who.ASKER))
        stage.play("+a +b +r")
        stage.selection.asks(stage.clients["a"], stage.now, in_turn=True)
        stage.play("-a 9")
        self.assertEqual(stage.hearing(), "r")
        stage.selection.answered()
        self.assertEqual(stage.hearing(), "br")

    @given(rule_sets, happenings)
    def test_it_is_the_model(self, rules: SelectionRules, story: list[tuple[str, int, float]]) -> None:
        clients = [One(str(n), n != 3, n != 4) for n in range(5)]
        selection: Selection[One] = Selection(rules)
        model, now = NaiveModel(rules), 0.0
        for what, number, seconds in story:
            client, here = clients[number], clients[number] in model.list()
            if what == "wait":
                now += seconds
            elif what == "+" and not here:
                client.finished_sending = False
                selection.connects(client)
                model.past.append((what, client, now, False))
            elif what == "-" and here:
                selection.leaves(client)
                model.past.append((what, client, now, False))
            elif what == "/" and here and not client.finished_sending:
                client.finished_sending = True
                selection.finishes(client)
                model.past.append((what, client, now, False))
            elif what == "sends" and here and not client.finished_sending:
                expected = model.accepts(client, now)
                self.assertEqual(selection.may_send(client, now), expected)
                self.assertEqual(selection.sends(client, now), expected)
                model.past.append((what, client, now, expected))
                if expected:
                    selection.asks(client, now)
            self.assertEqual(list(selection.receivers(now)), model.hearing(now))
