"""What can be refused, and the one place that turns a refusal into an answer."""

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from marshmallow import ValidationError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError


class Refused(Exception):
    """A rule of the domain says no. ``code`` is for programs, ``sentence`` for people.

    ``field`` names the field of the form beside which the sentence belongs, if one does.
    """

    status = 409

    def __init__(self, code: str, sentence: object, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.field = field

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class Forbidden(Refused):
    """The role of the actor does not include this act, whatever the object."""

    status = 403

    def __init__(self) -> None:
        super().__init__("forbidden", _("Your role does not include this page or this act."))


class Absent(Refused):
    """No such object, or none that the actor may see: the answer is the same."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_found", _("This page does not exist, or is not yours to see."))


class Stale(Refused):
    """Somebody else changed the object first."""

    def __init__(self) -> None:
        super().__init__(
            "stale", _("Somebody else changed this in the meantime. Check it and try again.")
        )


TITLES = {
    400: _("The request could not be read"),
    401: _("Sign in to continue"),
    403: _("Not allowed"),
    404: _("Page not found"),
    405: _("Not available in this way"),
    409: _("Not possible now"),
    413: _("Too large"),
    422: _("Something is wrong in what was typed"),
    429: _("Too many attempts"),
    500: _("Something broke on our side"),
}
SENTENCES = {
    400: _("Go back, reload the page and try once more."),
    405: _("This address does not accept this kind of request."),
    413: _("What was sent is larger than the platform accepts."),
    429: _("Wait a minute, then try again."),
    500: _(
        "Nothing was saved. Try again; if it happens again, tell the administrator when it did."
    ),
}


def wants_json() -> bool:
    """Tell whether the client prefers JSON to a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def answer(status: int, code: str, sentence: object, fields: object = None) -> ResponseReturnValue:
    """Build the answer to an error, as a page or as JSON, in the reader's language."""
    if wants_json():
        body: dict[str, object] = {"code": code, "sentence": str(sentence)}
        if fields:
            body["fields"] = fields
        return jsonify(error=body), status
    g.pop("form", None)
    title = TITLES.get(status, TITLES[500])
    return render_template("error.html", status=status, title=title, sentence=sentence), status


def register(app: Flask) -> None:
    """Attach the handlers; every error of every stage ends in one of these five."""

    @app.errorhandler(Refused)
    def on_refused(error: Refused) -> ResponseReturnValue:
        return answer(error.status, error.code, error.sentence)

    @app.errorhandler(ValidationError)
    def on_invalid(error: ValidationError) -> ResponseReturnValue:
        sentence = _("Go back and correct what was typed.")
        return answer(422, "invalid", sentence, error.messages)

    @app.errorhandler(StaleDataError)
    def on_stale(error: StaleDataError) -> ResponseReturnValue:
        stale = Stale()
        return answer(stale.status, stale.code, stale.sentence)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error.get_response()
        sentence = Absent().sentence if status == 404 else SENTENCES.get(status, SENTENCES[400])
        return answer(status, error.name.lower().replace(" ", "_"), sentence)

    @app.errorhandler(InternalServerError)
    def on_broken(error: InternalServerError) -> ResponseReturnValue:
        return answer(500, "internal_server_error", SENTENCES[500])
