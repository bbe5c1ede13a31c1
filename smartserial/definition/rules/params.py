"""Rules about what params are."""

from __future__ import annotations

from collections.abc import Iterator

from smartserial.definition.param import BIT_TYPES, ParamType
from smartserial.definition.reading.texts import listed
from smartserial.definition.rules.elements import kind_of, params, shown, type_place
from smartserial.definition.rules.problems import Hints
from smartserial.definition.rules.rule import Found, Rule, Subject, wrong_reference
from smartserial.findings import ERROR, WARNING

_TYPES = [kind.value for kind in ParamType]
_OF_ONE = BIT_TYPES | {ParamType.RESPONSE}


def param_type(subject: Subject) -> Iterator[Found]:
    """A param says its type, one of those that there are."""
    hints = Hints(_TYPES)
    for node in subject.root.all("Params/Param"):
        if kind_of(node) is not None:
            continue
        found = node.first("Type")
        text = found.text.strip() if found is not None else ""
        if found is None:
            yield Found(node.place, "expected the element Type, found none")
        elif not text:
            yield Found(found.place, "expected the type of the param, found nothing")
        else:
            message = f"expected the type of a param, found {shown(text)}"
            yield Found(found.place, message, hint=hints.hint(text))


def type_id(subject: Subject) -> Iterator[Found]:
    """A bit names its group, and a param of type response its response."""
    for node, param in params(subject):
        found = node.first("Type")
        if found is not None and kind_of(node) in _OF_ONE and "id" not in found.attributes:
            what = "a response" if param.type is ParamType.RESPONSE else "a group"
            message = f"expected the id of {what} for the type {param.type.value}, found none"
            yield Found(found.place, message)


def type_reference(subject: Subject) -> Iterator[Found]:
    """What a type names exists: the group of a bit, a response, the columns of an array."""
    for node, _ in params(subject):
        found = node.first("Type")
        text = found.attributes.get("id") if found is not None else None
        if found is None or text is None:
            continue
        kind = kind_of(node)
        wrong: list[Found | None] = []
        if kind is ParamType.RESPONSE:
            wrong = [wrong_reference(text, found.place, "response", subject.protocol.response)]
        elif kind in BIT_TYPES:
            wrong = [wrong_reference(text, found.place, "param", subject.has_param)]
        elif kind is ParamType.ARRAY:
            columns = listed(text) or [""]
            wrong = [wrong_reference(part, found.place, "param", subject.has_param) for part in columns]
        yield from (one for one in wrong if one is not None)


def element_name(subject: Subject) -> Iterator[Found]:
    """One param at most holds the name of the element."""
    first: int | None = None
    for node, param in params(subject):
        if param.type is not ParamType.ELEMENT_NAME:
            continue
        if first is None:
            first = param.id
        else:
            message = f"expected one param of type elementname, found param {param.id} beside param {first}"
            yield Found(type_place(node), message)


RULES: tuple[Rule, ...] = (
    Rule(
        "PA01",
        ERROR,
        "the type of a param is missing or unknown",
        "write a type, as in <Type>read</Type>",
        param_type,
    ),
    Rule(
        "PA02",
        ERROR,
        "a bit, or a param of type response, does not say of what",
        "write the id of the group or response, as in <Type id=...>",
        type_id,
    ),
    Rule(
        "PA03",
        ERROR,
        "the type of a param names what does not exist",
        "write the id of a group, a response or columns that exist",
        type_reference,
    ),
    Rule(
        "PA24",
        WARNING,
        "more than one param is of type elementname",
        "keep one of them",
        element_name,
    ),
)
