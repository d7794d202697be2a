"""Signing in and out. A form that was being sent when the session ended waits in the page."""

from dataclasses import dataclass

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user
from marshmallow import ValidationError

from procurement.extensions import limiter, login
from procurement.kernel.access import ROLE_PERMISSIONS, Actor, Audience
from procurement.kernel.errors import Refused
from procurement.kernel.forms import Form, messages_of, read
from procurement.kernel.pipeline import actor, is_own_form, local_address
from procurement.members import operations, queries
from procurement.members.pages import stage
from procurement.members.schemas import SignInInput

_KEPT = "kept."
#: What is not written into a page again.
_NEVER_KEPT = {"csrf_token", "password"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where to go after the sign-in; ``fields`` is the form to send there, None for a page."""

    target: str
    fields: list[tuple[str, str]] | None = None


@login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
def _load(person_id: str) -> Actor | None:
    """Give Flask-Login the person behind a signed cookie."""
    return queries.actor_by_id(int(person_id)) if person_id.isdigit() else None


def _limit() -> str:
    return str(current_app.config["SIGN_IN_LIMIT"])


def _page(waiting: Waiting, form: Form) -> str:
    return render_template("members/sign_in.html", form=form, waiting=waiting)


@stage.get("/sign-in", allow=Audience.EVERYONE)
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    return _page(Waiting(request.args.get("target", "")), Form())


@stage.post("/sign-in", allow=Audience.EVERYONE)
@limiter.limit(_limit)
def enter() -> ResponseReturnValue:
    """Sign in; then go on, or show again the form that was being sent."""
    waiting, known = _carried(), {"email": request.form.get("email", "")}
    try:
        entry = SignInInput().load(read(request.form.to_dict()))
        person = operations.authenticate(entry["email"], entry["password"])
    except ValidationError as invalid:
        return _page(waiting, Form(known, errors=messages_of(invalid))), 422
    except Refused as refused:
        return _page(waiting, Form(known, refusal=refused.sentence)), 422
    login_user(person)
    target = local_address(waiting.target, url_for("web.home"))
    if waiting.fields is None:
        return redirect(target)
    return render_template("members/resume.html", target=target, kept=waiting.fields)


@stage.get("/account", allow=Audience.SIGNED_IN)
def account() -> ResponseReturnValue:
    """Show who is signed in, what the role allows, and the way out."""
    role = actor().role
    permissions = sorted(ROLE_PERMISSIONS[role]) if role else []
    return render_template("members/account.html", permissions=permissions)


@stage.post("/sign-out", allow=Audience.EVERYONE)
def sign_out() -> ResponseReturnValue:
    """Sign out."""
    logout_user()
    flash(_("You are signed out."), "info")
    return redirect(url_for("members.sign_in"))


def ask() -> ResponseReturnValue:
    """Ask who is there, and keep what was being asked for."""
    return _page(_interrupted(), Form()), 401


def _interrupted() -> Waiting:
    """Tell what was being asked for. A form that another site sent is dropped, address and all."""
    address = request.script_root + request.full_path.rstrip("?")
    if request.method in {"GET", "HEAD"}:
        return Waiting(address)
    if not is_own_form():
        return Waiting("")
    if request.endpoint == "members.enter":
        return _carried()
    typed = request.form.items(multi=True)
    return Waiting(address, [one for one in typed if one[0] not in _NEVER_KEPT])


def _carried() -> Waiting:
    """Read what the sign-in form carried along."""
    kept = [
        (name.removeprefix(_KEPT), text)
        for name, text in request.form.items(multi=True)
        if name.startswith(_KEPT)
    ]
    is_form = bool(kept) or "resend" in request.form
    return Waiting(request.form.get("target", ""), kept if is_form else None)
