"""What Twisted finds: the `twistd smartserial` command, and the endpoints ``serial:``, ``pty:`` and ``sim:``.

Every `twistd` command imports this file, so that it imports nothing heavy itself.
"""

from twisted.application.service import ServiceMaker

from smartserial.parsers import PtyParser, SerialParser, SimParser

smartserial = ServiceMaker(
    "smartserial",
    "smartserial.tap",
    "A serial gateway: shares serial devices, real and virtual, over the network.",
    "smartserial",
)
serial = SerialParser()
pty = PtyParser()
sim = SimParser()
