"""The lists of this room: agreements, their prices and holders, who may order and what they did."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from procurement.agreements.models import (
    Agreement,
    AgreementPrice,
    AgreementState,
    Beneficiary,
    Holder,
)
from procurement.agreements.rules import Naming, Standing
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.kernel.money import line_amount
from procurement.lots.models import Allocation, LotLine
from procurement.members.models import Member, is_own
from procurement.members.queries import member_ids_in_force
from procurement.members.rules import plain
from procurement.needs.models import NeedLine
from procurement.tenders.models import Supplier


def agreement_list(actor: Actor, text: str, standing: str, today: date) -> Query:
    """Select the rows of the list of agreements that the actor may see, the latest first.

    ``own_reserved`` and ``own_consumed`` are what the actor's member ordered, and the bodies merged
    into it; NULL for the centrale.
    """
    own_reserved, own_consumed = (
        select(func.sum(one))
        .where(Beneficiary.agreement_id == Agreement.id, is_own(Beneficiary.member_id, actor))
        .correlate(Agreement)
        .scalar_subquery()
        for one in (Beneficiary.reserved, Beneficiary.consumed)
    )
    query = (
        select(
            Agreement.id,
            Agreement.number,
            Agreement.title,
            Agreement.state,
            Agreement.starts_on,
            Agreement.ends_on,
            Agreement.ceiling,
            Agreement.reserved,
            Agreement.consumed,
            Supplier.name.label("holder_name"),
            own_reserved.label("own_reserved"),
            own_consumed.label("own_consumed"),
        )
        .join(Holder, and_(Holder.agreement_id == Agreement.id, Holder.rank == 1))
        .join(Supplier, Supplier.id == Holder.supplier_id)
        .where(Agreement.visible_to(actor))
        .order_by(Agreement.starts_on.desc(), Agreement.id.desc())
    )
    if text:
        columns = (Agreement.number, Agreement.title, Supplier.name)
        found = (func.lower(one).contains(text.lower(), autoescape=True) for one in columns)
        query = query.where(or_(*found))
    return query.where(_stands(Standing(standing), today)) if standing else query


def _stands(standing: Standing, today: date) -> ColumnElement[bool]:
    """Condition on Agreement: the same answer as ``rules.standing``, asked of the database."""
    notified = Agreement.state == AgreementState.NOTIFIED
    return {
        Standing.DRAFT: Agreement.state == AgreementState.DRAFT,
        Standing.UPCOMING: and_(notified, Agreement.starts_on > today),
        Standing.IN_FORCE: and_(notified, Agreement.starts_on <= today, Agreement.ends_on >= today),
        Standing.EXPIRED: and_(notified, Agreement.ends_on < today),
        Standing.CLOSED: Agreement.state == AgreementState.CLOSED,
    }[standing]


def agreement_id_of(tender_id: int) -> int | None:
    """Give the id of the agreement that came from a tender, if there is one."""
    return db.session.scalar(select(Agreement.id).where(Agreement.tender_id == tender_id))


def price_list(agreement_id: int) -> Sequence[Record]:
    """List the prices of an agreement, with the quantity that the lot sheet estimated."""
    return db.session.execute(
        select(
            AgreementPrice.id,
            AgreementPrice.position,
            AgreementPrice.unit_price,
            AgreementPrice.vat_rate,
            AgreementPrice.price_version,
            AgreementPrice.valid_from,
            AgreementPrice.item_id,
            LotLine.quantity,
            Item.code,
            Item.designation,
            Item.unit,
        )
        .join(LotLine, LotLine.id == AgreementPrice.lot_line_id)
        .join(Item, Item.id == AgreementPrice.item_id)
        .where(AgreementPrice.agreement_id == agreement_id)
        .order_by(AgreementPrice.position, AgreementPrice.price_version)
    ).all()


def estimate(prices: Sequence[Record]) -> Decimal:
    """Value a price list at the quantities of the lot sheet: the sum of its rounded lines."""
    amounts = (line_amount(row.quantity, row.unit_price) for row in prices)
    return sum(amounts, Decimal(0))


def holders(agreement_id: int) -> Sequence[Record]:
    """List the holders of an agreement, by rank."""
    return db.session.execute(
        select(
            Holder.rank,
            Holder.ceiling,
            Holder.reserved,
            Holder.consumed,
            Supplier.name,
            Supplier.siret,
            Supplier.address,
            Supplier.email,
        )
        .join(Supplier, Supplier.id == Holder.supplier_id)
        .where(Holder.agreement_id == agreement_id)
        .order_by(Holder.rank)
    ).all()


def beneficiaries(agreement_id: int, actor: Actor, text: str = "") -> Query:
    """Select who may order and what they did, the most first; a member sees what is its own."""
    query = (
        select(
            Beneficiary.id,
            Beneficiary.member_id,
            Beneficiary.ceiling,
            Beneficiary.reserved,
            Beneficiary.consumed,
            Member.name,
            Member.departement,
        )
        .join(Member, Member.id == Beneficiary.member_id)
        .where(Beneficiary.agreement_id == agreement_id)
        .order_by((Beneficiary.reserved + Beneficiary.consumed).desc(), Member.sort_name, Member.id)
    )
    if actor.is_member_side:
        query = query.where(is_own(Beneficiary.member_id, actor))
    if text:
        query = query.where(Member.sort_name.contains(plain(text), autoescape=True))
    return query


def count_beneficiaries(agreement_id: int) -> int:
    """Count the members that an agreement names."""
    query = select(func.count()).where(Beneficiary.agreement_id == agreement_id)
    return db.session.scalar(query) or 0


def members_named(lot_id: int, naming: Naming, on: date) -> Select[int]:
    """Select the ids of the members to name.

    A membership binds them on that day and, unless every one is wanted, a need of theirs is in
    the lot.
    """
    query = select(Member.id).where(Member.id.in_(member_ids_in_force(on)))
    if naming is Naming.EVERY:
        return query
    needing = (
        select(NeedLine.member_id)
        .join(Allocation, Allocation.need_line_id == NeedLine.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .where(LotLine.lot_id == lot_id)
    )
    return query.where(Member.id.in_(needing))


def count_named(lot_id: int, naming: Naming, on: date) -> int:
    """Count the members that a way of naming gives."""
    query = select(func.count()).select_from(members_named(lot_id, naming, on).subquery())
    return db.session.scalar(query) or 0


def lines_without_price(agreement: Agreement) -> int:
    """Count the lines of the lot sheet that the price list leaves out."""
    priced = select(AgreementPrice.lot_line_id).where(AgreementPrice.agreement_id == agreement.id)
    query = select(func.count()).where(
        LotLine.lot_id == agreement.tender.lot_id, LotLine.id.not_in(priced)
    )
    return db.session.scalar(query) or 0
