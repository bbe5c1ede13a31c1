"""The base class of device protocols that are written in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, cast

from smartserial.definition.protocol import Protocol
from smartserial.plugin.naming import naming_problem
from smartserial.plugin.options import Option, OptionError, read_options
from smartserial.plugin.reaction import Mark, Moment, Reaction, marks_of, period_problem
from smartserial.plugin.wishes import Steps

_NOTHING: Mapping[str, object] = MappingProxyType({})
_OWN = {"name", "version", "options", "definition", "reactions", "description"}


class DeviceProtocol:
    """A device protocol: `IDeviceProtocol`, made of a class body.

    Methods that are marked by `after`, `on_change`, `every` and `qaction` are its reactions. Each element
    has an instance of its own, with the values of the options as attributes; what a method keeps in
    ``self`` is that element's alone.

    Attributes:
        name: lower-case words with hyphens.
        version: four numbers.
        definition: a `Protocol`; a method if it depends on options, with their values as a mapping.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    definition: ClassVar[Protocol | Callable[..., Protocol]]

    def __init_subclass__(cls, **more: object) -> None:
        super().__init_subclass__(**more)
        if wrong := {name for name, one in vars(cls).items() if isinstance(one, Option) and name in _OWN}:
            raise TypeError(f"{cls.__qualname__}: {', '.join(sorted(wrong))} cannot be an option")
        made = vars(cls).get("definition")
        if isinstance(made, Protocol):
            cls.definition = _gives(made)
        elif made is not None and not callable(made):
            raise TypeError(f"{cls.__qualname__}: expected a Protocol as definition, found {made!r:.60}")
        name, version = getattr(cls, "name", None), getattr(cls, "version", None)
        if "name" in vars(cls) and (problem := naming_problem(name, version)):
            raise TypeError(f"{cls.__qualname__}: {problem}")

    @property
    def options(self) -> Mapping[str, Option[object]]:
        """The options of the class body, by name."""
        found = {name: one for name, one in _members(type(self)) if isinstance(one, Option)}
        return MappingProxyType(found)

    def reactions(self, options: Mapping[str, object] = _NOTHING) -> tuple[Reaction, ...]:
        """Return the reactions of one element, which are bound to a new instance.

        Raises:
            OptionError: a value does not fit, or is of no option.
        """
        one = object.__new__(type(self))
        vars(one).update(vars(self))
        vars(one).update(read_options(self.options, options))
        plugin = f"{self.name}@{self.version}"
        return tuple(
            Reaction(
                plugin,
                f"{type(self).__qualname__}.{name}",
                mark.moment,
                cast("Callable[..., Steps | None]", getattr(one, name)),
                mark.which,
                _period(mark, one),
            )
            for name, function in _members(type(self))
            for mark in marks_of(function)
        )


def _gives(protocol: Protocol) -> Callable[..., Protocol]:
    def definition(self: object, options: Mapping[str, object] = _NOTHING) -> Protocol:
        """Return the definition; options change nothing in it."""
        return protocol

    return definition


def _members(cls: type) -> Iterator[tuple[str, object]]:
    """Yield what classes define, those of the base first; what is defined anew stands in its old place."""
    found: dict[str, object] = {}
    for one in reversed(cls.__mro__):
        found.update(vars(one))
    yield from found.items()


def _period(mark: Mark, instance: DeviceProtocol) -> float:
    if mark.moment is not Moment.EVERY:
        return 0.0
    period = mark.period
    if isinstance(period, Option):
        name = f"option {period.name}"
        seconds = cast(float, getattr(instance, period.name))
    else:
        name, seconds = "every", period
    if problem := period_problem(seconds):
        raise OptionError(f"{name}: {problem}")
    return float(seconds)
