"""Where a lot is delivered, said without telling who is delivered there."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from procurement.members.rules import plain

#: An area of one body only would tell that body; a postcode of one commune only, that commune.
_FEWEST = 2
#: Figures of a postcode that several communes share: 78000 is Versailles, 78120 and others 781.
START = 3


class Area(NamedTuple):
    """An intercommunality within a département, and how many of its bodies a lot delivers to.

    ``id`` and ``name`` are None for the bodies that belong to none.
    """

    departement: str
    id: int | None
    name: str | None
    members: int


class Body(NamedTuple):
    """A body that a lot delivers to: where, and the first figures of the postcode of a place."""

    departement: str
    area_id: int | None
    member_id: int
    start: str | None


def may_be_named(areas: Iterable[Area], told: Collection[str]) -> set[tuple[str, int | None]]:
    """Keys (département, id) of the areas whose name gives no body away.

    An area keeps its name when several of its bodies are delivered to and none of ``told``, the
    names of those bodies and of their places, stands in it: "Versailles Grand Parc" is not named
    when Versailles is delivered to, nor an intercommunality that asks for something itself.
    """
    written = [_words(one) for one in told]
    return {
        (area.departement, area.id)
        for area in areas
        if area.name is not None
        and area.members >= _FEWEST
        and not any(one in _words(area.name) for one in written)
    }


def may_be_coded(
    bodies: Iterable[Body], named: Collection[tuple[str, int | None]], communes: Mapping[str, int]
) -> set[tuple[str, str]]:
    """Keys (département, start) of the postcodes that tell where the other areas are.

    What is in none of the ``named`` areas is told by the start of its postcodes, when several of
    these bodies have it, and several communes of the territory: ``communes`` counts them by start.
    What is left is told as its département, which is too large to give anybody away.
    """
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in bodies:
        if (one.departement, one.area_id) not in named and one.start:
            found[one.departement, one.start].add(one.member_id)
    return {
        (departement, start)
        for (departement, start), members in found.items()
        if len(members) >= _FEWEST and communes.get(start, 0) >= _FEWEST
    }


def _words(text: str) -> str:
    """The words of a text between spaces, so that Buc is not found in Bucolique."""
    return f" {' '.join(re.findall('[a-z0-9]+', plain(text)))} "
