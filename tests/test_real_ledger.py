"""Nothing is lost, doubled or damaged, whatever the system calls do; the program's account agrees."""

from __future__ import annotations

import random
import re
import subprocess
import threading
from pathlib import Path
from unittest import TestCase

from tests.ledger import CELL, Findings, cell, cells, judge
from tests.support import Program, Pty, in_background, make_folder, receive

COUNT = 1500


class LedgerTests(TestCase):
    """The ledger sees each single change of a byte."""

    def test_it_sees_every_change(self) -> None:
        chance = random.Random(7)
        good = cells(1, 20)
        self.assertEqual(judge(good, 1, 20), Findings(20, 0, 0, 0, 0))
        for _ in range(200):
            place = chance.randrange(len(good))
            changes = (
                good[:place] + good[place + 1 :],
                good[:place] + bytes([good[place] ^ (1 << chance.randrange(8))]) + good[place + 1 :],
                good[:place] + good[place : place + 1] + good[place:],
            )
            for changed in changes:
                found = judge(changed, 1, 20)
                self.assertTrue(found.lost or found.damaged, (place, found))

    def test_it_sees_cells_that_are_doubled_swapped_or_of_another_stream(self) -> None:
        self.assertEqual(judge(cell(1, 0) + cell(1, 0), 1, 1).doubled, 1)
        self.assertEqual(judge(cell(1, 1) + cell(1, 0), 1, 2).swapped, 1)
        self.assertEqual(judge(cell(2, 0), 1, 1), Findings(0, 1, 0, 1, 0))


class FaultyTests(TestCase):
    """Both directions at once, two clients, through short reads and writes, EINTR and EAGAIN."""

    preload: Path

    @classmethod
    def setUpClass(cls) -> None:
        folder = make_folder(type("", (), {"addCleanup": staticmethod(cls.addClassCleanup)}))
        cls.preload = Path(folder) / "faulty.so"
        source = Path(__file__).with_name("faulty.c")
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(cls.preload), str(source), "-ldl"],
            check=True,
        )

    def through(self, seed: int | None) -> Program:
        pty = Pty(self)
        env = {} if seed is None else {"LD_PRELOAD": str(self.preload), "FAULTY_SEED": str(seed)}
        listen = "[{port: 0}, {port: 0, access: read}]"
        config = f"shares: {{x: {{device: {{port: {pty.path}}}, listen: {listen}}}}}"
        program = Program(self, config, env=env)
        program.wait_for("x: opened")
        client, watcher = program.connect("x"), program.connect("x", 1)
        self.addCleanup(client.close)
        self.addCleanup(watcher.close)
        program.wait_for("connected to", 2)
        got: dict[str, bytes] = {}
        size = COUNT * CELL
        readers = [
            threading.Thread(target=lambda: got.update(device=pty.read(size))),
            threading.Thread(target=lambda: got.update(client=receive(client, size))),
            threading.Thread(target=lambda: got.update(watcher=receive(watcher, size))),
        ]
        for reader in readers:
            reader.start()
        in_background(self, lambda: pty.write(cells(1, COUNT)))
        in_background(self, lambda: client.sendall(cells(2, COUNT)))
        for reader in readers:
            reader.join()
        clean = Findings(COUNT, 0, 0, 0, 0)
        self.assertEqual(judge(got["client"], 1, COUNT), clean, f"seed {seed}")
        self.assertEqual(judge(got["watcher"], 1, COUNT), clean, f"seed {seed}")
        self.assertEqual(judge(got["device"], 2, COUNT), clean, f"seed {seed}")
        self.assertEqual(program.stop(), 0)
        up, down = program.accounts("x")
        self.assertEqual((up["read"], up["copied"], up["delivered"]), (size, size, 2 * size))
        self.assertEqual((down["read"], down["delivered"]), (size, size))
        return program

    def test_without_faults(self) -> None:
        self.through(None)

    def test_with_faults_by_five_seeds(self) -> None:
        for seed in range(1, 6):
            with self.subTest(seed=seed):
                program = self.through(seed)
                told = re.search(r"faults: (\d+)", program.log)
                assert told is not None, program.log
                self.assertGreater(int(told[1]), 100)
