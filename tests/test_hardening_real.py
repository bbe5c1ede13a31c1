"""The real program as it should be run: what it asks of the kernel, without rights, with a careless umask."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from tests.support import GUARD, Program, Pty, make_folder, receive, until
from tests.typist import ctl, place

ETC = Path(__file__).parent.parent / "etc"
ROOT = os.geteuid() == 0
# Everything that makes a file, and much of what makes a socket, of a gateway in {folder}.
BUSY = """\
audit: audit.jsonl
state: state.sqlite
console: {{telnet: 0}}
shares:
  echo:
    device: {{loop: true}}
    listen: [{{port: 0}}, {{port: 0, mode: rfc2217}}]
    capture: capture.jsonl
  ways:
    device: {{loop: true}}
    listen: [{{port: 0, transport: udp}}, {{endpoint: "unix:{folder}/m:mode=660"}}]
  desk:
    device: {{virtual: {folder}/port, strict_baudrate: true}}
    listen: [{{port: 0, when: device-open}}]
  real: {{device: {{port: {port}}}, listen: [{{port: 0}}]}}
elements:
  gps: {{protocol: nmea-0183, trace: gps.jsonl, connections: {{0: {{device: {{sim: nmea-0183}}}}}}}}
  counter: {{protocol: ./counter.xml, connections: {{0: {{share: echo}}}}}}
"""
SHARE = "shares: {x: {device: {loop: true}, listen: [{port: 0}]}}"
# A definition with a param that is saved, so that there is a file of saved params.
COUNTER = """\
<Protocol><Name>counter</Name><Version>1.0.0.1</Version><Type>serial</Type>
<Params><Param id="1" save="true"><Name>count</Name><Description>Count</Description><Type>read</Type>
<Interprete><RawType>numeric text</RawType><Type>double</Type><LengthType>next param</LengthType></Interprete>
</Param></Params></Protocol>
"""
# Says yes to no memory that is both written and executed, as MemoryDenyWriteExecute= does, and goes on.
NO_WRITTEN_CODE = """\
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    print("this kernel does not know how", flush=True)
os.execv(sys.argv[1], sys.argv[1:])
"""


def use(program: Program, pty: Pty) -> None:
    """Have each share of `BUSY` carry something, both ways, and operators look and change."""
    for share in ("echo", "real", "desk"):
        program.wait_for(f"{share}: opened")
    with program.connect("echo") as client, program.connect("echo", 1):
        client.sendall(b"bytes")
        assert receive(client, 5) == b"bytes"
    with program.connect("real") as client:
        client.sendall(b"bytes")
        assert pty.read(5) == b"bytes"
        pty.write(b"back")
        assert receive(client, 4) == b"back"
    terminal = os.open(program.folder / "port", os.O_RDWR | os.O_NOCTTY)
    program.wait_for(f"Listener starting on {program.ports('desk')[0]}")
    with program.connect("desk") as client:
        client.sendall(b"in")
        assert os.read(terminal, 2) == b"in"
    os.close(terminal)
    for words in ("shares", "ports", "set counter.count 7", "reload"):
        done = ctl(program, *words.split())
        assert done.returncode == 0, done


def read(path: Path) -> str:
    return path.read_text(errors="replace")


class BusyCase(TestCase):
    """A gateway that does a little of everything, in a folder that may be another user's."""

    def busy(self, *wrapper: str, user: int = -1) -> tuple[Program, Pty]:
        pty = Pty(self)
        folder = Path(make_folder(self))
        (folder / "counter.xml").write_text(COUNTER)
        os.chown(folder, user, -1)
        os.chown(pty.path, user, -1)
        text = BUSY.format(folder=folder, port=pty.path)
        return Program(self, text, wrapper=list(wrapper), folder=folder), pty


