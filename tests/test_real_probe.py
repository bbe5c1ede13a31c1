"""A client written by hand on a real connection: each request of RFC 2217, right and wrong, byte by byte."""

from __future__ import annotations

import socket
import struct

from tests.sessions import GatewayCase, Probe
from tests.support import receive
from tests.telnetpeer import COM_PORT, DO, DONT, WILL, WONT, com_port, option

BREAK = b"\xff\xf3"
GREETING = b"\xff\xfb\0\xff\xfd\0\xff\xfb\3\xff\xfd\3\xff\xfb\1\xff\xfd\x2c"


def rate(number: int) -> bytes:
    return struct.pack(">I", number)


# Requests in this order, and the value of the answer to each, from 9600 8N1 on.
RATES = [
    (rate(0), rate(9600)),
    (rate(115200), rate(115200)),
    (rate(250000), rate(250000)),
    (rate(65280), rate(65280)),  # two bytes of 255 in it
    (rate(65280)[:3], rate(65280)),
    (rate(300) + b"\0", rate(65280)),
    (b"", rate(65280)),
    (b"\0\0", rate(65280)),
    (rate(9600), rate(9600)),
]
CISCO = [
    (b"\x0e", b"\x0e"),
    (rate(0), b"\x0e"),  # from then on it hears such codes
    (rate(57600), b"\x0d"),
    (b"\0", b"\x0d"),
    (b"\x63", b"\x0d"),
    (rate(250000), rate(250000)),  # which has none
    (b"\x08", b"\x08"),
]
# For each code: values of one byte (None: empty; a pair: two bytes) with their answers.
Row = tuple[int | tuple[int, int] | None, int]
ONE_BYTE: dict[int, list[Row]] = {
    2: [(0, 8), (7, 7), (6, 6), (5, 5), (0, 5), (8, 8), (4, 8), (9, 8), (255, 8), (None, 8), ((7, 7), 8)],
    3: [(0, 1), (2, 2), (3, 3), (4, 4), (5, 5), (0, 5), (6, 5), (255, 5), (None, 5), (1, 1)],
    4: [(0, 1), (2, 2), (3, 3), (0, 3), (4, 3), (255, 3), (None, 3), ((2, 2), 3), (1, 1)],
    5: [
        *((0, 1), (13, 14), (2, 2), (0, 2), (13, 15), (3, 3), (0, 3), (13, 16), (14, 16), (15, 16), (16, 16)),
        *(
            (17, 3),
            (18, 16),
            (19, 3),
            (20, 3),
            (127, 3),
            (255, 3),
            (None, 3),
            (1, 1),
            (17, 1),
            (16, 14),
            (18, 14),
        ),
        *((4, 6), (5, 5), (4, 5), (6, 6), (4, 6)),
        *((7, 8), (9, 9), (7, 9), (8, 8), (10, 11), (12, 12), (10, 12), (11, 11)),
    ],
    6: [(0, 96), (None, 96), (255, 96), ((0, 0), 96)],
    10: [(0, 0), (255, 255), (None, 255), (1, 1), ((2, 2), 1), (0, 0)],
    11: [(None, 255), (255, 255), (0, 0), ((2, 2), 0), (255, 255)],
    12: [(None, 3), (1, 1), (2, 2), (3, 3), (2, 2), (4, 2), (0, 2), (255, 2), (None, 2), (3, 3)],
}
UNANSWERED = [
    *(com_port(0, b"a text"), com_port(0, b"\xff\x00\xff")),
    *(com_port(8), com_port(9), com_port(8, b"\0"), com_port(9, b"\0")),
    *(com_port(code, b"\0") for code in (*range(13, 20), 99, 101, 107, 111, 112, 199, 255)),
    *(b"\xff\xfa\x2c\xff\xf0", b"\xff\xfa\xff\xf0", b"\xff\xfa\x18\x01\xff\xf0"),  # empty; of another option
    com_port(0, bytes(600)),
    com_port(77, b"\xff" * 400),
]


def value(number: int | tuple[int, int] | None) -> bytes:
    return bytes(number) if isinstance(number, tuple) else b"" if number is None else bytes([number])


class ProbeCase(GatewayCase):
    def agreed(self) -> Probe:
        """Return a client that has been greeted and has agreed to the option."""
        probe = self.probe()
        state = b"\0" if self.fake else b"\xb0"
        self.assertEqual(probe.exchange(COM_PORT), GREETING + com_port(107, state))
        return probe

    def check(self, probe: Probe, code: int, rows: list[tuple[bytes, bytes]]) -> None:
        """Send the requests one by one, then all in one piece; each is answered once, with this."""
        for asked, answer in rows:
            with self.subTest(code=code, value=asked):
                self.assertEqual(probe.exchange(com_port(code, asked)), com_port(code + 100, answer))
        answers = [com_port(code + 100, answer) for _, answer in rows]
        self.assertEqual(probe.exchange(*(com_port(code, asked) for asked, _ in rows)), b"".join(answers))


