"""Params."""

from __future__ import annotations

from functools import partial

from smartserial.definition.languages.sequence import print_sequence
from smartserial.definition.languages.typeoptions import print_type_options
from smartserial.definition.measurement import Display, Measurement
from smartserial.definition.node import Node
from smartserial.definition.param import Crc, Interprete, Other, Param, Side, ValueException
from smartserial.definition.writing.texts import (
    constant,
    element,
    joined,
    leaf,
    leaves,
    parent,
    text,
    unless,
)

_PLAIN = Interprete()


def _range(low: float | None, high: float | None) -> Node | None:
    return parent("Range", (leaf("Low", low), leaf("High", high)))


def _exception(number: int, value: ValueException) -> Node:
    content = (element("Display", value.display), element("Value", value.internal))
    return element("Exception", content, id=number, value=value.value)


def _other(value: Other) -> Node:
    content = (element("Display", value.display), element("Value", value.value))
    return element("Other", content, id=value.param)


def _sequence(value: Interprete) -> Node | None:
    if not value.sequence and value.sequence_noset and value.sequence_loop is None:
        return None
    return element(
        "Sequence",
        partial(print_sequence, value.sequence),
        noset=value.sequence_noset,
        loop=value.sequence_loop,
    )


def _scale(value: Interprete) -> Node | None:
    scale = value.scale
    if scale is None:
        return None
    return element("Scale", lowData=scale.low_data, highData=scale.high_data, low=scale.low, high=scale.high)


def _shape(value: Interprete) -> tuple[Node | None, ...]:
    """Return what the bytes look like, and where they end."""
    return (
        element("RawType", text(value.raw_type)),
        element(
            "LengthType",
            text(value.length_type),
            id=value.length_id,
            times=unless(value.length_times, 1),
        ),
        leaf("Length", value.length),
        element(
            "Type",
            text(value.type),
            trim=joined(side for side in Side if side in value.trim),
            filter=unless(value.filter, False),
        ),
        constant("Value", value.value),
        leaf("DefaultValue", value.default_value),
    )


def _arithmetic(value: Interprete) -> tuple[Node | None, ...]:
    """Return how a raw value becomes the value."""
    offset = "" if value.offset is None else value.offset
    return (
        leaf("Endian", value.endian, _PLAIN.endian),
        leaf("Base", value.base, _PLAIN.base),
        leaf("Decimals", value.decimals, _PLAIN.decimals),
        leaf("Rounding", value.rounding, _PLAIN.rounding),
        leaf("Factor", value.factor),
        element("OffSet", offset, id=value.offset_id)
        if offset != "" or value.offset_id is not None
        else None,
        _scale(value),
        _sequence(value),
        _range(value.low, value.high),
    )


def interprete(value: Interprete) -> Node:
    """Return the element that says how bytes become a value."""
    exceptions = (_exception(number, found) for number, found in enumerate(value.exceptions, 1))
    return element(
        "Interprete",
        (
            *_shape(value),
            *_arithmetic(value),
            parent("Exceptions", exceptions),
            parent("Others", map(_other, value.others)),
            leaf("Alignment", value.alignment),
            leaf("Bits", value.bits),
            leaf("ByteOffset", value.byte_offset, _PLAIN.byte_offset),
            leaf("StartPosition", value.start_position),
            leaf("NbrOfBits", value.nbr_of_bits, _PLAIN.nbr_of_bits),
        ),
    )


def _crc(value: Crc) -> Node:
    grouped = f"{value.group_bytes};binary" if value.binary else text(value.group_bytes)
    options = sorted(value.options | ({"OFF PER BYTE"} if value.off_per_byte else set()))
    return element(
        "CRC",
        (
            element(
                "Type",
                value.type,
                byteoffset=unless(value.byte_offset, 0),
                groupbytes=unless(grouped, "1"),
                mod=value.mod,
                off=unless(value.off, 0),
                totaloffset=unless(value.total_offset, 0),
                options=joined(options),
            ),
            element("Content", leaves("Param", value.content)),
        ),
    )


def _measurement(value: Measurement) -> Node:
    discreets = (
        element(
            "Discreet",
            (element("Display", found.display), element("Value", found.value)),
            dependencyValues=joined(found.dependency_values),
        )
        for found in value.discreets
    )
    return element(
        "Measurement",
        (
            leaf("Type", value.type, ""),
            parent("Discreets", discreets, dependencyId=value.dependency_id),
        ),
    )


def _display(value: Display) -> Node:
    return element(
        "Display",
        (
            element("RTDisplay", text(value.rt_display)),
            leaf("Units", value.units, ""),
            _range(value.low, value.high),
            leaf("Decimals", value.decimals),
        ),
    )


def _length(value: Param) -> Node | None:
    if value.length_content is None:
        return None
    return element("Length", (element("Content", leaves("Param", value.length_content)),))


def param(value: Param) -> Node:
    """Return the element of a param."""
    return element(
        "Param",
        (
            element("Name", value.name),
            leaf("Description", value.description, ""),
            element(
                "Type",
                text(value.type),
                id=joined(value.type_id),
                options=print_type_options(value.options) or None,
                times=unless(value.times, 1),
            ),
            interprete(value.interprete) if value.interprete is not None else None,
            _crc(value.crc) if value.crc is not None else None,
            _length(value),
            _measurement(value.measurement) if value.measurement is not None else None,
            _display(value.display) if value.display is not None else None,
        ),
        id=value.id,
        save=unless(value.save, False),
        setter=unless(value.setter, False),
    )
