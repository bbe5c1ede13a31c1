"""Rules about stuffing: each broken and kept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import PORT, Case, RuleCases, codes, constant, definition, param, serial

STUFFING = "on=command,response;escape=0x10;stuffing=0x10"
TYPE = '<Type relativeTimers="true" advanced="smart-serial">smart-serial</Type>'


def stuffed(text: str, *trailers: str) -> str:
    """Stuffing, on line 4, and trailers, each on a line, the first on line 5; responses use all of them."""
    numbers = range(11, 11 + len(trailers))
    made = "\n".join(
        constant(number, f"0x{number:02d}", "trailer", said)
        for number, said in zip(numbers, trailers, strict=True)
    )
    heard = "".join(
        f'<Response id="{number}"><Name>r{number}</Name>'
        f"<Content><Param>1</Param><Param>{number}</Param></Content></Response>"
        for number in numbers
    )
    return f'<Advanced stuffing="{text}"/><Params>{param(1)}\n{made}</Params><Responses>{heard}</Responses>'


ENDED = definition(stuffed(STUFFING, ""))
LINK = ' options="headerTrailerLink=1"'


class StuffingCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("AD01", definition(stuffed("")), definition(), line=4, says="found nothing"),
        Case("AD01", definition(stuffed(STUFFING + ";size=1", "")), ENDED, says="'size'"),
        Case("AD01", definition(stuffed("on=response;stuffing=0x10", "")), ENDED, says="escape"),
        Case("AD01", definition(stuffed("on=response;escape=0x10", "")), ENDED, says="stuffing"),
        Case("AD01", definition(stuffed(STUFFING.replace("0x10", "16", 1), "")), ENDED, says="'16'"),
        Case("AD01", definition(stuffed("escape=0x10;stuffing=0x10", "")), ENDED, says="on="),
        Case("AD01", definition(stuffed(STUFFING.replace("command", "send"), "")), ENDED, says="response"),
        Case(
            "AD01",
            definition(stuffed(STUFFING + ";startoffset=x", "")),
            definition(stuffed(f"{STUFFING};endoffset=1", "")),
        ),
        Case("AD02", definition(stuffed(STUFFING)), ENDED, line=4, says="on connection 0"),
        Case(
            "AD02", definition(stuffed(STUFFING)), definition(stuffed("on=command;escape=0x10;stuffing=0x10"))
        ),
        Case("AD03", definition(stuffed(STUFFING, LINK)), ENDED, line=5, says="without headerTrailerLink"),
        Case(
            "AD03",
            definition(stuffed(STUFFING, "", "")),
            ENDED,
            line=6,
            says="found 12 beside 11",
        ),
        Case("AD04", serial(stuffed(STUFFING, "")), ENDED, line=4),
    )

    def test_each_connection_has_a_trailer_of_its_own(self) -> None:
        port = PORT + f"<Ports>{PORT.replace('Connection', 'Connection - B')}</Ports>"
        first, second = (f' options="connection={n}"' for n in (0, 1))
        for trailers, expected in (
            ((first, second), []),
            ((first,), ["AD02"]),
            (("", second), ["AD03"]),
            ((first, second, second), ["AD03"]),
        ):
            with self.subTest(trailers=trailers):
                found = codes(definition(stuffed(STUFFING, *trailers), type=TYPE, port=port))
                self.assertEqual([code for code in found if code.startswith("AD")], expected)

    def test_trailers_of_unstuffed_connections(self) -> None:
        type_ = '<Type relativeTimers="true" advanced="serial">smart-serial</Type>'
        text = definition(stuffed(STUFFING, "", ' options="connection=1"'), type=type_)
        self.assertEqual([code for code in codes(text) if code.startswith("AD")], [])
        text = definition(stuffed(STUFFING, ' options="connection=1"'), type=type_)
        self.assertEqual([code for code in codes(text) if code.startswith("AD")], ["AD02"])
