"""What a reaction sees of its element."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Shape

from smartserial.definition.param import Param
from smartserial.definition.values.value import Value

if TYPE_CHECKING:
    from smartserial.engine.effects import Peer


class View(Shape):
    """The values of one element, as they are at this moment, and why the reaction was called.

    Params are given as themselves or as their ids; one that there is not is a `NotAValueError`.
    """

    @property
    def element(self) -> str:
        """The name of the element; empty if it has none."""

    @property
    def user(self) -> str:
        """Who set the value that began all this; empty if nobody did."""

    @property
    def reply_to(self) -> Peer | None:
        """The session whose data began all this: what is sent goes there alone. None is no session."""

    @property
    def trigger_parameter(self) -> int | None:
        """The id of the param whose change called the reaction, or None."""

    @property
    def entry_point(self) -> str:
        """The entry point that a QAction names for that param; empty if it names none."""

    def get(self, param: Param | int) -> Value | None:
        """Return the value of a param; None is no value."""

    def number(self, param: Param | int) -> int | float:
        """Return the value of a param as a number.

        Raises:
            NotAValueError: it has none, or that is no number.
        """

    def get_raw(self, param: Param | int) -> bytes:
        """Return the bytes of a param."""

    def is_empty(self, param: Param | int) -> bool:
        """Tell whether a param was never set; one of fixed length always holds its bytes."""

    def display(self, param: Param | int) -> str:
        """Return what people see of a param."""
