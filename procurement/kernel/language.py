"""The reader's language, and how numbers and dates are written in it."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, session

from procurement.kernel import money

_PARIS = ZoneInfo("Europe/Paris")


def current() -> str:
    """Code of the reader's language: French unless the reader chose otherwise."""
    if not has_request_context():
        return str(current_app.config["BABEL_DEFAULT_LOCALE"])
    if "language" not in g:
        g.language = session.get("language", current_app.config["BABEL_DEFAULT_LOCALE"])
    return str(g.language)


def amount(value: Decimal | None) -> str:
    """``1 234,56``; nothing for what is unknown."""
    return "" if value is None else money.shown(value, current(), 2)


def euros(value: Decimal | None) -> str:
    """``1 234,56 €``; nothing for what is unknown."""
    return "" if value is None else f"{money.shown(value, current(), 2)}\u00a0€"


def price(value: Decimal | None) -> str:
    """A unit price, with 2 to 4 decimals."""
    return "" if value is None else money.shown(value, current(), 2, 4)


def quantity(value: Decimal | None) -> str:
    """A quantity, with as many decimals as it has."""
    return "" if value is None else money.shown(value, current(), 0, 3)


def typed(value: Decimal) -> str:
    """A number as its reader would type it in a field: nothing between the thousands."""
    places = money.places_of(value)
    text = f"{value:.{max(places, 2) if places else 0}f}"
    return text if current() == "en" else text.replace(".", ",")


def whole(value: int | None) -> str:
    """A whole number, grouped by thousands."""
    return "" if value is None else money.shown(Decimal(value), current(), 0)


def percent(value: Decimal | None) -> str:
    """A ratio such as 0.124 as ``12,4 %``."""
    if value is None:
        return ""
    sign = "%" if current() == "en" else "\u00a0%"
    return money.shown(value * 100, current(), 1) + sign


def day(value: date | None) -> str:
    """``21/11/2026`` in both languages: British order is what France reads too."""
    return "" if value is None else f"{value:%d/%m/%Y}"


def moment(value: datetime | None) -> str:
    """``21/11/2026 14:05``, in French time."""
    return "" if value is None else f"{value.astimezone(_PARIS):%d/%m/%Y %H:%M}"


def register(app: Flask) -> None:
    """Give the templates the filters."""
    for write in (amount, euros, price, quantity, whole, percent, day, moment):
        app.jinja_env.filters[write.__name__] = write
    app.jinja_env.filters["rounded"] = money.rounded
