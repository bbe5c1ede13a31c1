"""Rules about code that a definition calls."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import Case, RuleCases, codes, definition, param

GROUP = (
    '<Groups><Group id="4"><Name>g</Name><Type>action</Type><Content><Action>1</Action></Content></Group>'
    "</Groups>"
    '<Actions><Action id="1"><Name>a</Name><On>protocol</On><Type>sleep</Type></Action></Actions>'
)


def qaction(attributes: str) -> str:
    """A definition with one QAction, on line 5."""
    made = f'<QAction id="1" name="q"{attributes}/>'
    return definition(f"<Params>{param(1)}{param(2)}</Params><QActions>\n{made}</QActions>{GROUP}")


GOOD = qaction(' triggers="1;2"')
BOUND = ("QA03",)


class QActionsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("QA01", qaction(""), GOOD, "warning", BOUND, 5, "ids of params in triggers, found nothing"),
        Case("QA01", qaction(' triggers=";"'), GOOD, "warning", BOUND, 5, "found nothing"),
        Case("QA01", qaction(' triggers="1;x"'), GOOD, "warning", BOUND, 5, "'x'"),
        Case("QA01", qaction(' triggers="1;7"'), GOOD, "warning", BOUND, 5, "no param 7"),
        Case("QA01", qaction(' triggers="1;2;1;1"'), GOOD, "warning", BOUND, 5, "'1' 3 times"),
        Case(
            "QA01",
            qaction(' triggers="1" options="queued;Group"'),
            qaction(' triggers="4" options="queued;Group"'),
            "warning",
            BOUND,
            5,
            "no group 1",
        ),
        Case(
            "QA02",
            qaction(' triggers="1;2" entryPoint="Run"'),
            qaction(' triggers="1;2" entryPoint="Run;Stop"'),
            "warning",
            BOUND,
            5,
            "expected 2 entry points, one for each trigger, found 1",
        ),
        Case("QA03", GOOD, definition(), "warning", line=5, says="QAction 1"),
    )

    def test_a_library_is_called_by_nothing(self) -> None:
        self.assertEqual(codes(qaction(' options="precompile"')), [])
        self.assertEqual(codes(qaction(' options="precompile" triggers="7"')), ["QA01", "QA03"])
