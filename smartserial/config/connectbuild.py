"""From models to frozen settings: the calls of shares."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from smartserial.config.connect import CallLoginModel, ConnectModel
from smartserial.config.devices import LinesModel
from smartserial.config.source import Place, Source
from smartserial.files import UnreadableError, read_bounded
from smartserial.findings import Finding
from smartserial.lines import LineProfile, Lines
from smartserial.settings import (
    Address,
    CallLogin,
    ConnectSettings,
    Heartbeat,
    Keepalive,
    Mode,
    Secret,
    TelnetRole,
    TlsSettings,
    When,
)
from smartserial.sharing.access import Access

_MOST_PASSWORD = 256  # bytes


class ConnectBuilder:
    """Makes the settings of calls; what goes wrong on the way is in `findings`.

    Args:
        source: the configuration file, for places.
        path_of: makes a path absolute.
    """

    def __init__(self, source: Source, path_of: Callable[[str], Path]) -> None:
        self.findings: list[Finding] = []
        self._source = source
        self._path_of = path_of

    def connect(
        self, model: ConnectModel, place: Place, datagram: int, tls: TlsSettings | None
    ) -> ConnectSettings:
        """Return the settings of the calls of one share.

        Args:
            model: what the configuration says.
            place: of it.
            datagram: bytes that a datagram has at most.
            tls: the set that it names.
        """
        heartbeat, keepalive = model.heartbeat, model.keepalive
        return ConnectSettings(
            to=tuple(Address(*target) for target in model.to),
            mode=Mode(model.mode),
            telnet_role=TelnetRole(model.telnet_role),
            datagram=datagram if model.transport == "udp" else None,
            all=model.all,
            when=When(model.when),
            backoff=tuple(model.backoff),
            register=model.register_ or b"",
            heartbeat=None if heartbeat is None else Heartbeat(heartbeat.send, heartbeat.every),
            tls=tls,
            login=None if model.login is None else self._login(model.login, (*place, "login")),
            access=Access(model.access),
            nodelay=model.nodelay,
            keepalive=None if keepalive is None else Keepalive(**keepalive.model_dump()),
            idle_timeout=model.idle_timeout,
            lines=LineProfile(_lines(model.lines.open), _lines(model.lines.closed)),
        )

    def _login(self, model: CallLoginModel, place: Place) -> CallLogin:
        return CallLogin(model.user, Secret(self._password(model.password_file, (*place, "password_file"))))

    def _password(self, name: str, place: Place) -> str:
        """Return what is on the only line of a file; nothing of it stands in a finding."""
        path = self._path_of(name)
        try:
            text = read_bounded(path, _MOST_PASSWORD).decode()
            mode = path.stat().st_mode
        except (UnreadableError, OSError) as error:
            self._tell(place, "CF09", f"the file {path} cannot be used: {error}")
            return ""
        except UnicodeDecodeError:
            self._tell(place, "CF09", f"the file {path} cannot be used: expected utf-8")
            return ""
        password = text.removesuffix("\n").removesuffix("\r")
        if not password or not password.isprintable():
            self._tell(place, "CF09", f"expected one line with a password in {path}")
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            able = "read" if mode & stat.S_IROTH else "change"
            message = f"everybody on this machine can {able} {path}, and a password stands in it"
            self._tell(place, "CF16", message, f"chmod 600 {path}")
        return password

    def _tell(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self.findings.append(self._source.finding(place, code, message, hint=hint))


def _lines(lines: LinesModel) -> Lines:
    return Lines(lines.dtr, lines.rts, lines.brk)
