"""Suppliers, tenders, the comparison of offers, and their prices typed in."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import Stage, actor, find, form, today
from procurement.lots import operations as lots
from procurement.lots.models import PROCEDURE_LABELS, Lot, LotState
from procurement.tenders import operations, queries
from procurement.tenders.models import TENDER_STATE_LABELS, Offer, Supplier, Tender
from procurement.tenders.schemas import (
    AwardInput,
    LaunchInput,
    PricesInput,
    ReceiveInput,
    SupplierInput,
)

stage = Stage("tenders", __name__, template_folder="templates")


@stage.get("/suppliers", allow=Permission.TENDER_READ)
def supplier_list() -> ResponseReturnValue:
    """List the firms, and the form to register one."""
    text = request.args.get("q", "").strip()
    page = page_of(queries.suppliers(text))
    return render_template("tenders/suppliers.html", page=page, text=text)


@stage.post("/suppliers", allow=Permission.TENDER_RUN)
@form(SupplierInput, shown_by=supplier_list)
def register_supplier(
    siret: str, name: str, address: str | None, email: str | None
) -> ResponseReturnValue:
    """Register a firm."""
    operations.register_supplier(siret, name, address, email, actor=actor())
    flash(_("%(name)s is registered.", name=name), "success")
    return redirect(url_for("tenders.supplier_list"))


@stage.get("/tenders", allow=Permission.TENDER_READ)
def tender_list() -> ResponseReturnValue:
    """List the tenders, the latest first."""
    text, state = request.args.get("q", "").strip(), request.args.get("state", "")
    state = state if state in TENDER_STATE_LABELS else ""
    return render_template(
        "tenders/list.html",
        page=page_of(queries.tenders(text, state)),
        text=text,
        state=state,
        states=TENDER_STATE_LABELS,
    )


@stage.get("/tenders/<id:tender_id>", allow=Permission.TENDER_READ)
def tender(tender_id: int) -> ResponseReturnValue:
    """Compare the offers of a tender, and name what comes next."""
    found = find(Tender, tender_id)
    return render_template(
        "tenders/tender.html",
        tender=found,
        comparison=queries.compare(found),
        absent=queries.absent_suppliers(tender_id) if found.is_open else [],
        can_decide=found.can_be_decided(today()),
    )


@stage.get("/lots/<id:lot_id>/tender", allow=Permission.TENDER_RUN)
def launch_form(lot_id: int) -> ResponseReturnValue:
    """Ask for the last day to answer."""
    lot = find(Lot, lot_id)
    return render_template(
        "tenders/launch.html",
        lot=lot,
        can_launch=lot.can_move(LotState.TENDERED),
        obstacles=lots.obstacles(lot, today()) if lot.can_move(LotState.TENDERED) else [],
        procedures=PROCEDURE_LABELS,
    )


@stage.post("/lots/<id:lot_id>/tender", allow=Permission.TENDER_RUN)
@form(LaunchInput, shown_by=launch_form)
def launch(lot_id: int, answers_by: date) -> ResponseReturnValue:
    """Call for offers on a frozen lot."""
    made = operations.launch(find(Lot, lot_id), answers_by, actor=actor(), today=today())
    db.session.flush()  # The redirect names the new row.
    flash(_("The tender is launched: enter the offers as they arrive."), "success")
    return redirect(url_for("tenders.tender", tender_id=made.id))


@stage.post("/tenders/<id:tender_id>/offers", allow=Permission.TENDER_RUN)
@form(ReceiveInput, shown_by=tender)
def receive_offer(tender_id: int, supplier_id: int, received_on: date) -> ResponseReturnValue:
    """Enter an offer that arrived."""
    call, supplier = find(Tender, tender_id), find(Supplier, supplier_id)
    made = operations.receive_offer(call, supplier, received_on, actor=actor(), today=today())
    db.session.flush()  # The redirect names the new row.
    flash(_("The offer of %(name)s is entered: type its prices.", name=supplier.name), "success")
    return redirect(url_for("tenders.offer", offer_id=made.id))


@stage.get("/offers/<id:offer_id>", allow=Permission.TENDER_READ)
def offer(offer_id: int) -> ResponseReturnValue:
    """Show the prices of an offer, as fields while they may change."""
    found = find(Offer, offer_id)
    sheet = queries.offer_sheet(found)
    fields = {f"lines-{n}-unit_price": line for n, line in enumerate(sheet.lines)}
    return render_template(
        "tenders/offer.html",
        offer=found,
        sheet=sheet,
        known={name: sheet.prices.get(line.id) for name, line in fields.items()},
        labels={name: f"{line.position}. {line.designation}" for name, line in fields.items()},
    )


@stage.post("/offers/<id:offer_id>/prices", allow=Permission.TENDER_RUN)
@form(PricesInput, shown_by=offer)
def price_offer(offer_id: int, lines: list[dict[str, Any]]) -> ResponseReturnValue:
    """Write the prices of an offer."""
    found = find(Offer, offer_id)
    prices = {line["lot_line_id"]: line["unit_price"] for line in lines}
    operations.price_offer(found, prices, actor=actor())
    flash(_("The prices of %(name)s are saved.", name=found.supplier.name), "success")
    return redirect(url_for("tenders.tender", tender_id=found.tender_id))


@stage.post("/tenders/<id:tender_id>/award", allow=Permission.TENDER_RUN)
@form(AwardInput, shown_by=tender)
def award(tender_id: int, offer_id: int) -> ResponseReturnValue:
    """Award the tender to one offer."""
    chosen = find(Offer, offer_id)
    operations.award(find(Tender, tender_id), chosen, actor=actor(), today=today())
    flash(_("The lot is awarded to %(name)s.", name=chosen.supplier.name), "success")
    return redirect(url_for("tenders.tender", tender_id=tender_id))


@stage.post("/tenders/<id:tender_id>/unsuccessful", allow=Permission.TENDER_RUN)
@form(Input, shown_by=tender)
def declare_unsuccessful(tender_id: int) -> ResponseReturnValue:
    """End the tender without choosing."""
    operations.declare_unsuccessful(find(Tender, tender_id), actor=actor(), today=today())
    flash(_("The tender is declared unsuccessful."), "success")
    return redirect(url_for("tenders.tender", tender_id=tender_id))
