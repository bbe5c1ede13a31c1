"""Functions that match: the params of a response as a few searches and comparisons.

The text of a function is made of numbers and of names that are given here; bytes, ids and fields are handed
to it as defaults of its arguments. So nothing foreign gets into it, it can reach nothing but what it is
given, and all responses of one shape share one. For a header, a text and a trailer of two bytes it is::

    def match(data, raw_of, f0, c0, d1, p1, p2, response):
        size = len(data)
        if 1 > size: return None
        if not data.startswith(c0, 0): return None
        e1 = data.find(d1, 1)
        if e1 < 0: return None
        if e1 + 2 != size: return None
        return new(Match, (response, (f0, new(Field, (1, p1, 1, e1)), new(Field, (2, p2, e1, e1 + 2)), )))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType

from smartserial.definition.param import Endian, LengthType, ParamType, RawType, ValueType
from smartserial.definition.values.codec import RawOf
from smartserial.definition.values.conversion import converts
from smartserial.definition.values.text import Encoding
from smartserial.engine.matching.interpreter import Reader
from smartserial.engine.matching.item import Item, Params, ends_of, told_length
from smartserial.engine.matching.result import Field, Match

_SPACE: dict[str, object] = {
    "__builtins__": {},
    "len": len,
    "number": int.from_bytes,
    "new": tuple.__new__,
    "Field": Field,
    "Match": Match,
}
Plan = Callable[[bytes, RawOf], Match | None]
"""Matches a unit with one response; a header in front begins the unit. None is no match."""


def plan_of(reader: Reader, params: Params, encoding: Encoding) -> Plan:
    """Return the function of a response; one with optional params is read step by step."""
    if reader.resume:
        return _step_by_step(reader)
    source = _Source(reader, params, encoding)
    code, names = _code(source.text()), source.names
    plan: Plan = FunctionType(code, _SPACE, "match", tuple(names.values()))
    return plan


@lru_cache(1024)
def _code(text: str) -> CodeType:
    """Return the code of a function; its text has names and numbers only, so few are different."""
    space: dict[str, FunctionType] = {}
    exec(compile(text, "<response>", "exec"), {"__builtins__": {}}, space)
    return space["match"].__code__


def _step_by_step(reader: Reader) -> Plan:
    def match(data: bytes, raw_of: RawOf) -> Match | None:
        result = reader.read(data, raw_of)
        return result if isinstance(result, Match) else None

    return match


class _Source:
    """The text of one function.

    Attributes:
        names: what is handed to it, by the names that it has for it; complete after `text`.
    """

    def __init__(self, reader: Reader, params: Params, encoding: Encoding) -> None:
        self._items = reader.items
        self._params = params
        self._encoding = encoding
        self._base = ""  # the name of an offset; where the last open param ends
        self._delta = 0  # what is added to it
        self._lines: list[str] = []
        self._spans: list[tuple[str, str]] = []
        self._fields: list[str] = []
        self._seen: set[int] = set()  # positions whose constant has been found already
        self._run = ("", b"")  # constants in a row, and where they begin
        self.names: dict[str, object] = {"response": reader.response}

    def text(self) -> str:
        """Return the text."""
        self._size_check(0)
        for position, item in enumerate(self._items):
            start = self._here()
            if item.constant is not None:
                self._constant(position, item.constant)
            elif item.length is not None:
                self._delta += item.length
            else:
                self._compare_run()
                self._open(position, item, start)
            self._field(position, item, start)
        self._compare_run()
        fields = "".join(f"{field}, " for field in self._fields)
        lines = [f"def match(data, raw_of, {', '.join(self.names)}):", "size = len(data)", *self._lines]
        return "\n    ".join([*lines, f"return new(Match, (response, ({fields})))"]) + "\n"

    def _here(self) -> str:
        if not self._base:
            return str(self._delta)
        return f"{self._base} + {self._delta}" if self._delta else self._base

    def _fail_if(self, condition: str) -> None:
        self._lines.append(f"if {condition}: return None")

    def _size_check(self, position: int) -> None:
        """Compare the size with what the constants and fixed lengths from `position` on need."""
        needed, behind = self._delta, position
        while behind < len(self._items) and (length := self._items[behind].length) is not None:
            needed += length
            behind += 1
        end = f"{self._base} + {needed}" if self._base else str(needed)
        self._fail_if(f"{end} != size" if behind == len(self._items) else f"{end} > size")

    def _constant(self, position: int, constant: bytes) -> None:
        if position not in self._seen:
            where, run = self._run
            self._run = (where if run else self._here(), run + constant)
        else:
            self._compare_run()
        self._delta += len(constant)

    def _compare_run(self) -> None:
        where, run = self._run
        if run:
            name = self._named(f"c{len(self._spans)}", run)
            self._fail_if(f"not data.startswith({name}, {where})")
        self._run = ("", b"")

    def _named(self, name: str, value: object) -> str:
        self.names[name] = value
        return name

    def _field(self, position: int, item: Item, start: str) -> None:
        end = self._here()
        if item.constant is None:
            self._compare_run()
            if item.filter is not None:
                self._filter(position, item, f"data[{start}:{end}]")
        self._spans.append((start, end))
        if start.isdecimal() and end.isdecimal():
            field = Field(position, item.param.id, int(start), int(end))
            self._fields.append(self._named(f"f{position}", field))
        else:
            name = self._named(f"p{position}", item.param.id)
            self._fields.append(f"new(Field, ({position}, {name}, {start}, {end}))")

    def _filter(self, position: int, item: Item, piece: str) -> None:
        assert item.filter is not None
        wrong = []
        if item.filter.allowed is not None:
            wrong.append(f"{piece}.translate(None, {self._named(f'a{position}', item.filter.allowed)})")
        if item.filter.allowed is None or item.filter.others:
            wrong.append(f"not {self._named(f'fits{position}', item.filter.fits)}({piece}, raw_of)")
        self._fail_if(" and ".join(wrong))

    def _open(self, position: int, item: Item, start: str) -> None:
        """Find the end of an open param; the offset is there then."""
        end = f"e{position}"
        if item.said.length_type is LengthType.OTHER_PARAM:
            self._told(position, item, start, end)
        else:
            self._found(position, item, start, end)
        self._base, self._delta = end, 0
        self._size_check(position + 1)

    def _found(self, position: int, item: Item, start: str, end: str) -> None:
        ends = ends_of(self._items, position, {})
        if not ends:
            self._lines.append("return None")
            self._lines.append(f"{end} = 0")
            return
        (last,) = ends
        if last.known is None:
            self._lines.append(f"{end} = size")
            return
        is_last = item.said.length_type is LengthType.LAST_NEXT_PARAM
        name = self._named(f"d{position}", last.known)
        self._lines.append(f"{end} = data.{'rfind' if is_last else 'find'}({name}, {start})")
        self._fail_if(f"{end} < 0")
        if item.said.length_times > 1 and not is_last:
            name = self._named(f"next{position}", _nth(last.known, item.said.length_times - 1))
            self._lines.append(f"{end} = {name}(data, {end})")
            self._fail_if(f"{end} < 0")
        if last.between:
            self._lines.append(f"{end} -= {last.between}")
            self._fail_if(f"{end} < {start}")
        elif last.direct is not None:
            self._seen.add(last.direct)

    def _told(self, position: int, item: Item, start: str, end: str) -> None:
        number = item.said.length_id
        if number is None or number not in self._params:
            self._lines.extend(("return None", f"{end} = 0"))
            return
        before = [n for n, other in enumerate(self._items[:position]) if other.param.id == number]
        piece = "data[{}:{}]".format(*self._spans[before[-1]]) if before else "None"
        if before and is_plain(self._items[before[-1]]):
            order = "big" if self._items[before[-1]].said.endian is Endian.BIG else "little"
            self._lines.append(f"{end} = {start} + number({piece}, {order!r})")
            return
        name = self._named(f"told{position}", self._teller(number))
        self._lines.append(f"{end} = {name}({piece}, raw_of)")
        self._fail_if(f"{end} < 0")
        self._lines.append(f"{end} += {start}")

    def _teller(self, number: int) -> Callable[[bytes | None, RawOf], int]:
        params, encoding = self._params, self._encoding
        return lambda data, raw_of: told_length(params, raw_of, encoding, number)(data)


def is_plain(item: Item) -> bool:
    """Tell whether a param is a whole number, 0 or above, and nothing is done with it."""
    said = item.said
    return (
        item.constant is None
        and item.length in range(1, 5)
        and item.param.type is not ParamType.GROUP
        and said.raw_type is RawType.UNSIGNED_NUMBER
        and said.type is ValueType.DOUBLE
        and said.decimals >= 0
        and not converts(said)
    )


def _nth(known: bytes, times: int) -> Callable[[bytes, int], int]:
    """Return what goes on to a later occurrence."""
    step = max(1, len(known))

    def find(data: bytes, at: int) -> int:
        for _ in range(times):
            at = data.find(known, at + step)
            if at < 0:
                break
        return at

    return find
