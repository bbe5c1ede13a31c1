"""Device protocols as Python objects: whatever they raise, the catalog goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from signal import SIGINT, default_int_handler, getsignal, signal
from types import FrameType, MappingProxyType, ModuleType
from typing import TypeVar

from twisted.plugin import IPlugin
from zope.interface import classImplements
from zope.interface.verify import verifyObject

from smartserial.catalog.found import Found, Judged, PluginError, Source
from smartserial.catalog.trust import distrusted
from smartserial.definition.action import QAction
from smartserial.definition.check import check_protocol, unreadable
from smartserial.definition.protocol import Protocol
from smartserial.engine.builtin import BUILT_IN
from smartserial.findings import ERROR, WARNING, Finding
from smartserial.interfaces import IDeviceProtocol
from smartserial.plugin.naming import naming_problem
from smartserial.plugin.options import Option, OptionError, read_options
from smartserial.plugin.protocol import DeviceProtocol
from smartserial.plugin.reaction import Moment, Reaction

T = TypeVar("T")
_MOST_CHARACTERS = 300
_PACKAGE = str(Path(__file__).parents[1]) + os.sep
_HAS: Mapping[Moment, tuple[str, Callable[[Protocol], Container[object]]]] = MappingProxyType(
    {
        Moment.AFTER: ("response", lambda protocol: protocol.response),
        Moment.CHANGE: ("param", lambda protocol: {**protocol.param, **BUILT_IN}),
        Moment.QACTION: (
            "QAction",
            lambda protocol: {which for one in protocol.qactions for which in (one.id, one.name)},
        ),
    }
)  # what reactions wait for, and what of it a definition has

classImplements(DeviceProtocol, IPlugin)


class _Presses:
    """Takes note of Ctrl-C: a plugin may raise what looks like one."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        default_int_handler(number, frame)


@contextmanager
def _listening() -> Iterator[_Presses]:
    """Take note of each Ctrl-C that Python would make a KeyboardInterrupt of."""
    before = getsignal(SIGINT)
    if isinstance(before, _Presses):
        yield before
        return
    presses = _Presses()
    if before is default_int_handler:
        with suppress(ValueError):  # only the main thread may do so, and only there it comes
            signal(SIGINT, presses)
    try:
        yield presses
    finally:
        if getsignal(SIGINT) is presses:
            signal(SIGINT, before)


def contained(call: Callable[[], T], passed: type[Exception] = PluginError) -> T:
    """Call code of a plugin; what it prints goes to stderr.

    Args:
        call: the code.
        passed: what is raised as it is.

    Raises:
        PluginError: in place of whatever else it raised, SystemExit too. A Ctrl-C stays what it is.
    """
    with _listening() as presses:
        try:
            with redirect_stdout(sys.stderr):
                return call()
        except (PluginError, passed):
            raise
        except BaseException as error:
            if presses.came:
                raise
            raise PluginError(_told(error)) from error


def _told(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:_MOST_CHARACTERS]
    except Exception:
        text = "(it cannot say what)"
    place = _place(error)
    return f"{f'{place}: ' if place else ''}{type(error).__name__}: {text}"


