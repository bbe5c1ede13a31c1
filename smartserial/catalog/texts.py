"""Device protocols as XML files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from smartserial.catalog.found import Found, Judged, Source
from smartserial.definition import check
from smartserial.definition.xml import MOST_BYTES, XmlError, parse_xml
from smartserial.errors import DefinitionError
from smartserial.files import TooLargeError, UnreadableError, read_bounded
from smartserial.plugin.naming import naming_problem
from smartserial.plugin.options import read_options

_OTHER = re.compile(r"[^a-z0-9]+")


def judged_file(path: Path, shown: str, options: Mapping[str, object]) -> Judged:
    """Read an XML file, and judge it; findings call it `shown`.

    Raises:
        OptionError: there are options; a file has none.
    """
    read_options({}, options)
    try:
        data = read_bounded(path, MOST_BYTES)
    except TooLargeError as error:
        return Judged(None, (check.unreadable(shown, "XM10", str(error)),))
    except UnreadableError as error:
        return Judged(None, (check.unreadable(shown, "XM11", str(error)),))
    protocol, findings = check.check(data, shown)
    return Judged(protocol, tuple(findings))


def name_of_file(path: Path) -> str:
    """Return what the name of a file calls its protocol; empty if it is no such name.

    Of ``acme-mast@1.0.0.2.xml`` only what is before the ``@`` counts.
    """
    name = path.stem.partition("@")[0]
    return "" if naming_problem(name, "0.0.0.0") else name


def _name_of_words(title: str) -> str:
    """Return a name made of the words of a title, which is the title itself if they are not of ASCII."""
    plain = all(one.isascii() for one in title if one.isalnum())
    return _OTHER.sub("-", title.lower()).strip("-") if plain else title


def found_file(path: Path, source: Source) -> Found:
    """Look into an XML file for its name and its version, without judging it.

    Its name is that of the file; if that is no name, the words of the element Name, if these are ASCII.

    Raises:
        DefinitionError: it cannot be read, or has no name or no version.
    """
    try:
        root = parse_xml(read_bounded(path, MOST_BYTES)).root
    except (UnreadableError, XmlError) as error:
        raise DefinitionError(str(error)) from error
    if root.name != "Protocol":
        raise DefinitionError(f"expected the element Protocol, found {root.name}")
    title, version = root.text_at("Name"), root.text_at("Version")
    name = name_of_file(path) or _name_of_words(title)
    if problem := naming_problem(name, version):
        raise DefinitionError(problem)
    description = " ".join((root.text_at("Description") or title).split())

    def judge(shown: str, options: Mapping[str, object]) -> Judged:
        return judged_file(path, shown, options)

    return Found(name, version, source, str(path), description, judge=judge)
