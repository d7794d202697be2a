"""How the catalogue is searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.catalogue.rules import MOST_WORDS, search_text, words
from procurement.members.rules import plain


@pytest.mark.parametrize(
    "text, found",
    [
        ("Caméra", "camera"),
        ("ÉCOLE À L’ŒUVRE", "ecole a l’oeuvre"),
        ("cœur", "coeur"),
        ("nº 2", "no 2"),
        ("", ""),
    ],
)
def test_accents_and_capitals_do_not_count(text: str, found: str) -> None:
    assert plain(text) == found


@pytest.mark.parametrize(
    "question, found",
    [
        ("Caméras", ["camera"]),
        ("tableaux", ["tableau"]),
        ("bus", ["bus"]),
        ("  plusieurs   mots ", ["plusieur", "mot"]),
        ("", []),
        ("a " * 20, ["a"] * MOST_WORDS),
    ],
)
def test_a_question_is_its_words(question: str, found: list[str]) -> None:
    assert words(question) == found


@given(st.text(max_size=40))
def test_what_is_searched_for_is_found_in_itself(text: str) -> None:
    haystack = search_text("CODE-1", text, "description")
    assert all(word in haystack for word in words(text))
