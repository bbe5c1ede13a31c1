"""Where each rule on encryption fails, and where it has nothing to say."""

from __future__ import annotations

from .configs import Row, console, listen, share
from .elementconfigs import connection, element

C = "elements.e.connections.0"
L = "shares.a.listen[0]"
SITE = "tls: {site: {certificate: c.pem}, bare: {authorities: a.pem}}\n"
FOLDER = "tls: {site: {folder: certificates}}\n"
_SAID = "cannot act: it is for `telnet`, and the socket is this user's own"


def listener(values: str) -> str:
    """A configuration whose listener has these values too; behind a line of sets they begin at 5:24."""
    return listen(f"{{port: 1, {values}}}")


TLS_EXAMPLES: dict[str, tuple[list[Row], list[str]]] = {
    "sets_of_keys": (
        [
            (
                "tls: {a: {key: k.pem}}\n" + element(),
                [("1:11 CF04 tls.a.key", "expected `certificate` beside it")],
            ),
            (
                "tls: {a: {folder: f, certificate: c.pem, key: k.pem}}\n" + element(),
                [
                    ("1:22 CF05 tls.a.certificate", "`folder` and `certificate` exclude each other"),
                    ("1:42 CF05 tls.a.key", "`folder` and `key` exclude each other"),
                ],
            ),
        ],
        [
            "tls: {a: {key: k.pem, certificate: c.pem}}\n" + element(),
            "tls: {a: {folder: f, authorities: a.pem}}\n" + element(),
        ],
    ),
    "encryption": (
        [
            (
                SITE + connection("tls: siet"),
                [(f"5:28 CF14 {C}.tls", "`tls` has no siet (did you mean site?)")],
            ),
            (connection("tls: site"), [(f"4:28 CF14 {C}.tls", "`tls` has no site")]),
            (SITE + connection("type: udp, tls: site"), [(f"5:34 CF08 {C}.tls", "UDP is not encrypted")]),
            (
                connection("tls: true"),
                [(f"4:28 CF04 {C}.tls", "expected the name of a set in `tls` with a cert")],
            ),
            (
                SITE + connection("tls: bare"),
                [(f"5:28 CF04 {C}.tls", "expected `certificate`, or `folder`, in tls.bare, as")],
            ),
            (
                element(protocol="tls"),
                [("3:5 CF04 elements.e", "expected the name of a set in `tls` with a cert")],
            ),
        ],
        [
            SITE + connection("tls: site"),
            FOLDER + connection("tls: site"),
            SITE + connection("tls: site", "tls"),
            SITE + connection("host: h, tls: bare"),
            connection("host: h, tls: true"),
            connection("tls: false"),
        ],
    ),
    "encrypted_listeners": (
        [
            (
                SITE + listener("tls: siet"),
                [(f"5:29 CF14 {L}.tls", "`tls` has no siet (did you mean site?)")],
            ),
            (listener("host: any, tls: site"), [(f"4:40 CF14 {L}.tls", "`tls` has no site")]),
            (
                SITE + listener("tls: bare"),
                [(f"5:29 CF04 {L}.tls", "or `folder`, in tls.bare, as the listener is a server")],
            ),
            (
                SITE + listener("transport: udp, host: any, tls: site"),
                [(f"5:51 CF08 {L}.tls", "cannot act: UDP is not encrypted")],
            ),
            (
                SITE + listen("{endpoint: 'tcp:1', tls: site}"),
                [
                    (
                        f"5:34 CF05 {L}.tls",
                        "such an `endpoint` exclude each other (an endpoint says itself",
                    )
                ],
            ),
        ],
        [
            SITE + listener("tls: site"),
            SITE + listener("tls: site, host: any"),
            FOLDER + listener("tls: site, host: any, mode: rfc2217"),
        ],
    ),
    "encrypted_calls": (
        [
            (
                SITE + share("connect: {to: [h:1], tls: siet}"),
                [("6:31 CF14 shares.a.connect.tls", "`tls` has no siet (did you mean site?)")],
            ),
        ],
        [SITE + share("connect: {to: [h:1], tls: site}")],
    ),
    "encrypted_console": (
        [
            (
                SITE + console("{telnet: 'any:1', tls: siet}"),
                [("2:33 CF14 console.tls", "`tls` has no siet (did you mean site?)")],
            ),
            (
                SITE + console("{telnet: 1, tls: bare}"),
                [("2:27 CF04 console.tls", "in tls.bare, as the console is a server")],
            ),
        ],
        [SITE + console("{telnet: 'any:1', tls: site}"), FOLDER + console("{telnet: 1, tls: site}")],
    ),
    "a_console_by_telnet": (
        [(SITE + console("{tls: site}"), [("2:11 CF08 console.tls", _SAID)])],
        [SITE + console("{telnet: 1, tls: site}")],
    ),
    "sets_that_act": (
        [(SITE + listen("{port: 1}"), [("1:1 CF08 tls", "cannot act: nothing is encrypted by it")])],
        [SITE + listener("tls: site"), "tls: {}\n" + element()],
    ),
    "folders_that_act": (
        [
            (
                FOLDER + connection("host: h, tls: site"),
                [("1:14 CF08 tls.site.folder", "cannot act: a client has one certificate")],
            )
        ],
        [
            FOLDER + connection("tls: site"),
            FOLDER + listener("tls: site") + connection("host: h, tls: site"),
            FOLDER + element(),
        ],
    ),
    "all_that_is_needed": ([], [SITE + listener("tls: site")]),  # fails where something is not installed
}
TLS_WARNINGS = {"a_console_by_telnet", "sets_that_act", "folders_that_act"}
