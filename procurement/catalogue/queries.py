"""Lists of the catalogue."""

from sqlalchemy import func, select

from procurement.catalogue import rules
from procurement.catalogue.models import Cpv, Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record


def families() -> list[Record]:
    """List the purchase families: id, code and both labels."""
    query = select(Family.id, Family.code, Family.label_fr, Family.label_en).order_by(Family.id)
    return list(db.session.execute(query).all())


def item_count() -> int:
    """Count the items."""
    return db.session.scalar(select(func.count()).select_from(Item)) or 0


def item_list(question: str = "", family_id: int | None = None) -> Query:
    """Select the rows of items that have all the words of ``question``, by code."""
    query = (
        select(
            Item.id,
            Item.code,
            Item.designation,
            Item.specification,
            Item.unit,
            Item.pack_size,
            Item.vat_rate,
            Item.indicative_price,
            Item.priced_on,
            Family.label_fr.label("family_fr"),
            Family.label_en.label("family_en"),
            Cpv.code.label("cpv"),
        )
        .join(Family, Family.id == Item.family_id)
        .join(Cpv, Cpv.id == Item.cpv_id)
        .order_by(Item.code)
    )
    if family_id is not None:
        query = query.where(Item.family_id == family_id)
    for word in rules.words(question):
        query = query.where(Item.search_text.contains(word, autoescape=True))
    return query