class RequestTests(ProbeCase):
    def test_each_request(self) -> None:
        probe = self.agreed()
        self.check(probe, 1, RATES)
        for code, rows in ONE_BYTE.items():
            self.check(probe, code, [(value(asked), value(answer)) for asked, answer in rows])
        state = b"\0" if self.fake else b"\xb0"
        self.check(probe, 7, [(b"\0", state), (b"", state), (b"\xff", state)])
        self.check(self.probe_that_agreed_silently(), 1, CISCO)

    def probe_that_agreed_silently(self) -> Probe:
        probe = self.probe()
        probe.exchange()
        return probe

    def test_what_comes_together_is_done_together(self) -> None:
        probe = self.agreed()
        wanted = (com_port(2, b"\7"), com_port(3, b"\3"), com_port(4, b"\2"), com_port(5, b"\3"))
        told = (com_port(102, b"\7"), com_port(103, b"\3"), com_port(104, b"\2"), com_port(105, b"\3"))
        answer = probe.exchange(com_port(1, rate(38400)), *wanted)
        self.assertEqual(answer, com_port(101, rate(38400)) + b"".join(told))
        self.in_force("38400 7E2 rtscts")
        lines = ((9, 12), (8, 11), (9, 11))
        for dtr, rts in lines:
            codes = bytes([dtr]), bytes([rts])
            answer = probe.exchange(*(com_port(5, code) for code in codes))
            self.assertEqual(answer, b"".join(com_port(105, code) for code in codes))
        self.took("TIOCMSET dtr=0 rts=0", "TIOCMSET dtr=1 rts=1", "TIOCMSET dtr=0 rts=1")
        probe.exchange(com_port(5, b"\5"), com_port(5, b"\x08"), com_port(5, b"\6"))
        self.took("TIOCMSET dtr=1 rts=1", "TIOCSBRK", "TIOCCBRK")
        if self.fake:
            told_together = [call.argument for call in self.fake.calls("TCSETS2")]
            self.assertEqual(told_together, ["38400 7E2 rtscts"])


class RequestsOnAPtyTests(RequestTests):
    uart = False


