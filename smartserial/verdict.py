"""Files of both kinds, configurations and device definitions, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from smartserial import config
from smartserial.catalog import PROBLEMS, Catalog, UnknownProtocolError
from smartserial.catalog.catalog import bundled_folder, is_path, split_name
from smartserial.catalog.named import judged_name
from smartserial.catalog.texts import judged_file
from smartserial.config.findings import CODES
from smartserial.definition import check
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.table import RULES
from smartserial.errors import DefinitionError
from smartserial.findings import Explanation, Finding

_ENDINGS = (".xml", ".py")
_FIRST = 4096  # bytes in which the first character stands, or the file is mostly blank


def bundled() -> dict[str, Path]:
    """Return the definitions that come with the package, by name."""
    return {path.stem: path for path in sorted(bundled_folder().glob("*.xml"))}


def is_definition(name: str, paths: Sequence[Path] = ()) -> bool:
    """Tell a definition from a configuration: by its name, or by its first character."""
    if not is_path(name):
        return _is_known(name, paths)
    path = Path(name)
    if path.suffix.lower() in _ENDINGS or path.is_fifo():
        return path.suffix.lower() in _ENDINGS
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST)
    except (OSError, ValueError):
        return False
    utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    return utf16 or start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _is_known(name: str, paths: Sequence[Path]) -> bool:
    try:
        Catalog(paths).find(name)
    except UnknownProtocolError:
        return "@" in name or (bool(paths) and bool(split_name(name)[0]))
    except DefinitionError:
        return True
    return True


def read_definition(name: str, paths: Sequence[Path] = ()) -> tuple[Protocol | None, list[Finding]]:
    """Read a definition.

    Args:
        name: a path, or what the catalog knows: a name, or a name and a version; findings say it as it is
            given.
        paths: folders and files of the catalog; a name is looked for there first.

    Returns:
        The definition, None if there are errors; and all that is wrong.
    """
    path = Path(name)
    if is_path(name) and path.suffix.lower() != ".py":
        judged = judged_file(path, name, {})
    else:
        judged = judged_name(name, paths)
    return judged.protocol, list(judged.findings)


def judge_file(name: str, paths: Sequence[Path] = ()) -> list[Finding]:
    """Return everything that is wrong with a file of either kind; ``demo`` is the package's configuration."""
    if name != "demo" and is_definition(name, paths):
        return read_definition(name, paths)[1]
    return config.check(config.config_path(name), name)


def explanations() -> Iterator[Explanation]:
    """Yield what each code means, in the order of the codes."""
    known = [
        *CODES.values(),
        *check.UNREADABLE,
        *PROBLEMS,
        *(Explanation(rule.code, rule.severity, rule.title, rule.cure) for rule in RULES),
    ]
    yield from sorted(known, key=lambda explanation: explanation.code)
