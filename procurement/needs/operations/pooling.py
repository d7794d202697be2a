"""Lines enter the pool once they are validated and name an item, and leave it when they do not."""

from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    null,
    select,
    type_coerce,
    update,
)

from procurement.extensions import db
from procurement.kernel.database import Quantity
from procurement.needs.models import Equivalence, NeedLine, Omission

#: Quantities are whole numbers of this part of a unit.
_THOUSAND = 1000


def enter(lines: ColumnElement[bool]) -> None:
    """Put these lines into the pool, each as the item that its own was merged into.

    Those that are not validated, name no item yet or were left out stay where they are; one whose
    merged quantity would have more than three decimals is pooled as its own item.
    """
    merged = and_(
        Equivalence.campaign_id == NeedLine.campaign_id,
        Equivalence.item_id == NeedLine.item_id,
        product(NeedLine.quantity, Equivalence.units_each) % _THOUSAND == 0,
    )
    into = select(Equivalence.into_item_id).where(merged).scalar_subquery()
    makes = select(Equivalence.units_each).where(merged).scalar_subquery()
    converted = type_coerce(product(NeedLine.quantity, makes) // _THOUSAND, Quantity)
    is_left_out = select(Omission.id).where(Omission.need_line_id == NeedLine.id).exists()
    db.session.execute(
        update(NeedLine)
        .where(lines, NeedLine.is_validated, NeedLine.item_id.is_not(None), ~is_left_out)
        .values(
            is_pooled=True,
            pool_item_id=case((into.is_not(None), into), else_=NeedLine.item_id),
            pool_quantity=case((into.is_not(None), converted), else_=NeedLine.quantity),
        )
        .execution_options(synchronize_session=False)
    )


def leave(lines: ColumnElement[bool]) -> None:
    """Take these lines out of the pool; no lot may have taken any of them."""
    db.session.execute(
        update(NeedLine)
        .where(lines, NeedLine.is_pooled)
        .values(is_pooled=False, pool_item_id=null(), pool_quantity=null())
        .execution_options(synchronize_session=False)
    )


def product(
    quantity: SQLColumnExpression[Decimal], each: SQLColumnExpression[Decimal]
) -> ColumnElement[int]:
    """Multiply two quantities as whole numbers: thousandths by thousandths."""
    return type_coerce(quantity, BigInteger) * type_coerce(each, BigInteger)