class SystemCallsTest(BusyCase):
    """What the kernel is asked for, from the first instruction to the last."""

    def test_nothing_is_executed_and_nothing_is_asked_that_the_unit_forbids(self) -> None:
        folder = Path(make_folder(self))
        program, pty = self.busy("strace", "-D", "-f", "-q", "-o", str(folder / "calls"))
        use(program, pty)
        self.assertEqual(program.stop(), 0)
        ended = re.compile(rf"(?m)^{program.process.pid} +\+\+\+ exited with 0 \+\+\+$")
        until(lambda: ended.search(read(folder / "calls")), "the end of what strace writes")
        calls = read(folder / "calls")
        names = set(re.findall(r"(?m)^\d+ +(\w+)\(", calls))
        self.assertIn("accept4", names)
        executed = re.findall(r"(?m)^\d+ +execve(?:at)?\(.*", calls)
        self.assertEqual(len(executed), 1, executed)  # the program itself
        self.assertEqual(re.findall(r"(?m)^\d+ +(?:fork|vfork)\(.*", calls), [])
        self.assertEqual(names - self.allowed(), set())
        self.assertEqual(re.findall(r".*PROT_WRITE\|PROT_EXEC.*|.*mprotect\(.*PROT_EXEC.*", calls), [])
        families = set(re.findall(r"socket\((AF_\w+)", calls))
        unit = re.search(r"(?m)^RestrictAddressFamilies=(.*)$", (ETC / "smartserial.service").read_text())
        assert unit is not None
        self.assertEqual(families - set(unit[1].split()), set())
        self.assertEqual(set(re.findall(r'"/proc/([a-z]\w*)', calls)) - {"self"}, set())  # ProcSubset=pid

    def allowed(self) -> set[str]:
        """Return the system calls that the unit allows."""
        allowed: set[str] = set()
        for line in (ETC / "smartserial.service").read_text().splitlines():
            if line.startswith("SystemCallFilter="):
                words = line.partition("=")[2]
                if words.startswith("~"):
                    allowed -= _calls_of(words[1:])
                else:
                    allowed |= _calls_of(words)
        return allowed

    def test_without_memory_that_is_written_and_executed(self) -> None:
        program, pty = self.busy(sys.executable, "-c", NO_WRITTEN_CODE)
        use(program, pty)
        self.assertNotIn("this kernel does not know how", program.log)
        self.assertEqual(program.stop(), 0)


def _calls_of(words: str) -> set[str]:
    """Return the system calls of names and sets, whose members may be sets."""
    calls: set[str] = set()
    for word in words.split():
        if not word.startswith("@"):
            calls.add(word)
            continue
        said = subprocess.run(
            ["systemd-analyze", "syscall-filter", "--no-pager", word],
            capture_output=True,
            text=True,
            check=True,
        )
        members = [line.strip() for line in said.stdout.splitlines()[1:]]
        calls |= _calls_of(" ".join(one for one in members if one and not one.startswith("#")))
    return calls


class UnprivilegedTest(BusyCase):
    """As a user without any right, in folders that the service manager has made for it."""

    def test_it_does_everything(self) -> None:
        limited, user = _without_rights()
        shell = ["sh", "-c", 'umask 077; exec "$@"', "sh"]
        program, pty = self.busy(*shell, *limited, user=user)
        use(program, pty)
        status = Path(f"/proc/{program.process.pid}/status").read_text()
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertEqual((program.folder / "audit.jsonl").stat().st_uid, user)
        self.assertEqual(program.stop(), 0)
        self.assertNotIn("Traceback", program.log)
        self.assertEqual([line for line in program.lines if "denied" in line], [])

    def test_twistds_own_way_to_become_a_user(self) -> None:
        """`twistd --uid`: addresses are taken as root, everything else is done as the user."""
        nobody = pwd.getpwuid(65534 if ROOT else os.geteuid())
        words = f"--uid {nobody.pw_uid} --gid {nobody.pw_gid} --umask 077"
        wrapper = ["sh", "-c", f'program=$1; shift; exec "$program" {words} "$@"', "sh"]
        folder = Path(make_folder(self))
        if ROOT:
            os.chown(folder, nobody.pw_uid, -1)
        number = _free_low_port() if ROOT else 0
        config = (
            f"audit: audit.jsonl\nconsole: {{unix: false}}\n"
            f"shares: {{echo: {{device: {{loop: true}}, listen: [{{port: {number}}}]}}}}\n"
        )
        program = Program(self, config, wrapper=wrapper, folder=folder)
        program.wait_for("echo: opened")
        with program.connect("echo") as client:
            client.sendall(b"bytes")
            self.assertEqual(receive(client, 5), b"bytes")
        status = Path(f"/proc/{program.process.pid}/status").read_text()
        self.assertRegex(status, rf"Uid:\s+{nobody.pw_uid}\s+{nobody.pw_uid}\s+{nobody.pw_uid}\s")
        self.assertEqual(program.stop(), 0)
        audit = (folder / "audit.jsonl").stat()
        self.assertEqual((audit.st_uid, stat.S_IMODE(audit.st_mode)), (nobody.pw_uid, 0o600))


