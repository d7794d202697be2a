"""Where a lot is delivered, said without telling who is delivered there."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from procurement.members.rules import plain

#: An area of one body only would tell that body.
_FEWEST = 2


class Area(NamedTuple):
    """An intercommunality within a département, and how many of its bodies a lot delivers to.

    ``id`` and ``name`` are None for the bodies that belong to none.
    """

    departement: str
    id: int | None
    name: str | None
    members: int


def may_be_named(areas: Iterable[Area], told: Collection[str]) -> set[tuple[str, int | None]]:
    """Keys (département, id) of the areas whose name gives no body away.

    An area keeps its name when several of its bodies are delivered to and none of ``told``, the
    names of those bodies and of their places, stands in it: "Versailles Grand Parc" is not named
    when Versailles is delivered to, nor an intercommunality that asks for something itself. The
    others are told as their département, which is too large to give anybody away.
    """
    written = [_words(one) for one in told]
    return {
        (area.departement, area.id)
        for area in areas
        if area.name is not None
        and area.members >= _FEWEST
        and not any(one in _words(area.name) for one in written)
    }


def _words(text: str) -> str:
    """The words of a text between spaces, so that Buc is not found in Bucolique."""
    return f" {' '.join(re.findall('[a-z0-9]+', plain(text)))} "
