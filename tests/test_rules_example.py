"""One small definition with several mistakes, judged by all rules."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from smartserial.findings import ERROR, INFO, WARNING
from tests.rulebook import codes, constant, definition, findings, param

LINK = ' options="connection=1;headerTrailerLink=1"'
ALARMS = f"""<Protocol>
<Name>Alarm panel</Name><Version>1.0.0.1</Version>
<Type advanced="smart-serial:Events">serial</Type>
<Params>
{constant(1, "0x02", "header", LINK)}
{constant(2, "0x03", "trailer", LINK)}
{param(3)}
</Params>
<Responses><Response id="2" options="Connection:1"><Name>alarm</Name><Content>
<Param>3</Param>
</Content></Response></Responses>
{{more}}
</Protocol>"""
TRIGGER = (
    '<Triggers><Trigger id="1"><Name>heard</Name><On id="2">response</On><Time>after</Time>'
    "<Type>action</Type><Content><Id>1</Id></Content></Trigger></Triggers>"
    '<Actions><Action id="1"><Name>forget</Name>'
    "<On>response</On><Type>clear</Type></Action></Actions>"
)


class ExampleTest(SynchronousTestCase):
    """Frames of one connection begin and end with bytes that its only response does not hold."""

    maxDiff = None

    def judged(self, more: str = "") -> dict[str, list[str]]:
        """Return the codes of each severity."""
        found = findings(ALARMS.format(more=more))
        return {
            severity: sorted(one.code for one in found if one.severity == severity)
            for severity in (ERROR, WARNING, INFO)
        }

    def test_without_triggers(self) -> None:
        found = self.judged()
        self.assertEqual(found[ERROR], [])
        self.assertEqual(found[WARNING], ["CN03", "PA11", "PA11", "RE03"])
        self.assertEqual(found[INFO], ["CN10", "CN11"])

    def test_with_a_trigger_nothing_reads_it(self) -> None:
        found = self.judged(TRIGGER)
        self.assertEqual(found[ERROR], [])
        self.assertEqual(found[WARNING], ["CN03", "PA11", "PA11", "RE03", "RE09"])

    def test_cured(self) -> None:
        """With header and trailer in the response all that is left is about the connections."""
        whole = ALARMS.replace("<Param>3</Param>", "<Param>1</Param><Param>3</Param><Param>2</Param>")
        found = [one for one in findings(whole.format(more="")) if one.severity != INFO]
        self.assertEqual([one.code for one in found], ["CN03"])

    def test_params_and_responses_are_enough(self) -> None:
        """Without any trigger a definition reads by itself: it is clean."""
        body = (
            f"<Params>{constant(1, 'T,')}{param(2)}{constant(3, '0x0D')}</Params>"
            '<Responses><Response id="1"><Name>temperature</Name><Content><Param>1</Param><Param>2</Param>'
            "<Param>3</Param></Content></Response></Responses>"
        )
        self.assertEqual(codes(definition(body)), [])
