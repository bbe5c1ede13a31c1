"""One operator's session: lines in, lines out, one verb after the other, whatever the door."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol as Shape

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from smartserial.console.desk import Desk, Operator
from smartserial.console.output import (
    Follow,
    Output,
    Row,
    VerbError,
    as_json,
    as_text,
    json_of,
    line_of,
)
from smartserial.console.verbs import perform
from smartserial.console.words import split
from smartserial.printable import printable

PROMPT = "smartserial> "
MOST_LINE = 4096  # characters
MANY = 100  # lines that are typed ahead, after which no more are read for a while
_FORMATS = ("text", "json")

_log = Logger()


class Door(Shape):
    """What a session needs of the way by which its operator came."""

    def show(self, lines: list[str]) -> None:
        """Show lines, in ASCII."""

    def room(self) -> bool:
        """Tell whether what was shown has been taken, so that more may come."""

    def ready(self, error: str) -> None:
        """Take note that a verb has been done; `error` is what was wrong with it, one or more lines."""

    def leave(self) -> None:
        """Close."""


class Session:
    """Runs what an operator types.

    Args:
        desk: what verbs work on.
        operator: who types.
        door: shows what comes of it.
    """

    def __init__(self, desk: Desk, operator: Operator, door: Door) -> None:
        self._desk = desk
        self._operator = operator
        self._door = door
        self._lines: deque[list[str] | str] = deque()
        self._ending = self._running = False
        self._busy = False
        self._json = False
        self._left = False
        self._skipped = 0
        self._end: Callable[[], None] | None = None  # of what is being followed
        desk.enters(operator, self.dismiss)

    @property
    def following(self) -> bool:
        """Whether rows come until somebody has seen enough."""
        return self._end is not None

    @property
    def crowded(self) -> bool:
        """Whether so many lines wait that no more should be read now."""
        return len(self._lines) >= MANY

    def line(self, text: list[str] | str) -> None:
        """Take a line, or a form and words; while something is followed, any line ends that."""
        if self._left:
            return
        if self.following:
            self.interrupt()
        self._lines.append(text)
        self._next()

    def no_more(self) -> None:
        """Take note that no more lines come: leave when all are done."""
        self._ending = True
        self.interrupt()
        self._next()

    def interrupt(self) -> None:
        """End what is being followed."""
        end, self._end = self._end, None
        if end is not None:
            end()
            self._finished("")

    def hand_on(self) -> None:
        """End what goes on here: another session is the operator's from now on."""
        end, self._end = self._end, None
        if end is not None:
            end()
        self._lines.clear()

    def closed(self) -> None:
        """Take note that the operator is gone."""
        self.hand_on()
        self._desk.leaves(self._operator)

    def dismiss(self) -> None:
        """Close: whoever types may do other things now."""
        self.hand_on()
        if not self._left:
            self._left = True
            self._door.show(["your rights have changed: log in again"])
            self._door.leave()

    def go_on(self) -> None:
        """Take note that what was shown has been taken."""
        self._next()

    def _next(self) -> None:
        if self._running:
            return
        self._running = True
        while self._lines and not self._busy and (self._door.room() or self._lines[0] == "quit"):
            self._busy = True
            doing = Deferred.fromCoroutine(self._perform(self._lines.popleft()))
            doing.addCallback(self._done).addErrback(self._failed)
        self._running = False
        if self._ending and not self._lines and not self._busy and not self._left:
            self._left = True
            self._door.leave()

    async def _perform(self, text: list[str] | str) -> Output | None:
        self._json = False
        words = text[1:] if isinstance(text, list) else split(text)
        form = text[0] if isinstance(text, list) and text else "text"
        while isinstance(text, str) and "--format" in words:
            at = words.index("--format")
            form = "".join(words[at + 1 : at + 2])
            del words[at : at + 2]
        if form not in _FORMATS:
            raise VerbError(f"expected --format {' or '.join(_FORMATS)}")
        self._json = form == "json"
        if words == ["quit"]:
            self._lines.clear()
            self._left = True
            self._door.leave()
            return None
        if not words:
            return None
        doing = perform(self._desk, self._operator, words)
        return await doing if isinstance(doing, Awaitable) else doing

    def _done(self, output: Output | None) -> None:
        if isinstance(output, Follow):
            self._end = output.begin(self._row)
            self._busy = False  # any line ends it, one that was typed ahead at once
            if self._lines or self._ending:
                self.interrupt()
            return
        if output is not None:
            self._door.show(as_json(output) if self._json else as_text(output))
        self._finished("")

    def _row(self, row: Row) -> None:
        if not self._door.room():
            self._skipped += 1
            return
        if self._skipped:
            skipped, self._skipped = self._skipped, 0
            self._door.show([json_of({"skipped": skipped}) if self._json else f"{skipped} skipped"])
        self._door.show([json_of(row) if self._json else line_of(row)])

    def _failed(self, failure: Failure) -> None:
        if failure.check(VerbError):
            error = "\n".join(printable(str(line)) for line in getattr(failure.value, "args", ()))
        else:
            _log.failure("a verb failed", failure)
            error = f"this went wrong inside: {printable(failure.getErrorMessage())}; the log tells where"
        if self._json:
            self._door.show([json_of({"error": error})])
        self._finished(error)

    def _finished(self, error: str) -> None:
        self._busy = False
        if self._left:
            return
        self._door.ready(error)
        self._next()
