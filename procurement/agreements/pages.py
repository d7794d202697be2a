"""Agreements: their list, their page, the terms of a draft, and the quotas."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.agreements import operations, queries, rules
from procurement.agreements.models import Agreement, Beneficiary
from procurement.agreements.rules import STANDING_LABELS, Naming, Terms
from procurement.agreements.schemas import QuotaInput, TermsInput
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import Stage, actor, find, form, today
from procurement.tenders.models import Tender
from procurement.tenders.queries import offer_sheet

stage = Stage("agreements", __name__, template_folder="templates")


@stage.get("/agreements", allow=Permission.AGREEMENT_READ)
def agreement_list() -> ResponseReturnValue:
    """List the agreements that the actor may see, the latest first."""
    text, standing = request.args.get("q", "").strip(), request.args.get("standing", "")
    standing = standing if standing in STANDING_LABELS else ""
    return render_template(
        "agreements/list.html",
        page=page_of(queries.agreement_list(actor(), text, standing, today())),
        text=text,
        standing=standing,
        standings=STANDING_LABELS,
        standing_on=rules.standing,
    )


@stage.get("/agreements/<id:agreement_id>", allow=Permission.AGREEMENT_READ)
def agreement(agreement_id: int) -> ResponseReturnValue:
    """Show an agreement: ceiling, period, holders, prices, who may order and what comes next."""
    found, text = find(Agreement, agreement_id), request.args.get("q", "").strip()
    prices = queries.price_list(agreement_id)
    named = queries.beneficiaries(agreement_id, actor(), text)
    return render_template(
        "agreements/agreement.html",
        agreement=found,
        standing=found.standing(today()),
        standings=STANDING_LABELS,
        months=rules.months(found.starts_on, found.ends_on),
        estimate=queries.estimate(prices),
        prices=prices,
        holders=queries.holders(agreement_id),
        page=page_of(named, path=url_for("agreements.agreement", agreement_id=agreement_id)),
        named=queries.count_beneficiaries(agreement_id),
        text=text,
    )


@stage.get("/tenders/<id:tender_id>/agreement", allow=Permission.AGREEMENT_RUN)
def draft_form(tender_id: int) -> ResponseReturnValue:
    """Show the terms to write for an awarded tender, or the agreement that it already has."""
    tender = find(Tender, tender_id)
    drafted = queries.agreement_id_of(tender_id)
    if drafted is not None and request.method == "GET":
        return redirect(url_for("agreements.agreement", agreement_id=drafted))
    known = {"title": tender.lot.title, "naming": Naming.NEEDS}
    return _terms_page(tender, None, known)


@stage.post("/tenders/<id:tender_id>/agreement", allow=Permission.AGREEMENT_RUN)
@form(TermsInput, shown_by=draft_form)
def draft(tender_id: int, naming: Naming, **terms: Any) -> ResponseReturnValue:
    """Draft the agreement of an awarded tender."""
    made = operations.draft(
        find(Tender, tender_id), Terms(**terms), naming, actor=actor(), today=today()
    )
    flash(
        _("Agreement %(number)s is drafted: check it, then notify it.", number=made.number),
        "success",
    )
    return redirect(url_for("agreements.agreement", agreement_id=made.id))


@stage.get("/agreements/<id:agreement_id>/terms", allow=Permission.AGREEMENT_RUN)
def revise_form(agreement_id: int) -> ResponseReturnValue:
    """Show the terms of a draft as fields."""
    found = find(Agreement, agreement_id)
    kept = ("number", "title", "ceiling", "starts_on", "ends_on", "duration_reason")
    known = {name: getattr(found, name) for name in kept}
    known |= {"holder_ceiling": found.holders[0].ceiling, "naming": Naming.KEEP}
    return _terms_page(found.tender, found, known)


@stage.post("/agreements/<id:agreement_id>/terms", allow=Permission.AGREEMENT_RUN)
@form(TermsInput, shown_by=revise_form)
def revise(agreement_id: int, naming: Naming, **terms: Any) -> ResponseReturnValue:
    """Write the terms of a draft anew."""
    found = find(Agreement, agreement_id)
    operations.revise(found, Terms(**terms), naming, actor=actor(), today=today())
    flash(_("The terms are saved."), "success")
    return redirect(url_for("agreements.agreement", agreement_id=agreement_id))


@stage.post("/agreements/<id:agreement_id>/notify", allow=Permission.AGREEMENT_RUN)
@form(Input, shown_by=agreement)
def notify(agreement_id: int) -> ResponseReturnValue:
    """Notify an agreement."""
    operations.notify(find(Agreement, agreement_id), actor=actor(), today=today())
    flash(_("The agreement is notified: its terms are frozen."), "success")
    return redirect(url_for("agreements.agreement", agreement_id=agreement_id))


@stage.post("/agreements/<id:agreement_id>/close", allow=Permission.AGREEMENT_RUN)
@form(Input, shown_by=agreement)
def close(agreement_id: int) -> ResponseReturnValue:
    """Close an agreement."""
    operations.close(find(Agreement, agreement_id), actor=actor())
    flash(_("The agreement is closed: nobody orders from it any more."), "success")
    return redirect(url_for("agreements.agreement", agreement_id=agreement_id))


@stage.get("/beneficiaries/<id:beneficiary_id>/quota", allow=Permission.AGREEMENT_RUN)
def quota_form(beneficiary_id: int) -> ResponseReturnValue:
    """Show the quota of one beneficiary as a field."""
    return render_template("agreements/quota.html", beneficiary=find(Beneficiary, beneficiary_id))


@stage.post("/beneficiaries/<id:beneficiary_id>/quota", allow=Permission.AGREEMENT_RUN)
@form(QuotaInput, shown_by=quota_form)
def set_quota(beneficiary_id: int, quota: Decimal | None) -> ResponseReturnValue:
    """Set the quota of one beneficiary."""
    found = find(Beneficiary, beneficiary_id)
    operations.set_quota(found, quota, actor=actor())
    flash(_("The quota of %(member)s is saved.", member=found.member.name), "success")
    return redirect(url_for("agreements.agreement", agreement_id=found.agreement_id))


def _terms_page(
    tender: Tender, agreement: Agreement | None, known: dict[str, Any]
) -> ResponseReturnValue:
    offer = tender.awarded_offer
    ways = (Naming.NEEDS, Naming.EVERY)
    return render_template(
        "agreements/terms.html",
        tender=tender,
        agreement=agreement,
        offer=offer,
        estimate=offer_sheet(offer).total if offer else None,
        counts={way: queries.count_named(tender.lot_id, way, today()) for way in ways},
        most=rules.LONGEST_MONTHS,
        known=known,
    )
