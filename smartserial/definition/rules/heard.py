"""What several rules ask about responses: where they are heard, and which of their params have no length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol as Shape
from typing import TypeVar

from smartserial.definition.message import Pair, Response
from smartserial.definition.node import Node
from smartserial.definition.param import CONSTANT_TYPES, LengthType, Param, ParamType
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.texts import identity
from smartserial.definition.rules.rule import Subject

_SHOWN = 60  # characters of a name in a message
_NAMED = 4  # things of a list that are named in a message


class _Read(Shape):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def place(self) -> Place: ...


V = TypeVar("V", bound=_Read)


def read_from(nodes: Iterable[Node], values: Iterable[V]) -> Iterator[tuple[Node, V]]:
    """Yield elements with what was read from them; those that nothing was read from are left out.

    Args:
        nodes: elements of one kind, in order.
        values: what was read from them, in the same order.
    """
    waiting = iter(values)
    value = next(waiting, None)
    for node in nodes:
        if value is not None and value.id == identity(node) and value.place == node.place:
            yield node, value
            value = next(waiting, None)


def called(kind: str, value: _Read) -> str:
    """Return what a value is called in a message, as in ``response 3 'Status'``."""
    return f"{kind} {value.id} {value.name[:_SHOWN]!r}" if value.name else f"{kind} {value.id}"


def some(numbers: Sequence[int]) -> str:
    """Return ids for a message, as in ``1, 2, 3``; of a long list only the first."""
    return ", ".join(map(str, numbers[:_NAMED])) + (", ..." if len(numbers) > _NAMED else "")


@dataclass(frozen=True, slots=True)
class Heard:
    """A response whose params are all there and right.

    Args:
        response: the response.
        params: those of its content, in wire order.
        items: the elements that name them, one for each.
    """

    response: Response
    params: tuple[Param, ...]
    items: tuple[Node, ...]


def heard(subject: Subject, *, sound: bool = True) -> Iterator[Heard]:
    """Yield the responses about which more can be said: no param of them is missing or wrong.

    Args:
        subject: the definition.
        sound: leave out those that have other errors.
    """
    for node, response in read_from(subject.root.all("Responses/Response"), subject.protocol.responses):
        found = [subject.protocol.param.get(number) for number in response.content]
        params = tuple(param for param in found if param is not None and subject.sound(param))
        items = tuple(node.all("Content/Param"))
        if len(params) == len(items) and (subject.sound(response) or not sound):
            yield Heard(response, params, items)


def connection_of(response: Response) -> int:
    """Return the connection on which a response is heard."""
    return response.connection or 0


def paired(protocol: Protocol) -> dict[int, list[Pair]]:
    """Return the pairs that each response answers; a response that is heard by itself is not in it."""
    found: dict[int, list[Pair]] = {}
    for pair in protocol.pairs:
        for number in dict.fromkeys((*pair.responses, *pair.bad_responses)):
            found.setdefault(number, []).append(pair)
    return found


def nested(protocol: Protocol) -> frozenset[int]:
    """Return the responses that are never heard by themselves: they are what a param of another one holds."""
    inner = {
        number for param in protocol.params if param.type is ParamType.RESPONSE for number in param.type_id
    }
    return frozenset(inner - paired(protocol).keys())


def is_constant(param: Param) -> bool:
    """Tell whether the bytes of a param are known: they are in the definition, or the bus address."""
    return param.type in CONSTANT_TYPES or param.type is ParamType.BUS


def is_open(param: Param) -> bool:
    """Tell whether how many bytes a param has is seen only in what comes."""
    said = param.interprete
    return said is not None and not is_constant(param) and said.length_type is not LengthType.FIXED
