"""Fields, one by one, and the form that is shown again."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from procurement.kernel.forms import (
    LONGEST,
    Day,
    Form,
    Input,
    Number,
    Text,
    Whole,
    amount,
    choice,
    quantity,
    read,
    unit_price,
)
from tests.databases import on_sqlite

pytestmark = [on_sqlite, pytest.mark.usefixtures("english")]
D = Decimal


class Colour(StrEnum):
    RED = "red"


class LineInput(Input):
    quantity = quantity(required=True)
    note = Text(load_default="", most=5)


class TrialInput(Input):
    name = Text(most=5)
    quantity = quantity()
    price = unit_price()
    amount = amount()
    rate = Number(2, least=D(0), most=D(100))
    day = Day()
    count = Whole(least=0, most=1000)
    row = Whole()
    colour = choice(Colour)
    lines = fields.List(fields.Nested(LineInput))


def refusals(**typed: Any) -> dict[str, Any]:
    """Load what a form would and give what is wrong with it."""
    with pytest.raises(ValidationError) as caught:
        TrialInput().load(typed)
    messages: dict[str, Any] = caught.value.normalized_messages()
    return messages


@pytest.mark.parametrize(
    "field, typed, loaded",
    [
        ("name", "  Évry ", "Évry"),
        ("name", "12345     ", "12345"),
        ("name", "12\r\n45\r", "12\n45"),
        ("name", "1\r2\n3", "1\n2\n3"),
        ("quantity", "1 234,56", D("1234.56")),
        ("quantity", "1234.56", D("1234.56")),
        ("quantity", "0,001", D("0.001")),
        ("quantity", "1 000 000", D(1_000_000)),
        ("quantity", "1,500", D("1.5")),
        ("price", "0", D(0)),
        ("price", "10000000", D(10_000_000)),
        ("price", "0,1234", D("0.1234")),
        ("amount", "0,01", D("0.01")),
        ("amount", "100 000 000 000", D(10) ** 11),
        ("rate", "5,5", D("5.5")),
        ("day", "2026-11-21", date(2026, 11, 21)),
        ("day", "21/11/2026", date(2026, 11, 21)),
        ("day", "1/2/2026", date(2026, 2, 1)),
        ("day", "21.11.2026", date(2026, 11, 21)),
        ("day", " 21/11/2026 ", date(2026, 11, 21)),
        ("day", "29/02/2028", date(2028, 2, 29)),
        ("count", "0", 0),
        ("count", " 1000 ", 1000),
        ("count", 12, 12),
        ("row", "2147483647", 2147483647),
        ("colour", "red", Colour.RED),
    ],
)
def test_what_people_type_is_understood(field: str, typed: object, loaded: object) -> None:
    assert TrialInput().load({field: typed}) == {field: loaded}


@pytest.mark.parametrize(
    "field, typed, sentence",
    [
        ("name", "123456", "At most 5 characters."),
        ("name", "a\x00b", "This is not text."),
        ("name", 12, "This is not text."),
        ("quantity", "douze", "Write a number such as 1 234,56."),
        ("quantity", "1,234.56", "Write a number such as 1 234,56."),
        ("quantity", "1e5", "Write a number such as 1 234,56."),
        ("quantity", "NaN", "Write a number such as 1 234,56."),
        ("quantity", "0", "At least 0.001."),
        ("quantity", "-3", "At least 0.001."),
        ("quantity", "0,0001", "At least 0.001."),
        ("quantity", "1,2345", "At most 3 decimals."),
        ("quantity", "1." + "0" * 40 + "1", "At most 3 decimals."),
        ("quantity", "1 000 000,001", "This is too large: at most 1000000."),
        ("quantity", "9" * 400, "This is too large: at most 1000000."),
        ("price", "-0,01", "At least 0."),
        ("price", "10000000,0001", "This is too large: at most 10000000."),
        ("price", "0,12345", "At most 4 decimals."),
        ("amount", "0", "At least 0.01."),
        ("amount", "1,234", "At most 2 decimals."),
        ("amount", "100000000000,01", "This is too large: at most 100000000000."),
        ("rate", "100,01", "This is too large: at most 100."),
        ("day", "demain", "Write a date such as 21/11/2026."),
        ("day", "le 21 novembre", "Write a date such as 21/11/2026."),
        ("day", "31/02/2026", "Write a date such as 21/11/2026."),
        ("day", "29/02/2026", "Write a date such as 21/11/2026."),
        ("day", "2026-13-01", "Write a date such as 21/11/2026."),
        ("day", "11/21/2026", "Write a date such as 21/11/2026."),
        ("day", "21/11/26", "Write a date such as 21/11/2026."),
        ("day", "21/11/0026", "Write a date such as 21/11/2026."),
        ("day", "21/11/9999", "Write a date such as 21/11/2026."),
        ("day", "2026-11-21T10:00", "Write a date such as 21/11/2026."),
        ("count", "douze", "Write a whole number."),
        ("count", "1,5", "Write a whole number."),
        ("count", "1.0", "Write a whole number."),
        ("count", "²", "Write a whole number."),
        ("count", "9" * 30, "Write a whole number."),
        ("count", "-1", "A whole number from 0 to 1000."),
        ("count", "1001", "A whole number from 0 to 1000."),
        ("row", "0", "A whole number from 1 to 2147483647."),
        ("row", "2147483648", "A whole number from 1 to 2147483647."),
        ("colour", "green", "Choose one of the listed values."),
        ("hacker", "x", "This field is not expected here."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(field: str, typed: object, sentence: str) -> None:
    assert refusals(**{field: typed}) == {field: [sentence]}


def test_a_missing_field_is_said_to_be_needed() -> None:
    class Needed(Input):
        name = Text(required=True)
        count = Whole(required=True)
        day = Day(required=True)
        quantity = quantity(required=True)
        colour = choice(Colour, required=True)

    with pytest.raises(ValidationError) as caught:
        Needed().load({})
    assert caught.value.messages == {name: ["This field is needed."] for name in Needed().fields}


def test_a_wrong_line_keeps_its_place() -> None:
    typed = {
        "lines-0-quantity": "1",
        "lines-1-quantity": "douze",
        "lines-3-quantity": "4",
        "lines-3-note": "too long",
    }
    with pytest.raises(ValidationError) as caught:
        TrialInput().load(read(typed))
    form = Form(typed, errors=caught.value.normalized_messages())
    assert form.errors == {
        "lines-1-quantity": ["Write a number such as 1 234,56."],
        "lines-2-quantity": ["This field is needed."],
        "lines-3-note": ["At most 5 characters."],
    }
    assert form.value("lines-1-quantity") == "douze"
    assert form.error("lines-1-quantity") == ["Write a number such as 1 234,56."]
    assert form.error("lines-0-quantity") == []


@pytest.mark.parametrize(
    "typed, values",
    [
        ({}, {}),
        ({"csrf_token": "x", "name": "a", "blank": " ", "nbsp": "\u00a0"}, {"name": "a"}),
        ({"name": " a "}, {"name": " a "}),
        ({"lines-0-quantity": ""}, {"lines": [{}]}),
        ({"lines-1-quantity": "2"}, {"lines": [{}, {"quantity": "2"}]}),
        (
            {"lines-0-a": "1", "lines-0-b": "2", "lines-1-a": "3"},
            {"lines": [{"a": "1", "b": "2"}, {"a": "3"}]},
        ),
        ({"lines-x-a": "1"}, {"lines-x-a": "1"}),
        ({"lines-00001-a": "1"}, {"lines-00001-a": "1"}),
        ({"-0-a": "1"}, {"-0-a": "1"}),
    ],
)
def test_flat_fields_become_lines(typed: dict[str, str], values: dict[str, Any]) -> None:
    assert read(typed) == values


def test_a_form_has_an_end() -> None:
    assert len(read({f"lines-{LONGEST - 1}-a": "1"})["lines"]) == LONGEST
    with pytest.raises(ValidationError) as caught:
        read({f"lines-{LONGEST}-a": "1"})
    assert str(caught.value.normalized_messages()["lines"][0]) == "This form has too many lines."


@pytest.mark.parametrize(
    "typed",
    [
        {"lines": "x", "lines-0-quantity": "1"},
        {"lines-0-quantity": "1", "lines": "x"},
        {"lines": "x"},
        {"name-0-first": "x"},
        {"quantity-0-x": "1"},
        {"day-0-x": "1"},
        {"count-0-x": "1"},
        {"colour-0-x": "1"},
    ],
)
def test_a_field_that_is_also_a_line_is_refused(typed: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TrialInput().load(read(typed))


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=8))
def test_no_field_name_breaks_the_reading(typed: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TrialInput().load({**read(typed), "hacker": "x"})


def test_a_form_shows_what_is_known() -> None:
    form = Form({"quantity": D("1234.500"), "price": D("12.00"), "day": date(2026, 11, 21)})
    assert form.value("quantity") == "1234.50"
    assert form.value("price") == "12"
    assert str(form.value("day")) == "2026-11-21"
    assert form.value("nothing") == ""
    assert form.errors == {}
    assert form.refusal is None


def test_a_known_number_is_shown_as_its_reader_types_it() -> None:
    flask.session["language"] = "fr"
    assert Form({"quantity": D("1234.5")}).value("quantity") == "1234,50"
