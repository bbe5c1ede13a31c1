"""Rules about headers and trailers: which belong together, and on which connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from smartserial.definition.languages.options import split_options
from smartserial.definition.languages.typeoptions import parse_type_options
from smartserial.definition.node import Node
from smartserial.definition.param import Param, ParamType
from smartserial.definition.rules.elements import contents, kind_of, params, type_place
from smartserial.definition.rules.problems import problems_of
from smartserial.definition.rules.rule import Found, Rule, Subject
from smartserial.definition.rules.sources import connections_known, several_apart
from smartserial.findings import ERROR, INFO, WARNING

_DELIMITERS = {ParamType.HEADER, ParamType.TRAILER}


def option_text(node: Node) -> str:
    """Return the options of a param's type."""
    found = node.first("Type")
    return found.attributes.get("options", "") if found is not None else ""


def option_problems(node: Node, code: str) -> Iterator[Found]:
    """Yield the problems in the options of a param's type that break one rule."""
    text = option_text(node)
    if text:
        yield from problems_of(parse_type_options(text).problems, code, type_place(node))


def _named(node: Node, option: str) -> bool:
    """Tell whether an option is given, with whatever value."""
    return any(word.lower() == option for word, _ in split_options(option_text(node)))


def _delimiters(subject: Subject) -> Iterator[tuple[Node, Param]]:
    """Yield the headers and trailers without errors."""
    for node, param in params(subject):
        if param.type in _DELIMITERS and subject.sound(param):
            yield node, param


def linked(subject: Subject) -> Iterator[Found]:
    """A header or trailer has a link id where units are made of bytes; more than one pair needs it.

    Stuffing asks for a trailer without one, so nothing is said where there is stuffing.
    """
    advanced = subject.root.first("Advanced")
    if not subject.smart or (advanced is not None and advanced.attributes.get("stuffing", "").strip()):
        return
    found = [(node, param) for node, param in _delimiters(subject) if not _named(node, "headertrailerlink")]
    counts = Counter((param.type, param.options.connection) for _, param in found)
    most = {
        kind: max(
            (count for (of, number), count in counts.items() if of is kind and number is not None), default=0
        )
        for kind in _DELIMITERS
    }
    for node, param in found:
        number = param.options.connection
        if number is None:
            beside = counts[param.type, None] + most[param.type]
        else:
            beside = counts[param.type, number] + counts[param.type, None]
        if beside > 1:
            message = (
                f"expected headerTrailerLink, for there are {beside} of type {param.type.value} without it"
            )
            yield Found(type_place(node), message, severity=ERROR)
        else:
            message = f"expected headerTrailerLink in the options of a {param.type.value}, found none"
            yield Found(type_place(node), message)


def link_number(subject: Subject) -> Iterator[Found]:
    """A link id is a whole number, 0 or above."""
    for node in subject.root.all("Params/Param"):
        yield from option_problems(node, "PA05")


def link_has_use(subject: Subject) -> Iterator[Found]:
    """Link ids are given to headers and trailers, and mean something on smart-serial connections only."""
    for node, param in params(subject):
        if not _named(node, "headertrailerlink") or not subject.sound(param):
            continue
        if param.type not in _DELIMITERS:
            message = (
                f"expected headerTrailerLink for header and trailer only, found it for {param.type.value}"
            )
            yield Found(type_place(node), message)
        elif not subject.smart and connections_known(subject):
            yield Found(type_place(node), "headerTrailerLink means nothing without a smart-serial connection")


def link_once(subject: Subject) -> Iterator[Found]:
    """A link id joins one header and one trailer on each connection."""
    seen: dict[tuple[ParamType, int], dict[int | None, int]] = {}
    for node, param in _delimiters(subject):
        link, number = param.options.header_trailer_link, param.options.connection
        if link is None:
            continue
        others = seen.setdefault((param.type, link), {})
        clash = others.get(number, others.get(None))
        if clash is None and number is None:
            clash = next(iter(others.values()), None)
        if clash is not None:
            kind = param.type.value
            message = f"expected one {kind} with the link id {link}, found param {param.id} beside {clash}"
            yield Found(type_place(node), message)
        others.setdefault(number, param.id)


