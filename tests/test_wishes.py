"""What clients, operators and programs make of a line's settings, and what is restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LineSettings
from smartserial.sharing.wishes import Wishes

BEFORE = LineSettings(2400)
BAD = 5_000_000  # which the device does not take
CHANGES = st.fixed_dictionaries(
    {}, optional={"baudrate": st.sampled_from([300, 1200, BAD]), "bytesize": st.sampled_from([7, 8])}
)


class WishesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.wishes = Wishes()

    def test_what_clients_have_changed_is_restored(self) -> None:
        self.wishes.change({"baudrate": 9600}, BEFORE)
        self.wishes.done({"baudrate": 9600})
        self.wishes.change({"baudrate": 19200, "stopbits": 2}, replace(BEFORE, baudrate=9600))
        self.assertEqual(self.wishes.values, {"baudrate": 19200, "stopbits": 2})
        self.assertEqual(self.wishes.end(None), {"baudrate": 2400, "stopbits": 1})
        self.assertEqual((self.wishes.values, self.wishes.end(None)), ({}, {}))

    def test_the_configuration_comes_before_what_was_found_and_an_operator_before_that(self) -> None:
        configured = LineSettings(4800, 7)
        self.wishes.order({"bytesize": 6})
        self.wishes.change({"baudrate": 9600, "bytesize": 8}, BEFORE)
        self.assertEqual(self.wishes.end(configured), {"baudrate": 4800, "bytesize": 6})
        self.assertEqual(self.wishes.values, {"bytesize": 6})
        self.wishes.forget_orders()
        self.assertEqual(self.wishes.values, {})

    def test_what_was_refused_is_as_if_nobody_had_wanted_it(self) -> None:
        for want in (lambda changes: self.wishes.change(changes, BEFORE), self.wishes.order):
            self.setUp()
            want({"baudrate": 4800})
            self.wishes.refused({"baudrate": 4800})
            self.assertEqual((self.wishes.values, self.wishes.end(None)), ({}, {}))

    def test_one_that_is_refused_leaves_those_before_and_after(self) -> None:
        self.wishes.change({"baudrate": 9600}, BEFORE)
        self.wishes.done({"baudrate": 9600})
        self.wishes.change({"baudrate": BAD}, BEFORE)
        self.wishes.refused({"baudrate": BAD})
        self.assertEqual(self.wishes.values, {"baudrate": 9600})
        self.wishes.change({"baudrate": BAD}, BEFORE)
        self.wishes.change({"baudrate": 1200}, BEFORE)  # while the other is under way
        self.wishes.refused({"baudrate": BAD})
        self.assertEqual(self.wishes.values, {"baudrate": 1200})

    def test_a_program_decides(self) -> None:
        self.wishes.order({"baudrate": 4800})
        self.wishes.change({"baudrate": 9600, "bytesize": 7}, BEFORE)
        self.wishes.decided(LineSettings(19200, 7), LineSettings(9600, 7))
        self.assertEqual(self.wishes.values, {"bytesize": 7})
        self.wishes.change({"baudrate": 300}, LineSettings(19200, 7))
        self.assertEqual(self.wishes.end(None), {"baudrate": 19200, "bytesize": 8})

    def test_who_wants_the_same_is_another(self) -> None:
        self.wishes.order({"baudrate": 4800})
        self.wishes.done({"baudrate": 4800})
        self.wishes.change({"baudrate": 9600}, BEFORE)
        self.wishes.done({"baudrate": 9600})
        self.wishes.order({"baudrate": BAD})
        self.wishes.refused({"baudrate": BAD})
        self.assertEqual(self.wishes.end(None), {"baudrate": 4800})

    def test_what_the_device_refuses_when_it_is_back(self) -> None:
        """While it was away everything was accepted."""
        self.wishes.change({"baudrate": BAD}, BEFORE)
        self.wishes.done({"baudrate": BAD})
        self.wishes.refused({"baudrate": BAD})
        self.assertEqual(self.wishes.values, {})

    @given(st.lists(st.tuples(st.booleans(), CHANGES), max_size=12), st.integers(0, 12))
    def test_what_is_wanted_is_what_was_last_accepted(
        self, deeds: list[tuple[bool, dict[str, Any]]], late: int
    ) -> None:
        """However late the answers come: they come in order."""
        self.setUp()
        clients, operators = dict[str, Any](), dict[str, Any]()
        under_way: list[dict[str, Any]] = []
        for by_client, changes in deeds:
            if by_client:
                self.wishes.change(changes, BEFORE)
            else:
                self.wishes.order(changes)
            (clients if by_client else operators).update(accepted(changes))
            under_way.append(changes)
            while len(under_way) > late:
                self.answer(under_way.pop(0))
        for changes in under_way:
            self.answer(changes)
        self.assertEqual(self.wishes.values, operators | clients)
        wanted = replace(BEFORE, **operators)
        self.assertEqual(self.wishes.end(None), {name: getattr(wanted, name) for name in clients})
        self.assertEqual(self.wishes.values, operators)

    def answer(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            (self.wishes.refused if value == BAD else self.wishes.done)({name: value})


def accepted(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes that the device takes."""
    return {name: value for name, value in changes.items() if value != BAD}
