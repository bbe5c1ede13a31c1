"""The device protocols that a configuration names: found, read and judged."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartserial.catalog import Catalog, Found, Judged, Source, UnknownProtocolError
from smartserial.catalog.texts import judged_file
from smartserial.config.source import Place
from smartserial.config.source import Source as ConfigSource
from smartserial.definition.check import WrongDefinitionError, unreadable
from smartserial.definition.protocol import Protocol
from smartserial.errors import ConfigError, DefinitionError
from smartserial.findings import ERROR, Finding
from smartserial.plugin.options import OptionError
from smartserial.plugin.reaction import Reaction

Judge = Callable[[str, Mapping[str, object]], Judged]


@dataclass(frozen=True, slots=True)
class Known:
    """A device protocol that an element may run.

    Args:
        definition: what it says.
        in_python: it is a plugin.
        reactions: makes its Python anew; None: it has none.
    """

    definition: Protocol
    in_python: bool = False
    reactions: Callable[[], Sequence[Reaction]] | None = None


def is_path(name: str) -> bool:
    """Tell a path from a name, by a slash or its ending."""
    return os.sep in name or Path(name).suffix.lower() in (".xml", ".py")


class Protocols:
    """Finds device protocols; what goes wrong is in `findings`.

    Args:
        source: the configuration file, for places.
        folder: relative paths begin here.
        paths: folders and files with device protocols, as they are written.
    """

    def __init__(self, source: ConfigSource, folder: Path, paths: Sequence[str]) -> None:
        self.findings: list[Finding] = []
        self._source = source
        self._folder = folder
        self._catalog = Catalog([self._path(path) for path in paths])
        self._found: dict[str, tuple[Judge, str, bool]] = {}
        self._read: dict[str, Judged] = {}
        self._told: set[Finding] = set()
        for n, path in enumerate(paths):
            if not _is_there(self._path(path)):
                message = f"there is no {self._path(path)}"
                self.findings.append(source.finding(("protocol_paths", n), "CF09", message))

    def _path(self, name: str) -> Path:
        return Path(os.path.normpath(self._folder / name))

    def of(self, place: Place, name: str, options: Mapping[str, object]) -> Known | None:
        """Return the device protocol of an element; None if it cannot be used.

        Args:
            place: of the element.
            name: as the operator wrote it.
            options: of the device protocol.
        """
        try:
            judge, shown, in_python = self._judge_of(name)
        except (ConfigError, DefinitionError, OSError) as error:
            unknown = isinstance(error, UnknownProtocolError)
            message = str(error) if unknown else f"the device protocol {name} cannot be used: {error}"
            self.findings.append(self._source.finding((*place, "protocol"), "CF10", message))
            return None
        try:
            judged = self._judged(judge, shown, options, in_python)
        except OptionError as error:
            wrong = self._wrong_options(place, judge, shown, options, str(error))
            rest = {name: value for name, value in options.items() if name not in wrong}
            return self.of(place, name, rest) if wrong else None
        if judged.protocol is None:
            self._unusable((*place, "protocol"), name, judged)
            return None
        if not in_python:
            return Known(judged.protocol)
        return Known(judged.protocol, True, _reactions(judge, shown, dict(options)))

    def _judge_of(self, name: str) -> tuple[Judge, str, bool]:
        """Return what judges a protocol, its name in findings, and whether it is a plugin.

        Raises:
            ConfigError: it is not found.
            DefinitionError: it is broken.
        """
        if name not in self._found:
            path = self._path(name)
            if is_path(name) and path.suffix.lower() != ".py":
                self._found[name] = (_reads(path), str(path), False)
            else:
                found = self._catalog.find(str(path) if is_path(name) else name)
                self._found[name] = (found.judge, _shown(found), _in_python(found))
        return self._found[name]

    def _judged(self, judge: Judge, shown: str, options: Mapping[str, object], in_python: bool) -> Judged:
        """Judge a protocol; of several elements a file is read once."""
        if in_python or options:
            return judge(shown, options)
        if shown not in self._read:
            self._read[shown] = judge(shown, options)
        return self._read[shown]

    def _wrong_options(
        self, place: Place, judge: Judge, shown: str, options: Mapping[str, object], text: str
    ) -> set[str]:
        """Tell which options are wrong, and return them: each that is so by itself, else that they are."""
        wrong = set()
        for name, value in options.items():
            try:
                judge(shown, {name: value})
            except OptionError as error:
                self.findings.append(self._source.finding((*place, "options", name), "CF11", str(error)))
                wrong.add(name)
        if not wrong:
            self.findings.append(self._source.finding((*place, "options"), "CF11", text))
        return wrong

    def _unusable(self, place: Place, name: str, judged: Judged) -> None:
        """Tell that a definition is wrong, and what is wrong with it, the latter once."""
        errors = [one for one in judged.findings if one.severity == ERROR]
        what = f"{len(errors)} errors" if len(errors) > 1 else "an error"
        message = f"the device protocol {name} cannot be used: it has {what}"
        self.findings.append(self._source.finding(place, "CF10", message))
        self.findings += [one for one in errors if one not in self._told]
        self._told.update(errors)


def _reads(path: Path) -> Judge:
    def judge(shown: str, options: Mapping[str, object]) -> Judged:
        try:
            return judged_file(path, shown, options)
        except OSError as error:  # a name that is too long, say
            return Judged(None, (unreadable(shown, "XM11", error.strerror or str(error)),))

    return judge


def _reactions(judge: Judge, shown: str, options: Mapping[str, object]) -> Callable[[], Sequence[Reaction]]:
    def reactions() -> Sequence[Reaction]:
        judged = judge(shown, options)
        if judged.protocol is None:
            raise WrongDefinitionError(one for one in judged.findings if one.severity == ERROR)
        return judged.reactions

    return reactions


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _shown(found: Found) -> str:
    return found.full_name if _in_python(found) else found.where


def _in_python(found: Found) -> bool:
    in_code = (Source.ENTRY_POINT, Source.ZOPE)
    return found.source in in_code or Path(found.where).suffix.lower() == ".py"
