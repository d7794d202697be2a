"""How the catalogue is searched, what units people write, and how items are numbered."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from procurement.members.rules import plain

#: Longer questions are not typed by people.
MOST_WORDS = 8
#: What the database keeps of the text that an item is searched by.
MOST_SEARCHED = 1300

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-xz])\1")
#: Words that say nothing of what is looked for.
_SMALL = frozenset(
    {"a", "au", "aux", "avec", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou"}
    | {"par", "pour", "sans", "sur", "un", "une"}
    | {"an", "and", "for", "in", "of", "or", "the", "to", "with"}
    | {"achat", "acquisition", "fourniture", "remplacement", "renouvellement"}
)

# How much each way of resembling is worth.
_EQUAL, _BEGINS, _INSIDE, _MISTYPED, _BEGINS_MISTYPED = 100, 95, 85, 90, 70
_TYPO = 10
#: Words stand in the order code, designation, specification: the later, the less they say.
_LATEST = 20


def search_text(code: str, designation: str, specification: str) -> str:
    """What an item is searched by."""
    return plain(f"{code} {designation} {specification}")[:MOST_SEARCHED]


def words(question: str) -> list[str]:
    """The words that must all be found, without a plural's final s or x."""
    return [_singular(one) for one in plain(question).split()[:MOST_WORDS]]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


class Index(NamedTuple):
    """The words of a catalogue, for the search that forgives typos."""

    #: (id, family's id) of each item, in the order of the codes.
    items: Sequence[tuple[int, int]]
    #: Every word once, as it is compared.
    words: Sequence[str]
    #: For each word, the items that have it, by their number in ``items``: where in their text.
    places: Sequence[Mapping[int, int]]
    #: By first letter, the words with their number in ``words``.
    beginning: Mapping[str, Mapping[int, str]]
    #: All the words in one text, a line each, and where each line starts and the last one ends.
    lines: str
    starts: Sequence[int]


@lru_cache(maxsize=1)
def indexed(rows: tuple[tuple[int, int, str], ...]) -> Index:
    """Index the items, given as (id, family's id, search text) in the order of their codes.

    The last index is kept for as long as the same rows are given: it cannot be out of date.
    """
    places: dict[str, dict[int, int]] = {}
    for number, (_id, _family_id, text) in enumerate(rows):
        for word, place in _words_of(text).items():
            places.setdefault(word, {})[number] = place
    beginning: dict[str, dict[int, str]] = {}
    for number, word in enumerate(places):
        beginning.setdefault(word[0], {})[number] = word
    return Index(
        [row[:2] for row in rows],
        list(places),
        list(places.values()),
        beginning,
        "".join(f"{word}\n" for word in places),
        list(accumulate((len(word) + 1 for word in places), initial=0)),
    )


@lru_cache(maxsize=10_000)
def _words_of(text: str) -> Mapping[str, int]:
    """The words of a text with the place where each stands first; ``wi-fi`` is ``wifi`` too."""
    found: dict[str, int] = {}
    for place, word in enumerate(_WORD.findall(text)):
        parts = [word.replace("-", ""), *word.split("-")] if "-" in word else [word]
        for part in parts:
            found.setdefault(_compared(part), place)
    return found


@lru_cache(maxsize=20_000)
def _compared(word: str) -> str:
    """The word as it is compared: singular, doubled consonants once, spelt as it sounds."""
    once = _DOUBLED.sub(r"\1", _singular(word))
    return once.replace("ph", "f").replace("qu", "k").replace("y", "i")


def nearest(
    question: str, index: Index, family_ids: Set[int] | None, limit: int, *, every: bool
) -> list[int]:
    """The ids of the items that resemble a question most, best first, then by code.

    ``family_ids`` are the families looked in, None for all. With ``every`` each word of the
    question must resemble a word of the item; without, for people's own sentences, half of them
    or the first, which names the thing.
    """
    asked = _asked(question)
    points = [_points(word, index) for word in asked]
    # Who writes "vidéo projeteur" means one word: both its halves are found.
    for at, (first, second) in enumerate(pairwise(asked)):
        for number, worth in _points(first + second, index).items():
            for half in (points[at], points[at + 1]):
                half[number] = max(half.get(number, 0), worth)
    found = []
    for number in set().union(*points):
        worths = [one.get(number, 0) for one in points]
        is_found = all(worths) if every else worths[0] or sum(map(bool, worths)) * 2 >= len(worths)
        if is_found and (family_ids is None or index.items[number][1] in family_ids):
            found.append((-sum(worths), number))
    return [index.items[number][0] for _worth, number in sorted(found)[:limit]]


def _asked(question: str) -> list[str]:
    found = _WORD.findall(plain(question).replace("-", " "))
    telling = (one for one in found if not _SMALL & {one, _singular(one)})
    return [_compared(one) for one in telling][:MOST_WORDS]


