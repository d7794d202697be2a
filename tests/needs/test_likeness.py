"""What is compared of members' own words and units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.needs.likeness import (
    MOST_UNIT,
    MOST_WORDS,
    normal,
    normal_unit,
    resembling,
    units_in,
)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Caméra dôme", "camera DOME"),
        ("  Papier   A4 ", "papier a4"),
        ("Papier A4 80g", "papiers A 4, 80 g"),
        ("Tableaux blancs", "tableau blanc"),
        ("Écran(s) tactile(s)", "écran tactile"),
        ("Câble 2,5 mm²", "cable 2.5 mm2"),
        ("Nœud d'accès", "noeud d’acces"),
        ("!!!", "???"),
    ],
)
def test_the_same_words(one, other):
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Câble 2,5 mm", "Câble 25 mm"),
        ("Tablette 10 pouces", "Tablette 12 pouces"),
        ("Caméra intérieure", "Caméra extérieure"),
        ("bas", "bac"),
    ],
)
def test_other_words(one, other):
    assert normal(one) != normal(other)


@pytest.mark.parametrize(
    "unit, compared",
    [
        ("pce", "piece"),
        ("Pièces", "piece"),
        ("unité(s)", "piece"),
        ("ml", "metre"),
        ("Cartons", "carton"),
        ("ramette", "ramette"),
        ("Boîte de 10", "boite de 10"),
        ("palette", "palette"),
    ],
)
def test_units_are_one_where_they_measure_the_same(unit, compared):
    assert normal_unit(unit) == compared


@given(st.text(max_size=300))
def test_what_is_compared_fits_its_column_and_stays(text):
    words, unit = normal(text), normal_unit(text[:40])
    assert 0 < len(words) <= MOST_WORDS
    assert 0 < len(unit) <= MOST_UNIT
    assert normal(words) == words


@pytest.mark.parametrize(
    "own_unit, unit, each",
    [
        ("piece", "piece", 1),
        ("carton", "box", 1),
        ("ramette", "pack", 1),
        ("carton", "pack", None),
        ("palette", "box", None),
        ("lot", "piece", None),
        # It says itself that one is not one.
        ("boite de 10", "box", None),
        ("lot de 3", "set", None),
    ],
)
def test_one_for_one_only_when_nobody_could_mean_anything_else(own_unit, unit, each):
    assert units_in(own_unit, unit) == (None if each is None else Decimal(each))


KNOWN = [
    "papier a 4",
    "papier a 3",
    "ramette papier a 4 80 g",
    "camera dome exterieure",
    "camera",
    "tablette 10 pouce",
    "tablette 12 pouce",
    "tableau blanc",
]


@pytest.mark.parametrize(
    "words, found",
    [
        ("papier a 4", ["papier a 4", "ramette papier a 4 80 g"]),
        ("camera dome exterieur", ["camera dome exterieure"]),
        ("dome camera exterieure", ["camera dome exterieure"]),
        ("cmaera dome exterieure", ["camera dome exterieure"]),
        ("tablete 10 pouce", ["tablette 10 pouce"]),
        ("tableau blanc", ["tableau blanc"]),
        # One word alone is part of too much.
        ("camera", ["camera"]),
        ("ecran", []),
    ],
)
def test_what_resembles(words, found):
    assert resembling(words, KNOWN, 5) == found


def test_only_so_many():
    assert len(resembling("chaise", [f"chaise{letter}" for letter in "abcdef"], 3)) == 3
