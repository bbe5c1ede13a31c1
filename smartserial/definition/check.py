"""Reading a definition and judging it: the way in for everybody who has one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from smartserial.definition.node import Node
from smartserial.definition.place import Place
from smartserial.definition.protocol import Protocol
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.table import RULES
from smartserial.definition.writing.protocol import write_protocol
from smartserial.definition.writing.texts import UnwritableError
from smartserial.definition.xml import MOST_BYTES, XmlError, parse_xml
from smartserial.errors import DefinitionError
from smartserial.findings import ERROR, INFO, WARNING, Explanation, Finding

MOST_FINDINGS = 1000
"""Findings that are told of one definition."""
_ITEM = 3  # how many elements down an item of a definition is
_NAMED = 4  # further places that are told in one finding
_OF_TEXT = {"CN05", "CN06", "CN10"}  # about which of two ways something was written

UNREADABLE = (
    Explanation("XM01", ERROR, "the outermost element is not Protocol", "give a device definition"),
    Explanation("XM08", ERROR, "the text is not well-formed XML", "close what is open, and write < as &lt;"),
    Explanation("XM09", ERROR, "there is a DOCTYPE", "take it out: a definition needs no entities"),
    Explanation("XM10", ERROR, "the file is too large", f"stay below {MOST_BYTES} bytes"),
    Explanation("XM11", ERROR, "the file cannot be read", "look at its name and its permissions"),
    Explanation(
        "XM12", ERROR, "there are more findings than are told", "cure the first ones, and look again"
    ),
    Explanation("XM13", ERROR, "the format cannot say a value that was made in Python", "take another value"),
)
"""What no rule looks for: it keeps a text from being looked at any further, or is about too many findings."""


class WrongDefinitionError(DefinitionError):
    """A definition that cannot be used; `findings` has all that is wrong."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def unreadable(file: str, code: str, message: str, line: int = 0, column: int = 0) -> Finding:
    """Return the finding about a file that is no definition."""
    return Finding(file, line, column, "", code, ERROR, message)


def check(data: bytes, file: str = "Protocol.xml") -> tuple[Protocol | None, list[Finding]]:
    """Read a definition, and judge it.

    Args:
        data: the text of the file.
        file: its name in findings.

    Returns:
        The definition, None if there are errors; and all findings, in the order of their lines.
    """
    try:
        document = parse_xml(data)
    except XmlError as error:
        return None, [unreadable(file, error.code, str(error), error.line, error.column)]
    root = document.root
    if root.name != "Protocol":
        place = root.place
        message = f"expected the element Protocol, found {root.name}"
        return None, [unreadable(file, "XM01", message, place.line, place.column)]
    return _judge(read_protocol(root), root, document.encoding, file)


def check_protocol(protocol: Protocol, file: str = "") -> list[Finding]:
    """Judge a definition that was made in Python, by the same rules.

    Args:
        protocol: the definition.
        file: what findings call it; its name if empty.
    """
    try:
        root = write_protocol(protocol)
    except UnwritableError as error:
        return [Finding(file or protocol.name, 0, 0, error.path, "XM13", ERROR, error.why)]
    findings = _judge(read_protocol(root), root, "utf-8", file or protocol.name)[1]
    return [finding for finding in findings if finding.code not in _OF_TEXT]


def load(data: bytes, file: str = "Protocol.xml") -> Protocol:
    """Return a definition.

    Raises:
        WrongDefinitionError: it has errors.
    """
    protocol, findings = check(data, file)
    if protocol is None:
        raise WrongDefinitionError(findings)
    return protocol


def _judge(protocol: Protocol, root: Node, encoding: str, file: str) -> tuple[Protocol | None, list[Finding]]:
    subject = Subject(protocol, root, encoding, set())
    judged = [(rule, found) for rule in RULES for found in _of(rule, subject)]
    findings = [_finding(rule, found, file) for rule, found in _told_once(judged, subject.unreadable)]
    findings.sort(key=lambda finding: (finding.line, finding.column, finding.path, finding.code))
    wrong = any(finding.severity == ERROR for finding in findings)
    return (None if wrong else protocol), _bounded(findings, file)


def _bounded(findings: list[Finding], file: str) -> list[Finding]:
    """Return at most `MOST_FINDINGS`, and how many more there are."""
    more = findings[MOST_FINDINGS:]
    if not more:
        return findings
    worst = next(kind for kind in (ERROR, WARNING, INFO) if any(one.severity == kind for one in more))
    message = f"there are {len(more)} more findings; these are the first {MOST_FINDINGS}"
    return [
        *findings[:MOST_FINDINGS],
        Finding(file, more[0].line, more[0].column, "", "XM12", worst, message),
    ]


def _of(rule: Rule, subject: Subject) -> list[Found]:
    """Return what a rule finds, and remember which items have errors."""
    found = list(rule.find(subject))
    for one in found:
        if (one.severity or rule.severity) == ERROR:
            subject.wrong.add("/".join(one.place.path.split("/")[:_ITEM]))
    return found


def _told_once(judged: Iterable[tuple[Rule, Found]], unreadable: Collection[str]) -> list[tuple[Rule, Found]]:
    """Tell what is missing once, where it is first named, with the other places.

    Of `unreadable` kinds nothing is missing for certain: it may be one of those that nothing can name.
    """
    told: list[tuple[Rule, Found]] = []
    missing: dict[tuple[str, int], list[tuple[Rule, Found]]] = {}
    for rule, found in judged:
        if found.missing is None:
            told.append((rule, found))
        elif found.missing[0] not in unreadable:
            missing.setdefault(found.missing, []).append((rule, found))
    for places in missing.values():
        places.sort(key=lambda one: (one[0].severity != ERROR, _order(one[1].place)))
        rule, first = places[0]
        others = sorted({_where(one[1].place) for one in places[1:]} - {_where(first.place)})
        if others:
            more = ", ".join(others[:_NAMED]) + (", ..." if len(others) > _NAMED else "")
            first = replace(first, message=f"{first.message}; it is also named at {more}")
        told.append((rule, first))
    return told


def _order(place: Place) -> tuple[int, int, str]:
    return place.line, place.column, place.path


def _where(place: Place) -> str:
    return f"line {place.line}" if place.line else place.path


def _finding(rule: Rule, found: Found, file: str) -> Finding:
    place = found.place
    return Finding(
        file,
        place.line,
        place.column,
        place.path,
        rule.code,
        found.severity or rule.severity,
        found.message,
        found.hint or rule.cure,
    )
