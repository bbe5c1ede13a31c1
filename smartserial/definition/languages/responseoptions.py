"""What ``Response@options`` says: ``Connection:1``."""

from __future__ import annotations

from typing import Any

from smartserial.definition.languages.options import Keyword, OptionList, integer, split_options
from smartserial.definition.languages.problem import Parsed

_OPTIONS = OptionList(
    (Keyword("Connection", "connection", "RE11", integer("RE11")),), unknown="RE11", warning=True
)


def parse_response_options(text: str) -> Parsed[int | None]:
    """Return the connection that a response belongs to; None where nothing is said, which is connection 0."""
    options = _OPTIONS.read(split_options(text))
    fields: dict[str, Any] = options.fields
    return Parsed(fields.get("connection"), tuple(options.problems))


def print_response_options(connection: int | None) -> str:
    """Write the options of a response."""
    return "" if connection is None else f"Connection:{connection}"
