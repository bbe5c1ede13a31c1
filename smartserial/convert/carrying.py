"""The options and the timeout of a connection of ser2net: which are in force, and what carries them over."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from smartserial.convert.form import Mapping
from smartserial.convert.making import Making
from smartserial.convert.options import OPTIONS
from smartserial.convert.remarks import named
from smartserial.convert.ser2net import Defaults, Option

_LONGEST = 3650 * 86400  # seconds
_ALL = tuple(OPTIONS)


def options_of(own: Iterable[Option], defaults: Defaults, names: Collection[str] = _ALL) -> list[Option]:
    """Return the options that are in force, defaults that are not overridden first.

    Args:
        own: those that are said in the place itself.
        defaults: that were in force there.
        names: options that have defaults there.
    """
    said = [*own]
    overridden = {option.name for option in said}
    inherited = [
        Option(name, defaults[key].text, defaults[key].place)
        for name in names
        if name not in overridden
        and (key := ("ser2net", name) if ("ser2net", name) in defaults else ("", name)) in defaults
    ]
    return [*inherited, *said]


def carry(making: Making, options: Iterable[Option], names: Collection[str] = _ALL) -> None:
    """Write options into a share, with a remark for each that cannot be.

    Args:
        making: the share.
        options: in their order.
        names: those that ser2net knows there.
    """
    for option in options:
        if option.name in names:
            OPTIONS[option.name](making, option)
        else:
            making.lost(
                option.place, f"option {named(option.name)}", "ser2net does not know it", "look at its name"
            )


def time_out(making: Making, listener: Mapping) -> None:
    """Write the timeout of a connection into a listener; over UDP a place is not kept for ever."""
    seconds = making.connection.timeout
    if seconds:
        listener["idle_timeout"] = f"{min(seconds, _LONGEST)}s"
    elif listener.get("transport") == "udp":
        listener["idle_timeout"] = "365d"
        making.note(
            making.connection.place,
            "timeout",
            "it is not said, so a client over UDP keeps its place for a year of silence",
            "set idle_timeout to what is enough",
        )
