"""What the parsers of small languages say is wrong, as findings of the rules that it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from smartserial.definition.languages.problem import MOST_PROBLEMS, Problem, and_more
from smartserial.definition.place import Place
from smartserial.definition.rules.rule import Found
from smartserial.findings import ERROR, WARNING

MOST_HINTS = 20
"""A hint is dear, and a hostile definition has many wrong words: the first ones are enough."""
LONGEST_HINTED = 40
"""Characters of a word beyond which it is like no other."""
_SEVERITIES = {None: None, True: WARNING, False: ERROR}


def problems_of(problems: Iterable[Problem], code: str, place: Place) -> Iterator[Found]:
    """Yield the problems that break one rule.

    Args:
        problems: of one text.
        code: the rule.
        place: of the element that holds the text.
    """
    for problem in problems:
        if problem.code == code:
            yield Found(place, problem.message, severity=_SEVERITIES[problem.warning])


def capped(found: Iterable[Found]) -> Iterator[Found]:
    """Yield the first of what is wrong in one text; for those beyond one says how many they are."""
    last, count = None, 0
    for one in found:
        if count < MOST_PROBLEMS:
            yield one
        last, count = one, count + 1
    if last is not None and count > MOST_PROBLEMS:
        yield Found(last.place, and_more(count - MOST_PROBLEMS), severity=last.severity)


class Hints:
    """Says which of the known words was meant, for the first wrong words of a definition.

    Args:
        known: as they are written.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {word.lower(): word for word in known}
        self._left = MOST_HINTS

    def hint(self, word: str) -> str:
        """Return a question, or an empty text if no known word is like this one."""
        word = word.strip()
        if not self._left or len(word) > LONGEST_HINTED:
            return ""
        self._left -= 1
        close = get_close_matches(word.lower(), self._known, n=1)  # the same one, if it is among them
        return f"did you mean {self._known[close[0]]}?" if close else ""
