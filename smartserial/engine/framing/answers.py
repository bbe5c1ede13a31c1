"""When the answer to a command is complete, on a connection where nothing else makes units.

Each response of the pair shows its end in one way, the first of these that it has::

    | fixed | fixed |                             so many bytes, if the constants among them fit
    | header | fixed | length | data | trailer |  as many as the length says, if the constants before it fit
    | header | data | trailer | fixed |           the trailer, and the fixed bytes after it

What is before a header is not part of the answer. The response that ends first ends the wait. A response that
shows no end, such as one that ends with all the rest, waits for silence or for the timeout.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from smartserial.definition.message import Pair
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.framing.content import Content
from smartserial.engine.framing.ends import Ending, Watch, ending_of
from smartserial.engine.framing.framer import Limits
from smartserial.engine.framing.window import Window
from smartserial.engine.unit import Loss, Lost, Unit

_DEFAULT_LIMITS = Limits()


def answer_plan(
    protocol: Protocol, pair: Pair, limits: Limits = _DEFAULT_LIMITS, code_page: str = "cp1252"
) -> Callable[..., AnswerFramer]:
    """Return what makes an `AnswerFramer` for each time that a pair is sent.

    Its only argument is the position in the peer's stream at which the answer begins, 0 if it is left out.

    Args:
        protocol: the definition.
        pair: one of its pairs; responses that do not exist are passed over.
        limits: of what is kept.
        code_page: of constants that are text.
    """
    encoding = Encoding(code_page, protocol.unicode)
    responses = (protocol.response.get(number) for number in (*pair.responses, *pair.bad_responses))
    contents = [Content(protocol, response, encoding) for response in responses if response is not None]
    endings = tuple(ending for content in contents if (ending := ending_of(content, encoding)) is not None)
    gap = pair.options.receive_interval
    return partial(AnswerFramer, endings, None if gap is None else gap / 1000, limits.most)


class AnswerFramer:
    """Makes one unit of what comes after a command: the answer. What comes after it is lost.

    The timeout is its owner's, who calls `finish` then.

    Args:
        endings: how the responses of the pair end; those that show no end are left out.
        gap: seconds of silence after which what came is the answer; None waits on.
        most: bytes of the longest answer, with what is before it. A longer one is lost.
        offset: the position in the peer's stream at which it begins.
    """

    __slots__ = ("_after", "_gap", "_most", "_silent", "_start", "_watches", "_window", "complete")

    def __init__(self, endings: tuple[Ending, ...], gap: float | None, most: int, offset: int = 0) -> None:
        self._window = Window(offset)
        self._start, self._most, self._gap = offset, most, gap
        self._watches = [Watch(ending, offset) for ending in endings]
        self._silent: float | None = None
        self._after = Loss.UNFINISHED  # why more is lost, once there is nothing to wait for
        self.complete = False
        """There is nothing more to wait for: the answer has come, or too much has."""

    @property
    def next_wake(self) -> float | None:
        """When the silence is long enough, in seconds; None if nothing came, or no silence counts."""
        return self._silent

    @property
    def waiting(self) -> int:
        """Bytes that are kept."""
        return len(self._window)

    def receive(self, data: bytes, now: float) -> list[Unit | Lost]:
        """Take what came; if the silence before it was long enough, it is not part of the answer."""
        report = self.wake(now)
        if not data:
            return report
        window = self._window
        window.add(data)
        if not self.complete:
            report += self._look()
        if self.complete:
            return [*report, *window.lose(window.end, self._after)]
        if self._gap is not None:
            self._silent = now + self._gap
        return report

    def wake(self, now: float) -> list[Unit | Lost]:
        """Give what came, if the silence after it is long enough."""
        return [] if self._silent is None or now < self._silent else self.finish()

    def finish(self) -> list[Unit | Lost]:
        """Give what came, if anything did: the time is over."""
        self._silent, self.complete = None, True
        return [self._window.unit(self._window.end)] if len(self._window) else []

    def _look(self) -> list[Unit | Lost]:
        """Look for the end of the answer."""
        window = self._window
        ends = [found for watch in self._watches if (found := watch.end(window)) is not None]
        first, end = min(ends, key=lambda one: one[1], default=(window.start, window.end + 1))
        if min(end, window.end) - self._start > self._most:
            self._after = Loss.OVERFLOW
            return self._over(*window.lose(window.end, Loss.OVERFLOW))
        if end > window.end:
            return []
        before = window.lose(first, Loss.BEFORE_HEADER)
        return self._over(*before, window.unit(end))

    def _over(self, *report: Unit | Lost) -> list[Unit | Lost]:
        self._silent, self.complete = None, True
        return [*report]
