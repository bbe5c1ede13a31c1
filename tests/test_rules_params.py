"""Rules about what params are."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import NEXT, Case, RuleCases, codes, definition, findings, fixed, param

BIT = "<Interprete><StartPosition>1</StartPosition></Interprete>"


def params(*made: str, more: str = "") -> str:
    body = "\n".join(made)
    return definition(f"<Params>\n{body}\n</Params>{more}")


def typed(type: str) -> str:
    """A definition with one param; `type` is the whole element."""
    return params(f'<Param id="5"><Name>p5</Name>{type}{NEXT}</Param>')


def bit(attributes: str, type: str = "read bit") -> str:
    return params(fixed(1, 2, "group"), param(2, type, BIT, attributes))


RESPONSE = (
    '<Responses><Response id="1"><Name>r</Name><Content><Param>1</Param></Content></Response></Responses>'
)


def inner(attributes: str) -> str:
    """A definition with a param of type response, beside response 1."""
    return params(param(1), param(2, "response", attributes=attributes), more=RESPONSE)


class ParamsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA01", typed(""), typed("<Type>read</Type>"), "error", line=5, says="element Type"),
        Case("PA01", typed("<Type> </Type>"), typed("<Type>dummy</Type>"), "error", says="nothing"),
        Case("PA01", typed("<Type>raed</Type>"), typed("<Type>READ</Type>"), "error", says="'raed'"),
        Case("PA02", bit(""), bit(' id="1"'), "error", line=6, says="a group for the type read bit"),
        Case("PA02", bit("", "write bit"), bit(' id="1"', "write bit"), says="write bit"),
        Case("PA02", inner(""), inner(' id="1"'), says="id of a response"),
        Case("PA03", bit(' id=""'), bit(' id="1"'), "error", line=6, says="id of a param, found nothing"),
        Case("PA03", bit(' id="one"'), bit(' id="1"'), says="'one'"),
        Case("PA03", bit(' id="7"'), bit(' id="1"'), says="no param 7"),
        Case("PA03", inner(' id="7"'), inner(' id="1"'), says="no response 7"),
        Case(
            "PA03",
            params(param(1), param(2), param(3, "array", "", ' id="1;2;7"')),
            params(param(1), param(2), param(3, "array", "", ' id="1;2"')),
            says="no param 7",
        ),
        Case("PA03", params(param(3, "array", "", ' id=";"')), params(param(3, "array", "")), says="nothing"),
        Case(
            "PA24",
            params(param(1, "elementname"), param(2, "elementname")),
            params(param(1, "elementname"), param(2, "elementid")),
            "warning",
            line=6,
            says="param 2 beside param 1",
        ),
    )

    def test_a_hint(self) -> None:
        [found] = findings(typed("<Type>haeder</Type>"))
        self.assertIn("header", found.hint)

    def test_foreign_texts_are_cut(self) -> None:
        [found] = findings(typed(f"<Type>{'x' * 500}</Type>"))
        self.assertLess(len(found.message), 150)

    def test_each_of_many(self) -> None:
        made = [param(number, "elementname") for number in range(1, 5)]
        self.assertEqual(codes(params(*made)), ["PA24"] * 3)

    def test_all_types_are_known(self) -> None:
        for type in (
            "read",
            "write",
            "ip",
            "pollingip",
            "elementid",
            "elementdmaid",
            "dataminer info",
        ):
            self.assertEqual(codes(typed(f"<Type>{type}</Type>")), [], type)

    def test_a_param_that_is_twice_named_and_missing_is_told_once(self) -> None:
        text = params(param(2, "read bit", BIT, ' id="9"'), param(3, "read bit", BIT, ' id="9"'))
        [found] = findings(text)
        self.assertEqual(found.code, "PA03")
        self.assertIn("also named at line 6", found.message)
