"""Rules about how connections are used: each broken and kept, in both syntaxes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import ERROR
from tests.rulebook import PORT, Case, RuleCases, codes, constant, definition, findings, fixed, param

UDP = PORT.replace(">ip<", ">udp<")
FLOW = (
    "<Params>{params}</Params>"
    "<Commands>"
    '<Command id="1"><Name>a</Name><Content><Param>1</Param></Content></Command>\n'
    '<Command id="2"><Name>b</Name><Content><Param>1</Param></Content></Command></Commands>'
    '<Responses><Response id="1"><Name>a</Name><Content><Param>1</Param></Content></Response></Responses>'
    "<Pairs>"
    '<Pair id="1"><Name>a</Name><Content><Command>1</Command><Response>1</Response></Content></Pair>'
    '<Pair id="2"><Name>b</Name><Content><Command>2</Command>{answer}</Content></Pair></Pairs>\n{more}'
)
MAKE = (
    '<Triggers><Trigger id="1"><Name>t</Name><On id="{on}">command</On><Time>before</Time><Type>action</Type>'
    "<Content><Id>1</Id></Content></Trigger></Triggers>"
    '<Actions><Action id="1"><Name>m</Name><On>command</On><Type>make</Type></Action></Actions>'
)
LOCK = '<Actions><Action id="1"><Name>l</Name><On>protocol</On><Type nr="0">{}</Type></Action></Actions>'


def options(text: str, body: str = "", port: str = PORT, kind: str = "smart-serial") -> str:
    """A definition with communication options, on line 3."""
    type_ = f'<Type relativeTimers="true" communicationOptions="{text}">{kind}</Type>'
    return definition(body, type=type_, port=port)


def overlay(text: str, body: str = "", kind: str = "SmartSerial", port: str = PORT) -> str:
    """A definition with the options of one connection, on line 4."""
    type_ = "smart-serial" if kind == "SmartSerial" else "serial"
    inner = f"<CommunicationOptions>{text}</CommunicationOptions>"
    node = f'<Connections><Connection id="0"><{kind}>{inner}</{kind}></Connection></Connections>'
    return definition(f"{node}{body}", type=f'<Type relativeTimers="true">{type_}</Type>', port=port)


def over(older: str, text: str, body: str = "") -> str:
    """The same, over the options of `Type`, on line 3."""
    return overlay(text, body).replace("<Type ", f'<Type communicationOptions="{older}" ', 1)


def packets(offset: str = "4", width: str = "2", more: str = "") -> str:
    return (
        f"<PacketInfo><LengthIdentifierOffset>{offset}</LengthIdentifierOffset>"
        f"<LengthIdentifierLength>{width}</LengthIdentifierLength>{more}</PacketInfo>"
    )


def notified(connects: str, disconnects: str) -> str:
    return (
        f"<NotifyConnectionPIDs><Connections>{connects}</Connections>"
        f"<Disconnections>{disconnects}</Disconnections></NotifyConnectionPIDs>"
    )


def params(*texts: str) -> str:
    return f"<Params>{''.join(texts)}</Params>"


def flow(answer: str = "<Response>1</Response>", more: str = "") -> str:
    return FLOW.format(params=constant(1, "x"), answer=answer, more=more)


def redundant(body: str, second: str = "smart-serial") -> str:
    """Two connections that stand in for each other; the body begins on line 4."""
    type_ = f'<Type relativeTimers="true" communicationOptions="redundantPolling" advanced="{second}">'
    return definition(
        body,
        type=f"{type_}smart-serial</Type>",
        port=PORT + f"<Ports>{PORT.replace('Connection', 'Connection - B')}</Ports>",
    )


STRINGS = params(param(90), param(91))
NUMBER = params(param(90), fixed(91, 2, raw_type="signed number", held="double"))
TRAILER = (
    params(param(8), constant(9, "0x0D", "trailer", ' options="headerTrailerLink=1"'))
    + "<Responses><Response id='1'><Name>r</Name>"
    "<Content><Param>8</Param><Param>9</Param></Content></Response></Responses>"
)
STUFFED = '<Advanced stuffing="on=response;escape=0x10;stuffing=0x10"/>'
SENT = STUFFED.replace("response", "command")
PACKETS = options("packetInfo:4,2")


class OptionCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("CO01", options("packetinf"), PACKETS, line=3, says="did you mean packetInfo?"),
        Case(
            "CO01", options("makeCommandByProtocol;makecommandbyprotocol"), options("makeCommandByProtocol;")
        ),
        Case(
            "CO01",
            overlay("<SmartIPHeader>yes</SmartIPHeader>"),
            overlay("<SmartIPHeader>false</SmartIPHeader>"),
            also=("CN05",),
            line=4,
            says="true or false in SmartIPHeader",
        ),
        Case(
            "CO01",
            overlay("<PackeInfo/>"),
            overlay("<KexAlgorithms><KexAlgorithm>x</KexAlgorithm></KexAlgorithms>"),
            "warning",
            also=("CN05",),
            line=4,
            says="an option that is known, found 'PackeInfo'",
        ),
        Case("CO01", options("chunkedHTML"), options("useAgentBinding"), says="does nothing here"),
        Case(
            "CO02",
            options("packetInfo:4,2;maxReceiveBuffer:5", kind="serial"),
            PACKETS,
            says="for maxReceiveBuffer, packetInfo",
        ),
        Case(
            "CO02", options("closeConnectionOnResponse"), options("closeConnectionOnResponse", kind="serial")
        ),
        Case(
            "CO02",
            overlay(packets(), kind="Serial"),
            overlay(packets()),
            also=("CN05",),
            line=4,
            says="a smart-serial connection for packetInfo",
        ),
        Case("CO03", options("packetInfo:4"), PACKETS, line=3, says="2 to 4 values"),
        Case(
            "CO03", options("packetInfo:4,2,true,littleEndian,1"), options("packetInfo:4,2,true,littleEndian")
        ),
        Case("CO03", options("packetInfo:-1,2"), options("packetInfo=0,2")),
        Case("CO03", options("packetInfo:4,3"), options("packetInfo:4,4,false")),
        Case("CO03", options("packetInfo:4,2,yes"), PACKETS),
        Case("CO03", options("packetInfo:4,2,true,big"), PACKETS),
        Case("CO03", overlay(packets(offset="x")), overlay(packets()), also=("CN05",), says="'x'"),
        Case("CO03", overlay(packets(width="3")), overlay(packets()), also=("CN05",), says="1, 2 or 4"),
        Case(
            "CO03", overlay(packets().replace("Length>", "Len>")), overlay(packets()), also=("CN05", "XM07")
        ),
        Case(
            "CO03",
            overlay(packets(more="<LittleEndian>yes</LittleEndian>")),
            overlay(packets(more="<LittleEndian>true</LittleEndian>")),
            also=("CN05",),
            says="true or false in LittleEndian",
        ),
        Case(
            "CO03",
            overlay(packets(more="<IncludeLengthIdentifier/>")),
            overlay(packets(more="<IncludeLengthIdentifier>FALSE</IncludeLengthIdentifier>")),
            also=("CN05",),
            says="found nothing",
        ),
        Case("CO04", options("maxReceiveBuffer:0"), options("maxReceiveBuffer:1"), line=3),
        Case("CO04", options("maxConcurrentConnections:x"), options("maxConcurrentConnections=5")),
        Case(
            "CO04",
            overlay("<MaxReceiveBuffer>0</MaxReceiveBuffer>"),
            overlay("<MaxReceiveBuffer>1</MaxReceiveBuffer>"),
            also=("CN05",),
            says="MaxReceiveBuffer, found '0'",
        ),
        Case(
            "CO05",
            options("notifyConnectionPIDs:90", STRINGS),
            options("notifyConnectionPIDs:90,91", STRINGS),
        ),
        Case(
            "CO05",
            options("notifyConnectionPIDs:90,92", STRINGS),
            options("notifyConnectionPIDs:90,90", STRINGS),
            line=3,
            says="no param 92",
        ),
        Case(
            "CO05",
            options("notifyConnectionPIDs:90,91", NUMBER),
            options("notifyConnectionPIDs:90,91", STRINGS),
            says="param 91",
        ),
        Case(
            "CO05",
            options("notifyConnectionPIDs:90,91", params(param(90), param(91, interprete=""))),
            options("notifyConnectionPIDs:90,91", params(param(90), param(91))),
            says="no Interprete",
        ),
        Case(
            "CO05",
            overlay(notified("90", ""), STRINGS),
            overlay(notified("90", "91"), STRINGS),
            also=("CN05",),
        ),
        Case(
            "CO05",
            overlay("<NotifyConnectionPIDs><Connections>90</Connections></NotifyConnectionPIDs>", STRINGS),
            overlay(notified("90", "91"), STRINGS),
            also=("CN05",),
            says="the element Disconnections",
        ),
        Case(
            "CO05",
            overlay(notified("90", "91"), NUMBER),
            overlay(notified("90", "91"), STRINGS),
            also=("CN05",),
            line=4,
        ),
    )

    def test_what_is_missing_is_told_once(self) -> None:
        found = findings(options("notifyConnectionPIDs:5,6"))
        self.assertEqual([one.code for one in found], ["CO05", "CO05"])
        self.assertEqual(codes(options("notifyConnectionPIDs:5,5")), ["CO05"])

    def test_options_of_type_are_for_connections_with_their_own_too(self) -> None:
        text = over("packetInfo:4,2;maxConcurrentConnections:5", "<MaxReceiveBuffer>4</MaxReceiveBuffer>")
        self.assertEqual(codes(text), ["CN05"])
        text = over("closeConnectionOnResponse", "<MaxReceiveBuffer>4</MaxReceiveBuffer>")
        self.assertEqual(sorted(codes(text)), ["CN05", "CO02"])


class UseCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case(
            "CO06",
            options("smartIpHeader;packetInfo:4,2"),
            options("smartIpHeader"),
            line=3,
            says="with packetInfo",
        ),
        Case(
            "CO06",
            options("smartIpHeader", TRAILER),
            options("smartIpHeader"),
            says="trailer param 9",
        ),
        Case(
            "CO06",
            overlay("<SmartIPHeader>true</SmartIPHeader>" + packets()),
            overlay("<SmartIPHeader>true</SmartIPHeader>"),
            also=("CN05",),
        ),
        Case(
            "CO06",
            over("smartIpHeader", packets()),
            over("smartIpHeader", f"<SmartIPHeader>false</SmartIPHeader>{packets()}"),
            also=("CN05",),
            line=3,
        ),
        Case(
            "CO07",
            options("packetInfo:4,2", TRAILER),
            PACKETS,
            says="packetInfo is what counts",
        ),
        Case(
            "CO07",
            options("packetInfo:4,2", STUFFED + TRAILER.replace("headerTrailerLink=1", "")),
            options("packetInfo:4,2", SENT),
            says="stuffing is what counts",
        ),
        Case("CO08", redundant(flow(), "serial"), redundant(flow()), line=3, says="found 1"),
        Case("CO08", redundant(flow(answer="")), redundant(flow()), line=5, says="in pair 2"),
        Case(
            "CO08",
            redundant(flow(answer="")),
            redundant(flow(answer="").replace('<Pair id="2">', '<Pair id="2" options="connection:0">')),
        ),
        Case(
            "CO08",
            redundant(flow(more=LOCK.format("priority lock"))),
            redundant(flow(more=LOCK.format("open"))),
            line=6,
            says="priority lock",
        ),
        Case(
            "CO09",
            options("makeCommandByProtocol", flow()),
            options("makeCommandByProtocol", flow(more=MAKE.format(on="each"))),
            line=3,
        ),
        Case(
            "CO09",
            options("makeCommandByProtocol", flow(more=MAKE.format(on="1"))),
            options("makeCommandByProtocol", flow(more=MAKE.format(on="each"))),
            line=5,
            says="before command 2",
        ),
        Case(
            "CO10",
            options("maxConcurrentConnections:5", port=UDP),
            options("maxConcurrentConnections:5"),
            line=3,
        ),
    )

    def test_severe(self) -> None:
        found = findings(options("smartIpHeader;packetInfo:4,2"))
        self.assertEqual([one.severity for one in found], [ERROR])

    def test_what_is_taken_back_is_not_asked_for(self) -> None:
        made, polls = "MakeCommandByProtocol", "RedundantPolling"
        for older, name, code in (
            ("makeCommandByProtocol", made, "CO09"),
            ("redundantPolling", polls, "CO08"),
        ):
            self.assertIn(code, codes(over(older, f"<{name}>true</{name}>", flow())))
            self.assertNotIn(code, codes(over(older, f"<{name}>false</{name}>", flow())))

    def test_pairs_of_groups_that_stay_do_not_move(self) -> None:
        groups = '<Groups><Group id="1"{}><Name>g</Name><Content><Pair>2</Pair></Content></Group></Groups>'
        stays = redundant(flow(answer="", more=groups.format(' connection="0"')))
        self.assertNotIn("CO08", codes(stays))
        self.assertIn("CO08", codes(redundant(flow(answer="", more=groups.format("")))))

    def test_commands_of_other_connections_are_made_by_themselves(self) -> None:
        """The newer syntax says the option for one connection; command 2 is sent on another."""
        other = (
            '<Connections><Connection id="0"><Serial/></Connection><Connection id="1"><Serial>'
            "<CommunicationOptions><MakeCommandByProtocol>true</MakeCommandByProtocol></CommunicationOptions>"
            "</Serial></Connection></Connections>"
        )
        moved = flow().replace('<Pair id="2">', '<Pair id="2" options="connection:1">')
        found = [one for one in findings(definition(other + moved)) if one.code == "CO09"]
        self.assertEqual(len(found), 1)
        made = flow(more=MAKE.format(on="2")).replace('<Pair id="2">', '<Pair id="2" options="connection:1">')
        self.assertNotIn("CO09", codes(definition(other + made)))

    def test_trailers_of_other_connections(self) -> None:
        elsewhere = TRAILER.replace("Link=1", "Link=1;connection=1")
        for text in ("smartIpHeader", "packetInfo:4,2"):
            self.assertNotIn("CO06", codes(options(text, elsewhere)))
            self.assertNotIn("CO07", codes(options(text, elsewhere)))

    def test_one_connection_on_tcp_is_enough(self) -> None:
        text = options("maxConcurrentConnections:5", port=UDP)
        text = text.replace("<Type ", '<Type advanced="smart-serial" ', 1)
        text = text.replace(
            "</PortSettings>", f"</PortSettings><Ports>{PORT.replace('nection', 'nection - B')}</Ports>"
        )
        self.assertEqual(codes(text), [])
