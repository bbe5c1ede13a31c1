"""The messages of RFC 2217 in tables, read both ways."""

from __future__ import annotations

from enum import Enum

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import Flow, Parity
from smartserial.telnet.codec import Decoder, Subnegotiation
from smartserial.telnet.codes import Option, subnegotiation
from smartserial.telnet.comport import (
    ASK,
    ASK_INBOUND,
    CISCO_BAUDRATES,
    DATASIZES,
    INBOUND,
    LINES,
    OUTBOUND,
    PARITIES,
    STOPSIZES,
    Code,
    LineState,
    Message,
    ModemState,
    Purge,
    baudrate_bytes,
    decode,
)

# What a client says and what a server says, as they go over the wire.
MESSAGES: tuple[tuple[str, Message], ...] = (
    ("00", Message(Code.SIGNATURE)),
    ("00 4d 65", Message(Code.SIGNATURE, b"Me")),
    ("64 ff ff", Message(Code.SIGNATURE, b"\xff", of_server=True)),
    ("01 00 00 00 00", Message(Code.SET_BAUDRATE, b"\0\0\0\0")),
    ("01 00 00 25 80", Message(Code.SET_BAUDRATE, baudrate_bytes(9600))),
    ("01 00 00 ff ff 00", Message(Code.SET_BAUDRATE, baudrate_bytes(65280))),
    ("65 00 01 c2 00", Message(Code.SET_BAUDRATE, baudrate_bytes(115200), of_server=True)),
    ("65 0e", Message(Code.SET_BAUDRATE, b"\x0e", of_server=True)),
    ("02 07", Message(Code.SET_DATASIZE, b"\x07")),
    ("66 08", Message(Code.SET_DATASIZE, b"\x08", of_server=True)),
    ("03 03", Message(Code.SET_PARITY, b"\x03")),
    ("67 01", Message(Code.SET_PARITY, b"\x01", of_server=True)),
    ("04 03", Message(Code.SET_STOPSIZE, b"\x03")),
    ("68 02", Message(Code.SET_STOPSIZE, b"\x02", of_server=True)),
    ("05 08", Message(Code.SET_CONTROL, b"\x08")),
    ("69 0b", Message(Code.SET_CONTROL, b"\x0b", of_server=True)),
    ("06", Message(Code.NOTIFY_LINESTATE)),
    ("6a 60", Message(Code.NOTIFY_LINESTATE, b"\x60", of_server=True)),
    ("07 00", Message(Code.NOTIFY_MODEMSTATE, b"\0")),
    ("6b ff ff", Message(Code.NOTIFY_MODEMSTATE, b"\xff", of_server=True)),
    ("08", Message(Code.FLOWCONTROL_SUSPEND)),
    ("6c", Message(Code.FLOWCONTROL_SUSPEND, of_server=True)),
    ("09", Message(Code.FLOWCONTROL_RESUME)),
    ("6d", Message(Code.FLOWCONTROL_RESUME, of_server=True)),
    ("0a 00", Message(Code.SET_LINESTATE_MASK, b"\0")),
    ("6e 1e", Message(Code.SET_LINESTATE_MASK, b"\x1e", of_server=True)),
    ("0b ff ff", Message(Code.SET_MODEMSTATE_MASK, b"\xff")),
    ("6f ff ff", Message(Code.SET_MODEMSTATE_MASK, b"\xff", of_server=True)),
    ("0c 03", Message(Code.PURGE_DATA, b"\x03")),
    ("70 01", Message(Code.PURGE_DATA, b"\x01", of_server=True)),
)
NUMBERS: tuple[tuple[Code, str, int | None], ...] = (
    (Code.SET_BAUDRATE, "00 00 25 80", 9600),
    (Code.SET_BAUDRATE, "ff ff ff ff", 2**32 - 1),
    (Code.SET_BAUDRATE, "08", None),
    (Code.SET_BAUDRATE, "00 25 80", None),
    (Code.SET_BAUDRATE, "00 00 00 25 80", None),
    (Code.SET_BAUDRATE, "", None),
    (Code.SET_DATASIZE, "08", 8),
    (Code.SET_DATASIZE, "", None),
    (Code.SET_DATASIZE, "00 08", None),
    (Code.SET_CONTROL, "00", 0),
    (Code.SET_MODEMSTATE_MASK, "ff", 255),
    (Code.SET_MODEMSTATE_MASK, "ff ff", None),
)
# The numbers of RFC 2217 section 3, in the order of the bits from the highest.
BITS: tuple[tuple[type[Enum], str], ...] = (
    (ModemState, "CD RI DSR CTS CD_CHANGED RI_ENDED DSR_CHANGED CTS_CHANGED"),
    (LineState, "TIMEOUT SHIFT_EMPTY HOLDING_EMPTY BREAK FRAMING PARITY OVERRUN DATA_READY"),
)


