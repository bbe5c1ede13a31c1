"""From bytes to elements: places, encodings, and files that mean harm."""

from __future__ import annotations

import codecs
import subprocess
import sys
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.node import Node
from smartserial.definition.xml import MOST_BYTES, MOST_ELEMENTS, XmlError, parse_xml
from tests.hostilexml import HOSTILE

MOST_GROWTH = 16 * 1024  # KiB
# What makes a text XML, and what makes it wrong, in any order.
PIECES = st.sampled_from(
    (
        *(
            "<",
            ">",
            "/>",
            "</",
            "<a",
            "<a>",
            "</a>",
            "=",
            '"',
            "'",
            ' b="1"',
            " ",
            "\t",
            "\r\n",
            "&",
            "&lt;",
            "&#",
        ),
        *(
            "&#0;",
            ";",
            "<!--",
            "-->",
            "--",
            "<![CDATA[",
            "]]>",
            "<?",
            "?>",
            "<!DOCTYPE a",
            "<!",
            "[",
            "]",
            "é",
            "\0",
        ),
        *(
            '<?xml version="1.0"?>',
            '<?xml version="1.0" encoding="utf-16"?>',
            "xmlns:p='u'",
            "<p:a>",
            ":",
            "\ufeff",
        ),
    )
)


def root(text: str | bytes) -> Node:
    """The outermost element of a text."""
    return parse_xml(text if isinstance(text, bytes) else text.encode()).root


def refused(data: bytes) -> XmlError:
    """Why a text is no definition."""
    try:
        parse_xml(data)
    except XmlError as error:
        return error
    raise AssertionError(f"{data[:40]!r} is read")


def places(text: str | bytes) -> list[tuple[str, int, int]]:
    """All elements of a text, with line and column."""
    return [(node.name, node.place.line, node.place.column) for node in root(text).walk()]


class ElementsTest(SynchronousTestCase):
    def test_names_attributes_texts(self) -> None:
        node = root('<a one=" 1 " two="&lt;2&gt;">x<b/>y<c>z</c> w</a>')
        self.assertEqual(node.name, "a")
        self.assertEqual(node.attributes, {"one": " 1 ", "two": "<2>"})
        self.assertEqual(node.text, "xy w")
        self.assertEqual([(child.name, child.text) for child in node.children], [("b", ""), ("c", "z")])

    def test_namespaces_are_dropped(self) -> None:
        for text in (
            '<a k="1"><b/></a>',
            '<a xmlns="u" k="1"><b/></a>',
            '<p:a xmlns:p="u" p:k="1"><p:b/></p:a>',
        ):
            node = root(text)
            self.assertEqual((node.name, node.attributes, node.children[0].name), ("a", {"k": "1"}, "b"))

    def test_attributes_of_other_namespaces_come_second(self) -> None:
        for text in ('<P xmlns:q="u" id="1" q:id="7"/>', '<P xmlns:q="u" q:id="7" id="1"/>'):
            self.assertEqual(parse_xml(text.encode()).root.attributes, {"id": "1"})
        self.assertEqual(parse_xml(b'<P xmlns:q="u" q:id="7"/>').root.attributes, {"id": "7"})

    def test_comments_and_instructions_do_not_cut_texts(self) -> None:
        for text in (
            "ab",
            "a<!-- x -->b",
            "a<?x y?>b",
            "<![CDATA[a]]>b",
            "<![CDATA[ab]]>",
            "&#97;b",
            "<!---->ab",
        ):
            self.assertEqual(root(f"<a><b>{text}</b></a>").children[0].text, "ab", text)

    def test_what_looks_like_elements_is_none(self) -> None:
        text = "<a><!-- <b> --><![CDATA[<c>]]><?d <e>?><f k='&lt;g>'/><!-- <!DOCTYPE x> --></a>"
        self.assertEqual([node.name for node in root(text).walk()], ["a", "f"])

    def test_a_greater_sign_in_an_attribute(self) -> None:
        self.assertEqual(
            places("<a k=\"1 > 0\"><b k='>'/><c/></a>"), [("a", 1, 1), ("b", 1, 14), ("c", 1, 24)]
        )

    def test_ends_of_lines(self) -> None:
        self.assertEqual(root("<a>1\r\n2\r3&#13;</a>").text, "1\n2\n3\r")


