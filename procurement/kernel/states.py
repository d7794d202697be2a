"""State machines: a dict of the allowed moves on the class; an illegal move raises."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _

from procurement.kernel.errors import Refused


class Stateful:
    """A row with a ``state`` that moves only as ``moves`` allows."""

    moves: ClassVar[Mapping[Any, Set[Any]]]
    state: Any

    def can_move(self, state: StrEnum) -> bool:
        """Tell whether the row may go to ``state`` from where it is."""
        return state in self.moves[self.state]

    def move(self, state: StrEnum) -> tuple[str, str]:
        """Go to ``state`` and return the (old, new) pair for the journal.

        Raises Refused ``illegal_move`` where the table of moves does not have the pair:
        silence would be a defect with consequences.
        """
        if not self.can_move(state):
            raise Refused("illegal_move", _("This is no longer possible at this stage."))
        old, self.state = self.state, state
        return str(old), str(state)
