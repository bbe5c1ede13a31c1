"""What Twisted finds: the `twistd smartserial` command, and the endpoints of our devices.

Every `twistd` command imports this file, so that it imports nothing heavy itself.
"""

from twisted.application.service import ServiceMaker

from smartserial.parsers import PtyParser, Rfc2217Parser, SerialParser, SimParser

smartserial = ServiceMaker(
    "smartserial",
    "smartserial.tap",
    "A serial gateway: shares serial devices, real and virtual, over the network.",
    "smartserial",
)
serial = SerialParser()
rfc2217 = Rfc2217Parser()
pty = PtyParser()
sim = SimParser()
