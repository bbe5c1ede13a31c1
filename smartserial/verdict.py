"""Files of both kinds, configurations and device definitions, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from smartserial import config
from smartserial.config.findings import CODES
from smartserial.definition import check
from smartserial.definition.protocol import Protocol
from smartserial.definition.rules.table import RULES
from smartserial.definition.xml import MOST_BYTES
from smartserial.files import TooLargeError, UnreadableError, read_bounded
from smartserial.findings import Explanation, Finding

_FIRST = 4096  # bytes in which the first character stands, or the file is mostly blank


def bundled() -> dict[str, Path]:
    """Return the definitions that come with the package, by name."""
    folder = Path(str(resources.files("smartserial.protocols")))
    return {path.stem: path for path in sorted(folder.glob("*.xml"))}


def definition_path(name: str) -> Path:
    """Return the path of a definition: a name without a dot or a slash may be that of a bundled one."""
    path = Path(name)
    return path if path.exists() else bundled().get(name, path)


def is_definition(name: str) -> bool:
    """Tell a definition from a configuration: by its name, or by its first character."""
    path = definition_path(name)
    if path.suffix.lower() == ".xml" or path.is_fifo():
        return path.suffix.lower() == ".xml"
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST)
    except (OSError, ValueError):
        return False
    utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    return utf16 or start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read_definition(name: str) -> tuple[Protocol | None, list[Finding]]:
    """Read a definition.

    Args:
        name: a path, or the name of a bundled one; findings say it as it is given.

    Returns:
        The definition, None if there are errors; and all that is wrong.
    """
    try:
        data = read_bounded(definition_path(name), MOST_BYTES)
    except TooLargeError as error:
        return None, [check.unreadable(name, "XM10", str(error))]
    except UnreadableError as error:
        return None, [check.unreadable(name, "XM11", str(error))]
    return check.check(data, name)


def judge_file(name: str) -> list[Finding]:
    """Return everything that is wrong with a file of either kind; ``demo`` is the package's configuration."""
    if name != "demo" and is_definition(name):
        return read_definition(name)[1]
    return config.check(config.config_path(name), name)


def explanations() -> Iterator[Explanation]:
    """Yield what each code means, in the order of the codes."""
    known = [
        *CODES.values(),
        *check.UNREADABLE,
        *(Explanation(rule.code, rule.severity, rule.title, rule.cure) for rule in RULES),
    ]
    yield from sorted(known, key=lambda explanation: explanation.code)
