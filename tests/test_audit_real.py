"""The audit of a running gateway: who came, from where, and what they did."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import TestCase

from tests.support import GUARD, Program, Pty, make_folder, receive, until
from tests.typist import ctl

CONFIG = """\
audit: audit.jsonl
shares:
  echo:
    device: {loop: true}
    listen: [{port: 0}, {port: 0, allow: [10.0.0.1]}, {port: 0, mode: rfc2217}]
elements:
  gps: {protocol: nmea-0183, connections: {0: {device: {sim: nmea-0183}}}}
"""


def rows(program: Program) -> list[dict[str, Any]]:
    """Return what is in the file now."""
    text = (program.folder / "audit.jsonl").read_text("ascii")
    return [json.loads(line) for line in text.splitlines()]


def kinds(program: Program) -> list[str]:
    return [row["event"] for row in rows(program)]


class RealTest(TestCase):
    maxDiff = None

    def only(self, program: Program, event: str) -> dict[str, Any]:
        """Return the one row of a kind, without its time."""
        (row,) = [row for row in rows(program) if row["event"] == event]
        return {name: value for name, value in row.items() if name not in ("time", "event")}

    def test_who_came_and_what_they_did(self) -> None:
        program = Program(self, CONFIG)
        program.wait_for("echo: opened")
        with program.connect("echo") as client:
            host, port = client.getsockname()
            client.sendall(b"five!")
            self.assertEqual(receive(client, 5), b"five!")
        with program.connect("echo", 1) as refused:
            self.assertIn(b"not open to your address", refused.recv(100))
        self.assertEqual(ctl(program, "break", "echo").returncode, 0)
        self.assertEqual(ctl(program, "stop", "gps").returncode, 0)
        program.wait_for("echo: .* is gone")
        self.assertEqual(program.stop(), 0)
        listeners = program.ports("echo")
        connected = {"name": "echo", "peer": f"{host}:{port}", "listener": f"127.0.0.1:{listeners[0]}"}
        self.assertEqual(self.only(program, "client connected"), connected)
        gone = self.only(program, "client gone")
        self.assertGreater(gone.pop("seconds"), 0)
        figures = {"received": 5, "delivered": 5, "discarded": 0, "refused": 0}
        self.assertEqual(gone, {"name": "echo", "peer": f"{host}:{port}", "why": "finished", **figures})
        self.assertEqual(self.only(program, "client refused")["listener"], f"127.0.0.1:{listeners[1]}")
        done = [row for row in rows(program) if row["event"] == "operated"]
        self.assertEqual(
            [(row["name"], row["what"]) for row in done], [("echo", "break of 0.25 s"), ("gps", "stop")]
        )
        self.assertTrue(all(row["who"].endswith("by unix") for row in done))
        self.assertEqual(kinds(program).count("operator came"), 2)
        self.assertEqual(kinds(program).count("operator left"), 2)
        first, last = rows(program)[0], rows(program)[-1]
        self.assertEqual((first["event"], first["shares"], first["elements"]), ("gateway started", 1, 1))
        self.assertEqual(last["event"], "gateway stopped")
        for event in ("share started", "element started", "element stopped", "share stopped"):
            self.assertEqual(kinds(program).count(event), 1, event)

    def test_a_line_is_changed(self) -> None:
        program = Program(self, CONFIG)
        program.wait_for("echo: opened")
        script = (
            "import serial, sys; port = serial.serial_for_url(sys.argv[1], 19200); port.dtr = False;"
            "port.break_condition = True; port.break_condition = False; port.close()"
        )
        url = f"rfc2217://127.0.0.1:{program.ports('echo')[2]}"
        subprocess.run([sys.executable, "-c", script, url], check=True, timeout=GUARD)
        whose = program.wait_for(r"echo: (\S+) holds control")[1]
        program.wait_for("echo: .* is gone")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(self.only(program, "control taken")["peer"], whose)
        changed = [row for row in rows(program) if row["event"] == "settings changed"]
        self.assertEqual((changed[0]["settings"], changed[0]["whose"]), ("19200 8N1", whose))
        driven = [
            row["lines"] for row in rows(program) if row["event"] == "lines set" if row.get("whose") == whose
        ]
        self.assertEqual(driven[-3:], ["dtr=off", "break=on", "break=off"])

    def test_a_configuration_is_read_again(self) -> None:
        program = Program(self, CONFIG)
        program.wait_for("echo: opened")
        program.configure(CONFIG.replace("loop: true}", "loop: true, on_unplug: close}"))
        self.assertEqual(ctl(program, "reload", "--dry-run").returncode, 0)
        program.process.send_signal(signal.SIGHUP)
        program.wait_for("echo: has new settings")
        program.configure("shares: 7")
        self.assertEqual(ctl(program, "reload").returncode, 1)
        program.configure(CONFIG.replace("audit.jsonl", "other.jsonl"))
        self.assertEqual(ctl(program, "reload").returncode, 0)
        self.assertEqual(program.stop(), 0)
        first, second = [row for row in rows(program) if row["event"] == "configuration taken"]
        self.assertEqual(first["who"], "a signal")
        self.assertEqual(first["changes"], ["shares.echo.device.on_unplug: keep -> close"])
        self.assertEqual(second["who"], "the console")
        refused = self.only(program, "configuration refused")
        self.assertIn("config.yaml:1:9: CF03 error: shares: expected a mapping", refused["why"][0])
        other = program.folder / "other.jsonl"
        self.assertEqual(self.only(program, "audit ended")["next"], str(other))
        self.assertEqual(json.loads(other.read_text().splitlines()[-1])["event"], "gateway stopped")


class FullTest(TestCase):
    def test_a_full_disk_stops_no_byte(self) -> None:
        """No file may grow beyond 8 KiB: neither the audit nor the capture, which say so once."""
        pty = Pty(self)
        config = (
            f"audit: audit.jsonl\nshares:\n  x:\n    device: {{port: {pty.path}}}\n"
            "    listen: [{port: 0}]\n    capture: capture.jsonl\n"
        )
        script = (
            "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)); os.execv(sys.argv[1], sys.argv[1:])"
        )
        folder = Path(make_folder(self))
        program = Program(self, config, folder=folder, wrapper=["python3", "-c", script])
        program.wait_for("x: opened")
        (folder / "audit.jsonl").write_bytes(b"{}\n" * 2730)
        for number in range(20):
            with program.connect("x") as client:
                client.sendall(b"%04d" % number * 256)
                self.assertEqual(pty.read(1024), b"%04d" % number * 256)
                pty.write(b"%04d" % number * 256)
                self.assertEqual(receive(client, 1024), b"%04d" % number * 256)
            program.wait_for("is gone", number + 1)
        until(lambda: "capture.jsonl cannot be written" in program.log, "the capture is full")
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("x")
        self.assertEqual((up["read"], up["delivered"]), (20480, 20480))
        self.assertEqual((down["read"], down["delivered"]), (20480, 20480))
        for name in ("audit", "capture"):
            self.assertEqual(program.log.count(f"the {name} {folder}/{name}.jsonl cannot be written"), 1)
