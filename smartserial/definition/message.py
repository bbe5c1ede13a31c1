"""What is sent and what is heard: commands, responses and their pairs."""

from __future__ import annotations

from dataclasses import dataclass

from smartserial.definition.condition import Expression
from smartserial.definition.languages.optional import Optional
from smartserial.definition.languages.pairoptions import PairOptions
from smartserial.definition.place import Place, placed


@dataclass(frozen=True, slots=True)
class Command:
    """Bytes to send.

    Args:
        id: its number.
        name: its name.
        content: params in wire order; one may come twice.
        ascii: of a unicode definition: True sends all texts in the code page, ids only those.
    """

    id: int
    name: str
    content: tuple[int, ...] = ()
    ascii: bool | tuple[int, ...] = False
    description: str = ""
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Response:
    """Bytes to hear.

    Args:
        id: its number.
        name: its name.
        content: params in wire order.
        connection: where it is heard; None is connection 0.
        optional: positions in the content that may be absent.
    """

    id: int
    name: str
    content: tuple[int, ...] = ()
    connection: int | None = None
    optional: tuple[Optional, ...] = ()
    description: str = ""
    place: Place = placed()


@dataclass(frozen=True, slots=True)
class Pair:
    """A command and what answers it.

    Args:
        id: its number.
        name: its name.
        command: what is sent.
        responses: answers, in the order in which they are tried; none needs no answer.
        bad_responses: answers to a bad command: it is not sent again.
        condition: the pair is left out unless this holds.
        ping: it is sent while the device does not answer.
        timeout: ms, in place of the connection's.
        options: connection, retries, gaps.
    """

    id: int
    name: str
    command: int
    responses: tuple[int, ...] = ()
    bad_responses: tuple[int, ...] = ()
    condition: Expression | None = None
    ping: bool = False
    timeout: int | None = None
    options: PairOptions = PairOptions()
    description: str = ""
    place: Place = placed()
