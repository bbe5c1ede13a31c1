"""Zope plugins: modules in the folders ``smartserial/protocols`` that other packages put beside ours.

They are found as `twisted.plugin.getPlugins` finds them, without its cache: that is a pickle which would be
read from each folder and written to it, and it would import what is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from twisted.plugin import pluginPackagePaths

from smartserial.catalog.code import contained, found_object, plugins_in
from smartserial.catalog.found import Broken, Found, PluginError, Source
from smartserial.catalog.trust import distrusted


def zope_plugins(package: str) -> Iterator[Found | Broken]:
    """Yield the device protocols in all folders of a package, its own one first."""
    own = import_module(package)
    known = [str(path) for path in own.__path__]
    seen: dict[str, Path] = {}
    for name in dict.fromkeys([*known, *pluginPackagePaths(package)]):
        folder = Path(name)
        for file in sorted(folder.glob("*.py")):
            if file.stem.startswith("_") or not file.stem.isidentifier():
                continue
            if file.stem in seen:
                yield Broken(str(file), f"is never taken: {seen[file.stem]} comes before; rename one of them")
                continue
            seen[file.stem] = file
            if why := distrusted(file):
                yield Broken(str(file), why)
                continue
            if name not in known:
                known.append(name)
                own.__path__.append(name)
            yield from _in_file(f"{package}.{file.stem}", file)


def _in_file(name: str, file: Path) -> Iterator[Found | Broken]:
    try:
        module = contained(lambda: import_module(name))
        if Path(module.__file__ or "").resolve() != file.resolve():
            raise PluginError(f"is never taken: {module.__file__} comes before; rename one of them")
        plugins = plugins_in(module)
    except PluginError as error:
        yield Broken(str(file), str(error))
        return
    for one in plugins:
        try:
            yield found_object(one, Source.ZOPE, str(file))
        except PluginError as error:
            yield Broken(str(file), str(error))
