"""Verbs that only look."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred

from smartserial.channels.session import Session
from smartserial.console import elements
from smartserial.console.desk import Desk, Operator
from smartserial.console.output import Follow, Output, Record, Row, VerbError, table
from smartserial.element.service import Element
from smartserial.events import Event
from smartserial.interfaces import IProgramPort, ISerialTransport
from smartserial.journal import sentence
from smartserial.lines import Lines, ModemLines
from smartserial.settings import PortDevice, Rfc2217Device, ShareCarrier, describe
from smartserial.share.service import Share
from smartserial.sharing.ledger import Account
from smartserial.sharing.rights import GATEWAY

_DISCARDED = "discarded_"
_DROPPED = "datagrams_dropped"  # by the kernel; not bytes
_ROOM = {True: "a program reads", False: "the device takes more"}  # whether programs are the device


def _state(share: Share) -> str:
    return share.device.link.state.value


def _in_force(share: Share) -> str | None:
    stream = share.device.link.stream
    return str(stream.settings) if ISerialTransport.providedBy(stream) else None


def shares(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """All shares, one a line."""
    rows: list[Row] = [
        {
            "share": name,
            "device": describe(share.settings.device),
            "state": _state(share),
            "settings": _in_force(share),
            "clients": len(share.clients),
            "control": _holder(share),
            "speaks": _speakers(share),
            "listeners": [way.where for way in share.ways if way not in share.visits],
        }
        for name, share in desk.shares.items()
    ]
    rows += [
        {
            "share": name,
            "device": describe(settings.device),
            "state": "disabled",
            "settings": None,
            "clients": 0,
            "control": None,
            "speaks": None,
            "listeners": [],
        }
        for name, settings in desk.disabled.items()
    ]
    return table(rows)


def pools(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """All pools, and what each of their shares is to somebody who comes now."""
    rows: list[Row] = [
        {
            "pool": name,
            "listeners": [listener.where for listener in pool.listeners],
            "shares": [
                f"{share} {state}"
                for share, state in pool.states(desk.gateway.shares).items()
                if desk.sees(share)
            ],
            "refused_bytes": pool.refused_bytes,
        }
        for name, pool in desk.gateway.pools.items()
        if desk.sees(name)
    ]
    return table(rows)


def _holder(share: Share) -> str | None:
    holder = share.ports.desk.holder
    return getattr(holder, "name", None)


def _speakers(share: Share) -> str | list[str] | None:
    """Return who may speak to the device now: all clients that ever may, or some, or nobody."""
    if share.ports.desk.seized:
        return _holder(share)
    able = [session for session in share.clients if session.writes]
    may = [session.name for session in able if share.intake.may_speak(session)]
    return "all" if may and len(may) == len(able) else may or None


def _lines(lines: Lines) -> dict[str, bool | None]:
    return {"dtr": lines.dtr, "rts": lines.rts, "break": lines.brk}


def _modem(lines: ModemLines) -> dict[str, bool]:
    return {"cts": lines.cts, "dsr": lines.dsr, "ri": lines.ri, "cd": lines.cd}


def _account(account: Account) -> dict[str, int]:
    figures = {name: getattr(account, name) for name in ("read", "copied", "delivered", "buffered")}
    figures |= {f"{_DISCARDED}{reason.value}": count for reason, count in account.discarded}
    return figures | ({_DROPPED: account.overruns} if account.overruns else {})


def share(desk: Desk, operator: Operator, words: list[str]) -> Output | Awaitable[Output]:
    """Everything about one share."""
    stream = desk.share(words[0]).device.link.stream
    if not IProgramPort.providedBy(stream):
        return _share(desk, words, None)
    if not stream.programs:
        return _share(desk, words, [])
    naming: Deferred[list[str]] = stream.names()
    return naming.addCallback(lambda names: _share(desk, words, names or ["a program of another user"]))


def _share(desk: Desk, words: list[str], programs: list[str] | None) -> Output:
    share = desk.share(words[0])
    line, device = share.ports.line, share.settings.device
    modem = line.modem()
    up, down = share.accounts()
    wanted = device.line if isinstance(device, PortDevice | Rfc2217Device) else None
    return Record(
        {
            "share": words[0],
            "device": describe(device),
            "state": _state(share),
            "settings wanted": None if wanted is None else str(wanted),
            "settings in force": str(line.settings),
            "not on the wire": list(line.shadowed),
            "lines": _lines(line.lines()),
            "modem lines": None if modem is None else _modem(modem),
            "reported": _modem(share.settings.rules.report) if modem is None else None,
            "control": _holder(share),
            "taken": share.ports.desk.seized,
            "listeners": [f"{ln.where} {ln.settings.mode.value}" for ln in share.listeners],
            **({} if programs is None else {"opened by programs": programs}),
            **({} if share.capture.settings is None else {"capture": str(share.capture.settings.path)}),
            **({"calls": [f"{call.where}: {call.state}" for call in share.calls]} if share.calls else {}),
            "clients": [session.name for session in share.clients],
            **_waiting(share),
            "up": _account(up),
            "down": _account(down),
        }
    )


def _waiting(share: Share) -> dict[str, Any]:
    """Return what the clients wait for, and when those of a program that is gone are closed."""
    device = share.device
    rows: dict[str, Any] = {}
    if device.holding_clients:
        program = IProgramPort.providedBy(device.link.stream)
        rows["held until"] = "the device is open" if device.link.settling else _ROOM[program]
    if endings := share.programs.endings:
        rows["closed soon"] = [f"clients of {way.where} in {left:.1f} s" for way, left in endings.items()]
    return rows


def _client(share: Share, session: Session) -> Row:
    stream = session.stream
    return {
        "share": share.settings.name,
        "peer": session.name,
        "user": session.identity.name or None,
        "listener": session.listener.where,
        "mode": session.listener.settings.mode.value,
        "access": _access(session),
        "speaks": _speaks(share, session),
        "received": session.received,
        "delivered": stream.sent,
        "waiting": stream.pending,
        "discarded": stream.dropped + session.discarded,
        "signature": getattr(session, "signature", b"").decode("latin-1") or None,
    }


def _speaks(share: Share, session: Session) -> str:
    if session in share.clients.leaving:
        return "left"
    return "yes" if share.intake.may_speak(session) else "no"


def _access(session: Session) -> str:
    """Return what a client may do by its listener and its rights, in the words of the configuration."""
    reads, writes = session.may_read, session.writes
    return "both" if reads and writes else "read" if reads else "write" if writes else "none"


def clients(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Who is connected: to all shares, or to one."""
    chosen = {name: desk.share(name) for name in words} or desk.shares
    return table(_client(share, session) for share in chosen.values() for session in share.clients)


