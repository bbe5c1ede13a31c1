"""Rules about where the params of a response end that have no length of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from smartserial.definition.param import NEXT_TYPES, Param, ParamType
from smartserial.definition.rules.heard import called, heard, is_constant, is_open
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.findings import ERROR


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with one position of a response."""

    code: str
    position: int
    message: str


@dataclass(frozen=True, slots=True)
class _Content:
    """The params of one response; `covered` keeps the positions of checksums and lengths for all of them."""

    params: tuple[Param, ...]
    covered: dict[int, frozenset[int]]
    known: dict[int, bool] = field(default_factory=dict)

    def is_known(self, position: int) -> bool:
        """Tell whether the bytes of a param are known before those in front of it are.

        Those of a checksum over constants are, and those of a length of what has a fixed one.
        """
        param = self.params[position]
        if is_constant(param):
            return True
        if param.id not in self.known:
            self.known[param.id] = self._is_made_of_known(param)
        return self.known[param.id]

    def _is_made_of_known(self, param: Param) -> bool:
        if param.type is ParamType.CRC:
            content = param.crc.content if param.crc is not None else None
        else:
            content = param.length_content if param.type is ParamType.LENGTH else None
        if content is None or is_open(param):
            return False
        if param.id not in self.covered:
            self.covered[param.id] = frozenset(content)
        positions = self.covered[param.id]
        if len(positions) > len(self.params) or max(positions, default=0) >= len(self.params):
            return False
        fixed = param.type is ParamType.LENGTH
        return all(
            not is_open(self.params[number]) if fixed else is_constant(self.params[number])
            for number in positions
        )

    def next(self, position: int, end: int | None) -> int | None:
        """Return where a constant, the param `end` or one without length comes first; None if none does."""
        for number in range(position + 1, len(self.params)):
            param = self.params[number]
            if is_constant(param) or param.id == end or is_open(param):
                return number
        return None

    def two(self, position: int, other: int) -> _Wrong:
        """Return what is wrong with two params that nothing separates."""
        first, second = called("param", self.params[position]), called("param", self.params[other])
        return _Wrong("RE07", position, f"expected a constant between {first} and {second}, found none")


def _by_order(content: _Content, position: int) -> _Wrong | None:
    """Judge a param that ends where the next one begins; the last one takes all the rest."""
    params = content.params
    if position + 1 == len(params) or content.is_known(position + 1):
        return None
    other = content.next(position, None)
    if other is not None and is_open(params[other]):
        return content.two(position, other)
    here, following = params[position], params[position + 1]
    message = (
        f"expected a constant after {called('param', here)}, "
        f"found {called('param', following)} of type {following.type.value}"
    )
    return _Wrong("RE04", position, message)


def _by_name(content: _Content, position: int, end: int) -> _Wrong | None:
    """Judge a param that names the one where it ends."""
    here = called("param", content.params[position])
    other = content.next(position, end)
    if other is None:
        return _Wrong("RE06", position, f"expected param {end} after {here}, found no constant")
    found = content.params[other]
    if is_open(found):
        return content.two(position, other)
    if found.id != end:
        message = f"expected param {end} as the next constant after {here}, found {called('param', found)}"
        return _Wrong("RE05", position, message)
    if not content.is_known(other):
        kind = found.type.value
        message = f"expected a constant at the end of {here}, found {called('param', found)} of type {kind}"
        return _Wrong("RE06", position, message)
    return None


def _wrong(content: _Content) -> Iterator[_Wrong]:
    """Yield what is wrong with the ends in one response, one for each of its params at most."""
    for position, param in enumerate(content.params):
        said = param.interprete
        if said is None or not is_open(param) or said.length_type not in NEXT_TYPES:
            continue
        end = said.length_id
        found = _by_order(content, position) if end is None else _by_name(content, position, end)
        if found is not None:
            yield found


def _found(subject: Subject, code: str) -> Iterator[Found]:
    """Yield what breaks one of these rules."""
    covered: dict[int, frozenset[int]] = {}
    for one in heard(subject, sound=False):  # one of these errors does not hide the others
        if all(param.interprete is not None for param in one.params):
            for wrong in _wrong(_Content(one.params, covered)):
                if wrong.code == code:
                    message = f"in {called('response', one.response)}: {wrong.message}"
                    yield Found(one.items[wrong.position].place, message)


def constant_follows(subject: Subject) -> Iterator[Found]:
    """A param that ends where the next one begins is followed by a constant."""
    return _found(subject, "RE04")


def named_constant_follows(subject: Subject) -> Iterator[Found]:
    """A param that names where it ends is followed by this constant before any other."""
    return _found(subject, "RE05")


def some_constant_follows(subject: Subject) -> Iterator[Found]:
    """A param that names where it ends is followed by a constant."""
    return _found(subject, "RE06")


def constant_between(subject: Subject) -> Iterator[Found]:
    """A constant stands between a param that ends at the next one, and one whose length is not known."""
    return _found(subject, "RE07")


RULES: tuple[Rule, ...] = (
    Rule(
        "RE04",
        ERROR,
        "nothing known follows a param of length type next param",
        "put a fixed or trailer param behind it, or name the one that ends it: <LengthType id=...>",
        constant_follows,
    ),
    Rule(
        "RE05",
        ERROR,
        "the param that ends another one is not the next constant behind it",
        "name the constant that comes next in <LengthType id=...>, or move it",
        named_constant_follows,
    ),
    Rule(
        "RE06",
        ERROR,
        "no constant follows a param that names the one where it ends",
        "put the constant into the response, or take the id off the LengthType",
        some_constant_follows,
    ),
    Rule(
        "RE07",
        ERROR,
        "nothing separates two params of unknown length",
        "put a constant between them, or give the first one a fixed length",
        constant_between,
    ),
)
