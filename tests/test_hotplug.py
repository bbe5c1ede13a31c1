"""A device that appears is opened at once: the link, its lookout, and real folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from smartserial.channels.endpoints import SerialEndpoint
from smartserial.channels.link import Link, LinkState
from smartserial.channels.retries import LAST_RETRY
from smartserial.channels.serial import devwatch
from smartserial.channels.serial.devwatch import lookout
from smartserial.errors import PortError
from smartserial.settings import PortDevice
from tests.fakes import FakeEndpoint
from tests.support import Pty, make_folder


async def until(condition: Callable[[], Any]) -> None:
    """Let the reactor go on until `condition` holds; give up after 20 seconds."""
    for _ in range(4000):
        if condition():
            return
        await deferLater(reactor, 0.005)
    raise AssertionError("it never came")


class Owner:
    """Keeps what a link tells."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, bool]] = []
        self.data = b""

    def from_device(self, data: bytes) -> None:
        self.data += data

    def device_up(self) -> None: ...

    def device_down(self, stream: Any, reason: Any, expected: bool) -> None: ...

    def device_failed(self, error: object, news: bool) -> None:
        self.failures.append((str(error), news))

    def device_full(self, full: bool) -> None: ...


class Looking:
    """A lookout that the test calls."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.told = told
        self.looks = 0
        self.stopped = False

    def look(self) -> None:
        assert not self.stopped
        self.looks += 1

    def stop(self) -> None:
        assert not self.stopped
        self.stopped = True


class WatchedEndpoint(FakeEndpoint):
    """A fake device whose appearance is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lookouts: list[Looking] = []
        self.attempts = 0
        self.during: Callable[[], None] = lambda: None

    def connect(self, protocol_factory: Any) -> Any:
        self.attempts += 1
        self.during()
        return super().connect(protocol_factory)

    def lookout(self, told: Callable[[], None]) -> Looking:
        self.lookouts.append(Looking(told))
        return self.lookouts[-1]


class LinkTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.owner, self.endpoint = Clock(), Owner(), WatchedEndpoint()
        self.endpoint.error = PortError("not there")
        self.link = Link(self.owner, self.endpoint, self.clock)

    def away(self) -> Looking:
        """Let it have tried for so long that it seldom does."""
        self.link.open()
        self.clock.pump([0.05] * 200)
        (looking,) = self.endpoint.lookouts
        self.endpoint.attempts = 0
        return looking

    def test_it_is_opened_at_once(self) -> None:
        looking = self.away()
        self.endpoint.error = None
        looking.told()
        self.clock.advance(0.05)
        self.assertEqual((self.link.state, self.endpoint.attempts), (LinkState.UP, 1))
        self.assertTrue(looking.stopped)

    def test_nothing_happens_without_a_device_that_was_lost(self) -> None:
        self.endpoint.error = None
        self.link.open()
        self.assertEqual(self.endpoint.lookouts, [])
        assert self.endpoint.transport is not None
        self.endpoint.error = PortError("unplugged")
        self.endpoint.transport.reset()
        self.assertEqual(len(self.endpoint.lookouts), 1)

    def test_a_storm_of_news_is_looked_at_now_and_then(self) -> None:
        looking = self.away()
        for _ in range(1000):
            looking.told()
            self.clock.advance(0.001)
        self.assertTrue(15 <= self.endpoint.attempts <= 21, self.endpoint.attempts)

    def test_news_that_come_during_an_attempt(self) -> None:
        """Udev makes the node, then gives it rights: the attempt between the two fails."""
        looking = self.away()
        self.endpoint.during = looking.told
        looking.told()
        self.clock.advance(0)
        self.endpoint.during = lambda: None
        self.endpoint.error = None
        self.clock.advance(0.05)
        self.assertIs(self.link.state, LinkState.UP)

    def test_then_it_is_tried_often_again(self) -> None:
        looking = self.away()
        looking.told()
        self.clock.pump([0.01] * 40)
        self.assertGreaterEqual(self.endpoint.attempts, 3)

    def test_without_news_it_is_tried_each_second(self) -> None:
        looking = self.away()
        self.clock.pump([0.05] * 200)
        self.assertTrue(9 <= self.endpoint.attempts <= 11)
        self.assertGreater(looking.looks, 9)
        self.assertEqual(LAST_RETRY, 1)

    def test_closed_it_looks_no_more(self) -> None:
        looking = self.away()
        self.link.close()
        self.assertTrue(looking.stopped)
        looking.told()
        self.clock.advance(10)
        self.assertEqual((self.endpoint.attempts, self.clock.getDelayedCalls()), (0, []))

    def test_another_endpoint_has_its_own(self) -> None:
        looking = self.away()
        other = WatchedEndpoint()
        other.error = PortError("not there")
        self.link.replace(other)
        self.assertTrue(looking.stopped)
        self.assertEqual(len(other.lookouts), 1)
        self.link.replace(FakeEndpoint())
        self.assertTrue(other.lookouts[0].stopped)
        self.assertIs(self.link.state, LinkState.UP)


