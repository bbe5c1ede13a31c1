"""Lists of options, as in ``connection:1;ignoreTimeout``: what all such languages have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from smartserial.definition.languages.number import parse_whole
from smartserial.definition.languages.problem import MOST_PROBLEMS, Parsed, Problem, and_more, quoted

_MOST_HINTS = 8  # a hint is dear, and a hostile text has many wrong words
_LONGEST_HINTED = 40
_MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Keyword:
    """One option.

    Args:
        spelling: its keyword.
        field: what it fills.
        code: of the rule that it breaks when it comes a second time.
        read: reads its value, which is trimmed and may be empty.
    """

    spelling: str
    field: str
    code: str
    read: Callable[[str], Parsed[object]]


@dataclass(slots=True)
class Options:
    """What a list says.

    Args:
        fields: the values that are right.
        named: all fields that have been named, those with wrong values too.
        problems: what is wrong.
    """

    fields: dict[str, object] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _count: Counter[tuple[str, bool | None]] = field(default_factory=Counter)

    def full(self, code: str, warning: bool | None) -> bool:
        """Tell whether enough problems of a kind are told; then one more is only counted."""
        self._count[code, warning] += 1
        return self._count[code, warning] > MOST_PROBLEMS

    def finish(self) -> None:
        """Say how many problems are not told."""
        for (code, warning), count in self._count.items():
            if count > MOST_PROBLEMS:
                self.problems.append(Problem(code, and_more(count - MOST_PROBLEMS), warning))


class OptionList:
    """A language of options; each is ``keyword``, ``keyword:value`` or ``keyword=value``.

    Args:
        keywords: the options that are known.
        unknown: the code of the rule that another one breaks; None passes over all of them.
        ignored: further keywords that are no problem.
        warning: whether unknown and repeated options are warnings whatever their rule says.
    """

    def __init__(
        self,
        keywords: Iterable[Keyword],
        unknown: str | None,
        ignored: Iterable[str] = (),
        warning: bool | None = None,
    ) -> None:
        self.keywords = {keyword.spelling.lower(): keyword for keyword in keywords}
        self._unknown = unknown
        self._ignored = {word.lower() for word in ignored}
        self._warning = warning

    def read(self, parts: Iterable[tuple[str, str]]) -> Options:
        """Read pairs of a keyword and its value; of a keyword that comes twice the first stands."""
        options = Options()
        for word, value in parts:
            keyword = self.keywords.get(word.lower())
            if keyword is None:
                self._not_known(word, options)
            elif keyword.field in options.named:
                if not options.full(keyword.code, self._warning):
                    message = f"{keyword.spelling} is given twice: only the first counts"
                    options.problems.append(Problem(keyword.code, message, self._warning))
            else:
                self._take(keyword, value, options)
        options.finish()
        return options

    def _take(self, keyword: Keyword, value: str, options: Options) -> None:
        parsed = keyword.read(value)
        options.named.add(keyword.field)
        if not parsed.problems:
            options.fields[keyword.field] = parsed.value
        for problem in parsed.problems:
            options.problems.append(replace(problem, message=f"{keyword.spelling}: {problem.message}"))

    def _not_known(self, word: str, options: Options) -> None:
        if self._unknown is None or word.lower() in self._ignored:
            return
        if options.full(self._unknown, self._warning):
            return
        close = []
        if len(options.problems) < _MOST_HINTS and len(word) <= _LONGEST_HINTED:
            close = get_close_matches(word.lower(), self.keywords, n=1)
        hint = f"; did you mean {self.keywords[close[0]].spelling}?" if close else ""
        message = f"expected an option that is known, found {quoted(word)}{hint}"
        options.problems.append(Problem(self._unknown, message, self._warning))


def split_options(text: str) -> list[tuple[str, str]]:
    """Return the keywords and values of a list, trimmed; empty parts are left out.

    Of a list of more than 10,000 parts, in which there must be mistakes before, the rest is left out.
    """
    split = []
    for part in text.split(";", _MOST_PARTS)[:_MOST_PARTS]:
        ends = [end for end in (part.find(":"), part.find("=")) if end >= 0]
        end = min(ends, default=len(part))
        if part.strip():
            split.append((" ".join(part[:end].split()), part[end + 1 :].strip()))
    return split


def flag(code: str) -> Callable[[str], Parsed[object]]:
    """Return a reader of an option without value; `code` is of the rule that a value breaks."""

    def read(text: str) -> Parsed[object]:
        wrong = (Problem(code, f"expected no value, found {quoted(text)}"),) if text else ()
        return Parsed(not text, wrong)

    return read


def integer(
    code: str, least: int = 0, most: int | None = None, default: int | None = None
) -> Callable[[str], Parsed[object]]:
    """Return a reader of an integer.

    Args:
        code: of the rule that another value breaks.
        least: the least that is allowed; 0 or more.
        most: the most that is allowed, or None.
        default: what an option without value means; None wants a value.
    """
    bounds = f"of {least} or more" if most is None else f"from {least} to {most}"

    def read(text: str) -> Parsed[object]:
        number = parse_whole(text) if text else default
        if number is None or number < least or (most is not None and number > most):
            return Parsed(None, (Problem(code, f"expected an integer {bounds}, found {quoted(text)}"),))
        return Parsed(number)

    return read
