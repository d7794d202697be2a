"""The ledger of orders: what each takes from the ceilings, under any concurrency.

Every movement is one guarded update for each level and one entry, in the order's own transaction.
The levels are always taken in the same order, the agreement last: its row is the one that
everybody wants, so it is held for the shortest time, and two orders never wait for each other
in a circle.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from flask_babel import lazy_gettext as _
from sqlalchemy import CursorResult, Update, or_, select, update

from procurement.agreements.models import Agreement, AgreementState, Beneficiary, Holder
from procurement.extensions import db
from procurement.kernel import language
from procurement.kernel.errors import Refused
from procurement.orders.models import EntryKind, LedgerEntry, Order

Level = type[Agreement] | type[Holder] | type[Beneficiary]

#: What each kind of entry does to (reserved, consumed), as a factor of its amount.
EFFECTS: dict[EntryKind, tuple[int, int]] = {
    EntryKind.RESERVE: (1, 0),
    EntryKind.CONFIRM: (-1, 1),
    EntryKind.RELEASE: (-1, 0),
    EntryKind.CANCEL: (0, -1),
}
#: The levels in the order in which they are taken, each with the entry's column that names it.
LEVELS: tuple[tuple[Level, str], ...] = (
    (Holder, "holder_id"),
    (Beneficiary, "beneficiary_id"),
    (Agreement, "agreement_id"),
)
_OVER = {
    Holder: _(
        "This order comes to %(amount)s net of VAT, and %(remaining)s remain under the ceiling"
        " of the holder. Order less, or ask the centrale."
    ),
    Beneficiary: _(
        "This order comes to %(amount)s net of VAT, and %(remaining)s remain of the quota of"
        " your body. Order less, or ask the centrale."
    ),
    Agreement: _(
        "This order comes to %(amount)s net of VAT, and %(remaining)s remain under the ceiling"
        " of the agreement. Order less, or ask the centrale."
    ),
}


def post(order: Order, kind: EntryKind) -> None:
    """Move an order's amount, the sum of its lines, on every level and enter the movement.

    Raises Refused ``over_ceiling``, naming the level and what remains, when a reservation does
    not fit under one of the ceilings. The caller has flushed the order before: its row comes
    before those of the levels in every transaction.
    """
    entry = LedgerEntry(
        at=datetime.now(UTC),
        kind=kind,
        order_id=order.id,
        agreement_id=order.agreement_id,
        holder_id=order.holder_id,
        beneficiary_id=_beneficiary_id(order),
        amount=order.amount,
    )
    for level, column in LEVELS:
        row_id = getattr(entry, column)
        statement = _movement(level, row_id, kind, order.amount)
        moved = cast("CursorResult[Any]", db.session.execute(statement))
        if moved.rowcount != 1:
            raise _refusal(level, row_id, order.amount)
    db.session.add(entry)


def _beneficiary_id(order: Order) -> int:
    # The order's composite key to this very row says that there is one.
    return db.session.scalars(
        select(Beneficiary.id).where(
            Beneficiary.agreement_id == order.agreement_id,
            Beneficiary.member_id == order.member_id,
        )
    ).one()


def _movement(level: Level, row_id: int, kind: EntryKind, amount: Decimal) -> Update:
    reserved, consumed = (factor * amount for factor in EFFECTS[kind])
    # The objects in memory are not brought up to date: a stale copy plus an amount is no balance.
    statement = (
        update(level)
        .where(level.id == row_id)
        .values(reserved=level.reserved + reserved, consumed=level.consumed + consumed)
        .execution_options(synchronize_session=False)
    )
    if kind is not EntryKind.RESERVE:
        return statement
    committed = level.reserved + level.consumed + amount
    fits = or_(level.ceiling.is_(None), committed <= level.ceiling)
    if level is Agreement:
        # A buyer may have closed it since the caller read it.
        fits &= Agreement.state == AgreementState.NOTIFIED
    return statement.where(fits)


def _refusal(level: Level, row_id: int, amount: Decimal) -> Refused:
    if level is Agreement and not _is_notified(row_id):
        return Refused("agreement_closed", _("This agreement was closed: it takes no more orders."))
    query = select(level.ceiling, level.reserved, level.consumed).where(level.id == row_id)
    ceiling, reserved, consumed = db.session.execute(query).one()
    remaining = (ceiling or Decimal(0)) - reserved - consumed
    sentence: Any = _OVER[level]
    return Refused(
        "over_ceiling",
        sentence % {"amount": language.euros(amount), "remaining": language.euros(remaining)},
    )


def _is_notified(agreement_id: int) -> bool:
    state = db.session.scalar(select(Agreement.state).where(Agreement.id == agreement_id))
    return state is AgreementState.NOTIFIED
