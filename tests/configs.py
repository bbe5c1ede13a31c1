"""Configurations to judge: pieces to build them from, and findings in short."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from smartserial.config.findings import FindingsError
from smartserial.config.judge import judge
from smartserial.config.source import parse_source
from smartserial.findings import Finding
from smartserial.settings import GatewaySettings, ShareSettings

FOLDER = Path("/base")

Expected = tuple[str, str]  # "LINE:COLUMN CODE path", and words of the message or of its hint
Row = tuple[str, list[Expected]]  # a configuration, and all that is wrong with it


def device(values: str) -> str:
    """A configuration whose device has these values; they begin at 3:13."""
    return f"shares:\n  a:\n    device: {values}\n    listen: [{{port: 1}}]\n"


def port(values: str) -> str:
    """A configuration whose serial port has these values; they begin at 3:26."""
    return device(f"{{port: tty1, {values}}}")


def listen(values: str) -> str:
    """A configuration with these listeners; they begin at 4:14."""
    return f"shares:\n  a:\n    device: {{loop: true}}\n    listen: [{values}]\n"


def share(values: str) -> str:
    """A configuration whose share has these values too; they begin at 5:5."""
    return f"shares:\n  a:\n    device: {{loop: true}}\n    listen: [{{port: 1}}]\n    {values}\n"


def console(values: str) -> str:
    """A configuration whose console has these values; they begin at 1:10."""
    return f"console: {values}\n" + listen("{port: 9}")


def telnet(text: str) -> str:
    """The configuration whose first listener speaks RFC 2217; what follows it on its line moves by 15."""
    return text.replace("listen: [{port: 1", "listen: [{port: 1, mode: rfc2217", 1)


def remote(values: str) -> str:
    """A configuration whose device is a remote serial port with these values; they begin at 3:28."""
    return device(f"{{rfc2217: h:1, {values}}}")


def two_devices(first: str, second: str) -> str:
    """A configuration of two shares; the values of the second device begin at 6:13."""
    return device(first) + f"  b:\n    device: {second}\n    listen: [{{port: 2}}]\n"


def judged(text: str | bytes, folder: Path = FOLDER) -> tuple[GatewaySettings | None, list[Finding]]:
    """Judge a configuration; like a file's, only that it needs none."""
    data = text if isinstance(text, bytes) else text.encode()
    try:
        return judge(parse_source("test.yaml", data), folder)
    except FindingsError as error:
        return None, list(error.findings)


def the_share(text: str) -> ShareSettings:
    """Return the one share of a configuration that has no errors."""
    settings, findings = judged(text)
    assert settings is not None, "\n".join(str(finding) for finding in findings)
    (only,) = settings.shares
    return only


def in_short(findings: Iterable[Finding]) -> list[str]:
    """Write findings as ``LINE:COLUMN CODE path``."""
    return [f"{f.line}:{f.column} {f.code} {f.path}".rstrip() for f in findings]


def differences(rows: Iterable[Row], folder: Path = FOLDER) -> str:
    """Return what differs from a table, each as a text with the configuration; empty: nothing."""
    wrong = []
    for text, expected in rows:
        _, findings = judged(text, folder)
        same = in_short(findings) == [short for short, _ in expected] and all(
            words in str(finding) for finding, (_, words) in zip(findings, expected, strict=True)
        )
        if not same:
            found = "\n  ".join(str(finding) for finding in findings) or "nothing"
            want = "\n  ".join(f"{short} ...{words}..." for short, words in expected) or "nothing"
            wrong.append(f"{text[:300]}\nfound:\n  {found}\nexpected:\n  {want}\n")
    return "\n".join(wrong)


def mutated(text: str, random: Random) -> bytes:
    """Return `text` with one to three things done to it."""
    lines = text.encode().splitlines(keepends=True)
    for _ in range(random.randint(1, 3)):
        n, m = random.randrange(len(lines)), random.randrange(len(lines))
        match random.randrange(6):
            case 0:
                del lines[n]
            case 1:
                lines.insert(m, lines[n])
            case 2:
                lines[n], lines[m] = lines[m], lines[n]
            case 3:
                flipped = bytearray(lines[n])
                flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
                lines[n] = bytes(flipped)
            case 4:
                key, colon, _ = lines[n].partition(b": ")
                value = lines[m].partition(b": ")[2] or b"[]\n"
                lines[n] = key + colon + value if colon else lines[n]
            case 5:
                cut = random.randrange(len(lines[n]) + 1)
                lines[n] = lines[n][:cut]
    return b"".join(lines)
