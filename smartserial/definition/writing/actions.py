"""Actions."""

from __future__ import annotations

from functools import partial

from smartserial.definition.action import Action
from smartserial.definition.languages.constant import print_constant
from smartserial.definition.languages.replacing import print_replace_data
from smartserial.definition.languages.scale import print_scale
from smartserial.definition.languages.sequence import print_sequence
from smartserial.definition.node import Node
from smartserial.definition.writing.texts import Said, condition, element, joined, text, unless


def _scale(value: Action) -> Said | None:
    if "scale" in value.disabled:
        return "-"
    return partial(print_scale, value.scale) if value.scale is not None else None


def _sequence(value: Action) -> Said | None:
    if "sequence" in value.disabled:
        return "-"
    return partial(print_sequence, value.sequence) if value.sequence else None


def action(value: Action) -> Node:
    """Return the element of an action."""
    replacing = value.replace
    options = value.options
    if replacing is not None and replacing.replacements:
        options = print_replace_data(replacing)
    return element(
        "Action",
        (
            element("Name", value.name),
            element("On", text(value.on), id=joined(value.on_ids), nr=joined(value.on_nr)),
            element(
                "Type",
                text(value.type),
                id=value.type_id,
                nr=value.type_nr,
                value=value.type_value or None,
                startoffset=unless(value.start_offset, 0),
                endoffset=unless(value.end_offset, 0),
                allowed=print_constant(value.allowed) if value.allowed else None,
                options=options or None,
                scale=_scale(value),
                sequence=_sequence(value),
            ),
            condition(value.condition),
        ),
        id=value.id,
    )
