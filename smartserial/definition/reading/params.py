"""Params."""

from __future__ import annotations

from smartserial.definition.languages.constant import parse_constant
from smartserial.definition.languages.scale import Scale
from smartserial.definition.languages.sequence import parse_sequence
from smartserial.definition.languages.typeoptions import parse_type_options
from smartserial.definition.measurement import Discreet, Display, Measurement
from smartserial.definition.node import Node
from smartserial.definition.param import (
    Crc,
    Endian,
    Interprete,
    LengthType,
    Other,
    Param,
    ParamType,
    RawType,
    Rounding,
    Side,
    ValueException,
    ValueType,
)
from smartserial.definition.reading.texts import (
    choice,
    decimal,
    identity,
    listed,
    reference,
    references,
    truth,
    whole,
)


def _number(node: Node, path: str, default: int) -> int:
    found = whole(node.text_at(path))
    return default if found is None else found


def _attribute(node: Node | None, path: str, name: str) -> str:
    found = node.first(path) if node is not None else None
    return found.attributes.get(name, "") if found is not None else ""


def _value(node: Node) -> str | bytes | None:
    found = node.first("Value")
    return parse_constant(found.text) if found is not None else None


def _scale(node: Node | None) -> Scale | None:
    if node is None:
        return None
    parts = [decimal(node.attributes.get(name, "")) for name in ("lowData", "highData", "low", "high")]
    low_data, high_data, low, high = parts
    if low_data is None or high_data is None or low is None or high is None:
        return None
    return Scale(low_data, high_data, low, high)


def _exceptions(node: Node) -> tuple[ValueException, ...]:
    return tuple(
        ValueException(
            found.attributes.get("value", ""),
            found.text_at("Display"),
            found.text_at("Value"),
            place=found.place,
        )
        for found in node.all("Exceptions/Exception")
    )


def _others(node: Node) -> tuple[Other, ...]:
    read = ((identity(found), found) for found in node.all("Others/Other"))
    return tuple(
        Other(param, found.text_at("Value"), found.text_at("Display"), place=found.place)
        for param, found in read
        if param is not None
    )


def _sides(text: str) -> frozenset[Side]:
    sides = (choice(Side, part) for part in listed(text))
    return frozenset(side for side in sides if side is not None)


def interprete(node: Node) -> Interprete:
    """Read how bytes become a value."""
    length_type = node.first("LengthType")
    return Interprete(
        raw_type=choice(RawType, node.text_at("RawType")) or RawType.OTHER,
        length_type=choice(LengthType, node.text_at("LengthType")) or LengthType.NEXT_PARAM,
        length=whole(node.text_at("Length")),
        length_id=reference(_attribute(node, "LengthType", "id")),
        length_times=max(1, whole(length_type.attributes.get("times", "")) or 1) if length_type else 1,
        type=choice(ValueType, node.text_at("Type")) or ValueType.STRING,
        trim=_sides(_attribute(node, "Type", "trim")),
        filter=bool(truth(_attribute(node, "Type", "filter"))),
        value=_value(node),
        default_value=found.text if (found := node.first("DefaultValue")) is not None else None,
        endian=choice(Endian, node.text_at("Endian")),
        base=_number(node, "Base", 10),
        decimals=_number(node, "Decimals", 6),
        rounding=choice(Rounding, node.text_at("Rounding")) or Rounding.DOWN,
        factor=decimal(node.text_at("Factor")),
        offset=decimal(node.text_at("OffSet")),
        offset_id=reference(_attribute(node, "OffSet", "id")),
        scale=_scale(node.first("Scale")),
        sequence=parse_sequence(node.text_at("Sequence")).value,
        sequence_noset=not node.has("Sequence") or bool(truth(_attribute(node, "Sequence", "noset"))),
        sequence_loop=decimal(_attribute(node, "Sequence", "loop")),
        low=decimal(node.text_at("Range/Low")),
        high=decimal(node.text_at("Range/High")),
        exceptions=_exceptions(node),
        others=_others(node),
        alignment=choice(Side, node.text_at("Alignment")),
        bits=whole(node.text_at("Bits")),
        byte_offset=_number(node, "ByteOffset", 0),
        start_position=whole(node.text_at("StartPosition")),
        nbr_of_bits=_number(node, "NbrOfBits", 1),
        place=node.place,
    )


def group_bytes(text: str) -> tuple[int, bool] | None:
    """Return how many bytes are taken at a time, and whether they are a binary number; None if unreadable."""
    count, _, kind = (part.strip().lower() for part in text.partition(";"))
    size = whole(count)
    return (size, kind == "binary") if size is not None and size > 0 and kind in ("", "binary") else None


def positions(node: Node, path: str) -> tuple[int, ...]:
    """Return positions in a command or a response; what is no position is left out."""
    found = (whole(item.text) for item in node.all(path))
    return tuple(position for position in found if position is not None and position >= 0)


def _crc(node: Node) -> Crc:
    """Read a checksum; its options may stand on the element or on its type."""
    type_ = node.first("Type")
    said = {**(type_.attributes if type_ is not None else {}), **node.attributes}

    def number(name: str) -> int | None:
        return whole(said.get(name, ""))

    size, binary = group_bytes(said.get("groupbytes", "")) or (1, False)
    options = frozenset(option.upper() for option in listed(said.get("options", "")))
    return Crc(
        node.text_at("Type"),
        positions(node, "Content/Param"),
        byte_offset=number("byteoffset") or 0,
        group_bytes=size,
        binary=binary,
        mod=number("mod"),
        off=number("off") or 0,
        off_per_byte="OFF PER BYTE" in options,
        total_offset=number("totaloffset") or 0,
        options=options - {"OFF PER BYTE"},
        place=node.place,
    )


def _measurement(node: Node) -> Measurement:
    found = node.first("Discreets")
    return Measurement(
        node.text_at("Type"),
        tuple(
            Discreet(
                item.text_at("Value"),
                item.text_at("Display"),
                tuple(listed(item.attributes.get("dependencyValues", ""))),
                place=item.place,
            )
            for item in node.all("Discreets/Discreet")
        ),
        reference(found.attributes.get("dependencyId", "")) if found is not None else None,
        place=node.place,
    )


def _display(node: Node) -> Display:
    return Display(
        bool(truth(node.text_at("RTDisplay"))),
        node.text_at("Units"),
        whole(node.text_at("Decimals")),
        decimal(node.text_at("Range/Low")),
        decimal(node.text_at("Range/High")),
        place=node.place,
    )


def param(node: Node, number: int) -> Param:
    """Read one param."""
    type_ = node.first("Type")
    attributes = type_.attributes if type_ is not None else {}
    length, crc = node.first("Length"), node.first("CRC")
    shown, display = node.first("Measurement"), node.first("Display")
    bytes_ = node.first("Interprete")
    return Param(
        number,
        node.text_at("Name"),
        choice(ParamType, node.text_at("Type")) or ParamType.READ,
        interprete(bytes_) if bytes_ is not None else None,
        node.text_at("Description"),
        references(listed(attributes.get("id", ""))),
        parse_type_options(attributes.get("options", "")).value,
        max(1, whole(attributes.get("times", "")) or 1),
        _crc(crc) if crc is not None else None,
        positions(length, "Content/Param") if length is not None else None,
        _measurement(shown) if shown is not None else None,
        _display(display) if display is not None else None,
        bool(truth(node.attributes.get("save", ""))),
        bool(truth(node.attributes.get("setter", ""))),
        place=node.place,
    )
