"""The account of bytes: its law, its figures, its words."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.sharing.ledger import Account, Ledger, Reason

FIGURE = st.integers(0, 10**12)
DISCARDED = st.dictionaries(st.sampled_from(Reason), st.integers(1, 10**9)).map(
    lambda named: tuple(named.items())
)


@dataclass
class FakeSink:
    """Figures of a live sink."""

    sent: int = 0
    pending: int = 0
    dropped: int = 0


SINKS = st.lists(st.builds(FakeSink, FIGURE, FIGURE, FIGURE), max_size=5)


class AccountTest(SynchronousTestCase):
    def test_explained(self) -> None:
        self.assertEqual(Account(0, 0, 0, 0, ()).unexplained, 0)
        account = Account(100, 50, 120, 10, ((Reason.OVERFLOW, 15), (Reason.POLICY, 5)))
        self.assertEqual(account.unexplained, 0)

    def test_unexplained(self) -> None:
        self.assertEqual(Account(10, 0, 7, 0, ()).unexplained, 3)
        self.assertEqual(Account(10, 0, 7, 5, ()).unexplained, -2)
        self.assertEqual(Account(0, 4, 0, 0, ((Reason.REFUSED, 1),)).unexplained, 3)

    @given(FIGURE, FIGURE, FIGURE, DISCARDED, st.integers(-1000, 1000))
    def test_unexplained_is_what_the_law_leaves_over(
        self, copied: int, delivered: int, buffered: int, gone: tuple[tuple[Reason, int], ...], missing: int
    ) -> None:
        explained = delivered + buffered + sum(count for _, count in gone)
        account = Account(explained - copied + missing, copied, delivered, buffered, gone)
        self.assertEqual(account.unexplained, missing)
        self.assertEqual("UNEXPLAINED" in str(account), missing != 0)

    def test_words(self) -> None:
        for account, text in (
            (Account(5, 0, 5, 0, ()), "read 5, copied 0, delivered 5, buffered 0, discarded 0"),
            (
                Account(10, 2, 5, 1, ((Reason.NO_CLIENT, 4), (Reason.OVERFLOW, 2))),
                "read 10, copied 2, delivered 5, buffered 1, discarded 6 (no_client 4, overflow 2)",
            ),
            (
                Account(10, 0, 5, 1, ((Reason.NO_CLIENT, 3),)),
                "read 10, copied 0, delivered 5, buffered 1, discarded 3 (no_client 3), UNEXPLAINED 1",
            ),
        ):
            self.assertEqual(str(account), text)


class LedgerTest(SynchronousTestCase):
    def test_new(self) -> None:
        self.assertEqual(Ledger().account([], 0), Account(0, 0, 0, 0, ()))

    def test_discard_sums_up_and_leaves_out_nothings(self) -> None:
        ledger = Ledger()
        for reason, count in ((Reason.POLICY, 2), (Reason.OVERFLOW, 0), (Reason.POLICY, 3)):
            ledger.discard(reason, count)
        self.assertEqual(ledger.account([], 0).discarded, ((Reason.POLICY, 5),))

    def test_reasons_are_sorted_by_their_words(self) -> None:
        ledger = Ledger()
        for reason in reversed(Reason):
            ledger.discard(reason, 1)
        named = [reason.value for reason, _ in ledger.account([], 0).discarded]
        self.assertEqual(named, sorted(reason.value for reason in Reason))

    @given(SINKS, FIGURE, FIGURE)
    def test_live_sinks_are_added(self, sinks: list[FakeSink], gone: int, kept: int) -> None:
        ledger = Ledger()
        ledger.delivered = gone
        account = ledger.account(iter(sinks), kept)
        self.assertEqual(account.delivered, gone + sum(sink.sent for sink in sinks))
        waiting = sum(sink.pending + sink.dropped for sink in sinks)
        self.assertEqual(account.buffered, kept + waiting)

    @given(
        st.lists(st.tuples(st.sampled_from(["deliver", "drop", "keep", *Reason]), st.integers(0, 1000))),
        st.integers(1, 4),
    )
    def test_all_that_is_read_is_explained(
        self, fates: list[tuple[str | Reason, int]], receivers: int
    ) -> None:
        """Each read is copied for all receivers, and each copy meets its fate."""
        ledger, sink, kept = Ledger(), FakeSink(), 0
        for fate, count in fates:
            ledger.read += count
            ledger.copied += count * (receivers - 1)
            for _ in range(receivers):
                if isinstance(fate, Reason):
                    ledger.discard(fate, count)
                elif fate == "deliver":
                    sink.sent += count
                elif fate == "drop":
                    sink.dropped += count
                else:
                    kept += count
            self.assertEqual(ledger.account([sink], kept).unexplained, 0)
