"""What an RFC 2217 client is answered: one request, one answer, with the value in force."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.lines import Flow, Lines, LineSettings, Parity
from smartserial.telnet.server import MOST_SIGNATURE
from tests.fakecomport import FakePort, Served

ODD = LineSettings(19200, 7, Parity.EVEN, 2, Flow.RTSCTS)
SIGNATURE = "64" + FakePort.signature.hex()

# What is asked of a line at 19200 7E2 rtscts with DTR and RTS on, and the answer; nothing is changed by it.
ASKED = (
    ("00", SIGNATURE),
    ("0100000000", "6500004b00"),
    ("0200", "6607"),
    ("0300", "6703"),
    ("0400", "6802"),
    ("0500", "6903"),
    ("0504", "6906"),
    ("0507", "6908"),
    ("050a", "690b"),
    ("050d", "6910"),
    ("0600", "6a60"),
    ("06", "6a60"),
    ("0700", "6b00"),
    ("07", "6b00"),
    ("07ffff", "6b00"),
)
# What is set, the answer, and what the port is told.
SET = (
    ("010001c200", "650001c200", ("change", {"baudrate": 115200})),
    ("01ffffffff", "65ffffffff", ("change", {"baudrate": 2**32 - 1})),
    ("0100000001", "6500000001", ("change", {"baudrate": 1})),
    ("0205", "6605", ("change", {"bytesize": 5})),
    ("0206", "6606", ("change", {"bytesize": 6})),
    ("0207", "6607", ("change", {"bytesize": 7})),
    ("0208", "6608", ("change", {"bytesize": 8})),
    ("0301", "6701", ("change", {"parity": Parity.NONE})),
    ("0302", "6702", ("change", {"parity": Parity.ODD})),
    ("0303", "6703", ("change", {"parity": Parity.EVEN})),
    ("0304", "6704", ("change", {"parity": Parity.MARK})),
    ("0305", "6705", ("change", {"parity": Parity.SPACE})),
    ("0401", "6801", ("change", {"stopbits": 1.0})),
    ("0402", "6802", ("change", {"stopbits": 2.0})),
    ("0403", "6803", ("change", {"stopbits": 1.5})),
    ("0501", "6901", ("change", {"flow": Flow.NONE})),
    ("0502", "6902", ("change", {"flow": Flow.XONXOFF})),
    ("0503", "6903", ("change", {"flow": Flow.RTSCTS})),
    ("0505", "6905", ("drive", {"brk": True})),
    ("0506", "6906", ("drive", {"brk": False})),
    ("0508", "6908", ("drive", {"dtr": True})),
    ("0509", "6909", ("drive", {"dtr": False})),
    ("050b", "690b", ("drive", {"rts": True})),
    ("050c", "690c", ("drive", {"rts": False})),
    ("0c01", "7001", ("purge", 1)),
    ("0c02", "7002", ("purge", 2)),
    ("0c03", "7003", ("purge", 3)),
)
# What means nothing or cannot be, of a line at 19200 7E2 rtscts: answered with what is in force, and no more.
MALFORMED = (
    *((payload, "6500004b00") for payload in ("01", "010000", "01004b00", "010000004b00", "01000000000000")),
    *((payload, "6607") for payload in ("02", "0201", "0204", "0209", "02ff", "020008", "020708")),
    *((payload, "6703") for payload in ("03", "0306", "03ff", "030301")),
    *((payload, "6802") for payload in ("04", "0404", "04ff", "040401")),
    *((payload, "6903") for payload in ("05", "0511", "0513", "0514", "057f", "05ff", "050801")),
    *((payload, "6910") for payload in ("050e", "050f", "0510", "0512")),
    *((payload, "7003") for payload in ("0c", "0c00", "0c04", "0cff", "0c0101")),
)
NEVER_ANSWERED = (
    *("0061", "08", "0800", "09", "0901", "", "6408", "6401", "6c", "70", "71", "c8", "ff"),
    *(f"{code:02x}{value}" for code in range(13, 100) for value in ("", "01")),
)


class AnswersTest(SynchronousTestCase):
    def test_what_is_asked(self) -> None:
        for payload, answer in ASKED:
            served = Served(FakePort(ODD))
            self.assertEqual((served.ask(payload), served.port.calls), (answer, []), payload)

    def test_each_value_is_asked_for(self) -> None:
        for settings, answers in (
            (LineSettings(9600, 8, Parity.NONE, 1, Flow.NONE), "6500002580 6608 6701 6801 6901 690e"),
            (LineSettings(300, 5, Parity.ODD, 1.5, Flow.XONXOFF), "650000012c 6605 6702 6803 6902 690f"),
            (LineSettings(65280, 6, Parity.MARK, 2, Flow.RTSCTS), "650000ff00 6606 6704 6802 6903 6910"),
            (LineSettings(50, 7, Parity.SPACE, 2, Flow.RTSCTS), "6500000032 6607 6705 6802 6903 6910"),
        ):
            asked = Served(FakePort(settings)).ask("0100000000", "0200", "0300", "0400", "0500", "050d")
            self.assertEqual(asked, answers)

    def test_the_states_of_lines_are_asked_for(self) -> None:
        port = FakePort()
        for lines, answers in (
            (Lines(dtr=True, rts=True, brk=True), "6905 6908 690b"),
            (Lines(dtr=False, rts=True, brk=False), "6906 6909 690b"),
            (Lines(dtr=True, rts=False, brk=False), "6906 6908 690c"),
        ):
            port.lines = lines
            self.assertEqual(Served(port).ask("0504", "0507", "050a"), answers)

    def test_what_is_set(self) -> None:
        for payload, answer, call in SET:
            served = Served(FakePort(ODD))
            self.assertEqual((served.ask(payload), served.port.calls), (answer, [call]), payload)

    def test_malformed(self) -> None:
        for payload, answer in MALFORMED:
            served = Served(FakePort(ODD))
            self.assertEqual((served.ask(payload), served.port.calls), (answer, []), payload)

    def test_never_answered(self) -> None:
        for payload in NEVER_ANSWERED:
            self.assertEqual(Served(FakePort(ODD)).ask(payload), "", payload)

    def test_what_means_nothing_is_counted(self) -> None:
        served = Served(opened=False)
        served.hear("", "0d", "63", "64", "6501", "ff")
        self.assertEqual((served.server.ignored, served.take()), (6, ""))
        served.hear("08", "0061", "0209", "0cff")
        self.assertEqual(served.server.ignored, 6)

    def test_refused(self) -> None:
        """The port keeps what it had, and the answer is that."""
        for payload, _, (kind, wanted) in SET:
            if isinstance(wanted, dict):
                served = Served(FakePort(ODD))
                served.port.lines = Lines(dtr=False, rts=False, brk=True)
                before = self._in_force(served)
                served.port.refused = set(wanted.items())
                answer = served.ask(payload)
                self.assertEqual(served.port.calls, [(kind, wanted)])
                self.assertEqual(self._in_force(served), before)
                self.assertIn(answer, before.split(), payload)

    def _in_force(self, served: Served) -> str:
        return served.ask("0100000000", "0200", "0300", "0400", "0500", "0504", "0507", "050a")

    def test_what_a_client_believes_is_what_it_is_told(self) -> None:
        """Whether a value is in force or a shadow is the port's business."""
        port = FakePort()
        served = Served(port)
        port.settings, port.lines = ODD, Lines(dtr=False, rts=False, brk=True)
        self.assertEqual(self._in_force(served), "6500004b00 6607 6703 6802 6903 6905 6909 690c")

    def test_a_line_whose_state_is_not_known_is_off(self) -> None:
        port = FakePort()
        port.lines = Lines()
        self.assertEqual(Served(port).ask("0504", "0507", "050a"), "6906 6909 690c")


