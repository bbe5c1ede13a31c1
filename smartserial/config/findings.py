"""The codes of what can be wrong with a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from smartserial.errors import ConfigError
from smartserial.findings import ERROR, WARNING, Explanation, Finding

CODES = {
    known.code: known
    for known in (
        Explanation("CF01", ERROR, "the file cannot be read, or is not YAML", "look at its name and indents"),
        Explanation("CF02", ERROR, "an unknown key", "take one of those that the message names"),
        Explanation("CF03", ERROR, "a value of the wrong kind, or out of range", "write what was expected"),
        Explanation("CF04", ERROR, "a key is missing", "add it"),
        Explanation("CF05", ERROR, "keys that exclude each other", "keep one of them"),
        Explanation("CF06", ERROR, "an address, a device or a file that is used twice", "give each its own"),
        Explanation(
            "CF07",
            ERROR,
            "a listener that others could reach without protection",
            "listen on 127.0.0.1, or add `insecure: true` if that is meant",
        ),
        Explanation("CF08", ERROR, "an option that cannot act where it stands", "take it out"),
        Explanation("CF09", ERROR, "a file that the configuration names cannot be used", "look at that file"),
        Explanation(
            "CF10",
            ERROR,
            "a device protocol that is not found, or cannot be used",
            "`smartserial protocols` lists all; findings about the definition follow",
        ),
        Explanation(
            "CF11",
            ERROR,
            "an option that the device protocol does not have, or a value that it cannot have",
            "take one of those that the message names",
        ),
        Explanation(
            "CF12",
            ERROR,
            "a connection that the device protocol does not have, or that is not run here",
            "take a number that the message names: those of `smartserial explain`",
        ),
        Explanation(
            "CF13",
            ERROR,
            "a setting that the device protocol does not allow",
            "take a value that the message names, or change the limits in the definition",
        ),
        Explanation(
            "CF14",
            ERROR,
            "a name that something else has, or that nothing has",
            "give each share and element its own name, and refer to those that there are",
        ),
        Explanation(
            "CF15",
            WARNING,
            "values that are to be saved are forgotten with the process",
            "say in `state` which file they are kept in",
        ),
        Explanation(
            "CF16",
            WARNING,
            "what others come by, a secret or what passes: they can read or change its file, or guess a hash",
            "`chmod 600`, or 640 with a group of the gateway's own; a hash: `smartserial passwd`",
        ),
    )
}


class FindingsError(ConfigError):
    """A configuration with findings, at least one of them an error."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)
