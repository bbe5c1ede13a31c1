"""Rules about constants, defaults and exceptions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import Case, RuleCases, codes, definition, param

UNICODE = '<Type relativeTimers="true" options="unicode">smart-serial</Type>'


def one(
    more: str,
    type: str = "read",
    length: int = 2,
    raw_type: str = "other",
    held: str = "string",
    protocol_type: str = "",
) -> str:
    """A definition with one param of fixed length; `more` is on line 5."""
    made = (
        f"<Interprete><RawType>{raw_type}</RawType><LengthType>fixed</LengthType><Length>{length}</Length>"
        f"<Type>{held}</Type>\n{more}</Interprete>"
    )
    body = f"<Params>{param(5, type, made)}</Params>"
    return definition(body, protocol_type) if protocol_type else definition(body)


def number(more: str, type: str = "read") -> str:
    return one(more, type, raw_type="unsigned number", held="double")


def exception(attributes: str, more: str = "<Display>none</Display>") -> str:
    return f"<Exceptions><Exception{attributes}>{more}</Exception></Exceptions>"


GOOD = one("<Value>ab</Value>", "fixed")
ARRAY = param(1, "array", "", ' id="5"')


class ConstantsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("PA17", one("", "fixed"), GOOD, "error", line=4, says="Value for the type fixed"),
        Case("PA17", one("<Value/>", "fixed"), GOOD, "error", line=5, says="found nothing"),
        Case(
            "PA17",
            one("", "trailer", protocol_type="<Type relativeTimers='true'>serial</Type>"),
            one("<Value> \t</Value>", "trailer", protocol_type="<Type relativeTimers='true'>serial</Type>"),
            "error",
            says="type trailer",
        ),
        Case("PA17", one("<Value>abc</Value>", "fixed"), GOOD, "warning", line=5, says="it becomes blanks"),
        Case("PA17", one("<Value>a</Value>", "fixed"), GOOD, "warning", says="blanks are put before it"),
        Case("PA17", one("<Value>0x0D</Value>"), one("<Value>0x0D0x0A</Value>"), "warning", says="found 1"),
        Case(
            "PA17",
            one("<Value>ab</Value>", "fixed", protocol_type=UNICODE),
            one("<Value>ab</Value>", "fixed", 4, protocol_type=UNICODE),
            "warning",
            says="of 2 bytes, as Length says, found 4",
        ),
        Case(
            "PA22",
            number("<DefaultValue>on</DefaultValue>"),
            number("<DefaultValue>1.5</DefaultValue>"),
            "warning",
            line=5,
            says="'on'",
        ),
        Case("PA22", number("<DefaultValue/>"), one("<DefaultValue/>"), "warning", says="found ''"),
        Case(
            "PA22",
            one("<DefaultValue>abc</DefaultValue>"),
            one("<DefaultValue>a</DefaultValue>"),
            "warning",
            line=5,
            says="that the param can hold: ",
        ),
        Case(
            "PA22",
            number("<DefaultValue>65536</DefaultValue>"),
            number("<DefaultValue>65535</DefaultValue>"),
            "warning",
        ),
        Case(
            "PA22",
            number("<Factor>0.1</Factor><DefaultValue>6553.6</DefaultValue>"),
            number("<Factor>0.1</Factor><DefaultValue>6553.5</DefaultValue>"),
            "warning",
        ),
        Case(
            "PA22",
            number("<DefaultValue>1</DefaultValue>", "dummy"),
            number("<DefaultValue>1</DefaultValue>", "write"),
            "warning",
            says="no DefaultValue for the type dummy",
        ),
        Case(
            "PA22",
            number(exception(' value="none"')),
            number(exception(' value="-1e3"')),
            "warning",
            line=5,
            says="'none'",
        ),
        Case(
            "PA22",
            number(exception("")),
            number(exception(' value="0"')),
            "warning",
            says="attribute value, found none",
        ),
        Case(
            "PA22",
            number(exception(' value="1"', "<Value>off</Value>")),
            number(exception(' value="1"', "<Value>-1</Value>")),
            "warning",
            says="number in Value, found 'off'",
        ),
        Case(
            "PA22",
            number(exception(' value="1"'), "write"),
            number(exception(' value="1"')),
            "warning",
            line=5,
            says="no Exceptions for the type write",
        ),
    )

    def test_texts_take_any_default_and_exception(self) -> None:
        self.assertEqual(codes(one("<DefaultValue>on</DefaultValue>")), [])
        self.assertEqual(codes(one(exception(' value="none"', "<Value>x</Value>"))), [])

    def test_what_other_params_hold_is_not_known(self) -> None:
        steps = '<Sequence noset="true">factor:id:5</Sequence>'
        self.assertEqual(codes(number(f"{steps}<DefaultValue>7</DefaultValue>")), [])
        other = '<Others><Other id="5"><Display>x</Display><Value>99999</Value></Other></Others>'
        self.assertEqual(codes(number(f"{other}<DefaultValue>99999</DefaultValue>")), [])

    def test_a_default_of_a_param_with_errors(self) -> None:
        self.assertEqual(codes(number("<DefaultValue>1</DefaultValue>").replace(">2<", ">3<")), ["PA16"])

    def test_a_column_has_no_default(self) -> None:
        column = one("<DefaultValue>on</DefaultValue>")
        self.assertEqual(codes(column.replace("<Params>", f"<Params>{ARRAY}")), ["PA22"])

    def test_a_value_without_fixed_length(self) -> None:
        made = (
            "<RawType>other</RawType><LengthType>next param</LengthType><Length>9</Length><Type>string</Type>"
        )
        text = param(5, "fixed", f"<Interprete>{made}<Value>ab</Value></Interprete>")
        self.assertEqual(codes(definition(f"<Params>{text}</Params>")), [])
