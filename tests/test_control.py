"""Who may change settings and lines: the rules as scenes, and their laws."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.control import Control, Desk

# Letters are clients: a small one wants to change something, a large one leaves; then comes who holds
# control, and whether the change acts (+) or not (-).
SCENES: tuple[tuple[Control, str], ...] = (
    (Control.FIRST, "a:a+ a:a+ b:a- A:0 b:b+ a:b- A:b b:b+ B:0"),
    (Control.FIRST, "a:a+ b:a- B:a a:a+"),
    (Control.LAST, "a:a+ b:b+ a:a+ B:a A:0 b:b+"),
    (Control.ANYONE, "a:0+ b:0+ A:0 b:0+"),
    (Control.NONE, "a:0- b:0- A:0 b:0-"),
)
# A rule, who holds control after a and b have wanted something, another rule, and who holds it then.
UPDATES: tuple[tuple[Control, str, Control, str], ...] = (
    (Control.FIRST, "a", Control.FIRST, "a"),
    (Control.FIRST, "a", Control.LAST, "a"),
    (Control.FIRST, "a", Control.ANYONE, "0"),
    (Control.FIRST, "a", Control.NONE, "0"),
    (Control.LAST, "b", Control.FIRST, "b"),
    (Control.LAST, "b", Control.LAST, "b"),
    (Control.LAST, "b", Control.ANYONE, "0"),
    (Control.LAST, "b", Control.NONE, "0"),
    *((rule, "0", other, "0") for rule in (Control.ANYONE, Control.NONE) for other in Control),
)


@dataclass
class Client:
    """All clients are equal."""


CLIENTS = {"a": Client(), "b": Client()}


def holder(desk: Desk) -> str:
    """Return the letter of who holds control, or 0."""
    return next((name for name, client in CLIENTS.items() if client is desk.holder), "0")


class DeskTest(SynchronousTestCase):
    def test_scenes(self) -> None:
        for rule, scene in SCENES:
            desk = Desk(rule)
            for step in scene.split():
                who, expected = step.split(":")
                client = CLIENTS[who.lower()]
                acts = ""
                if who.isupper():
                    desk.leave(client)
                else:
                    acts = "+" if desk.may_change(client) else "-"
                self.assertEqual(holder(desk) + acts, expected, (rule, scene, step))

    def test_updates(self) -> None:
        for rule, before, other, after in UPDATES:
            desk = Desk(rule)
            for client in CLIENTS.values():
                desk.may_change(client)
            self.assertEqual(holder(desk), before, rule)
            desk.update(other)
            self.assertEqual((desk.rule, holder(desk)), (other, after), (rule, other))

    def test_an_operator_takes_control_away(self) -> None:
        desk = Desk(Control.FIRST)
        self.assertTrue(desk.may_change(CLIENTS["a"]))
        desk.leave(desk.holder)
        self.assertTrue(desk.may_change(CLIENTS["b"]))
        self.assertFalse(desk.may_change(CLIENTS["a"]))

    @given(
        st.sampled_from(Control),
        st.lists(st.tuples(st.sampled_from([*"aAbB"]), st.sampled_from([None, None, None, *Control]))),
    )
    def test_laws(self, rule: Control, steps: list[tuple[str, Control | None]]) -> None:
        desk = Desk(rule)
        for who, other in steps:
            if other is not None:
                desk.update(other)
            client, before = CLIENTS[who.lower()], desk.holder
            if who.isupper():
                desk.leave(client)
                self.assertIs(desk.holder, None if before is client else before)
                continue
            acts = desk.may_change(client)
            if desk.rule in (Control.ANYONE, Control.NONE):
                self.assertIsNone(desk.holder)
                self.assertEqual(acts, desk.rule is Control.ANYONE)
            else:
                self.assertEqual(acts, desk.holder is client)
                self.assertIs(desk.holder, before if desk.rule is Control.FIRST and before else client)
