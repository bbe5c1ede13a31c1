"""The termios2 structure: settings in and out, raw, and a real pseudo-terminal at a rate of one's own."""

from __future__ import annotations

import errno
import os
import termios
import tty

from hypothesis import given
from hypothesis import strategies as st
from serial.serialposix import CMSPAR
from twisted.trial.unittest import SynchronousTestCase

from smartserial.channels.serial.termios2 import BOTHER, CBAUD, Termios2, decode, encode, raw, read, write
from smartserial.lines import Flow, LineSettings, Parity

EXTPROC = 0o200000
FLAGS = st.integers(0, 0xFFFFFFFF)
BASES = st.builds(
    Termios2,
    iflag=FLAGS,
    oflag=FLAGS,
    cflag=FLAGS,
    lflag=FLAGS,
    line=st.integers(0, 255),
    cc=st.binary(min_size=19, max_size=19),
    ispeed=FLAGS,
    ospeed=FLAGS,
)
BASE = Termios2(0, 0, termios.CS8 | termios.CREAD | termios.HUPCL, 0, 0, bytes(19), 9600, 9600)


@st.composite
def line_settings(draw: st.DrawFn) -> LineSettings:
    """Settings that a line can have: 1.5 stop bits with five data bits, 2 with more."""
    bytesize = draw(st.sampled_from([5, 6, 7, 8]))
    return LineSettings(
        baudrate=draw(st.one_of(st.sampled_from([50, 9600, 115200, 4_000_000]), st.integers(1, 50_000_000))),
        bytesize=bytesize,
        parity=draw(st.sampled_from(Parity)),
        stopbits=draw(st.sampled_from([1, 1.5 if bytesize == 5 else 2])),
        flow=draw(st.sampled_from(Flow)),
    )


class EncodeTest(SynchronousTestCase):
    @given(line_settings(), BASES, st.sampled_from([None, False, True]))
    def test_what_goes_in_comes_out(self, settings: LineSettings, base: Termios2, hupcl: bool | None) -> None:
        """Whatever the port was set to before."""
        value = encode(settings, base, hupcl)
        self.assertEqual(decode(value), settings)
        self.assertEqual((value.ispeed, value.ospeed), (settings.baudrate, settings.baudrate))
        expected = bool(base.cflag & termios.HUPCL) if hupcl is None else hupcl
        self.assertEqual(bool(value.cflag & termios.HUPCL), expected)

    @given(line_settings(), BASES)
    def test_twice_is_once(self, settings: LineSettings, base: Termios2) -> None:
        once = encode(settings, base)
        self.assertEqual(encode(settings, once), once)

    @given(line_settings(), BASES)
    def test_nothing_is_processed(self, settings: LineSettings, base: Termios2) -> None:
        value = encode(settings, base)
        self.assertEqual(value.oflag, 0)
        self.assertEqual(value.lflag & ~EXTPROC, 0)
        self.assertEqual(value.iflag & ~(termios.IXON | termios.IXOFF | termios.INPCK), 0)

    def test_flags(self) -> None:
        mask = termios.PARENB | termios.PARODD | CMSPAR
        for parity, flags in (
            (Parity.NONE, 0),
            (Parity.ODD, termios.PARENB | termios.PARODD),
            (Parity.EVEN, termios.PARENB),
            (Parity.MARK, mask),
            (Parity.SPACE, termios.PARENB | CMSPAR),
        ):
            self.assertEqual(encode(LineSettings(parity=parity), BASE).cflag & mask, flags, parity)
        for bytesize, flags in ((5, termios.CS5), (6, termios.CS6), (7, termios.CS7), (8, termios.CS8)):
            value = encode(LineSettings(bytesize=bytesize), BASE)
            self.assertEqual(value.cflag & termios.CSIZE, flags)
        for flow, soft, hard in ((Flow.NONE, 0, 0), (Flow.XONXOFF, 1, 0), (Flow.RTSCTS, 0, 1)):
            value = encode(LineSettings(flow=flow), BASE)
            self.assertEqual(bool(value.iflag & termios.IXON), bool(soft))
            self.assertEqual(bool(value.iflag & termios.IXOFF), bool(soft))
            self.assertEqual(bool(value.cflag & termios.CRTSCTS), bool(hard))

    def test_rates(self) -> None:
        """A rate that has a flag carries it, for programs that know no other; any other is BOTHER."""
        for baudrate, flag in (
            (50, termios.B50),
            (9600, termios.B9600),
            (38400, termios.B38400),
            (57600, termios.B57600),
            (4_000_000, termios.B4000000),
            (250_000, BOTHER),
            (31_250, BOTHER),
            (1, BOTHER),
        ):
            cflag = encode(LineSettings(baudrate), BASE).cflag
            self.assertEqual((cflag & CBAUD, cflag >> 16 & CBAUD), (flag, flag), baudrate)

    def test_two_stop_bits_of_five_bits_are_one_and_a_half(self) -> None:
        value = encode(LineSettings(bytesize=5, stopbits=2), BASE)
        self.assertEqual(decode(value).stopbits, 1.5)

    @given(BASES)
    def test_any_structure_can_be_read(self, value: Termios2) -> None:
        settings = decode(value)
        self.assertEqual(settings.baudrate, value.ospeed)
        self.assertIn(settings.bytesize, (5, 6, 7, 8))


