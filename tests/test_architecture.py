"""Who may import what, and how large things may become: read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import smartserial

ROOT = Path(smartserial.__file__).parent
PLUGIN = ROOT.parent / "twisted" / "plugins" / "smartserial_plugin.py"

# A room imports from lower levels only; a package is one room, whose modules may import each other.
LEVELS: tuple[set[str], ...] = (
    {"", "errors", "lines", "printable", "saying", "script", "stamps"},
    {"sharing"},
    {"files", "findings", "layout", "nodes", "passwords", "portnames", "sequences", "telnet"},
    {"definition", "sarif"},
    {"plugin", "protocols"},
    {"demo", "engine", "settings", "interfaces", "events"},
    {"appending", "catalog", "hosts", "trace"},
    {"audittable", "channels", "config", "journal", "linefile", "notify", "signals"},
    {"audit", "share"},
    {"element"},
    {"change"},
    {"difference", "gateway"},
    {"captures", "console", "convert", "streams"},
    {"decoding", "lacking", "passwd", "verdict"},
    {"replaying"},
    {"cli", "parsers", "tap"},
    {"__main__"},
)
PURE = {
    "definition",
    "demo",
    "difference",
    "engine",
    "errors",
    "findings",
    "layout",
    "lines",
    "plugin",
    "portnames",
    "printable",
    "protocols",
    "script",
    "sequences",
    "settings",
    "sharing",
    "telnet",
    "trace",
}
HARMLESS = {
    "__future__",
    "bisect",
    "codecs",
    "collections",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "fnmatch",
    "fastcrc",
    "functools",
    "heapq",
    "ipaddress",
    "itertools",
    "json",
    "lxml",
    "math",
    "operator",
    "random",
    "pathlib",
    "re",
    "string",
    "struct",
    "types",
    "typing",
}
# What only few may know: a prefix of what is imported, and those who may import it.
RESERVED: dict[str, tuple[str, ...]] = {
    "serial": ("channels.serial.",),
    "pydantic": ("config.",),
    "pydantic_core": ("config.",),
    "ruamel": ("config.", "convert.yamltree"),
    "fastcrc": ("definition.checksum",),
    "cryptography": ("channels.tls.files", "console.sshkey"),
    "twisted.conch.ssh": ("console.ssh",),  # which only some have installed
    "lxml": ("definition.xml",),
    "twisted.plugin": ("catalog", "parsers"),
    "twisted.internet.reactor": ("tap",),
    "twisted.logger": (
        "audit",
        "channels.",
        "console.",
        "element.",
        "events.",
        "journal",
        "notify",
        "share.",
        "tap",
    ),
    "asyncio": (),
    "threading": (),
    "time": ("config.filelock", "notify", "tap"),  # who wants the kernel's own clock
}
NO_TWISTED = PURE | {
    "captures",
    "config",
    "convert",
    "cli",
    "decoding",
    "files",
    "lacking",
    "passwd",
    "passwords",
    "streams",
    "sarif",
    "verdict",
    "__main__",
}
MOST_LINES, MOST_FUNCTION_LINES = 320, 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _name(path: Path) -> str:
    """The module's name below smartserial, as in ``channels.tcp``; that of the package is empty."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip(".")


TREES = {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}
LINES = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.rglob("*.py")}


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements, except those that only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from (part for other in node.orelse for part in _statements(other))
        else:
            yield node
            yield from _statements(node)