def _place(error: BaseException) -> str:
    """Return the last line outside of this package that an error came through: that of its author."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    trace, place, ours = error.__traceback__, "", ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        line = f"{file}:{trace.tb_lineno}"
        if file.startswith(_PACKAGE):
            ours = line if file != __file__ else ours
        elif not file.startswith("<"):
            place = line
        trace = trace.tb_next
    return place or ours


def imported(module: str) -> ModuleType:
    """Import a module of a plugin.

    Raises:
        PluginError: it cannot be imported, or everybody may write it or a package that it is in.
    """
    for file in contained(lambda: _files(module)):
        if why := distrusted(file):
            raise PluginError(f"{file}: {why}")
    return contained(lambda: import_module(module))


def _files(module: str) -> list[Path]:
    """Return the files that an import of a module runs, without importing any of them."""
    found: list[Path] = []
    first, *others = module.split(".")
    spec: ModuleSpec | None = find_spec(first)
    name = first
    while spec is not None:
        if spec.origin is not None and spec.has_location:
            found.append(Path(spec.origin))
        if not others:
            break
        name = f"{name}.{others[0]}"
        inside = spec.submodule_search_locations
        spec = PathFinder.find_spec(name, list(inside)) if inside is not None else None
        del others[0]
    return found


def imported_file(path: Path) -> ModuleType:
    """Import a file that an operator names; the module is named for the file, and stands alone.

    Raises:
        PluginError: it cannot be imported, or everybody may write it.
    """
    if not path.is_file():
        raise PluginError("expected a file, found none" if not path.exists() else "expected a file")
    if why := distrusted(path):
        raise PluginError(why)

    def load() -> ModuleType:
        name = f"smartserial_protocol_{path.stem}"
        spec = spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"no Python file: {path}")
        module = module_from_spec(spec)
        before = sys.modules.get(name)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        finally:
            if before is not None:
                sys.modules[name] = before
            else:
                del sys.modules[name]
        return module

    return contained(load)


def plugins_in(module: ModuleType) -> list[object]:
    """Return the device protocols that a module has made, each once.

    Raises:
        PluginError: it has made none.
    """

    def look() -> list[object]:
        values: Iterable[object] = vars(module).values()
        found = [one for one in values if IPlugin.providedBy(one) and IDeviceProtocol.providedBy(one)]
        return list({id(one): one for one in found}.values())

    plugins = contained(look)
    if not plugins:
        raise PluginError("expected an instance of a DeviceProtocol, as in mast = Mast(), found none")
    return plugins


@dataclass(frozen=True, slots=True)
class _Plugin:
    """A plugin that was looked at."""

    plugin: IDeviceProtocol
    options: Mapping[str, Option[object]]


def found_object(given: object, source: Source, where: str) -> Found:
    """Look at a plugin: an object that provides `IDeviceProtocol`, or a class of such objects.

    Raises:
        PluginError: it is none, or it raises.
    """
    return contained(lambda: _found_object(given, source, where))


def _found_object(given: object, source: Source, where: str) -> Found:
    one = given() if isinstance(given, type) else given
    if not IDeviceProtocol.providedBy(one):
        raise PluginError(f"expected an object that provides IDeviceProtocol, found {type(one).__name__}")
    verifyObject(IDeviceProtocol, one)
    plugin = IDeviceProtocol(one)
    name, version, options = plugin.name, plugin.version, plugin.options
    if problem := naming_problem(name, version):
        raise PluginError(problem)
    if not isinstance(options, Mapping) or not all(isinstance(one, Option) for one in options.values()):
        raise PluginError(f"expected a mapping of Option values as options, found {type(options).__name__}")
    inside = _Plugin(plugin, dict(options))

    def judge(shown: str, given: Mapping[str, object]) -> Judged:
        try:
            values = contained(lambda: read_options(inside.options, given), OptionError)
            # What is wrong with the values that the author has put there is not the operator's fault.
            return contained(lambda: _judged(inside, shown, values), OptionError if given else PluginError)
        except PluginError as error:
            return Judged(None, (unusable(shown, error),))

    return Found(name, version, source, where, _description(one), judge=judge)


def unusable(shown: str, error: PluginError) -> Finding:
    """Return the finding about a plugin that cannot be used."""
    return unreadable(shown, "PL01", str(error))


def _judged(inside: _Plugin, shown: str, values: Mapping[str, object]) -> Judged:
    protocol: object = inside.plugin.definition(values)
    if not isinstance(protocol, Protocol):
        raise PluginError(f"expected a Protocol as definition, found {type(protocol).__name__}")
    reactions: tuple[object, ...] = tuple(inside.plugin.reactions(values))
    others = [type(one).__name__ for one in reactions if not isinstance(one, Reaction)]
    if others:
        raise PluginError(f"expected Reaction values as reactions, found {others[0]}")
    checked = tuple(one for one in reactions if isinstance(one, Reaction))
    bound = {f"Protocol/QActions/QAction[{one.id}]" for one in protocol.qactions if _binds(checked, one)}
    findings = [*check_protocol(protocol, shown), *_never(protocol, checked, shown)]
    left = tuple(one for one in findings if one.code != "QA03" or one.path not in bound)
    wrong = any(one.severity == ERROR for one in left)
    return Judged(None if wrong else protocol, left, checked)


def _never(protocol: Protocol, reactions: Iterable[Reaction], shown: str) -> Iterator[Finding]:
    """Yield a finding for each reaction that is never called."""
    for one in reactions:
        what, there = _HAS.get(one.moment, ("", None))
        if there is not None and one.which not in there(protocol):
            text = (
                f"{one.plugin}: {one.name} waits for {what} {one.which!r}, which its definition does not have"
            )
            yield replace(unreadable(shown, "PL02", text), severity=WARNING)


def _binds(reactions: Iterable[Reaction], called: QAction) -> bool:
    return any(one.moment is Moment.QACTION and one.which in (called.id, called.name) for one in reactions)


def _description(plugin: object) -> str:
    said = type(plugin).__dict__.get("__doc__")
    return said.strip().split("\n")[0] if isinstance(said, str) else ""