def wire(payload: str) -> bytes:
    """Return a subnegotiation of the COM port option."""
    return bytes.fromhex(f"ff fa 2c {payload} ff f0")


class MessagesTest(SynchronousTestCase):
    def test_both_ways(self) -> None:
        for payload, message in MESSAGES:
            self.assertEqual(subnegotiation(Option.COM_PORT, message.payload()), wire(payload), message)
            (event,) = Decoder().events(wire(payload))
            assert isinstance(event, Subnegotiation)
            self.assertEqual((event.option, decode(event.payload)), (44, message), payload)

    def test_the_table_has_all_of_both_sides(self) -> None:
        found = {(message.code, message.of_server) for _, message in MESSAGES}
        self.assertEqual(found, {(code, of_server) for code in Code for of_server in (False, True)})
        self.assertEqual([code.value for code in Code], list(range(13)))

    def test_what_is_no_message(self) -> None:
        self.assertIsNone(decode(b""))
        for code in {*range(256)} - {*range(13)} - {*range(100, 113)}:
            for value in (b"", b"\1", b"text"):
                self.assertIsNone(decode(bytes([code]) + value))

    def test_numbers(self) -> None:
        for code, value, number in NUMBERS:
            self.assertEqual(Message(code, bytes.fromhex(value)).number, number, (code, value))

    @given(st.integers(0, 2**32 - 1))
    def test_baudrates(self, baudrate: int) -> None:
        self.assertEqual(Message(Code.SET_BAUDRATE, baudrate_bytes(baudrate)).number, baudrate)

    @given(st.binary(max_size=20))
    def test_what_is_read_can_be_written(self, payload: bytes) -> None:
        message = decode(payload)
        if message is not None:
            self.assertEqual(message.payload(), payload)


class NumbersTest(SynchronousTestCase):
    def test_settings(self) -> None:
        self.assertEqual(DATASIZES, {size: size for size in (5, 6, 7, 8)})
        self.assertEqual([parity.letter for parity in sorted(Parity, key=PARITIES.__getitem__)], [*"NOEMS"])
        self.assertEqual(sorted(PARITIES.values()), [1, 2, 3, 4, 5])
        self.assertEqual(STOPSIZES, {1: 1, 2: 2, 1.5: 3})

    def test_controls(self) -> None:
        self.assertEqual(OUTBOUND, {Flow.NONE: 1, Flow.XONXOFF: 2, Flow.RTSCTS: 3})
        self.assertEqual(INBOUND, {Flow.NONE: 14, Flow.XONXOFF: 15, Flow.RTSCTS: 16})
        self.assertEqual(LINES, {"brk": (4, 5, 6), "dtr": (7, 8, 9), "rts": (10, 11, 12)})
        self.assertEqual((ASK, ASK_INBOUND), (0, 13))

    def test_cisco(self) -> None:
        rates = {3: 300, 4: 600, 5: 1200, 6: 2400, 7: 4800, 8: 9600, 10: 19200, 12: 38400}
        rates |= {13: 57600, 14: 115200, 15: 230400}
        self.assertEqual(CISCO_BAUDRATES, {rate: code for code, rate in rates.items()})

    def test_bits(self) -> None:
        for flags, names in BITS:
            table = {name: 128 >> place for place, name in enumerate(names.split())}
            self.assertEqual({flag.name: flag.value for flag in flags}, table)

    def test_purge(self) -> None:
        self.assertEqual((Purge.RECEIVE, Purge.TRANSMIT, Purge.RECEIVE | Purge.TRANSMIT), (1, 2, 3))
