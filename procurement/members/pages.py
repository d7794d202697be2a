"""Sign-in, members, people, the centrale, and the journal."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from procurement.extensions import limiter, login
from procurement.kernel.access import (
    ROLE_LABELS,
    ROLE_PERMISSIONS,
    Actor,
    Audience,
    Permission,
    Role,
)
from procurement.kernel.errors import Refused
from procurement.kernel.forms import Form, Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import Stage, actor, find, form, local_address, today
from procurement.members import operations, queries
from procurement.members.models import COMPETENCE_LABELS, SITE_KIND_LABELS, Member, Person
from procurement.members.schemas import CentralBodyInput, PersonInput, SignInInput, SiteInput

stage = Stage("members", __name__, template_folder="templates")


@login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
def _load(person_id: str) -> Actor | None:
    """Give Flask-Login the person behind a signed cookie."""
    return queries.actor_by_id(int(person_id)) if person_id.isdigit() else None


def _limit() -> str:
    return str(current_app.config["SIGN_IN_LIMIT"])


@stage.get("/sign-in", allow=Audience.EVERYONE)
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    target = request.args.get("target", "")
    return render_template("members/sign_in.html", form=Form(), target=target, kept=[])


@stage.post("/sign-in", allow=Audience.EVERYONE)
@limiter.limit(_limit)
def enter() -> ResponseReturnValue:
    """Sign in; then go on, or show again the form that was being sent."""
    entry = SignInInput().load(request.form.to_dict())
    kept = [
        (name.removeprefix("kept."), text)
        for name, text in request.form.items()
        if name.startswith("kept.")
    ]
    try:
        person = operations.authenticate(entry["email"], entry["password"])
    except Refused as refused:
        state = Form({"email": entry["email"]}, refusal=refused.sentence)
        page = render_template(
            "members/sign_in.html", form=state, target=entry["target"], kept=kept
        )
        return page, 422
    login_user(person)
    target = local_address(entry["target"], url_for("web.home"))
    if kept:
        return render_template("members/resume.html", target=target, kept=kept)
    return redirect(target)


@stage.get("/account", allow=Audience.SIGNED_IN)
def account() -> ResponseReturnValue:
    """Show who is signed in, what the role allows, and the way out."""
    role = actor().role
    permissions = sorted(ROLE_PERMISSIONS[role]) if role else []
    return render_template("members/account.html", permissions=permissions)


@stage.post("/sign-out", allow=Audience.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """Sign out."""
    logout_user()
    flash(_("You are signed out."), "info")
    return redirect(url_for("members.sign_in"))


@stage.get("/members", allow=Permission.MEMBER_READ)
def member_list() -> ResponseReturnValue:
    """List the buying bodies that the actor may see."""
    text, departement = request.args.get("q", "").strip(), request.args.get("departement", "")
    page = page_of(queries.member_list(actor(), text, departement, today()))
    return render_template("members/list.html", page=page, text=text, departement=departement)


@stage.get("/members/<id:member_id>", allow=Permission.MEMBER_READ)
def member(member_id: int) -> ResponseReturnValue:
    """Show one body: identity, memberships, competences, delivery places."""
    return render_template(
        "members/member.html",
        member=find(Member, member_id),
        memberships=queries.memberships(member_id),
        transfers=queries.transfers(member_id),
        competences=COMPETENCE_LABELS,
        site_kinds=list(SITE_KIND_LABELS.items()),
    )


@stage.post("/members/<id:member_id>/sites", allow=Permission.SITE_KEEP)
@form(SiteInput, shown_by=member)
def add_site(member_id: int, **entry: object) -> ResponseReturnValue:
    """Add a delivery place."""
    operations.add_site(find(Member, member_id), **entry, actor=actor())  # type: ignore[arg-type]  # typed by the schema
    flash(_("The delivery place was added."), "success")
    return redirect(url_for("members.member", member_id=member_id))


@stage.get("/people", allow=Permission.PERSON_KEEP)
def person_list() -> ResponseReturnValue:
    """List the people who sign in, and the form to add one."""
    text = request.args.get("q", "").strip()
    return render_template(
        "members/people.html",
        page=page_of(queries.person_list(text)),
        text=text,
        bodies=queries.bodies(),
        roles=ROLE_LABELS,
        permissions=ROLE_PERMISSIONS,
        every_permission=list(Permission),
    )


@stage.post("/people", allow=Permission.PERSON_KEEP)
@form(PersonInput, shown_by=person_list)
def create_person(
    email: str, name: str, role: Role, member_id: int | None, password: str
) -> ResponseReturnValue:
    """Create a person."""
    operations.create_person(email, name, role, member_id, password, actor=actor())
    flash(_("%(name)s may sign in now.", name=name), "success")
    return redirect(url_for("members.person_list"))


@stage.post("/people/<id:person_id>/close", allow=Permission.PERSON_KEEP)
@form(Input, shown_by=lambda person_id: person_list())
def close_access(person_id: int) -> ResponseReturnValue:
    """Close a person's access."""
    operations.set_active(find(Person, person_id), False, actor=actor())
    return redirect(url_for("members.person_list"))


@stage.post("/people/<id:person_id>/open", allow=Permission.PERSON_KEEP)
@form(Input, shown_by=lambda person_id: person_list())
def open_access(person_id: int) -> ResponseReturnValue:
    """Open a person's access again."""
    operations.set_active(find(Person, person_id), True, actor=actor())
    return redirect(url_for("members.person_list"))


@stage.get("/central-body", allow=Permission.CENTRAL_BODY_KEEP)
def central_body() -> ResponseReturnValue:
    """Show what the centrale is and was, and the form to describe it."""
    bodies = queries.central_bodies()
    kept = ("valid_from", "name", "siret", "address")
    known = {name: getattr(bodies[0], name) for name in kept} if bodies else {}
    return render_template("members/central_body.html", bodies=bodies, known=known)


@stage.post("/central-body", allow=Permission.CENTRAL_BODY_KEEP)
@form(CentralBodyInput, shown_by=central_body)
def describe_central_body(**entry: object) -> ResponseReturnValue:
    """Describe the centrale from a day on."""
    operations.describe_central_body(**entry, actor=actor())  # type: ignore[arg-type]  # typed by the schema
    flash(_("The description was saved."), "success")
    return redirect(url_for("members.central_body"))


@stage.get("/journal", allow=Permission.JOURNAL_READ)
def journal() -> ResponseReturnValue:
    """Show the journal of every act, the latest first."""
    kind, row_id = request.args.get("object", ""), request.args.get("id", type=int)
    page = page_of(queries.journal(kind, row_id))
    return render_template("members/journal.html", page=page, kind=kind, row_id=row_id or "")
