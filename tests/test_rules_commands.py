"""Rules about commands."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.rulebook import Case, RuleCases, codes, definition, fixed, param

BYTE = "<Interprete><RawType>unsigned number</RawType><LengthType>fixed</LengthType><Length>1</Length>"
BYTE = f"{BYTE}<Type>double</Type></Interprete>"
CRC = "<CRC><Type>exor</Type><Content><Param>0</Param></Content></CRC>"
PARAMS = fixed(1, 1, "write") + param(2, "crc", BYTE, more=CRC) + param(3, "length", BYTE)


def made(commands: str, more: str = "") -> str:
    """A definition with three params: data, a checksum, a length; the command begins on line 5."""
    return definition(f"<Params>{PARAMS}</Params><Commands>\n{commands}</Commands>{more}")


def command(*params: int | str, id: int = 1, attributes: str = "") -> str:
    content = "".join(f"<Param>{number}</Param>" for number in params)
    return f'<Command id="{id}"{attributes}><Name>c{id}</Name><Content>{content}</Content></Command>'


def trigger(id: int, on_id: str, *steps: int, type: str = "action") -> str:
    on = f'<On id="{on_id}">command</On><Time>before</Time>' if on_id else ""
    content = "".join(f"<Id>{step}</Id>" for step in steps)
    return (
        f'<Trigger id="{id}"><Name>t{id}</Name>{on}<Type>{type}</Type><Content>{content}</Content></Trigger>'
    )


def action(id: int, type: str, on_id: str = "") -> str:
    return f'<Action id="{id}"><Name>a{id}</Name><On{on_id}>command</On><Type>{type}</Type></Action>'


ACTIONS = f"<Actions>{action(1, 'length')}{action(2, 'crc')}{action(3, 'make')}</Actions>"


def sent(content: tuple[int, ...], *triggers: str, actions: str = ACTIONS) -> str:
    return made(command(*content), f"<Triggers>{''.join(triggers)}</Triggers>{actions}")


def ascii(text: str) -> str:
    return made(command(1, attributes=f' ascii="{text}"'))


EACH = trigger(1, "each", 1, 2)
GOOD = made(command(1))


class CommandsCases(RuleCases, SynchronousTestCase):
    CASES = (
        Case("CM01", made(command(1, "")), GOOD, "error", line=5, says="found nothing"),
        Case("CM01", made(command(1, "one")), GOOD, "error", line=5, says="'one'"),
        Case("CM01", made(command("01")), GOOD, "error", says="'01'"),
        Case("CM01", made(command(1, 7)), GOOD, "error", line=5, says="no param 7"),
        Case("CM02", ascii(""), ascii("true"), "warning", line=5, says="found nothing"),
        Case("CM02", ascii("yes"), ascii("False"), "warning", says="'yes'"),
        Case("CM02", ascii("1;7"), ascii("1;3"), "warning", says="no param 7"),
        Case("CM03", made(command(1, 2)), sent((1, 2), EACH), "warning", line=5, says="action crc"),
        Case(
            "CM03",
            sent((1, 2), EACH, trigger(2, "1", 3)),
            sent((1, 2), EACH, trigger(2, "1", 2)),
            "warning",
            says="for its param 2",
        ),
        Case(
            "CM03",
            sent((1, 2), trigger(1, "each", 2, type="trigger"), trigger(2, "", 3)),
            sent((1, 2), trigger(1, "each", 2, type="trigger"), trigger(2, "", 2)),
            "warning",
        ),
        Case("CM04", made(command(3, 1)), sent((3, 1), EACH), "warning", line=5, says="action length"),
        Case(
            "CM04",
            sent((3, 1, 2), trigger(1, "each", 2, 1)),
            sent((3, 1, 2), EACH),
            "warning",
            says="before the action crc",
        ),
        Case("CM05", made(command()), GOOD, "warning", line=5, says="params in the command"),
        Case("CM05", made('<Command id="1"><Name>c</Name></Command>'), GOOD, "warning", line=5),
    )

    def test_an_action_on_another_command(self) -> None:
        actions = f"<Actions>{action(1, 'crc', ' id=' + chr(34) + '2' + chr(34))}</Actions>"
        both = command(1, 2) + command(1, 2, id=2)
        triggers = f"<Triggers>{trigger(1, 'each', 1)}</Triggers>"
        self.assertEqual(codes(made(both, triggers + actions)), ["CM03"])

    def test_the_order_counts_where_both_are(self) -> None:
        self.assertEqual(codes(sent((3, 1), trigger(1, "each", 2, 1))), [])

    def test_after_is_too_late(self) -> None:
        after = EACH.replace(">before<", ">after<")
        self.assertEqual(codes(sent((3, 1, 2), after)), ["CM03", "CM04"])

    def test_a_wrong_param_is_the_cause(self) -> None:
        text = made(command(1, 2, 7))
        self.assertEqual(codes(text), ["CM01"])
        self.assertEqual(codes(made(command(1, 2)).replace("exor", "crc")), ["PA18"])

    def test_a_missing_action_is_the_cause(self) -> None:
        found = codes(sent((1, 2), trigger(1, "each", 1, 9)))
        self.assertNotIn("CM03", found)

    def test_what_is_missing_twice_is_told_once(self) -> None:
        self.assertEqual(codes(made(command(7) + command(1, 7, id=2))), ["CM01"])

    def test_built_in_params_are_there(self) -> None:
        self.assertEqual(codes(made(command(1, 65017))), [])
