"""Many responses at once: compiled when they are known, and each unit is compared with few of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from smartserial.definition.message import Response
from smartserial.definition.param import NEXT_TYPES, Interprete, LengthType
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.heard import connection_of, is_constant, is_open, nested
from smartserial.definition.values.codec import RawOf
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.generate import Plan, plan_of
from smartserial.engine.matching.interpreter import Reader, first_match, interpret, is_searched
from smartserial.engine.matching.item import Params
from smartserial.engine.matching.result import Field, Match, Mismatch
from smartserial.engine.matching.tree import Tree

_NONE: frozenset[int] = frozenset()


def candidates_of(protocol: Protocol, connection: int) -> tuple[Response, ...]:
    """Return the responses that a connection hears, in the order in which they are tried.

    It is that of the definition; but a response of a single param that takes all always wins. What is only
    ever inside another response is not among them.
    """
    inner = nested(protocol)
    heard = [r for r in protocol.responses if connection_of(r) == connection and r.id not in inner]
    return tuple(sorted(heard, key=lambda response: not takes_all(response, protocol.param)))


def takes_all(response: Response, params: Params) -> bool:
    """Tell whether a response is a single param that ends where the unit does."""
    if len(response.content) != 1:
        return False
    param = params[response.content[0]]
    return is_open(param) and (param.interprete or Interprete()).length_type in NEXT_TYPES


def compile_matcher(
    protocol: Protocol, connection: int, raw_of: RawOf, encoding: Encoding | None = None
) -> Matcher:
    """Return what matches the units of a connection while nobody waits for an answer.

    Args:
        protocol: the definition.
        connection: 0 or above.
        raw_of: gives the bytes of constants and of bus addresses, as they are from now on.
        encoding: of texts; None takes the default code page, or UTF-16 if the definition says so.
    """
    return Plans(protocol, raw_of, encoding).among(candidates_of(protocol, connection))


class Plans:
    """The compiled responses of a definition; each is compiled when a unit is first compared with it.

    Args:
        protocol: the definition.
        raw_of: gives the bytes of constants and of bus addresses, as they are from now on.
        encoding: of texts; None takes the default code page, or UTF-16 if the definition says so.
    """

    __slots__ = ("_plans", "_raw_of", "_readers", "encoding", "params")

    def __init__(self, protocol: Protocol, raw_of: RawOf, encoding: Encoding | None = None) -> None:
        self.params = protocol.param
        self.encoding = encoding or Encoding(unicode=protocol.unicode)
        self._raw_of = raw_of
        self._readers: dict[Response, Reader] = {}
        self._plans: dict[Response, Plan] = {}

    def among(self, responses: Iterable[Response]) -> Matcher:
        """Return what matches units with these responses, in this order, as those of a pair."""
        return Matcher(self, tuple(responses))

    def reader(self, response: Response) -> Reader:
        """Return what reads a response step by step."""
        if response not in self._readers:
            self._readers[response] = Reader(response, self.params, self._raw_of, self.encoding)
        return self._readers[response]

    def plan(self, response: Response) -> Plan:
        """Return the function that matches a response."""
        if response not in self._plans:
            self._plans[response] = plan_of(self.reader(response), self.params, self.encoding)
        return self._plans[response]


class Matcher:
    """Matches units with responses; the result is that of `first_match`.

    Args:
        plans: the compiled definition.
        responses: in the order in which they are tried.
    """

    def __init__(self, plans: Plans, responses: Sequence[Response]) -> None:
        self.responses = responses
        self._shared = plans
        self._plans: list[Plan | None] = [None] * len(responses)
        self._tree: Tree | None = None  # of those without a header in front
        self._headed: dict[bytes, Tree] = {}
        self._headed_first: dict[bytes, int] = {}
        self._index()

    def _index(self) -> None:
        plain: list[tuple[int, Reader]] = []
        headed: dict[bytes, list[tuple[int, Reader]]] = {}
        for number, response in enumerate(self.responses):
            reader = self._shared.reader(response)
            first = reader.items[0] if reader.items and 0 not in reader.resume else None
            if first is not None and is_searched(0, first):
                headed.setdefault(first.constant or b"", []).append((number, reader))
            else:
                plain.append((number, reader))
        self._tree = Tree(plain) if plain else None
        self._headed = {header: Tree(readers, skip=1) for header, readers in headed.items()}
        self._headed_first = {header: readers[0][0] for header, readers in headed.items()}
        self._header_lengths = {len(header) for header in headed}
        trees = [*([(b"", self._tree)] if self._tree else []), *self._headed.items()]
        self._alone = trees[0] if len(trees) == 1 else None  # the only tree there is, and its header

    def match(self, data: bytes, raw_of: RawOf, changed: AbstractSet[int] = _NONE) -> Match | Mismatch | None:
        """Match a unit.

        Args:
            data: the unit, whole.
            raw_of: the bytes that params have now.
            changed: params whose constant, or whose fixed length, is another one than when this was compiled.

        Returns:
            The first match, else what came closest; None if there are no responses.
        """
        if self._alone is not None and not changed and data.startswith(self._alone[0]):
            numbers = self._alone[1].candidates(data)
            match: Match | None = None
            for number in numbers if len(numbers) < 2 else sorted(numbers):
                match = (self._plans[number] or self._plan(number))(data, raw_of)
                if match is not None:
                    return match
        else:
            match = next(self.matches(data, raw_of, changed), None)
        return self._closest(data, raw_of, changed) if match is None else match

    def matches(self, data: bytes, raw_of: RawOf, changed: AbstractSet[int] = _NONE) -> Iterator[Match]:
        """Yield all that a unit is, in order: the next one counts when checks reject the first."""
        if changed:
            yield from self._after_changes(data, raw_of, changed)
            return
        for number, at in self._candidates(data):
            match = self._try(number, at, data, raw_of)
            if match is not None:
                yield match

    def _try(self, number: int, at: int, data: bytes, raw_of: RawOf) -> Match | None:
        plan = self._plans[number] or self._plan(number)
        match = plan(data[at:] if at else data, raw_of)
        return _moved(match, at) if at and match is not None else match

    def _plan(self, number: int) -> Plan:
        plan = self._plans[number] = self._shared.plan(self.responses[number])
        return plan

    def _candidates(self, data: bytes) -> list[tuple[int, int]]:
        """Return the responses that a unit can be, in order, and where each begins in it."""
        found = [(number, 0) for number in self._tree.candidates(data)] if self._tree else []
        for header, at in self._headers(data):
            tail = data[at:] if at else data
            found += [(number, at) for number in self._headed[header].candidates(tail)]
        if len(found) > 1:
            found.sort()
        return found

    def _headers(self, data: bytes) -> Iterable[tuple[bytes, int]]:
        """Yield the headers in a unit, and where each comes first."""
        if len(self._headed) <= len(data):
            places = ((header, data.find(header)) for header in self._headed)
            return [(header, at) for header, at in places if at >= 0]
        found: dict[bytes, int] = {}
        for length in self._header_lengths:
            for at in range(len(data) - length + 1):
                header = data[at : at + length]
                if header in self._headed:
                    found.setdefault(header, at)
        return found.items()

    def _after_changes(self, data: bytes, raw_of: RawOf, changed: AbstractSet[int]) -> Iterator[Match]:
        """Yield matches when some params are not as they were compiled."""
        other = self._changed_params(raw_of, changed)
        readers = enumerate(map(self._shared.reader, self.responses))
        stale = {number for number, reader in readers if not changed.isdisjoint(reader.uses)}
        found = [(number, at) for number, at in self._candidates(data) if number not in stale]
        for number, at in sorted([*found, *((number, 0) for number in stale)]):
            if number in stale:
                response = self.responses[number]
                result: object = interpret(response, data, other, raw_of, self._shared.encoding)
            else:
                result = self._try(number, at, data, raw_of)
            if isinstance(result, Match):
                yield result

    def _changed_params(self, raw_of: RawOf, changed: AbstractSet[int]) -> Params:
        """Return the params as they are: one of fixed length has just as many bytes as it holds."""
        params = dict(self._shared.params)
        for number in changed & params.keys():
            param = params[number]
            said = param.interprete
            if said is not None and said.length_type is LengthType.FIXED and not is_constant(param):
                params[number] = replace(param, interprete=replace(said, length=len(raw_of(number))))
        return params

    def _closest(self, data: bytes, raw_of: RawOf, changed: AbstractSet[int]) -> Mismatch | None:
        """Return the mismatch that came furthest, of a unit that nothing matches."""
        if changed:
            params = self._changed_params(raw_of, changed)
            result = first_match(self.responses, data, params, raw_of, self._shared.encoding)
            return result if isinstance(result, Mismatch) else None
        numbers = self._tree.closest(data, raw_of) if self._tree else []
        places: Mapping[bytes, int] = dict(self._headers(data))
        for header, tree in self._headed.items():
            if header in places:
                numbers += tree.closest(data[places[header] :], raw_of)
            else:
                numbers.append(self._headed_first[header])
        readers = (self._shared.reader(self.responses[number]) for number in sorted(numbers))
        results = [reader.read(data, raw_of) for reader in readers]
        return max((r for r in results if isinstance(r, Mismatch)), key=lambda r: r.reach, default=None)


def _moved(match: Match, by: int) -> Match:
    """Return a match in a unit whose header comes after `by` bytes."""
    fields = tuple(Field(f.position, f.param, f.start + by, f.end + by) for f in match.fields)
    return Match(match.response, fields)
