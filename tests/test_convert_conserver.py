"""conserver.cf: its form, and each keyword: what becomes of it, and what is said of what does not."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.convert.breaks import sequences_of
from smartserial.convert.conservercf import Block, read_conserver
from smartserial.convert.remarks import TOO_DEEP, ConvertError, Place
from smartserial.convert.substitution import substituted

from .convertstage import Converted, convert, no_files

LOST = "not carried over: "
BASE = "type device; device /dev/ttyS0; baud 9600;"


def read(text: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    blocks = read_conserver("f", text, no_files)
    return [(one.kind, one.name.text, [(key.text, value.text) for key, value in one.items]) for one in blocks]


def made(keywords: str, before: str = "") -> Converted:
    return convert(f"{before}\nconsole con {{ {keywords} }}\n", "conserver")


class FormTest(SynchronousTestCase):
    """Words, gaps, quotes and comments."""

    def test_gaps_in_names_and_values_stay(self) -> None:
        self.assertEqual(
            read("default my defs { rw *; include other defs  ; }"),
            [("default", "my defs", [("rw", "*"), ("include", "other defs")])],
        )

    def test_quotes(self) -> None:
        self.assertEqual(
            read('"defa"ult my\\ defs { rw \\;\\"; in\\clude "other; \\"de\\n" x  ; }  # the { end'),
            [("default", "my defs", [("rw", ';"'), ("include", 'other; "de\\n x')])],
        )
        self.assertEqual(
            read("console a{b c;}console d{}"), [("console", "a", [("b", "c")]), ("console", "d", [])]
        )
        self.assertEqual(read('console a { motd ""; }'), [("console", "a", [("motd", "")])])

    def test_places(self) -> None:
        block: Block = read_conserver("f", "# one\n\nconsole\n  a {\n\n  baud\n 9600\n;}", no_files)[0]
        self.assertEqual(str(block.name.place), "f:4")
        self.assertEqual([str(word.place) for word in block.items[0]], ["f:6", "f:7"])

    def test_other_files_stand_in_the_place_of_a_line(self) -> None:
        def others(pattern: str, place: Place) -> list[tuple[str, str]]:
            self.assertEqual((pattern, str(place)), ("/etc/more.cf", "f:2"))
            return [("more", "\n baud 300;")]

        blocks = read_conserver("f", "console a {\n#include /etc/more.cf \n} console b {\nx y; }", others)
        self.assertEqual([str(one.name.place) for one in blocks], ["f:1", "f:3"])
        self.assertEqual(
            [(str(key.place), value.text) for key, value in blocks[0].items], [("more:2", "300")]
        )
        self.assertEqual(str(blocks[1].items[0][0].place), "f:4")

    def test_files_that_include_themselves(self) -> None:
        with self.assertRaises(ConvertError) as caught:
            read_conserver("f", "#include f\n", lambda pattern, place: [("f", "\n%include f\n")])
        self.assertEqual(str(caught.exception), f"f:2: {TOO_DEEP}")

    def test_what_is_none(self) -> None:
        for text, message in [
            (
                "foo x { }",
                "f:1: expected one of access, break, config, console, default, group, task, ",
            ),
            ("console\na", "f:2: expected '{', found the end"),
            ("console", "f:1: expected a value behind 'console', found the end"),
            ("console a { baud", "f:1: expected a value behind 'baud', found the end"),
            ("console a { baud 3\n}", "f:2: expected ';', found '}'"),
            ("console a {\nbaud; }", "f:2: expected a value behind 'baud'"),
            ("console a {\n\nbaud 3;", "f:3: expected a '}' for the block that begins at f:1"),
            ('console a { motd "x\n', "f:1: expected an end of what '\"' begins"),
            ("}", "f:1: expected one of"),
            ("console a \\", "f:1: expected an end of what '\\\\' begins"),
        ]:
            with self.assertRaises(ConvertError) as caught:
                read(text)
            self.assertTrue(str(caught.exception).startswith(message), str(caught.exception))


DEVICES: list[tuple[str, dict[str, object]]] = [
    (BASE, {"port": "/dev/ttyS0", "line": "9600 8N1", "flow": "xonxoff", "hupcl": False, "open": None}),
    (
        f"{BASE} parity even; options cstopb,hupcl,!ixon,!ixoff;",
        {"line": "9600 7E2", "hupcl": True, "flow": None},
    ),
    (f"{BASE} options crtscts; options ondemand;", {"flow": "rtscts", "open": "on-demand"}),
    ("type device; device /dev/tty%; devicesubst %=cs; baud 300;", {"port": "/dev/ttycon"}),
    (
        "type device; device /dev/tty%&; devicesubst %=p03d,&=hs; host x; port 7; baud 300;",
        {"port": "/dev/tty007x"},
    ),
    ("type host; host ts1; port 7001;", {"rfc2217": "ts1:7001"}),
    ("type host; host ts1; port 7; portbase 2000; portinc 100; protocol raw;", {"tcp": "ts1:2700"}),
    ("type host; host 2001:db8::1; port 7; protocol raw;", {"tcp": "[2001:db8::1]:7"}),
    ("type uds; uds /run/vm:1.sock;", {"endpoint": r"unix:/run/vm\:1.sock"}),
]
LOST_CONSOLES: list[tuple[str, str]] = [
    ('type exec; exec "ssh box";', "its type exec (it runs a program"),
    ("type ipmi; host x; password hunter2;", "its type ipmi (serial over LAN of IPMI"),
    ("type noop;", "its type noop (there is nothing behind it"),
    ("type odd;", "its type (expected one of device, host, uds"),
    ("rw *;", "its type (expected one of device, host, uds"),
    ("type device; baud 9600;", "its device (it is missing"),
    ("type device; device /dev/x; baud fast;", "its baud (expected a number"),
    (f"{BASE} parity strange;", "its parity (expected one of none, even"),
    ("type host; port 7;", "its host (it is missing"),
    ("type host; host x;", "its port (it is missing"),
    ("type host; host x; port telnet;", "its port (expected a number, found 'telnet'"),
    ("type host; host x; port 1; portbase 70000;", "its port (70001 is no port"),
    ("type host; host x; port 1; protocol ssh;", "its protocol (expected telnet or raw"),
    ("type device; device /dev/&; devicesubst &=q; baud 1;", "its devicesubst (expected a substitution"),
]
LOST_KEYWORDS = [
    "aliases eins;",
    "motd hello;",
    "initcmd reboot;",
    "idletimeout 5m;",
    "options striphigh;",
    "options unloved;",
    "options ixany;",
    "options odd;",
    "rw mary,@wheel;",
    "ro !guest;",
    "odd x;",
]
NOTHING = [
    "break 1;",
    "timestamp 1hab;",
    "initspinmax 3;",
    "options !autoreinit,reinitoncc;",
    'motd "";',
    "idletimeout 0;",
]


class ConsoleTest(SynchronousTestCase):
    maxDiff = None

    def test_devices(self) -> None:
        for keywords, expected in DEVICES:
            device = made(keywords).share["device"]
            self.assertEqual({key: device.get(key) for key in expected}, expected, keywords)

    def test_those_that_cannot_be(self) -> None:
        for keywords, what in LOST_CONSOLES:
            found = made(keywords)
            self.assertEqual(found.text, "")
            self.assertEqual(len(found.remarks), 1, found.remarks)
            self.assertTrue(
                found.remarks[0].startswith(f"2: not carried over: console con for {what}"), found.remarks
            )
            self.assertNotIn("hunter2", found.remarks[0])

    def test_what_is_lost_is_told(self) -> None:
        for keywords in LOST_KEYWORDS:
            found = made(f"{BASE} {keywords}")
            lost = [line for line in found.remarks if "not carried over" in line]
            self.assertEqual(len(lost), 1, (keywords, found.remarks))
        for keywords in NOTHING:
            self.assertFalse(made(f"{BASE} {keywords}").draft.remarks.lost, keywords)

    def test_one_types_and_others_watch(self) -> None:
        share = made(BASE).share
        self.assertEqual(share["listen"], [{"mode": "rfc2217", "port": 4001}])
        self.assertEqual(share["sharing"], {"receive_from": "first", "settings": {"remote": False}})
        self.assertEqual(share["device"]["lines"], {"remote": ["break"]})
        self.assertEqual(
            made(f"{BASE} rw *; ro guest;").share["listen"],
            [{"mode": "rfc2217", "port": 4001}, {"mode": "rfc2217", "port": 4002, "access": "read"}],
        )
        self.assertEqual(
            made(f"{BASE} options !login;").share["listen"],
            [{"mode": "rfc2217", "port": 4001, "access": "read"}],
        )

    def test_logs(self) -> None:
        self.assertEqual(made(f"{BASE} logfile /l/&.log;").share["capture"], {"file": "/l/con.log"})
        share = made(f"{BASE} logfile /l/&; logfilemax 2m;").share
        self.assertEqual(share["capture"], {"file": "/l/con", "size": 2 * 1024**2})
        self.assertNotIn("capture", made(f'{BASE} logfile /l/&; logfile "";').share)
        self.assertNotIn("capture", made(f"{BASE} logfilemax 2m;").share)

    def test_defaults_come_first_and_may_be_included(self) -> None:
        before = "default * { rw *; baud 300; } default a { parity odd; baud 1200; }"
        before += "default b { include a; type device; }"
        self.assertEqual(made("include b; device /dev/x;", before).share["device"]["line"], "1200 7O1")
        self.assertEqual(made("type device; device /dev/x;", before).share["device"]["line"], "300 8N1")
        found = made(f"include c; {BASE}", before)
        self.assertIn("2: not carried over: include 'c' (", found.remarks[0])

    def test_what_a_default_loses_is_told_once(self) -> None:
        text = f"default * {{ motd x; {BASE} }}\nconsole a {{ }}\nconsole b {{ device /dev/y; }}\n"
        found = convert(text, "conserver")
        self.assertEqual(
            [line.partition(" (")[0] for line in found.remarks],
            ["1: not carried over: motd of default '*'", "2: note: the program console"],
        )
        self.assertEqual(list(found.values["shares"]), ["a", "b"])

    def test_another_master_is_noted(self) -> None:
        self.assertEqual(len(made(f"{BASE} master localhost;").remarks), 1)
        self.assertIn("note: master 'far' of console con", "\n".join(made(f"{BASE} master far;").remarks))

    def test_breaks(self) -> None:
        before = 'break 1 { string "\\z"; } break 2 { string "\\z\\d\\z"; delay 100; }'
        before += 'break 3 { string "boot\\r"; }'
        found = made(f"{BASE} breaklist 1,2;", before)
        self.assertEqual(
            found.share["device"]["sequences"],
            {
                "break-1": "break=on 250ms break=off",
                "break-2": "break=on 250ms break=off 100ms break=on 250ms break=off",
            },
        )
        self.assertIn("1: not carried over: break '3' of the consoles", made(BASE, before).remarks[0])
        self.assertNotIn("sequences", made(f'{BASE} breaklist "";', before).share["device"])

    def test_a_break_that_has_no_line(self) -> None:
        before = 'break 5 { string "\\z"; }'
        for keywords in ("type host; host ts1; port 7001; protocol raw;", "type uds; uds /run/vm.sock;"):
            found = made(keywords, before)
            self.assertEqual(
                found.remarks[0],
                "1: not carried over: break '5' of console con (its device has no line to break: bytes are"
                " all that it takes; use `rfc2217` if there is a serial port behind it)",
            )
            self.assertNotIn("sequences", found.share["device"])
            self.assertEqual(len(made(f'{keywords} breaklist "";', before).remarks), 1)

    def test_a_default_with_more_than_a_console_needs(self) -> None:
        before = "default usb { type device; baud 9600; portbase 0; portinc 1; devicesubst @=cs,%=Pd; }"
        found = made("include usb; device /dev/d@;", before)
        self.assertEqual(found.share["device"]["port"], "/dev/dcon")
        found = made("include usb; device /dev/d%;", before)
        self.assertIn("its devicesubst (expected a substitution such as &=cs, found '%=Pd'", found.remarks[0])

    def test_other_blocks(self) -> None:
        before = (
            "config * { primaryport 782; passwdfile /x; odd 1; } access * { trusted 127.0.0.1; "
            "rejected 10.0.0.1; allowed 10.0.0.2; admin mary; } "
            "group wheel { users mary; } task x { cmd reboot; }"
        )
        self.assertEqual(
            [
                line.partition(" (")[0].removeprefix("1: not carried over: ")
                for line in made(BASE, before).remarks
            ][:-1],
            [
                "config passwdfile",
                "config 'odd'",
                "access 'allowed'",
                "access 'admin'",
                "group 'wheel'",
                "task 'x'",
            ],
        )


class PartsTest(SynchronousTestCase):
    def test_substitutions(self) -> None:
        values = {"c": "con", "h": "host", "r": "", "b": 9600, "p": 7, "P": 255}
        for text, rules, expected in [
            ("/dev/&", "&=cs", "/dev/con"),
            ("&%", "&=c5s,%=hs", "  conhost"),
            ("x%y", "%=P02x", "xffy"),
            ("%", "%=PX", "FF"),
            ("%", "%=Pa", "73"),
            ("%", "%=p4d", "   7"),
            ("%", "%=p04d", "0007"),
            ("%", "", "%"),
        ]:
            self.assertEqual(substituted(text, rules, values), expected)
        for rules in ("&=cd", "&=ps", "&=qs", "&=rs,&", "&", "=cs"):
            with self.assertRaises(ValueError):
                substituted("x&", rules, values)

    def test_a_substitution_that_is_not_used(self) -> None:
        """It needs no value; it must be one all the same."""
        self.assertEqual(substituted("d@", "@=cs,%=Pd,&=bx", {"c": "con"}), "dcon")
        with self.assertRaises(ValueError):
            substituted("d@", "@=cs,%=q", {"c": "con"})

    def test_break_sequences(self) -> None:
        for items, sequence in [
            ({"string": r"\z"}, "break=on 250ms break=off"),
            ({"string": r"\d\z\d", "delay": "9"}, "break=on 250ms break=off"),
            ({"string": r"\z\z"}, "break=on 250ms break=off 250ms break=on 250ms break=off"),
            (
                {"string": r"\z\d\d\z", "delay": "10"},
                "break=on 250ms break=off 20ms break=on 250ms break=off",
            ),
            ({"string": "x"}, ""),
            ({"string": r"\zx"}, ""),
            ({}, ""),
            ({"string": r"\z", "delay": "0"}, ""),
            ({"string": r"\z" + r"\d" * 9 + r"\z", "delay": "9000"}, ""),
        ]:
            self.assertEqual(sequences_of(items)[0], sequence, items)
