"""The catalog itself: all places, in the order in which they are asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from smartserial.catalog.found import Broken, Found, PluginError, Source
from smartserial.catalog.texts import found_file, name_of_file
from smartserial.catalog.trust import distrusted
from smartserial.errors import ConfigError, DefinitionError
from smartserial.findings import did_you_mean
from smartserial.plugin.naming import NAME, VERSION, version_key

GROUP = "smartserial.protocols"
"""The group of entry points, and the package whose folders have zope plugins."""
Entry = Found | Broken


class UnknownProtocolError(ConfigError):
    """There is no device protocol of this name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All that there is.

    Args:
        protocols: in the order in which they are taken, those of one place by name and version.
        problems: what cannot be used, and what is never taken because of one before it.
    """

    protocols: tuple[Found, ...]
    problems: tuple[Broken, ...]


def bundled_folder() -> Path:
    """Return where the definitions are that come with the package."""
    return Path(str(resources.files("smartserial.protocols")))


def is_path(name: str) -> bool:
    """Tell a path from a name: by a slash or an ending, or because there is such a file."""
    path = Path(name)
    if os.sep in name or path.suffix.lower() in (".xml", ".py"):
        return True
    return path.exists() and not path.is_dir()


def split_name(name: str) -> tuple[str, str]:
    """Return the name and the version that a text says; two empty texts if it is no name."""
    plain, at, version = name.partition("@")
    fits = NAME.fullmatch(plain) and (VERSION.fullmatch(version) or not at)
    return (plain, version) if fits else ("", "")


class Catalog:
    """Finds device protocols.

    Args:
        paths: folders with ``*.xml`` files, hidden ones left out, and such files; the first one is asked
            first.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._paths = tuple(paths)

    def find(self, name: str) -> Found:
        """Return a protocol by its name, its name and version, or its path.

        Raises:
            UnknownProtocolError: there is none; the text has what it may have been.
            DefinitionError: what would be taken is broken, or may be that; a later place is not asked then.
        """
        if is_path(name):
            return self._at(Path(name))
        plain, version = split_name(name)
        for place in self._places() if plain else ():
            mine = [one for one in place(plain) if one.name == plain]
            broken = [one for one in mine if isinstance(one, Broken)]
            found = [one for one in mine if isinstance(one, Found) and version in ("", one.version)]
            if broken and not (version and found):  # nobody knows which version that would be
                raise PluginError(str(broken[0]))
            if found:
                return max(found, key=lambda one: version_key(one.version))
        raise UnknownProtocolError(self._unknown(name, plain, version))

    def _unknown(self, name: str, plain: str, version: str) -> str:
        if not plain:
            return f"expected NAME, NAME@VERSION or a path of a device protocol, found {name!r:.80}"
        listing = self.listing()
        versions = [one.version for one in listing.protocols if one.name == plain]
        if version and versions:
            return f"there is no version {version} of {plain}: there is {', '.join(versions)}"
        hint = did_you_mean(plain, [one.name for one in listing.protocols])
        broken = f"; {len(listing.problems)} cannot be used" if listing.problems else ""
        return f"there is no device protocol {plain}: {hint or '`smartserial protocols` lists all'}{broken}"

    def listing(self) -> Listing:
        """Return all protocols; those that another one hides are problems, and so is what is broken."""
        protocols: list[Found] = []
        problems: list[Broken] = []
        first: dict[str, Found] = {}
        for place in self._places():
            found = list(place(""))
            fine = [one for one in found if isinstance(one, Found)]
            problems += [one for one in found if isinstance(one, Broken)]
            fine.sort(key=lambda one: version_key(one.version), reverse=True)
            for one in sorted(fine, key=lambda one: one.name):
                before = first.setdefault(one.full_name, one)
                if before is one:
                    protocols.append(one)
                else:
                    text = f"{one.full_name} is never taken: {before.where} has it too, and comes before"
                    problems.append(Broken(one.where, text, one.name))
        return Listing(tuple(protocols), tuple(problems))

    def _at(self, path: Path) -> Found:
        if path.suffix.lower() != ".py":
            return found_file(path, Source.PATH)
        from smartserial.catalog.code import found_object, imported_file, plugins_in

        plugins = plugins_in(imported_file(path))
        if len(plugins) > 1:
            raise PluginError(f"expected one device protocol in {path}, found {len(plugins)}")
        return found_object(plugins[0], Source.PATH, str(path))

    def _places(self) -> Iterator[Callable[[str], Iterator[Entry]]]:
        """Yield what gives the protocols of a place: those that may have a name, or all if it is empty."""
        for path in self._paths:
            yield lambda name, path=path: _in_folder(path, Source.FOLDER, name)  # type: ignore[misc]
        yield _entry_points
        yield _zope_plugins
        yield lambda name: _in_folder(bundled_folder(), Source.BUNDLED, name)


def _is_shown_xml(path: Path) -> bool:
    return path.suffix.lower() == ".xml" and not path.name.startswith(".")


def _in_folder(path: Path, source: Source, name: str) -> Iterator[Entry]:
    try:
        files = sorted(filter(_is_shown_xml, path.iterdir())) if path.is_dir() else [path]
    except OSError as error:
        yield Broken(str(path), error.strerror or str(error))
        return
    for file in files:
        called = name_of_file(file)
        if name and called and called != name:
            continue
        why = distrusted(file) if source is not Source.BUNDLED else ""
        try:
            if why:
                raise DefinitionError(why)
            yield found_file(file, source)
        except DefinitionError as error:
            yield Broken(str(file), str(error), called)


def _entry_points(name: str) -> Iterator[Entry]:
    seen: dict[str, str] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if name and point.name != name:
            continue
        where = point.value + (
            f" of {point.dist.name} {point.dist.version}" if point.dist is not None else ""
        )
        if point.name in seen:
            text = f"is never taken: {seen[point.name]} has the entry point {point.name} too"
            yield Broken(where, text)
            continue
        seen[point.name] = where
        yield _entry_point(point, where)


def _entry_point(point: EntryPoint, where: str) -> Entry:
    from smartserial.catalog.code import contained, found_object, imported

    try:
        imported(contained(lambda: point.module))
        found = found_object(contained(point.load), Source.ENTRY_POINT, where)
        if found.name != point.name:
            raise PluginError(
                f"expected {point.name} as its name, as its entry point says, found {found.name}"
            )
        return found
    except PluginError as error:
        return Broken(where, str(error), point.name)


def _zope_plugins(name: str) -> Iterator[Entry]:
    from smartserial.catalog.zopeplugins import zope_plugins

    yield from zope_plugins(GROUP)
