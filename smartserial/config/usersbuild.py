"""From files and models to who may log in, and how."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from smartserial.config.findings import FindingsError
from smartserial.config.models import ConfigModel
from smartserial.config.source import Place, Source, read_source
from smartserial.config.translate import validate
from smartserial.config.users import GroupModel, LoginModel, Secret, UsersFileModel, UsersModel
from smartserial.files import UnreadableError, read_bounded
from smartserial.findings import ERROR, WARNING, Finding, did_you_mean
from smartserial.passwords import WEAK, dearest, is_hash, is_weak, work
from smartserial.settings import GroupSettings, LoginSettings, UserSettings, UsersSettings
from smartserial.sharing.rights import ALL, GATEWAY, Grant, Right

_ANEW = "make it anew: `smartserial passwd`"
_MOST_SECRET = 1024  # bytes of a file that holds one hash
_RIGHTS = {"read": Right.READ, "write": Right.WRITE, "control": Right.CONTROL, "admin": ALL}


class LoginBuilder:
    """Makes the settings of logins; what goes wrong on the way is in `findings`.

    Args:
        source: the configuration file, for places.
        path_of: makes a path absolute.
    """

    def __init__(self, source: Source, path_of: Callable[[str], Path]) -> None:
        self.findings: list[Finding] = []
        self._source = source
        self._path_of = path_of

    # ---- who there is

    def users(self, config: ConfigModel) -> UsersSettings:
        """Return who there is; nobody, if the file cannot be used."""
        if config.users is None:
            return UsersSettings()
        path = self._path_of(config.users.file)
        settings = self._read(path, config.users)
        if settings is None:
            return UsersSettings()
        known = {group.name for group in settings.groups}
        self.findings += [found for place in _groups_of(config) for found in self._unknown(place, known)]
        return settings

    def _read(self, path: Path, users: UsersModel) -> UsersSettings | None:
        place: Place = ("users", "file")
        try:
            source = read_source(path)
            model, findings = validate(UsersFileModel, source)
        except FindingsError as error:
            model, findings = None, list(error.findings)
        if model is None:
            whole = [finding.message for finding in findings if not finding.line]  # it cannot be read at all
            self._tell(place, ": ".join((f"the users file {path} cannot be used", *whole)))
            self.findings += [finding for finding in findings if finding.line]
            return None
        self.findings += self._exposed(place, path)
        self.findings += _wrong_groups(model, source)
        self.findings += _cheap(model, source)
        self.findings += self._idle_rights(model, source)
        return UsersSettings(
            tuple(
                UserSettings(name, user.password or "", tuple(user.groups), tuple(user.keys))
                for name, user in model.users.items()
            ),
            tuple(GroupSettings(name, _grants(group)) for name, group in model.groups.items()),
            tuple(map(self._checker, users.checkers)),
        )

    def _idle_rights(self, model: UsersFileModel, source: Source) -> Iterator[Finding]:
        """Yield the patterns that no share and no element has a name for."""
        sections = (self._source.written((section,)) for section in ("shares", "elements"))
        names = [name for section in sections if isinstance(section, dict) for name in section]
        for group, said in model.groups.items():
            for pattern in said.rights:
                if not any(Grant(pattern, ALL).fits(name) for name in (GATEWAY, *names)):
                    message = f"no share and no element is called {pattern}"
                    place = ("groups", group, "rights", pattern)
                    hint = did_you_mean(pattern, names)
                    yield source.finding(place, "CF14", message, severity=WARNING, hint=hint, at_key=True)

    def _checker(self, text: str) -> str:
        """Return what names a checker, with a path that means the same from any folder."""
        kind, colon, path = text.partition(":")
        return f"{kind}:{self._path_of(path)}" if kind == "file" and colon and path else text

    def _unknown(self, place: Place, known: set[str]) -> Iterator[Finding]:
        """Yield the groups at a place that there are not."""
        written = self._source.written(place)
        for n, group in enumerate(written if isinstance(written, list) else ()):
            if isinstance(group, str) and group not in known:
                hint = did_you_mean(group, known) or f"known: {', '.join(sorted(known)) or 'none'}"
                yield self._source.finding((*place, n), "CF14", f"there is no group {group}", hint=hint)

    # ---- how they come in

    def login(self, *said: tuple[Place, LoginModel]) -> LoginSettings | None:
        """Return how those prove who they are who come in; None: they need not.

        Args:
            said: the places that may say it, with what they say; the first that says anything counts.
        """
        place, model = next((one for one in said if one[1].login_said), said[-1])
        if not model.login_wanted:
            return None
        if model.password is None:
            return LoginSettings(groups=frozenset(model.groups))
        return LoginSettings(self._secret((*place, "password"), model.password))

    def _secret(self, place: Place, secret: Secret) -> str:
        if secret.hash:
            self._weak(place, secret.hash)
            return secret.hash
        path = self._path_of(secret.file)
        try:
            text = read_bounded(path, _MOST_SECRET).decode("utf-8", "replace").strip()
        except UnreadableError as error:
            self._tell(place, f"the file {path} cannot be used: {error}")
            return "-"
        if not is_hash(text):
            self._tell(place, f"expected one hash in {path}, as `smartserial passwd` makes it")
            return "-"
        self.findings += [one for one in self._exposed(place, path) if one not in self.findings]
        self._weak(place, text)
        return text

    def _weak(self, place: Place, text: str) -> None:
        if is_weak(text):
            message = f"the hash costs less than ln={WEAK}: who has it guesses the password soon"
            self._add(self._source.finding(place, "CF16", message, severity=WARNING, hint=_ANEW))

    def _tell(self, place: Place, message: str) -> None:
        self._add(self._source.finding(place, "CF09", message, severity=ERROR))

    def _add(self, found: Finding) -> None:
        if found not in self.findings:  # the password of a share is that of several listeners
            self.findings.append(found)

    def _exposed(self, place: Place, path: Path) -> Iterator[Finding]:
        """Yield the warning about a file that everybody on this machine can read, or change."""
        mode = path.stat().st_mode
        able = [word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "change")) if mode & bit]
        if able:
            message = f"everybody on this machine can {' and '.join(able)} {path}"
            yield self._source.finding(place, "CF16", message, severity=WARNING, hint=f"chmod 600 {path}")


def _groups_of(config: ConfigModel) -> Iterator[Place]:
    """Yield where groups of users are named."""
    yield ("console", "groups")
    for section, holders in (("shares", config.shares), ("pools", config.pools)):
        for name, holder in holders.items():
            yield (section, name, "groups")
            yield from ((section, name, "listen", n, "groups") for n in range(len(holder.listen)))


def _wrong_groups(model: UsersFileModel, source: Source) -> Iterator[Finding]:
    """Yield the groups that users are in, but that are not there."""
    for name, user in model.users.items():
        for n, group in enumerate(user.groups):
            if group not in model.groups:
                known = ", ".join(model.groups) or "none"
                hint = did_you_mean(group, model.groups) or f"known: {known}"
                yield source.finding(
                    ("users", name, "groups", n), "CF14", f"there is no group {group}", hint=hint
                )


def _cheap(model: UsersFileModel, source: Source) -> Iterator[Finding]:
    """Yield the hashes that are guessed fast, and those that are guessed faster than others."""
    hashes = {name: user.password for name, user in model.users.items() if user.password}
    most = work(dearest(hashes.values()))
    for name, text in hashes.items():
        weak = is_weak(text)
        if weak or work(text) < most:
            than = f"ln={WEAK}" if weak else "that of others here"
            message = f"the hash costs less than {than}: who has this file guesses the password sooner"
            place = ("users", name, "password")
            yield source.finding(place, "CF16", message, severity=WARNING, hint=_ANEW)


def _grants(group: GroupModel) -> tuple[Grant, ...]:
    grants = []
    for pattern, words in group.rights.items():
        rights = Right.NONE
        for word in words:
            rights |= _RIGHTS[word]
        grants.append(Grant(pattern, rights))
    return tuple(grants)
