"""What the law says, by day."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.lots.models import Threshold
from procurement.lots.rules.law import LegalRule, Limit, Nature, in_force


def law_on(day: date, nature: Nature) -> dict[LegalRule, Limit]:
    """Give what holds on a day for a nature; a rule that nothing is known of is left out."""
    rows = db.session.execute(
        select(
            Threshold.rule,
            Threshold.valid_from,
            Threshold.valid_until,
            Threshold.amount,
            Threshold.percent,
            Threshold.article,
        ).where(Threshold.nature == nature)
    )
    return in_force(
        (
            Limit(
                row.rule,
                row.valid_from,
                row.valid_until,
                row.percent if row.amount is None else row.amount,
                row.article,
            )
            for row in rows
        ),
        day,
    )


def threshold_rows() -> Sequence[Record]:
    """List the whole table by rule and nature, the latest value first."""
    return db.session.execute(
        select(
            Threshold.id,
            Threshold.rule,
            Threshold.nature,
            Threshold.valid_from,
            Threshold.valid_until,
            Threshold.amount,
            Threshold.percent,
            Threshold.article,
            Threshold.source,
        ).order_by(Threshold.rule, Threshold.nature, Threshold.valid_from.desc())
    ).all()


def rows_about(rule: LegalRule, nature: Nature) -> Sequence[Threshold]:
    """List what the table says of one rule, the latest first, and keep it from others."""
    return db.session.scalars(
        select(Threshold)
        .where(Threshold.rule == rule, Threshold.nature == nature)
        .order_by(Threshold.valid_from.desc())
        .with_for_update()
    ).all()