def _imports(module: str) -> set[str]:
    """Dotted names that a module imports; one of our own begins with ``smartserial``."""
    found = set()
    for node in _statements(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{module}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _own(module: str) -> set[str]:
    """Modules of ours that a module imports."""
    named = {
        name.removeprefix("smartserial").lstrip(".")
        for name in _imports(module)
        if _below(name, "smartserial")
    }
    return {name if name in TREES else name.rpartition(".")[0] for name in named}


def _below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _room(module: str) -> str:
    return module.partition(".")[0]


def _definitions(node: ast.AST, path: str) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Classes and functions, and those in classes, with their names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}:{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from _definitions(child, f"{path}:{child.name}")
        elif isinstance(child, ast.If | ast.Try):
            yield from _definitions(child, path)


class ImportsTest(SynchronousTestCase):
    maxDiff = None

    def test_each_room_has_a_level(self) -> None:
        self.assertEqual(set().union(*LEVELS), {_room(module) for module in TREES})
        self.assertEqual(sum(map(len, LEVELS)), len(set().union(*LEVELS)))

    def test_only_lower_levels_are_imported(self) -> None:
        level = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
        upward = [
            f"{module} imports {other}"
            for module in TREES
            for other in _own(module)
            if _room(other) != _room(module) and level[_room(other)] >= level[_room(module)]
        ]
        self.assertEqual(upward, [])

    def test_no_cycles(self) -> None:
        try:
            TopologicalSorter({module: _own(module) - {module} for module in TREES}).prepare()
        except CycleError as error:
            self.fail(f"an import cycle: {error.args[1]}")

    def test_pure_rooms_do_nothing(self) -> None:
        impure = [
            f"{module} imports {name}"
            for module in TREES
            if _room(module) in PURE
            for name in _imports(module)
            if name.partition(".")[0] not in HARMLESS | {"smartserial"}
        ]
        self.assertEqual(impure, [])

    def test_pure_rooms_import_pure_rooms(self) -> None:
        impure = [
            f"{module} imports {other}"
            for module in TREES
            if _room(module) in PURE
            for other in _own(module)
            if _room(other) not in PURE
        ]
        self.assertEqual(impure, [])

    def test_what_only_few_may_know(self) -> None:
        known = [
            f"{module} imports {name}"
            for module in TREES
            for name in _imports(module)
            for prefix, allowed in RESERVED.items()
            if _below(name, prefix)
            and not any(f"{module}." == a or f"{module}.".startswith(a) for a in allowed)
        ]
        self.assertEqual(known, [])

    def test_the_configuration_needs_no_reactor(self) -> None:
        known = [
            f"{module} imports {name}"
            for module in TREES
            if _room(module) in NO_TWISTED
            for name in _imports(module)
            if _below(name, "twisted") or _below(name, "zope")
        ]
        self.assertEqual(known, [])

    def test_the_plugin_is_light(self) -> None:
        """Every `twistd` command imports it, and what it imports."""
        modules = {
            node.module or ""
            for node in ast.walk(ast.parse(PLUGIN.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        self.assertEqual(modules, {"twisted.application.service", "smartserial.parsers"})
        at_once = {node.module for node in TREES["parsers"].body if isinstance(node, ast.ImportFrom)}
        self.assertEqual({name for name in at_once if _below(name or "", "smartserial")}, set())


class MeasuresTest(SynchronousTestCase):
    maxDiff = None

    def test_files(self) -> None:
        self.assertEqual({name: count for name, count in LINES.items() if count > MOST_LINES}, {})

    def test_functions(self) -> None:
        large = {
            f"{module}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
            for module, tree in TREES.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.assertEqual({name: count for name, count in large.items() if count > MOST_FUNCTION_LINES}, {})

    def test_docstrings(self) -> None:
        """A method that overrides says nothing new, and what is private speaks for itself."""
        silent = [module for module, tree in TREES.items() if not ast.get_docstring(tree)]
        for module, tree in TREES.items():
            for name, node in _definitions(tree, module):
                private = any(part.startswith("_") for part in name.split(":")[1:])
                overrides = any(ast.unparse(decorator) == "override" for decorator in node.decorator_list)
                if not private and not overrides and not ast.get_docstring(node):
                    silent.append(name)
        self.assertEqual(silent, [])

    def test_annotations(self) -> None:
        """Each argument and each result has a type."""
        bare = []
        for module, tree in TREES.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                    untyped = [
                        a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")
                    ]
                    if untyped or node.returns is None:
                        bare.append(f"{module}:{node.lineno} {node.name} {untyped}")
        self.assertEqual(bare, [])
