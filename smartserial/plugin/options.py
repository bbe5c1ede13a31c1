"""Options: what an operator may say about a device protocol, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from math import isfinite
from types import MappingProxyType
from typing import Generic, TypeVar, cast, overload

from smartserial.errors import ConfigError
from smartserial.findings import did_you_mean

T = TypeVar("T")


class OptionError(ConfigError):
    """An option that there is not, or a value that it cannot have."""


def _bool(text: str) -> bool:
    found = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return found[text.strip().lower()]


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


_PARSERS: Mapping[object, tuple[Callable[[str], object], str]] = MappingProxyType(
    {
        bool: (_bool, "true or false"),
        int: (int, "a whole number"),
        float: (_float, "a number"),
        str: (str, "a text"),
    }
)


class Option(Generic[T]):
    """One option. In a class body it stands for its value: ``self.limit`` is what the operator said.

    Args:
        default: the value if nothing is said.
        type: makes the value of a text, and raises a ValueError that says what it expected; bool, int,
            float, str and Enum classes are known, and texts are theirs as operators write them.
        help: what it is for, in a line.
    """

    def __init__(self, default: T, type: Callable[[str], T], help: str = "") -> None:
        self.default = default
        self.type = type
        self.help = help
        self.name = ""
        """As the class body calls it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Option[T] | T:
        return self if instance is None else self.default

    def read(self, name: str, given: object) -> T:
        """Return the value that somebody gave: a text is parsed, so are numbers of another type.

        Raises:
            OptionError: it does not fit.
        """
        kind: object = self.type
        if isinstance(kind, type) and kind is not float and type(given) is kind:
            return cast(T, given)
        if not isinstance(given, str | int | float):
            raise OptionError(f"option {name}: expected {self.wanted}, found {given!r:.60}")
        try:
            return self.parse(given if isinstance(given, str) else str(given))
        except (ValueError, KeyError) as error:
            said = "" if kind in _PARSERS or _choices(kind) else f" ({error})"
            raise OptionError(f"option {name}: expected {self.wanted}, found {given!r:.60}{said}") from error

    def parse(self, text: str) -> T:
        """Return the value that a text means.

        Raises:
            ValueError, KeyError: it means none.
        """
        kind: object = self.type
        known = _PARSERS.get(kind)
        if known is not None:
            return cast(T, known[0](text))
        choices = _choices(kind)
        return cast(T, choices[text.strip()]) if choices else self.type(text)

    @property
    def wanted(self) -> str:
        """What its values are, in words."""
        kind: object = self.type
        known = _PARSERS.get(kind)
        if known is not None:
            return known[1]
        choices = _choices(kind)
        return f"one of {', '.join(choices)}" if choices else "a value that fits"


def _choices(kind: object) -> dict[str, Enum]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {str(member.value): member for member in kind}
    return {}


def option(default: T, type: Callable[[str], T] | None = None, help: str = "") -> Option[T]:
    """Return an option; its type is that of the default if nothing else is said."""
    return Option(default, default.__class__ if type is None else type, help)


class Values(dict[str, object]):
    """Values of all options, as `read_options` gives them: they are not read again."""


def read_options(options: Mapping[str, Option[object]], given: Mapping[str, object]) -> Values:
    """Return the values of all options: those that were given, else the defaults, which are values already.

    Raises:
        OptionError: a value does not fit, or is of no option.
    """
    if isinstance(given, Values) and given.keys() == options.keys():
        return given
    for name in given:
        if name not in options:
            known = f"there are {', '.join(options)}" if options else "there are none"
            hint = did_you_mean(name, options)
            raise OptionError(f"there is no option {name!r:.60}: {hint or known}")
    return Values(
        (name, one.read(name, given[name]) if name in given else one.default) for name, one in options.items()
    )