class CiscoTest(SynchronousTestCase):
    def test_one_byte(self) -> None:
        for code, rate in (
            (3, 300),
            (4, 600),
            (5, 1200),
            (6, 2400),
            (7, 4800),
            (8, 9600),
            (10, 19200),
            (12, 38400),
            (13, 57600),
            (14, 115200),
            (15, 230400),
        ):
            served = Served(FakePort(ODD))
            self.assertEqual(served.ask(f"01{code:02x}"), f"65{code:02x}")
            self.assertEqual(served.port.calls, [("change", {"baudrate": rate})])

    def test_codes_that_mean_nothing(self) -> None:
        for code in (0, 1, 2, 9, 11, 16, 255):
            served = Served(FakePort(ODD))
            self.assertEqual((served.ask(f"01{code:02x}"), served.port.calls), ("650a", []))

    def test_who_has_asked_so_is_answered_so_from_then_on(self) -> None:
        served = Served()
        answers = [served.ask(payload) for payload in ("010001c200", "0100", "010001c200", "0100000000")]
        self.assertEqual(answers, ["650001c200", "650e", "650e", "650e"])

    def test_a_rate_without_a_code_has_four_bytes(self) -> None:
        served = Served()
        self.assertEqual(served.ask("0108", "0100007a12", "010000"), "6508 6500007a12 6500007a12")

    def test_what_came_before_is_answered_in_four_bytes(self) -> None:
        self.assertEqual(Served().ask("0100002580", "010e"), "6500002580 650e")
        self.assertEqual(Served().ask("0207", "0100002580", "010e"), "6607 6500002580 650e")
        self.assertEqual(Served().ask("0100002580", "0207", "0100"), "6500002580 6607 6508")