def _points(word: str, index: Index) -> dict[int, int]:
    """What the items are worth of which a word resembles this one, by their number."""
    found: dict[int, int] = {}
    for at, worth in _resembling(word, index).items():
        for number, place in index.places[at].items():
            found[number] = max(found.get(number, 0), worth - min(place, _LATEST))
    return found


def _resembling(word: str, index: Index) -> dict[int, int]:
    """What each word is worth that resembles this one, by its number."""
    # Another figure is another thing, and nearly all short words are one letter apart.
    may_be_mistyped = len(word) > 3 and word.isalpha()
    alike = _mistyped(word, index, 1 if len(word) < 7 else 2) if may_be_mistyped else {}
    for at in _containing(word, index):
        one = index.words[at]
        if one == word:
            alike[at] = _EQUAL
        elif one.startswith(word) and len(word) > 2:
            alike[at] = _BEGINS
        elif len(word) > 3:
            alike[at] = _INSIDE
    if may_be_mistyped and len(word) > 4 and not alike:
        # Perhaps the rest of the word is not typed yet.
        for length in (len(word), len(word) + 1):
            alike |= _mistyped(word, index, 1, length)
    return alike


def _containing(word: str, index: Index) -> Iterator[int]:
    """The words that have this one in them, by their number."""
    found = index.lines.find(word)
    while found >= 0:
        at = bisect_right(index.starts, found) - 1
        yield at
        found = index.lines.find(word, index.starts[at + 1])


def _mistyped(word: str, index: Index, typos: int, length: int | None = None) -> dict[int, int]:
    """The words, or their first ``length`` letters, that are at most so many letters away.

    Two letters that changed places count once.
    """
    # The first letter is seldom wrong, and inside is not outside.
    swapped = index.beginning.get(word[1], {}).items()
    known = {
        **index.beginning.get(word[0], {}),
        **{at: one for at, one in swapped if one[1:2] == word[0]},
    }
    if length:
        known = {at: one[:length] for at, one in known.items()}
    found = process.extract(
        word, known, scorer=OSA.distance, processor=None, score_cutoff=typos, limit=None
    )
    worth = _BEGINS_MISTYPED if length else _MISTYPED
    return {at: worth - _TYPO * int(distance) for _one, distance, at in found}


#: The units that people write, in French and in English, by the word of the catalogue.
_UNITS = {
    phrase.strip(): unit
    for unit, phrases in {
        "piece": "piece, pce, pc, pcs, u, un, une, unite, unit, exemplaire, ex, item, each, ea",
        "set": "lot, kit, ensemble, ens, jeu, set, paire, pair",
        "licence": "licence, license, lic",
        "year": "an, annee, abonnement, abonnement annuel, abt, year, yr, subscription, "
        "yearly subscription, annual subscription",
        "month": "mois, month, abonnement mensuel, monthly subscription",
        "metre": "m, ml, metre, metre lineaire, metre courant, mtr, meter, linear metre",
        "hour": "heure, h, hr, hour",
        "day": "jour, j, jr, journee, jour homme, homme jour, day",
        "box": "boite, bte, carton, ctn, caisse, box, boxes",
        "pack": "paquet, pqt, pack, ramette, rame, ream, sachet",
    }.items()
    for phrase in phrases.split(",")
}
_ARTICLES = frozenset({"a", "au", "l", "la", "le", "les", "par", "per", "the"})
_OF = frozenset({"de", "d", "of"})


def unit_named(text: str) -> str | None:
    """The catalogue's word for a unit as people write it: ``pièce(s)``, ``m.l.``, ``Bte de 10``.

    None is a unit that the catalogue does not count in, such as a pallet or a kilogram.
    """
    found = _WORD.findall(plain(text).replace("(s)", "").replace(".", "").replace("-", " "))
    while len(found) > 1 and found[0] in _ARTICLES:
        found = found[1:]
    # What follows says what is in the box, or what the metres are of.
    end = next((at for at, one in enumerate(found) if at and one in _OF), len(found))
    named, one_of_it = " ".join(found[:end]), " ".join(one.rstrip("sx") for one in found[:end])
    return _UNITS.get(named) or _UNITS.get(one_of_it)


def next_code(family: str, codes: Iterable[str]) -> str:
    """The code after the highest of a family: VID-013 after VID-012."""
    numbered = re.compile(rf"{re.escape(family)}-(\d+)", re.ASCII)
    found = (numbered.fullmatch(code) for code in codes)
    return f"{family}-{max((int(one[1]) for one in found if one), default=0) + 1:03}"


def is_same(one: str, other: str) -> bool:
    """Tell whether two designations differ by nothing but capitals, accents and spaces."""
    return plain(one).split() == plain(other).split()
