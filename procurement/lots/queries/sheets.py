"""What the lot sheets print."""

from collections.abc import Sequence

from sqlalchemy import func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.lots.models import Allocation, Lot, LotLine
from procurement.members.models import Member
from procurement.needs.models import NeedLine


def frozen_lines(lot: Lot) -> Sequence[Record]:
    """List the lines of a lot as its sheet prints them, with the quantities that were frozen."""
    return db.session.execute(
        select(
            LotLine.position,
            LotLine.quantity,
            Item.code,
            Item.designation,
            Item.specification,
            Item.unit,
            Item.pack_size,
            Item.vat_rate,
        )
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == lot.id)
        .order_by(LotLine.position)
    ).all()


def breakdown(lot: Lot) -> Sequence[Record]:
    """Sum a lot by member and line: by département, name of the member, order of the sheet."""
    return db.session.execute(
        select(
            NeedLine.departement,
            Member.id.label("member_id"),
            Member.name,
            LotLine.position,
            func.sum(Allocation.quantity).label("quantity"),
        )
        .select_from(LotLine)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(Member, Member.id == NeedLine.member_id)
        .where(LotLine.lot_id == lot.id)
        .group_by(NeedLine.departement, Member.id, Member.name, LotLine.position)
        .order_by(NeedLine.departement, Member.sort_name, Member.id, LotLine.position)
    ).all()
