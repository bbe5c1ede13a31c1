"""A pair while it is asked: of whom, how often, and whether its silence counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartserial.definition.message import Pair, Response
from smartserial.engine.buffer import Buffer
from smartserial.engine.effects import Peer
from smartserial.engine.running.scene import Scene


def nobody(response: Response) -> None:
    """Be told what answered a pair, and leave it."""


@dataclass(slots=True, eq=False)
class Question:
    """A pair that is asked.

    Args:
        pair: the pair.
        connection: where.
        scene: of the pair.
        to: the only session that it is sent to, or None.
        made: its command, if that was made when its group was queued.
        answered: called with the response that answers it.
        attempt: counts from 1.
        excused: something came at the last attempt that is no timeout, although it is no answer.
        gone: the session that it is sent to is over.
    """

    pair: Pair
    connection: int
    scene: Scene
    to: Peer | None
    made: Buffer | None
    answered: Callable[[Response], None]
    attempt: int = 1
    excused: bool = False
    gone: bool = False

    @property
    def counts(self) -> bool:
        """Whether its silence says something about its connection."""
        return not (self.pair.options.ignore_timeout or self.excused or self.gone)

    def sending(self, data: bytes) -> float:
        """Return the seconds until the last byte of a command goes out."""
        return (self.pair.options.one_byte or 0) / 1000 * max(0, len(data) - 1)
