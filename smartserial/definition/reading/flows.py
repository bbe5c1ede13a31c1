"""Groups, timers, triggers, and code that is called."""

from __future__ import annotations

from smartserial.definition.action import QAction
from smartserial.definition.flow import (
    EACH,
    Case,
    Comparison,
    Each,
    Group,
    GroupType,
    Initial,
    Item,
    ItemKind,
    Step,
    Timer,
    Trigger,
    TriggerOn,
    TriggerTime,
    TriggerType,
)
from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import (
    choice,
    condition,
    decimal,
    listed,
    reference,
    references,
    truth,
    whole,
)

LONGEST = 2_073_600_000
"""The longest time of a timer, ms: 24 days."""
_MOMENT_WORDS = {"link file changed": TriggerTime.LINK_FILE_CHANGE}


def group(node: Node, number: int) -> Group:
    """Read one group."""
    items = []
    content = node.first("Content")
    for found in content.children if content is not None else ():
        kind, target = choice(ItemKind, found.name), reference(found.text)
        if kind is not None and target is not None:
            items.append(Item(kind, target, whole(found.attributes.get("next", "")), place=found.place))
    return Group(
        number,
        node.text_at("Name"),
        choice(GroupType, node.text_at("Type")) or GroupType.POLL,
        tuple(items),
        condition(node),
        whole(node.attributes.get("connection", "")),
        bool(truth(node.attributes.get("ping", ""))),
        node.text_at("Description"),
        place=node.place,
    )


def initial(text: str) -> Initial | None:
    """Return when a timer first runs; None if the text says nothing that is known."""
    if not text.strip():
        return Initial()
    word, _, rest = (part.strip().lower() for part in text.partition("="))
    if word == "random":
        low, _, high = rest.partition(":")
        bounds = decimal(low), decimal(high)
        if bounds[0] is None or bounds[1] is None or not 0 <= bounds[0] <= bounds[1]:
            return None
        return Initial(True, bounds[0], bounds[1])
    said = truth(text)
    return Initial(said) if said is not None else None


def timer(node: Node, number: int) -> Timer | None:
    """Read one timer; None if it does not say how often it runs."""
    found = node.first("Time")
    text = found.text.strip().lower() if found is not None else ""
    time = whole(text)
    if found is None or (time is None and text != "loop"):
        return None
    return Timer(
        number,
        node.text_at("Name"),
        None if time is None else min(max(1, time), LONGEST),
        references([item.text for item in node.all("Content/Group")]),
        max(0, whole(node.text_at("Interval")) or 0),
        initial(found.attributes.get("initial", "")) or Initial(),
        bool(truth(node.attributes.get("fixedTimer", ""))),
        condition(node),
        place=node.place,
    )


def _on_id(text: str) -> int | Each | None:
    return EACH if text.strip().lower() == "each" else reference(text)


def _comparison(node: Node) -> Comparison | None:
    """Read the older way to compare on a change."""
    case = choice(Case, node.attributes.get("case", ""))
    if case is None:
        return None
    held = reference(node.attributes.get("nr", ""))
    return Comparison(case, node.attributes.get("value", "") if held is None else "", held)


def moment(text: str) -> TriggerTime | None:
    """Return the moment that a text names."""
    return choice(TriggerTime, text) or _MOMENT_WORDS.get(text.strip().lower())


def trigger(node: Node, number: int) -> Trigger:
    """Read one trigger."""
    on, time = node.first("On"), node.first("Time")
    kind = choice(TriggerOn, on.text) if on is not None else None
    steps = ((reference(found.text), found) for found in node.all("Content/Id"))
    return Trigger(
        number,
        node.text_at("Name"),
        kind,
        _on_id(on.attributes.get("id", "")) if on is not None else None,
        moment(time.text) if time is not None and kind is not TriggerOn.COMMUNICATION else None,
        choice(TriggerType, node.text_at("Type")) or TriggerType.ACTION,
        tuple(
            Step(target, bool(truth(found.attributes.get("else", ""))), place=found.place)
            for target, found in steps
            if target is not None
        ),
        condition(node),
        _comparison(time) if time is not None else None,
        parse_constant(time.text) if time is not None and kind is TriggerOn.COMMUNICATION else None,
        place=node.place,
    )


def qaction(node: Node, number: int) -> QAction:
    """Read what calls code; the code itself is left alone."""
    said = node.attributes
    return QAction(
        number,
        (said.get("name", "") or node.text_at("Name")).strip(),
        references(listed(said.get("triggers", ""))),
        tuple(listed(said.get("entryPoint", ""))),
        references(listed(said.get("inputParameters", ""))),
        frozenset(option.lower() for option in listed(said.get("options", ""))),
        said.get("encoding", "").strip(),
        condition(node),
        place=node.place,
    )
