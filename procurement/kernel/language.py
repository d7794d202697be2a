"""The reader's language, and how sentences, numbers and dates are written in it.

Templates ask for these hundreds of times a page, so what they call reads the language that the page
was given once, instead of finding it again through the request each time.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, session
from flask.templating import Environment as TemplateEnvironment
from flask_babel import force_locale, gettext
from jinja2 import PrefixLoader, Template, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

from procurement.kernel import money

_PARIS = ZoneInfo("Europe/Paris")


def current() -> str:
    """Code of the reader's language: French unless the reader chose otherwise."""
    if "language" not in g:
        if not has_request_context():
            return str(current_app.config["BABEL_DEFAULT_LOCALE"])
        g.language = session.get("language", current_app.config["BABEL_DEFAULT_LOCALE"])
    return str(g.language)


@contextmanager
def reading(code: str) -> Iterator[None]:
    """Write for a reader of this language, beside the requests, whoever asked for the work."""
    before = g.pop("language", None)
    g.language = code
    try:
        with force_locale(code):
            yield
    finally:
        g.pop("language")
        if before is not None:
            g.language = before


def amount(value: Decimal | None, locale: str = "") -> str:
    """``1 234,56``; nothing for what is unknown."""
    return "" if value is None else money.shown(value, locale or current(), 2)


def euros(value: Decimal | None, locale: str = "") -> str:
    """``1 234,56 €``; nothing for what is unknown."""
    return "" if value is None else f"{money.shown(value, locale or current(), 2)}\u00a0€"


def price(value: Decimal | None, locale: str = "") -> str:
    """A unit price, with 2 to 4 decimals."""
    return "" if value is None else money.shown(value, locale or current(), 2, 4)


def quantity(value: Decimal | None, locale: str = "") -> str:
    """A quantity, with as many decimals as it has."""
    return "" if value is None else money.shown(value, locale or current(), 0, 3)


def typed(value: Decimal) -> str:
    """A number as its reader would type it in a field: nothing between the thousands."""
    places = money.places_of(value)
    text = f"{value:.{max(places, 2) if places else 0}f}"
    return text if current() == "en" else text.replace(".", ",")


def whole(value: int | None, locale: str = "") -> str:
    """A whole number, grouped by thousands."""
    return "" if value is None else money.shown(Decimal(value), locale or current(), 0)


def percent(value: Decimal | None, locale: str = "") -> str:
    """A ratio such as 0.124 as ``12,4 %``."""
    if value is None:
        return ""
    locale = locale or current()
    return money.shown(value * 100, locale, 1) + ("%" if locale == "en" else "\u00a0%")


def day(value: date | None, _locale: str = "") -> str:
    """``21/11/2026`` in both languages: British order is what France reads too."""
    return "" if value is None else f"{value:%d/%m/%Y}"


def moment(value: datetime | None, _locale: str = "") -> str:
    """``21/11/2026 14:05``, in French time."""
    return "" if value is None else f"{value.astimezone(_PARIS):%d/%m/%Y %H:%M}"


def as_filter(write: Callable[[Any, str], object]) -> Callable[[Context, Any], object]:
    """Turn a function of (value, language) into a filter of the templates."""

    @pass_context
    def filtered(context: Context, value: Any) -> object:
        # A macro that is imported without context does not see the page's language.
        return write(value, context.get("locale") or current())

    return filtered


class Environment(TemplateEnvironment):
    """Templates compiled once for each language, with their sentences already translated.

    A page writes hundreds of sentences; looked up one by one as it is written, they would cost
    more than its figures.
    """

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        loader = self.loader
        if loader is None:
            raise TypeError("the application gives its templates no loader")
        languages = app.config["LANGUAGES"]
        self.loader = PrefixLoader(dict.fromkeys(languages, loader), delimiter=_OF)
        self.add_extension(_Sentences)

    def get_template(self, name: str | Template, *args: Any, **options: Any) -> Template:
        """Give the template as compiled for the reader's language."""
        if isinstance(name, str) and _OF not in name:
            name = f"{current()}{_OF}{name}"
        return super().get_template(name, *args, **options)


class _Sentences(Extension):
    """Puts its translation in the place of each ``_('sentence')`` before compiling."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _SENTENCE.sub(_translation, source)


def _translation(found: re.Match[str]) -> str:
    # As the templates' own lexer reads a string. Python's parser would read it too, but its
    # count of depth is shared by all threads in 3.11: two pages compiled at once made it fail.
    sentence = found[1][1:-1].encode("ascii", "backslashreplace").decode("unicode-escape")
    return repr(gettext(sentence))


#: Between a template's language and its name.
_OF = ":"
#: A call with the sentence alone; one that names what to put into it is left to run time.
_SENTENCE = re.compile(r"""\b_\(\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\)""")


def register(app: Flask) -> None:
    """Give the templates the filters."""
    for write in (amount, euros, price, quantity, whole, percent, day, moment):
        app.jinja_env.filters[write.__name__] = as_filter(write)
    app.jinja_env.filters["rounded"] = money.rounded