class UartTests(ProbeCase):
    """What is the same on a pty."""

    def test_what_is_not_answered(self) -> None:
        probe = self.agreed()
        for request in UNANSWERED:
            with self.subTest(request):
                self.assertEqual(probe.exchange(request), b"")
        self.program.wait_for("says that it is a text")
        self.assertEqual(probe.exchange(b"\xff\xfa\x2c\x01\0\0\xff\xfb\x18"), option(DONT, 24))  # abandoned
        probe.sock.sendall(b"still here")
        self.assertEqual(self.port.read(10), b"still here")
        self.in_force("9600 8N1 none")
        probe.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        probe.sock.close()  # by a reset; else it might still wait for an answer
        self.program.wait_for("said what has no meaning in telnet: ")

    def test_options(self) -> None:
        probe = self.agreed()
        for number in (24, 31, 37, 39, 47, 200, 255):
            self.assertEqual(probe.exchange(option(WILL, number)), option(DONT, number))
            self.assertEqual(probe.exchange(option(DO, number)), option(WONT, number))
            for verb in (WILL, DO, WONT, DONT):  # it has been told
                self.assertEqual(probe.exchange(option(verb, number)), b"")
        asked = (option(DO, 0), option(WILL, 0), option(DO, 3), option(WILL, 3), option(DO, 1), COM_PORT)
        self.assertEqual(probe.exchange(*asked, *asked), b"")  # the greeting has said it
        self.assertEqual(probe.exchange(option(DO, 44)), option(WILL, 44))
        self.assertEqual(probe.exchange(option(DO, 44)), b"")
        self.assertEqual(probe.exchange(option(WILL, 1)), option(DONT, 1))

    def test_commands_eat_no_data_and_break_is_one(self) -> None:
        probe = self.agreed()
        for code in (241, 242, 244, 245, 246, 247, 248, 249, 240, 236, 1, 0):
            self.assertEqual(probe.exchange(b"a\xff", bytes([code]), b"b\xff\xff"), b"")
            self.assertEqual(self.port.read(3), b"ab\xff")
        self.took()
        self.assertEqual(probe.exchange(b"c", BREAK, b"d"), b"")
        self.assertEqual(self.port.read(2), b"cd")
        self.took("TIOCSBRK", "TIOCCBRK")

    def test_urgent_data(self) -> None:
        probe = self.agreed()
        for before, urgent in ((b"a\xff", b"\xf2"), (b"a", b"\xff\xf2")):
            probe.sock.sendall(before)
            probe.sock.send(urgent, socket.MSG_OOB)
            probe.sock.sendall(b"b")
            self.assertEqual(self.port.read(2), b"ab")
            self.assertEqual(probe.exchange(b"cd"), b"")
            self.assertEqual(self.port.read(2), b"cd")

    def test_nvt_and_binary(self) -> None:
        probe = self.agreed()
        probe.exchange(b"a\r\0b\r\nc\0\r", b"\0\0")
        self.assertEqual(self.port.read(8), b"a\rb\r\nc\0\r")
        self.assertEqual(self.port.read(1), b"\0")
        probe.exchange(option(DONT, 0))
        self.port.write(b"a\rb\r\n\xff")
        self.assertEqual(receive(probe.sock, 8), b"a\r\0b\r\n\xff\xff")
        self.assertEqual(probe.exchange(option(WILL, 0), option(DO, 0)), option(WILL, 0))
        probe.exchange(b"a\r\0b\r\n")
        self.assertEqual(self.port.read(6), b"a\r\0b\r\n")
        self.port.write(b"a\rb\r\n\xff")
        self.assertEqual(receive(probe.sock, 7), b"a\rb\r\n\xff\xff")

    def test_suspended_data(self) -> None:
        probe, other = self.agreed(), self.program.connect("x", 1)
        self.addCleanup(other.close)
        probe.exchange(option(DO, 0), com_port(8))  # with BINARY agreed upon, nothing else holds data back
        self.port.write(b"waits")
        self.assertEqual(receive(other, 5), b"waits")
        self.assertEqual(probe.exchange(), b"")
        probe.sock.sendall(com_port(9))
        self.assertEqual(receive(probe.sock, 5), b"waits")

    def test_what_the_driver_refuses(self) -> None:
        assert self.fake is not None
        self.fake.refuse(max_baudrate=115200, parities="MS")
        probe = self.agreed()
        self.check(
            probe, 1, [(rate(230400), rate(9600)), (rate(115200), rate(115200)), (rate(9600), rate(9600))]
        )
        self.check(probe, 3, [(b"\4", b"\1"), (b"\3", b"\3"), (b"\5", b"\3"), (b"\1", b"\1")])
        self.assertEqual(
            probe.exchange(com_port(1, rate(921600)), com_port(2, b"\7"), com_port(3, b"\4")),
            com_port(101, rate(9600)) + com_port(102, b"\7") + com_port(103, b"\1"),
        )
        self.in_force("9600 7N1 none")

    def test_two_stop_bits_with_five_data_bits(self) -> None:
        # Fails: the server refuses what the driver has taken, which sends one and a half then.
        probe = self.agreed()
        self.assertEqual(probe.exchange(com_port(4, b"\2")), com_port(104, b"\2"))
        self.assertEqual(probe.exchange(com_port(2, b"\5")), com_port(102, b"\5"))

    def test_news_of_the_line(self) -> None:
        assert self.fake is not None
        probe = self.agreed()
        self.fake.set_inputs(cts=True, dsr=True)
        self.assertEqual(receive(probe.sock, 7), com_port(107, b"\x33"))
        self.fake.set_inputs(cts=False, cd=True, ri=True)
        self.assertEqual(receive(probe.sock, 7), com_port(107, b"\xe9"))
        self.fake.set_inputs(ri=False)
        self.assertEqual(receive(probe.sock, 7), com_port(107, b"\xa4"))
        probe.exchange(com_port(11, b"\x80"), com_port(10, b"\x1e"))
        self.fake.set_inputs(cts=True)
        self.fake.count(frame=1, brk=2)
        self.assertEqual(receive(probe.sock, 7), com_port(106, b"\x18"))
        self.fake.set_inputs(cd=False)
        self.assertEqual(receive(probe.sock, 7), com_port(107, b"\0"))

    def test_a_break_ends_with_the_client_that_holds_it(self) -> None:
        probe = self.agreed()
        self.assertEqual(probe.exchange(com_port(5, b"\5")), com_port(105, b"\5"))
        self.took("TIOCSBRK")
        probe.sock.close()
        self.took("TIOCCBRK")
