"""Lists of options in a definition: what texts mean, what is wrong with them, how values are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from smartserial.definition.languages.communication import (
    CommunicationOptions,
    PacketInfo,
    parse_communication_options,
    print_communication_options,
)
from smartserial.definition.languages.pairoptions import PairOptions, parse_pair_options, print_pair_options
from smartserial.definition.languages.problem import Parsed
from smartserial.definition.languages.responseoptions import parse_response_options, print_response_options
from smartserial.definition.languages.stuffing import Stuffing, parse_stuffing, print_stuffing
from smartserial.definition.languages.typeoptions import (
    Ssh,
    TypeOptions,
    parse_type_options,
    print_type_options,
)

T = TypeVar("T")


class LanguageTestCase(SynchronousTestCase):
    def means(self, parse: Callable[[str], Parsed[T]], table: Iterable[tuple[str, T]]) -> None:
        """Each text has its value, and nothing is wrong with it."""
        for text, value in table:
            self.assertEqual(parse(text), Parsed(value), repr(text))

    def wrong(
        self, parse: Callable[[str], Parsed[T]], table: Iterable[tuple[str, T, tuple[tuple[str, str], ...]]]
    ) -> None:
        """Each text has what value is left, and problems with these codes and parts of their messages."""
        for text, value, problems in table:
            parsed = parse(text)
            self.assertEqual(parsed.value, value, repr(text))
            self.assertEqual(
                tuple(p.code for p in parsed.problems), tuple(code for code, _ in problems), text
            )
            for problem, (_, part) in zip(parsed.problems, problems, strict=True):
                self.assertIn(part, problem.message)

    def written(self, write: Callable[[T], str], table: Iterable[tuple[T, str]]) -> None:
        for value, text in table:
            self.assertEqual(write(value), text)


class CommunicationTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_communication_options,
            (
                ("", CommunicationOptions()),
                (" ; ", CommunicationOptions()),
                ("maxReceiveBuffer:512", CommunicationOptions(max_receive_buffer=512)),
                ("MAXRECEIVEBUFFER = 0512;", CommunicationOptions(max_receive_buffer=512)),
                ("packetInfo:4,2", CommunicationOptions(packet_info=PacketInfo(4, 2))),
                ("packetinfo=0, 04, FALSE", CommunicationOptions(packet_info=PacketInfo(0, 4, False))),
                ("packetInfo:1,1,true,LittleEndian", _with(PacketInfo(1, 1, True, True))),
                ("packetInfo:1,1,false,littleEndian", _with(PacketInfo(1, 1, False, True))),
                (
                    "maxConcurrentConnections:2;notifyConnectionPIDs:90,91",
                    CommunicationOptions(max_concurrent_connections=2, notify_connection_pids=(90, 91)),
                ),
                (
                    "smartIPHeader;makeCommandByProtocol:;redundantPolling",
                    CommunicationOptions(
                        smart_ip_header=True, make_command_by_protocol=True, redundant_polling=True
                    ),
                ),
                (
                    "closeConnectionOnResponse;chunkedHTML;postPonePortInitialisation",
                    CommunicationOptions(
                        close_connection_on_response=True,
                        chunked_html=True,
                        postpone_port_initialisation=True,
                    ),
                ),
                ("asyncWMI;customRedirect:1;progid=x;useAgentBinding;ASYNCWMI", CommunicationOptions()),
            ),
        )

    def test_problems(self) -> None:
        nothing = CommunicationOptions()
        header = CommunicationOptions(smart_ip_header=True)
        self.wrong(
            parse_communication_options,
            (
                ("smartIpHeadr", nothing, (("CO01", "did you mean smartIpHeader?"),)),
                ("SMARTIPHEADR", nothing, (("CO01", "did you mean smartIpHeader?"),)),
                ("bogus:1", nothing, (("CO01", "found 'bogus'"),)),
                (":5", nothing, (("CO01", "found nothing"),)),
                ("smartIpHeader;SmartIpHeader", header, (("CO01", "smartIpHeader is given twice"),)),
                (
                    "smartIpHeader:true",
                    nothing,
                    (("CO01", "smartIpHeader: expected no value, found 'true'"),),
                ),
                (
                    "maxReceiveBuffer:4;maxReceiveBuffer:8",
                    CommunicationOptions(max_receive_buffer=4),
                    (("CO01", "only the first counts"),),
                ),
                ("maxReceiveBuffer:x;maxReceiveBuffer:8", nothing, (("CO04", "'x'"), ("CO01", "twice"))),
                ("maxReceiveBuffer:0", nothing, (("CO04", "an integer of 1 or more, found '0'"),)),
                ("maxReceiveBuffer", nothing, (("CO04", "found nothing"),)),
                ("maxConcurrentConnections:-1", nothing, (("CO04", "found '-1'"),)),
                ("maxConcurrentConnections:1_0", nothing, (("CO04", "maxConcurrentConnections: "),)),
                ("packetInfo", nothing, (("CO03", "2 to 4 values with commas, found nothing"),)),
                ("packetInfo:1", nothing, (("CO03", "found '1'"),)),
                ("packetInfo:1,2,true,littleEndian,", nothing, (("CO03", "2 to 4 values"),)),
                ("packetInfo:x,3", nothing, (("CO03", "found 'x'"), ("CO03", "1, 2 or 4 bytes, found '3'"))),
                ("packetInfo:1,2,", nothing, (("CO03", "true or false, found nothing"),)),
                (
                    "packetInfo:1,2,yes,big",
                    nothing,
                    (("CO03", "found 'yes'"), ("CO03", "littleEndian, found")),
                ),
                ("packetInfo:1,2,littleEndian", nothing, (("CO03", "true or false, found 'littleEndian'"),)),
                ("notifyConnectionPIDs:1", nothing, (("CO05", "two param ids with a comma, found '1'"),)),
                ("notifyConnectionPIDs:1,02", nothing, (("CO05", "'1,02'"),)),
                ("notifyConnectionPIDs:1,2,3", nothing, (("CO05", "'1,2,3'"),)),
                ("a;smartIpHeader;b:1", header, (("CO01", "'a'"), ("CO01", "'b'"))),
            ),
        )

    def test_hints_are_given_for_few_words_only(self) -> None:
        parsed = parse_communication_options("packetInf;" * 2000)
        self.assertEqual(len(parsed.problems), 101)
        self.assertEqual(parsed.problems[-1].message, "and 1900 more such mistakes in the same text")
        self.assertEqual(sum("did you mean packetInfo?" in p.message for p in parsed.problems), 8)
        parsed = parse_communication_options("x;" * 200 + "maxReceiveBuffer:0")
        self.assertEqual([p.code for p in parsed.problems[-2:]], ["CO04", "CO01"])
        [problem] = parse_communication_options("x" * 100_000).problems
        self.assertTrue(len(problem.message) < 100)

    def test_printing(self) -> None:
        self.written(
            print_communication_options,
            (
                (CommunicationOptions(), ""),
                (_with(PacketInfo(4, 2)), "packetInfo:4,2"),
                (_with(PacketInfo(4, 2, False)), "packetInfo:4,2,false"),
                (_with(PacketInfo(0, 2, True, True)), "packetInfo:0,2,true,littleEndian"),
                (
                    CommunicationOptions(1, None, True, 1, (90, 91)),
                    "maxReceiveBuffer:1;maxConcurrentConnections:1;notifyConnectionPIDs:90,91;smartIpHeader",
                ),
            ),
        )


def _with(info: PacketInfo) -> CommunicationOptions:
    return CommunicationOptions(packet_info=info)


class TypeOptionsTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_type_options,
            (
                ("", TypeOptions()),
                ("connection=1;headerTrailerLink=2", TypeOptions(1, 2)),
                ("Connection: 0 ; HEADERTRAILERLINK=0", TypeOptions(0, 0)),
                ("connection=-1", TypeOptions()),
                ("connection=32767", TypeOptions(32767)),
                ("dynamic ip", TypeOptions(dynamic_ip=0)),
                ("Dynamic  IP 3", TypeOptions(dynamic_ip=3)),
                ("dynamic ip=3", TypeOptions(dynamic_ip=3)),
                ("ssh username", TypeOptions(ssh=Ssh.USERNAME)),
                ("SSH PWD", TypeOptions(ssh=Ssh.PASSWORD)),
                ("ssh options;connection=4", TypeOptions(4, ssh=Ssh.OPTIONS)),
                ("dimensions=2,3;columnTypes=1|2:3;loadOID;dynamic snmp get;bogus", TypeOptions()),
            ),
        )

    def test_problems(self) -> None:
        self.wrong(
            parse_type_options,
            (
                ("headerTrailerLink=x;connection=2", TypeOptions(2), (("PA05", "headerTrailerLink: "),)),
                ("headerTrailerLink=-1", TypeOptions(), (("PA05", "0 or more, found '-1'"),)),
                ("headerTrailerLink", TypeOptions(), (("PA05", "found nothing"),)),
                ("connection=32768", TypeOptions(), (("PA09", "from 0 to 32767, found '32768'"),)),
                ("connection=-2", TypeOptions(), (("PA09", "'-2'"),)),
                ("connection=", TypeOptions(), (("PA09", "nothing"),)),
                ("dynamic ip x", TypeOptions(), (("PA23", "found 'x'"),)),
                ("dynamic ip 1,2", TypeOptions(), (("PA23", "found '1,2'"),)),
                ("connection=1;connection=2", TypeOptions(1), (("PA09", "twice"),)),
                ("connection=-1;connection=2", TypeOptions(), (("PA09", "twice"),)),
                ("ssh pwd;ssh username", TypeOptions(ssh=Ssh.PASSWORD), (("PS07", "twice"),)),
            ),
        )

    def test_printing(self) -> None:
        self.written(
            print_type_options,
            (
                (TypeOptions(), ""),
                (TypeOptions(0, 0, 0), "connection=0;headerTrailerLink=0;dynamic ip 0"),
                (TypeOptions(ssh=Ssh.PASSWORD), "ssh pwd"),
            ),
        )


class PairOptionsTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_pair_options,
            (
                ("", PairOptions()),
                ("connection:1;retries:0;ignoreTimeout", PairOptions(1, 0, True)),
                ("receiveInterval:20", PairOptions(receive_interval=20)),
                ("oneByte;commBreak", PairOptions(one_byte=5, comm_break=5)),
                ("onebyte:0; COMMBREAK = 12 ;", PairOptions(one_byte=0, comm_break=12)),
            ),
        )

    def test_problems(self) -> None:
        self.wrong(
            parse_pair_options,
            (
                ("connection:x;retries:2", PairOptions(retries=2), (("PR07", "connection: "),)),
                ("connection", PairOptions(), (("PR07", "found nothing"),)),
                ("retries:-1", PairOptions(), (("PR07", "'-1'"),)),
                ("oneByte:x", PairOptions(), (("PR07", "oneByte: expected an integer of 0 or more"),)),
                ("ignoreTimeout:true", PairOptions(), (("PR07", "expected no value"),)),
                ("ignoretimeouts", PairOptions(), (("PR07", "did you mean ignoreTimeout?"),)),
                ("retries:1;Retries:2", PairOptions(retries=1), (("PR07", "retries is given twice"),)),
                (";retries:1", PairOptions(retries=1), (("PR07", "before each semicolon"),)),
                ("retries:1; ;;oneByte", PairOptions(retries=1, one_byte=5), (("PR07", "found nothing"),)),
                (";", PairOptions(), (("PR07", "found nothing"),)),
            ),
        )

    def test_only_unknown_repeated_and_empty_ones_are_warnings(self) -> None:
        for text, warning in (
            ("bogus", True),
            ("oneByte;oneByte", True),
            (";oneByte", True),
            ("retries:x", None),
        ):
            self.assertEqual([p.warning for p in parse_pair_options(text).problems], [warning], text)

    def test_printing(self) -> None:
        self.written(
            print_pair_options,
            (
                (PairOptions(), ""),
                (PairOptions(0, 0, True, 0, 0, 0), _ALL_ZERO),
                (PairOptions(retries=1, ignore_timeout=False, one_byte=5), "retries:1;oneByte:5"),
                (PairOptions(connection=1), "connection:1"),
            ),
        )


_ALL_ZERO = "connection:0;retries:0;ignoreTimeout;receiveInterval:0;oneByte:0;commBreak:0"


class ResponseOptionsTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_response_options,
            (("", None), ("Connection:2", 2), (" connection:0; ", 0)),
        )
        self.wrong(
            parse_response_options,
            (
                ("Connection:x", None, (("RE11", "found 'x'"),)),
                ("Connection", None, (("RE11", "found nothing"),)),
                ("Connection:1;connection:2", 1, (("RE11", "twice"),)),
                ("connection:0;other:1", 0, (("RE11", "found 'other'"),)),
                ("conection:1", None, (("RE11", "did you mean Connection?"),)),
            ),
        )
        for text, warning in (("other", True), ("Connection:x", None)):
            self.assertEqual([p.warning for p in parse_response_options(text).problems], [warning], text)
        self.written(print_response_options, ((None, ""), (0, "Connection:0")))


class StuffingTest(LanguageTestCase):
    def test_meaning(self) -> None:
        self.means(
            parse_stuffing,
            (
                ("", None),
                (" \n", None),
                ("on=command;escape=0x10;stuffing=0x10", Stuffing(b"\x10", b"\x10", True, False)),
                (
                    " On = response , COMMAND ; escape = 0x1B ; STUFFING = 0x020x03 ; startoffset = 1 ;",
                    Stuffing(b"\x1b", b"\x02\x03", True, True, start_offset=1),
                ),
                (
                    "on=response;escape=0x10;stuffing=0x10;allowed=0x38, 0x390x3A;startoffset=2;endoffset=03",
                    Stuffing(b"\x10", b"\x10", False, True, (b"8", b"9:"), 2, 3),
                ),
            ),
        )

    def test_problems(self) -> None:
        both = "escape=0x10;stuffing=0x11"
        plain = Stuffing(b"\x10", b"\x11", True, False)
        self.wrong(
            parse_stuffing,
            (
                ("on=command", None, (("AD01", "escape="), ("AD01", "stuffing="))),
                (both, Stuffing(b"\x10", b"\x11", False, False), (("AD01", "expected on="),)),
                ("on=command;escape=10;stuffing=0x11", None, (("AD01", "0x10, found '10'"),)),
                ("on=command;escape=;stuffing=0x1", None, (("AD01", "nothing"), ("AD01", "'0x1'"))),
                (f"on=both;{both}", Stuffing(b"\x10", b"\x11", False, False), (("AD01", "found 'both'"),)),
                (f"on=;{both}", Stuffing(b"\x10", b"\x11", False, False), (("AD01", "found nothing"),)),
                (f"on=command;{both};allowed=", plain, (("AD01", "allowed: expected bytes"),)),
                (f"on=command;{both};allowed=0x12,x", plain, (("AD01", "found 'x'"),)),
                (f"on=command;{both};allowed=0x12,", plain, (("AD01", "found nothing"),)),
                (f"on=command;{both};startoffset=-1", plain, (("AD01", "startoffset: "),)),
                (f"on=command;{both};endoffset=x", plain, (("AD01", "endoffset: "),)),
                (f"on=command;{both};escape=0x12", plain, (("AD01", "escape is given twice"),)),
                (f"on=command;{both};endofset=1", plain, (("AD01", "did you mean endoffset?"),)),
            ),
        )

    def test_printing(self) -> None:
        self.written(
            print_stuffing,
            (
                (None, ""),
                (Stuffing(b"\x10", b"\x11", True, False), "on=command;escape=0x10;stuffing=0x11"),
                (
                    Stuffing(b"\x10\x20", b"\x11", True, True, (b"\x01\x02", b"\x03"), 1, 2),
                    "on=command,response;escape=0x100x20;stuffing=0x11;allowed=0x010x02,0x03;startoffset=1;endoffset=2",
                ),
            ),
        )
