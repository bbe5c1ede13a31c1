"""Who did what, and when: a line of JSON for each event that somebody has caused, in a file.

    {"time": "2026-11-21T20:08:01.123456Z", "event": "client connected", "name": "meter", ...}

Whatever peers, devices and operators have said stands in it escaped and bounded: a line is printable ASCII.
Lines that are missing, since the disk does not keep up, since too much waits, or since a client, a program or
somebody outside has caused too many of them, are counted by a line ``{"time": ..., "event": "left out",
"count": N}``, with the `peer` or the `name` of whose they are where that is one. What operators do, and what
the configuration brings about, is never left out for being too much.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from smartserial.audittable import AUDITED, Cause
from smartserial.events import Event, EventStream
from smartserial.linefile import LineFile
from smartserial.settings import RecordFile
from smartserial.sharing.attempts import source_of
from smartserial.stamps import time_of_day

MOST_CHARACTERS = 256
"""Of one text; a longer one ends with an ellipsis."""
MOST_PARTS = 64
"""Of one list; the last one of a longer one says how many are missing."""
MOST_BY_ANYBODY = 20
"""Lines a second that those can cause whom we do not let in: the file is bounded, so old lines would go."""
MOST_BY_CLIENT = 20
"""Lines a second that clients of one address, or programs at one virtual port, can cause by coming and going,
and as many by what they do: it must not hide who does it."""
_MOST = {Cause.COMING: MOST_BY_CLIENT, Cause.CLIENT: MOST_BY_CLIENT, Cause.ANYBODY: MOST_BY_ANYBODY}
_FOR = " for "  # before the name of a client in `whose`
_Whose = tuple[tuple[str, str], ...]  # fields of a line `left out`

_log = Logger()


def _warn(text: str) -> None:
    _log.warn("{text}", text=text)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."


def _value(value: Any) -> Any:
    """Return a field as JSON can have it; None for one that says nothing."""
    if isinstance(value, tuple):
        parts = [_cut(str(part)) for part in value[:MOST_PARTS]]
        if len(value) > MOST_PARTS:
            parts[-1] = f"and {len(value) - MOST_PARTS + 1} more"
        return parts or None
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, int):
        return value
    return _cut(str(getattr(value, "value", value))) or None


def audit_line(seconds: float, what: str, said: Mapping[str, Any]) -> bytes:
    """Return one line, with its end.

    Args:
        seconds: since 1970.
        what: the kind of the event.
        said: what is told of it; texts, numbers and tuples of anything. An empty one is left out.
    """
    time = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    row = {"time": f"{time.removesuffix('+00:00')}Z", "event": what}
    row |= {name: shown for name, value in said.items() if (shown := _value(value)) is not None}
    return json.dumps(row).replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def audited(event: Event, seconds: float) -> bytes:
    """Return the line of an event that is in the table, with its end."""
    entry = AUDITED[type(event)]
    said = {name: getattr(event, name) for name in ("name", *entry.fields)}
    if "whose" in said:
        said["whose"] = said["whose"].removeprefix(_FOR)
    return audit_line(seconds, entry.what, said)


def causer(event: Event) -> _Whose:
    """Return whose share of lines an event counts in, as what a line ``left out`` says of them.

    That of a client is its address, for one host has many ports: or else the name of what the event is about.
    """
    if AUDITED[type(event)].cause is Cause.ANYBODY:
        return ()
    peer: str = getattr(event, "peer", "") or getattr(event, "whose", "").removeprefix(_FOR)
    if not peer:
        return (("name", event.name),)
    return (("peer", source_of(peer.rpartition(":")[0].strip("[]") or peer)),)


class Audit:
    """Writes down who does what, as long as that is wanted.

    Args:
        events: what happens.
        reactor: keeps the time, and has the threads.
        note: takes a line for the log when the file cannot be written, once until it can be again; and then.
    """

    def __init__(self, events: EventStream, reactor: Any, note: Callable[[str], object] = _warn) -> None:
        self.settings: RecordFile | None = None
        self._events = events
        self._reactor = reactor
        self._note = note
        self._file: LineFile | None = None
        self._silence: Callable[[], None] = lambda: None
        self._closing: list[Deferred[None]] = []
        self._second = 0.0
        self._caused: Counter[tuple[Cause, _Whose]] = Counter()  # lines of this second

    def use(self, settings: RecordFile | None) -> None:
        """Write to this file from now on; None: to none. The former one ends with a line that says so."""
        if settings == self.settings:
            return
        if self._file is not None:
            self._put("audit ended", {"next": "" if settings is None else str(settings.path)})
            self._end()
        self.settings = settings
        if settings is not None:
            what = ("the audit", "lines")
            self._file = LineFile(settings, what, self._lost_line, self._reactor, self._note)
            self._silence = self._events.subscribe(self.write)

    def write(self, event: Event) -> None:
        """Write down one event, if its kind is to be."""
        entry = AUDITED.get(type(event))
        if self._file is None or entry is None:
            return
        self._sum_up()
        if entry.cause is not Cause.OWN:
            cause = entry.cause, causer(event)
            self._caused[cause] += 1
            if self._caused[cause] > _MOST[entry.cause]:
                return
        self._file.add(audited(event, time_of_day()))

    def close(self) -> Deferred[None]:
        """Write what waits; fires when that is done, or cannot be done."""
        if self._file is not None:
            self._end()
            self.settings = None
        closing, self._closing = self._closing, []
        return gatherResults(closing).addCallback(lambda _: None)

    def _end(self) -> None:
        assert self._file is not None
        self._sum_up(ending=True)
        self._silence()
        self._closing = [*(one for one in self._closing if not one.called), self._file.close()]
        self._file = None

    def _put(self, what: str, said: Mapping[str, Any]) -> None:
        assert self._file is not None
        self._file.add(audit_line(time_of_day(), what, said))

    def _sum_up(self, ending: bool = False) -> None:
        """Tell how many lines were left out in a second, when it is over."""
        now = self._reactor.seconds()
        if ending or not 0.0 <= now - self._second < 1.0:
            caused, self._caused = self._caused, Counter()
            self._second = now
            for (cause, whose), count in caused.items():
                if count > _MOST[cause]:
                    self._put("left out", {**dict(whose), "count": count - _MOST[cause]})

    def _lost_line(self, count: int) -> bytes:
        return audit_line(time_of_day(), "left out", {"count": count})
