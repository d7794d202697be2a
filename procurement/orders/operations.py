"""The acts on an order: place, change, submit, confirm, refuse, withdraw, cancel."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import text
from sqlalchemy.orm.attributes import flag_modified

from procurement.agreements.models import Agreement
from procurement.extensions import db
from procurement.kernel import audit, money
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Forbidden, Refused, Stale
from procurement.members.models import Site
from procurement.orders import conditions, ledger, queries, rules
from procurement.orders.models import EntryKind, Order, OrderLine, OrderState


class Wanted(NamedTuple):
    """So much of one line of the price list; 0 or None orders nothing of it."""

    price_id: int
    quantity: Decimal | None


class Draft(NamedTuple):
    """What a person writes in an order: where to, how much, and what the invoice will quote."""

    site: Site
    lines: Sequence[Wanted]
    commitment_number: str | None = None
    service_code: str | None = None


def place(agreement: Agreement, draft: Draft, *, actor: Actor, today: date) -> Order:
    """Write the draft of an order on the price list in force, for the actor's own member."""
    if actor.member_id is None:
        raise Forbidden
    conditions.check_open(agreement, today)
    conditions.check_beneficiary(agreement.id, actor.member_id)
    order = Order(
        agreement_id=agreement.id,
        holder_id=queries.first_holder_id(agreement.id),
        member_id=actor.member_id,
        state=OrderState.DRAFT,
        created_on=today,
    )
    _write(order, draft, actor, today)
    db.session.add(order)
    db.session.flush()  # Whoever goes on with it needs its id and what it leads to.
    audit.record(
        db.session(),
        actor,
        "orders.place",
        order,
        agreement_id=agreement.id,
        lines=len(order.lines),
        amount=order.amount,
    )
    return order


def change(order: Order, version: int, draft: Draft, *, actor: Actor, today: date) -> None:
    """Replace what a draft orders; ``version`` is the one that the person was reading.

    Raises Stale when somebody else changed it since.
    """
    _lock(order)
    conditions.check_editable(order)
    if order.version != version:
        raise Stale
    conditions.check_open(order.agreement, today)
    before = _written(order)
    _write(order, draft, actor, today)
    # The version counts changes of the lines too, even where the sum stays the same.
    flag_modified(order, "amount")
    audit.record(
        db.session(),
        actor,
        "orders.change",
        order,
        **{name: (before[name], new) for name, new in _written(order).items()},
    )


def submit(order: Order, *, actor: Actor, today: date) -> None:
    """Submit an order to the member's approver: freeze its lines, number it, reserve its amount.

    Raises Refused when the member may not order on ``today``, when a price is no longer the one
    in force, and ``over_ceiling`` when a ceiling has no room for it.
    """
    _lock(order)
    conditions.check_editable(order)
    conditions.check_open(order.agreement, today)
    conditions.check_beneficiary(order.agreement_id, order.member_id)
    conditions.check_membership(order.member_id, today)
    _sign(order, actor)
    _freeze(order, today)
    order.number = rules.order_number(today.year, _next_rank(today.year))
    order.submitted_on = today
    order.check_figure = rules.check_figure(head_of(order), map(frozen, order.lines))
    moved = order.move(OrderState.SUBMITTED)
    db.session.flush()  # The order's own row is taken before those of the levels, in every act.
    ledger.post(order, EntryKind.RESERVE)
    audit.record(
        db.session(),
        actor,
        "orders.submit",
        order,
        state=moved,
        number=order.number,
        amount=order.amount,
        check_figure=order.check_figure,
    )


def confirm(order: Order, *, actor: Actor, today: date) -> None:
    """Confirm a submitted order: it goes to the holder, and its amount is consumed."""
    _lock(order)
    conditions.check_approver(order, actor)
    conditions.check_open(order.agreement, today)
    order.approver_id, order.confirmed_on = actor.person_id, today
    _move(
        order, OrderState.CONFIRMED, EntryKind.CONFIRM, "orders.confirm", actor, confirmed_on=today
    )


def refuse(order: Order, reason: str, *, actor: Actor) -> None:
    """Refuse a submitted order, saying why: what it had reserved is free again."""
    _lock(order)
    conditions.check_approver(order, actor)
    order.approver_id, order.reason = actor.person_id, reason
    _move(order, OrderState.REFUSED, EntryKind.RELEASE, "orders.refuse", actor)


def withdraw(order: Order, reason: str, *, actor: Actor) -> None:
    """Take back a submitted order before it is confirmed: what it had reserved is free again."""
    _lock(order)
    conditions.check_decider(order, actor)
    if not order.can_withdraw:
        raise conditions.not_submitted()
    order.reason = reason
    _move(order, OrderState.CANCELLED, EntryKind.RELEASE, "orders.withdraw", actor)


def cancel(order: Order, reason: str, *, actor: Actor) -> None:
    """Undo a confirmed order, saying why: what it had consumed is free again."""
    _lock(order)
    conditions.check_decider(order, actor)
    if not order.can_cancel:
        raise Refused("not_confirmed", _("Only a confirmed order can be cancelled."))
    order.reason = reason
    _move(order, OrderState.CANCELLED, EntryKind.CANCEL, "orders.cancel", actor)


