"""The bytes of telnet: RFC 854, RFC 855, and the options that a serial gateway needs."""

from __future__ import annotations

from enum import IntEnum


class Command(IntEnum):
    """What follows IAC; RFC 854, RFC 885 (EOR), RFC 1184 (EOF, SUSP, ABORT)."""

    EOF = 236
    SUSP = 237
    ABORT = 238
    EOR = 239
    SE = 240
    NOP = 241
    DM = 242
    BRK = 243
    IP = 244
    AO = 245
    AYT = 246
    EC = 247
    EL = 248
    GA = 249
    SB = 250
    WILL = 251
    WONT = 252
    DO = 253
    DONT = 254
    IAC = 255


class Option(IntEnum):
    """Options that are agreed to; all others are refused."""

    BINARY = 0  # RFC 856
    ECHO = 1  # RFC 857
    SGA = 3  # suppress go-ahead, RFC 858
    COM_PORT = 44  # RFC 2217


IAC = bytes([Command.IAC])
IAC_IAC = IAC * 2
IAC_SE = bytes([Command.IAC, Command.SE])
CR, LF, NUL = b"\r", b"\n", b"\0"


def negotiation(verb: Command, option: int) -> bytes:
    """Return ``IAC verb option``."""
    return bytes([Command.IAC, verb, option])


def subnegotiation(option: int, payload: bytes) -> bytes:
    """Return ``IAC SB option payload IAC SE``, with each 255 in between doubled."""
    return bytes([Command.IAC, Command.SB]) + (bytes([option]) + payload).replace(IAC, IAC_IAC) + IAC_SE
