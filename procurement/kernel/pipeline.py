"""The way of every request: right → parse → act → one commit → answer.

A stage's pages stay short because this module does these things once: it asks whether the role
may, opens the transaction, reads the form, finds the row the actor may see, commits, and shows
the form again with what was typed when something is wrong.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue, RouteCallable
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter

from procurement.extensions import db
from procurement.kernel import audit, database, jobs
from procurement.kernel.access import Actor, Audience, Permission
from procurement.kernel.database import Base
from procurement.kernel.errors import Absent, Forbidden, Refused, Stale
from procurement.kernel.forms import Form, Input, messages_of, read
from procurement.kernel.lists import page_url, row_url

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PARIS = ZoneInfo("Europe/Paris")


class RowId(IntegerConverter):
    """A row's id in an address: what no database would accept is simply not an address."""

    regex = r"[1-9]\d{0,8}"


V = TypeVar("V", bound=Base)


def actor() -> Actor:
    """The person acting now; a real value, so that nothing below is evaluated late."""
    person = current_user._get_current_object()
    if not isinstance(person, Actor):
        raise SignInNeeded
    return person


def today() -> date:
    """The date in France, which decides what is open, in force or late."""
    return datetime.now(_PARIS).date()


def find(model: type[V], row_id: int) -> V:
    """Give the row if the actor may see it; raise Absent alike for missing and foreign ones."""
    if not 0 < row_id <= database.LARGEST_ID:
        raise Absent
    row = db.session.scalar(select(model).where(model.id == row_id, model.visible_to(actor())))
    if row is None:
        raise Absent
    return row


def commit() -> None:
    """Seal the journal and commit: the one place of the platform that does. Then wake the jobs."""
    audit.seal(db.session())
    db.session.commit()
    jobs.start(db.session())


def rollback() -> None:
    """Undo the transaction, and what was noted for the journal and the jobs."""
    audit.forget(db.session())
    jobs.forget(db.session())
    db.session.rollback()


class SignInNeeded(Exception):
    """Nobody is signed in, and the page is not for everyone."""


class Stage(Blueprint):
    """A blueprint whose routes must say who may call them."""

    def add_url_rule(  # type: ignore[override]  # stricter on purpose: ``allow`` is compulsory
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        *,
        allow: Permission | Audience,
        **options: Any,
    ) -> None:
        """Register a guarded view. Raises TypeError when ``allow`` is not given."""
        if view_func is None:
            raise TypeError(f"{rule} has no view")
        endpoint = endpoint or view_func.__name__
        guarded = _guarded(view_func, allow)
        super().add_url_rule(rule, endpoint, guarded, provide_automatic_options, **options)


def _guarded(view: Callable[..., Any], allow: Permission | Audience) -> RouteCallable:
    @wraps(view)
    def answer(**address: Any) -> Response:
        # What everyone may send is a sign-in: it writes nothing, and a slow check of a password
        # keeps no writer waiting.
        writes = request.method not in _SAFE and allow is not Audience.EVERYONE
        if writes:
            database.begin_write(db.session())
        if allow is not Audience.EVERYONE and not actor().may(allow):
            raise Forbidden
        try:
            response = make_response(view(**address))
            if writes and response.status_code < 400:
                commit()
        except BaseException:
            rollback()
            raise
        return response

    answer.allow = allow  # type: ignore[attr-defined]  # read by the structure tests
    return answer


def form(
    schema: type[Input], *, shown_by: Callable[..., ResponseReturnValue]
) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """Load the form into the view's keyword arguments.

    On a wrong field (422), a refusal (409) or somebody else's change (409) the page ``shown_by``
    answers again, with what was typed and the sentences where they belong; nothing is written.
    """

    def decorate(
        view: Callable[..., ResponseReturnValue],
    ) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def answer(**address: Any) -> ResponseReturnValue:
            typed = request.form.to_dict()
            try:
                response = view(**address, **schema().load(read(typed)))
                # A constraint or a stale version must speak here, where the form is at hand.
                db.session.flush()
            except ValidationError as invalid:
                state, status = Form(typed, errors=messages_of(invalid)), 422
            except (Refused, StaleDataError, IntegrityError) as fault:
                refused = _refusal(fault)
                beside = {refused.field: [refused.sentence]} if refused.field else None
                general = None if beside else refused.sentence
                state, status = Form(typed, errors=beside, refusal=general), refused.status
            else:
                return response
            rollback()
            g.form = state
            return make_response(shown_by(**address), status)

        return answer

    return decorate


def _refusal(fault: Refused | StaleDataError | IntegrityError) -> Refused:
    """Give the refusal to show with the form; raise again what no form can answer."""
    if isinstance(fault, Refused) and fault.status == Refused.status:
        return fault
    is_late = isinstance(fault, IntegrityError) and database.is_duplicate(fault)
    if is_late or isinstance(fault, StaleDataError):
        return Stale()
    raise fault


def shown_form(**known: object) -> Form:
    """The form to show: what was just typed if it was refused, else what is ``known``."""
    state = g.get("form")
    return state if isinstance(state, Form) else Form(known)


def local_address(target: str, otherwise: str) -> str:
    """Keep an address of this site; anything else, another site's above all, is not followed."""
    # Browsers drop tabs and line ends inside an address: "/<tab>/elsewhere" would leave this site.
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_path and target.isprintable() else otherwise


def mark() -> str | None:
    """The warning that a file carries when its figures are invented; None when they are real.

    The room that invents them registers the answer, and no other room needs to know of it.
    """
    warning: Callable[[], str | None] | None = current_app.extensions.get("mark")
    return warning() if warning else None


def _refuse_nul() -> None:
    """Refuse a NUL byte in an address: the web allows it, and no PostgreSQL text does."""
    if b"%00" in request.query_string:
        raise BadRequest


def is_own_form() -> bool:
    """Tell whether one of our own pages sent the form of this request, as browsers say."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(origin).netloc == request.host


def register(app: Flask) -> None:
    """Attach the pipeline to the application."""
    app.url_map.converters["id"] = RowId
    app.before_request(_refuse_nul)
    app.jinja_env.globals["shown_form"] = shown_form
    app.jinja_env.globals["row_url"] = row_url
    app.jinja_env.globals["page_url"] = page_url
