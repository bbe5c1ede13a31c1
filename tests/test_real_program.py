"""The program as its users start it: installed or not, from files and flags, stopped and reloaded."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from unittest import TestCase

from tests.support import GUARD, TWISTD, Program, Pty, make_folder, receive, receive_all, until

ROOT = Path(__file__).parent.parent


def run(command: list[str], folder: str | Path, **options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=10 * GUARD, env={**os.environ, **options}
    )


class WheelTests(TestCase):
    """What is in the wheel, and that it is all one needs."""

    wheel: Path
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = make_folder_for(cls)
        # A copy of what the project's own files are, so that nothing else of this folder gets in.
        source = Path(cls.folder) / "source"
        listed = run(["git", "ls-files", "-co", "--exclude-standard"], ROOT).stdout.split()
        for name in listed:
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, source / name)
        built = run([sys.executable, "-m", "build", "--wheel", "-o", cls.folder, str(source)], cls.folder)
        assert built.returncode == 0, built.stdout + built.stderr
        cls.wheel = next(Path(cls.folder).glob("*.whl"))

    def test_it_holds_one_file_of_the_twisted_namespace_and_all_of_ours(self) -> None:
        names = zipfile.ZipFile(self.wheel).namelist()
        self.assertEqual(
            [name for name in names if name.startswith("twisted/")], ["twisted/plugins/smartserial_plugin.py"]
        )
        for name in ("py.typed", "demo.yaml", "simulations/scpi-meter.yaml", "config/models.py"):
            self.assertIn(f"smartserial/{name}", names)
        self.assertEqual(
            {name.partition("/")[0] for name in names if ".dist-info" not in name}, {"smartserial", "twisted"}
        )

    def venv(self, *install: str) -> Path:
        """Make a virtual environment with our dependencies at hand, and install something into it."""
        place = Path(make_folder(self)) / "venv"
        made = run([sys.executable, "-m", "venv", str(place)], ".")
        self.assertEqual(made.returncode, 0, made.stderr)
        python = place / "bin" / "python"
        installed = run([str(python), "-m", "pip", "install", "-q", *install], ".")
        self.assertEqual(installed.returncode, 0, installed.stderr)
        return place / "bin"

    def listed(self, scripts: Path) -> bool:
        shown = run([str(scripts / "twistd"), "--help"], make_folder(self))
        return "smartserial" in shown.stdout and "serial gateway" in shown.stdout

    def test_from_a_wheel_it_is_listed_and_the_demo_runs_in_an_empty_folder(self) -> None:
        scripts = self.venv(str(self.wheel))
        self.assertTrue(self.listed(scripts))
        folder = make_folder(self)
        checked = run([str(scripts / "smartserial"), "check", "--strict", "demo"], folder)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))
        started = subprocess.Popen(
            [str(scripts / "twistd"), "-n", "smartserial", "--config", "demo"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert started.stdout is not None
        self.addCleanup(started.stdout.close)
        self.addCleanup(started.kill)
        for line in started.stdout:
            if "desk: opened" in line:
                break
        else:
            self.fail("the demo did not start")
        started.send_signal(signal.SIGTERM)
        self.assertEqual(started.wait(GUARD), 0)

    def test_from_an_editable_install_it_is_listed(self) -> None:
        scripts = self.venv("-e", str(Path(self.folder) / "source"))
        self.assertTrue(self.listed(scripts))


def make_folder_for(case: type[TestCase]) -> str:
    """Return a folder that is removed after a whole class of tests."""

    class Cleanup:
        addCleanup = staticmethod(case.addClassCleanup)  # noqa: N815

    return make_folder(Cleanup)


class FlagTests(TestCase):
    """One share without a file."""

    def test_a_serial_port(self) -> None:
        pty = Pty(self)
        options = ["--device", f"serial:{pty.path}:baudrate=19200", "--listen", "0", "--mode", "raw"]
        program = Program(self, options)
        program.wait_for(r"opened port \S+ 19200 8N1")
        with program.connect("device") as client:
            pty.write(b"up")
            self.assertEqual(receive(client, 2), b"up")
        self.assertEqual(program.stop(), 0)

    def test_several_listeners_and_a_limit(self) -> None:
        options = ["--device", "loop:", "--listen", "0", "--listen", "localhost:0", "--max-clients", "1"]
        program = Program(self, options)
        with program.connect("device", 1) as client:
            client.sendall(b"echo")
            self.assertEqual(receive(client, 4), b"echo")
            with program.connect("device", 0) as other:
                self.assertIn(b"in use", receive_all(other))

    def test_an_endpoint_string(self) -> None:
        folder = Path(make_folder(self))
        program = Program(self, ["--device", "sim:scpi-meter", "--listen", f"unix:{folder}/meter"])
        program.wait_for("device: opened")
        asked = subprocess.run(
            ["socat", "-t5", "-", f"UNIX-CONNECT:{folder}/meter"],
            input=b"*IDN?\n",
            capture_output=True,
            timeout=GUARD,
        )
        self.assertEqual(asked.stdout, b"SMARTSERIAL,SCPI METER,0001,1.0\r\n")


class RefusalTests(TestCase):
    """Exit code 2 and plain lines for all that cannot be started."""

    def refused(self, *options: str, config: str = "") -> str:
        folder = Path(make_folder(self))
        (folder / "config.yaml").write_text(config)
        done = run([TWISTD, "-n", "smartserial", *options], folder)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stdout + done.stderr)
        self.assertFalse((folder / "twistd.pid").exists())
        return done.stderr

    def test_nothing_asked_for(self) -> None:
        self.assertIn(
            "expected --config FILE, --device with --listen or --connect, or --protocol", self.refused()
        )

    def test_both_asked_for(self) -> None:
        for flags in (["--listen", "1"], ["--console", "1"]):
            self.assertIn("--config excludes", self.refused("--config", "config.yaml", *flags))

    def test_unknown_option(self) -> None:
        self.assertIn("--frobnicate", self.refused("--frobnicate"))

    def test_wrong_flags_name_the_flag(self) -> None:
        told = self.refused("--device", "serial:/dev/x:baudrate=fast", "--listen", "0", "--mode", "row")
        self.assertIn("--device baudrate: expected an integer, found 'fast'", told)
        self.assertIn("--mode: expected .raw. or .rfc2217., found .row.", told.replace("'", "."))

    def test_a_console_for_other_machines(self) -> None:
        told = self.refused("--device", "loop:", "--listen", "0", "--console", "any:2323")
        self.assertIn("--console: 0.0.0.0 is open to other machines", told)

    def test_missing_file(self) -> None:
        self.assertIn("nowhere.yaml: CF01 error: No such file", self.refused("--config", "nowhere.yaml"))

    def test_every_finding_of_a_file_at_once(self) -> None:
        config = "shares:\n  a:\n    device: {lop: true}\n    listen: [{prt: 1}]\n  b: 7\n"
        lines = self.refused("--config", "config.yaml", config=config).splitlines()
        self.assertEqual([line.split(":")[1] for line in lines], ["3", "4", "5"])

    def test_open_to_others_without_the_word(self) -> None:
        told = self.refused("--device", "loop:", "--listen", "0.0.0.0:0")
        self.assertIn("CF07 error: --listen host: 0.0.0.0 is open to other machines", told)
        told = self.refused("--device", "loop:", "--listen", "tcp:0")
        self.assertIn("insecure", told)

    def test_a_taken_address(self) -> None:
        running = Program(self, ["--device", "loop:", "--listen", "0"])
        port = running.ports("device")[0]
        told = self.refused("--device", "loop:", "--listen", str(port))
        self.assertEqual(told, f"cannot listen on 127.0.0.1:{port}: Address already in use\n")

    def test_with_the_word_it_listens_everywhere(self) -> None:
        program = Program(self, ["--device", "loop:", "--listen", "0.0.0.0:0", "--insecure"])
        program.wait_for(r"on 0.0.0.0:\d+")

    def test_by_default_it_listens_on_this_machine_alone(self) -> None:
        program = Program(self, ["--device", "loop:", "--listen", "0"])
        port = program.ports("device")[0]
        listening = Path("/proc/net/tcp").read_text().splitlines()
        mine = [line.split()[1] for line in listening if f":{port:04X} 00000000:0000 0A" in line]
        self.assertEqual(mine, [f"0100007F:{port:04X}"])


class ReloadTests(TestCase):
    """SIGHUP: only what changed is touched."""

    CONFIG = """
    shares:
      kept: {device: {loop: true}, listen: [{port: 0}]}
      changed: {device: {port: %s, baudrate: %d}, listen: [{port: 0%s}]}
    """

    def start(self) -> tuple[Program, Pty]:
        pty = Pty(self)
        program = Program(self, self.CONFIG % (pty.path, 9600, ""))
        program.wait_for("changed: opened")
        return program, pty

    def reload(self, program: Program, config: str, word: str) -> None:
        program.configure(config)
        program.process.send_signal(signal.SIGHUP)
        program.wait_for(word)

    def test_clients_of_other_shares_notice_nothing(self) -> None:
        program, pty = self.start()
        kept, changed = program.connect("kept"), program.connect("changed")
        self.addCleanup(kept.close)
        self.addCleanup(changed.close)
        program.wait_for("connected to", 2)
        config = self.CONFIG % (pty.path, 19200, "")
        self.reload(program, config, "changed: has new settings: device")
        self.assertNotIn("kept: has new settings", program.log)
        for client, name in ((kept, b"kept"), (changed, b"changed")):
            client.sendall(name)
        self.assertEqual(receive(kept, 4), b"kept")
        self.assertEqual(pty.read(7), b"changed")
        speeds = run(["stty", "-F", str(pty.path), "speed"], ".").stdout
        self.assertEqual(speeds, "19200\n")

    def test_sessions_are_judged_again(self) -> None:
        program, pty = self.start()
        client = program.connect("changed")
        self.addCleanup(client.close)
        program.wait_for("connected to")
        config = self.CONFIG % (pty.path, 9600, ", allow: [127.0.0.2]")
        self.reload(program, config, "changed: has new settings: listeners")
        self.assertEqual(receive_all(client), b"")
        program.wait_for("is gone: its address is not allowed any more")
        with program.connect("changed") as again:
            self.assertIn(b"not open to your address", receive_all(again))

    def test_shares_come_and_go_and_their_ports_are_handed_on(self) -> None:
        program, _ = self.start()
        port = program.ports("changed")[0]
        client = program.connect("kept")
        self.addCleanup(client.close)
        self.reload(
            program,
            f"shares: {{kept: {{device: {{loop: true}}, listen: [{{port: 0}}]}}, "
            f"new: {{device: {{sim: scpi-meter}}, listen: [{{port: {port}}}]}}}}",
            "new: serves",
        )
        program.wait_for("changed: stopped")
        client.sendall(b"still here")
        self.assertEqual(receive(client, 10), b"still here")
        with program.connect("new") as new:
            new.sendall(b"*IDN?\n")
            self.assertEqual(receive(new, 11), b"SMARTSERIAL")

    def test_what_is_wrong_changes_nothing(self) -> None:
        program, pty = self.start()
        self.reload(program, "shares: {x: 1}", "nothing was changed: config.yaml:1:")
        other = Program(self, ["--device", "loop:", "--listen", "0"])
        taken = other.ports("device")[0]
        config = self.CONFIG % (pty.path, 9600, "") + (
            f"  more: {{device: {{virtual: {program.folder}/v}}, listen: [{{port: {taken}}}]}}\n"
        )
        self.reload(program, config, f"nothing was changed: cannot listen on 127.0.0.1:{taken}")
        self.assertFalse((program.folder / "v").exists())
        with program.connect("changed") as client:
            client.sendall(b"works")
            self.assertEqual(pty.read(5), b"works")
        self.assertEqual(program.stop(), 0)

    def test_a_share_that_is_taken_out_still_has_its_grace_when_the_gateway_stops(self) -> None:
        program, pty = self.start()
        data = bytes(range(256)) * 400
        with program.connect("changed") as client:
            client.sendall(data)
            until(lambda: not pty.quiet())
            program.configure("shares: {kept: {device: {loop: true}, listen: [{port: 0}]}}")
            program.process.send_signal(signal.SIGHUP)
            program.wait_for(r"Port \d+ Closed")
            program.process.send_signal(signal.SIGTERM)
            self.assertEqual(pty.read(len(data)), data)
            self.assertEqual(program.process.wait(GUARD), 0)
        self.assertEqual(program.accounts("changed")[1]["delivered"], len(data))

    def test_a_stopping_gateway_reads_nothing_again(self) -> None:
        program, pty = self.start()
        with program.connect("changed") as client:
            client.sendall(bytes(100_000))
            until(lambda: not pty.quiet())
            program.process.send_signal(signal.SIGTERM)
            program.wait_for(r"Port \d+ Closed")
            program.configure("shares: {other: {device: {loop: true}, listen: [{port: 0}]}}")
            program.process.send_signal(signal.SIGHUP)
            self.assertEqual(pty.read(100_000), bytes(100_000))
            self.assertEqual(program.process.wait(GUARD), 0)
        self.assertNotIn("other", program.log)
        self.assertNotIn("Traceback", program.log)

    def test_a_port_that_goes_from_share_to_share_throws_nobody_out(self) -> None:
        first, second = Pty(self), Pty(self)
        folder = make_folder(self)
        config = (
            "shares:\n"
            "  a: {{device: {{port: {}}}, listen: [{{port: 0}}]}}\n"
            "  b: {{device: {{port: {}}}, listen: [{{port: 0}}]}}\n"
            "  v: {{device: {{virtual: {}/v}}, listen: [{{port: 0}}]}}\n"
            "  w: {{device: {{virtual: {}/w}}, listen: [{{port: 0}}]}}\n"
        )
        program = Program(self, config.format(first.path, second.path, folder, folder))
        program.wait_for("[abvw]: opened", 4)
        clients = [program.connect(name) for name in "abvw"]
        for client in clients:
            self.addCleanup(client.close)
        program.wait_for("connected to", 4)
        swapped = config.format(second.path, first.path, folder, folder).replace("/v}", "/x}")
        swapped = swapped.replace("/w}", "/v}").replace("/x}", "/w}")
        for n in range(4):
            program.configure(
                swapped if n % 2 == 0 else config.format(first.path, second.path, folder, folder)
            )
            program.process.send_signal(signal.SIGHUP)
            program.wait_for("w: has new settings", n + 1)
        for pty, client in ((first, clients[0]), (second, clients[1])):
            until(lambda pty=pty, client=client: self.passes(pty, client))
        self.assertNotIn("is gone", program.log)
        self.assertEqual(program.stop(), 0)

    def passes(self, pty: Pty, client: socket.socket) -> bool:
        """Whether a byte from the device reaches the client now."""
        pty.write(b".")
        return bool(select.select([client], [], [], 0.1)[0]) and client.recv(100) != b""

    def test_flags_cannot_be_read_again(self) -> None:
        program = Program(self, ["--device", "loop:", "--listen", "0"])
        program.ports("device")
        program.process.send_signal(signal.SIGHUP)
        program.wait_for("no configuration file to read again")
        self.assertEqual(program.stop(), 0)


class DaemonTests(TestCase):
    """Without -n: in the background, with a log file and a pid file."""

    def end(self, pid: int) -> None:
        """Leave nothing behind when the test has failed."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def test_it_serves_and_ends_in_good_order(self) -> None:
        folder = Path(make_folder(self))
        started = run(
            [
                TWISTD,
                "--logfile=log",
                "smartserial",
                "--device",
                "loop:",
                "--listen",
                f"unix:{folder}/socket",
            ],
            folder,
        )
        self.assertEqual(started.returncode, 0, started.stderr)
        pid = int((folder / "twistd.pid").read_text())
        self.addCleanup(self.end, pid)
        answer = subprocess.run(
            ["socat", "-t5", "-", f"UNIX-CONNECT:{folder}/socket"],
            input=b"in the background",
            capture_output=True,
            timeout=GUARD,
        )
        self.assertEqual(answer.stdout, b"in the background")
        os.kill(pid, signal.SIGTERM)
        until(lambda: not (folder / "twistd.pid").exists())
        until(lambda: "Server Shut Down" in (folder / "log").read_text())
