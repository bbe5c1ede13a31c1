"""Whole files of ser2net: texts that are defined, defaults, other files, several connections."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.convert.remarks import TOO_DEEP, ConvertError, Place

from .convertstage import convert
from .test_convert_ser2net import HEAD, connection


class YamlTest(SynchronousTestCase):
    maxDiff = None

    def test_texts_are_put_in(self) -> None:
        text = HEAD + "define: &base /dev/serial/by-path/pci-0:2\ndefine: &usb '*(base)-port0'\n"
        text += connection(connector="serialdev,*(usb),local")
        self.assertEqual(convert(text).share["device"]["port"], "/dev/serial/by-path/pci-0:2-port0")
        text = HEAD + "define: &acc tcp,localhost,2001\nconnection: &a\n  accepter: *acc\n  connector: echo\n"
        self.assertEqual(convert(text).share["listen"], [{"port": 2001}])

    def test_a_text_of_a_file_of_its_own_is_not_looked_at(self) -> None:
        found = convert(HEAD + connection("banner: 'hi *{/etc/secret}'"))
        self.assertEqual(len(found.remarks), 1)
        self.assertIn(
            "not carried over: option 'banner' (it is put in from a file of its own", found.remarks[0]
        )

    def test_a_text_that_nothing_defines(self) -> None:
        found = convert(HEAD + connection(connector="serialdev,*(nothing),local"))
        self.assertIn(
            "5: not carried over: the connector of connection con (nothing defines", found.remarks[0]
        )

    def test_stars_that_stand_for_themselves(self) -> None:
        found = convert(HEAD + connection("trace-both: '/x*(*y)'"))
        self.assertEqual(found.share["capture"], {"file": "/x*(y)"})

    def test_defaults_hold_from_where_they_stand(self) -> None:
        text = HEAD + connection(connector="serialdev,/dev/ttyS0", name="before")
        text += "default:\n  name: speed\n  value: 115200e71\n  class: serialdev\n"
        text += "default:\n  name: local\n  value: true\n"
        text += "default:\n  name: max-connections\n  value: 3\n  class: ser2net\n"
        text += connection(connector="serialdev,/dev/ttyS1", accepter="tcp,localhost,2002", name="between")
        text += "delete_default:\n  name: speed\n  class: serialdev\n"
        text += connection("max-connections: 1", "tcp,localhost,2003", "serialdev,/dev/ttyS2", name="after")
        shares = convert(text).values["shares"]
        self.assertEqual(
            [(share["device"]["line"], share["sharing"]["max_clients"]) for share in shares.values()],
            [("9600 8N1", 1), ("115200 7E1", 3), ("9600 8N1", 1)],
        )

    def test_a_default_that_is_lost_is_told_once(self) -> None:
        text = HEAD + "default:\n  name: authdir\n  value: /x\n  class: ser2net\n"
        text += connection() + connection("", "tcp,localhost,2002", "echo", name="other")
        self.assertEqual(
            [line.partition(" (")[0] for line in convert(text).remarks],
            ["5: not carried over: authdir of defaults"],
        )

    def test_what_is_switched_off_is_left_out(self) -> None:
        text = HEAD + connection(more="  enable: off\n") + connection("", "tcp,::1,2", "echo", name="other")
        found = convert(text)
        self.assertEqual(list(found.values["shares"]), ["other"])
        self.assertIn("6: not carried over: connection con (it is switched off", found.remarks[0])

    def test_a_name_that_cannot_be_here_is_told(self) -> None:
        found = convert(HEAD + connection(name="\xfcn\xefcode") + connection("", "tcp,::1,2", "echo"))
        self.assertEqual(list(found.values["shares"]), ["n-code", "con"])
        self.assertEqual(len(found.remarks), 1, found.remarks)
        self.assertIn("3: note: the name '\xfcn\xefcode' (names here have", found.remarks[0])
        self.assertIn("it is share n-code; ", found.remarks[0])

    def test_two_connections_on_one_device_are_one_share(self) -> None:
        text = HEAD + connection() + connection("max-connections: 2", "tcp,localhost,2002", name="other")
        found = convert(text)
        self.assertEqual(list(found.values["shares"]), ["con"])
        self.assertEqual(found.share["listen"], [{"port": 2001}, {"port": 2002}])
        self.assertEqual(found.share["sharing"], {"max_clients": 2})
        self.assertIn("note: connection other is on the device of connection con", "\n".join(found.remarks))

    def test_two_connections_on_one_port(self) -> None:
        text = HEAD + connection() + connection(connector="echo", name="other")
        found = convert(text)
        self.assertEqual(list(found.values["shares"]), ["con"])
        self.assertIn("7: not carried over: connection other (port 2001 is also that of", found.remarks[0])

    def test_names(self) -> None:
        text = (
            HEAD + connection(connector="echo", name="a/b") + connection("", "tcp,::1,2", "echo", name="a-b")
        )
        text += connection("", "tcp,::1,3", "echo", name="7")
        self.assertEqual(list(convert(text).values["shares"]), ["a-b", "a-b-2", "7"])

    def test_the_admin_port_is_the_console(self) -> None:
        found = convert(
            HEAD + "admin:\n  accepter: tcp,2000\n  options:\n    authdir-admin: /x\n" + connection()
        )
        self.assertEqual(found.values["console"], {"telnet": 2000})
        self.assertEqual(
            [line.partition(" (")[0] for line in found.remarks],
            ["4: note: admin", "6: not carried over: 'authdir-admin' of admin"],
        )
        found = convert(HEAD + "admin:\n  accepter: mux,certauth,ssl,sctp,2000\n" + connection())
        self.assertNotIn("console", found.values)

    def test_what_has_nothing_like_it(self) -> None:
        text = HEAD + "led: &one\n  driver: sysfs\n" + connection()
        self.assertEqual(
            [line.partition(" (")[0] for line in convert(text).remarks],
            ["3: not carried over: led one"],
        )

    def test_other_files(self) -> None:
        def others(pattern: str, place: Place) -> list[tuple[str, str]]:
            self.assertEqual((pattern, str(place)), ("more/*.yaml", "f:5"))
            return [("more/a.yaml", HEAD + connection("banner: *hello", connector="echo"))]

        found = convert(HEAD + "define: &hello hi\n\ninclude: more/*.yaml\n", others=others)
        self.assertEqual(list(found.values["shares"]), ["con"])
        self.assertIn("more/a.yaml:7: not carried over: banner", found.remarks[0])

    def test_files_that_include_themselves(self) -> None:
        def others(pattern: str, place: Place) -> list[tuple[str, str]]:
            return [("f", HEAD + "include: f\n")]

        with self.assertRaises(ConvertError) as caught:
            convert(HEAD + "include: f\n", others=others)
        self.assertEqual(str(caught.exception), f"f:3: {TOO_DEEP}")

    def test_texts_that_grow(self) -> None:
        text = HEAD + "define: &a0 xxxxxxxxxx\n"
        text += "".join(f"define: &a{n + 1} {f'*(a{n})' * 10!r}\n" for n in range(30))
        found = convert(text + connection("banner: '*(a30)'"))
        self.assertIn("6: not carried over: define 'a3' (it is longer than 4096 characters", found.remarks[0])

    def test_what_cannot_be_read_has_a_place(self) -> None:
        for text, message in [
            ("", "f:1: expected YAML, found an empty file"),
            ("- a\n", "f:1: expected a mapping"),
            ("a: [\n", "f:2: expected YAML: "),
            ("connections:\n  a: b\n", "f:1: expected one of define, default"),
            ("connection: &a\n  accepter: [a]\n", "f:2: expected a text as the accepter of connection a"),
            ("connection: text\n", "f:1: expected a mapping"),
            ("x: y\n---\nx: y\n", "f:2: expected one document, found a second one"),
            ("? [a]\n: b\n", "f:1: expected a text as a key"),
            ("a: " + "[" * 30 + "]" * 30, "f:1: nested too deeply"),
        ]:
            with self.assertRaises(ConvertError) as caught:
                convert(text)
            self.assertTrue(str(caught.exception).startswith(message), str(caught.exception))


class ConfTest(SynchronousTestCase):
    """One line an entry."""

    def lines(self, *lines: str) -> tuple[dict[str, object], list[str]]:
        found = convert("\n".join(lines), "ser2net-conf")
        return found.values.get("shares", {}), [line.partition(" (")[0] for line in found.remarks]

    def test_an_entry(self) -> None:
        shares, remarks = self.lines(
            "# a comment",
            "BANNER:hello:hi \\",
            "there\\r\\n",
            "TRACEFILE:log:/var/log/\\p-\\Y",
            "RS485CONF:bus:0:1:rts_on_send",
            "localhost,2001:telnet:60:/dev/ttyS1:115200 EVEN 7DATABITS 2STOPBITS remctl -XONXOFF RTSCTS "
            "LOCAL HANGUP_WHEN_DONE hello tb=log kickolduser max-connections=2 rs485=bus NOBREAK",
        )
        self.assertEqual(
            shares,
            {
                "ttyS1": {
                    "device": {
                        "port": "/dev/ttyS1",
                        "line": "115200 7E2",
                        "hupcl": True,
                        "rs485": {
                            "rts_on_send": True,
                            "rts_after_send": False,
                            "delay_before": "0ms",
                            "delay_after": "1ms",
                            "rx_during_tx": False,
                        },
                        "open": "on-demand",
                        "on_unplug": "close",
                    },
                    "listen": [{"mode": "rfc2217", "port": 2001, "idle_timeout": "60s"}],
                    "sharing": {"max_clients": 2, "control": "anyone", "when_full": "kick-oldest"},
                    "capture": {"file": "/var/log/2001"},
                }
            },
        )
        self.assertIn("6: not carried over: banner of entry 2001", remarks)

    def test_names_for_devices_and_defaults(self) -> None:
        shares, remarks = self.lines(
            "DEVICE:modem:/dev/serial/by-path/pci-0:0",
            "DEFAULT:speed:19200",
            "DEFAULT:parity:even",
            "DEFAULT:databits:7",
            "DEFAULT:hangup_when_done:true",
            "DEFAULT:remctl:true",
            "CONTROLPORT:localhost,2100",
            "localhost,2001:telnet:0:modem:LOCAL",
        )
        self.assertEqual(
            shares["modem"]["device"],  # type: ignore[index]
            {
                "port": "/dev/serial/by-path/pci-0:0",
                "line": "19200 7E1",
                "hupcl": True,
                "open": "on-demand",
                "on_unplug": "close",
            },
        )
        self.assertEqual(shares["modem"]["sharing"], {"max_clients": 1})  # type: ignore[index]
        self.assertEqual(remarks, ["7: note: admin"])

    def test_what_is_not_carried_over(self) -> None:
        shares, remarks = self.lines(
            "2001:off:0:/dev/ttyS0:",
            "2002:sometimes:0:/dev/ttyS0:",
            "2003:raw",
            "localhost,2004:rawlp:0:/dev/lp0:",
            "localhost,2005:raw:soon:/dev/ttyS5:LOCAL FOO tr=nolog",
            "localhost,2006:raw:0:sol.far.example:9600",
            "ROTATOR:2020:2002 2003",  # of which none is there
            "LED:one:sysfs:",
            "localhost,2007:raw:0:/dev/ttyS7:LOCAL 'x",
        )
        self.assertEqual(list(shares), ["ttyS5", "ttyS7"])
        self.assertEqual(
            remarks,
            [
                "1: not carried over: entry 2001",
                "2: not carried over: entry 2002",
                "3: not carried over: a line",
                "4: not carried over: entry 2004 for its device",
                "5: not carried over: the word 'FOO' of entry 2005",
                "5: not carried over: the word 'tr=nolog' of entry 2005",
                "5: not carried over: the timeout of entry 2005",
                "6: not carried over: entry 2006 for its device",
                "7: not carried over: '2002' of ROTATOR '2020'",
                "7: not carried over: '2003' of ROTATOR '2020'",
                "7: not carried over: ROTATOR '2020'",
                "8: not carried over: LED 'one'",
                "9: not carried over: the options of entry 2007",
                "9: note: modem lines of entry 2007",
            ],
        )


class CheckedTest(SynchronousTestCase):
    """What the checker does not accept is left out, and nothing else."""

    def test_a_listener_and_no_more(self) -> None:
        text = HEAD + connection()
        for n, port in enumerate((2001, 2001, 2002)):
            text += connection(accepter=f"tcp,localhost,{port}", name=f"more{n}")
        found = convert(text)
        self.assertEqual(found.share["listen"], [{"port": 2001}, {"port": 2002}])
        self.assertEqual(sum("a listener of connection con" in line for line in found.remarks), 1)

    def test_shares_of_a_set_that_cannot_be(self) -> None:
        text = HEAD + connection(accepter="tcp,localhost,1", connector="echo")
        for n in (2, 3):
            text += f"connection: &bad{n}\n  accepter: \"ssl(cert='a\\0b'),tcp,::1,{n}\"\n  connector: echo\n"
        text += connection(accepter="ssl,tcp,::1,4", connector="echo", name="good")
        found = convert(text)
        self.assertEqual(list(found.values["shares"]), ["con", "good"])
        self.assertEqual(list(found.values["tls"]), ["set-2"])
        self.assertEqual(len(found.remarks), 2, found.remarks)
