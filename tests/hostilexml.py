"""Files that mean harm; run as a program, it tells by how much each makes a process grow, in KiB."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable

from smartserial.definition.xml import XmlError, parse_xml

DECLARED = '<?xml version="1.0" encoding="utf-16"?>'


def _laughs() -> bytes:
    more = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<!DOCTYPE l [<!ENTITY a "lol">{more}]><Protocol>&j;</Protocol>'.encode()


def _quadratic() -> bytes:
    return b'<!DOCTYPE p [<!ENTITY a "' + b"a" * 100_000 + b'">]><p>' + b"&a;" * 100_000 + b"</p>"


def _attributes() -> bytes:
    return b"<p " + b" ".join(b'a%d="1"' % number for number in range(300_000)) + b"/>"


def _doctype_16(encoding: str, bom: bytes = b"") -> bytes:
    return bom + f'{DECLARED}<!DOCTYPE p [<!ENTITY a "a">]><p>&a;</p>'.encode(encoding)


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "billion laughs": ("XM09", _laughs),
    "quadratic blow-up": ("XM09", _quadratic),
    "a file as an entity": (
        "XM09",
        lambda: b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>',
    ),
    "a parameter entity": (
        "XM09",
        lambda: b'<!DOCTYPE p [<!ENTITY % x SYSTEM "file:///dev/zero"> %x;]><p/>',
    ),
    "an external DTD": ("XM09", lambda: b'<!DOCTYPE p SYSTEM "http://127.0.0.1:9/p.dtd"><p/>'),
    "a DOCTYPE after much": ("XM09", lambda: b"<!-- x -->" * 100_000 + b"<!DOCTYPE p><p/>"),
    "a DOCTYPE in UTF-16, little": ("XM09", lambda: _doctype_16("utf-16-le", b"\xff\xfe")),
    "a DOCTYPE in UTF-16, big": ("XM09", lambda: _doctype_16("utf-16-be", b"\xfe\xff")),
    "a DOCTYPE in UTF-16 without its mark": ("XM08", lambda: _doctype_16("utf-16-le")),
    "an encoding that takes hours": (
        "XM08",
        lambda: b'<?xml version="1.0" encoding="punycode"?><p>' + b"a" * 1_000_000 + b"-</p>",
    ),
    "a DOCTYPE in UTF-7": (
        "XM08",
        lambda: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE p><p/>',
    ),
    "a DOCTYPE in UTF-32": ("XM08", lambda: "\ufeff<!DOCTYPE p><p/>".encode("utf-32-le")),
    "a DOCTYPE in EBCDIC": (
        "XM08",
        lambda: '<?xml version="1.0" encoding="cp037"?><!DOCTYPE p><p/>'.encode("cp037"),
    ),
    "an entity of nobody": ("XM08", lambda: b"<p>&x;</p>"),
    "200,000 deep": ("XM10", lambda: b"<a>" * 200_000 + b"</a>" * 200_000),
    "200,000 deep, open": ("XM10", lambda: b"<a>" * 200_000),
    "50,000 deep": ("XM08", lambda: b"<a>" * 50_000 + b"</a>" * 50_000),
    "200 deep": ("XM10", lambda: b"<a>" * 200 + b"</a>" * 200),
    "20 MB of text": ("XM10", lambda: b"<p>" + b"x" * 20_000_000 + b"</p>"),
    "2,000,000 elements": ("XM10", lambda: b"<p>" + b"<a/>" * 2_000_000 + b"</p>"),
    "900,000 elements": ("XM10", lambda: b"<p>" + b"<a/>" * 900_000 + b"</p>"),
    "300,000 attributes": ("XM10", _attributes),
    "a long name": ("XM10", lambda: b"<" + b"a" * 4_000_000 + b"/>"),
    "an unknown encoding": ("XM08", lambda: b'<?xml version="1.0" encoding="klingon"?><p/>'),
    "an encoding of bytes": ("XM08", lambda: b'<?xml version="1.0" encoding="zlib_codec"?><p/>'),
    "a NUL": ("XM08", lambda: b"<p>\0</p>"),
    "a NUL by number": ("XM08", lambda: b"<p>&#0;</p>"),
    "NULs": ("XM08", lambda: bytes(1000)),
    "nothing": ("XM08", lambda: b""),
    "blanks": ("XM08", lambda: b" \n "),
    "a mark alone": ("XM08", lambda: b"\xef\xbb\xbf"),
    "cut in a tag": ("XM08", lambda: b"<Protocol><Par"),
    "cut between tags": ("XM08", lambda: b"<Protocol><Params>"),
    "two roots": ("XM08", lambda: b"<p/><p/>"),
    "open comments": ("XM08", lambda: b"<p>" + b"<!-- " * 800_000),
    "open sections": ("XM08", lambda: b"<p>" + b"<![CDATA[" * 400_000),
    "open instructions": ("XM08", lambda: b"<p>" + b"<?a " * 900_000),
    "open quotes": ("XM10", lambda: b'<a "' * 1_000_000),
    "open quotes of two kinds": ("XM10", lambda: b"<a'\"" * 800_000),
    "declarations": ("XM08", lambda: b"<!" * 2_000_000),
    "signs": ("XM10", lambda: b"<" * 4_000_000),
}
"""By name: the code that it is refused with, and what makes it."""


def _growth(data: bytes) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        parse_xml(data)
    except XmlError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    raise AssertionError("it was read")


def main() -> None:
    """Tell the growth of a child for each; what it parses was made before it began."""
    for name, (_, make) in HOSTILE.items():
        data = make()
        child = os.fork()
        if not child:
            os.write(1, f"{name}\t{_growth(data)}\n".encode())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, name


if __name__ == "__main__":
    main()
