"""The program under test: `twistd smartserial` in a process of its own."""

from __future__ import annotations

import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from rig import own, proc
from rig.wire import Failure

_START = 20.0  # seconds that it may take to listen


class Gateway:
    """One gateway with a configuration file; its log is kept until `close`.

    Args:
        config: the text of the file.
        ports: what it listens on in the end.
        open_files: the limit of descriptors; 0: as it is.
    """

    def __init__(self, config: str, ports: set[int], open_files: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="limits-"))
        self.log = self.folder / "log"
        self.ports = ports
        self._open_files = open_files
        (self.folder / "config.yaml").write_text(config)
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                own.command(self.folder / "config.yaml"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        if self._open_files:
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (self._open_files, self._open_files))
        return process

    def restart(self) -> None:
        """Start again after the process has ended."""
        self.process = self._spawn()

    def wait_listening(self) -> None:
        """Wait until all ports are there."""
        end = time.monotonic() + _START
        while not self.ports <= proc.listening():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure("the gateway does not listen:\n" + self.log.read_text())
            time.sleep(0.005)

    def wait_logged(self, pattern: str, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until the log has so many matches."""
        end = time.monotonic() + seconds
        while self.logged(pattern) < count:
            if time.monotonic() > end:
                raise Failure(f"the gateway's log has no {pattern!r}:\n" + self.log.read_text())
            time.sleep(0.005)

    def logged(self, pattern: str) -> int:
        """Return how many matches the log has."""
        return len(re.findall(pattern, self.log.read_text()))

    def rss(self) -> float:
        """Return the resident memory in MiB, and begin to watch for its peak."""
        self._proc("clear_refs").write_text("5")  # resets VmHWM
        return self._status("VmRSS")

    def peak(self) -> float:
        """Return the most resident memory in MiB since `rss` was asked for."""
        return self._status("VmHWM")

    def wakeups(self) -> int:
        """Return how often it has given up the processor by itself, to wait for something."""
        found = re.search(
            r"^voluntary_ctxt_switches:\s+(\d+)$", self._proc("status").read_text(), re.MULTILINE
        )
        return int(found[1]) if found else 0

    def _status(self, key: str) -> float:
        found = re.search(rf"^{key}:\s+(\d+) kB$", self._proc("status").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    def _proc(self, name: str) -> Path:
        return Path("/proc") / str(self.process.pid) / name

    def open_files(self) -> int:
        """Return how many descriptors are open."""
        return proc.open_files(self.process.pid)

    def cpu_percent(self, seconds: float) -> float:
        """Return the share of one processor that is used within the next so many seconds."""
        before, began = proc.cpu_seconds([self.process.pid]), time.monotonic()
        time.sleep(seconds)
        used = proc.cpu_seconds([self.process.pid]) - before
        return 100 * used / (time.monotonic() - began)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 30.0) -> int:
        """Wait for its end; return the exit code, or -9 if it had to be killed."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def kill(self) -> None:
        """End it by force."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Stop it if it runs, and remove its folder."""
        if self.process.poll() is None:
            self.terminate()
            self.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def one_share(device: str, port: int, max_clients: int = 16, telnet: bool = False) -> str:
    """Return a configuration of one share."""
    return "shares:\n" + own.share("p0", device, port, max_clients, telnet)
