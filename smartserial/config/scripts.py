"""Scripts of simulated devices: their models, their rules, and what they become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from smartserial.config.source import Place, Source
from smartserial.config.values import Model, RawBytes, Seconds, shown, wrong
from smartserial.definition.checksum import ALGORITHMS
from smartserial.findings import Finding
from smartserial.script import VALUE_NAME, Check, Rule, Script, Text, Unasked, holes, parse_text


def _value_name(value: Any) -> Any:
    if not isinstance(value, str) or not VALUE_NAME.fullmatch(value):
        raise wrong("expected a name of a-z, digits and _, found {found}", found=shown(value))
    return value


def _algorithm(value: Any) -> Any:
    if not isinstance(value, str) or value not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise wrong(f"expected one of {known}, found {{found}}", found=shown(value))
    return value


_Texts = Annotated[list[RawBytes], BeforeValidator(lambda v: v if isinstance(v, list) else [v])]
_ValueName = Annotated[
    str,
    BeforeValidator(_value_name),
    WithJsonSchema({"type": "string", "pattern": f"^{VALUE_NAME.pattern}$"}),
]
_Values = dict[_ValueName, RawBytes]


class CheckModel(Model):
    """A checksum at the end of each message, of which the script says nothing."""

    type: Annotated[
        str, BeforeValidator(_algorithm), WithJsonSchema({"type": "string", "enum": list(ALGORITHMS)})
    ]
    width: int = Field(1, ge=1, le=4, description="its bytes")
    endian: Literal["big", "little"] = "big"
    skip: int = Field(0, ge=0, le=1024, description="bytes at the start that it does not cover")


class ScriptEntry(Model):
    """One exchange: `expect` is answered, or without one something said every so often, or anything else."""

    expect: RawBytes | None = None
    every: Annotated[Seconds, Field(ge=0.001)] | None = None
    answer: _Texts = Field(min_length=1)
    delay: Seconds = 0.0
    set: _Values = Field({}, description="what `values` are from then on")


class ScriptModel(Model):
    """The script of a simulated device."""

    terminator: _Texts = [b"\n"]
    ignore: RawBytes = b"\r"
    values: _Values = Field({}, description="what it remembers: {name} in a text is such a value")
    checksum: CheckModel | None = None
    script: list[ScriptEntry] = Field(min_length=1)


def script_findings(script: ScriptModel, source: Source) -> list[Finding]:
    """Return what is wrong with a script whose values are right one by one."""
    found = []
    for n, entry in enumerate(script.script):
        place: Place = ("script", n)
        if entry.every is not None:
            for key in sorted({"expect", "delay", "set"} & entry.model_fields_set):
                found.append(source.finding((*place, key), "CF05", "excluded by `every`", at_key=True))
        elif not entry.expect and not any(script.terminator):
            message = "cannot act: without a terminator there are no other messages"
            found.append(source.finding(place, "CF08", message))
        for part, code, message in _wrong_parts(entry, script):
            found.append(source.finding((*place, *part), code, message))
    return found


def _wrong_parts(entry: ScriptEntry, script: ScriptModel) -> Iterator[tuple[Place, str, str]]:
    """Yield what is wrong with the texts of an entry: where, a code, and why."""
    texts: list[tuple[Place, bytes]] = [(("answer", n), text) for n, text in enumerate(entry.answer)]
    if entry.expect and entry.every is None:
        texts.insert(0, (("expect",), entry.expect))
    for place, raw in texts:
        try:
            text = _text(raw, script)
        except ValueError as error:
            yield place, "CF03", str(error)
            continue
        if place == ("expect",):
            yield from ((place, "CF08", message) for message in _never_comes(text, script))
    for name, value in entry.set.items():
        size = len(script.values.get(name, b""))
        if name not in script.values:
            yield ("set", name), "CF03", f"there is no value {name!r}"
        elif size and len(value) != size:
            yield ("set", name), "CF03", f"expected {size} bytes, as in `values`, found {len(value)}"


def _never_comes(text: Text, script: ScriptModel) -> Iterator[str]:
    """Yield why a text could never be told from what is said to the device."""
    plain = [text] if isinstance(text, bytes) else [piece for piece in text if isinstance(piece, bytes)]
    last = text if isinstance(text, bytes) else text[-1]
    ignored = isinstance(last, bytes) and script.checksum is None and last != last.rstrip(script.ignore)
    ended = any(end in piece for end in script.terminator for piece in plain if end)
    if any(script.terminator) and (ended or ignored):
        yield "cannot act: it holds the terminator, or ends in what is ignored"
    names = [hole.name for hole in holes(text)]
    if len(set(names)) < len(names):
        yield "cannot act: a value stands in it twice"
    unbounded = sum(hole.size is None for hole in holes(text))
    if unbounded > any(script.terminator):
        yield "cannot act: one value of any length is possible, and none without a terminator"


def _text(raw: bytes, script: ScriptModel) -> Text:
    """Return a text; braces are themselves where nothing is remembered."""
    return parse_text(raw, script.values) if script.values else raw


def script_of(model: ScriptModel) -> Script:
    """Return the script of a model without findings."""

    def texts(entry: ScriptEntry) -> tuple[Text, ...]:
        return tuple(_text(raw, model) for raw in entry.answer)

    def rule(entry: ScriptEntry) -> Rule:
        expect = None if entry.expect is None else _text(entry.expect, model)
        return Rule(expect, texts(entry), entry.delay, tuple(entry.set.items()))

    check = model.checksum
    return Script(
        rules=tuple(rule(entry) for entry in model.script if entry.every is None),
        unasked=tuple(Unasked(e.every, texts(e)) for e in model.script if e.every is not None),
        terminators=tuple(end for end in model.terminator if end),
        ignore=model.ignore,
        values=tuple(model.values.items()),
        check=None if check is None else Check(check.type, check.width, check.endian == "little", check.skip),
    )
