"""Reading YAML 1.2 into plain values, with the place of each."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarint import ScalarInt

from smartserial.config.discreet import HIDDEN, discreet, discreet_key, discreet_problem
from smartserial.config.findings import FindingsError
from smartserial.files import UnreadableError, read_bounded
from smartserial.findings import ERROR, Finding

MOST_BYTES = 512 * 1024
_MOST_VALUES = 50_000  # aliases may stand for many more values than the file has characters

_DEEPEST = 50  # values in values
_DEEPEST_BRACKETS = 200  # the YAML library takes seconds for thousands
_BRACKETS = re.compile(rb"[\[\]{}]")

Place = tuple[str | int, ...]


@dataclass(slots=True)
class Source:
    """A file's values, and the line and column of each key and value, counted from 1.

    `path` is that of the file, if it is one; relative paths in it begin at `folder`, which `judge` knows.
    """

    name: str
    values: Any = None
    keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    places: dict[Place, tuple[int, int]] = field(default_factory=dict)
    path: Path | None = None
    folder: Path = Path()

    def written(self, place: Place) -> Any:
        """Return what is written at `place`, as it is; None if nothing is."""
        value = self.values
        for part in place:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def has(self, place: Place) -> bool:
        """Tell whether something is written at `place`, right or wrong."""
        mapping = self.written(place[:-1])
        return isinstance(mapping, dict) and place[-1] in mapping

    def finding(
        self,
        place: Place,
        code: str,
        message: str,
        *,
        hint: str = "",
        severity: str = ERROR,
        at_key: bool = False,
        hidden: bool = False,
    ) -> Finding:
        """Return a finding about the value at `place`, or about its key, which may be `hidden`.

        It shows no piece of a hash.
        """
        line, column = (0, 0) if not self.places else (1, 1)
        if at_key and place in self.keys:
            line, column = self.keys[place]
        else:
            known = (place[:length] for length in range(len(place), -1, -1) if place[:length] in self.places)
            line, column = self.places.get(next(known, ()), (line, column))
        path = path_text((*place[:-1], HIDDEN) if hidden else place)
        return Finding(self.name, line, column, path, code, severity, discreet(message), discreet(hint))


def path_text(place: Place) -> str:
    """Write a place as in ``shares.plc.listen[0].port``; a key that may be a piece of a hash is not shown."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{discreet_key(part)}" if text else discreet_key(part)
    return text


def read_source(path: Path, shown: str = "") -> Source:
    """Read a file; findings call it by its path, or as `shown`.

    Raises:
        FindingsError: it cannot be read, is too large, or is not YAML.
    """
    try:
        data = read_bounded(path, MOST_BYTES)
    except UnreadableError as error:
        raise _unreadable(shown or str(path), 0, 0, str(error)) from error
    source = parse_source(shown or str(path), data)
    source.path = path.absolute()
    return source


def parse_source(name: str, data: bytes) -> Source:
    """Read YAML from `data`; see `read_source`."""
    if _depth(data) > _DEEPEST_BRACKETS:
        raise _unreadable(name, 1, 1, "nested too deeply")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor that is used again is the author's business
            tree = YAML(typ="rt", pure=True).load(data.decode("utf-8-sig"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = (error.problem or error.context or "not YAML").partition(" with value")[0]
        if problem.startswith("but ") and error.context:
            problem = f"{error.context}, {problem}"
        raise _unreadable(name, line, column, discreet_problem(problem)) from error
    except RecursionError as error:
        raise _unreadable(name, 1, 1, "nested too deeply") from error
    except YAMLError as error:
        raise _unreadable(name, 1, 1, f"not YAML: {error}".partition("\n")[0]) from error
    except UnicodeDecodeError as error:
        raise _unreadable(name, 1, 1, f"expected utf-8, found another byte at {error.start}") from error
    except Exception as error:  # the YAML library raises many kinds on odd values
        raise _unreadable(name, 1, 1, "a value that cannot be read") from error
    source = Source(name)
    source.places[()] = (1, 1)
    source.values = _Plain(source).value(tree, ())
    return source


def _depth(data: bytes) -> int:
    """Return how deep brackets stand in brackets, as far as that can be told without reading YAML."""
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(data):
        depth += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


class _Plain:
    """Turns the library's values into plain ones, and notes their places."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._count = 0

    def value(self, node: Any, place: Place) -> Any:
        self._count += 1
        if self._count > _MOST_VALUES or len(place) > _DEEPEST:
            line, column = self._source.places.get(place[:1], (1, 1))
            raise _unreadable(self._source.name, line, column, "too many values, or nested too deeply")
        if isinstance(node, CommentedMap):
            return self._mapping(node, place)
        if isinstance(node, CommentedSeq):
            return [self._element(node, n, value, (*place, n)) for n, value in enumerate(node)]
        for kind in (bool, int, float, str):
            if isinstance(node, kind):
                return kind(node)
        return None if node is None else str(node)

    def _mapping(self, node: CommentedMap, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.items():
            name = str(key)
            line, column, *_ = (node.lc.data or {}).get(key, (0, 0))
            if not _is_key(key):
                raise _unreadable(self._source.name, line + 1, column + 1, "expected a text as a key")
            if name in values:
                raise _unreadable(self._source.name, line + 1, column + 1, f"duplicate key {name!r}")
            values[name] = self._item(node, key, value, (*place, name))
        return values

    def _item(self, node: CommentedMap, key: Any, value: Any, place: Place) -> Any:
        data = (node.lc.data or {}).get(key)  # absent for what was merged in with <<
        if data is not None:
            self._source.keys[place] = (data[0] + 1, data[1] + 1)
            absent = value is None and data[2] != data[0]  # what is not there has its key's place
            where = data[0:2] if absent else data[2:4]
            self._source.places[place] = (where[0] + 1, where[1] + 1)
        return self.value(value, place)

    def _element(self, node: CommentedSeq, index: int, value: Any, place: Place) -> Any:
        data = (node.lc.data or {}).get(index)
        if data is not None:
            self._source.places[place] = (data[0] + 1, data[1] + 1)
        return self.value(value, place)


def _is_key(key: Any) -> bool:
    """Tell whether a key is a text, or an integer that is written as it is shown: not 0x10, 00 or 1_0.

    Of 0 the library makes a kind of its own, as it does of the others.
    """
    if type(key) is ScalarInt and key == 0:
        return (getattr(key, "_width", None) or 1) == 1 and not getattr(key, "_underscore", None)
    return isinstance(key, str) or type(key) is int


def _unreadable(name: str, line: int, column: int, message: str) -> FindingsError:
    return FindingsError([Finding(name, line, column, "", "CF01", ERROR, message)])
