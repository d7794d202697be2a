"""Pooling the demonstration's campaign, as it is and a hundred times over, against bare SQL."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, insert, literal, select, text

from procurement.extensions import db
from procurement.kernel.database import Base
from procurement.lots import queries
from procurement.members.models import Member, MemberKind
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine
from tests.bench.measure import Result, compared

#: By item and département: how much, how much in lots, how much firm. The index covers it.
_BARE = """
SELECT pool_item_id, departement, sum(pool_quantity), sum(allotted),
    sum(CASE WHEN strength = 'firm' THEN pool_quantity ELSE 0 END)
FROM need_line
WHERE campaign_id = {campaign_id} AND is_pooled = TRUE
GROUP BY pool_item_id, departement
"""
#: How much slower than the bare statement, and how many seconds at most.
_LIMIT, _MOST = 1.15, 0.2


def copied(times: int) -> int:
    """Copy the largest campaign so many times over into a closed one of its own; give its id.

    Each time other communes ask for the same, in the places of those that they are copied from.
    Nothing of it is in a lot. All rows are made by the database.
    """
    session = db.session()
    largest = select(NeedLine.campaign_id).group_by(NeedLine.campaign_id)
    source = session.scalars(largest.order_by(func.count().desc(), NeedLine.campaign_id)).first()
    old = session.get_one(Campaign, source)
    named = {"title": f"{old.title} × {times}", "state": CampaignState.CLOSED}
    new = Campaign(**named, opens_on=old.opens_on, closes_on=old.closes_on)
    session.add(new)
    session.flush()
    steps = {
        model: (session.scalar(select(func.max(model.id))) or 0) + 1
        for model in (Member, Need, NeedLine)
    }
    turn = select(literal(0).label("number")).cte(recursive=True)
    turn = turn.union_all(select(turn.c.number + 1).where(turn.c.number + 1 < times))
    number = turn.c.number

    def copy(model: type[Base], which: ColumnElement[bool], **over: Any) -> None:
        table = model.__table__
        columns = [over.get(column.name, column) for column in table.columns]
        rows = select(*columns).join_from(table, turn, which)
        session.execute(insert(model).from_select([one.name for one in table.columns], rows))

    asker = Member.id + number * steps[Member]
    commune = literal(MemberKind.COMMUNE, Member.kind.type)
    # No body of the territory has such a SIREN or such an INSEE code.
    numbers = {
        "siren": cast(100_000_000 + asker, String),
        "insee_code": cast(10_000 + asker, String),
    }
    copy(Member, number > 0, id=asker, kind=commune, **numbers)
    followed = {
        "campaign_id": literal(new.id),
        "need_id": NeedLine.need_id + (number + 1) * steps[Need],
        "allotted": literal(Decimal(0), NeedLine.allotted.type),
    }
    for model in (Need, NeedLine):
        copy(
            model,
            model.campaign_id == source,
            id=model.id + (number + 1) * steps[model],
            member_id=model.member_id + number * steps[Member],
            **followed,
        )
    session.commit()
    return new.id


def settle() -> None:
    """Have PostgreSQL tidy the tables up, as its own daemon does in time; SQLite does nothing."""
    if db.engine.dialect.name != "postgresql":
        return
    db.session.remove()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def line_count(campaign_id: int) -> int:
    """Count the lines of a campaign that are in the pool."""
    pooled = select(func.count()).where(NeedLine.campaign_id == campaign_id, NeedLine.is_pooled)
    return db.session.scalar(pooled) or 0


def run(engine: str, campaign_id: int) -> Result:
    """Measure the sums that the pool, its page and its lots stand on."""
    statement = _BARE.format(campaign_id=campaign_id)
    lines = line_count(campaign_id)
    connection = db.session.connection().connection

    def bare() -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.fetchall()
        cursor.close()

    name = f"pooling {lines:,} need lines on {engine}"
    rounds = 150 if lines < 100_000 else 20
    return compared(name, _LIMIT, lambda: queries.pooled(campaign_id), bare, rounds, _MOST)
