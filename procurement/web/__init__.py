"""The room of the frame: layout, navigation, home, help, and the thread across the stages."""

from time import monotonic

from flask import Flask, Response, current_app
from flask_login import current_user

from procurement.kernel import language
from procurement.kernel.access import Actor
from procurement.kernel.pipeline import today
from procurement.members.queries import central_body_on
from procurement.members.rules import spaced
from procurement.web import labels, pages
from procurement.web.navigation import asset, panel
from procurement.web.thread import thread

#: Seconds for which a process may still show the name of before.
_NAME_LASTS = 30.0

#: Nothing inline and nothing from elsewhere: a text that slips through as HTML stays harmless.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    app.jinja_env.globals["panel"] = panel
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["thread"] = thread
    app.jinja_env.globals["today"] = today
    labels.register(app)
    app.jinja_env.filters["spaced"] = spaced
    app.context_processor(_frame)
    app.after_request(_protect)


def _frame() -> dict[str, object]:
    """Give every template the person, the language and the centrale's name."""
    person = current_user._get_current_object()
    return {
        "actor": person if isinstance(person, Actor) else None,
        "locale": language.current(),
        "central_name": _central_name(),
    }


def _central_name() -> str:
    """Name the centrale on every page without asking the database each time."""
    known: tuple[float, str] | None = current_app.extensions.get("central_name")
    if known is None or known[0] < monotonic():
        body = central_body_on(today())
        known = (monotonic() + _NAME_LASTS, body.name if body else "Centrale d’achat")
        current_app.extensions["central_name"] = known
    return known[1]


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
