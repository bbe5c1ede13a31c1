"""Limits that hold against one of many: places by source, and passwords that must not come out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.session import Refused
from smartserial.events import ClientRefused
from smartserial.settings import ListenerSettings, Sharing
from tests.canary import CANARY, left_behind
from tests.fakes import FakeTransport
from tests.test_share import Stage


class SourceTest(SynchronousTestCase):
    """`max_per_source`: nobody takes all places from one address."""

    def stage(self, most: int | None, **sharing: object) -> Stage:
        listeners = (ListenerSettings(max_per_source=most), ListenerSettings())
        return Stage(listeners=listeners, sharing=Sharing(**sharing)).start()  # type: ignore[arg-type]

    def came(self, stage: Stage, host: str, listener: int = 0) -> bool:
        return isinstance(stage.connect(listener, host), FakeTransport)

    def test_one_too_many_from_an_address(self) -> None:
        stage = self.stage(2)
        self.assertTrue(self.came(stage, "10.0.0.1"))
        first = stage.connect(0, "10.0.0.1")
        self.assertIsInstance(stage.connect(0, "10.0.0.1"), Refused)
        (refused,) = stage.of(ClientRefused)
        words = "x: 2 clients are connected from your address 10.0.0.1 and no more are let in from there"
        self.assertEqual(refused.why, words)
        self.assertTrue(self.came(stage, "10.0.0.2"))
        self.assertTrue(self.came(stage, "10.0.0.1", 1))
        assert isinstance(first, FakeTransport)
        first.reset()
        self.assertTrue(self.came(stage, "10.0.0.1"))

    def test_nobody_gives_way_for_a_source_that_has_its_places(self) -> None:
        stage = self.stage(1, kick_oldest=True)
        self.assertTrue(self.came(stage, "10.0.0.1"))
        self.assertFalse(self.came(stage, "10.0.0.1"))
        stage.turn()
        self.assertEqual(len(stage.share.clients.here), 1)

    @given(st.integers(1, 4), st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40))
    def test_against_a_count(self, most: int, steps: list[tuple[bool, int]]) -> None:
        """They come and go as they like: a model counts each source."""
        stage = self.stage(most, max_clients=1000)
        here: dict[int, list[FakeTransport]] = {host: [] for host in range(4)}
        for comes, host in steps:
            if not comes and here[host]:
                here[host].pop().reset()
            elif comes:
                client = stage.connect(0, f"10.0.0.{host}")
                self.assertEqual(isinstance(client, FakeTransport), len(here[host]) < most)
                if isinstance(client, FakeTransport):
                    here[host].append(client)
        self.assertEqual(len(stage.share.clients.here), sum(map(len, here.values())))
        stage.stop()


class CanaryTest(SynchronousTestCase):
    """The search for passwords finds one, or there would be no use in it."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_wherever_it_stands(self) -> None:
        below = self.folder / "below"
        below.mkdir()
        (below / "log").write_bytes(b"x" * (2**20 - 5) + CANARY.encode() + b"y" * 99)
        (below / "capture").write_text(CANARY.encode().hex())
        (below / "clean").write_text(CANARY[:-1])
        (below / "link").symlink_to("log")
        self.assertEqual([path.name for path in left_behind([self.folder])], ["capture", "log"])
        self.assertEqual([path.name for path in left_behind([below / "log", below / "clean"])], ["log"])

    def test_the_word_itself_stands_nowhere_in_the_sources(self) -> None:
        root = Path(__file__).parent.parent
        places = [root / name for name in ("smartserial", "tests", "docs", "etc", ".ci")]
        sources = [path for place in places for path in place.rglob("*") if path.suffix != ".pyc"]
        self.assertEqual(list(left_behind(path for path in sources if path.is_file())), [])
