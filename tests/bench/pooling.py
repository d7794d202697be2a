"""Pooling the demonstration's campaign, against the bare SQL of the same engine."""

from sqlalchemy import func, select

from procurement.extensions import db
from procurement.lots import queries
from procurement.needs.models import NeedLine
from tests.bench.measure import Result, compared

#: What pooling asks: by item and département, who, how much, how much allotted; written as each
#: engine answers it fastest.
_BARE = {
    "SQLite": """
SELECT item_id, departement, count(DISTINCT member_id), sum(quantity), sum(allotted)
FROM need_line
WHERE campaign_id = {campaign_id} AND is_validated = 1
GROUP BY item_id, departement
""",
    "PostgreSQL": """
SELECT item_id, departement, count(*), sum(quantity), sum(allotted)
FROM (
    SELECT item_id, departement, sum(quantity) AS quantity, sum(allotted) AS allotted
    FROM need_line
    WHERE campaign_id = {campaign_id} AND is_validated
    GROUP BY item_id, departement, member_id
) AS by_member
GROUP BY item_id, departement
""",
}


def run(engine: str) -> Result:
    """Measure the sums that the pool, its page and its lots stand on."""
    largest = select(NeedLine.campaign_id).group_by(NeedLine.campaign_id)
    campaign_id = db.session.scalars(largest.order_by(func.count().desc())).first()
    lines = db.session.scalar(
        select(func.count()).where(NeedLine.campaign_id == campaign_id, NeedLine.is_validated)
    )
    statement = _BARE[engine].format(campaign_id=int(campaign_id or 0))
    connection = db.session.connection().connection

    def bare() -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.fetchall()
        cursor.close()

    name = f"pooling {lines} need lines on {engine}"
    return compared(name, 1.3, lambda: queries.pooled(int(campaign_id or 0)), bare, 40)