class FolderTest(TestCase):
    """Real folders, watched by the kernel."""

    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.news = 0

    def look(self, *folders: Path) -> devwatch.Lookout:
        looking = lookout(reactor, folders, self.told)
        self.addCleanup(looking.stop)
        return looking

    def told(self) -> None:
        self.news += 1

    async def hears(self, act: Callable[[], object]) -> None:
        before = self.news
        act()
        await until(lambda: self.news > before)

    async def hears_nothing(self, act: Callable[[], object]) -> None:
        """Whatever happens in one folder is told before what happens in another one later."""
        marks: list[None] = []
        other = Path(make_folder(self))
        looking = lookout(reactor, [other], lambda: marks.append(None))
        before = self.news
        act()
        (other / "mark").touch()
        await until(lambda: marks)
        looking.stop()
        self.assertEqual(self.news, before)

    async def test_what_appears(self) -> None:
        self.look(self.folder)
        path = self.folder / "port"
        await self.hears(path.touch)
        await self.hears(lambda: path.chmod(0o660))
        await self.hears(lambda: path.rename(self.folder / "other"))
        await self.hears(lambda: (self.folder / "link").symlink_to("port"))

    async def test_what_goes_is_no_news(self) -> None:
        path = self.folder / "port"
        path.touch()
        self.look(self.folder)
        await self.hears_nothing(path.unlink)

    async def test_a_folder_that_appears_later(self) -> None:
        """As /dev/serial/by-id does with the first adapter."""
        deep = self.folder / "serial" / "by-id"
        looking = self.look(deep)
        await self.hears((self.folder / "serial").mkdir)
        looking.look()
        await self.hears(deep.mkdir)
        looking.look()
        await self.hears((deep / "port").touch)
        await self.hears_nothing((self.folder / "elsewhere").touch)

    async def test_a_folder_that_goes_and_comes_again(self) -> None:
        deep = self.folder / "by-id"
        deep.mkdir()
        looking = self.look(deep)
        await self.hears(deep.rmdir)
        looking.look()
        await self.hears(deep.mkdir)
        looking.look()
        await self.hears((deep / "port").touch)

    async def test_two_who_wait_in_one_folder(self) -> None:
        one, two = self.look(self.folder), self.look(self.folder)
        before = self.news
        (self.folder / "a").touch()
        await until(lambda: self.news >= before + 2)
        one.stop()
        await self.hears((self.folder / "b").touch)
        two.stop()
        await self.hears_nothing((self.folder / "c").touch)

    async def test_a_descriptor_only_while_somebody_waits(self) -> None:
        def watching() -> int:
            fds = Path("/proc/self/fd")
            return sum("inotify" in str(fd.readlink()) for fd in fds.iterdir() if fd.is_symlink())

        before = watching()
        lookouts = [self.look(self.folder, Path("/dev")) for _ in range(300)]
        self.assertEqual(watching(), before + 1)
        for looking in lookouts:
            looking.stop()
        self.assertEqual(watching(), before)

    def test_a_reactor_that_cannot_watch(self) -> None:
        looking = lookout(Clock(), [self.folder], self.told)
        (self.folder / "port").touch()
        looking.look()
        looking.stop()

    def test_where_nothing_can_be_watched(self) -> None:
        """Such as when this user has too many watches: whoever waits looks now and then."""

        def refuse(*_: object) -> Any:
            raise PortError("cannot watch: No space left on device")

        self.patch(devwatch.Inotify, "watch", refuse)
        looking = self.look(self.folder)
        (self.folder / "port").touch()
        looking.look()
        looking.stop()


class PortTest(TestCase):
    """A link to a real terminal by a name that appears."""

    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(make_folder(self))
        self.owner = Owner()

    def link_to(self, name: str) -> Link:
        link = Link(self.owner, SerialEndpoint(PortDevice(name), reactor), reactor)

        async def end() -> None:
            link.abort()
            await until(lambda: link.stream is None)

        self.addCleanup(end)
        link.open()
        return link

    async def test_a_path(self) -> None:
        path = self.folder / "by-id" / "port"
        await self.appears(self.link_to(str(path)), path)

    async def test_a_pattern(self) -> None:
        link = self.link_to(f"{self.folder}/by-id/*A5*")
        await self.appears(link, self.folder / "by-id" / "usb-A5-port0")
        self.assertEqual(self.owner.failures[0], (f"there is no port {self.folder}/by-id/*A5*", True))

    async def appears(self, link: Link, path: Path) -> None:
        await until(lambda: link.state is LinkState.AWAY)
        link._retries._next.reset(1000)  # type: ignore[union-attr] # it will not be tried by itself
        path.parent.mkdir()
        await until(lambda: len(self.owner.failures) > 1)
        link._retries._next.reset(1000)  # type: ignore[union-attr]
        pty = Pty(self, path)  # type: ignore[arg-type]
        await until(lambda: link.state is LinkState.UP)
        pty.write(b"hello")
        await until(lambda: self.owner.data == b"hello")
