"""Who may do what with which share."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.rights import ALL, ANYBODY, GUEST, OWNER, Grant, Identity, Right


class IdentityTest(SynchronousTestCase):
    def test_grants_add_up(self) -> None:
        anna = Identity("anna", (Grant("*", Right.READ), Grant("plc*", Right.WRITE), Grant("plc2", ALL)))
        expected = {
            "meter": Right.READ,
            "plc1": Right.READ | Right.WRITE,
            "plc2": ALL,
            "PLC1": Right.READ,
        }
        self.assertEqual({name: anna.on(name) for name in expected}, expected)

    def test_without_a_grant_there_is_nothing(self) -> None:
        self.assertEqual(Identity("bob", (Grant("plc", ALL),)).on("meter"), Right.NONE)

    def test_those_without_a_name(self) -> None:
        self.assertEqual((ANYBODY.on("plc"), OWNER.on("plc")), (GUEST, ALL))
        self.assertNotIn(Right.ADMIN, GUEST)
