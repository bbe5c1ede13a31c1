"""Where the messages of a device end, as its definition says: for those who need to know no more of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol as Shape

from smartserial.definition.framing import framing_of
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.text import Encoding
from smartserial.engine.framing.answers import AnswerFramer
from smartserial.engine.framing.ends import endings_of
from smartserial.engine.framing.framer import Framer, Limits
from smartserial.engine.framing.plan import framing_plan
from smartserial.engine.unit import Loss, Lost, Unit

_MOST = 64 * 1024  # bytes that a message may have
_PORTION = 512  # bytes heard at a time: with many answers in one read, what is behind each is copied


class Ear(Shape):
    """Counts messages. Times are seconds, monotonic."""

    def begin(self) -> None:
        """Take note that a request goes out."""

    def hear(self, data: bytes, now: float, most: int) -> int:
        """Take what the device has sent; return how many messages have ended.

        Args:
            data: the bytes, in whatever pieces they came: that makes no difference.
            now: the time.
            most: more than so many need not be counted; 0 or less if none is waited for.
        """

    def wake(self, now: float) -> int:
        """Return how many messages time has ended; none before `next_wake`."""

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called, in seconds; None if nothing depends on time."""


def ear_for(protocol: Protocol, connection: int, code_page: str = "cp1252") -> Ear:
    """Return what counts the messages on a connection.

    Args:
        protocol: the definition.
        connection: its number.
        code_page: of constants that are text.
    """
    if framing_of(protocol, connection) is not None:
        return StreamEar(framing_plan(protocol, connection, False, Limits(_MOST), code_page)())
    encoding = Encoding(code_page, protocol.unicode)
    endings = endings_of(protocol, connection, encoding)
    return AnswerEar(partial(AnswerFramer, endings, None, _MOST))


class StreamEar:
    """Counts messages where each shows its end by itself.

    Args:
        framer: makes them.
    """

    def __init__(self, framer: Framer) -> None:
        self._framer = framer

    def begin(self) -> None:
        """Go on: what has been heard of a message is the beginning of it."""

    def hear(self, data: bytes, now: float, most: int) -> int:
        """Take what the device has sent; all of it, for each message shows where the next begins."""
        return sum(isinstance(one, Unit) for one in self._framer.receive(data, now))

    def wake(self, now: float) -> int:
        """Count what time has ended."""
        return sum(isinstance(one, Unit) for one in self._framer.wake(now))

    @property
    def next_wake(self) -> float | None:
        """When time ends a message."""
        return self._framer.next_wake


class AnswerEar:
    """Counts messages where only answers to requests show their ends: any response may be one.

    Args:
        make: makes what waits for one answer.
    """

    next_wake = None

    def __init__(self, make: Callable[[], AnswerFramer]) -> None:
        self._make = make
        self._framer = make()

    def begin(self) -> None:
        """Forget what came before: it is no answer."""
        self._framer = self._make()

    def hear(self, data: bytes, now: float, most: int) -> int:
        """Take what the device has sent, as far as answers are waited for; one may follow on the other."""
        count = 0
        for start in range(0, len(data), _PORTION):
            portion = data[start : start + _PORTION]
            while portion and count < most:
                said = self._framer.receive(portion, now)
                count += sum(isinstance(one, Unit) for one in said)
                portion = self._behind(said, portion)
        return count

    def _behind(self, said: list[Unit | Lost], portion: bytes) -> bytes:
        """Return what came behind an answer that has ended, which begins the next one."""
        if not self._framer.complete:
            return b""
        self.begin()
        last = said[-1]
        behind = last.length if isinstance(last, Lost) and last.reason is Loss.UNFINISHED else 0
        return portion[-behind:] if 0 < behind < len(portion) else b""

    def wake(self, now: float) -> int:
        """Count nothing: silence is up to others."""
        return 0
