"""Rules about the settings of connections: each broken and kept, in both syntaxes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.rules.settings import SETTINGS
from smartserial.findings import ERROR, WARNING
from tests.rulebook import PORT, Case, RuleCases, codes, constant, definition, findings, fixed, param, serial

RIGHT = {
    "Type": ("ip", "UDP", "rs232"),
    "IPport": ("0", "65535"),
    "LocalIPport": ("0", "65535"),
    "BusAddress": ("1.*", "false"),
    "Baudrate": ("1", "921600"),
    "Databits": ("5", "8"),
    "Parity": ("no", "even", "odd", "mark", "space"),
    "Stopbits": ("1", "1.5", "2"),
    "Flowcontrol": ("no", "cts_rts", "cts_dtr", "dsr_rts", "dsr_dtr", "xon_xoff"),
    "TimeoutTime": ("11", "119999"),
    "Retries": ("0", "10"),
    "TimeoutTimeElement": ("1000", "120000", "86400000"),
    "SlowPoll": ("1", "500", "1000", "300000"),
    "SlowPollBase": ("number", "time"),
    "PingInterval": ("1000", "300000"),
    "SkipCertificateVerification": ("true", "false"),
}
WRONG = {
    "Type": ("tcp", "serial"),
    "IPport": ("-1", "65536", "http", "1.0"),
    "LocalIPport": ("-1", "65536"),
    "Baudrate": ("0", "fast", "\u0661"),
    "Databits": ("4", "9"),
    "Parity": ("none",),
    "Stopbits": ("0", "3", "one"),
    "Flowcontrol": ("yes", "rts_cts"),
    "TimeoutTime": ("10", "120000", "1500ms"),
    "Retries": ("-1", "11"),
    "TimeoutTimeElement": ("0", "1500", "86401000"),
    "SlowPoll": ("0", "501", "300001"),
    "SlowPollBase": ("seconds",),
    "PingInterval": ("500", "1500", "301000"),
    "SkipCertificateVerification": ("yes",),
}


def port(*settings: str, kind: str = "ip", more: str = "") -> str:
    """Settings, each on a line, the first on line 4; each is ``name=default``, or an element."""
    made = (
        text
        if text.startswith("<")
        else "<{0}><DefaultValue>{1}</DefaultValue></{0}>".format(*text.split("="))
        for text in settings
    )
    inner = "\n".join(made)
    head = PORT.replace(">ip<", f">{kind}<").removesuffix("</PortSettings>")
    return f"{head}\n{inner}{more}</PortSettings>"


def smart(*settings: str, kind: str = "ip", body: str = "", options: str = "") -> str:
    said = f' communicationOptions="{options}"' if options else ""
    type_ = f'<Type relativeTimers="true"{said}>smart-serial</Type>'
    return definition(body, type=type_, port=port(*settings, kind=kind))


def plain(*settings: str, body: str = "") -> str:
    """The same on a serial connection."""
    return serial(body).replace(PORT, port(*settings))


def overlaid(settings: str) -> str:
    """A smart-serial connection with settings in the newer syntax."""
    inner = f"<SmartSerial><UserSettings>{settings}</UserSettings></SmartSerial>"
    return definition(f'<Connections><Connection id="0">{inner}</Connection></Connections>')


def ssh(username: str = 'pid="1"', password: str = 'pid="2"', identity: str = "") -> str:
    inner = f"<Credentials><Username {username}/><Password {password}/></Credentials>{identity}"
    return f"<SSH>{inner}</SSH>"


def params(*texts: str) -> str:
    return f"<Params>{''.join(texts)}</Params>"


def response(*content: int, id: int = 1, connection: str = "") -> str:
    said = f' options="Connection:{connection}"' if connection else ""
    items = "".join(f"<Param>{number}</Param>" for number in content)
    return f'<Response id="{id}"{said}><Name>r{id}</Name><Content>{items}</Content></Response>'


FLUSH = "<FlushPerDatagram>true</FlushPerDatagram>"
STRINGS = params(param(1), param(2))
TWO_STEPS = params(param(1), fixed(2, 1), fixed(3, 1))
RESPONSES = "<Responses>{}</Responses>"
HEADED = params(
    param(1), param(2), constant(3, "#", "header"), constant(4, "0x0D", "trailer")
) + RESPONSES.format(response(3, 1, 4))
UNHEADED = params(param(1), param(2), constant(4, "0x0D", "trailer")) + RESPONSES.format(response(1, 4))
OLDER = params(param(1, attributes=' options="ssh username"'))


class SettingCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "PS01",
            smart("IPport=70000"),
            smart("IPport=7000"),
            line=4,
            says="from 0 to 65535 in IPport, found '70000'",
        ),
        Case(
            "PS01",
            smart("<Baudrate><Value>x</Value></Baudrate>"),
            smart("<Baudrate><Value>4800</Value></Baudrate>"),
        ),
        Case(
            "PS01",
            smart("<Retries><Disabled>1</Disabled></Retries>"),
            smart("<Retries><Disabled>true</Disabled></Retries>"),
            says="Disabled of Retries",
        ),
        Case(
            "PS01",
            smart("<FlushPerDatagram>1</FlushPerDatagram>"),
            smart("<FlushPerDatagram>false</FlushPerDatagram>"),
        ),
        Case(
            "PS01",
            smart("<IPport><Range><From>x</From><To>5</To></Range></IPport>"),
            smart("<IPport><Range><From>1</From><To>5</To></Range></IPport>"),
            says="From of IPport",
        ),
        Case(
            "PS01",
            smart("<IPport><Range><From>1</From><To>65536</To></Range></IPport>"),
            smart("<IPport><Range><From>1</From></Range></IPport>"),
            says="To of IPport",
        ),
        Case(
            "PS01",
            smart("<IPport><Range><From>6</From><To>5</To></Range></IPport>"),
            smart("<IPport><Range><From>5</From><To>5</To></Range></IPport>"),
            says="From up to To",
        ),
        Case(
            "PS01",
            smart("<IPport><DefaultValue>9</DefaultValue><Range><From>1</From><To>5</To></Range></IPport>"),
            smart("<IPport><DefaultValue>5</DefaultValue><Range><From>1</From><To>5</To></Range></IPport>"),
            severity=ERROR,
            says="within its Range, found 9",
        ),
        Case(
            "PS01", smart("SlowPoll=600", "SlowPollBase=number"), smart("SlowPoll=60", "SlowPollBase=number")
        ),
        Case("PS01", smart("SlowPoll=60", "SlowPollBase=time"), smart("SlowPoll=6000", "SlowPollBase=time")),
        Case(
            "PS01",
            overlaid("<Retries><Values><Value>11</Value></Values></Retries>"),
            overlaid("<Retries><Values><Value>10</Value></Values></Retries>"),
            also=("CN05",),
            line=4,
        ),
        Case(
            "PS01",
            overlaid("<SslTlsEnabled><DefaultValue>on</DefaultValue></SslTlsEnabled>"),
            overlaid("<SslTlsEnabled><DefaultValue>true</DefaultValue></SslTlsEnabled>"),
            also=("CN05",),
        ),
        Case("PS02", smart(FLUSH), smart(FLUSH, kind="udp"), line=4, says="that is not udp"),
        Case("PS02", smart(FLUSH), smart(FLUSH, "<PortTypeUDP/>")),
        Case(
            "PS02",
            plain(FLUSH, "Type=udp"),
            smart(FLUSH, kind="udp"),
            also=("XM04",),
            says="a serial connection",
        ),
        Case(
            "PS02",
            smart(FLUSH, kind="udp", options="packetInfo:4,2"),
            smart(FLUSH, kind="udp"),
            says="found packetInfo",
        ),
        Case(
            "PS02",
            smart(FLUSH, kind="udp", body=HEADED.replace('"header">', "")),
            smart(FLUSH, kind="udp"),
            also=("PA04", "PA04"),
        ),
        Case(
            "PS03",
            smart(FLUSH, kind="udp", body=TWO_STEPS + RESPONSES.format(response(2, 3))),
            smart(FLUSH, kind="udp", body=TWO_STEPS + RESPONSES.format(response(1))),
            line=5,
            says="in response 1, for the FlushPerDatagram on line 4",
        ),
        Case(
            "PS04",
            plain("TimeoutTimeElement=6000"),
            plain("TimeoutTimeElement=7000"),
            line=4,
            says="above 6000 ms, the time of 4 sends on connection 0, found 6000",
        ),
        Case("PS04", plain("TimeoutTime=10000"), plain("TimeoutTime=7000"), line=4, says="found none"),
        Case(
            "PS04",
            plain("Retries=10", "TimeoutTime=3000"),
            plain("Retries=3", "TimeoutTime=3000"),
            line=5,
            says="of 11 sends",
        ),
        Case("PS05", smart("LocalIPport=700"), plain("LocalIPport=700"), line=4),
        Case("PS05", smart("<LocalIPport/>"), smart("<LocalIPport><Disabled>true</Disabled></LocalIPport>")),
        Case("PS06", smart(ssh(), body=STRINGS), plain(ssh(), body=STRINGS), line=4, says="SSH on a serial"),
        Case(
            "PS06",
            smart("IPport=22"),
            plain("IPport=22", ssh(), body=STRINGS),
            line=4,
            says="port 22 on a serial",
        ),
        Case("PS06", plain("IPport=22"), plain("IPport=23"), severity=ERROR, line=4, says="for port 22"),
        Case("PS06", plain("IPport=22"), serial().replace(PORT, port("IPport=22", kind="udp"))),
        Case(
            "PS06",
            plain(ssh('pid=""'), body=STRINGS),
            plain(ssh(), body=STRINGS),
            says="pid of Username, found nothing",
        ),
        Case("PS06", plain(ssh("", 'pid="2"'), body=STRINGS), plain(ssh(), body=STRINGS)),
        Case(
            "PS06",
            plain(ssh(password='pid="9"'), body=STRINGS),
            plain(ssh(), body=STRINGS),
            says="no param 9",
        ),
        Case(
            "PS06",
            plain("<SSH><Credentials><Password pid='2'/></Credentials></SSH>", body=STRINGS),
            plain(ssh(), body=STRINGS),
            says="Credentials/Username",
        ),
        Case(
            "PS06",
            plain("<SSH><Credentials><Username pid='1'/></Credentials></SSH>", body=STRINGS),
            plain(
                "<SSH><Credentials><Username pid='1'/></Credentials><Identity pid='2'/></SSH>", body=STRINGS
            ),
            says="found neither",
        ),
        Case(
            "PS06",
            plain(ssh(), body=params(param(1), fixed(2, 1, raw_type="unsigned number", held="double"))),
            plain(ssh(), body=STRINGS),
            says="of param 2, which holds Password of SSH, found double",
        ),
        Case(
            "PS06",
            plain(ssh(), body=HEADED),
            plain(ssh(), body=UNHEADED),
            line=4,
            says="found header param 3",
        ),
        Case("PS06", plain("IPport=22", body=HEADED), plain("IPport=23", body=HEADED), says="port 22"),
        Case("PS07", plain(body=OLDER), plain(ssh(), body=STRINGS), severity=WARNING, says="'ssh username'"),
        Case(
            "PS07",
            plain(ssh(password='pid="1"'), body=OLDER),
            plain(ssh(password='pid="1"'), body=STRINGS),
            severity=ERROR,
            says="found both",
        ),
    )

    def test_limits(self) -> None:
        """Each setting at the ends of what is allowed, and beyond them."""
        for expected, table in (([], RIGHT), (["PS01"], WRONG)):
            for name, texts in table.items():
                for text in texts:
                    with self.subTest(name=name, text=text):
                        base = port(f"{name}={text}") if name != "Type" else port(kind=text)
                        found = codes(serial().replace(PORT, base))
                        self.assertEqual([code for code in found if code == "PS01"], expected)

    def test_each_setting_is_tried(self) -> None:
        others = {"PortTypeIP", "PortTypeUDP", "PortTypeSerial", "SslTlsEnabled", "AllowedIPAddresses"}
        self.assertEqual(set(RIGHT) | others, set(SETTINGS))

    def test_empty_settings_say_nothing(self) -> None:
        for name in SETTINGS:
            if name not in ("Type", "PortTypeSerial", "LocalIPport", "SslTlsEnabled", "AllowedIPAddresses"):
                self.assertEqual(codes(smart(f"<{name}><DefaultValue/></{name}>")), [], name)

    def test_older_credentials_are_credentials(self) -> None:
        self.assertEqual(codes(plain("IPport=22", body=OLDER)), ["PS07"])

    def test_wrong_times_are_told_once(self) -> None:
        self.assertEqual(codes(plain("TimeoutTimeElement=1")), ["PS01"])
        self.assertEqual(codes(plain("TimeoutTime=120000")), ["PS01"])

    def test_times_of_another_connection(self) -> None:
        named = '<PortSettings name="IP Connection - B">'
        second = f"<Ports>{named}<TimeoutTime>{{}}</TimeoutTime></PortSettings></Ports>"
        for time, expected in (("9000", ["PS04"]), ("7000", [])):
            more = second.format(f"<DefaultValue>{time}</DefaultValue>")
            text = definition(
                type='<Type relativeTimers="true" advanced="serial">serial</Type>', port=PORT + more
            )
            self.assertEqual(codes(text), expected)

    def test_a_dead_flush_is_told_once(self) -> None:
        text = smart(FLUSH, body=TWO_STEPS + RESPONSES.format(response(2, 3)))
        self.assertEqual(codes(text), ["PS02"])

    def test_what_is_named_twice_and_missing_is_told_once(self) -> None:
        [found] = findings(plain(ssh('pid="8"', 'pid="8"')))
        self.assertEqual((found.code, found.severity), ("PS06", ERROR))
