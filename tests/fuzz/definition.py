"""Looks for what is not stood: ``python tests/fuzz/definition.py [FLAG...] CORPUS``.

It needs atheris; flags are those of libFuzzer, and folders mean what they mean to ``telnet.py``. An input is
a definition, and after a zero byte what its device says. ``--write`` writes the corpus: our bundled
definitions, cut.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("definitions")
CHILD, WRITE = "--child", "--write"
KEPT = 3
"""So many of each kind stay; all params that they name stay too."""
SAID = {
    "nmea-0183": b"$GPHDT,123.4,T*32\r\n$GPXXX*",
    "modbus-rtu": bytes.fromhex("110101 CD 94DD 118302C134"),
    "modbus-tcp": bytes.fromhex("000100000003118302"),
    "pelco-d": bytes.fromhex("FF010000000001"),
    "scpi-meter": b"+1.5E+00\nON\n",
    "sony-9pin": bytes.fromhex("10011112 1001"),
    "visca": bytes.fromhex("9041FF9051FF"),
}
"""What devices say, right and wrong."""


def cut(text: str) -> str:
    """Return a definition with the first few of its things, and the params that these may name."""
    root = ET.fromstring(text)
    for kind in ("Response", "Command", "Pair", "Timer"):
        for extra in root.findall(f"{kind}s/{kind}")[KEPT:]:
            root.find(f"{kind}s").remove(extra)  # type: ignore[union-attr]
    for content in root.iter("Content"):  # what names something that is gone
        for item in list(content):
            kind = {"ResponseOnBadCommand": "Response"}.get(item.tag, item.tag)
            if kind in ("Response", "Pair") and root.find(f"{kind}s/{kind}[@id='{item.text}']") is None:
                content.remove(item)
    params = root.find("Params")
    assert params is not None
    parts = [part for part in root if part is not params]
    while True:
        named = {name for part in parts for one in part.iter() for name in (one.text, one.get("id"))}
        found = [param for param in params if param.get("id") in named and param not in parts]
        if not found:
            break
        parts += found  # and what these name
    for param in [param for param in params if param not in parts]:
        params.remove(param)
    ET.indent(root, "")
    return ET.tostring(root, encoding="unicode")


def seeds() -> dict[str, bytes]:
    """Return the corpus by name."""
    found = {}
    for path in sorted((ROOT / "smartserial" / "protocols").glob("*.xml")):
        text, said = path.read_text(encoding="utf-8"), SAID.get(path.stem, b"")
        if path.stem != "dsmr-p1":  # its one response is too large
            found[path.stem] = cut(text).encode() + b"\0" + said
        found[f"{path.stem}-torn"] = text.encode()[:1500]
    return found


def fuzz(words: list[str]) -> None:
    """Run libFuzzer, which ends this process."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["smartserial"]):
        oracle = importlib.import_module("tests.fuzz.definition_oracle")
    atheris.Setup([sys.argv[0], *words], oracle.check)
    atheris.Fuzz()


def main() -> int:
    """Run libFuzzer in a process of its own, and clean up."""
    sys.path.insert(0, str(ROOT))
    if WRITE in sys.argv:
        for name, data in seeds().items():
            (CORPUS / name).write_bytes(data)
        return 0
    if CHILD in sys.argv:
        fuzz(sys.argv[2:])
        return 0
    arguments = importlib.import_module("tests.fuzz.telnet").arguments
    with TemporaryDirectory() as spare:
        return subprocess.call([sys.executable, __file__, CHILD, *arguments(sys.argv[1:], spare)])


if __name__ == "__main__":
    sys.exit(main())
