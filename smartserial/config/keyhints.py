"""Where a key belongs that stands elsewhere: one level off is the commonest mistake."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_origin

from pydantic import BaseModel

from smartserial.config.source import Place, path_text

Pattern = tuple[str, ...]
"""Where a mapping stands: keys, with `_NAME` for each that somebody gives, `_ITEM` for each number."""

_NAME, _ITEM = "NAME", "[]"
_INSIDE: dict[Any, Pattern] = {dict: (_NAME,), list: (_ITEM,)}
_MOST = 3  # places that a hint names


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in models_in(argument)]


def elsewhere(root: type[BaseModel], place: Place, key: str) -> str:
    """Return a hint that tells where a key belongs, as near as there is; empty if nowhere.

    Nothing is told of a key that belongs into the same device: what that knows depends on its kind.

    Args:
        root: the model of the file.
        place: the mapping that does not know the key.
        key: what is written there.
    """
    known = {pattern: _common(pattern, place) for pattern in _patterns(root).get(key, ())}
    if any("device" in pattern[:common] for pattern, common in known.items()):
        return ""
    most = max(known.values(), default=0)
    best = sorted((pattern for pattern, common in known.items() if common == most), key=_depth)[:_MOST]
    words = [f"`{_words(pattern, place, most)}`" if pattern else "the whole file" for pattern in best]
    return f"it is a key of {' and '.join(words)}" if words else ""


def _depth(pattern: Pattern) -> int:
    return len(pattern) - pattern.count(_ITEM)


def _words(pattern: Pattern, place: Place, common: int) -> str:
    """Name a mapping: what stands below `place` by the rest of its path, another by all of it."""
    text = "" if common == len(place) else path_text(place[:common])
    for part in pattern[common:]:
        text += part if part == _ITEM or not text else f".{part}"
    return text


def _common(pattern: Pattern, place: Place) -> int:
    """Return how many parts of a pattern and of a place are the same, from the beginning."""
    same = 0
    for part, found in zip(pattern, place, strict=False):
        if part != found and part != (_ITEM if isinstance(found, int) else _NAME):
            break
        same += 1
    return same


@cache
def _patterns(root: type[BaseModel]) -> dict[str, tuple[Pattern, ...]]:
    """Return where each key of a file is known."""
    found: dict[str, dict[Pattern, None]] = {}
    for key, pattern in _walk(root, ()):
        found.setdefault(key, {})[pattern] = None
    return {key: tuple(patterns) for key, patterns in found.items()}


def _walk(model: type[BaseModel], pattern: Pattern) -> Iterator[tuple[str, Pattern]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield key, pattern
        inside = _INSIDE.get(get_origin(field.annotation), ())
        for below in models_in(field.annotation):
            yield from _walk(below, (*pattern, key, *inside))
