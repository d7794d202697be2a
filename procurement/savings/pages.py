"""Savings: a member's own statement, and the report on the territory."""

from collections.abc import Sequence
from io import BytesIO

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel.access import Permission
from procurement.kernel.charts import svg
from procurement.kernel.pipeline import Stage, actor, find, mark, today
from procurement.members.models import Member
from procurement.members.queries import predecessors
from procurement.savings import charts, paper, queries, sentences
from procurement.savings.queries import Scope

stage = Stage("savings", __name__, template_folder="templates")


def _chosen(years: Sequence[int]) -> int | None:
    """Read the year that the address asks for; nonsense asks for all of them."""
    year = request.args.get("year", type=int)
    return year if year in years else None


def _statement(member: Member, years: Sequence[int]) -> queries.Statement:
    return queries.statement(Scope(member.id, _chosen(years)), language.current())


def _report(years: Sequence[int]) -> queries.Report:
    return queries.report(Scope(year=_chosen(years)), language.current())


def _download(content: bytes, name: str) -> ResponseReturnValue:
    return send_file(
        BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name
    )


@stage.get("/savings", allow=Permission.SAVING_READ)
def own() -> ResponseReturnValue:
    """Lead a member's person to its statement, the centrale to the territory."""
    if actor().is_member_side:
        return redirect(url_for("savings.member", member_id=actor().member_id))
    return redirect(url_for("savings.territory"))


@stage.get("/savings/members/<id:member_id>", allow=Permission.SAVING_READ)
def member(member_id: int) -> ResponseReturnValue:
    """Show what buying together changed for one member, with the proof of each line."""
    body, years = find(Member, member_id), queries.years(member_id)
    found = _statement(body, years)
    drawing = charts.by_family(found)
    title, legend = _("Former and pooled prices by family"), sentences.verdict(found.summary.saving)
    return render_template(
        "savings/member.html",
        member=body,
        statement=found,
        years=years,
        predecessors=predecessors(member_id),
        chart=svg(drawing, title, legend),
        words=sentences,
    )


@stage.get("/savings/members/<id:member_id>/statement.pdf", allow=Permission.SAVING_READ)
def member_paper(member_id: int) -> ResponseReturnValue:
    """Write the statement as a PDF."""
    body = find(Member, member_id)
    found = _statement(body, queries.years(member_id))
    content = paper.statement(body.name, found, today(), mark())
    return _download(content, f"savings-{body.siren}.pdf")


@stage.get("/savings/territory", allow=Permission.SAVING_TERRITORY)
def territory() -> ResponseReturnValue:
    """Show the savings of the whole territory, every grouping adding up to the same total."""
    years = queries.years()
    found = _report(years)
    return render_template(
        "savings/territory.html",
        report=found,
        years=years,
        departements=svg(
            charts.by_departement(found),
            _("Former and pooled prices by département"),
            sentences.control(found),
        ),
        members=svg(
            charts.by_member(found),
            _("Largest savings and losses by member"),
            sentences.losers(found),
        ),
        words=sentences,
    )


@stage.get("/savings/territory/report.pdf", allow=Permission.SAVING_TERRITORY)
def territory_paper() -> ResponseReturnValue:
    """Write the report on the territory as a PDF."""
    return _download(
        paper.report(_report(queries.years()), today(), mark()), "savings-territory.pdf"
    )
