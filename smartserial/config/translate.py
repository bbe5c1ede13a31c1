"""Validating values against a model, and saying what is wrong in the words of a configuration."""

from __future__ import annotations

from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smartserial.config.devices import DEVICE_KINDS, LINE_KEYS
from smartserial.config.discreet import IN_QUOTES, is_plain_key
from smartserial.config.keyhints import elsewhere, models_in
from smartserial.config.source import Place, Source
from smartserial.config.users import UsersFileModel
from smartserial.config.values import shown, unit_of
from smartserial.findings import Finding, did_you_mean

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "an integer",
    "float_type": "a number",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "greater_than": "more than {gt}{unit}",
    "greater_than_equal": "at least {ge}{unit}",
    "less_than_equal": "at most {le}{unit}",
    "literal_error": "{expected}",
    "string_too_short": "a text that is not empty",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "a name of letters, digits, '.', '_' and '-'",
    "too_short": "at least one",
}


def validate(model: type[M], source: Source) -> tuple[M | None, list[Finding]]:
    """Return the model's value, or None and what is wrong, in the order of the lines."""
    try:
        return model.model_validate(source.values), []
    except ValidationError as error:
        found = dict.fromkeys(_finding(model, source, details) for details in error.errors())
        return None, list(found)


def places_of_errors(model: type[BaseModel], values: Any) -> list[Place]:
    """Return where `values` do not fit the model."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        return [_place(details["loc"]) for details in error.errors()]
    return []


def _finding(root: type[BaseModel], source: Source, details: ErrorDetails) -> Finding:
    place = _place(details["loc"])
    at_key = "[key]" in details["loc"]
    if root is UsersFileModel and len(place) == 2 and place[0] == "users" and source.written(place) is None:
        message = "expected a user; what stands here is not shown"
        return source.finding(place, "CF03", message, hint=IN_QUOTES, at_key=True, hidden=True)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(root, source, place)
    if kind == "missing":
        return source.finding(place, "CF04", "expected, but missing")
    if kind.startswith("CF"):
        kinds = details["input"] if kind == "CF04" and isinstance(details["input"], dict) else {}
        hint = next((hint for key in kinds if (hint := did_you_mean(key, DEVICE_KINDS))), "")
        return source.finding(place, kind, details["msg"], hint=hint)
    if kind in _EXPECTED:
        found = details["input"]
        wanted = _EXPECTED[kind].format(**context, unit=unit_of(found))
        if at_key and place[2:3] == ("connections",):
            wanted = "the number of a connection"
        message = f"expected {wanted}, found {shown(found)}"
        hint = did_you_mean(found, _choices(context)) if kind == "literal_error" else ""
        return source.finding(place, "CF03", message, hint=hint, at_key=at_key)
    return source.finding(place, "CF03", details["msg"])


def _choices(context: dict[str, Any]) -> list[str]:
    return [word.strip("' ") for word in str(context.get("expected", "")).replace(" or ", ", ").split(",")]


def _place(location: tuple[int | str, ...]) -> Place:
    """Leave out what pydantic adds: the kind of a device after its key, and the mark of a mapping's key."""
    place = tuple(part for part in location if part != "[key]")
    depth = device_depth(place)
    if depth is not None and len(place) > depth + 1 and place[depth + 1] in DEVICE_KINDS:
        place = (*place[: depth + 1], *place[depth + 2 :])
    return place


def device_depth(place: Place) -> int | None:
    """Return where in a place the key of a device stands; None if it is not about one."""
    depth = {"shares": 2, "elements": 4}.get(str(place[0]), 0) if place else 0
    inside = depth != 4 or place[2:3] == ("connections",)
    return depth if depth and inside and place[depth : depth + 1] == ("device",) else None


def _unknown_key(root: type[BaseModel], source: Source, place: Place) -> Finding:
    key = place[-1]
    depth = device_depth(place)
    below = place[depth + 1 :] if depth is not None else ()
    others = _kinds_with(below) if below else []
    if others:
        kind = _kind(_at(source.values, place[: len(place) - len(below)]))
        decided = kind == "virtual" and key in LINE_KEYS
        hint = "the program that opens it decides" if decided else f"it is for {', '.join(others)}"
        return source.finding(place, "CF08", f"cannot act on a `{kind}` device", hint=hint, at_key=True)
    known = _known_keys(root, source, place[:-1])
    belongs = elsewhere(root, place[:-1], str(key))
    hint = belongs or did_you_mean(key, known)
    if not belongs and _may_be_secret(source, place, known):
        message = "unknown key; what stands here is not shown"
        return source.finding(place, "CF02", message, hint=hint or IN_QUOTES, at_key=True, hidden=True)
    hint = hint or f"known here: {', '.join(known)}"
    return source.finding(place, "CF02", "unknown key", hint=hint, at_key=True)


def _may_be_secret(source: Source, place: Place, known: list[str]) -> bool:
    """Tell whether a key may be a piece of a password, or of its hash, that YAML has cut at a comma."""
    key = str(place[-1])
    bare = source.written(place) is None or not is_plain_key(key)
    return "$" in key or ("password" in known and bare)


def _kind(device: Any) -> str:
    return next(kind for kind in DEVICE_KINDS if kind in device)


def _kinds_with(path: Place) -> list[str]:
    """Return the kinds of devices that know the key at `path`, which begins below the device."""
    return [kind for kind, model in DEVICE_KINDS.items() if _knows([model], path)]


def _knows(models: list[type[BaseModel]], path: Place) -> bool:
    fields = [f for m in models for n, f in m.model_fields.items() if path[0] == (f.alias or n)]
    inside = [model for field in fields for model in models_in(field.annotation)]
    return bool(fields) and (len(path) == 1 or _knows(inside, path[1:]))


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _at(values: Any, place: Place) -> Any:
    for part in place:
        values = values[part]
    return values


def _known_keys(root: type[BaseModel], source: Source, place: Place) -> list[str]:
    """Return the keys that are known in the mapping at `place`, down through models, lists and mappings."""
    models: list[type[BaseModel]] = [root]
    inside = False  # whether the next part is a key of a mapping, or the number in a list
    for depth, part in enumerate(place):
        if not inside:
            annotation = next(
                f.annotation for m in models for n, f in m.model_fields.items() if part in (n, f.alias)
            )
            inside, models = get_origin(annotation) in (dict, list), models_in(annotation)
            if len(models) > 1:  # a device: its one key says which
                models = [DEVICE_KINDS[_kind(_at(source.values, place[: depth + 1]))]]
        else:
            inside = False
    return [key for model in models for key in _keys(model)]
