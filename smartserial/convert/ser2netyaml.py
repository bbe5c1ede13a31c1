"""The configuration of ser2net 4, see ser2net.yaml(5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from smartserial.convert.gensio import parse_gensio, truth
from smartserial.convert.remarks import DEEPEST, TOO_DEEP, ConvertError, Place, Word, named
from smartserial.convert.ser2net import Connection, Defaults, Option, Others, Rotator, Setup, Stack
from smartserial.convert.yamltree import Alias, Items, Node, Pairs, Scalar, place_of, read_tree

_INSIDE = re.compile(r"\*([({])(\*|[^)}]*[)}])")
_LONGEST = 4096  # characters of a text with everything put in


class _UnknownError(Exception):
    """A text that cannot be had; the arguments are why, and what to do."""


def read_ser2net_yaml(file: str, text: str, others: Others) -> Setup:
    """Read a file, and those that it includes.

    Args:
        file: its name, for places.
        text: what it holds.
        others: reads those that it includes.

    Raises:
        ConvertError: one of them is not YAML, or no configuration of ser2net.
    """
    reader = _Reader(others)
    reader.document(read_tree(file, text), 0)
    return reader.setup


class _Reader:
    """Reads documents one after the other; what one defines the next may use."""

    def __init__(self, others: Others) -> None:
        self.setup = Setup()
        self._others = others
        self._texts: dict[str, str] = {}
        self._defaults: Defaults = {}

    def document(self, tree: Pairs, depth: int) -> None:
        """Read one document, `depth` files below the first."""
        for key, node in tree.pairs:
            if key.text == "include":
                self._include(node, depth)
            elif key.text in _SECTIONS:
                _SECTIONS[key.text](self, node)
            else:
                known = ", ".join(_SECTIONS)
                raise ConvertError(key.place, f"expected one of {known}, include, found {named(key.text)}")

    def _include(self, node: Node, depth: int) -> None:
        pattern = self._word(node, "include")
        if pattern is None:
            return
        if depth >= DEEPEST:
            raise ConvertError(place_of(node), TOO_DEEP)
        for name, text in self._others(pattern.text, pattern.place):
            self.document(read_tree(name, text), depth + 1)

    # Texts

    def _word(self, node: Node, what: str) -> Word | None:
        """Return a text with everything put in; None if it cannot be had, with a remark."""
        place = place_of(node)
        try:
            if isinstance(node, Scalar):
                return Word(self._put_in(node.word.text), place)
            if isinstance(node, Alias):
                return Word(self._text_of(node.word.text), place)
        except _UnknownError as error:
            why, cure = error.args
            self.setup.remarks.add(place, what, why, cure)
            return None
        raise ConvertError(place, f"expected a text as {what}")

    def _text_of(self, alias: str) -> str:
        if alias not in self._texts:
            raise _UnknownError(f"nothing defines {named(alias)}", "write its text in its place")
        return self._texts[alias]

    def _put_in(self, text: str) -> str:
        def one(match: re.Match[str]) -> str:
            if match[2] == "*":
                return f"*{match[1]}"
            if match[1] == "{":
                raise _UnknownError(
                    "it is put in from a file of its own, and may be a secret",
                    "passwords are made anew by `smartserial passwd`; write other texts in its place",
                )
            return self._text_of(match[2][:-1])

        whole = _INSIDE.sub(one, text) if len(text) <= _LONGEST else text
        if len(whole) > _LONGEST:
            raise _UnknownError(f"it is longer than {_LONGEST} characters", "write a shorter one")
        return whole

    # Sections

    def _define(self, node: Node) -> None:
        if isinstance(node, Scalar) and node.anchor:
            word = self._word(node, f"define {named(node.anchor)}")
            if word is not None:
                self._texts[node.anchor] = word.text

    def _default(self, node: Node) -> None:
        keys = {key.text: value for key, value in self._pairs(node)}
        name = self._word(keys["name"], "a default") if "name" in keys else None
        if name is None:
            self._nameless(node, "a default")
            return
        of = self._word(keys["class"], "its class") if "class" in keys else Word("", name.place)
        value = self._word(keys["value"], "its value") if "value" in keys else Word("", name.place)
        if of is not None and value is not None:
            self._defaults = {**self._defaults, (of.text, name.text.lower()): value}

    def _delete_default(self, node: Node) -> None:
        keys = {key.text: value for key, value in self._pairs(node)}
        name, of = (self._word(keys[key], key) if key in keys else None for key in ("name", "class"))
        if name is None or of is None:
            self._nameless(node, "delete_default")
            return
        gone = (of.text, name.text.lower())
        self._defaults = {key: value for key, value in self._defaults.items() if key != gone}

    def _nameless(self, node: Node, what: str) -> None:
        self.setup.remarks.add(place_of(node), what, "its name or class is missing", "add it")

    def _connection(self, node: Node) -> None:
        name = node.anchor or "connection"
        was = f"connection {name}"
        keys = self._keys(node, was, CONNECTION_KEYS)
        accepter, connector = (
            self._stack(keys.get(key), f"the {key} of {was}", place_of(node))
            for key in ("accepter", "connector")
        )
        if accepter is None or connector is None:
            return
        self.setup.connections.append(
            Connection(
                name,
                was,
                place_of(node),
                accepter,
                connector,
                self._seconds(keys.get("timeout"), was),
                tuple(self._options(keys.get("options"))),
                self._defaults,
                name,
                self._switched_off(keys.get("enable"), was),
            )
        )

    def _keys(self, node: Node, was: str, known: frozenset[str]) -> dict[str, Node]:
        """Return what a section says; of what ser2net does not know there is a remark."""
        keys: dict[str, Node] = {}
        for key, value in self._pairs(node):
            if key.text not in known:
                self.setup.remarks.add(
                    key.place, f"{named(key.text)} of {was}", "ser2net does not know it", "look at its name"
                )
            keys[key.text] = value
        return keys

    def _switched_off(self, node: Node | None, was: str) -> Place | None:
        """Return where a connection is switched off; None if it is on."""
        word = None if node is None else self._word(node, f"enable of {was}")
        return word.place if word is not None and truth(word.text) is False else None

    def _stack(self, node: Node | None, what: str, at: Place) -> Stack | None:
        word = None if node is None else self._word(node, what)
        if node is None:
            self.setup.remarks.add(at, what, "it is missing", "write the share by hand")
        if word is None:
            return None
        try:
            return Stack(parse_gensio(word.text), word.place)
        except ValueError as error:
            self.setup.remarks.add(word.place, what, str(error), "write the share by hand")
            return None

    def _seconds(self, node: Node | None, was: str) -> int:
        word = None if node is None else self._word(node, f"timeout of {was}")
        if word is None:
            return 0
        if not word.text.strip().isdecimal() or len(word.text) > 9:
            self.setup.remarks.add(
                word.place, f"timeout of {was}", "expected seconds", "set idle_timeout of its listener"
            )
            return 0
        return int(word.text)

    def _options(self, node: Node | None) -> Iterator[Option]:
        for key, value in () if node is None else self._pairs(node):
            word = self._word(value, f"option {named(key.text)}")
            if word is not None:
                yield Option(key.text, word.text, key.place)

    def _rotator(self, node: Node) -> None:
        name = node.anchor or "rotator"
        was = f"rotator {name}"
        keys = self._keys(node, was, ROTATOR_KEYS)
        accepter = self._stack(keys.get("accepter"), f"the accepter of {was}", place_of(node))
        options = tuple(self._options(keys.get("options")))
        connections = tuple(self._names(keys.get("connections"), was))
        if accepter is not None:
            self.setup.rotators.append(
                Rotator(name, was, place_of(node), accepter, connections, options, self._defaults)
            )

    def _names(self, node: Node | None, was: str) -> Iterator[Word]:
        """Yield names of connections: aliases, or the names themselves."""
        if node is None:
            return
        if not isinstance(node, Items):
            raise ConvertError(place_of(node), f"expected a list as the connections of {was}")
        for one in node.items:
            word = one.word if isinstance(one, Alias) else self._word(one, f"a connection of {was}")
            if word is not None:
                yield word

    def _led(self, node: Node) -> None:
        self.setup.remarks.add(
            place_of(node),
            f"led {node.anchor}",
            "nothing here drives LEDs",
            "let the kernel's triggers do it",
        )

    def _admin(self, node: Node) -> None:
        keys = {key.text: value for key, value in self._pairs(node)}
        self.setup.admin = self._stack(keys.get("accepter"), "the accepter of admin", place_of(node))
        for option in self._options(keys.get("options")):
            self.setup.remarks.add(
                option.place,
                f"{named(option.name)} of admin",
                "its passwords are not carried in clear, and the console has doors of its own",
                "`smartserial console` on the machine itself needs none",
            )

    def _pairs(self, node: Node) -> tuple[tuple[Word, Node], ...]:
        if isinstance(node, Pairs):
            return node.pairs
        if not (node.word.text if isinstance(node, Scalar) else isinstance(node, Alias) or node.items):
            return ()
        raise ConvertError(place_of(node), "expected a mapping")


CONNECTION_KEYS = frozenset({"accepter", "connector", "enable", "options", "timeout"})
ROTATOR_KEYS = frozenset({"accepter", "connections", "options"})
_SECTIONS: dict[str, Callable[[_Reader, Node], None]] = {
    "define": _Reader._define,
    "default": _Reader._default,
    "delete_default": _Reader._delete_default,
    "connection": _Reader._connection,
    "rotator": _Reader._rotator,
    "led": _Reader._led,
    "admin": _Reader._admin,
}
SECTIONS = frozenset(_SECTIONS) | {"include"}