def stats(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """The account of each share, since it started or since `stats reset`."""
    rows = []
    for name, share in desk.shares.items():
        now = share.accounts()
        before = desk.counted_from.get(share)
        for n, direction in enumerate(("up", "down")):
            figures = _account(now[n])
            if before is not None:
                old = _account(before[n])
                figures = {k: v if k == "buffered" else v - old.get(k, 0) for k, v in figures.items()}
            discarded = {
                k.removeprefix(_DISCARDED): v
                for k, v in figures.items()
                if (k.startswith(_DISCARDED) or k == _DROPPED) and v
            }
            rows.append(
                {"share": name, "direction": direction} | _without_reasons(figures) | {"discarded": discarded}
            )
    return table(rows)


def _without_reasons(figures: dict[str, int]) -> dict[str, int]:
    return {k: v for k, v in figures.items() if not k.startswith(_DISCARDED) and k != _DROPPED}


def who(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """Who sits at a console."""
    return table(
        {
            "who": other.name,
            "door": other.door,
            "may": "change" if other.may_change else "look",
            "you": other is operator,
        }
        for other in desk.operators
        if other is operator or desk.sees(GATEWAY)
    )


def _element_on(desk: Desk, share: str) -> Element:
    """Return the element that runs on a share: it knows what the bytes mean."""
    for one in desk.elements.values():
        if any(connection.carrier == ShareCarrier(share) for connection in one.settings.connections):
            return one
    raise VerbError(f"no element runs on {share}: what its bytes mean is not known")


def monitor(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What passes a share or an element; `up` is from the device."""
    form = words[1] if len(words) > 1 else "text"
    if form not in ("hex", "text", "decoded"):
        raise VerbError(f"expected hex, text or decoded, found {form}")
    if words[0] in desk.elements:
        return elements.monitor(desk.elements[words[0]], form)
    share = desk.share(words[0], or_element=True)
    if form == "decoded":
        return elements.monitor(_element_on(desk, words[0]), form)

    def begin(take: Any) -> Any:
        key = object()

        def tap(direction: str, who: str, data: bytes) -> None:
            shown = data.hex(" ") if form == "hex" else data.decode("latin-1")
            take({"direction": direction, "from": who or "device", "data": shown})

        share.taps[key] = tap
        return lambda: share.taps.pop(key, None)

    return Follow(begin)


def events(desk: Desk, operator: Operator, words: list[str]) -> Output:
    """What happens, as it happens; with a word, only what has it in it."""

    def begin(take: Any) -> Any:
        known = desk.gateway

        def told(event: Event) -> None:
            of_one = any(event.name in one for one in (known.shares, known.disabled, known.elements))
            if not desk.sees(event.name if of_one else GATEWAY):
                return
            text = sentence(event)
            if not words or any(word in f"{type(event).__name__} {text}" for word in words):
                said = text.removeprefix(f"{event.name}: ")  # the name has a column of its own
                take({"event": type(event).__name__, "name": event.name, "text": said})

        return desk.gateway.events.subscribe(told)

    return Follow(begin)
