"""When different people's words mean the same: what is compared of words and of units."""

import re
from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

from rapidfuzz import fuzz, process

from procurement.catalogue.rules import unit_named
from procurement.members.rules import plain

#: Words and unit as they are compared.
Key = tuple[str, str]

#: What the table of remembered decisions keeps of words and of a unit.
MOST_WORDS, MOST_UNIT = 320, 50

# "A4" and "A 4", "80g" and "80 g" are written by people who mean the same.
_PART = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_PLURAL = re.compile(r"\((?:s|es|x)\)")
#: Whatever they are called, all of one kind are alike. A box, a pack or a set may hold anything.
_MEASURES = frozenset({"piece", "metre", "hour", "day", "month"})

# Out of 100: how alike whole sentences are, and what one of them has of the other.
_ALIKE, _PART_OF = 80, 95


@lru_cache(maxsize=20_000)
def normal(text: str) -> str:
    """Words without accents, capitals, punctuation, doubled spaces and plurals.

    Those without any letter or figure say nothing, and are all ``?``.
    """
    parts = _PART.findall(_PLURAL.sub("", plain(text)))
    return " ".join(map(_singular, parts))[:MOST_WORDS].strip() or "?"


@lru_cache(maxsize=5_000)
def normal_unit(text: str) -> str:
    """A unit as it is compared: ``pce``, ``pièces`` and ``u.`` are one, a carton stays a carton."""
    known = unit_named(text)
    return known if known in _MEASURES else normal(text)[:MOST_UNIT].strip()


def key_of(words: str, unit: str) -> Key:
    """Words and unit as they are compared."""
    return normal(words), normal_unit(unit)


def units_in(own_unit: str, unit: str) -> Decimal | None:
    """How many units of the catalogue one of the member's own holds, when nobody has to say it.

    None asks: the units differ, or the member's own says what is in it, such as ``lot de 3``.
    """
    says_how_many = any(one.isdigit() for one in own_unit)
    return Decimal(1) if unit_named(own_unit) == unit and not says_how_many else None


def resembling(words: str, others: Collection[str], limit: int) -> list[str]:
    """Those of ``others`` that may mean the same as ``words``, the most alike first.

    All are normal forms. A typo, another order or a word more resemble; other figures are another
    thing: a tablet of 10 inches is none of 12.
    """
    known = list(others)
    worth: dict[str, float] = {}
    for scorer, least in ((fuzz.token_set_ratio, _PART_OF), (fuzz.token_sort_ratio, _ALIKE)):
        found = process.extract(words, known, scorer=scorer, score_cutoff=least, limit=None)
        for other, score, _at in found:
            # One word alone is part of too many sentences.
            if scorer is fuzz.token_sort_ratio or min(map(len, _split(words, other))) > 1:
                worth[other] = max(worth.get(other, 0), score)
    alike = [other for other in worth if _have_same_figures(words, other)]
    return sorted(alike, key=lambda other: (other != words, -worth[other], other))[:limit]


def _split(*texts: str) -> list[list[str]]:
    return [text.split() for text in texts]


def _have_same_figures(one: str, other: str) -> bool:
    these, those = ({part for part in parts if part[0].isdigit()} for parts in _split(one, other))
    return these <= those or those <= these


def _singular(part: str) -> str:
    if part[0].isdigit():
        return part.replace(",", ".")
    shorter = part.rstrip("sx")
    return shorter if len(shorter) > 2 and len(part) > 3 else part
