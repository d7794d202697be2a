"""Members, people, the centrale, and the journal."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import ROLE_LABELS, ROLE_PERMISSIONS, Permission, Role
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, actor, find, form, today
from procurement.members import logos, mandates, operations, queries
from procurement.members.models import COMPETENCE_LABELS, SITE_KIND_LABELS, Member, Person
from procurement.members.schemas import CentralBodyInput, PersonInput, SiteInput

stage = Stage("members", __name__, template_folder="templates")


@stage.get("/members", allow=Permission.MEMBER_READ)
def member_list() -> ResponseReturnValue:
    """List the buying bodies that the actor may see."""
    text, departement = request.args.get("q", "").strip(), request.args.get("departement", "")
    page = page_of(queries.member_list(actor(), text, departement, today()))
    return render_template("members/list.html", page=page, text=text, departement=departement)


@stage.get("/members/<id:member_id>", allow=Permission.MEMBER_READ)
def member(member_id: int) -> ResponseReturnValue:
    """Show one body: identity, memberships, competences, delivery places, mandates."""
    shown, may_mandate = find(Member, member_id), actor().may(Permission.MANDATE_KEEP)
    return render_template(
        "members/member.html",
        member=shown,
        mandates=mandates.mandates_of(member_id),
        delegates=mandates.delegates(shown, today()) if may_mandate else [],
        predecessors=queries.predecessors(member_id),
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
        page=page_of(queries.person_list(text), path=url_for("members.person_list")),
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
    logo = logos.uploaded(request.files.get("logo"))
    operations.describe_central_body(**entry, logo=logo, actor=actor())  # type: ignore[arg-type]  # typed by the schema
    flash(_("The description was saved."), "success")
    return redirect(url_for("members.central_body"))


@stage.get("/journal", allow=Permission.JOURNAL_READ)
def journal() -> ResponseReturnValue:
    """Show the journal of every act, the latest first."""
    kind, row_id = request.args.get("object", ""), asked_id("id")
    page = page_of(queries.journal(kind, row_id))
    return render_template("members/journal.html", page=page, kind=kind, row_id=row_id or "")
