"""What the parsers of small languages say is wrong, as findings of the rules that it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartserial.definition.languages.problem import Problem
from smartserial.definition.place import Place
from smartserial.definition.rules.rule import Found
from smartserial.findings import ERROR, WARNING, did_you_mean

MOST_HINTS = 20
"""A hint is dear, and a hostile definition has many wrong words: the first ones are enough."""
_LONGEST_HINTED = 40
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
        if not self._left or len(word) > _LONGEST_HINTED:
            return ""
        self._left -= 1
        same = self._known.get(word.lower())
        return f"did you mean {same}?" if same else did_you_mean(word, self._known.values())
