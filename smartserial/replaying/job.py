"""One call of `smartserial replay`, from the capture to the exit code."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.stdio import StandardIO
from twisted.internet.task import react

from smartserial.captures import CaptureError, Piece, Skipped, chunks_of, pieces_of
from smartserial.channels.tcp import StreamPort, tcp_endpoint
from smartserial.errors import ConfigError, SmartSerialError
from smartserial.files import UnreadableError
from smartserial.lacking import Missing
from smartserial.replaying.outlet import PATIENCE, Outlet
from smartserial.replaying.pace import Pace
from smartserial.replaying.playing import Steps, play

_HOST_PORT = re.compile(r"(?:(?:\[([^\]]+)\]|([^:\[\]\s/]+)):)?([0-9]{1,5})")


def _host_and_port(text: str) -> tuple[str, int] | None:
    """Read ``HOST:PORT``, ``[V6ADDRESS]:PORT`` or a port of this machine."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or int(match[3]) > 65535:
        return None
    return match[1] or match[2] or "127.0.0.1", int(match[3])


def target_endpoint(target: str, reactor: Any) -> IStreamClientEndpoint:
    """Return what leads to a target: ``HOST:PORT``, or a Twisted client endpoint such as ``serial:PATH``.

    Raises:
        ConfigError: it is neither.
    """
    address = _host_and_port(target)
    if address is not None:
        return tcp_endpoint(reactor, *address)
    try:
        endpoint: IStreamClientEndpoint = clientFromString(reactor, target)
    except Exception as error:  # a parser may fail in any way that it likes
        raise ConfigError(f"expected HOST:PORT, or an endpoint such as serial:PATH: {error}") from error
    return endpoint


def _listen(text: str, outlet: Outlet, reactor: Any) -> Callable[[], Deferred[None]]:
    """Let programs connect; return what ends that."""
    address = _host_and_port(text)
    if address is None:
        raise ConfigError("expected PORT or ADDRESS:PORT")
    port = StreamPort(*address, outlet, reactor)
    try:
        port.startListening()
    except CannotListenError as error:
        why = getattr(error.socketError, "strerror", None) or str(error.socketError)
        raise ConfigError(f"cannot listen: {why}") from error
    where = port.getHost()
    print(f"listening on {where.host}:{where.port}", flush=True)
    return lambda: maybeDeferred(port.stopListening)


@dataclass(slots=True)
class Job:
    """One call of the command, and how it ended.

    Args:
        name: of the capture; ``-`` is stdin, which is read to its end before anything is played.
        pieces: of the capture.
        pace: what is played of it, and when.
        target: where to; with `listen`, what to listen on.
        listen: whether programs connect here.
        patience: seconds without a byte being taken after which it is given up.
        said: what it came to; empty as long as it has not ended.
        failed: what went wrong.
    """

    name: str
    pieces: Iterable[Piece]
    pace: Pace
    target: str
    listen: bool
    patience: float = PATIENCE
    said: str = ""
    failed: str = ""

    async def run(self, reactor: Any) -> None:
        """Play; what goes wrong is in `failed`."""
        outlet = Outlet(reactor, self.patience)
        reactor.addSystemEventTrigger("before", "shutdown", outlet.cut)
        try:
            await self._run(outlet, reactor)
        except (CaptureError, UnreadableError) as error:
            self.failed = f"{self.name}: {error}"
        except Exception as error:  # whatever an endpoint fails with
            if not outlet.was_cut:  # that was somebody's wish
                self.failed = f"{self.target}: {str(error) or type(error).__name__}"

    async def _run(self, outlet: Outlet, reactor: Any) -> None:
        if self.listen:
            stop = _listen(self.target, outlet, reactor)
        else:
            await target_endpoint(self.target, reactor).connect(outlet)
        await outlet.somebody()
        steps = Steps() if self.pace.step else None
        if steps is not None:
            StandardIO(steps, reactor=reactor)
        begun = reactor.seconds()
        played, count = await play(self.pieces, self.pace, outlet, reactor, steps, _note)
        pieces = "1 piece" if played == 1 else f"{played} pieces"
        size = "1 byte" if count == 1 else f"{count} bytes"
        self.said = f"played {pieces}, {size}, in {reactor.seconds() - begun:.3f} s"
        if self.listen:
            await stop()


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def replay(name: str, form: str, pace: Pace, target: str, *, listen: bool, patience: float = PATIENCE) -> int:
    """Play a file, as the command does.

    Args:
        name: of the capture; ``-`` is stdin.
        form: one of `captures.FORMS`; empty guesses.
        pace: what is played of it, and when.
        target: where to; with `listen`, what to listen on.
        listen: whether programs connect here.
        patience: seconds without a byte being taken after which it is given up.

    Returns:
        The exit code: 0 all is played, 2 it is not, 130 after Ctrl-C.
    """
    chunks = chunks_of(None if name == "-" else Path(name), lambda: None)
    job = Job(name, (), pace, target, listen, patience)
    skipped, missing = Skipped(name, _note), Missing(name, _note)
    try:
        pieces = pieces_of(chunks, form, skipped)
        pieces = iter(list(pieces)) if name == "-" else pieces
        first = next(pieces, None)  # what is no capture is refused before anybody is connected to
        job.pieces = missing.counted(chain([] if first is None else [first], pieces))
        with suppress(SystemExit):
            react(lambda reactor: Deferred.fromCoroutine(job.run(reactor)))
    except SmartSerialError as error:
        job.failed = f"{name}: {error}"
    skipped.sum_up()
    missing.sum_up()
    if job.failed:
        print(f"smartserial: {job.failed}", file=sys.stderr)
        return 2
    if not job.said:
        return 130
    print(job.said)
    return 0