class SignatureTest(SynchronousTestCase):
    def test_both_ways(self) -> None:
        served = Served()
        self.assertEqual(served.ask(b"\0me"), "")
        self.assertEqual(served.port.calls, [("introduced", b"me")])
        self.assertEqual(served.ask("00", "00"), f"{SIGNATURE} {SIGNATURE}")

    def test_a_long_one_is_cut(self) -> None:
        served = Served()
        served.hear(b"\0" + b"\xff" * MOST_SIGNATURE + b"more")
        self.assertEqual(served.port.calls, [("introduced", b"\xff" * MOST_SIGNATURE)])


class PurgeTest(SynchronousTestCase):
    def test_the_last_good_value_is_answered_to_a_bad_one(self) -> None:
        served = Served()
        self.assertEqual(
            served.ask("0c07", "0c01", "0c00", "0c02", "0c", "0c03", "0cff"),
            self._answers(3, 1, 1, 2, 2, 3, 3),
        )
        self.assertEqual(served.port.calls, [("purge", 1), ("purge", 2), ("purge", 3)])

    def _answers(self, *values: int) -> str:
        return " ".join(f"70{value:02x}" for value in values)


class MasksTest(SynchronousTestCase):
    def test_they_are_answered(self) -> None:
        for payload, answer in (("0a1e", "6e1e"), ("0a00", "6e00"), ("0b10", "6f10"), ("0bff", "6fff")):
            self.assertEqual(Served().ask(payload), answer)

    def test_malformed_ones_change_nothing(self) -> None:
        served = Served()
        self.assertEqual(served.ask("0a", "0b", "0a0101", "0b0101"), "6e00 6fff 6e00 6fff")
        self.assertEqual(served.ask("0a1e", "0b10", "0a", "0b"), "6e1e 6f10 6e1e 6f10")

    def test_each_has_its_own(self) -> None:
        served = Served()
        served.hear("0a10", "0b20")
        served.take()
        served.server.modem_changed(0x10, 0x01)
        served.server.line_erred(0x02)
        self.assertEqual(served.take(), "")
        served.server.modem_changed(0x30, 0x02)
        served.server.line_erred(0x12)
        self.assertEqual(served.take(), "6b20 6a10")


class SuspendTest(SynchronousTestCase):
    def test_suspend_and_resume(self) -> None:
        served = Served()
        self.assertEqual(served.ask("08", "09", "0801"), "")
        self.assertEqual(served.port.calls, [("suspend", True), ("suspend", False), ("suspend", True)])