def head_of(order: Order) -> rules.FrozenHead:
    """Give what the check figure covers above the lines."""
    return rules.FrozenHead(*(getattr(order, name) for name in rules.FrozenHead._fields))


def frozen(line: OrderLine) -> rules.FrozenLine:
    """Give what the check figure covers of a line."""
    return rules.FrozenLine(*(getattr(line, name) for name in rules.FrozenLine._fields))


def _lock(order: Order) -> None:
    """Read the order again and keep it, before its series and its levels: the order of every act.

    Two acts that took these the other way round would wait for each other.
    """
    db.session.flush()  # Reading again would drop what is not written yet.
    db.session.refresh(order, with_for_update=True)


def _written(order: Order) -> dict[str, object]:
    """Give what the journal keeps of a draft, before and after a change."""
    return {
        "lines": [(line.price_id, line.quantity) for line in order.lines],
        "site_id": order.site_id,
        "commitment_number": order.commitment_number,
        "service_code": order.service_code,
        "amount": order.amount,
    }


def _sign(order: Order, actor: Actor) -> None:
    order.author_id = conditions.writer(order, actor)


def _write(order: Order, draft: Draft, actor: Actor, today: date) -> None:
    if draft.site.member_id != order.member_id:
        raise Refused("foreign_site", _("Choose one of your own delivery places."), "site_id")
    prices = _prices(order.agreement_id, today)
    _check_lines(draft.lines, prices)
    standing = {line.price_id: line for line in order.lines}
    lines = []
    for price_id, quantity in draft.lines:
        if quantity:
            # A line that stays is changed in place: the database would meet its twin before it
            # goes.
            line = standing.get(price_id) or OrderLine(price_id=price_id)
            _fill(line, quantity, prices[price_id])
            lines.append(line)
    _sign(order, actor)
    order.site_id, order.lines = draft.site.id, lines
    order.commitment_number, order.service_code = draft.commitment_number, draft.service_code
    order.amount = _net(order)


def _prices(agreement_id: int, today: date) -> dict[int, Record]:
    return {row.id: row for row in db.session.execute(queries.price_list(agreement_id, today))}


def _check_lines(lines: Sequence[Wanted], prices: dict[int, Record]) -> None:
    met: set[int] = set()
    for at, (price_id, quantity) in enumerate(lines):
        if not quantity:
            continue
        if price_id not in prices or price_id in met:
            raise Refused(
                "not_in_price_list",
                _(
                    "One of these items is not in the price list in force. Start again from"
                    " that list."
                ),
            )
        _check_packs(at, quantity, prices[price_id])
        met.add(price_id)
    if not met:
        raise conditions.no_line()


def _check_packs(at: int, quantity: Decimal, price: Record) -> None:
    if rules.fits_packs(quantity, price.pack_size):
        return
    below, above = rules.packs_around(quantity, price.pack_size)
    named = {"item": price.designation, "pack": price.pack_size, "below": below, "above": above}
    sentence = _("%(item)s comes by %(pack)s: order %(below)s or %(above)s.", **named)
    if below == 0:
        sentence = _("%(item)s comes by %(pack)s: order at least %(above)s.", **named)
    raise Refused("not_whole_packs", sentence, f"lines-{at}-quantity")


def _fill(line: OrderLine, quantity: Decimal, price: Record) -> None:
    line.item_id, line.position = price.item_id, price.position
    line.unit_price, line.vat_rate = price.unit_price, price.vat_rate
    line.quantity, line.amount = quantity, money.line_amount(quantity, price.unit_price)


def _freeze(order: Order, today: date) -> None:
    if not order.lines:
        raise conditions.no_line()
    prices = _prices(order.agreement_id, today)
    if any(line.price_id not in prices for line in order.lines):
        raise Refused(
            "price_changed",
            _("The price list changed since this draft was written. Write the order again on it."),
        )
    lot_lines = [prices[line.price_id].lot_line_id for line in order.lines]
    own = queries.own_prices(order.member_id, order.site_id, lot_lines)
    for line in order.lines:
        price = prices[line.price_id]
        _fill(line, line.quantity, price)
        if price.lot_line_id in own:
            line.reference_line_id, line.reference_price = own[price.lot_line_id]
            line.reference_amount = money.line_amount(line.quantity, line.reference_price)
    order.amount = _net(order)


def _net(order: Order) -> Decimal:
    return rules.totals((line.amount, line.vat_rate) for line in order.lines).net


def _next_rank(year: int) -> int:
    # One statement on both databases: whoever comes second waits for the first to commit.
    taken = db.session.execute(
        text(
            "INSERT INTO order_series (year, last) VALUES (:year, 1) ON CONFLICT (year)"
            " DO UPDATE SET last = order_series.last + 1 RETURNING last"
        ),
        {"year": year},
    )
    return int(taken.scalar_one())


def _move(
    order: Order, state: OrderState, kind: EntryKind, verb: str, actor: Actor, **facts: date
) -> None:
    moved = order.move(state)
    db.session.flush()  # The order's own row is taken before those of the levels, in every act.
    ledger.post(order, kind)
    changes: dict[str, object] = {"reason": order.reason} if order.reason else {}
    changes |= facts
    audit.record(db.session(), actor, verb, order, state=moved, amount=order.amount, **changes)
