"""The lines as they are configured, together with what RFC 2217 clients may do: every combination."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product

from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import LINE_NAMES, LineProfile, Lines
from smartserial.settings import DeviceRules, PortDevice, Rfc2217Device
from smartserial.sharing.control import Control, WhenRefused
from tests.comstage import (
    ASK_BREAK,
    ASK_DTR,
    ASK_RTS,
    BREAK_ON,
    CONTROL,
    DTR_OFF,
    LINE,
    RFC,
    RTS_OFF,
    WATCHERS,
    ComClient,
    ComStage,
)

FIELDS = {"dtr": "dtr", "rts": "rts", "break": "brk"}
WANTED = {"dtr": (DTR_OFF, False, 8, 9), "rts": (RTS_OFF, False, 11, 12), "break": (BREAK_ON, True, 6, 5)}
"""What a client asks for, the level of it, and how that line at rest and that level are told."""

ASKED = {"dtr": ASK_DTR, "rts": ASK_RTS, "break": ASK_BREAK}
PROFILES = tuple(
    LineProfile(connected, idle)
    for connected, idle in product(
        (Lines(), Lines(dtr=True), Lines(dtr=False, rts=True), Lines(True, True, False), Lines(brk=True)),
        (Lines(), Lines(dtr=False), Lines(True, False), Lines(brk=True)),
    )
)
SUBSETS = tuple(frozenset(names) for names in chain(*(combinations(LINE_NAMES, n) for n in range(4))))


def told(name: str, lines: Lines) -> int:
    """Return how the state of a line is told; one that nobody has set is as the kernel opens a port."""
    _, level, rest, other = WANTED[name]
    state = getattr(lines, FIELDS[name])
    return other if state is level else rest


class Talk:
    """One share with one client, and what should become of its lines.

    Args:
        profile: as it is configured.
        remote: the lines that clients may change.
        acts: whether this client may change anything at all.
        settings: of the share.
    """

    def __init__(
        self, profile: LineProfile, remote: frozenset[str], acts: bool = True, **settings: object
    ) -> None:
        self.profile, self.remote, self.acts = profile, remote if acts else frozenset(), acts
        self.acknowledges = settings.get("refused") is not WhenRefused.ACTUAL
        device = settings.pop("device", None) or PortDevice("ttyX", line=LINE, lines=profile)
        listeners = settings.pop("listeners", (RFC,))
        if "settings_remote" in settings:
            settings["remote"] = settings.pop("settings_remote")
        self.stage = ComStage(
            *listeners,  # type: ignore[misc]
            device=device,  # type: ignore[arg-type]
            rules=DeviceRules(remote_lines=remote),
            **settings,
        ).start()
        self.lines = Lines()

    def drives(self, *expected: Lines) -> None:
        """Check what the driver was told since the last time; nothing is said of lines that stay."""
        wanted = [lines for lines in expected if lines]
        found = self.stage.asked(Lines)
        assert found == wanted, f"{self.profile} {set(self.remote)}: {found}, expected {wanted}"
        for lines in wanted:
            self.lines = lines.over(self.lines)

    def play(self) -> None:
        """A client comes, changes each line, loses the device, gets it back, and goes."""
        self.drives(self.profile.idle)
        client = self.stage.com()
        self.drives(self.profile.connected.over(Lines(brk=False if self.profile.idle.brk else None)))
        driven = Lines()
        for name in LINE_NAMES:
            driven = self.change(client, name, driven)
        self.stage.device.reset()
        self.stage.clock.pump([0.1] * 3)
        self.lines = Lines()
        self.drives(self.profile.connected, replace(driven, brk=None))
        self.drives()
        client.reset()
        ended = Lines(brk=False if self.profile.connected.brk else None)
        self.drives(*([Lines(brk=False)] if driven.brk else []), self.profile.idle.over(ended))
        self.stage.clock.advance(20)
        self.drives()

    def change(self, client: ComClient, name: str, driven: Lines) -> Lines:
        """Ask for one line; return all that this client has driven."""
        request, level, _, other = WANTED[name]
        mine = Lines(**{FIELDS[name]: level})
        answer = client.request(CONTROL, request)
        if name in self.remote:
            self.drives(mine)
            driven = mine.over(driven)
        else:
            self.drives()
        expected = other if name in self.remote or self.acknowledges else told(name, self.lines)
        assert answer == expected, f"{name}: answered {answer}, expected {expected}"
        assert client.request(CONTROL, ASKED[name]) == expected, name
        return driven


class ProfileTests(SynchronousTestCase):
    def test_each_profile_with_each_set_of_lines(self) -> None:
        for profile, remote in product(PROFILES, SUBSETS):
            Talk(profile, remote).play()

    def test_told_what_is_in_force(self) -> None:
        for profile, remote in product(PROFILES, SUBSETS):
            Talk(profile, remote, refused=WhenRefused.ACTUAL).play()

    def test_at_a_remote_port(self) -> None:
        for profile, remote in product(PROFILES, SUBSETS):
            Talk(profile, remote, device=Rfc2217Device("h", 1, LINE, lines=profile)).play()

    def test_where_nobody_has_control(self) -> None:
        for profile, remote, refused in product(PROFILES, SUBSETS, WhenRefused):
            Talk(profile, remote, acts=False, control=Control.NONE, refused=refused).play()

    def test_watchers(self) -> None:
        for profile, remote, refused in product(PROFILES, SUBSETS, WhenRefused):
            Talk(profile, remote, acts=False, listeners=(WATCHERS,), refused=refused).play()

    def test_settings_are_another_thing(self) -> None:
        """With `settings.remote: false` clients move those lines all the same."""
        for profile, names in product(PROFILES, SUBSETS):
            Talk(profile, names, settings_remote=False).play()


class BreakTests(SynchronousTestCase):
    """A break that is configured for a state of the device ends with it."""

    def stage(self, connected: Lines, idle: Lines) -> ComStage:
        device = PortDevice("ttyX", line=LINE, lines=LineProfile(connected, idle))
        return ComStage(device=device).start()

    def reload(self, stage: ComStage, connected: Lines, idle: Lines) -> None:
        device = PortDevice("ttyX", line=LINE, lines=LineProfile(connected, idle))
        stage.settings = replace(stage.settings, device=device)
        stage.share.update(stage.settings, stage.listeners, stage.endpoint)

    def test_it_ends_when_a_client_comes_and_begins_when_the_last_goes(self) -> None:
        stage = self.stage(Lines(dtr=True), Lines(brk=True))
        self.assertEqual(stage.asked(Lines), [Lines(brk=True)])
        client = stage.com()
        self.assertEqual(stage.asked(Lines), [Lines(dtr=True, brk=False)])
        stage.com().reset()
        self.assertEqual(stage.asked(Lines), [])
        client.reset()
        self.assertEqual(stage.asked(Lines), [Lines(brk=True)])

    def test_one_for_clients_ends_with_the_last_though_nothing_is_said_of_then(self) -> None:
        stage = self.stage(Lines(brk=True), Lines())
        client = stage.com()
        self.assertEqual(stage.asked(Lines), [Lines(brk=True)])
        client.reset()
        self.assertEqual(stage.asked(Lines), [Lines(brk=False)])

    def test_it_ends_with_a_reload_that_takes_it_out(self) -> None:
        stage = self.stage(Lines(), Lines(brk=True))
        stage.asked(Lines)
        self.reload(stage, Lines(), Lines())
        self.assertEqual(stage.asked(Lines), [Lines(brk=False)])
        stage.com().reset()
        self.assertEqual(stage.asked(Lines), [])

    def test_a_device_that_comes_back_has_none_to_end(self) -> None:
        stage = self.stage(Lines(), Lines(brk=True))
        client = stage.com()
        stage.asked(Lines)
        stage.device.reset()
        stage.clock.pump([0.1] * 3)
        self.assertEqual(stage.asked(Lines), [])
        client.reset()
        self.assertEqual(stage.asked(Lines), [Lines(brk=True)])
