"""What a simulated device says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One exchange of a simulated device: when `expect` has come, the next of `answers` goes out.

    Args:
        expect: the exact bytes, without the terminator where the script has one; None is any other message.
        answers: taken in turn; an empty one is silence.
        delay: seconds before the answer.
    """

    expect: bytes | None
    answers: tuple[bytes, ...]
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Unasked:
    """What a simulated device says by itself: the next of `answers`, each `every` seconds."""

    every: float
    answers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated device does.

    Args:
        rules: tried in order, the first that fits answers.
        unasked: what it says by itself.
        terminators: any of them ends a message to the device; none: messages are known by their bytes alone.
        ignore: bytes that are dropped from the end of a message, such as a carriage return.
    """

    rules: tuple[Rule, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    terminators: tuple[bytes, ...] = (b"\n",)
    ignore: bytes = b"\r"
