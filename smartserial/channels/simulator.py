"""A simulated device: it plays a script of expect, answer and every."""

from __future__ import annotations

from itertools import count
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from smartserial.channels.memory import MemoryTransport
from smartserial.settings import Rule, Script, Unasked

MOST_UNDERSTOOD = 64 * 1024  # bytes of a message; more are forgotten, as a small device would


class Simulator(MemoryTransport):
    """A device that follows a `Script`.

    With a terminator, input is cut into messages there, and each is looked up among the rules; without,
    the rules' bytes are looked for in the stream.
    """

    def __init__(self, name: str, script: Script, reactor: Any) -> None:
        super().__init__(name, reactor)
        self._script = script
        self._heard = b""
        self._turns = {id(part): count() for part in (*script.rules, *script.unasked)}
        self._timers: set[IDelayedCall] = set()
        self._busy_until = 0.0

    @override
    def opened(self) -> None:
        for unasked in self._script.unasked:
            self._later(unasked.every, self._speak_up, unasked)

    @override
    def closed(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _later(self, seconds: float, call: Any, *args: object) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call(*args)

        timer = self.reactor.callLater(seconds, run)
        self._timers.add(timer)

    def _speak_up(self, unasked: Unasked) -> None:
        self._later(unasked.every, self._speak_up, unasked)
        self.say(self._next(unasked))

    def _next(self, part: Rule | Unasked) -> bytes:
        return part.answers[next(self._turns[id(part)]) % len(part.answers)]

    @override
    def received(self, data: bytes) -> None:
        self._heard = (self._heard + data)[-MOST_UNDERSTOOD:]
        if self._script.terminator:
            *messages, self._heard = self._heard.split(self._script.terminator)
            for message in messages:
                self._answer(message.rstrip(self._script.ignore))
        else:
            self._search()

    def _answer(self, message: bytes) -> None:
        rule = next((rule for rule in self._script.rules if rule.expect in (None, message)), None)
        if rule is not None and (message or rule.expect is not None):
            self._respond(rule)

    def _search(self) -> None:
        """Answer each rule's bytes in the order in which they stand in the stream."""
        while True:
            found = [
                (self._heard.find(rule.expect), n, rule)
                for n, rule in enumerate(self._script.rules)
                if rule.expect and rule.expect in self._heard
            ]
            if not found:
                break
            position, _, rule = min(found)
            assert rule.expect is not None
            self._heard = self._heard[position + len(rule.expect) :]
            self._respond(rule)

    def _respond(self, rule: Rule) -> None:
        """Answer after the rule's delay, and after the answers before."""
        now = self.reactor.seconds()
        self._busy_until = max(now, self._busy_until) + rule.delay
        answer = self._next(rule)
        if self._busy_until > now:
            self._later(self._busy_until - now, self.say, answer)
        else:
            self.say(answer)
