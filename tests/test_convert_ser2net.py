"""Each option of ser2net: what becomes of it, and what is said of what does not."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from .convertstage import Converted, convert

HEAD = "%YAML 1.1\n---\n"


def connection(
    options: str = "",
    accepter: str = "tcp,localhost,2001",
    connector: str = "serialdev,/dev/ttyS0,9600n81,local",
    more: str = "",
    name: str = "con",
) -> str:
    """Return a connection; it begins with four lines."""
    lines = "".join(f"\n    {line}" for line in options.splitlines())
    return (
        f"connection: &{name}\n  accepter: '{accepter}'\n  connector: '{connector}'\n"
        f"{more}  options:{lines if lines else ' {}'}\n"
    )


def made(*arguments: str, **named: str) -> Converted:
    return convert(HEAD + connection(*arguments, **named))


class BaseTest(SynchronousTestCase):
    maxDiff = None

    def test_a_plain_connection(self) -> None:
        self.assertEqual(
            made().values,
            {
                "shares": {
                    "con": {
                        "device": {
                            "port": "/dev/ttyS0",
                            "line": "9600 8N1",
                            "hupcl": False,
                            "open": "on-demand",
                            "on_unplug": "close",
                        },
                        "listen": [{"port": 2001}],
                        "sharing": {"max_clients": 1},
                    }
                }
            },
        )
        self.assertEqual(made().remarks, [])

    def test_what_is_said_to_the_reader_stands_above_the_share(self) -> None:
        text = made("banner: hi").text
        self.assertIn("  # connection con, f:3\n  # - not carried over: banner of connection con (", text)

    def test_the_same_file_gives_the_same_text(self) -> None:
        self.assertEqual(made("banner: x\nmdns: true").text, made("banner: x\nmdns: true").text)


ACCEPTERS: list[tuple[str, dict[str, object]]] = [
    ("tcp,2001", {"port": 2001, "host": "::", "insecure": True}),
    ("tcp,ipv4,2001", {"port": 2001, "host": "0.0.0.0", "insecure": True}),
    ("tcp,ipv6,2001", {"port": 2001, "host": "::", "insecure": True, "allow": ["::/0"]}),
    ("tcp,127.0.0.1,2001", {"port": 2001}),
    ("tcp,::1,2001", {"port": 2001, "host": "::1"}),
    ("tcp,10.0.0.7,2001", {"port": 2001, "host": "10.0.0.7", "insecure": True}),
    ("tcp,localhost,0", {"port": 0}),
    ("tcp(nodelay=false),localhost,2001", {"port": 2001, "nodelay": False}),
    ("tcp(nodelay,readbuf=100),localhost,2001", {"port": 2001}),
    ("tcp,nowhere.example,2001", {"port": 2001}),
    ("telnet(rfc2217),tcp,localhost,2001", {"mode": "rfc2217", "port": 2001}),
    ("telnet,tcp,localhost,2001", {"mode": "rfc2217", "port": 2001}),
    ("trace(file=/x),tcp,localhost,2001", {"port": 2001}),
    ("ssl,tcp,10.0.0.7,2001", {"port": 2001, "host": "10.0.0.7", "tls": "set-1"}),
    ("unix(perm=660),/run/x.sock", {"endpoint": "unix:/run/x.sock:mode=660"}),
    ("unix,/run/x:y", {"endpoint": r"unix:/run/x\:y:mode=600"}),
    ("unix(gmode=7,omode=0),/run/x", {"endpoint": "unix:/run/x:mode=670"}),
    ("udp,localhost,2001", {"transport": "udp", "port": 2001, "idle_timeout": "365d"}),
]
LOST_ACCEPTERS: list[tuple[str, str]] = [
    ("sctp,2001", "SCTP is not spoken"),
    ("telnet,mux,certauth,ssl,tcp,2001", "channels of gensio in one connection are not spoken"),
    ("stdio", "a service has no standard input"),
    ("dummy", "it is there for a rotator alone, and takes no clients"),
    ("telnet,udp,2001", "telnet over UDP is not spoken"),
    ("tcp,2001x", "expected a port from 0 to 65535, found '2001x'"),
    ("tcp,70000", "expected a port from 0 to 65535, found '70000'"),
    ("tcp,a,b,c,2001", "expected an address and a port behind tcp"),
    ("tcp(,2001", "expected ')' behind the options of tcp"),
    ("ssl(clientauth,CA=/etc/ca.pem),tcp,2001", "clients show certificates that are judged one by one"),
    ("ssl(clientauth),tcp,2001", "clients show certificates that are judged one by one"),
    ("ssl,unix,/run/x", "only TCP is encrypted"),
    ("unheard,2001", "unheard takes no clients here"),
    ("2001", "2001 takes no clients here"),
]


class AccepterTest(SynchronousTestCase):
    def test_listeners(self) -> None:
        for accepter, listener in ACCEPTERS:
            self.assertEqual(made(accepter=accepter).share["listen"], [listener], accepter)

    def test_those_that_cannot_be(self) -> None:
        for accepter, why in LOST_ACCEPTERS:
            found = made(accepter=accepter)
            self.assertEqual(found.text, "", accepter)
            self.assertEqual(len(found.remarks), 1, found.remarks)
            self.assertIn(why, found.remarks[0])
            self.assertTrue(found.remarks[0].startswith("4: not carried over: "), found.remarks)

    def test_an_open_address_is_said_plainly(self) -> None:
        found = made(accepter="tcp,2001")
        self.assertEqual(
            found.remarks,
            [
                "4: note: `insecure: true` on port 2001 of connection con (other machines come in by :: as"
                " before, without password or encryption; take `host` and `insecure` away if that was"
                " not meant)"
            ],
        )
        self.assertIn("`insecure: true` on port 2001", found.text)
        self.assertFalse(found.draft.remarks.lost)

    def test_a_name_for_an_address_is_narrowed(self) -> None:
        found = made(accepter="tcp,nowhere.example,2001")
        self.assertIn(
            "4: not carried over: the address 'nowhere.example' of connection con", found.remarks[0]
        )

    def test_telnet_without_rfc2217_changes_no_settings(self) -> None:
        share = made(accepter="telnet,tcp,localhost,2001").share
        self.assertEqual(share["sharing"]["settings"], {"remote": False})
        self.assertEqual(share["device"]["lines"], {"remote": ["break"]})
        share = made(accepter="telnet(rfc2217),tcp,localhost,2001", options="max-connections: 2").share
        self.assertEqual(share["sharing"], {"max_clients": 2, "control": "anyone"})

    def test_encryption(self) -> None:
        """By default ser2net has its certificate in one place."""
        accepter = "ssl(clientauth=false,cert=/etc/a.pem),tcp,2001"
        text = HEAD + connection(accepter=accepter) + connection(accepter="ssl,tcp,2002", name="other")
        text += connection(accepter="ssl,tcp,2003", connector="echo", name="third")
        found = convert(text.replace("ttyS0", "ttyS1", 1))
        own = {"certificate": "/etc/ser2net/ser2net.crt", "key": "/etc/ser2net/ser2net.key"}
        both = {"certificate": "/etc/a.pem", "key": "/etc/a.pem"}
        self.assertEqual(found.values["tls"], {"set-1": both, "set-2": own})
        sets = [share["listen"][0]["tls"] for share in found.values["shares"].values()]
        self.assertEqual(sets, ["set-1", "set-2", "set-2"])


CONNECTORS: list[tuple[str, dict[str, object]]] = [
    ("serialdev,/dev/ttyS0", {"line": "9600 8N1"}),
    ("serialdev,/dev/ttyS0,115200E72,local", {"line": "115200 7E2"}),
    ("serialdev,/dev/ttyS0,speed=1200o,local", {"line": "1200 8O1"}),
    ("serialdev, /dev/ttyS0, 9600n81 xonxoff  local", {"flow": "xonxoff"}),
    ("serialdev,/dev/ttyS0,rtscts,xonxoff,local", {"flow": "rtscts"}),
    ("serialdev,/dev/ttyS0,rtscts=false,local", {"flow": None}),
    ("serialdev,/dev/ttyS0,hangup-when-done,local", {"hupcl": True}),
    ("serialdev,/dev/ttyS0,dtr=off,rts,local", {"lines": {"connected": {"dtr": False, "rts": True}}}),
    (
        "serialdev,/dev/ttyS0,rs485=3:4:rts_on_send,local",
        {
            "rs485": {
                "rts_on_send": True,
                "rts_after_send": False,
                "delay_before": "3ms",
                "delay_after": "4ms",
                "rx_during_tx": False,
            }
        },
    ),
    ("tcp,far.example,4001", {"tcp": "far.example:4001", "open": "on-demand"}),
    ("tcp,ipv6,2001:db8::7,4001", {"tcp": "[2001:db8::7]:4001"}),
    ("telnet(rfc2217),tcp,far.example,4001", {"rfc2217": "far.example:4001"}),
    ("udp,far.example,4001", {"udp": "far.example:4001"}),
    ("unix,/run/x.sock", {"endpoint": "unix:/run/x.sock"}),
    ("echo", {"loop": True}),
    ("pty(link=/run/desk,raw)", {"virtual": "/run/desk", "open": None, "mode": None}),
    ("pty(link=/run/desk,raw,perm=660)", {"virtual": "/run/desk", "mode": "0660"}),
    ("pty(link=/run/desk,gmode=7,omode=0)", {"mode": "0660"}),
    ("keepopen(retry-time=1000),serialdev,/dev/ttyS0", {"port": "/dev/ttyS0", "on_unplug": None}),
    ("keepopen,tcp,far.example,4001", {"tcp": "far.example:4001", "open": "on-demand", "on_unplug": None}),
]
LOST_WORDS: list[tuple[str, str]] = [
    ("9600x,local", "the word '9600x' of connection con"),
    ("99999999n81,local", "speed '99999999n81' of connection con"),
    ("rtscts,xonxoff,local", "xonxoff of connection con"),
    ("xonxoff=perhaps,local", "xonxoff of connection con"),
    ("dtr=up,local", "dtr of connection con"),
    ("rs485=soon,local", "rs485 'soon' of connection con"),
    ("rs485=0:0:terminate_bus,local", "'terminate_bus' of rs485 of connection con"),
]
LOST_CONNECTORS: list[tuple[str, str]] = [
    ("ipmisol,lan -U admin -P hunter2 far.example,9600", "serial over LAN of IPMI is not spoken"),
    ("stdio,ssh box", "it runs a program"),
    ("pty(link=/run/desk),/bin/sh", "it runs a program"),
    ("pty(raw)", "expected the path of a link for programs to open"),
    ("telnet,pty(link=/run/desk)", "telnet,pty is no device here"),
    ("keepopen,ssl,tcp,far.example,1", "connections to a device have no encryption"),
    ("ssl,tcp,far.example,1", "connections to a device have no encryption"),
    ("serialdev", "expected the path of a device behind serialdev"),
    ("serialdev,/dev/lp0,wronly", "the device is written without settings"),
    ("tcp,far.example,0", "expected a port from 1 to 65535"),
    ("tcp,4001", "expected a host and a port behind tcp"),
    ("telnet,udp,far.example,1", "telnet,udp is no device here"),
]


class ConnectorTest(SynchronousTestCase):
    def test_devices(self) -> None:
        for connector, expected in CONNECTORS:
            device = made(connector=connector).share["device"]
            self.assertEqual({key: device.get(key) for key in expected}, expected, connector)

    def test_words_that_are_not_carried(self) -> None:
        for words, what in LOST_WORDS:
            found = made(connector=f"serialdev,/dev/ttyS0,{words}")
            self.assertEqual(len(found.remarks), 1, found.remarks)
            self.assertTrue(found.remarks[0].startswith(f"5: not carried over: {what} ("), found.remarks)

    def test_those_that_cannot_be(self) -> None:
        for connector, why in LOST_CONNECTORS:
            found = made(connector=connector)
            self.assertEqual((found.text, len(found.remarks)), ("", 1), connector)
            self.assertTrue(found.remarks[0].startswith("5: not carried over: connection con for its device"))
            self.assertIn(why, found.remarks[0])
            self.assertNotIn("hunter2", found.remarks[0])

    def test_a_carrier_that_matters(self) -> None:
        found = made(connector="serialdev,/dev/ttyS0,9600n81")
        self.assertEqual(len(found.remarks), 1)
        self.assertIn("5: note: modem lines of connection con (`local` is not said", found.remarks[0])

    def test_ports_for_programs(self) -> None:
        found = made(connector="pty(link=/run/desk,raw)")
        self.assertEqual(len(found.remarks), 1, found.remarks)
        self.assertIn("5: note: pty of connection con (the link is there all the time", found.remarks[0])
        found = made(connector="pty(link=/run/desk,forcelink,start-dir=/)")
        lost = [line.partition(" (")[0] for line in found.remarks if "not carried over" in line]
        self.assertEqual(
            lost,
            [
                "5: not carried over: forcelink of pty of connection con",
                "5: not carried over: option 'start-dir' of pty of connection con",
            ],
        )

    def test_what_is_kept_open(self) -> None:
        found = made(connector="keepopen(discard-badwrites),serialdev,/dev/ttyS0,9600n81,local")
        self.assertEqual(len(found.remarks), 1, found.remarks)
        self.assertIn("5: note: keepopen of connection con (here a device is always", found.remarks[0])


OPTIONS: list[tuple[str, dict[str, object]]] = [
    ("kickolduser: true", {"sharing": {"max_clients": 1, "when_full": "kick-oldest"}}),
    ("kickolduser: false", {"sharing": {"max_clients": 1}}),
    ("max-connections: 7", {"sharing": {"max_clients": 7}}),
    ("no-con-to-acc: true", {"listen": [{"port": 2001, "access": "write"}]}),
    ("no-acc-to-con: yes", {"listen": [{"port": 2001, "access": "read"}]}),
    (
        "no-acc-to-con: true\nno-con-to-acc: true",
        {"listen": [{"port": 2001, "access": "read"}], "sharing": {"max_clients": 1, "send_to": "none"}},
    ),
    ("remaddr: 127.0.0.7,0", {"listen": [{"port": 2001, "allow": ["127.0.0.7"]}]}),
    (
        "remaddr: '127.0.0.7,0;ipv6,::1,0'\nremaddr: 127.0.0.8",
        {"listen": [{"port": 2001, "allow": ["127.0.0.7", "::1", "127.0.0.8"]}]},
    ),
    (
        "remaddr: '127.0.0.7,0;127.0.0.7;127.0.0.8'",
        {"listen": [{"port": 2001, "allow": ["127.0.0.7", "127.0.0.8"]}]},
    ),
    ("remaddr: nobody.example,0", {"listen": [{"port": 2001, "allow": ["127.0.0.0/8"]}]}),
    ("trace-both: '/var/log/\\o-\\p-\\Y\\M'", {"capture": {"file": "/var/log/con-2001"}}),
    ("trace-read: '/var/log/\\d.log'", {"capture": {"file": "/var/log/ttyS0.log"}}),
    ("sendon: '\\r\\n'", {"packets": {"char": "\n", "hold": "20000us"}}),
    ("chardelay-scale: 35", {"packets": {"gap": "3645us", "hold": "20000us", "size": 64}}),
    (
        "chardelay-min: 5000\nchardelay-max: 40000\ndev-to-net-bufsize: 512",
        {"packets": {"gap": "5000us", "hold": "40000us", "size": 512}},
    ),
    ("chardelay: false\nchardelay-min: 5000", {"packets": None}),
    ("chardelay: true", {"packets": None}),
]
LOST_OPTIONS = {
    "banner": "x",
    "signature": "x",
    "openstr": "x",
    "closestr": "x",
    "closeon": "x",
    "telnet-brk-on-sync": "true",
    "led-tx": "x",
    "led-rx": "x",
    "authdir": "/x",
    "pamauth": "x",
    "allowed-users": "mary",
    "mdns": "true",
    "connback": "telnet,tcp,far.example,1",
    "max-connections": "many",
    "kickolduser": "perhaps",
    "chardelay-min": "soon",
    "sendon": r"\Y",
    "trace-both": "''",
    "bogus": "1",
}


class OptionTest(SynchronousTestCase):
    def test_options(self) -> None:
        for options, expected in OPTIONS:
            share = made(options).share
            self.assertEqual({key: share.get(key) for key in expected}, expected, options)

    def test_what_is_lost_is_told_with_its_line(self) -> None:
        for name, value in LOST_OPTIONS.items():
            found = made(f"kickolduser: true\n{name}: {value}")
            lost = [line for line in found.remarks if "not carried over" in line]
            self.assertEqual(len(lost), 1, (name, found.remarks))
            self.assertTrue(lost[0].startswith("8: not carried over: "), lost)
            self.assertIn(name, lost[0])
            self.assertTrue(found.text)

    def test_what_is_switched_off_is_not_missed(self) -> None:
        found = made("mdns: false\nbanner: ''\ntelnet-brk-on-sync: false\nopenstr:")
        self.assertEqual(found.remarks, [])

    def test_time_out(self) -> None:
        self.assertEqual(made(more="  timeout: 90\n").share["listen"][0]["idle_timeout"], "90s")
        self.assertNotIn("idle_timeout", made(more="  timeout: 0\n").share["listen"][0])
        found = made(more="  timeout: soon\n")
        self.assertIn("6: not carried over: timeout of connection con", found.remarks[0])

    def test_udp_is_sent_to_whom_is_called_back(self) -> None:
        found = made("connback: 'udp,10.0.0.9,5000'", accepter="udp,ipv4,2001")
        self.assertEqual(found.share["listen"][0]["targets"], ["10.0.0.9:5000"])
        self.assertEqual(found.share["device"]["open"], "always")

    def test_tcp_is_called_when_the_device_speaks(self) -> None:
        found = made(
            "connback: 'tcp,far.example,5000;tcp,ipv6,::1,5001'\nmax-connections: 3", more="  timeout: 9\n"
        )
        calls = {
            "to": ["far.example:5000", "[::1]:5001"],
            "when": "on-demand",
            "idle_timeout": "9s",
            "all": True,
        }
        self.assertEqual(found.share["connect"], calls)
        self.assertEqual(found.share["device"]["open"], "always")

    def test_without_a_time_a_call_lasts(self) -> None:
        found = made("connback: 'tcp,far.example,5000'")
        self.assertEqual(found.share["connect"]["idle_timeout"], "365d")
        self.assertIn("3: note: timeout of connection con (it is not said", found.remarks[0])

    def test_two_traces_become_one_file(self) -> None:
        found = made("trace-read: /a\ntrace-write: /b")
        self.assertEqual(found.share["capture"], {"file": "/a"})
        self.assertIn("8: not carried over: trace-write of connection con", found.remarks[1])
