"""What an action finds around it: what fired it, and on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from smartserial.definition.action import Action, ActionOn, ActionType
from smartserial.definition.flow import TriggerOn
from smartserial.definition.message import Response
from smartserial.definition.values.value import Value
from smartserial.engine.buffer import Buffer
from smartserial.engine.effects import Peer
from smartserial.engine.matching.result import Match, Mismatch
from smartserial.engine.unit import Unit

_OF_PLACES = frozenset(
    {
        (ActionOn.RESPONSE, ActionType.CRC),
        (ActionOn.RESPONSE, ActionType.LENGTH),
        (ActionOn.PARAMETER, ActionType.REVERSE),
    }
)
MOST_STEPS = 10_000
"""Triggers and inner responses that one cause may set in motion; more of them are a loop that branches."""


class Hearing:
    """A unit that is being taken for a response.

    Args:
        connection: where it came.
        peer: from whom.
        unit: the bytes.
        response: what it is taken for; actions may put other params into it before it is compared.
        data: the unit's bytes, with what actions changed in them.
        match: where the params stand in `data`; None until it is compared.
    """

    __slots__ = (
        "broken",
        "connection",
        "data",
        "failure",
        "last",
        "later",
        "limit",
        "match",
        "pair",
        "peer",
        "read",
        "response",
        "unit",
        "wanted",
    )

    def __init__(
        self,
        connection: int,
        peer: Peer,
        unit: Unit,
        response: Response,
        data: bytes,
        match: Match | None = None,
    ) -> None:
        self.connection = connection
        self.peer = peer
        self.unit = unit
        self.response = response
        self.data = data
        self.match = match
        self.pair: int | None = None
        """The pair that it may answer."""
        self.read = False
        """Whether an action asked for the params of open length."""
        self.wanted: set[int] = set()
        """Params of open length that an action asked for one by one."""
        self.limit = len(response.content)
        """Params at this position and behind it are not stored."""
        self.failure: Mismatch | None = None
        """What the last check found."""
        self.broken: dict[int, str] = {}
        """Actions that could not be done when their turn was to be, before it was compared, and why."""
        self.last: Action | None = None
        """The last action that was done to it."""
        self.later: list[tuple[Action, int | None]] = []
        """Actions that wait until it is compared, and the triggers that fired them."""

    def put_off(self, action: Action, trigger: int | None) -> bool:
        """Take note of an action; tell whether it waits, because it needs to know where the params stand."""
        self.last = action
        waits = self.match is None and (action.on, action.type) in _OF_PLACES
        if waits:
            self.later.append((action, trigger))
        return waits


class Run:
    """A group that runs.

    Args:
        group: its id.
        connection: where its pairs ask that name no other, if the group names none either.
    """

    __slots__ = ("connection", "group", "leave")

    def __init__(self, group: int, connection: int) -> None:
        self.group = group
        self.connection = connection
        self.leave = False
        """Whether the rest of it is left out."""


class Budget:
    """How much one cause may still set in motion; shared by all that it brings about."""

    __slots__ = ("left", "told")

    def __init__(self) -> None:
        self.left = MOST_STEPS
        self.told = False
        """Whether the log knows that it was too much."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is going on, a value that travels with each chain of causes.

    Args:
        on: the kind of thing that fired the trigger, or None.
        number: which one.
        reply_to: the session that caused all this, if one did: what is sent goes there alone.
        connection: of that session.
        thread: the protocol thread whose group runs; None outside of one.
        run: the group that runs.
        command: the command that is being made.
        hearing: the unit that is being taken for a response.
        changed: the new value of a param that changed.
        user: who set a value from outside.
        depth: how many triggers brought us here.
        budget: what this may still set in motion.
    """

    on: TriggerOn | None = None
    number: int | None = None
    reply_to: Peer | None = None
    connection: int | None = None
    thread: int | None = None
    run: Run | None = None
    command: Buffer | None = None
    hearing: Hearing | None = None
    changed: Value | None = None
    user: str = ""
    depth: int = 0
    budget: Budget = field(default_factory=Budget, compare=False, repr=False)

    @property
    def group(self) -> int | None:
        """The group that runs, or None."""
        return self.run.group if self.run is not None else None

    def at(self, on: TriggerOn, number: int | None, **more: object) -> Scene:
        """Return the scene of something that this one brings about."""
        return replace(self, on=on, number=number, depth=self.depth + 1, **more)  # type: ignore[arg-type]

    def afresh(self) -> Scene:
        """Return the scene of something that time or a peer brings about, on the same behalf."""
        return replace(self, depth=0, budget=Budget())

    def later(self, thread: int) -> Scene:
        """Return the scene of a group that waits for its turn: what is left is on whose behalf it runs."""
        return Scene(reply_to=self.reply_to, connection=self.connection, user=self.user, thread=thread)
