"""Identifiers of bodies and firms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.members.rules import compact_siren, compact_siret, spaced


@pytest.mark.parametrize(
    "typed, siren",
    [
        ("217800036", "217800036"),
        ("217 800 036", "217800036"),
        (" 217800036 ", "217800036"),
        ("227806460", "227806460"),
    ],
)
def test_a_siren_is_read_with_or_without_spaces(typed: str, siren: str) -> None:
    assert compact_siren(typed) == siren


@pytest.mark.parametrize(
    "typed",
    ["", "217800037", "21780003", "2178000360", "21780003a", "271800036", "siren", "²17800036"],
)
def test_a_wrong_siren_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  it says what was typed, and no more
        compact_siren(typed)


@pytest.mark.parametrize(
    "typed, siret",
    [
        ("21780003600014", "21780003600014"),
        ("217 800 036 00014", "21780003600014"),
        # Offices of La Poste follow a rule of their own.
        ("35600000009075", "35600000009075"),
    ],
)
def test_a_siret_is_read_with_or_without_spaces(typed: str, siret: str) -> None:
    assert compact_siret(typed) == siret


@pytest.mark.parametrize(
    "typed", ["", "21780003600015", "2178000360001", "217800036", "21780003700013", "a" * 14]
)
def test_a_wrong_siret_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  as above
        compact_siret(typed)


def test_identifiers_are_written_by_groups() -> None:
    assert spaced("217800036") == "217 800 036"
    assert spaced("21780003600012") == "217 800 036 00012"


@given(st.text(max_size=20))
def test_nothing_else_than_nine_digits_comes_out(typed: str) -> None:
    try:
        siren = compact_siren(typed)
    except ValueError:
        return
    assert len(siren) == 9
    assert siren.isascii()
    assert siren.isdigit()
