"""What an operator says of an element, and what that means: params, groups and commands by id or name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar
from typing import Protocol as Shape

from smartserial.definition.param import CONSTANT_TYPES, Param, ParamType
from smartserial.definition.values.display import parse_display
from smartserial.definition.values.value import NotAValueError
from smartserial.element.service import Element
from smartserial.element.work import Work
from smartserial.errors import SmartSerialError
from smartserial.findings import did_you_mean

_SET = (ParamType.WRITE, ParamType.WRITE_BIT)
_FIXED = CONSTANT_TYPES | {ParamType.LENGTH, ParamType.CRC, ParamType.BUS}  # made by the definition
_HIDDEN = CONSTANT_TYPES | {ParamType.LENGTH, ParamType.CRC, ParamType.RESPONSE, ParamType.DUMMY}


class OperatorError(SmartSerialError):
    """What an operator wants of an element cannot be done; the text says what was expected."""


class _Named(Shape):
    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def working(element: Element) -> Work:
    """Return the run of an element.

    Raises:
        OperatorError: it is stopped, or it failed.
    """
    if element.work is None:
        raise OperatorError(f"{element.settings.name} is {element.state.value}")
    return element.work


def _named(kind: str, known: Iterable[N], word: str) -> list[N]:
    """Return what is meant by an id or a name; several may have one name.

    Raises:
        OperatorError: there is none.
    """
    things = list(known)
    found = [one for one in things if str(one.id) == word] or [one for one in things if one.name == word]
    if not found:
        hint = did_you_mean(word, [one.name for one in things if one.name])
        raise OperatorError(f"there is no {kind} {word}{f' ({hint})' if hint else ''}")
    return found


def param_to_get(element: Element, word: str) -> Param:
    """Return the param of an id or a name; of a pair with one name that which is read.

    Raises:
        OperatorError: there is none.
    """
    found = _named("param", element.settings.definition.params, word)
    return next((one for one in found if one.type not in _SET), found[0])


def param_to_set(element: Element, word: str) -> Param:
    """Return the param of an id or a name; of a pair with one name that which is written.

    Raises:
        OperatorError: there is none.
    """
    found = _named("param", element.settings.definition.params, word)
    return next((one for one in found if one.type in _SET), found[0])


def params(element: Element, pattern: str = "") -> Iterator[Param]:
    """Yield the params whose id or name a pattern with ``*`` and ``?`` means; without one all for people."""
    for param in element.settings.definition.params:
        if pattern:
            if fnmatchcase(param.name, pattern) or str(param.id) == pattern:
                yield param
        elif param.type not in _HIDDEN:
            yield param


def reading(element: Element, param: Param) -> dict[str, Any]:
    """Return what a param holds, for people and programs.

    Raises:
        OperatorError: the element is stopped.
    """
    store = working(element).engine.store
    return {
        "id": param.id,
        "name": param.name,
        "value": store.value(param.id) if store.was_set(param.id) else None,
        "display": store.display(param.id),
        "raw": store.raw(param.id).hex(),
        "type": param.type.value,
    }


def set_param(element: Element, param: Param, text: str, user: str) -> None:
    """Set a param to what a text means: a word that is shown, or a value.

    Raises:
        OperatorError: it cannot be that, or the element does not run.
    """
    work = _running(element)
    if param.type in _FIXED:
        raise OperatorError(f"{param.name or param.id} is a param of type {param.type.value}: it is not set")
    try:
        value = parse_display(param, text)
        work.runner.call(partial(_setting, work, param.id, value, user))
    except NotAValueError as error:
        raise OperatorError(f"{param.name or param.id}: {error}") from error


def _setting(work: Work, param: int, value: Any, user: str, now: float) -> Any:
    return work.engine.set(param, value, now, user)


def _running(element: Element) -> Work:
    work = working(element)
    if work.paused:
        raise OperatorError(f"{element.settings.name} is paused")
    return work


def run(element: Element, words: list[str], user: str) -> str:
    """Run a group or a command: ``group X``, ``command X``, or X alone where that is enough.

    Returns:
        What was run, in words.

    Raises:
        OperatorError: there is none, X means several, or the element does not run.
    """
    work, definition = _running(element), element.settings.definition
    known: dict[str, tuple[Iterable[Any], Callable[[int, float, str], Any]]] = {
        "group": (definition.groups, work.engine.run_group),
        "command": (definition.commands, work.engine.run_command),
    }
    kinds = [words[0]] if words[0] in known and len(words) == 2 else list(known)
    found = []
    for kind in kinds:
        try:
            found += [(kind, one) for one in _named(kind, known[kind][0], words[-1])]
        except OperatorError:
            if len(kinds) == 1:
                raise
    if not found:
        raise OperatorError(f"there is no group and no command {words[-1]}")
    if len(found) > 1:
        meant = ", ".join(f"{kind} {one.id}" for kind, one in found)
        raise OperatorError(f"{words[-1]} may be {meant}: say which")
    kind, one = found[0]
    call = known[kind][1]
    work.runner.call(lambda now: call(one.id, now, user))
    return f"{kind} {one.id} {one.name}".rstrip()
