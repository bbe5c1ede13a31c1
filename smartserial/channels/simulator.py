"""A simulated device: it plays a script of expect, answer and every."""

from __future__ import annotations

import re
from collections import deque
from itertools import count
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.memory import MemoryTransport
from smartserial.definition.checksum import checksum
from smartserial.definition.param import Crc
from smartserial.script import Rule, Script, Unasked, filled, pattern_of, size_of

MOST_UNDERSTOOD = 64 * 1024  # bytes of an unfinished message; more are forgotten, as a small device would


class Simulator(MemoryTransport):
    """A device that follows a `Script`.

    With a terminator, input is cut into messages there, and each is looked up among the rules; without,
    the rules' bytes are looked for in the stream. Answers keep their order, whatever their delays.
    """

    def __init__(self, name: str, script: Script, reactor: Any) -> None:
        super().__init__(name, reactor)
        self._script = script
        self._heard = b""
        self._end = re.compile(b"|".join(re.escape(end) for end in script.terminators))
        self._rules = [(r, None if r.expect is None else pattern_of(r.expect)) for r in script.rules]
        self._values = dict(script.values)
        self._check = script.check
        self._crc = None if script.check is None else Crc(script.check.type)
        self._width = 0 if script.check is None else script.check.width
        self._longest = max((size_of(r.expect) for r in script.rules if r.expect), default=0) + self._width
        self._turns = {id(part): count() for part in (*script.rules, *script.unasked)}
        self._unasked: dict[int, IDelayedCall] = {}
        self._answers: deque[tuple[float, bytes]] = deque()  # what is to be said, and not before when
        self._answering: IDelayedCall | None = None
        self._unsaid = 0

    @override
    def opened(self) -> None:
        for unasked in self._script.unasked:
            self._speak_up_later(unasked)

    @override
    def closed(self) -> None:
        for timer in self._unasked.values():
            timer.cancel()
        self._unasked.clear()
        if self._answering is not None:
            self._answering.cancel()
            self._answering = None

    def _speak_up_later(self, unasked: Unasked) -> None:
        self._unasked[id(unasked)] = self.reactor.callLater(unasked.every, self._speak_up, unasked)

    def _speak_up(self, unasked: Unasked) -> None:
        self._speak_up_later(unasked)
        self.say(self._next(unasked))

    def _next(self, part: Rule | Unasked) -> bytes:
        text = part.answers[next(self._turns[id(part)]) % len(part.answers)]
        data = filled(text, self._values)
        return data + self._checksum(data) if data else data

    def _checksum(self, data: bytes) -> bytes:
        """Return what stands after `data`; nothing where the script has no checksum."""
        check = self._check
        if check is None or self._crc is None:
            return b""
        result = checksum(self._crc, data[check.skip :], check.width)
        return result.to_bytes(check.width, "little" if check.little else "big")

    @override
    def received(self, data: bytes) -> None:
        self._heard += data
        if self._script.terminators:
            *messages, self._heard = self._end.split(self._heard)
            for message in messages:
                self._answer(message)
            self._heard = self._heard[-MOST_UNDERSTOOD:]
        else:
            self._search()

    def _answer(self, message: bytes) -> None:
        """Answer the first rule that a message fits."""
        if self._check is None:
            message = message.rstrip(self._script.ignore)
        else:
            message, said = message[: -self._width], message[-self._width :]
            if said != self._checksum(message):
                return
        for rule, pattern in self._rules:
            found = None if pattern is None else pattern.fullmatch(message)
            if pattern is None or found is not None:
                if message or found is not None:
                    self._respond(rule, found)
                return

    def _search(self) -> None:
        """Answer each rule whose bytes stand in the stream, in the order in which they are complete."""
        done = 0
        numbers = [n for n, (rule, _) in enumerate(self._rules) if rule.expect]
        found = {n: place for n in numbers if (place := self._place(n, 0))}
        while found:
            done, n = min((found[n].end() + self._width, n) for n in found)
            self._respond(self._rules[n][0], found[n])
            for n in [n for n in found if found[n].start() < done]:
                place = self._place(n, done)
                if place is None:
                    del found[n]
                else:
                    found[n] = place
        self._heard = self._heard[max(done, len(self._heard) - self._longest + 1) :]

    def _place(self, n: int, start: int) -> re.Match[bytes] | None:
        """Return where rule `n` first stands in the stream, complete and with the right checksum."""
        pattern = self._rules[n][1]
        while pattern is not None and (found := pattern.search(self._heard, start)):
            end = found.end()
            if end + self._width > len(self._heard):
                break
            if self._heard[end : end + self._width] == self._checksum(found[0]):
                return found
            start = found.start() + 1
        return None

    def _respond(self, rule: Rule, found: re.Match[bytes] | None) -> None:
        """Answer after the rule's delay, and after the answers before."""
        self._values.update({} if found is None else found.groupdict())
        self._values.update(rule.sets)
        before = self._answers[-1][0] if self._answers else self.reactor.seconds()
        answer = self._next(rule)
        if not rule.delay and not self._answers:
            self.say(answer)
            return
        self._answers.append((before + rule.delay, answer))
        self._unsaid += len(answer)
        self._wait_for_answer()
        self._hold_back()

    def _wait_for_answer(self) -> None:
        if self._answers and self._answering is None:
            wait = max(0.0, self._answers[0][0] - self.reactor.seconds())
            self._answering = self.reactor.callLater(wait, self._say_answer)

    def _say_answer(self) -> None:
        self._answering = None
        _, answer = self._answers.popleft()
        self._unsaid -= len(answer)
        self.say(answer)
        self._wait_for_answer()

    @override
    def unsaid(self) -> int:
        return super().unsaid() + self._unsaid
