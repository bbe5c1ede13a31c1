"""Triggers, actions and groups as texts, for definitions that break rules about them."""

from __future__ import annotations

from tests.rulebook import definition, fixed, param


def trigger(
    id: int,
    on: str = "",
    time: str = "",
    fires: str = "<Id>1</Id>",
    type: str = "action",
    condition: str = "",
) -> str:
    """One trigger; `on`, `time` and `condition` are whole elements, `fires` is what stands in Content."""
    content = f"<Type>{type}</Type>{condition}<Content>{fires}</Content>"
    return f'<Trigger id="{id}"><Name>t{id}</Name>{on}{time}{content}</Trigger>\n'


def waiting(id: int, on: str, item: int | str, time: str, fires: str = "<Id>1</Id>", **more: str) -> str:
    """A trigger at a moment of an item."""
    return trigger(id, f'<On id="{item}">{on}</On>', f"<Time>{time}</Time>", fires, **more)


def action(id: int, on: str, type: str, items: int | str = "", said: str = "", condition: str = "") -> str:
    """One action; `items` is the id of On, `said` are the attributes of Type."""
    named = f' id="{items}"' if items != "" else ""
    words = f"<On{named}>{on}</On><Type{' ' if said else ''}{said}>{type}</Type>"
    return f'<Action id="{id}"><Name>a{id}</Name>{words}{condition}</Action>\n'


def group(id: int, items: str, type: str = "poll", condition: str = "") -> str:
    """One group; `items` is what stands in Content."""
    content = f"<Type>{type}</Type>{condition}<Content>{items}</Content>"
    return f'<Group id="{id}"><Name>g{id}</Name>{content}</Group>\n'


def pair(id: int, command: int, *responses: int, condition: str = "", attributes: str = "") -> str:
    """One pair."""
    heard = "".join(f"<Response>{number}</Response>" for number in responses)
    content = f"{condition}<Content><Command>{command}</Command>{heard}</Content>"
    return f'<Pair id="{id}"{attributes}><Name>pair{id}</Name>{content}</Pair>\n'


def byte(id: int, value: str, type: str = "fixed", attributes: str = "") -> str:
    """A param of one constant byte."""
    return param(
        id,
        type,
        "<Interprete><RawType>other</RawType><LengthType>fixed</LengthType><Length>1</Length>"
        f"<Type>string</Type><Value>{value}</Value></Interprete>",
        attributes,
    )


def params(*more: str) -> str:
    """Param 1 is a constant, params 2 and 3 are texts, 4 and 5 numbers; and more."""
    known = (byte(1, "A"), fixed(2, 1), fixed(3, 1), _number(4), _number(5))
    return f"<Params>{''.join((*known, *more))}</Params>\n"


def _number(id: int) -> str:
    return fixed(id, 1, raw_type="unsigned number", held="double")


def wire(*pairs: str) -> str:
    """Commands 1 and 2, responses 1 and 2 with params 2 and 3, and pairs: 1 and 2 if none are said."""
    commands = "".join(
        f'<Command id="{number}"><Name>c{number}</Name><Content><Param>1</Param></Content></Command>'
        for number in (1, 2)
    )
    responses = "".join(
        f'<Response id="{number}"><Name>r{number}</Name><Content><Param>1</Param><Param>{number + 1}</Param>'
        "</Content></Response>"
        for number in (1, 2)
    )
    said = "".join(pairs) or pair(1, 1, 1) + pair(2, 2, 2)
    return f"<Commands>{commands}</Commands>\n<Responses>{responses}</Responses>\n<Pairs>{said}</Pairs>\n"


def flow(
    triggers: str = "",
    actions: str = "",
    groups: str = "",
    more: str = "",
    pairs: str = "",
    timers: str = "",
    added: str = "",
) -> str:
    """What stands in a definition: params and wire, and these parts; `added` are more params."""
    parts = [params(added), wire(*[pairs] * bool(pairs))]
    groups = groups or group(1, "<Pair>1</Pair>")
    parts.append(f"<Groups>{groups}</Groups>\n")
    parts += [f"<Triggers>{triggers}</Triggers>\n"] * bool(triggers)
    parts += [f"<Actions>{actions}</Actions>\n"] * bool(actions)
    parts += [f"<Timers>{timers}</Timers>\n"] * bool(timers)
    return "".join(parts) + more


def told(*parts: str, **named: str) -> str:
    """A whole definition with what `flow` gives."""
    return definition(flow(*parts, **named))
