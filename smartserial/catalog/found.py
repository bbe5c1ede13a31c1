"""What a catalog gives: a device protocol that is not loaded yet, and what is wrong with others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from smartserial.definition.check import WrongDefinitionError
from smartserial.definition.protocol import Protocol
from smartserial.errors import DefinitionError
from smartserial.findings import ERROR, WARNING, Explanation, Finding
from smartserial.plugin.reaction import Reaction
from smartserial.printable import printable

_NOTHING: Mapping[str, object] = MappingProxyType({})

PROBLEMS = (
    Explanation(
        "PL01",
        ERROR,
        "a device protocol in Python cannot be used",
        "mend the plugin: the message names its file and line",
    ),
    Explanation(
        "PL02",
        WARNING,
        "a method of a device protocol in Python waits for what its definition does not have",
        "give the id of a response, a param or a QAction of the definition to the decorator, or the object",
    ),
)
"""What is wrong with plugins, beside their definitions."""


class PluginError(DefinitionError):
    """A plugin that cannot be used; the text says why, and where in it."""


class Source(Enum):
    """Where a protocol comes from; what stands first is taken first."""

    PATH = "path"
    FOLDER = "folder"
    ENTRY_POINT = "entry point"
    ZOPE = "zope plugin"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Judged:
    """A protocol with all that is wrong with it; `protocol` is None if it cannot be used."""

    protocol: Protocol | None
    findings: tuple[Finding, ...] = ()
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A protocol that can be run: its definition, and the reactions of one element."""

    protocol: Protocol
    reactions: tuple[Reaction, ...] = ()


Judge = Callable[[str, Mapping[str, object]], Judged]
"""Reads a protocol; findings call it by the text, the mapping has options as operators gave them.

Raises:
    OptionError: an option does not fit.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A protocol that somebody may load.

    Args:
        name: as operators call it.
        version: four numbers.
        source: what kind of place it comes from.
        where: that place: a path, or a module.
        description: one line for people.
        judge: reads it, and judges it.
    """

    name: str
    version: str
    source: Source
    where: str
    description: str = ""
    judge: Judge = field(repr=False, compare=False, kw_only=True)

    @property
    def full_name(self) -> str:
        """The name and the version, as in ``acme-weather-mast@1.0.0.1``."""
        return f"{self.name}@{self.version}"

    def load(self, options: Mapping[str, object] = _NOTHING) -> Loaded:
        """Return the protocol with new reactions.

        Args:
            options: values or texts by name.

        Raises:
            WrongDefinitionError: it has errors, or its plugin has.
            OptionError: an option does not fit, or there is no such option.
        """
        judged = self.judge(self.full_name, options)
        if judged.protocol is None:
            raise WrongDefinitionError(one for one in judged.findings if one.severity == ERROR)
        return Loaded(judged.protocol, judged.reactions)


@dataclass(frozen=True, slots=True)
class Broken:
    """A place whose protocol cannot be used, or is never taken.

    Args:
        where: the place.
        text: why, in a line.
        name: of the protocol, if that much is known.
    """

    where: str
    text: str
    name: str = ""

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.text}")
