"""A simulated device: it plays a script of expect, answer and every."""

from __future__ import annotations

import re
from collections import deque
from itertools import count
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.memory import MemoryTransport
from smartserial.script import Rule, Script, Unasked

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
        return part.answers[next(self._turns[id(part)]) % len(part.answers)]

    @override
    def received(self, data: bytes) -> None:
        self._heard += data
        if self._script.terminators:
            *messages, self._heard = self._end.split(self._heard)
            for message in messages:
                self._answer(message.rstrip(self._script.ignore))
        else:
            self._search()
        self._heard = self._heard[-MOST_UNDERSTOOD:]

    def _answer(self, message: bytes) -> None:
        rule = next((rule for rule in self._script.rules if rule.expect in (None, message)), None)
        if rule is not None and (message or rule.expect is not None):
            self._respond(rule)

    def _search(self) -> None:
        """Answer each rule whose bytes stand in the stream, in the order in which they are complete."""
        done = 0
        while True:
            found = [
                (place + len(rule.expect), n, rule)
                for n, rule in enumerate(self._script.rules)
                if rule.expect and (place := self._heard.find(rule.expect, done)) >= 0
            ]
            if not found:
                break
            done, _, rule = min(found)
            self._respond(rule)
        self._heard = self._heard[done:]

    def _respond(self, rule: Rule) -> None:
        """Answer after the rule's delay, and after the answers before."""
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