class RawTest(SynchronousTestCase):
    @given(BASES)
    def test_raw(self, base: Termios2) -> None:
        value = raw(base)
        self.assertEqual((value.iflag, value.oflag, value.lflag), (0, 0, base.lflag & EXTPROC))
        self.assertEqual(value.cflag, base.cflag | termios.CREAD | termios.CLOCAL)
        self.assertEqual((value.cc[termios.VMIN], value.cc[termios.VTIME]), (1, 0))
        others = [n for n in range(19) if n not in (termios.VMIN, termios.VTIME)]
        self.assertEqual([value.cc[n] for n in others], [base.cc[n] for n in others])
        self.assertEqual((value.line, value.ispeed, value.ospeed), (base.line, base.ispeed, base.ospeed))
        self.assertEqual(raw(value), value)


class PtyTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.master, self.slave = os.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)

    def test_a_rate_of_ones_own(self) -> None:
        settings = LineSettings(250_000, 8, Parity.NONE, 2, Flow.XONXOFF)
        write(self.slave, encode(settings, read(self.slave)))
        found = read(self.slave)
        self.assertEqual((found.ispeed, found.ospeed), (250_000, 250_000))
        self.assertEqual(decode(found), settings)
        self.assertEqual(decode(read(self.master)).baudrate, 250_000)

    def test_what_is_written_is_read(self) -> None:
        value = encode(LineSettings(9600, 8), read(self.slave))
        write(self.slave, value)
        self.assertEqual(read(self.slave), value)

    def test_the_standard_library_reads_the_same(self) -> None:
        write(self.slave, encode(LineSettings(19200, stopbits=2, flow=Flow.XONXOFF), read(self.slave)))
        iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(self.slave)
        self.assertEqual((oflag, lflag), (0, 0))
        self.assertEqual((ispeed, ospeed), (termios.B19200, termios.B19200))
        self.assertEqual(iflag, termios.IXON | termios.IXOFF)
        self.assertTrue(cflag & termios.CSTOPB)

    def test_bytes_pass_unchanged(self) -> None:
        tty.setcbreak(self.slave)
        write(self.slave, encode(LineSettings(), read(self.slave)))
        every = bytes(range(256))
        os.write(self.master, every)
        self.assertEqual(os.read(self.slave, 512), every)
        os.write(self.slave, every)
        self.assertEqual(os.read(self.master, 512), every)

    def test_nothing_that_waits_is_flushed(self) -> None:
        write(self.slave, encode(LineSettings(), read(self.slave)))
        os.write(self.master, b"waiting")
        write(self.slave, encode(LineSettings(1200), read(self.slave)))
        self.assertEqual(os.read(self.slave, 512), b"waiting")

    def test_no_tty(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        with self.assertRaises(OSError) as caught:
            read(reader)
        self.assertEqual(caught.exception.errno, errno.ENOTTY)
