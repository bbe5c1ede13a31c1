"""The whole gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smartserial.settings.elements import ElementSettings
from smartserial.settings.network import Address
from smartserial.settings.shares import ShareSettings


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The doors to the console: see `console.doors`.

    Args:
        default: whether there is a socket at the usual place, if it can be had.
        unix: the path of a socket that must be had.
        telnet: an address.
        insecure: whether more than looking is allowed by telnet.
    """

    default: bool = True
    unix: Path | None = None
    telnet: Address | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Everything that one gateway serves.

    Args:
        shares: with names of their own.
        console: the doors to it.
        elements: with names that neither another one nor a share has.
        state: the file of saved params; None: they are forgotten with the process.
        protocol_paths: folders and files of device protocols, beside those that are installed.
    """

    shares: tuple[ShareSettings, ...] = ()
    console: ConsoleSettings = ConsoleSettings()
    elements: tuple[ElementSettings, ...] = ()
    state: Path | None = None
    protocol_paths: tuple[Path, ...] = ()