def says_connection(subject: Subject) -> Iterator[Found]:
    """With several serial connections a header or trailer says for which it is, or -1 for all."""
    if several_apart(subject):
        for node, param in _delimiters(subject):
            if not _named(node, "connection"):
                message = (
                    f"expected connection= in the options of a {param.type.value}, "
                    f"for there are {len(subject.serial)} serial connections"
                )
                yield Found(type_place(node), message)


def connection_is_serial(subject: Subject) -> Iterator[Found]:
    """The connection of a header or trailer exists, and is serial or smart-serial."""
    known = connections_known(subject)
    for node, param in params(subject):
        yield from option_problems(node, "PA09")
        number = param.options.connection
        if not known or param.type not in _DELIMITERS or number is None or number in subject.serial:
            continue
        if number < len(subject.protocol.connections):
            kind = subject.protocol.connections[number].type.value
            yield Found(type_place(node), f"expected a serial connection, found connection {number}: {kind}")
        else:
            yield Found(type_place(node), f"there is no connection {number}", missing=("connection", number))


def header_has_trailer(subject: Subject) -> Iterator[Found]:
    """A linked header has a trailer with the same link id on each smart-serial connection where it counts."""
    trailers: dict[int | None, set[int | None]] = {}
    for node, param in params(subject):
        if not subject.sound(param) and kind_of(node) in (None, ParamType.TRAILER):
            return  # this may be the one
        if param.type is ParamType.TRAILER:
            trailers.setdefault(param.options.header_trailer_link, set()).add(param.options.connection)
    for node, param in _delimiters(subject):
        link, number = param.options.header_trailer_link, param.options.connection
        if link is None or param.type is not ParamType.HEADER:
            continue
        wanted = subject.smart if number is None else subject.smart & {number}
        having = trailers.get(link, set())
        if wanted and None not in having and not wanted <= having:
            where = f" on connection {min(wanted - having)}" if len(subject.smart) > 1 else ""
            yield Found(type_place(node), f"expected a trailer with the link id {link}{where}, found none")


def delimiter_used(subject: Subject) -> Iterator[Found]:
    """A header or trailer that makes units of bytes stands in a command or response."""
    used = {number for content in contents(subject.root) for number in content.params}
    for node, param in _delimiters(subject):
        number = param.options.connection
        counts = bool(subject.smart) if number is None else number in subject.smart
        if counts and param.id not in used:
            yield Found(
                node.place, f"no command or response has this {param.type.value}, which makes units of bytes"
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "PA04",
        WARNING,
        "a header or trailer has no headerTrailerLink, and there is a smart-serial connection",
        "write headerTrailerLink=1 in the options of the header and of its trailer",
        linked,
    ),
    Rule(
        "PA05",
        ERROR,
        "headerTrailerLink is no number",
        "write headerTrailerLink=1, a number of 0 or more",
        link_number,
    ),
    Rule(
        "PA06",
        INFO,
        "headerTrailerLink has no use",
        "take it out",
        link_has_use,
    ),
    Rule(
        "PA07",
        ERROR,
        "two headers or two trailers have the same link id",
        "give each pair of header and trailer a number of its own",
        link_once,
    ),
    Rule(
        "PA08",
        WARNING,
        "a header or trailer does not say for which connection it is, and there are several",
        "write connection=N in the options of its type, or connection=-1 for all",
        says_connection,
    ),
    Rule(
        "PA09",
        WARNING,
        "connection= of a header or trailer is no serial connection",
        "write the number of a serial or smart-serial connection, from 0",
        connection_is_serial,
    ),
    Rule(
        "PA10",
        ERROR,
        "a header has no trailer",
        "add a trailer with the same headerTrailerLink, on the same connection",
        header_has_trailer,
    ),
    Rule(
        "PA11",
        WARNING,
        "no command or response has a header or trailer that makes units of bytes",
        "use it, take it out, or give it the connection= where it counts",
        delimiter_used,
    ),
)
