"""Lists of the catalogue."""

from collections.abc import Set

from sqlalchemy import case, func, or_, select

from procurement.catalogue import rules
from procurement.catalogue.models import Cpv, Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record

#: More that only resembles is not read to its end.
_NEAREST = 20


def families() -> list[Record]:
    """List the purchase families: id, code and both labels."""
    query = select(Family.id, Family.code, Family.label_fr, Family.label_en).order_by(Family.id)
    return list(db.session.execute(query).all())


def vocabulary() -> list[Record]:
    """List the CPV codes: id, code and label."""
    return list(db.session.execute(select(Cpv.id, Cpv.code, Cpv.label_fr).order_by(Cpv.code)).all())


def item_count() -> int:
    """Count the items."""
    return db.session.scalar(select(func.count()).select_from(Item)) or 0


def item_list(
    question: str = "", family_id: int | None = None, family_ids: Set[int] | None = None
) -> Query:
    """Select the rows of items that have all the words of ``question``, by code.

    ``family_ids`` are the families looked in, None for all; ``family_id`` is one of them.
    """
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
    if family_ids is not None:
        query = query.where(Item.family_id.in_(family_ids))
    if family_id is not None:
        query = query.where(Item.family_id == family_id)
    for word in rules.words(question):
        query = query.where(Item.search_text.contains(word, autoescape=True))
    return query


def search(
    question: str, family_ids: Set[int] | None = None, family_id: int | None = None
) -> tuple[Query, bool]:
    """Select the rows of items that answer ``question``, and tell whether they only resemble it.

    Items that have all its words come by code. When there are none, those of which a word
    resembles each of its words come instead, the best first and at most 20.
    """
    exact = item_list(question, family_id, family_ids)
    if not rules.words(question) or db.session.scalar(select(exact.order_by(None).exists())):
        return exact, False
    looked_in = _looked_in(family_ids, family_id)
    near = rules.nearest(question, _index(), looked_in, _NEAREST, every=True)
    if not near:
        return exact, False
    best_first = case({item_id: at for at, item_id in enumerate(near)}, value=Item.id)
    rows = item_list().where(Item.id.in_(near))
    return rows.order_by(None).order_by(best_first), True


def near_items(question: str, family_ids: Set[int] | None, limit: int) -> list[int]:
    """Suggest items for people's own words: the ids of those that resemble them, best first.

    Half of the words have to resemble; ``family_ids`` are the families looked in, None for all.
    """
    return rules.nearest(question, _index(), family_ids, limit, every=False)


def _looked_in(family_ids: Set[int] | None, family_id: int | None) -> Set[int] | None:
    if family_id is None:
        return family_ids
    return {family_id} if family_ids is None else {family_id} & family_ids


def _index() -> rules.Index:
    """Read the words of all items; what is made of them is kept until one of them changes."""
    query = select(Item.id, Item.family_id, Item.search_text).order_by(Item.code)
    rows = db.session.connection().execute(query)
    return rules.indexed(tuple(tuple(row) for row in rows))


def same_item(family_id: int, designation: str, but: int | None = None) -> str | None:
    """Give the code of the family's item that has this designation already, if one does."""
    query = select(Item.id, Item.code, Item.designation).where(Item.family_id == family_id)
    rows = db.session.execute(query.order_by(Item.code))
    same = (
        row.code for row in rows if row.id != but and rules.is_same(row.designation, designation)
    )
    return next(same, None)


def codes_of(family: Family) -> list[str]:
    """List the codes that are taken in a family, or look as if they were of it."""
    numbered = Item.code.startswith(f"{family.code}-", autoescape=True)
    query = select(Item.code).where(or_(Item.family_id == family.id, numbered))
    return list(db.session.scalars(query))
