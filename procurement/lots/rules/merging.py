"""How many units of one item another makes, where nobody has to be asked."""

import re
from decimal import Decimal

from procurement.members.rules import plain

#: What may hold several of something, and what is counted one by one.
_HOLDING = frozenset({"box", "pack", "set"})
_HELD = frozenset({"piece", "licence", "metre"})
#: "Boîte de 10 stylos", "bobine de 305 m", "box of 10 pens"; a screen of 24 inches holds none.
_HOW_MANY = re.compile(
    r"\b(?:boites?|cartons?|paquets?|lots?|packs?|bobines?|tourets?|rouleaux?|ramettes?|sachets?"
    r"|jeux?|box|boxes|reels?|rolls?|reams?|sets?) (?:de|of) (\d{1,4})\b(?![.,]\d)"
)


def units_each(unit: str, designation: str, into_unit: str) -> Decimal | None:
    """How many ``into_unit`` of another item one unit of an item makes.

    What is counted alike is one for one, a year is twelve months, and a box that says what it
    holds holds that many. None asks: a person has to say it.
    """
    if unit == into_unit:
        return Decimal(1)
    if (unit, into_unit) == ("year", "month"):
        return Decimal(12)
    if unit in _HOLDING and into_unit in _HELD:
        said = _HOW_MANY.findall(plain(designation))
        return Decimal(said[0]) if len(said) == 1 and said[0] != "0" else None
    return None
