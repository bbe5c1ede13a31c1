"""The play: each piece in its time, or when somebody says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from smartserial.captures import Piece
from smartserial.replaying.outlet import Outlet
from smartserial.replaying.pace import LONG, Pace, shown, told_pause

_TURN = 64 * 1024  # bytes after which the reactor has its turn


class Steps(LineOnlyReceiver):
    """Lines on stdin: each is a step."""

    delimiter = b"\n"

    def __init__(self) -> None:
        self._steps = 0
        self._ended = False
        self._waiting: Deferred[None] | None = None

    @override
    def lineReceived(self, line: bytes) -> None:
        self._steps += 1
        self._tell()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    async def step(self) -> bool:
        """Wait for a line; tell whether one came, and not the end."""
        while not self._steps and not self._ended:
            self._waiting = Deferred()
            await self._waiting
        if not self._steps:
            return False
        self._steps -= 1
        return True


async def play(
    pieces: Iterable[Piece],
    pace: Pace,
    outlet: Outlet,
    reactor: Any,
    steps: Any = None,
    note: Callable[[str], object] = lambda _: None,
) -> tuple[int, int]:
    """Play a capture to those who are there.

    Args:
        pieces: of the capture, as `captures` reads it.
        pace: what is played of it, and when.
        outlet: who is played to.
        reactor: keeps the time.
        steps: has an asynchronous method `step`, which tells whether to go on; None: none is asked.
        note: takes a line for people when a pause begins that is longer than `LONG`.

    Returns:
        How many pieces were played, and how many bytes.

    Raises:
        CaptureError: the capture cannot be read to its end.
        ReplayError: nobody is there any more, or somebody takes nothing.
    """
    begun, played, count, turn = reactor.seconds(), 0, 0, 0
    for due, piece in pace.timed(pieces):
        if steps is not None:
            print(shown(due, piece), flush=True)
            if not await steps.step():
                break
        elif (delay := begun + due - reactor.seconds()) > 0:
            if delay > LONG:
                note(told_pause(delay))
            await deferLater(reactor, delay)
        elif turn >= _TURN:
            await deferLater(reactor, 0)
            turn = 0
        await outlet.write(piece.data)
        played, count, turn = played + 1, count + len(piece.data), turn + len(piece.data)
    await outlet.finish()
    return played, count
