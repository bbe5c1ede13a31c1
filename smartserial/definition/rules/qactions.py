"""Rules about code that a definition calls."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.node import Node
from smartserial.definition.reading.texts import identity, listed
from smartserial.definition.rules.elements import shown
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference
from smartserial.findings import WARNING

_LIBRARY = "precompile"  # code for other code: nothing calls it by itself


def _called(subject: Subject) -> Iterator[Node]:
    """Yield what is called when something changes."""
    for node in subject.root.all("QActions/QAction"):
        if _LIBRARY not in _options(node) or listed(node.attributes.get("triggers", "")):
            yield node


def _options(node: Node) -> list[str]:
    return [option.lower() for option in listed(node.attributes.get("options", ""))]


def qaction_triggers(subject: Subject) -> Iterator[Found]:
    """A QAction names the params, or with the option group the groups, that call it, each once."""
    for node in _called(subject):
        parts = listed(node.attributes.get("triggers", ""))
        by_group = "group" in _options(node)
        kind = "group" if by_group else "param"
        if not parts:
            yield Found(node.place, f"expected ids of {kind}s in triggers, found nothing")
        seen: dict[str, int] = {}
        for part in parts:
            seen[part] = seen.get(part, 0) + 1
        for part, count in seen.items():
            found = wrong_reference(
                part, node.place, kind, subject.protocol.group if by_group else subject.has_param
            )
            if found is not None:
                yield found
            if count > 1:
                yield Found(
                    node.place, f"expected each {kind} once in triggers, found {shown(part)} {count} times"
                )


def qaction_entry_points(subject: Subject) -> Iterator[Found]:
    """A QAction with entry points has one for each trigger."""
    for node in _called(subject):
        points = len(listed(node.attributes.get("entryPoint", "")))
        triggers = len(listed(node.attributes.get("triggers", "")))
        if points and triggers and points != triggers:
            yield Found(node.place, f"expected {triggers} entry points, one for each trigger, found {points}")


def qaction_bound(subject: Subject) -> Iterator[Found]:
    """A QAction has a Python callable; a definition alone brings none, so each is told."""
    for node in _called(subject):
        number = identity(node)
        if number is not None:
            message = f"the code of QAction {number} is never run: a plugin must bind a Python callable to it"
            yield Found(node.place, message)


RULES: tuple[Rule, ...] = (
    Rule(
        "QA01",
        WARNING,
        "a QAction is called by nothing, or by what does not exist",
        "write ids of params in triggers, with ; between",
        qaction_triggers,
    ),
    Rule(
        "QA02",
        WARNING,
        "a QAction has not as many entry points as triggers",
        "write one entry point for each trigger, or none",
        qaction_entry_points,
    ),
    Rule(
        "QA03",
        WARNING,
        "a QAction has no Python callable",
        "bind a callable to its id or name in a plugin, or take it out",
        qaction_bound,
    ),
)
