"""Actions."""

from __future__ import annotations

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.languages.constant import parse_hex
from smartserial.definition.languages.replacing import parse_replace_data
from smartserial.definition.languages.scale import Scale, parse_scale
from smartserial.definition.languages.sequence import Step, parse_sequence
from smartserial.definition.node import Node
from smartserial.definition.reading.texts import choice, condition, listed, reference, references, whole


def action(node: Node, number: int) -> Action | None:
    """Read one action; None if it does not say what is done to what."""
    on_node, type_node = node.first("On"), node.first("Type")
    on = choice(ActionOn, on_node.text) if on_node is not None else None
    type_ = choice(ActionType, type_node.text) if type_node is not None else None
    if on_node is None or type_node is None or on is None or type_ is None:
        return None
    said = type_node.attributes
    set_info = type_ is ActionType.SET_INFO
    options = said.get("options", "").strip()
    replacing = parse_replace_data(options).value if type_ is ActionType.REPLACE_DATA else None
    return Action(
        number,
        node.text_at("Name"),
        on,
        type_,
        references(listed(on_node.attributes.get("id", ""))),
        references(listed(on_node.attributes.get("nr", ""))),
        reference(said.get("id", "")),
        whole(said.get("nr", "")),
        said.get("value", ""),
        max(0, whole(said.get("startoffset", "")) or 0),
        max(0, whole(said.get("endoffset", "")) or 0),
        parse_hex(said.get("allowed", "")) or b"",
        replacing,
        _scale(said.get("scale", "")) if set_info else None,
        _sequence(said.get("sequence", "")) if set_info else None,
        frozenset(name for name in ("scale", "sequence") if set_info and said.get(name, "").strip() == "-"),
        "" if replacing is not None and replacing.replacements else options,
        condition(node),
        place=node.place,
    )


def _scale(text: str) -> Scale | None:
    return parse_scale(text).value if text.strip() not in ("", "-") else None


def _sequence(text: str) -> tuple[Step, ...] | None:
    return parse_sequence(text).value if text.strip() not in ("", "-") else None
