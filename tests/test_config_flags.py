"""One share from the words of a command line, and a device from those of an endpoint string."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.config.findings import FindingsError
from smartserial.config.flags import device_from_words, one_share, split_words
from smartserial.lines import Flow, LineSettings, Parity, Rs485
from smartserial.settings import (
    Address,
    ConsoleSettings,
    EndpointDevice,
    LoopDevice,
    Mode,
    PortDevice,
    Rfc2217Device,
    ShareSettings,
    SimDevice,
    TcpDevice,
    UdpRules,
    VirtualDevice,
)

PCI = "/dev/serial/by-path/pci-0000:00:14.0"

DEVICES: list[tuple[str, Any]] = [
    ("serial:ttyUSB0", PortDevice("ttyUSB0")),
    ("serial:/dev/ttyS0", PortDevice("/dev/ttyS0")),
    ("serial:007", PortDevice("007")),
    ("serial:ttyS0:line=19200 8E1", PortDevice("ttyS0", LineSettings(19200, 8, Parity.EVEN))),
    ("serial:ttyS0:line=19200", PortDevice("ttyS0", LineSettings(19200))),
    (
        "serial:ttyS0:baudrate=50:parity=odd:stopbits=1.5:bytesize=5:flow=xonxoff",
        PortDevice("ttyS0", LineSettings(50, 5, Parity.ODD, 1.5, Flow.XONXOFF)),
    ),
    (
        "serial:ttyS0:exclusive=no:hupcl=off:rs485=true",
        PortDevice("ttyS0", LineSettings(rs485=Rs485()), exclusive=False, hupcl=False),
    ),
    (f"serial:{PCI}", PortDevice(PCI)),
    (f"serial:{PCI.replace(':', chr(92) + ':')}:baudrate=1200", PortDevice(PCI, LineSettings(1200))),
    ("port:ttyS0", PortDevice("ttyS0")),
    ("pty:/tmp/x", VirtualDevice(Path("/tmp/x"))),
    ("virtual:/tmp/x", VirtualDevice(Path("/tmp/x"))),
    ("tcp:example.org:4001", TcpDevice("example.org", 4001)),
    ("tcp:[::1]:4001", TcpDevice("::1", 4001)),
    ("rfc2217:example.org:4001", Rfc2217Device("example.org", 4001)),
    ("rfc2217:[::1]:4001:strict=yes", Rfc2217Device("::1", 4001, strict=True)),
    (
        "rfc2217:example.org:4001:baudrate=19200:parity=even",
        Rfc2217Device("example.org", 4001, LineSettings(19200, 8, Parity.EVEN)),
    ),
    (
        "rfc2217:h:4001:line=50 5N1.5:flow=rtscts",
        Rfc2217Device("h", 4001, LineSettings(50, 5, Parity.NONE, 1.5, Flow.RTSCTS)),
    ),
    ("loop:", LoopDevice()),
    ("loop", LoopDevice()),
    ("tls:example.org:443", EndpointDevice("tls:example.org:443")),
    ("unix:/run/x", EndpointDevice("unix:/run/x")),
]

WRONG_DEVICES: list[tuple[str, str]] = [
    ("serial:ttyS0:baudrat=9600", "CF02 error: --device baudrat: unknown key (did you mean baudrate?)"),
    ("serial:ttyS0:baudrate=x", "CF03 error: --device baudrate: expected an integer, found 'x'"),
    ("serial:ttyS0:baudrate=0", "CF03 error: --device baudrate: expected at least 1, found 0"),
    ("serial:ttyS0:lines=3", "CF03 error: --device lines: expected a mapping, found 3"),
    ("serial:ttyS0:line=9600:baudrate=9600", "CF05 error: --device baudrate: `line` already says this"),
    ("serial:ttyS0:flow=dsrdtr", "CF08 error: --device flow: Linux has no DSR/DTR flow control"),
    ("serial:", "CF03 error: --device port: expected a text that is not empty, found ''"),
    ("pty:", "CF03 error: --device virtual: expected a text that is not empty"),
    ("pty:/x:baudrate=9600", "CF08 error: --device baudrate: cannot act on a `virtual` device"),
    ("tcp:h", "CF03 error: --device tcp: expected HOST:PORT, found 'h'"),
    ("tcp:h:1:baudrate=9600", "CF08 error: --device baudrate: cannot act on a `tcp` device"),
    ("rfc2217:h", "CF03 error: --device rfc2217: expected HOST:PORT, found 'h'"),
    ("rfc2217:h:1:exclusive=yes", "CF08 error: --device exclusive: cannot act on a `rfc2217` device"),
    ("rfc2217:h:1:lines=3", "CF03 error: --device lines: expected a mapping, found 3"),
    ("rfc2217:h:1:flow=dsrdtr", "CF08 error: --device flow: this client of RFC 2217 has no DSR/DTR"),
    ("sim:zzz", "CF09 error: --device sim: no simulation 'zzz'"),
    ("", "CF03 error: --device endpoint: expected a text that is not empty"),
    ("serial:ttyS0:loop=true", "CF05 error: --device: expected one of port, "),
]

LISTENERS: list[tuple[str, str]] = [
    ("7001", "127.0.0.1:7001"),
    ("0", "127.0.0.1:0"),
    ("localhost:7001", "127.0.0.1:7001"),
    ("127.0.0.2:7001", "127.0.0.2:7001"),
    ("[::1]:7001", "[::1]:7001"),
    ("tcp:7001:interface=127.0.0.1", "127.0.0.1:7001"),
    ("tcp:port=7001:interface=127.0.0.1", "127.0.0.1:7001"),
    (r"tcp:7001:interface=\:\:1", "[::1]:7001"),
    ("unix:/run/x", "unix:/run/x"),
]
OPEN_LISTENERS: list[tuple[str, str]] = [
    ("any:7001", "0.0.0.0:7001"),
    ("10.0.0.1:7001", "10.0.0.1:7001"),
    ("[::]:7001", "[::]:7001"),
    ("tcp:7001", "0.0.0.0:7001"),
    ("tcp:7001:backlog=3", "tcp:7001:backlog=3"),
    ("ssl:443:privateKey=x", "ssl:443:privateKey=x"),
]

WRONG_LISTENERS: list[tuple[str, str]] = [
    ("70000", "CF03 error: --listen port: expected at most 65535, found 70000"),
    ("any:7001", "--listen host: 0.0.0.0 is open to other machines"),
    ("any:7001", "(add --insecure if that is meant)"),
    ("tcp:7001", "CF07 error: --listen host: 0.0.0.0 is open to other machines"),
    ("ssl:443:x=y", "CF07 error: --listen endpoint: an endpoint may be open to other machines"),
    ("example.org:80", "CF03 error: --listen host: expected an address of this machine, localhost or any"),
    ("", "CF03 error: --listen endpoint: expected a text that is not empty"),
]


def share_of(device: str = "loop:", *listen: str, **options: Any) -> ShareSettings:
    """Return the one share of these flags."""
    settings, _ = one_share(device, listen or ["7001"], "raw", **options)
    (share,) = settings.shares
    return share


class FlagsTest(SynchronousTestCase):
    maxDiff = None

    def _refused(self, *args: Any, **options: Any) -> str:
        with self.assertRaises(FindingsError) as caught:
            one_share(*args, **options)
        for finding in caught.exception.findings:
            self.assertEqual((finding.file, finding.line), ("twistd smartserial", 0))
        return str(caught.exception)

    def test_devices(self) -> None:
        for text, expected in DEVICES:
            self.assertEqual(share_of(text).device, expected, text)

    def test_a_simulation(self) -> None:
        device = share_of("sim:scpi-meter").device
        assert isinstance(device, SimDevice)
        self.assertEqual(device.name, "scpi-meter")

    def test_wrong_devices(self) -> None:
        for text, words in WRONG_DEVICES:
            self.assertIn(words, self._refused(text, ["7001"], "raw"), text)

    def test_rules_of_a_share_among_the_words_of_its_device(self) -> None:
        rules = share_of("serial:ttyS0:open=on-demand:on_busy=wait:on_unplug=close").rules
        self.assertEqual((rules.on_demand, rules.wait_while_busy, rules.close_on_unplug), (True, True, True))

    def test_listeners(self) -> None:
        for text, expected in LISTENERS:
            (listener,) = share_of("loop:", text).listeners
            self.assertEqual(str(listener.address), expected, text)

    def test_open_listeners_need_the_word(self) -> None:
        for text, expected in OPEN_LISTENERS:
            self.assertIn("CF07", self._refused("loop:", [text], "raw"), text)
            (listener,) = share_of("loop:", text, insecure=True).listeners
            self.assertEqual(str(listener.address), expected, text)

    def test_wrong_listeners(self) -> None:
        for text, words in WRONG_LISTENERS:
            self.assertIn(words, self._refused("loop:", [text], "raw"), text)

    def test_several_listeners(self) -> None:
        addresses = [str(one.address) for one in share_of("loop:", "7001", "[::1]:7002").listeners]
        self.assertEqual(addresses, ["127.0.0.1:7001", "[::1]:7002"])
        self.assertIn("port 7001 is also that of", self._refused("loop:", ["7001", "7001"], "raw"))
        self.assertIn("--listen: expected at least one", self._refused("loop:", [], "raw"))

    def test_other_flags(self) -> None:
        self.assertEqual(share_of().sharing.max_clients, 16)
        self.assertEqual(share_of(max_clients="3").sharing.max_clients, 3)
        for word in ("0", "x", "-1", "1.5", ""):
            refused = self._refused("loop:", ["1"], "raw", max_clients=word)
            self.assertIn("CF03 error: --max-clients: expected", refused)
        self.assertIn("--mode: expected 'raw' or 'rfc2217', found 'zz'", self._refused("loop:", ["1"], "zz"))

    def test_console(self) -> None:
        settings, findings = one_share("loop:", ["1"], "raw")
        self.assertEqual((settings.console, findings), (ConsoleSettings(), []))
        for word, insecure, expected in (
            ("2323", False, ConsoleSettings(telnet=Address("127.0.0.1", 2323))),
            ("0", False, ConsoleSettings(telnet=Address("127.0.0.1", 0))),
            ("[::1]:2323", False, ConsoleSettings(telnet=Address("::1", 2323))),
            ("localhost:2323", True, ConsoleSettings(telnet=Address("127.0.0.1", 2323), insecure=True)),
            ("any:2323", True, ConsoleSettings(telnet=Address("0.0.0.0", 2323), insecure=True)),
        ):
            settings, findings = one_share("loop:", ["1"], "raw", insecure=insecure, console=word)
            self.assertEqual((settings.console, findings), (expected, []), word)

    def test_wrong_consoles(self) -> None:
        for word, words in (
            ("any:2323", "CF07 error: --console: 0.0.0.0 is open to other machines"),
            ("any:2323", "(add --insecure if that is meant)"),
            ("x", "CF03 error: --console: expected HOST:PORT, found 'x'"),
            ("70000", "CF03 error: --console: expected a port from 0 to 65535, or HOST:PORT, found 70000"),
            ("example.org:1", "CF03 error: --console: expected an address of this machine"),
            ("", "CF03 error: --console: expected "),
        ):
            self.assertIn(words, self._refused("loop:", ["1"], "raw", console=word), word)

    def test_a_mode_for_all_listeners(self) -> None:
        for word, mode in (("raw", Mode.RAW), ("rfc2217", Mode.RFC2217)):
            settings, findings = one_share("loop:", ["1", "unix:/x"], word)
            modes = [listener.mode for listener in settings.shares[0].listeners]
            self.assertEqual((modes, findings), ([mode, mode], []))

    def test_listeners_over_udp(self) -> None:
        for text, address in (
            ("udp:7001", Address(port=7001)),
            ("udp:127.0.0.2:7001", Address("127.0.0.2", 7001)),
            ("udp:[::1]:7001", Address("::1", 7001)),
        ):
            settings, findings = one_share("loop:", [text, "7001"], "raw")
            first, second = settings.shares[0].listeners
            self.assertEqual((first.address, first.udp, findings), (address, UdpRules(), []), text)
            self.assertIsNone(second.udp)
        for text, mode, words in (
            ("udp:", "raw", "CF03 error: --listen: expected udp:PORT or udp:HOST:PORT, found 'udp:'"),
            ("udp:x", "raw", "expected udp:PORT or udp:HOST:PORT, found 'udp:x'"),
            ("udp:7001:interface=::1", "raw", "expected udp:PORT or udp:HOST:PORT"),
            ("udp:70000", "raw", "CF03 error: --listen port: expected at most 65535, found 70000"),
            ("udp:any:7001", "raw", "is open to other machines"),
            ("udp:7001", "rfc2217", "CF08 error: --mode: expected raw with `transport: udp`"),
        ):
            self.assertIn(words, self._refused("loop:", [text], mode), text)

    def test_everything_wrong_at_once(self) -> None:
        lines = self._refused("serial:x:parity=evn", ["70000", "any:1"], "raw", max_clients="0").splitlines()
        for flag in ("--device parity", "--listen port", "--listen host", "--max-clients"):
            self.assertTrue(any(f"{flag}: " in line for line in lines), f"{flag} is not in {lines}")

    def test_good_flags_have_no_findings(self) -> None:
        settings, findings = one_share("loop:", ["1"], "raw")
        self.assertEqual((len(settings.shares), findings), (1, []))

    def test_paths_are_absolute(self) -> None:
        """A daemon changes its folder; and a path without its slash would be a name below /dev."""
        here = Path.cwd()
        for text, expected in (
            ("serial:./tty", PortDevice(str(here / "tty"))),
            ("serial:sub/tty", PortDevice(str(here / "sub/tty"))),
            ("pty:./link", VirtualDevice(here / "link")),
            ("pty:link", VirtualDevice(here / "link")),
        ):
            self.assertEqual(share_of(text).device, expected, text)

    def test_what_is_too_much_is_refused(self) -> None:
        """Words that would be thrown away."""
        for text in ("loop:x", "serial:ttyS0:port=ttyS1", "loop:loop=false"):
            self._refused(text, ["7001"], "raw")

    def test_a_kind_that_is_misspelt(self) -> None:
        for text, hint in (
            ("serail:ttyS0", "serial"),
            ("lop:", "loop"),
            ("ptty:/x", "pty"),
            ("rfc2271:h:1", "rfc2217"),
        ):
            self.assertIn(f"did you mean {hint}", self._refused(text, ["7001"], "raw"), text)

    @given(st.text(alphabet="tcp:serial=[]\\²٣09.-/ \n", max_size=20))
    def test_any_words(self, text: str) -> None:
        """Whatever is written, there are settings or findings."""
        for device, listen in (
            (text, "7001"),
            ("loop:", text),
            (f"serial:{text}", "1"),
            ("loop:", f"tcp:{text}"),
        ):
            try:
                settings, _ = one_share(device, [listen], "raw", insecure=True, max_clients="1")
            except FindingsError as error:
                self.assertTrue(error.findings)
            else:
                self.assertEqual(len(settings.shares), 1)

    def test_digits_that_are_none(self) -> None:
        self.assertIn("CF0", self._refused("loop:", ["tcp:²"], "raw"))


class SplitTest(SynchronousTestCase):
    def test_table(self) -> None:
        for text, expected in (
            ("loop", ("loop", [], {})),
            ("loop:", ("loop", [""], {})),
            ("tcp:h:1", ("tcp", ["h", "1"], {})),
            ("serial:x:baudrate=1:y", ("serial", ["x", "y"], {"baudrate": "1"})),
            (r"serial:a\:b:c=d\:e", ("serial", ["a:b"], {"c": "d:e"})),
            ("serial:/x=y:c=d=e", ("serial", ["/x=y"], {"c": "d=e"})),
            ("", ("", [], {})),
        ):
            self.assertEqual(split_words(text), expected, text)


class EndpointStringTest(SynchronousTestCase):
    """What `clientFromString` hands over: words and options of ``serial:``, ``pty:`` and ``sim:``."""

    def test_devices(self) -> None:
        self.assertEqual(device_from_words("port", ["ttyS0"], {}), PortDevice("ttyS0"))
        self.assertEqual(
            device_from_words("port", ["ttyS0"], {"line": "1200 7E1"}),
            PortDevice("ttyS0", LineSettings(1200, 7, Parity.EVEN)),
        )
        self.assertEqual(device_from_words("virtual", ["/x"], {}), VirtualDevice(Path("/x")))
        self.assertEqual(device_from_words("rfc2217", ["h", "1"], {}), Rfc2217Device("h", 1))
        self.assertEqual(
            device_from_words("rfc2217", ["[::1]", "99"], {"line": "1200 7E1", "strict": "true"}),
            Rfc2217Device("::1", 99, LineSettings(1200, 7, Parity.EVEN), strict=True),
        )
        self.assertIsInstance(device_from_words("sim", ["scpi-meter"], {}), SimDevice)

    def test_refused(self) -> None:
        for kind, words, options, expected in (
            ("port", [], {}, "port: expected a text that is not empty, found ''"),
            ("port", ["x"], {"baudrat": "1"}, "baudrat: unknown key (did you mean baudrate?)"),
            ("port", ["x"], {"parity": "evn"}, "(did you mean even?)"),
            ("virtual", ["/x"], {"baudrate": "1"}, "baudrate: cannot act on a `virtual` device"),
            ("sim", ["zzz"], {}, "sim: no simulation 'zzz'"),
            ("port", ["x"], {"open": "on-demand"}, "open: unknown key"),
            ("rfc2217", ["h"], {}, "rfc2217: expected HOST:PORT, found 'h'"),
            ("rfc2217", ["h", "1"], {"baud": "1"}, "baud: unknown key (did you mean baudrate?)"),
            ("rfc2217", ["h", "1"], {"hupcl": "yes"}, "hupcl: cannot act on a `rfc2217` device"),
            ("rfc2217", ["h", "1"], {"on_unplug": "close"}, "on_unplug: unknown key"),
            ("port", ["x"], {"away_buffer": "1KiB"}, "away_buffer: unknown key"),
            ("port", ["x"], {"sequences": "dtr=on"}, "sequences: unknown key"),
            ("port", ["usb", ""], {}, "port: expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL"),
        ):
            with self.assertRaises(ValueError) as caught:
                device_from_words(kind, words, options)
            self.assertIn(expected, str(caught.exception))

    def test_all_that_is_wrong_in_one_line(self) -> None:
        with self.assertRaises(ValueError) as caught:
            device_from_words("port", ["x"], {"baudrate": "0", "parity": "evn"})
        text = str(caught.exception)
        self.assertIn("baudrate: ", text)
        self.assertIn("parity: ", text)
        self.assertEqual(len(text.splitlines()), 1)
