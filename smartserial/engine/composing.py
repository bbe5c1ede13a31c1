"""Commands: made from the bytes of their params, then worked on by actions until they are sent.

::

    make -> replace data, length, crc, stuffing, reverse -> escaping -> wire
             (actions, in the order that a trigger says)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from smartserial.definition.action import Action, ActionType
from smartserial.definition.checksum import UndefinedChecksumError, checksum, param_checksum
from smartserial.definition.connection import ConnectionType
from smartserial.definition.message import Command
from smartserial.definition.param import (
    CONSTANT_TYPES,
    Crc,
    Interprete,
    LengthType,
    Param,
    ParamType,
    ValueType,
)
from smartserial.definition.protocol import Protocol
from smartserial.definition.values.codec import ParamCodec
from smartserial.definition.values.constant import constant_bytes, text_encoding
from smartserial.definition.values.text import Encoding
from smartserial.definition.values.value import NotAValueError, as_int
from smartserial.engine.buffer import MOST_BYTES, Buffer, ComposeError
from smartserial.engine.changes import By, Change
from smartserial.engine.store import Store
from smartserial.engine.stuff import EDITS, edited, escaping_edits

_ESCAPED = frozenset({ConnectionType.SMART_SERIAL, ConnectionType.GPIB})
_UNSIZED = 4  # bytes of a number that hold each checksum, where the param has no length of its own


class Composer:
    """Makes the commands of one element from its values, and does actions to them.

    Args:
        protocol: the definition.
        store: the values; lengths and checksums are put there as well.
    """

    def __init__(self, protocol: Protocol, store: Store) -> None:
        self._protocol = protocol
        self._store = store
        self._code_page = Encoding(store.encoding.code_page)
        self._replaced: dict[tuple[int, int], int] = {}
        self._actions: Mapping[ActionType, Callable[[Action, Buffer], tuple[Change, ...]]] = MappingProxyType(
            {
                ActionType.CRC: lambda action, buffer: self.crc(buffer),
                ActionType.LENGTH: lambda action, buffer: self.length(buffer),
                ActionType.MAKE: self._make_again,
                ActionType.REPLACE: self._replace,
                ActionType.REPLACE_DATA: self._edit,
                ActionType.STUFFING: self._edit,
            }
        )

    def make(self, id: int) -> Buffer:
        """Return a command with the bytes that its params have now.

        Raises:
            ComposeError: there is no such command, or it is too long.
        """
        command = self._protocol.command.get(id)
        if command is None:
            raise ComposeError(f"expected the id of a command, not {id}")
        replaced = self._replaced
        params = [replaced.get((id, position), param) for position, param in enumerate(command.content)]
        try:
            return Buffer(command, params, [self._bytes(command, param) for param in params])
        except NotAValueError as error:
            raise ComposeError(f"command {id}: {error}") from error

    def remake(self, buffer: Buffer) -> None:
        """Give a buffer the bytes that its params have now.

        Raises:
            ComposeError: as `make`; the buffer stays as it was.
        """
        buffer.become(self.make(buffer.command.id))

    def act(self, action: Action, buffer: Buffer) -> tuple[Change, ...]:
        """Do one action to a command.

        Returns:
            What changed in the store: lengths and checksums are values too.

        Raises:
            ComposeError: it cannot be done. The command may be sent all the same.
        """
        what = self._actions.get(action.type)
        if what is None:
            raise ComposeError(f"expected an action on a command, not {action.type.value}")
        try:
            return what(action, buffer)
        except (NotAValueError, UndefinedChecksumError) as error:
            raise ComposeError(f"{action.type.value}: {error}") from error

    def length(self, buffer: Buffer) -> tuple[Change, ...]:
        """Work out all params of type length, in the order of the content.

        Raises:
            NotAValueError: a length does not fit its param.
            ComposeError: a position is none of the command.
        """
        changes: tuple[Change, ...] = ()
        for position, param in self._of(buffer, ParamType.LENGTH):
            content = param.length_content
            if content is None:
                content = tuple(
                    place
                    for place, id in enumerate(buffer.params)
                    if self._store.param(id).type is not ParamType.LENGTH
                )
            number = sum(len(buffer.parts[place]) for place in _positions(content, buffer))
            changes += self._fill(buffer, position, number)
        return changes

    def crc(self, buffer: Buffer) -> tuple[Change, ...]:
        """Work out all params of type crc, in the order of the content.

        Raises:
            NotAValueError: a checksum does not fit its param, or covered bytes are no hex text.
            UndefinedChecksumError: the definition cannot be followed.
            ComposeError: a position is none of the command.
        """
        changes: tuple[Change, ...] = ()
        for position, param in self._of(buffer, ParamType.CRC):
            crc, interprete = param.crc or Crc(""), param.interprete or Interprete()
            covered = b"".join(buffer.parts[place] for place in _positions(crc.content, buffer))
            if interprete.length_type is LengthType.FIXED:
                made = param_checksum(crc, covered, interprete, len(self._store.raw(param.id)))
            else:
                made = checksum(crc, covered, _UNSIZED)
            changes += self._fill(buffer, position, made)
        return changes

    def reverse(self, buffer: Buffer, param: int, occurrence: int = 0) -> None:
        """Reverse the bytes of a param in a command; `occurrence` counts from 0.

        Raises:
            ComposeError: it does not come so often.
        """
        places = [place for place, id in enumerate(buffer.params) if id == param]
        if not 0 <= occurrence < len(places):
            raise ComposeError(f"expected param {param} in the command, place {occurrence} of {len(places)}")
        buffer.put(places[occurrence], buffer.parts[places[occurrence]][::-1])

    def wire(self, buffer: Buffer, connection: int = 0) -> bytes:
        """Return what is sent on a connection: the command, escaped as the definition says.

        Raises:
            ComposeError: it is too long.
        """
        data, stuffing = buffer.data, self._protocol.stuffing
        connections = self._protocol.connections
        kind = connections[connection].type if 0 <= connection < len(connections) else None
        if stuffing is not None and stuffing.command and kind in _ESCAPED:
            data = edited(data, escaping_edits(stuffing, data))
        if len(data) > 2 * MOST_BYTES:
            raise ComposeError(
                f"expected a command of at most {2 * MOST_BYTES} escaped bytes, not {len(data)}"
            )
        return data

    def _of(self, buffer: Buffer, kind: ParamType) -> list[tuple[int, Param]]:
        params = ((place, self._store.param(id)) for place, id in enumerate(buffer.params))
        return [(place, param) for place, param in params if param.type is kind]

    def _fill(self, buffer: Buffer, position: int, number: int) -> tuple[Change, ...]:
        id = buffer.params[position]
        changes = self._store.set(id, number, By.ENGINE)
        buffer.put(position, self._bytes(buffer.command, id))
        return changes

    def _make_again(self, action: Action, buffer: Buffer) -> tuple[Change, ...]:
        self.remake(buffer)
        return ()

    def _replace(self, action: Action, buffer: Buffer) -> tuple[Change, ...]:
        """Have a position filled by the param whose id another param holds, from the next make on."""
        position, source = action.type_nr, action.type_id
        if position is None or source is None or not 0 <= position < len(buffer.params):
            raise ComposeError(f"expected a position and a param in the action {action.id}")
        held = self._store.value(source)
        id = as_int("" if held is None else held)
        self._store.param(id)
        self._replaced[buffer.command.id, position] = id
        return ()

    def _edit(self, action: Action, buffer: Buffer) -> tuple[Change, ...]:
        stuffing = action.id if action.type is ActionType.STUFFING else None
        if stuffing is not None:
            buffer.unstuff(stuffing)
        edits = EDITS[action.type](action, buffer.data, self._store.encoding)
        buffer.edit(edits, stuffing)
        return ()

    def _bytes(self, command: Command, id: int) -> bytes:
        """Return the bytes of a param in a command: in the code page, where the command says so."""
        raw, encoding = self._store.raw(id), self._store.encoding
        wanted = command.ascii if isinstance(command.ascii, bool) else id in command.ascii
        if not (encoding.unicode and wanted):
            return raw
        param = self._store.param(id)
        interprete = param.interprete or Interprete()
        is_string = interprete.type is ValueType.STRING and text_encoding(interprete, encoding).unicode
        if not is_string or isinstance(interprete.value, bytes):
            return raw
        if param.type in CONSTANT_TYPES and raw == constant_bytes(param, encoding):
            return constant_bytes(param, self._code_page)
        return ParamCodec(param, self._code_page).encode(encoding.decode(raw))


def _positions(content: Sequence[int], buffer: Buffer) -> Sequence[int]:
    wrong = [place for place in content if not 0 <= place < len(buffer.params)]
    if wrong:
        raise ComposeError(f"expected positions below {len(buffer.params)}, not {wrong[0]}")
    return content
