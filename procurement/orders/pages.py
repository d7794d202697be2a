"""Orders: the list, the form to order from a price list, and the way of an order to the holder."""

from decimal import Decimal
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.agreements.models import Agreement
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, actor, find, form, mark, shown_form, today
from procurement.members.models import Site
from procurement.members.queries import journal, site_choices
from procurement.orders import conditions, operations, queries, rules
from procurement.orders.models import ACT_LABELS, ORDER_STATE_LABELS, Order
from procurement.orders.paper import letterhead_on, order_paper
from procurement.orders.schemas import OrderChangeInput, OrderInput, ReasonInput

stage = Stage("orders", __name__, template_folder="templates")


@stage.get("/orders", allow=Permission.ORDER_READ)
def order_list() -> ResponseReturnValue:
    """List the orders that the actor may see."""
    state, text = request.args.get("state", ""), request.args.get("q", "").strip()
    agreement_id = asked_id("agreement")
    return render_template(
        "orders/list.html",
        page=page_of(queries.order_list(actor(), state, agreement_id, text)),
        states=ORDER_STATE_LABELS,
        state=state,
        text=text,
        agreement_id=agreement_id,
    )


@stage.get("/orders/<id:order_id>", allow=Permission.ORDER_READ)
def order(order_id: int) -> ResponseReturnValue:
    """Show one order: lines, totals, what it takes from the ceiling, and what became of it."""
    shown = find(Order, order_id)
    lines = queries.lines_of(shown)
    return render_template(
        "orders/order.html",
        order=shown,
        lines=lines,
        totals=rules.totals((line.amount, line.vat_rate) for line in lines),
        supplier=queries.supplier_of(shown),
        quota=queries.beneficiary(shown.agreement_id, shown.member_id),
        history=db.session.execute(journal("purchase_order", order_id)).all(),
        states=ORDER_STATE_LABELS,
        acts=ACT_LABELS,
    )


@stage.get("/agreements/<id:agreement_id>/orders/new", allow=Permission.ORDER_PLACE)
def order_form(agreement_id: int) -> ResponseReturnValue:
    """Show the price list of an agreement to order from."""
    agreement = find(Agreement, agreement_id)
    if request.method == "GET":  # A form that was just refused is shown with what was typed.
        conditions.check_open(agreement, today())
    return _sheet(agreement, None)


@stage.post("/agreements/<id:agreement_id>/orders/new", allow=Permission.ORDER_PLACE)
@form(OrderInput, shown_by=order_form)
def place(agreement_id: int, **entry: Any) -> ResponseReturnValue:
    """Place the draft of an order."""
    made = operations.place(
        find(Agreement, agreement_id), _draft(**entry), actor=actor(), today=today()
    )
    flash(_("The draft is saved. Check it, then submit it to your approver."), "success")
    return redirect(url_for("orders.order", order_id=made.id))


@stage.get("/orders/<id:order_id>/edit", allow=Permission.ORDER_PLACE)
def edit(order_id: int) -> ResponseReturnValue:
    """Show the form of a draft."""
    shown = find(Order, order_id)
    if request.method == "GET":
        conditions.writer(shown, actor())
        conditions.check_editable(shown)
        conditions.check_open(shown.agreement, today())
    return _sheet(shown.agreement, shown)


@stage.post("/orders/<id:order_id>/edit", allow=Permission.ORDER_PLACE)
@form(OrderChangeInput, shown_by=edit)
def change(order_id: int, version: int, **entry: Any) -> ResponseReturnValue:
    """Change a draft."""
    operations.change(find(Order, order_id), version, _draft(**entry), actor=actor(), today=today())
    flash(_("The draft is saved. Check it, then submit it to your approver."), "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.post("/orders/<id:order_id>/submit", allow=Permission.ORDER_PLACE)
@form(Input, shown_by=order)
def submit(order_id: int) -> ResponseReturnValue:
    """Submit a draft to the member's approver."""
    shown = find(Order, order_id)
    operations.submit(shown, actor=actor(), today=today())
    sentence = _("Order %(number)s waits for an approver of your body.", number=shown.number)
    flash(sentence, "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.post("/orders/<id:order_id>/confirm", allow=Permission.ORDER_CONFIRM)
@form(Input, shown_by=order)
def confirm(order_id: int) -> ResponseReturnValue:
    """Confirm a submitted order."""
    operations.confirm(find(Order, order_id), actor=actor(), today=today())
    flash(_("The order is confirmed: its order form can go to the holder."), "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.post("/orders/<id:order_id>/refuse", allow=Permission.ORDER_CONFIRM)
@form(ReasonInput, shown_by=order)
def refuse(order_id: int, reason: str) -> ResponseReturnValue:
    """Refuse a submitted order."""
    operations.refuse(find(Order, order_id), reason, actor=actor())
    flash(_("The order is refused, and its amount is free again."), "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.post("/orders/<id:order_id>/withdraw", allow=Permission.ORDER_PLACE)
@form(ReasonInput, shown_by=order)
def withdraw(order_id: int, reason: str) -> ResponseReturnValue:
    """Take back a submitted order."""
    operations.withdraw(find(Order, order_id), reason, actor=actor())
    flash(_("The order is withdrawn, and its amount is free again."), "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.post("/orders/<id:order_id>/cancel", allow=Permission.ORDER_CONFIRM)
@form(ReasonInput, shown_by=order)
def cancel(order_id: int, reason: str) -> ResponseReturnValue:
    """Cancel a confirmed order."""
    operations.cancel(find(Order, order_id), reason, actor=actor())
    flash(_("The order is cancelled, and its amount is free again. Tell the holder."), "success")
    return redirect(url_for("orders.order", order_id=order_id))


@stage.get("/orders/<id:order_id>/order.pdf", allow=Permission.ORDER_READ)
def paper(order_id: int) -> ResponseReturnValue:
    """Give the order form of a confirmed order."""
    shown = find(Order, order_id)
    conditions.check_printable(shown)
    drawn = order_paper(shown, letterhead_on(shown.confirmed_on or today()), mark())
    answer = Response(drawn, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"{shown.number}.pdf")
    return answer


def _draft(
    site_id: int,
    commitment_number: str | None,
    service_code: str | None,
    lines: list[dict[str, Any]],
) -> operations.Draft:
    wanted = [operations.Wanted(**line) for line in lines]
    return operations.Draft(find(Site, site_id), wanted, commitment_number, service_code)


def _sheet(agreement: Agreement, draft: Order | None) -> ResponseReturnValue:
    member_id = actor().member_id or 0
    prices = queries.order_sheet(agreement.id, member_id, today())
    standing = {line.price_id: line.quantity for line in draft.lines} if draft else {}
    return render_template(
        "orders/form.html",
        agreement=agreement,
        quota=queries.beneficiary(agreement.id, member_id),
        draft=draft,
        prices=prices,
        standing=standing,
        sites=site_choices(member_id),
        form=shown_form(**_known(draft, [standing.get(row.id) for row in prices])),
    )


def _known(draft: Order | None, quantities: list[Decimal | None]) -> dict[str, object]:
    if draft is None:
        return {}
    named = {
        name: getattr(draft, name) for name in ("site_id", "commitment_number", "service_code")
    }
    return {**named, **{f"lines-{at}-quantity": one for at, one in enumerate(quantities)}}
