"""What ``Param/Type@options`` says: ``connection=1;headerTrailerLink=2``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from smartserial.definition.languages.options import Keyword, OptionList, integer, split_options
from smartserial.definition.languages.problem import Parsed

MOST_CONNECTION = 32767


class Ssh(Enum):
    """What a param holds for SSH; the value is the option's text."""

    USERNAME = "ssh username"
    PASSWORD = "ssh pwd"
    OPTIONS = "ssh options"


@dataclass(frozen=True, slots=True)
class TypeOptions:
    """Options of a param's type.

    Args:
        connection: 0 to 32767, the connection that it is for; None is all.
        header_trailer_link: a header and a trailer with the same number belong together; 0 or more.
        dynamic_ip: the connection whose address it holds.
        ssh: what it holds for SSH.
    """

    connection: int | None = None
    header_trailer_link: int | None = None
    dynamic_ip: int | None = None
    ssh: Ssh | None = None


_ONE_CONNECTION = integer("PA09", most=MOST_CONNECTION)


def _connection(text: str) -> Parsed[object]:
    return Parsed(None) if text == "-1" else _ONE_CONNECTION(text)


def _ssh(kind: Ssh) -> Keyword:
    return Keyword(kind.value, "ssh", "PS07", lambda _text: Parsed(kind))


_OPTIONS = OptionList(
    (
        Keyword("connection", "connection", "PA09", _connection),
        Keyword("headerTrailerLink", "header_trailer_link", "PA05", integer("PA05")),
        Keyword("dynamic ip", "dynamic_ip", "PA23", integer("PA23", default=0)),
        *map(_ssh, Ssh),
    ),
    unknown=None,  # many options are about what we do not do
    warning=True,
)


def parse_type_options(text: str) -> Parsed[TypeOptions]:
    """Read the options of a param's type; unknown ones are passed over."""
    options = _OPTIONS.read(_number_as_value(*part) for part in split_options(text))
    fields: dict[str, Any] = options.fields
    return Parsed(TypeOptions(**fields), tuple(options.problems))


def _number_as_value(word: str, value: str) -> tuple[str, str]:
    """Take the number of ``dynamic ip 2`` as a value; all others have a sign before theirs."""
    words = word.split(" ", 2)
    if len(words) == 3 and words[0].lower() == "dynamic" and words[1].lower() == "ip":
        return "dynamic ip", words[2]
    return word, value


def print_type_options(options: TypeOptions) -> str:
    """Write options; those that say nothing are left out."""
    parts = [
        (options.connection, f"connection={options.connection}"),
        (options.header_trailer_link, f"headerTrailerLink={options.header_trailer_link}"),
        (options.dynamic_ip, f"dynamic ip {options.dynamic_ip}"),
        (options.ssh, options.ssh.value if options.ssh else ""),
    ]
    return ";".join(text for value, text in parts if value is not None)