class PlacesTest(SynchronousTestCase):
    def test_lines_and_columns(self) -> None:
        table: tuple[tuple[str, list[tuple[str, int, int]]], ...] = (
            ("<a><b/><c/></a>", [("a", 1, 1), ("b", 1, 4), ("c", 1, 8)]),
            ("<a>\n <b/>\n\n  <c/></a>", [("a", 1, 1), ("b", 2, 2), ("c", 4, 3)]),
            ("<a>\r\n <b/>\r\n<c/></a>", [("a", 1, 1), ("b", 2, 2), ("c", 3, 1)]),
            ("<a>\t<b/>\t\t<c/></a>", [("a", 1, 1), ("b", 1, 5), ("c", 1, 11)]),
            ("<a>é😀<b/>€<c/></a>", [("a", 1, 1), ("b", 1, 6), ("c", 1, 11)]),
            ("<a>é\né<b/></a>", [("a", 1, 1), ("b", 2, 2)]),
            ("<a\n k='1'\n><b\n/><c/></a>", [("a", 1, 1), ("b", 3, 2), ("c", 4, 3)]),
            ("<?xml version='1.0'?>\n<!-- <x>\n --><a><b/></a>", [("a", 3, 5), ("b", 3, 8)]),
            ("<a><![CDATA[\n<x>\n]]><b/></a>", [("a", 1, 1), ("b", 3, 4)]),
            ("<a><b><c/></b><b/></a>", [("a", 1, 1), ("b", 1, 4), ("c", 1, 7), ("b", 1, 15)]),
        )
        for text, expected in table:
            self.assertEqual(places(text), expected, text)

    def test_a_long_file(self) -> None:
        """More lines than libxml2 counts in 16 bits."""
        self.assertEqual(places("<a>" + "\n" * 70_000 + " <b/></a>")[1], ("b", 70_001, 2))

    def test_encodings_have_the_same_places(self) -> None:
        text = "<a>é€\n é<b/></a>"
        expected = [("a", 1, 1), ("b", 2, 3)]
        for bom, encoding in (
            (b"", "utf-8"),
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            self.assertEqual(places(bom + text.encode(encoding)), expected, encoding)

    def test_paths(self) -> None:
        text = "<P><A id=' 7 '><B/><B/><C/></A><A id='8'/><A/><D id=''/></P>"
        self.assertEqual(
            [node.place.path for node in root(text).walk()],
            ["P", "P/A[7]", "P/A[7]/B[1]", "P/A[7]/B[2]", "P/A[7]/C", "P/A[8]", "P/A[#3]", "P/D"],
        )

    def test_long_names_are_cut_in_paths(self) -> None:
        path = root(f"<a><{'b' * 99} id='{'1' * 99}'/></a>").children[0].place.path
        self.assertEqual(path, f"a/{'b' * 40}[{'1' * 40}]")

    @given(
        st.lists(
            st.sampled_from(("\n", "\r\n", " ", "\t", "é", "x", "<!-- <n> -->", "<![CDATA[<]]>")), max_size=30
        )
    )
    def test_each_element_stands_where_it_is_said_to(self, pieces: list[str]) -> None:
        """Before each piece there is an element; its place leads back to its ``<``."""
        text = "<r>" + "".join(f"<e/>{piece}" for piece in pieces) + "</r>"
        lines = text.split("\n")
        elements = root(text).children
        self.assertEqual(len(elements), len(pieces))
        for node in elements:
            self.assertTrue(lines[node.place.line - 1][node.place.column - 1 :].startswith("<e/>"))
        self.assertEqual(len({node.place for node in elements}), len(pieces))


class EncodingsTest(SynchronousTestCase):
    def test_declared(self) -> None:
        for declared, encoding in (
            ("utf-8", "utf-8"),
            ("UTF-8", "utf-8"),
            ("iso-8859-1", "iso-8859-1"),
            ("windows-1252", "cp1252"),
            ("us-ascii", "us-ascii"),
        ):
            letter = "e" if encoding == "us-ascii" else "é"
            text = f"<?xml version='1.0' encoding='{declared}'?><a>{letter}</a>"
            document = parse_xml(text.encode(encoding))
            self.assertEqual((document.root.text, document.encoding), (letter, declared.lower()))

    def test_nothing_declared(self) -> None:
        self.assertEqual(parse_xml(b"<?xml version='1.0'?><a/>").encoding, "")
        self.assertEqual(parse_xml(b"<a/>").encoding, "")

    def test_utf_16_with_and_without_declaration(self) -> None:
        for text in ("<a>é</a>", "<?xml version='1.0' encoding='utf-16'?><a>é</a>"):
            for bom, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
                document = parse_xml(bom + text.encode(encoding))
                self.assertEqual((document.root.text, document.encoding), ("é", "utf-16"))

    def test_a_declaration_that_is_wrong(self) -> None:
        for data in (
            b"<?xml version='1.0' encoding='klingon'?><a/>",
            b"<?xml version='1.0' encoding='ascii'?><a>\xe9</a>",
            b"<a>\xe9</a>",
            codecs.BOM_UTF16_LE + b"<",
            codecs.BOM_UTF16_LE + b"\x00\xd8",
        ):
            self.assertEqual(refused(data).code, "XM08", data)


class RefusedTest(SynchronousTestCase):
    def test_where(self) -> None:
        for data, code, line, column in (
            (b"<a>\n <b></a>", "XM08", 2, 9),
            (b"", "XM08", 1, 1),
            (b"<?xml version='1.0'?>\n  <!DOCTYPE a><a/>", "XM09", 2, 3),
            (b"<a/>\n<b/>", "XM08", 2, 1),
        ):
            error = refused(data)
            self.assertEqual((error.code, error.line, error.column), (code, line, column), data)

    def test_limits_are_just_above_what_is_allowed(self) -> None:
        most = b"<p>" + b"x" * (MOST_BYTES - 7) + b"</p>"
        self.assertEqual(len(root(most).text), MOST_BYTES - 7)
        self.assertEqual(refused(most + b" ").code, "XM10")
        many = b"<p>" + b"<a/>" * (MOST_ELEMENTS - 1) + b"</p>"
        self.assertEqual(len(root(many).children), MOST_ELEMENTS - 1)
        self.assertEqual(refused(many.replace(b"</p>", b"<a/></p>")).code, "XM10")

    def test_depth(self) -> None:
        self.assertEqual(len(list(root(b"<a>" * 32 + b"</a>" * 32).walk())), 32)
        error = refused(b"<a>" * 33 + b"</a>" * 33)
        self.assertEqual((error.code, error.line, error.column), ("XM10", 1, 97))

    def test_hostile(self) -> None:
        for name, (code, make) in HOSTILE.items():
            self.assertEqual(refused(make()).code, code, name)

    def test_memory(self) -> None:
        """Each is refused before it costs much: in a process of its own, which tells how far it grew."""
        here = Path(__file__).parent
        ran = subprocess.run(
            [sys.executable, str(here / "hostilexml.py")],
            cwd=here.parent,
            env={"PYTHONPATH": str(here.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
        grown = {name: int(growth) for name, growth in (line.split("\t") for line in ran.stdout.splitlines())}
        self.assertEqual(set(grown), set(HOSTILE))
        self.assertEqual({name: growth for name, growth in grown.items() if growth > MOST_GROWTH}, {})


class AnythingTest(SynchronousTestCase):
    def only_xml_errors(self, data: bytes) -> None:
        try:
            found = parse_xml(data).root
        except XmlError as error:
            self.assertIn(error.code, ("XM08", "XM09", "XM10"))
            self.assertTrue(str(error))
        else:
            self.assertTrue(all(node.place.line > 0 and node.place.column > 0 for node in found.walk()))

    @settings(max_examples=400)
    @given(st.binary(max_size=200))
    @example(b"\xff\xfe")
    @example(b"\xef\xbb\xbf")
    @example(b"<")
    def test_any_bytes(self, data: bytes) -> None:
        self.only_xml_errors(data)

    @settings(max_examples=1000)
    @given(st.lists(PIECES, max_size=30), st.sampled_from(("utf-8", "utf-16", "utf-16-be")))
    def test_any_pieces_of_xml(self, pieces: list[str], encoding: str) -> None:
        self.only_xml_errors("".join(pieces).encode(encoding))

    @given(st.lists(PIECES, max_size=12))
    def test_inside_an_element(self, pieces: list[str]) -> None:
        self.only_xml_errors(f"<a>{''.join(pieces)}</a>".encode())

    @given(
        st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-_."), max_size=12)
    )
    @example("punycode")
    @example("utf-7")
    @example("utf_16")
    @example("hex")
    @example("undefined")
    @example("unicode_escape")
    @example("mbcs")
    def test_any_declared_encoding(self, encoding: str) -> None:
        self.only_xml_errors(f"<?xml version='1.0' encoding='{encoding}'?><a/>".encode())
