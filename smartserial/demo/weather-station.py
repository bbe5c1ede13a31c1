"""A weather station of the demonstration: it tells its hub what it measures, at once when it is asked."""

from __future__ import annotations

from dataclasses import replace
from math import sin

from smartserial.definition import authoring as a
from smartserial.definition.param import ParamType
from smartserial.definition.protocol import Protocol
from smartserial.plugin import DeviceProtocol, Steps, View, after, every, option, send, set_value

wx, blank, ok = a.fixed(2, "wx", "WX "), a.fixed(3, "blank", " "), a.fixed(4, "ok", "OK ")
time, report, end = (
    a.fixed(5, "time", "TIME "),
    a.fixed(6, "report", "REPORT"),
    a.trailer(1, "end", b"\n", link=1),
)
place, thanked = a.text(10, "station", kind=ParamType.WRITE), a.text(11, "thanked")
warmth = a.numeric_text(12, "temperature", units="C", kind=ParamType.WRITE)
wind = a.numeric_text(13, "wind", units="m/s", kind=ParamType.WRITE)
thanks, count = a.numeric_text(14, "thanks"), a.numeric_text(15, "count")
reading = a.command(1, "reading", wx, place, blank, warmth, blank, wind, end)
accepted, asked = a.response(1, "accepted", ok, thanked, end), a.response(3, "asked", report, end)


class WeatherStation(DeviceProtocol):
    """Tells the temperature and the wind of a place."""

    name, version = "weather-station", "1.0.0.1"
    station = option("somewhere", help="its name, without blanks")
    temperature = option(20.0, help="degrees Celsius around which it measures")
    interval = option(5.0, help="seconds from one reading to the next")
    definition = Protocol(
        "Weather station",
        connections=(replace(a.smart_serial("IP Connection", port=7021), single=True),),
        relative_timers=True,
        params=(wx, blank, ok, time, report, end, place, thanked, warmth, wind, thanks, count),
        commands=(reading,),
        responses=(accepted, a.response(2, "time", time, count, end), asked),
    )
    told = 0

    @every(interval)
    @after(asked)
    def tell(self, view: View) -> Steps:
        """Measure, and tell."""
        self.told += 1
        yield set_value(place, self.station)
        yield set_value(warmth, round(self.temperature + sin(self.told), 1))
        yield set_value(wind, round(5 + 3 * sin(self.told * self.temperature), 1))
        yield send(reading)

    @after(accepted)
    def count_thanks(self, view: View) -> Steps:
        """Count what the hub has taken."""
        yield set_value(thanks, 1 if view.is_empty(thanks) else view.number(thanks) + 1)


weather_station = WeatherStation()
