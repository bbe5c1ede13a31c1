"""The whole gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smartserial.settings.elements import ElementSettings
from smartserial.settings.network import Address, TlsSettings
from smartserial.settings.pools import PoolSettings
from smartserial.settings.records import RecordFile
from smartserial.settings.shares import ShareSettings
from smartserial.settings.users import LoginSettings, UsersSettings


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The doors to the console: see `console.doors`.

    Args:
        default: whether there is a socket at the usual place, if it can be had.
        unix: the path of a socket that must be had.
        telnet: an address.
        insecure: whether more than looking is allowed by telnet.
        tls: of the telnet door; None: no encryption.
        login: of the telnet door; None: nobody has to say who they are.
        ssh: an address; None: there is no such door.
        host_key: the file with the private key of the SSH door; None: at the usual place.
    """

    default: bool = True
    unix: Path | None = None
    telnet: Address | None = None
    insecure: bool = False
    tls: TlsSettings | None = None
    login: LoginSettings | None = None
    ssh: Address | None = None
    host_key: Path | None = None


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Everything that one gateway serves.

    Args:
        shares: with names of their own.
        console: the doors to it.
        elements: with names that neither another one nor a share has.
        state: the file of saved params; None: they are forgotten with the process.
        protocol_paths: folders and files of device protocols, beside those that are installed.
        users: who may log in.
        audit: where is written who did what; None: nowhere.
        pools: with names that neither another one nor a share or an element has.
    """

    shares: tuple[ShareSettings, ...] = ()
    console: ConsoleSettings = ConsoleSettings()
    elements: tuple[ElementSettings, ...] = ()
    state: Path | None = None
    protocol_paths: tuple[Path, ...] = ()
    users: UsersSettings = UsersSettings()
    audit: RecordFile | None = None
    pools: tuple[PoolSettings, ...] = ()
