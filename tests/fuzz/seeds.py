"""The inputs to begin with: ``python -m tests.fuzz.seeds`` writes them into the corpus."""

from __future__ import annotations

from pathlib import Path

from smartserial.telnet.codes import subnegotiation
from tests.fuzz.oracle import LATER, OF_CLIENT, STRICT, Case

CORPUS = Path(__file__).with_name("corpus")
BINARY = b"\xff\xfb\0\xff\xfd\0"
NVT = b"\xff\xfc\0\xff\xfe\0"
ALL_BYTES = bytes(range(256))


def com_port(*payloads: str) -> bytes:
    """Return messages as they go over the wire."""
    return b"".join(subnegotiation(44, bytes.fromhex(payload)) for payload in payloads)


SETTINGS = com_port("0100002580", "0208", "0301", "0401", "0501", "0508", "050b")
OVERLONG = b"\xff\xfa\x2c" + b"x" * 520
SEEDS = {
    "empty": Case(0, b"", b""),
    "greeting": Case(0, b"", BINARY + b"\xff\xfb\x03\xff\xfd\x03\xff\xfd\x01\xff\xfb\x2c"),
    "both-com-ports": Case(0, b"\x02", b"\xff\xfb\x2c\xff\xfd\x2c" * 2 + com_port("0700")),
    "no-binary": Case(0, b"\x01", NVT + b"a\r\0b\r\nc\r\xff\xf1\0d"),
    "binary": Case(0, b"\x06", BINARY + ALL_BYTES.replace(b"\xff", b"\xff\xff")),
    "back-to-nvt": Case(0, b"\x03\x01", BINARY + b"\r\0" + NVT + b"\r\0" + BINARY + b"\r\0"),
    "settings": Case(0, b"\x13", b"\xff\xfb\x2c" + SETTINGS),
    "settings-later": Case(LATER, b"\x09\x20", SETTINGS + b"command\r" + com_port("0c03", "0509")),
    "pulse": Case(0, b"", com_port("0509", "0508", "050b", "050c", "0505", "0506")),
    "asked": Case(0, b"\x07", com_port("0100000000", "0200", "0300", "0400", "0500", "0504", "0507", "050a")),
    "polls": Case(0, b"", com_port("06", "07", "0600", "0700", "0a1e", "0bff", "0b00")),
    "cisco": Case(0, b"\x0c", com_port("0207", "0100002580", "010e", "0100000000", "0100")),
    "malformed": Case(
        LATER, b"", com_port("01", "0100", "0209", "03ff", "04", "0512", "0c", "0cff", "", "0d")
    ),
    "signature": Case(0, b"\x04", com_port("00", "006d65", "00ffff") + b"x"),
    "suspend": Case(0, b"", com_port("08", "09") + b"\xff\xf3" + com_port("08")),
    "escapes": Case(0, b"\x63", BINARY + b"\xff\xff" * 700 + b"x" * 900 + b"\xff\xff" * 9),
    "overlong": Case(0, b"\x50", OVERLONG + b"\xff\xff\xff\xf0after" + OVERLONG + b"\xff\xf1"),
    "abandoned": Case(0, b"", b"\xff\xfa\x2c\x05\xff\xfd\x2c\xff\xfa\x2c\x05\xff\xfa\xff\xf0"),
    "signals": Case(0, b"\x00", b"".join(bytes([255, code]) for code in range(236, 250)) + b"\xff"),
    "refused": Case(0, b"", b"".join(bytes([255, 253, option]) for option in range(20, 60))),
    "contrary": Case(0, b"\x05", b"\xff\xfb\x2c\xff\xfc\x2c" * 15),
    "remote-answers": Case(
        OF_CLIENT, b"\x08", com_port("6500004b00", "6607", "6701", "6801", "6901", "6909")
    ),
    "remote-strict": Case(OF_CLIENT | STRICT, b"\x08", com_port("6500002580", "6608", "6905", "6906", "01")),
    "remote-tells": Case(
        OF_CLIENT, b"", com_port("6b11", "6bff", "6a1e", "6a", "6c", "6d", "65", "650a", "64")
    ),
}


def write(folder: Path) -> None:
    """Write all inputs into a folder."""
    for name, case in SEEDS.items():
        (folder / name).write_bytes(case.encode())


if __name__ == "__main__":
    write(CORPUS)
