"""Connections: both ways to say them, and one over the other."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.connection import (
    Connection,
    ConnectionType,
    FlowControl,
    Parity,
    PortSettings,
    PortType,
    Setting,
    SlowPollBase,
    SshSettings,
)
from smartserial.definition.languages.communication import CommunicationOptions, PacketInfo
from smartserial.definition.reading.protocol import read_protocol
from smartserial.definition.xml import parse_xml

KIND = ConnectionType
NAMED = PortSettings("A")


def read(body: str) -> tuple[Connection, ...]:
    """The connections of a definition."""
    return read_protocol(parse_xml(f"<Protocol>{body}</Protocol>".encode()).root).connections


def settings(body: str) -> PortSettings:
    """The settings of one connection."""
    return read(f"<Type>serial</Type><PortSettings>{body}</PortSettings>")[0].port


def default(value: str) -> str:
    """The element of a default."""
    return f"<DefaultValue>{value}</DefaultValue>"


class OlderTest(SynchronousTestCase):
    maxDiff = None

    def test_types(self) -> None:
        table: tuple[tuple[str, tuple[Connection, ...]], ...] = (
            ("", ()),
            ("<Type>serial</Type>", (Connection(KIND.SERIAL),)),
            ("<Type> Smart-Serial   SINGLE </Type>", (Connection(KIND.SMART_SERIAL, single=True),)),
            ("<Type>snmpv2</Type>", (Connection(KIND.SNMPV2),)),
            ("<Type>tea</Type>", (Connection(KIND.VIRTUAL),)),
            ("<Type>http single</Type>", (Connection(KIND.VIRTUAL),)),
            (
                "<Type advanced='serial:A;smart-serial single : B:c;;Virtual'>serial</Type>",
                (
                    Connection(KIND.SERIAL),
                    Connection(KIND.SERIAL, "A"),
                    Connection(KIND.SMART_SERIAL, "B", True),
                    Connection(KIND.VIRTUAL),
                ),
            ),
        )
        for body, expected in table:
            self.assertEqual(read(body), expected, body)

    def test_there_are_at_most_so_many(self) -> None:
        """Connection ids end there, and a hostile list costs no more than its text."""
        for count, expected in ((32_766, 32_767), (32_767, 32_768), (40_000, 32_768)):
            self.assertEqual(len(read(f"<Type advanced='{'http;' * count}'>serial</Type>")), expected)

    def test_ports_are_told_apart_by_their_order(self) -> None:
        """The one outside is the first, wherever it stands."""
        ports = "<Ports><PortSettings name='B'/><PortSettings name='C'/><PortSettings name='D'/></Ports>"
        for body in (f"<PortSettings name=' A '/>{ports}", f"{ports}<PortSettings name='A'/>"):
            self.assertEqual(
                read(f"{body}<Type advanced='serial:X;serial'>serial</Type>"),
                (
                    Connection(KIND.SERIAL, "A", port=NAMED),
                    Connection(KIND.SERIAL, "X", port=PortSettings("B")),
                    Connection(KIND.SERIAL, "C", port=PortSettings("C")),
                ),
            )

    def test_options_are_those_of_all_that_carry_bytes(self) -> None:
        words = "packetInfo:4,2;smartIPheader;maxreceivebuffer=9;notifyConnectionPIDs:90,91"
        options = CommunicationOptions(9, PacketInfo(4, 2), True, notify_connection_pids=(90, 91))
        found = read(f"<Type communicationOptions='{words}' advanced='http;smart-serial'>serial</Type>")
        self.assertEqual(
            [one.communication for one in found],
            [options, CommunicationOptions(), options],
        )

    def test_settings(self) -> None:
        table: tuple[tuple[str, PortSettings], ...] = (
            ("", PortSettings()),
            (f"<Type>{default('UDP')}</Type>", PortSettings(type=Setting(PortType.UDP))),
            (
                "<PortTypeIP/><PortTypeUDP><Disabled>True</Disabled></PortTypeUDP><PortTypeSerial>"
                "<Disabled>false</Disabled></PortTypeSerial>",
                PortSettings(
                    port_type_ip=Setting(), port_type_udp=Setting(disabled=True), port_type_serial=Setting()
                ),
            ),
            (
                f"<IPport>{default(' 7001 ')}<Range><From>1</From><To>65535</To></Range></IPport>"
                f"<LocalIPport>{default('x')}</LocalIPport>",
                PortSettings(ip_port=Setting(7001, low=1, high=65535), local_ip_port=Setting()),
            ),
            (
                f"<BusAddress>{default('1.*')}<Value>2</Value><Value/><Value>3</Value></BusAddress>",
                PortSettings(bus_address=Setting("1.*", values=("2", "3"))),
            ),
            (
                f"<BusAddress>{default('False')}<Disabled>true</Disabled></BusAddress>",
                PortSettings(bus_address=Setting(None, disabled=True)),
            ),
            (
                f"<Baudrate>{default('9600')}<Value>4800</Value><Value>fast</Value></Baudrate>"
                f"<Databits>{default('7')}</Databits><Stopbits>{default('1.5')}</Stopbits>",
                PortSettings(
                    baudrate=Setting(9600, values=(4800,)), databits=Setting(7), stopbits=Setting(1.5)
                ),
            ),
            (
                f"<Parity>{default('Even')}<Value>odd</Value></Parity><Flowcontrol>{default('CTS_RTS')}</Flowcontrol>",
                PortSettings(
                    parity=Setting(Parity.EVEN, values=(Parity.ODD,)),
                    flowcontrol=Setting(FlowControl.CTS_RTS),
                ),
            ),
            (
                f"<TimeoutTime>{default('800')}</TimeoutTime><Retries>{default('1')}</Retries>"
                f"<TimeoutTimeElement>{default('9000')}</TimeoutTimeElement>",
                PortSettings(
                    timeout_time=Setting(800), retries=Setting(1), timeout_time_element=Setting(9000)
                ),
            ),
            (
                f"<SlowPoll>{default('5')}</SlowPoll><SlowPollBase>{default('Time')}</SlowPollBase>"
                f"<PingInterval>{default('1000')}</PingInterval>",
                PortSettings(
                    slow_poll=Setting(5),
                    slow_poll_base=Setting(SlowPollBase.TIME),
                    ping_interval=Setting(1000),
                ),
            ),
            ("<FlushPerDatagram>TRUE</FlushPerDatagram>", PortSettings(flush_per_datagram=True)),
            ("<SSH/>", PortSettings(ssh=SshSettings())),
            (
                "<SSH><Identity pid='3'/><Credentials><Username pid='1'/>"
                "<Password pid='2'/></Credentials></SSH>",
                PortSettings(ssh=SshSettings(1, 2, 3)),
            ),
            (
                f"<SkipCertificateVerification>{default('true')}</SkipCertificateVerification>",
                PortSettings(skip_certificate_verification=Setting(True)),
            ),
        )
        for body, expected in table:
            self.assertEqual(settings(body), expected, body)


class NewerTest(SynchronousTestCase):
    maxDiff = None

    def test_kinds(self) -> None:
        table: tuple[tuple[str, Connection], ...] = (
            ("<Connection><Serial/></Connection>", Connection(KIND.SERIAL)),
            (
                "<Connection id='0' name=' A '><SmartSerial single='TRUE'/></Connection>",
                Connection(KIND.SMART_SERIAL, "A", True, port=NAMED),
            ),
            (
                "<Connection name='A'><Virtual><UserSettings name='B'/></Virtual></Connection>",
                Connection(KIND.VIRTUAL, "A", port=PortSettings("B")),
            ),
            ("<Connection><Type>serial single</Type></Connection>", Connection(KIND.SERIAL, single=True)),
            ("<Connection/>", Connection(KIND.VIRTUAL)),
            (
                "<Connection><Serial><UserSettings><Baudrate><DefaultValue>9600</DefaultValue><Values>"
                "<Value>1200</Value><Value>2400</Value></Values></Baudrate></UserSettings></Serial></Connection>",
                Connection(KIND.SERIAL, port=PortSettings(baudrate=Setting(9600, values=(1200, 2400)))),
            ),
            (
                "<Connection><Type>serial</Type><UserSettings><Retries><DefaultValue>1</DefaultValue></Retries>"
                "</UserSettings></Connection>",
                Connection(KIND.SERIAL, port=PortSettings(retries=Setting(1))),
            ),
            (
                "<Connection><SmartSerial><UserSettings><SslTlsEnabled><DefaultValue>true</DefaultValue>"
                "</SslTlsEnabled><AllowedIPAddresses><Disabled>False</Disabled></AllowedIPAddresses>"
                "</UserSettings></SmartSerial></Connection>",
                Connection(KIND.SMART_SERIAL, allow_list=True, tls=Setting(True)),
            ),
            (
                "<Connection><Serial><UserSettings><AllowedIPAddresses><Disabled>true</Disabled>"
                "</AllowedIPAddresses></UserSettings></Serial></Connection>",
                Connection(KIND.SERIAL),
            ),
        )
        for body, expected in table:
            self.assertEqual(read(f"<Connections>{body}</Connections>"), (expected,), body)

    def test_each_kind(self) -> None:
        for element, kind in (
            ("Virtual", KIND.VIRTUAL),
            ("Serial", KIND.SERIAL),
            ("SmartSerial", KIND.SMART_SERIAL),
            ("Gpib", KIND.GPIB),
            ("Http", KIND.HTTP),
            ("Opc", KIND.OPC),
            ("Snmp", KIND.SNMP),
            ("Service", KIND.SERVICE),
            ("Sla", KIND.SLA),
        ):
            found = read(f"<Connections><Connection><{element}/></Connection></Connections>")
            self.assertEqual(found, (Connection(kind),))

    def test_options(self) -> None:
        table: tuple[tuple[str, CommunicationOptions], ...] = (
            ("", CommunicationOptions()),
            (
                "<MakeCommandByProtocol>true</MakeCommandByProtocol><SmartIPHeader>true</SmartIPHeader>"
                "<RedundantPolling>true</RedundantPolling>",
                CommunicationOptions(
                    make_command_by_protocol=True, smart_ip_header=True, redundant_polling=True
                ),
            ),
            (
                "<MaxConcurrentConnections>2</MaxConcurrentConnections><MaxReceiveBuffer>9</MaxReceiveBuffer>",
                CommunicationOptions(9, max_concurrent_connections=2),
            ),
            (
                "<NotifyConnectionPIDs><Disconnections>91</Disconnections><Connections>90</Connections>"
                "</NotifyConnectionPIDs>",
                CommunicationOptions(notify_connection_pids=(90, 91)),
            ),
            (
                "<NotifyConnectionPIDs><Connections>90</Connections></NotifyConnectionPIDs>",
                CommunicationOptions(),
            ),
            (
                "<PacketInfo><LengthIdentifierOffset>1</LengthIdentifierOffset>"
                "<LengthIdentifierLength>2</LengthIdentifierLength></PacketInfo>",
                CommunicationOptions(packet_info=PacketInfo(1, 2)),
            ),
            (
                "<PacketInfo><LengthIdentifierOffset>1</LengthIdentifierOffset>"
                "<LengthIdentifierLength>2</LengthIdentifierLength><LittleEndian>true</LittleEndian>"
                "<IncludeLengthIdentifier>false</IncludeLengthIdentifier></PacketInfo>",
                CommunicationOptions(packet_info=PacketInfo(1, 2, False, True)),
            ),
            (
                "<PacketInfo><LengthIdentifierOffset>1</LengthIdentifierOffset></PacketInfo>",
                CommunicationOptions(),
            ),
        )
        for body, expected in table:
            found = read(
                "<Connections><Connection><SmartSerial><CommunicationOptions>"
                f"{body}</CommunicationOptions></SmartSerial></Connection></Connections>"
            )
            self.assertEqual(found, (Connection(KIND.SMART_SERIAL, communication=expected),), body)

    def test_numbers_are_positions(self) -> None:
        """One that leaves a gap is left out: nothing could be meant by what lies between."""
        body = "<Connection id='1'><Serial/></Connection><Connection id='5'><Gpib/></Connection>"
        first = "<Connection id='0'><Http/></Connection>"
        for text in (first + body, body + first):
            found = read(f"<Connections>{text}</Connections>")
            self.assertEqual([one.type for one in found], [KIND.HTTP, KIND.SERIAL])
        self.assertEqual(read(f"<Connections>{body}</Connections>"), ())


class ManyTest(SynchronousTestCase):
    def test_so_many_are_read(self) -> None:
        for listed, count in (("serial;" * 40_000, 32_768), (";" * 40_000 + "serial", 1)):
            self.assertEqual(len(read(f"<Type advanced='{listed}'>serial</Type>")), count)


class OverlayTest(SynchronousTestCase):
    """The newer syntax over the older one: what it says counts, the rest stays."""

    maxDiff = None
    OLDER = (
        "<Type communicationOptions='maxReceiveBuffer:9' advanced='serial:B'>smart-serial single</Type>"
        "<PortSettings name='A'><IPport><DefaultValue>7001</DefaultValue></IPport>"
        "<Retries><DefaultValue>1</DefaultValue></Retries></PortSettings>"
    )

    def test_an_allow_list(self) -> None:
        found = read(
            f"{self.OLDER}<Connections><Connection id='0'><SmartSerial><UserSettings><AllowedIPAddresses>"
            "<Disabled>false</Disabled></AllowedIPAddresses></UserSettings></SmartSerial></Connection></Connections>"
        )
        below, other = read(self.OLDER)
        self.assertEqual(
            found,
            (
                Connection(KIND.SMART_SERIAL, "A", True, below.communication, below.port, allow_list=True),
                other,
            ),
        )

    def test_settings_of_both(self) -> None:
        found = read(
            f"{self.OLDER}<Connections><Connection id='0' name='N'><SmartSerial><CommunicationOptions/>"
            "<UserSettings><Retries><DefaultValue>0</DefaultValue></Retries></UserSettings>"
            "</SmartSerial></Connection></Connections>"
        )[0]
        self.assertEqual(
            found,
            Connection(
                KIND.SMART_SERIAL,
                "N",
                True,
                CommunicationOptions(9),
                PortSettings("N", ip_port=Setting(7001), retries=Setting(0)),
            ),
        )

    def overlaid(self, older: str, inner: str, attributes: str = "") -> Connection:
        """A smart-serial connection; `older` is in its `PortSettings`, `inner` in the element over it."""
        return read(
            "<Type communicationOptions='packetInfo:4,2,false;maxConcurrentConnections:5;smartIpHeader;"
            "notifyConnectionPIDs:1,2;closeConnectionOnResponse'>smart-serial single</Type>"
            f"<PortSettings>{older}</PortSettings><Connections><Connection id='0'>"
            f"<SmartSerial{attributes}>{inner}</SmartSerial></Connection></Connections>"
        )[0]

    def test_options_are_laid_over_one_by_one(self) -> None:
        below = CommunicationOptions(
            packet_info=PacketInfo(4, 2, False),
            smart_ip_header=True,
            max_concurrent_connections=5,
            notify_connection_pids=(1, 2),
            close_connection_on_response=True,
        )
        packets = (
            "<PacketInfo><LengthIdentifierOffset>0</LengthIdentifierOffset>"
            "<LengthIdentifierLength>1</LengthIdentifierLength></PacketInfo>"
        )
        notified = (
            "<NotifyConnectionPIDs><Connections>{}</Connections><Disconnections>4</Disconnections>"
            "</NotifyConnectionPIDs>"
        )
        table: tuple[tuple[str, CommunicationOptions], ...] = (
            ("", below),
            ("<MaxReceiveBuffer>9</MaxReceiveBuffer>", replace(below, max_receive_buffer=9)),
            ("<SmartIPHeader>false</SmartIPHeader>", replace(below, smart_ip_header=False)),
            ("<SmartIPHeader>no</SmartIPHeader>", below),
            ("<RedundantPolling>true</RedundantPolling>", replace(below, redundant_polling=True)),
            (packets, replace(below, packet_info=PacketInfo(0, 1))),
            (packets.replace(">1<", ">x<"), below),
            (notified.format("3"), replace(below, notify_connection_pids=(3, 4))),
            (notified.format("x"), below),
            (
                "<MaxConcurrentConnections>7</MaxConcurrentConnections>",
                replace(below, max_concurrent_connections=7),
            ),
        )
        for text, expected in table:
            found = self.overlaid("", f"<CommunicationOptions>{text}</CommunicationOptions>")
            self.assertEqual(found.communication, expected, text)

    def test_the_overlay_can_say_no(self) -> None:
        flushes = "<FlushPerDatagram>true</FlushPerDatagram>"
        for text, expected in (("", True), ("false", False), ("no", True), ("true", True)):
            settings = f"<UserSettings><FlushPerDatagram>{text}</FlushPerDatagram></UserSettings>"
            found = self.overlaid(flushes, settings, f" single='{text}'")
            self.assertEqual((found.single, found.port.flush_per_datagram), (expected, expected), text)
        self.assertFalse(self.overlaid("", "<UserSettings/>").port.flush_per_datagram)

    def test_half_a_setting_keeps_the_other_half(self) -> None:
        older = "<IPport><DefaultValue>7001</DefaultValue><Disabled>true</Disabled><Value>1</Value></IPport>"
        table: tuple[tuple[str, Setting[int]], ...] = (
            ("", Setting(7001, True, values=(1,))),
            ("<Disabled>false</Disabled>", Setting(7001, False, values=(1,))),
            ("<DefaultValue>5</DefaultValue>", Setting(5, True, values=(1,))),
            ("<Range><From>1</From><To>9</To></Range>", Setting(7001, True, 1, 9, values=(1,))),
            ("<Values><Value>2</Value></Values>", Setting(7001, True, values=(2,))),
        )
        for text, expected in table:
            found = self.overlaid(older, f"<UserSettings><IPport>{text}</IPport></UserSettings>")
            self.assertEqual(found.port.ip_port, expected, text)

    def test_credentials_are_laid_over_one_by_one(self) -> None:
        older = "<SSH><Credentials><Username pid='1'/><Password pid='2'/></Credentials></SSH>"
        found = self.overlaid(older, "<UserSettings><SSH><Identity pid='3'/></SSH></UserSettings>")
        self.assertEqual(found.port.ssh, SshSettings(1, 2, 3))

    def test_no_bus_address_over_one(self) -> None:
        older = "<BusAddress><DefaultValue>7</DefaultValue></BusAddress>"
        settings = "<UserSettings><BusAddress><DefaultValue>false</DefaultValue></BusAddress></UserSettings>"
        self.assertEqual(self.overlaid(older, settings).port.bus_address, Setting())

    def test_another_type(self) -> None:
        found = read(f"{self.OLDER}<Connections><Connection id='1'><Http/></Connection></Connections>")
        self.assertEqual(
            [(one.type, one.name) for one in found], [(KIND.SMART_SERIAL, "A"), (KIND.HTTP, "B")]
        )

    def test_one_more(self) -> None:
        found = read(f"{self.OLDER}<Connections><Connection id='2'><Serial/></Connection></Connections>")
        self.assertEqual([one.type for one in found], [KIND.SMART_SERIAL, KIND.SERIAL, KIND.SERIAL])

    def test_without_a_number_it_is_about_its_position(self) -> None:
        found = read(f"{self.OLDER}<Connections><Connection/><Connection name='N'/></Connections>")
        self.assertEqual([one.name for one in found], ["A", "N"])
