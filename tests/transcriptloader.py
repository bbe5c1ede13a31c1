"""What devices say, as tests/transcripts has it: messages, their fields, and what the fields mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

import smartserial

PROTOCOLS = Path(smartserial.__file__).parent / "protocols"
TRANSCRIPTS = Path(__file__).parent / "transcripts"
NAMES = tuple(sorted(path.stem for path in PROTOCOLS.glob("*.xml")))
CHECKSUM = re.compile(r"(checksum|crc|sum)(_\d+)?")

Scalar = str | int | float | None


@dataclass(frozen=True, slots=True)
class Field:
    """Some bytes of a message; a constant has no name, a group of bits has `bits` in place of a value."""

    raw: bytes
    name: str = ""
    value: Scalar = None
    bits: dict[str, int] | None = None
    display: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a ``command`` or a ``response``; `wrong` is the kind of param that is wrong."""

    kind: str
    name: str
    note: str
    wrong: str
    raw: bytes
    fields: tuple[Field, ...]

    @property
    def values(self) -> dict[str, Scalar]:
        return {field.name: field.value for field in self.fields if field.name and field.bits is None}

    @property
    def bits(self) -> dict[str, int]:
        return {name: value for field in self.fields for name, value in (field.bits or {}).items()}


def transcript(name: str) -> list[Message]:
    """Return the messages of a definition's transcript."""
    document = YAML(typ="safe").load(TRANSCRIPTS / f"{name}.yaml")

    def raw(text: str) -> bytes:
        return text.encode("latin-1") if document["encoding"] == "text" else bytes.fromhex(text)

    def field(entry: str | list) -> Field:
        if isinstance(entry, str):
            return Field(raw(entry))
        called, text, value, *display = entry
        bits = value if isinstance(value, dict) else None
        return Field(raw(text), called, None if bits else value, bits, *display)

    messages = []
    for entry in document["messages"]:
        kind = "command" if "command" in entry else "response"
        whole = entry["message"] if isinstance(entry["message"], str) else "".join(entry["message"])
        fields = tuple(field(part) for part in entry["fields"])
        told = entry.get("note", ""), entry.get("wrong", "")
        messages.append(Message(kind, entry[kind], *told, raw(whole), fields))
    return messages


ALL = {name: transcript(name) for name in NAMES}


def right(name: str, *kinds: str) -> Iterator[Message]:
    """Messages whose lengths and checksum are right."""
    return (m for m in ALL[name] if not m.wrong and m.kind in (kinds or ("command", "response")))


def wrong(name: str) -> list[Message]:
    """Messages of which a length or the checksum is wrong."""
    return [message for message in ALL[name] if message.wrong]