def _without_rights() -> tuple[list[str], int]:
    """Return the words before a command that leave it no right, and the user that it is then.

    That is nobody, where nobody may read this Python and this checkout; else the same user, who without
    capabilities may do no more than whoever owns the files.
    """
    limited = ["setpriv", "--no-new-privs", *(["--bounding-set=-all", "--inh-caps=-all"] if ROOT else [])]
    nobody = pwd.getpwnam("nobody")
    as_nobody = [*limited, "--reuid=nobody", f"--regid={nobody.pw_gid}", "--clear-groups"]
    version = "import smartserial.tap, sys; print(sys.version)"
    trial = subprocess.run([*as_nobody, sys.executable, "-c", version], capture_output=True, text=True)
    if ROOT and trial.returncode == 0 and trial.stdout.strip() == sys.version:
        return as_nobody, nobody.pw_uid
    return limited, os.geteuid()


def _free_low_port() -> int:
    """Return a port below 1024 that nobody listens on now."""
    for number in range(1023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number
    raise AssertionError("all are taken")


class UmaskTest(BusyCase):
    """Whoever starts it carelessly still has files that nobody else reads."""

    def test_files_have_modes_of_their_own(self) -> None:
        program, pty = self.busy("sh", "-c", 'umask 000; exec "$@"', "sh")
        use(program, pty)
        self.assertEqual(stat.S_IMODE(Path(place(program)).stat().st_mode), 0o600)
        note = program.folder / ".port.smartserial"
        self.assertEqual(stat.S_IMODE(note.stat().st_mode), 0o600)
        self.assertEqual(program.stop(), 0)
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in program.folder.iterdir()
            if path.is_file() and path.name not in ("config.yaml", "counter.xml")
        }
        names = {"audit.jsonl", "capture.jsonl", "gps.jsonl", "state.sqlite"}
        self.assertEqual({name: oct(modes.get(name, 0)) for name in names}, dict.fromkeys(names, "0o600"))
        self.assertEqual({name for name, mode in modes.items() if mode & 0o077}, set())

    def test_a_folder_for_the_socket(self) -> None:
        base = Path(make_folder(self))
        config = f"console: {{unix: {base}/made/console.sock}}\n{SHARE}"
        program = Program(self, config, wrapper=["sh", "-c", 'umask 000; exec "$@"', "sh"])
        program.wait_for("x: opened")
        self.assertEqual(stat.S_IMODE((base / "made").stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((base / "made" / "console.sock").stat().st_mode), 0o600)
        self.assertEqual(program.stop(), 0)


class RefusedTest(TestCase):
    """Nothing is open to other machines by mistake: exit code 2, one line that says where and why."""

    def test_each_way_in(self) -> None:
        for config, where in (
            (
                "shares: {x: {device: {loop: true}, listen: [{port: 0, host: any}]}}",
                r"1:\d+: CF07 .*listen\[0\].host",
            ),
            (
                'shares: {x: {device: {loop: true}, listen: [{port: 0, host: "::"}]}}',
                r"1:\d+: CF07 .*listen\[0\].host",
            ),
            (
                'shares: {x: {device: {loop: true}, listen: [{endpoint: "tcp:0"}]}}',
                r"1:\d+: CF07 .*listen\[0\].endpoint",
            ),
            (f"console: {{telnet: any:2323}}\n{SHARE}", r"1:\d+: CF07 .*console.telnet"),
            (
                "elements: {e: {protocol: modbus-tcp, connections: {0: {type: tcp, host: any, port: 7001}}}}",
                r"1:\d+: CF07 .*host",
            ),
        ):
            program = Program(self, config)
            self.assertEqual(program.process.wait(GUARD), 2, config)
            program.wait_for("END")
            said = [line for line in program.lines if line != "END"]
            self.assertEqual(len(said), 1, program.log)
            self.assertRegex(said[0], rf"^config.yaml:{where}: ")


class ToolsTest(TestCase):
    def test_they_are_there(self) -> None:
        """`tests/run.sh` installs them."""
        for tool in ("strace", "setpriv", "systemd-analyze"):
            self.assertIsNotNone(shutil.which(tool), tool)
