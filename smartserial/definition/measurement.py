"""What people see of a param."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.definition.place import Place, placed


@dataclass(frozen=True, slots=True)
class Discreet:
    """One choice: a value and what people see; `dependency_values` say for which other values it is there."""

    value: str
    display: str
    dependency_values: tuple[str, ...] = ()
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a param is shown; `type` is the word of the definition, as ``discreet`` or ``number``."""

    type: str = ""
    discreets: tuple[Discreet, ...] = ()
    dependency_id: int | None = None
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Display:
    """What a console shows.

    Args:
        rt_display: the param is meant for people.
        units: as in ``dBm``.
        decimals: how many are shown; None shows what there is.
        low: the least that is meaningful, or that may be entered.
        high: the most.
    """

    rt_display: bool = False
    units: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    place: Place = placed()
